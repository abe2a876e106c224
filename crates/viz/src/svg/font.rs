//! The one font: its widths, so that text can be placed, and its bytes, so that a picture can carry it.

use crate::{
    Error,
    text::{is_wide, joins},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{collections::BTreeMap, sync::OnceLock};

/// A subset of DejaVu Sans without kerning, so that a text is as wide as its letters; see
/// assets/DejaVuSans.LICENSE.
pub(crate) const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// The family that pictures name.
pub(crate) const FAMILY: &str = "DejaVu Sans";

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

/// A font that a figure was given, for letters that the built-in one lacks.
#[derive(Clone)]
pub(crate) struct Font {
    pub bytes: Vec<u8>,
    advances: BTreeMap<char, f64>,
}

impl Font {
    /// A TrueType or OpenType font, or the first of a collection.
    pub fn new(bytes: Vec<u8>) -> Result<Font, Error> {
        match advances(&bytes) {
            Some(advances) if !advances.is_empty() => Ok(Font { bytes, advances }),
            _ => Err(Error::Font { bytes: bytes.len() }),
        }
    }

    /// The letter's advance in em, if the font has it.
    pub fn advance(&self, letter: char) -> Option<f64> {
        self.advances.get(&letter).copied()
    }
}

/// Each letter of the built-in font and its advance in em.
fn built_in() -> &'static BTreeMap<char, f64> {
    static ADVANCES: OnceLock<BTreeMap<char, f64>> = OnceLock::new();
    ADVANCES.get_or_init(|| advances(FONT).unwrap_or_default())
}

/// Whether the built-in font has a letter.
pub(crate) fn is_built_in(letter: char) -> bool {
    built_in().contains_key(&letter)
}

/// Advance of a letter in em; what the built-in font lacks takes what its script usually takes.
pub(crate) fn advance(letter: char) -> f64 {
    match built_in().get(&letter) {
        Some(&advance) => advance,
        None if joins(letter) => 0.0,
        None if is_wide(letter) => 1.0,
        None => 0.65,
    }
}

/// Each letter's advance in em, from the tables `cmap` (formats 12 and 4) and `hmtx`.
fn advances(font: &[u8]) -> Option<BTreeMap<char, f64>> {
    let em = f64::from(word(table(font, b"head")?, 18)?);
    let (widths, count) = (table(font, b"hmtx")?, usize::from(word(table(font, b"hhea")?, 34)?));
    let advance = |glyph: usize| Some(f64::from(word(widths, 4 * glyph.min(count.checked_sub(1)?))?) / em);
    let cmap = table(font, b"cmap")?;
    let codes = |format: u16| {
        let at = (0..usize::from(word(cmap, 2)?)).filter_map(|i| long(cmap, 8 + 8 * i));
        at.filter_map(|at| cmap.get(at..)).find(|codes| word(codes, 0) == Some(format))
    };
    let glyphs = match codes(12) {
        Some(codes) => ranges(codes),
        None => segments(codes(4)?)?,
    };
    let known = glyphs.into_iter().filter(|(_, glyph)| *glyph != 0 && em > 0.0);
    Some(known.filter_map(|(letter, glyph)| Some((letter, advance(glyph)?))).collect())
}

/// Letters and glyphs of a `cmap` of format 12; more than Unicode has are not read.
fn ranges(codes: &[u8]) -> Vec<(char, usize)> {
    let groups = codes.get(16..).unwrap_or_default().chunks_exact(12).take(long(codes, 12).unwrap_or(0));
    let letters = groups.flat_map(|group| {
        let [first, last, glyph] = [0, 4, 8].map(|at| long(group, at).unwrap_or(0));
        (first..=last.min(0x10_ffff)).map(move |code| (code, glyph + (code - first)))
    });
    letters
        .take(0x11_0000)
        .filter_map(|(code, glyph)| Some((char::from_u32(u32::try_from(code).ok()?)?, glyph)))
        .collect()
}

/// Letters and glyphs of a `cmap` of format 4.
fn segments(codes: &[u8]) -> Option<Vec<(char, usize)>> {
    let double = usize::from(word(codes, 6)?);
    let mut glyphs = Vec::new();
    for segment in (0..double).step_by(2) {
        let field = |table: usize| word(codes, 14 + table * double + if table > 0 { 2 } else { 0 } + segment);
        let (last, first, delta, range) = (field(0)?, field(1)?, field(2)?, field(3)?);
        for code in first..=last {
            let Some(letter) = char::from_u32(u32::from(code)).filter(|_| code != 0xffff) else { continue };
            let glyph = if range == 0 {
                code.wrapping_add(delta)
            } else {
                let place = 16 + 3 * double + segment + usize::from(range) + 2 * usize::from(code - first);
                match word(codes, place)? {
                    0 => 0,
                    glyph => glyph.wrapping_add(delta),
                }
            };
            glyphs.push((letter, usize::from(glyph)));
        }
        if glyphs.len() > 0x11_0000 {
            return None;
        }
    }
    Some(glyphs)
}

fn table<'a>(font: &'a [u8], tag: &[u8; 4]) -> Option<&'a [u8]> {
    let start = if font.starts_with(b"ttcf") { long(font, 12)? } else { 0 };
    let header = font.get(start..)?;
    let mut entries = header.get(12..)?.chunks_exact(16).take(usize::from(word(header, 4)?));
    let entry = entries.find(|e| e.starts_with(tag))?;
    font.get(long(entry, 8)?..)?.get(..long(entry, 12)?)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

fn long(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(word(bytes, at)?) << 16 | usize::from(word(bytes, at + 2)?))
}

/// Bytes as text for a data URL.
pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::text_width;

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
        assert_eq!((text_width("0", 2048.0), text_width("iW", 2048.0)), (1303.0, 569.0 + 2025.0));
        for letter in ('!'..='~').chain("−×∞⁻⁰¹²³⁴⁵⁶⁷⁸⁹µσ→…–".chars()) {
            assert!(is_built_in(letter), "{letter}");
        }
    }

    #[test]
    fn damaged_fonts_are_errors_or_fonts_and_never_more() {
        for cut in (0..FONT.len()).step_by(97) {
            let _ = Font::new(FONT[..cut].to_vec());
        }
        let mut bytes = FONT.to_vec();
        for at in 0..3000 {
            let before = std::mem::replace(&mut bytes[at], 0xff);
            let _ = Font::new(bytes.clone());
            bytes[at] = before;
        }
        assert!(Font::new(Vec::new()).is_err() && Font::new(b"wOFF".repeat(40)).is_err());
    }
}
