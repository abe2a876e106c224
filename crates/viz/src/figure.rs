use crate::{
    Error,
    canvas::{Anchor, Canvas, FAINT, INK, escape},
    font::{FAMILY, font_face_css, text_width},
    number::coordinate,
    png,
};

/// A part of a figure; the charts and diagrams of this crate are panels.
///
/// ```
/// use minutia_viz::{HeatMap, Panel};
/// let (width, height) = HeatMap::new(2, 3, &[0.0; 6])?.cell_size(10.0, 10.0).size();
/// assert!(width > 30.0 && height > 20.0);
/// # Ok::<(), minutia_viz::Error>(())
/// ```
pub trait Panel {
    /// Width and height in pixels.
    fn size(&self) -> (f64, f64);
    /// Draws with the upper left corner at the place given.
    #[doc(hidden)]
    fn draw(&self, canvas: &mut Drawing<'_>, at: (f64, f64));
}

impl Panel for Box<dyn Panel> {
    fn size(&self) -> (f64, f64) {
        (**self).size()
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        (**self).draw(drawing, at);
    }
}

/// What a panel draws on.
#[doc(hidden)]
#[derive(Debug)]
pub struct Drawing<'a>(pub(crate) &'a mut Canvas);

/// Panels in rows, under a title and over a caption, as SVG or PNG.
///
/// Title and caption are also the SVG's accessible title and description. Texts are set in a subset of DejaVu Sans: Latin
/// letters with accents, Greek, digits above and below the line, common signs. Other letters appear as boxes in a PNG and
/// in the reader's fonts in an SVG.
///
/// ```
/// use minutia_viz::{Figure, LineChart};
/// let chart = LineChart::new("time (s)", "distance (m)").line("", &[(0.0, 0.0), (1.0, 4.9)]);
/// let figure = Figure::new(chart).title("A fall").caption("Without air.");
/// assert!(figure.to_svg().contains("<title>A fall</title>"));
/// assert!(figure.to_png(2.0)?.starts_with(b"\x89PNG"));
/// # Ok::<(), minutia_viz::Error>(())
/// ```
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

    /// A figure of rows of panels, each row centred.
    #[must_use]
    pub fn grid(rows: Vec<Vec<Box<dyn Panel>>>) -> Figure {
        Figure { rows, title: String::new(), caption: Vec::new() }
    }

    /// With a title.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Figure {
        Figure { title: title.into(), ..self }
    }

    /// With one more line below, broken between words where it is wider than the panels.
    #[must_use]
    pub fn caption(mut self, line: impl Into<String>) -> Figure {
        self.caption.push(line.into());
        self
    }

    /// The SVG document, the same bytes everywhere. It carries its font, so that it looks the same everywhere too: about
    /// 40 KB.
    #[must_use]
    pub fn to_svg(&self) -> String {
        self.document(&format!("<style>{}</style>\n", font_face_css()))
    }

    /// The SVG document without its font, to be put into a page that has [`font_face_css`] once for all figures.
    #[must_use]
    pub fn to_inline_svg(&self) -> String {
        self.document("")
    }

    fn document(&self, style: &str) -> String {
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
        let element = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>\n", escape(text)) }
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             font-family=\"'{FAMILY}', Verdana, sans-serif\">\n{}{}{style}\
             <rect width=\"{w}\" height=\"{h}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            element("title", &self.title),
            element("desc", &self.caption.join(" ")),
            canvas.body
        )
    }

    /// The picture as PNG, `scale` pixels for each of the SVG's; text is set in the embedded font, on white.
    ///
    /// # Errors
    /// [`Error::Raster`] when the picture is too large for memory or `scale` is not positive.
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, Error> {
        png::rasterize(&self.to_inline_svg(), scale)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BarChart, Edge, GraphDiagram, HeatMap, ImageGrid, LineChart, NetworkDiagram, Node, Scale};

    #[test]
    fn a_picture_with_its_font_is_rasterised_to_the_same_bytes() {
        let figure = Figure::new(NetworkDiagram::new().layer("in", 3, "").layer("out", 2, "")).title("<&>");
        assert!(figure.to_svg().contains("<title>&lt;&amp;&gt;</title>"));
        assert_eq!(png::rasterize(&figure.to_svg(), 1.0).unwrap(), figure.to_png(1.0).unwrap());
        assert!(figure.to_png(f32::NAN).is_err() && figure.to_png(-1.0).is_err());
    }

    #[test]
    fn odd_input_still_makes_a_valid_picture() {
        let points = [(f64::NAN, 1.0), (1.0, f64::INFINITY), (-1e300, 1e300), (0.0, -0.0)];
        let node = Node { label: "\u{0}<&>\n".into(), scope: "//".into(), ..Node::default() };
        let chart = |scale| {
            let chart = LineChart::new("\u{1}", "").size(f64::NAN, f64::INFINITY).size(0.0, 0.0);
            chart.x_scale(scale).y_scale(scale).line("", &points).scatter("long name ".repeat(40), &points)
        };
        let map = |rows, columns| {
            let values: Vec<f32> =
                (0..rows * columns).map(|i| if i % 2 == 0 { f32::NAN } else { f32::MAX }).collect();
            let map = HeatMap::new(rows, columns, &values).unwrap().cell_text(true).index_ticks(true);
            map.cell_size(-1.0, 0.3).range(1.0, 1.0).row_names(&["one", "two", "three"])
        };
        let grid = ImageGrid::new(1, 1, 2, 2).unwrap().pixel_size(f64::NAN).range_of_each();
        let panels: Vec<Box<dyn Panel>> = vec![
            Box::new(chart(Scale::Log)),
            Box::new(chart(Scale::Linear).level(f64::NAN, "none").level(1e99, "far")),
            Box::new(BarChart::new("").scale(Scale::Log).bar("\u{2}", f64::NAN, (-1.0, 1e300))),
            Box::new(BarChart::new("none").width(f64::NAN)),
            Box::new(map(2, 2)),
            Box::new(map(0, 3)),
            Box::new(map(3, 0)),
            Box::new(grid.image(&[f32::NAN; 4]).unwrap()),
            Box::new(GraphDiagram::new(vec![node; 2], vec![Edge { from: 1, to: 0, dashed: true }]).unwrap()),
            Box::new(GraphDiagram::new(Vec::new(), Vec::new()).unwrap().left_to_right()),
            Box::new(NetworkDiagram::new()),
            Box::new(NetworkDiagram::new().layer("", 0, "").layer("", usize::MAX, "")),
        ];
        for panel in panels {
            let figure = Figure::new(panel).title("\u{b}").caption("a  b");
            assert!(!figure.to_svg().contains("NaN\"") && !figure.to_svg().contains("inf\""));
            figure.to_png(1.0).unwrap();
        }
        Figure::grid(Vec::new()).to_png(1.0).unwrap();
    }
}
