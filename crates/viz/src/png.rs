use crate::{
    Error,
    font::{FAMILY, FONT},
};
use resvg::{
    tiny_skia::{Color, IntSize, Pixmap, Transform},
    usvg,
};
use std::sync::{Arc, OnceLock};

/// The embedded font and no other: a host's fonts would change the picture.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            let mut database = usvg::fontdb::Database::new();
            database.load_font_data(FONT.to_vec());
            database.set_sans_serif_family(FAMILY);
            Arc::new(database)
        })
        .clone()
}

pub(crate) fn rasterize(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let options = usvg::Options { fontdb: fonts(), font_family: FAMILY.into(), ..usvg::Options::default() };
    let failed = |e: &dyn std::fmt::Display| Error::Raster(e.to_string());
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| failed(&e))?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
    let pixels = Pixmap::new(width, height);
    let mut pixels = pixels.ok_or_else(|| failed(&format!("{width} by {height} pixels")))?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| failed(&e))
}

/// Opaque colours, row by row, as a PNG file; `None` if there are none or not whole rows of them.
pub(crate) fn encode(columns: usize, colors: &[[u8; 3]]) -> Option<Vec<u8>> {
    let rows = colors.len().checked_div(columns)?;
    let size = IntSize::from_wh(u32::try_from(columns).ok()?, u32::try_from(rows).ok()?)?;
    let bytes = colors.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
    Pixmap::from_vec(bytes, size)?.encode_png().ok()
}
