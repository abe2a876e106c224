//! SVG text, written element by element.

use crate::number::coordinate as c;
use std::fmt::Write;

/// Ink of axes and text.
pub(crate) const INK: &str = "#222222";
/// Ink of what should step back.
pub(crate) const FAINT: &str = "#767676";

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
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), color: &str, width: f64) {
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

    pub fn path(&mut self, points: &[(f64, f64)], color: &str, width: f64, dashed: bool) {
        if points.len() < 2 {
            return;
        }
        let list: Vec<String> = points.iter().map(|p| format!("{},{}", c(p.0), c(p.1))).collect();
        let dash = if dashed { r#" stroke-dasharray="5 3""# } else { "" };
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="{}" stroke-linejoin="round"{dash}/>"#,
            list.join(" "),
            c(width)
        );
    }

    pub fn rect(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), fill: &str, stroke: &str, radius: f64) {
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

    pub fn circle(&mut self, (x, y): (f64, f64), radius: f64, fill: &str, stroke: &str) {
        let _ = writeln!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}" stroke="{stroke}"/>"#,
            c(x),
            c(y),
            c(radius)
        );
    }

    pub fn text(&mut self, (x, y): (f64, f64), size: f64, anchor: Anchor, color: &str, text: &str) {
        let (x, y, size) = (c(x), c(y), c(size));
        let (anchor, text) = (anchor.name(), escape(text));
        let _ = writeln!(
            self.body,
            r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{color}">{text}</text>"#
        );
    }

    /// Text that runs upwards, centred.
    pub fn vertical_text(&mut self, (x, y): (f64, f64), size: f64, text: &str) {
        let (x, y, size, text) = (c(x), c(y), c(size), escape(text));
        let _ = writeln!(
            self.body,
            r#"<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="{INK}" transform="rotate(-90 {x} {y})">{text}</text>"#
        );
    }

    /// Cells of one size, row by row; runs of one colour become one rectangle.
    pub fn cells(&mut self, (x, y): (f64, f64), cell: (f64, f64), columns: usize, colors: &[[u8; 3]]) {
        self.body.push_str("<g shape-rendering=\"crispEdges\">\n");
        for (row, line) in colors.chunks(columns.max(1)).enumerate() {
            let mut column = 0;
            while column < line.len() {
                let run = line[column..].iter().take_while(|&&k| k == line[column]).count();
                let [r, g, b] = line[column];
                let _ = writeln!(
                    self.body,
                    r##"<rect x="{}" y="{}" width="{}" height="{}" fill="#{r:02x}{g:02x}{b:02x}"/>"##,
                    c(x + column as f64 * cell.0),
                    c(y + row as f64 * cell.1),
                    c(run as f64 * cell.0),
                    c(cell.1)
                );
                column += run;
            }
        }
        self.body.push_str("</g>\n");
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

/// About how wide a text is: the mean advance of DejaVu Sans.
pub(crate) fn text_width(text: &str, size: f64) -> f64 {
    text.chars()
        .map(|ch| {
            if "iljt.,:;|'! ".contains(ch) {
                0.36
            } else if ch.is_uppercase() || "mwMW".contains(ch) {
                0.75
            } else {
                0.62
            }
        })
        .sum::<f64>()
        * size
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
