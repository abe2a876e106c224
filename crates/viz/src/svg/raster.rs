use crate::{
    Error,
    svg::font::{FAMILY, FONT, Font},
};
use resvg::{
    tiny_skia::{Color, IntSize, Pixmap, Transform},
    usvg,
};
use std::sync::{Arc, OnceLock};

/// The most pixels of a painted picture: a quarter of a gigabyte while it is painted.
pub(crate) const MOST_PIXELS: u64 = 1 << 26;

/// The fonts of the figure and no other: a host's fonts would change the picture.
fn fonts(more: &[Arc<Font>]) -> Arc<usvg::fontdb::Database> {
    static BUILT_IN: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let built_in = BUILT_IN.get_or_init(|| {
        let mut database = usvg::fontdb::Database::new();
        database.load_font_data(FONT.to_vec());
        database.set_sans_serif_family(FAMILY);
        Arc::new(database)
    });
    if more.is_empty() {
        return built_in.clone();
    }
    let mut database = (**built_in).clone();
    more.iter().for_each(|font| database.load_font_data(font.bytes.clone()));
    Arc::new(database)
}

/// Whether a picture of this size may be painted.
pub(crate) fn check((width, height): (f64, f64), scale: f32) -> Result<(), Error> {
    let scaled = [width, height].map(|side| (side * f64::from(scale)).ceil());
    if !scaled.iter().all(|side| *side >= 1.0) {
        return Err(Error::Raster(format!("a scale of {scale} leaves no pixels")));
    }
    // The conversion keeps to the greatest number.
    let [columns, rows] = scaled.map(|side| side as u64);
    if columns.saturating_mul(rows) > MOST_PIXELS {
        return Err(Error::Pixels { width: columns, height: rows, most: MOST_PIXELS });
    }
    Ok(())
}

pub(crate) fn rasterize(svg: &str, scale: f32, paper: [u8; 3], more: &[Arc<Font>]) -> Result<Vec<u8>, Error> {
    let options =
        usvg::Options { fontdb: fonts(more), font_family: FAMILY.into(), ..usvg::Options::default() };
    let failed = |e: &dyn std::fmt::Display| Error::Raster(e.to_string());
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| failed(&e))?;
    let size = tree.size();
    let (width, height) = ((size.width() * scale).ceil() as u32, (size.height() * scale).ceil() as u32);
    let pixels = Pixmap::new(width, height);
    let mut pixels = pixels.ok_or_else(|| failed(&format!("{width} by {height} pixels")))?;
    let [r, g, b] = paper;
    pixels.fill(Color::from_rgba8(r, g, b, 255));
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

/// The pixels of a small document on white: red, green, blue and alpha of each.
#[cfg(test)]
pub(crate) fn pixels(svg: &str) -> Vec<u8> {
    let png = rasterize(svg, 1.0, [255; 3], &[]).unwrap();
    Pixmap::decode_png(&png).unwrap().data().to_vec()
}
