use crate::{
    Anchor, Color, Drawing, Error, Panel, Readout, Theme,
    svg::{
        canvas::{Canvas, escape},
        font::{FAMILY, Font, base64, font_face_css},
        number::coordinate,
        raster,
        spline::Point,
    },
    text::{Block, text_width, wrap},
};
use std::sync::Arc;

/// Panels in rows, under a title and over a caption, as SVG or PNG.
///
/// Title and caption are also the SVG's accessible title and description. Texts are set in a subset of DejaVu
/// Sans: Latin letters with accents, Greek, digits above and below the line, common signs. Other letters need
/// a font of the caller's, see [`Figure::font`]; without one they are an error of a PNG, and appear in the
/// reader's fonts in an SVG. Texts that are long for their place are broken into lines or set smaller, and
/// panels grow to hold them: nothing is cut.
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
    theme: Theme,
    fonts: Vec<Arc<Font>>,
}

/// How large everything is.
struct Measures {
    rows: Vec<(f64, f64)>,
    title: Block,
    head: f64,
    caption: Vec<String>,
    size: (f64, f64),
}

/// What a figure becomes before it is a document.
struct Page {
    canvas: Canvas,
    size: (f64, f64),
}

const MARGIN: f64 = 16.0;
const GAP: f64 = 22.0;
const TITLE: f64 = 15.0;
const CAPTION: f64 = 11.0;
const CAPTION_LINE: f64 = 15.0;
/// A title makes a figure at most this wide.
const WIDEST_TITLE: f64 = 900.0;

impl Figure {
    /// A figure of one panel.
    #[must_use]
    pub fn new(panel: impl Panel + 'static) -> Figure {
        Figure::grid(vec![vec![Box::new(panel)]])
    }

    /// A figure of rows of panels, each row centred.
    ///
    /// ```
    /// use minutia_viz::{Figure, NetworkDiagram, Panel, Theme};
    /// let panel = |name: &str| -> Box<dyn Panel> { Box::new(NetworkDiagram::new().layer(name, 3, "")) };
    /// let figure = Figure::grid(vec![vec![panel("left"), panel("right")], vec![panel("below")]]);
    /// let svg = figure.theme(Theme::Dark).caption("Three panels.").to_inline_svg();
    /// assert!(["left", "right", "below", "Three panels."].iter().all(|text| svg.contains(text)));
    /// ```
    #[must_use]
    pub fn grid(rows: Vec<Vec<Box<dyn Panel>>>) -> Figure {
        let (title, caption, theme, fonts) = Default::default();
        Figure { rows, title, caption, theme, fonts }
    }

