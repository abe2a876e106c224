//! SVG text, written element by element.

use crate::{
    font::base64,
    number::coordinate as c,
    png,
    spline::{Point, Spline},
};
use std::fmt::Write;

/// Ink of axes and text.
pub(crate) const INK: &str = "#222222";
/// Ink of what should step back.
pub(crate) const FAINT: &str = "#666666";
/// Ink of lines that only guide the eye.
pub(crate) const GRID: &str = "#e6e6e6";

/// Where a text is held.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The body of an SVG document; coordinates are pixels.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    pub body: String,
}

impl Canvas {
    pub fn line(&mut self, from: Point, to: Point, color: &str, width: f64) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{color}" stroke-width="{}"/>"#,
            c(from.0),
            c(from.1),
            c(to.0),
            c(to.1),
            c(width)
        );
    }

    pub fn path(&mut self, points: &[Point], color: &str, width: f64, dashed: bool) {
        if points.len() < 2 {
            return;
        }
        let list: Vec<String> = points.iter().map(|p| format!("{},{}", c(p.0), c(p.1))).collect();
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="{}" stroke-linejoin="round"{}/>"#,
            list.join(" "),
            c(width),
            dashes(dashed)
        );
    }

    pub fn spline(&mut self, spline: &Spline, color: &str, width: f64, dashed: bool) {
        let mut path = format!("M{} {}", c(spline.start.0), c(spline.start.1));
        for [p, q, r] in &spline.cubics {
            let _ = write!(path, "C{} {} {} {} {} {}", c(p.0), c(p.1), c(q.0), c(q.1), c(r.0), c(r.1));
        }
        let _ = writeln!(
            self.body,
            r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{}"{}/>"#,
            c(width),
            dashes(dashed)
        );
    }

    pub fn polygon(&mut self, points: &[Point], fill: &str) {
        let list: Vec<String> = points.iter().map(|p| format!("{},{}", c(p.0), c(p.1))).collect();
        let _ = writeln!(self.body, r#"<polygon points="{}" fill="{fill}"/>"#, list.join(" "));
    }

    pub fn rect(&mut self, (x, y): Point, (w, h): (f64, f64), fill: &str, stroke: &str, radius: f64) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" rx="{}" fill="{fill}" stroke="{stroke}"/>"#,
            c(x),
            c(y),
            c(w),
            c(h),
            c(radius)
        );
    }

    pub fn circle(&mut self, (x, y): Point, radius: f64, fill: &str, stroke: &str) {
        let _ = writeln!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}" stroke="{stroke}"/>"#,
            c(x),
            c(y),
            c(radius)
        );
    }

    pub fn text(&mut self, at: Point, size: f64, anchor: Anchor, color: &str, text: &str) {
        self.styled_text(at, size, anchor, color, "", text);
    }

    /// Text with a white rim, which stays legible over lines.
    pub fn haloed_text(&mut self, at: Point, size: f64, anchor: Anchor, color: &str, text: &str) {
        let halo = r##" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke""##;
        self.styled_text(at, size, anchor, color, halo, text);
    }

    fn styled_text(
        &mut self,
        (x, y): Point,
        size: f64,
        anchor: Anchor,
        color: &str,
        style: &str,
        text: &str,
    ) {
        if text.is_empty() {
            return;
        }
        let (x, y, size) = (c(x), c(y), c(size));
        let (anchor, text) = (anchor.name(), escape(text));
        let _ = writeln!(
            self.body,
            r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{color}"{style}>{text}</text>"#
        );
    }

    /// Text that runs upwards.
    pub fn vertical_text(&mut self, (x, y): Point, size: f64, anchor: Anchor, text: &str) {
        let turn = format!(r#" transform="rotate(-90 {} {})""#, c(x), c(y));
        self.styled_text((x, y), size, anchor, INK, &turn, text);
    }

    /// Coloured cells, row by row, stretched over an area without smoothing.
    pub fn image(&mut self, (x, y): Point, (w, h): (f64, f64), columns: usize, colors: &[[u8; 3]]) {
        let Some(png) = png::encode(columns, colors) else { return };
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

fn dashes(dashed: bool) -> &'static str {
    if dashed { r#" stroke-dasharray="5 3""# } else { "" }
}

/// Text as XML; characters that XML does not allow become the replacement character.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(letter),
        }
    }
    escaped
}
