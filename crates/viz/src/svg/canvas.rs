//! SVG text, written element by element.

use crate::{
    Color, Theme,
    svg::{
        font::{Font, advance, base64, is_built_in},
        number::coordinate as c,
        raster,
        spline::{Point, Spline},
    },
    text::{Block, ignorable, text_width},
};
use std::{collections::BTreeSet, fmt::Write, sync::Arc};

/// Strokes and gaps of lines that are dashed on request.
pub(crate) const DASHES: &str = "5 3";

/// Where a text is held.
///
/// ```
/// use minutia_viz::Anchor;
/// assert_ne!(Anchor::Start, Anchor::End);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At its left end.
    Start,
    /// In its middle.
    Middle,
    /// At its right end.
    End,
}

/// A text, and what its element has beyond place, size and colour.
struct Styled<'a> {
    text: &'a str,
    attributes: &'a str,
}

/// The body of an SVG document; coordinates are pixels.
#[derive(Default)]
pub(crate) struct Canvas {
    pub body: String,
    pub theme: Theme,
    /// Fonts after the built-in one.
    pub fonts: Vec<Arc<Font>>,
    /// Where each text stands: left, upper, right and lower end.
    pub texts: Vec<([f64; 4], String)>,
    /// Letters that no font has.
    pub missing: BTreeSet<char>,
    /// Whether a text needs one of the other fonts.
    pub borrowed: bool,
}

impl Canvas {
    fn css(&self, color: impl Into<Option<Color>>) -> String {
        color.into().map_or("none".into(), |color| color.css(self.theme))
    }

    pub fn line(&mut self, from: Point, to: Point, color: Color, width: f64) {
        let (color, width) = (self.css(color), c(width));
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(c);
        let _ = writeln!(
            self.body,
            r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{color}" stroke-width="{width}"/>"#
        );
    }

    /// A line through points; `dashes` are lengths of strokes and gaps, empty for none.
    pub fn path(&mut self, points: &[Point], color: Color, width: f64, dashes: &str) {
        if points.len() < 2 {
            return;
        }
        let (color, width, list) = (self.css(color), c(width), list(points));
        let dashes = dash_array(dashes);
        let _ = writeln!(
            self.body,
            r#"<polyline points="{list}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linejoin="round"{dashes}/>"#
        );
    }