    /// With a title.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Figure {
        Figure { title: title.into(), ..self }
    }

    /// With one more line below, broken where it is wider than the panels.
    #[must_use]
    pub fn caption(mut self, line: impl Into<String>) -> Figure {
        self.caption.push(line.into());
        self
    }

    /// With the colours of another theme.
    #[must_use]
    pub fn theme(self, theme: Theme) -> Figure {
        Figure { theme, ..self }
    }

    /// With one more font, the bytes of a TrueType or OpenType file, for letters that the built-in one and
    /// those given before lack. An SVG that needs it carries all of it, so that a subset makes small
    /// pictures.
    ///
    /// ```
    /// use minutia_viz::{Error, Figure, LineChart};
    /// let figure = Figure::new(LineChart::new("шаг", "x"));
    /// assert_eq!(figure.missing_letters(), ['а', 'г', 'ш']);
    /// assert!(matches!(figure.to_png(1.0), Err(Error::Letters { .. })));
    /// # let bytes = include_bytes!("../tests/fonts/DejaVuSans-Cyrillic.ttf");
    /// let figure = figure.font(bytes.to_vec())?;
    /// assert!(figure.missing_letters().is_empty() && figure.to_png(1.0).is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Font`] when the bytes are no font.
    pub fn font(mut self, bytes: impl Into<Vec<u8>>) -> Result<Figure, Error> {
        self.fonts.push(Arc::new(Font::new(bytes.into())?));
        Ok(self)
    }

    /// The letters that no font of the figure has, in the order of their codes.
    ///
    /// ```
    /// use minutia_viz::{Figure, NetworkDiagram};
    /// let figure = Figure::new(NetworkDiagram::new().layer("入力", 2, "ReLU"));
    /// assert_eq!(figure.missing_letters(), ['入', '力']);
    /// ```
    #[must_use]
    pub fn missing_letters(&self) -> Vec<char> {
        self.page().canvas.missing.into_iter().collect()
    }

    /// The SVG document, the same bytes everywhere. It carries its font, so that it looks the same everywhere
    /// too: about 40 KB, and the fonts it was given, if it needs them.
    #[must_use]
    pub fn to_svg(&self) -> String {
        self.document(&self.page(), font_face_css())
    }

    /// The SVG document without the built-in font, to be put into a page that has [`font_face_css`] once for
    /// all figures.
    #[must_use]
    pub fn to_inline_svg(&self) -> String {
        self.document(&self.page(), "")
    }

    /// Width and height in pixels at a scale of 1, as the SVG has them.
    ///
    /// ```
    /// use minutia_viz::{Figure, LineChart};
    /// let figure = Figure::new(LineChart::new("x", "y"));
    /// assert!(figure.size().0 < figure.title("a title".repeat(30)).size().0);
    /// ```
    #[must_use]
    pub fn size(&self) -> (f64, f64) {
        self.measures().size
    }

    /// The plots of the figure with the values that they show, for a page that says what stands under the
    /// pointer; see [`Readout`]. Line charts have them; heat maps, pictures and diagrams have none.
    #[must_use]
    pub fn readouts(&self) -> Vec<Readout> {
        let measures = self.measures();
        self.placed(&measures).into_iter().flat_map(|(panel, at)| panel.readouts(at)).collect()
    }

    fn measures(&self) -> Measures {
        let row_size = |row: &Vec<Box<dyn Panel>>| {
            let sizes = row.iter().map(|p| p.size());
            sizes.fold((-GAP, 0.0_f64), |(w, h), (pw, ph)| (w + GAP + pw, h.max(ph)))
        };
        let rows: Vec<(f64, f64)> = self.rows.iter().map(row_size).collect();
        let content = rows.iter().fold((0.0_f64, -GAP), |(w, h), s| (w.max(s.0), h + GAP + s.1));
        let room = content.0.max(text_width(&self.title, TITLE).min(WIDEST_TITLE)).max(240.0);
        let title = Block::fit(&self.title, TITLE, room);
        let caption: Vec<String> = self.caption.iter().flat_map(|l| wrap(l, CAPTION, room)).collect();
        let head = if self.title.is_empty() { 0.0 } else { TITLE + 14.0 + title.more() };
        let foot = if caption.is_empty() { 0.0 } else { 8.0 + CAPTION_LINE * caption.len() as f64 };
        let size = (room + 2.0 * MARGIN, head + content.1.max(0.0) + foot + 2.0 * MARGIN);
        Measures { rows, title, head, caption, size }
    }

    /// The panels with their upper left corners, from top to bottom.
    fn placed(&self, measures: &Measures) -> Vec<(&dyn Panel, Point)> {
        let mut placed = Vec::new();
        let mut y = MARGIN + measures.head;
        for (row, size) in self.rows.iter().zip(&measures.rows) {
            let mut x = (measures.size.0 - size.0) / 2.0;
            for panel in row {
                let (w, h) = panel.size();
                placed.push((&**panel, (x, y + (size.1 - h) / 2.0)));
                x += w + GAP;
            }
            y += size.1 + GAP;
        }
        placed
    }

    /// Draws everything, from top to bottom.
    fn page(&self) -> Page {
        let measures = self.measures();
        let mut canvas = Canvas { theme: self.theme, fonts: self.fonts.clone(), ..Canvas::default() };
        let (width, height) = measures.size;
        canvas.block((width / 2.0, MARGIN + TITLE), &measures.title, Anchor::Middle, Color::INK);
        for (panel, at) in self.placed(&measures) {
            panel.draw(&mut Drawing(&mut canvas), at);
        }
        let caption = measures.caption;
        let mut y = height - MARGIN - CAPTION_LINE * caption.len() as f64 + CAPTION;
        for line in &caption {
            canvas.text((MARGIN, y), CAPTION, Anchor::Start, Color::FAINT, line);
            y += CAPTION_LINE;
        }
        Page { canvas, size: (width, height) }
    }

    fn document(&self, page: &Page, css: &str) -> String {
        let (w, h) = (coordinate(page.size.0), coordinate(page.size.1));
        let element = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>\n", escape(text)) }
        };
        let (mut css, mut families) = (css.to_string(), String::new());
        for (i, font) in self.fonts.iter().enumerate().filter(|_| page.canvas.borrowed) {
            let bytes = base64(&font.bytes);
            css +=
                &format!("@font-face{{font-family:'{FAMILY} {i}';src:url('data:font/ttf;base64,{bytes}')}}");
            families += &format!("'{FAMILY} {i}', ");
        }
        let style = if css.is_empty() { css } else { format!("<style>{css}</style>\n") };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             font-family=\"'{FAMILY}', {families}Verdana, sans-serif\">\n{}{}{style}\
             <rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n{}</svg>\n",
            element("title", &self.title),
            element("desc", &self.caption.join(" ")),
            Color::PAPER.css(self.theme),
            page.canvas.body
        )
    }

    /// The picture as PNG, `scale` pixels for each of the SVG's; text is set in the figure's fonts.
    ///
    /// # Errors
    /// [`Error::Letters`] when no font of the figure has a letter, [`Error::Pixels`] when the picture would
    /// have more than 2²⁶ pixels, [`Error::Raster`] when `scale` is not positive.
    ///
    /// ```
    /// use minutia_viz::{Error, Figure, LineChart};
    /// let figure = Figure::new(LineChart::new("x", "y"));
    /// assert!(matches!(figure.to_png(200.0), Err(Error::Pixels { width: 110_400, .. })));
    /// ```
    pub fn to_png(&self, scale: f32) -> Result<Vec<u8>, Error> {
        raster::check(self.measures().size, scale)?;
        let page = self.page();
        if !page.canvas.missing.is_empty() {
            return Err(Error::Letters { letters: page.canvas.missing.iter().collect() });
        }
        let paper = Color::PAPER.rgb_in(self.theme);
        raster::rasterize(&self.document(&page, ""), scale, paper, &self.fonts)
    }
}

#[cfg(test)]
mod tests;
