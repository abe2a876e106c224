//! The one font: its widths, so that text can be placed, and its bytes, so that a picture can carry it.

use std::{collections::BTreeMap, sync::OnceLock};

/// A subset of DejaVu Sans without kerning, so that a text is as wide as its letters; see assets/DejaVuSans.LICENSE.
pub(crate) const FONT: &[u8] = include_bytes!("../assets/DejaVuSans.ttf");

/// The family that pictures name.
pub(crate) const FAMILY: &str = "DejaVu Sans";

/// Advance of letters that the subset lacks, in em: another font will show them.
const UNKNOWN: f64 = 0.65;

/// A CSS rule that holds the font of all figures, for a page that shows several of
/// [`Figure::to_inline_svg`](crate::Figure::to_inline_svg) and should carry the font once.
///
/// ```
/// use minutia_viz::{Figure, NetworkDiagram, font_face_css};
/// let figure = Figure::new(NetworkDiagram::new().layer("input", 2, "")).to_inline_svg();
/// let page = format!("<style>{}</style>{figure}", font_face_css());
/// assert!(page.contains("@font-face") && !figure.contains("@font-face"));
/// ```
#[must_use]
pub fn font_face_css() -> &'static str {
    static CSS: OnceLock<String> = OnceLock::new();
    CSS.get_or_init(|| {
        format!("@font-face{{font-family:'{FAMILY}';src:url('data:font/ttf;base64,{}')}}", base64(FONT))
    })
}

/// Width of a text in pixels, `size` pixels to the em.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    static ADVANCES: OnceLock<BTreeMap<char, f64>> = OnceLock::new();
    let advances = ADVANCES.get_or_init(|| advances().unwrap_or_default());
    text.chars().map(|c| advances.get(&c).copied().unwrap_or(UNKNOWN)).sum::<f64>() * size
}

/// Each letter's advance in em, from the tables `cmap` (format 4) and `hmtx`.
fn advances() -> Option<BTreeMap<char, f64>> {
    let em = f64::from(word(table(b"head")?, 18)?);
    let (widths, count) = (table(b"hmtx")?, usize::from(word(table(b"hhea")?, 34)?));
    let cmap = table(b"cmap")?;
    let at = (0..usize::from(word(cmap, 2)?))
        .filter_map(|i| {
            Some((usize::from(word(cmap, 8 + 8 * i)?) << 16) + usize::from(word(cmap, 10 + 8 * i)?))
        })
        .find(|&at| word(cmap, at) == Some(4))?;
    let codes = cmap.get(at..)?;
    let double = usize::from(word(codes, 6)?);
    let mut advances = BTreeMap::new();
    for segment in (0..double).step_by(2) {
        let field = |table: usize| word(codes, 14 + table * double + if table > 0 { 2 } else { 0 } + segment);
        let (last, first, delta, range) = (field(0)?, field(1)?, field(2)?, field(3)?);
        for code in first..=last {
            let Some(letter) = char::from_u32(u32::from(code)).filter(|_| code != 0xffff) else { continue };
            let glyph = if range == 0 {
                code.wrapping_add(delta)
            } else {
                let place = 16 + 3 * double + segment + usize::from(range) + 2 * usize::from(code - first);
                word(codes, place)?.wrapping_add(delta)
            };
            let advance = word(widths, 4 * usize::from(glyph).min(count.checked_sub(1)?))?;
            advances.insert(letter, f64::from(advance) / em);
        }
    }
    Some(advances)
}

fn table(tag: &[u8; 4]) -> Option<&'static [u8]> {
    let entry =
        FONT.get(12..)?.chunks_exact(16).take(usize::from(word(FONT, 4)?)).find(|e| e.starts_with(tag))?;
    let long = |at| Some(usize::from(word(entry, at)?) << 16 | usize::from(word(entry, at + 2)?));
    FONT.get(long(8)?..long(8)? + long(12)?)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// Bytes as text for a data URL.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0_usize, |bits, &b| bits << 8 | usize::from(b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            text.push(if i <= chunk.len() { char::from(DIGITS[bits >> (18 - 6 * i) & 63]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_s() {
        for (plain, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), text);
        }
    }

    #[test]
    fn widths_are_the_font_s_and_labels_have_their_letters() {
        let advances = advances().unwrap();
        assert_eq!((text_width("0", 2048.0), text_width("iW", 2048.0)), (1303.0, 569.0 + 2025.0));
        for letter in ('!'..='~').chain("−×∞⁻⁰¹²³⁴⁵⁶⁷⁸⁹µσ→…–".chars()) {
            assert!(advances.contains_key(&letter), "{letter}");
        }
    }
}
