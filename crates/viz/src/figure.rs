use crate::{
    Error,
    canvas::{Anchor, Canvas, FAINT, INK, text_width},
    number::coordinate,
    png,
};

/// A part of a figure.
pub trait Panel {
    /// Width and height in pixels.
    fn size(&self) -> (f64, f64);
    /// Draws with the upper left corner at the place given.
    #[doc(hidden)]
    fn draw(&self, canvas: &mut Drawing<'_>, at: (f64, f64));
}

/// What a panel draws on.
#[doc(hidden)]
#[derive(Debug)]
pub struct Drawing<'a>(pub(crate) &'a mut Canvas);

/// Panels in rows, under a title and over a caption.
pub struct Figure {
    rows: Vec<Vec<Box<dyn Panel>>>,
    title: String,
    caption: Vec<String>,
}

const MARGIN: f64 = 16.0;
const GAP: f64 = 22.0;
const TITLE: f64 = 15.0;
const CAPTION: f64 = 11.0;

impl Figure {
    /// A figure of one panel.
    #[must_use]
    pub fn new(panel: impl Panel + 'static) -> Figure {
        Figure::grid(vec![vec![Box::new(panel)]])
    }

    /// A figure of rows of panels.
    #[must_use]
    pub fn grid(rows: Vec<Vec<Box<dyn Panel>>>) -> Figure {
        Figure { rows, title: String::new(), caption: Vec::new() }
    }

    /// With a title.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Figure {
        Figure { title: title.into(), ..self }
    }

    /// With one more line below.
    #[must_use]
    pub fn caption(mut self, line: impl Into<String>) -> Figure {
        self.caption.push(line.into());
        self
    }

    /// The SVG document, the same bytes everywhere.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let row_size = |row: &Vec<Box<dyn Panel>>| {
            let sizes = row.iter().map(|p| p.size());
            sizes.fold((-GAP, 0.0_f64), |(w, h), (pw, ph)| (w + GAP + pw, h.max(ph)))
        };
        let sizes: Vec<(f64, f64)> = self.rows.iter().map(row_size).collect();
        let content = sizes.iter().fold((0.0_f64, -GAP), |(w, h), s| (w.max(s.0), h + GAP + s.1));
        let room = content.0.max(text_width(&self.title, TITLE)).max(240.0);
        let lines: Vec<String> = self.caption.iter().flat_map(|l| wrap(l, room)).collect();
        let head = if self.title.is_empty() { 0.0 } else { TITLE + 14.0 };
        let foot = if lines.is_empty() { 0.0 } else { 8.0 + 15.0 * lines.len() as f64 };
        let (width, height) = (room + 2.0 * MARGIN, head + content.1.max(0.0) + foot + 2.0 * MARGIN);
        let mut canvas = Canvas::default();
        if !self.title.is_empty() {
            canvas.text((width / 2.0, MARGIN + TITLE), TITLE, Anchor::Middle, INK, &self.title);
        }
        let mut y = MARGIN + head;
        for (row, size) in self.rows.iter().zip(&sizes) {
            let mut x = (width - size.0) / 2.0;
            for panel in row {
                let (w, h) = panel.size();
                panel.draw(&mut Drawing(&mut canvas), (x, y + (size.1 - h) / 2.0));
                x += w + GAP;
            }
            y += size.1 + GAP;
        }
        let mut y = height - MARGIN - 15.0 * lines.len() as f64 + CAPTION;
        for line in &lines {
            canvas.text((MARGIN, y), CAPTION, Anchor::Start, FAINT, line);
            y += 15.0;
        }
        let (w, h) = (coordinate(width), coordinate(height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            canvas.body
        )
    }

    /// The picture as PNG, `scale` pixels for each of the SVG's; text is set in the embedded font.
    ///
    /// # Errors
    /// [`Error::Raster`] when the picture is too large for memory.
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, Error> {
        png::rasterize(&self.to_svg(), scale)
    }
}

/// Breaks a line between words.
fn wrap(line: &str, width: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.last_mut().expect("never empty");
        if !last.is_empty() && text_width(&format!("{last} {word}"), CAPTION) > width {
            lines.push(word.into());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}