    pub fn spline(&mut self, spline: &Spline, color: Color, width: f64, dashes: &str) {
        let mut path = format!("M{} {}", c(spline.start.0), c(spline.start.1));
        for [p, q, r] in &spline.cubics {
            let _ = write!(path, "C{} {} {} {} {} {}", c(p.0), c(p.1), c(q.0), c(q.1), c(r.0), c(r.1));
        }
        let (color, width, dashes) = (self.css(color), c(width), dash_array(dashes));
        let _ = writeln!(
            self.body,
            r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}"{dashes}/>"#
        );
    }

    /// Equal dots without a rim, written as short as can be.
    pub fn dots(&mut self, points: impl Iterator<Item = Point>, radius: f64, color: Color) {
        let (color, width) = (self.css(color), c(2.0 * radius));
        let mut path = String::new();
        for p in points {
            let _ = write!(path, "M{} {}h0", c(p.0), c(p.1));
        }
        let _ = writeln!(
            self.body,
            r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" stroke-linecap="round"/>"#
        );
    }

    /// An area; `opacity` from 0 to 1.
    pub fn polygon(&mut self, points: &[Point], fill: Color, opacity: f64) {
        let (fill, list, opacity) = (self.css(fill), list(points), fill_opacity(opacity));
        let _ = writeln!(self.body, r#"<polygon points="{list}" fill="{fill}"{opacity}/>"#);
    }

    pub fn rect(
        &mut self,
        (x, y): Point,
        (w, h): (f64, f64),
        fill: impl Into<Option<Color>>,
        stroke: impl Into<Option<Color>>,
        radius: f64,
    ) {
        let (fill, stroke) = (self.css(fill), self.css(stroke));
        let [x, y, w, h, radius] = [x, y, w, h, radius].map(c);
        let _ = writeln!(
            self.body,
            r#"<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{radius}" fill="{fill}" stroke="{stroke}"/>"#
        );
    }

    pub fn circle(&mut self, at: Point, radius: f64, fill: Color, stroke: impl Into<Option<Color>>) {
        self.faint_circle(at, radius, fill, stroke, 1.0);
    }

    /// A circle that lets through what is below; `opacity` from 0 to 1.
    pub fn faint_circle(
        &mut self,
        (x, y): Point,
        radius: f64,
        fill: Color,
        stroke: impl Into<Option<Color>>,
        opacity: f64,
    ) {
        let (fill, stroke, opacity) = (self.css(fill), self.css(stroke), fill_opacity(opacity));
        let [x, y, radius] = [x, y, radius].map(c);
        let _ = writeln!(
            self.body,
            r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{fill}" stroke="{stroke}"{opacity}/>"#
        );
    }

    /// What is drawn until [`Canvas::end_clip`] shows inside an area alone.
    pub fn begin_clip(&mut self, (x, y): Point, (w, h): (f64, f64)) {
        let [x, y, w, h] = [x, y, w, h].map(c);
        let _ = writeln!(
            self.body,
            r#"<svg x="{x}" y="{y}" width="{w}" height="{h}" viewBox="{x} {y} {w} {h}">"#
        );
    }

    pub fn end_clip(&mut self) {
        self.body.push_str("</svg>\n");
    }

    pub fn text(&mut self, at: Point, size: f64, anchor: Anchor, color: Color, text: &str) {
        self.styled_text(at, size, anchor, color, Styled { text, attributes: "" });
    }

    /// Text with a rim of the paper's colour, which stays legible over lines.
    pub fn haloed_text(&mut self, at: Point, size: f64, anchor: Anchor, color: Color, text: &str) {
        let paper = self.css(Color::PAPER);
        let halo =
            format!(r#" stroke="{paper}" stroke-width="3" stroke-linejoin="round" paint-order="stroke""#);
        self.styled_text(at, size, anchor, color, Styled { text, attributes: &halo });
    }

    /// Lines of text downwards from the first one's base line.
    pub fn block(&mut self, at: Point, block: &Block, anchor: Anchor, color: Color) {
        for (i, line) in block.lines.iter().enumerate() {
            self.text((at.0, at.1 + i as f64 * block.leading()), block.size, anchor, color, line);
        }
    }

    /// Lines of text that run upwards, the first one leftmost.
    pub fn vertical_block(&mut self, at: Point, block: &Block, anchor: Anchor) {
        for (i, line) in block.lines.iter().enumerate() {
            let (x, y) = (at.0 + i as f64 * block.leading(), at.1);
            let turn = format!(r#" transform="rotate(-90 {} {})""#, c(x), c(y));
            let styled = Styled { text: line, attributes: &turn };
            self.styled_text((x, y), block.size, anchor, Color::INK, styled);
        }
    }

    fn styled_text(
        &mut self,
        (x, y): Point,
        size: f64,
        anchor: Anchor,
        color: Color,
        Styled { text, attributes: style }: Styled<'_>,
    ) {
        if text.is_empty() {
            return;
        }
        self.note((x, y), size, anchor, style.contains("rotate"), text);
        let size = size * self.squeeze(text);
        let (x, y, size, color) = (c(x), c(y), c(size), self.css(color));
        let (anchor, text) = (anchor.name(), escape(text));
        let _ = writeln!(
            self.body,
            r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{color}"{style}>{text}</text>"#
        );
    }

    /// Keeps where a text stands.
    fn note(&mut self, (x, y): Point, size: f64, anchor: Anchor, upwards: bool, text: &str) {
        let width = text_width(text, size);
        let before = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (rise, fall) = (0.76 * size, 0.24 * size);
        let area = if upwards {
            [x - rise, y + before - width, x + fall, y + before]
        } else {
            [x - before, y - rise, x - before + width, y + fall]
        };
        self.texts.push((area, text.into()));
    }

    /// How much smaller a text must be because another font shows its letters wider than was planned; 1 for
    /// none.
    fn squeeze(&mut self, text: &str) -> f64 {
        if text.chars().all(is_built_in) {
            return 1.0;
        }
        let (mut planned, mut actual) = (0.0, 0.0);
        for letter in text.chars() {
            let plan = advance(letter);
            let found = self.fonts.iter().find_map(|font| font.advance(letter));
            self.borrowed |= found.is_some() && !is_built_in(letter);
            if !is_built_in(letter) && !ignorable(letter) && found.is_none() {
                self.missing.insert(letter);
            }
            planned += plan;
            actual += if is_built_in(letter) { plan } else { found.unwrap_or(plan) };
        }
        if actual > planned { planned / actual } else { 1.0 }
    }

    /// Coloured cells, row by row, stretched over an area without smoothing.
    pub fn image(&mut self, (x, y): Point, (w, h): (f64, f64), columns: usize, colors: &[[u8; 3]]) {
        let Some(png) = raster::encode(columns, colors) else { return };
        let _ = writeln!(
            self.body,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
            c(x),
            c(y),
            c(w),
            c(h),
            base64(&png)
        );
    }
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

fn list(points: &[Point]) -> String {
    points.iter().map(|p| format!("{},{}", c(p.0), c(p.1))).collect::<Vec<_>>().join(" ")
}

fn dash_array(dashes: &str) -> String {
    if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) }
}

fn fill_opacity(opacity: f64) -> String {
    if opacity >= 1.0 { String::new() } else { format!(r#" fill-opacity="{}""#, c(opacity)) }
}

/// Text as XML, without what XML does not allow.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            '\0'..='\x1f' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(letter),
        }
    }
    escaped
}
