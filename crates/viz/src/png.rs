use crate::Error;
use resvg::{tiny_skia, usvg};
use std::sync::{Arc, OnceLock};

/// A subset of DejaVu Sans; see assets/DejaVuSans.LICENSE.
const FONT: &[u8] = include_bytes!("../assets/DejaVuSans.ttf");

/// The embedded font and no other: a host's fonts would change the picture.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            let mut database = usvg::fontdb::Database::new();
            database.load_font_data(FONT.to_vec());
            database.set_sans_serif_family("DejaVu Sans");
            Arc::new(database)
        })
        .clone()
}

pub(crate) fn rasterize(svg: &str, scale: f32) -> Result<Vec<u8>, Error> {
    let options =
        usvg::Options { fontdb: fonts(), font_family: "DejaVu Sans".into(), ..usvg::Options::default() };
    let failed = |e: &dyn std::fmt::Display| Error::Raster(e.to_string());
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| failed(&e))?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
    let pixels = tiny_skia::Pixmap::new(width, height);
    let mut pixels = pixels.ok_or_else(|| failed(&format!("{width} by {height} pixels")))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| failed(&e))
}
