use crate::{
    Anchor, Color, Readout,
    svg::{
        canvas::{Canvas, DASHES},
        spline::Point,
    },
    text::{Block, text_width},
};

/// A part of a figure; the charts and diagrams of this crate are panels, and a type of another crate may be
/// one.
///
/// ```
/// use minutia_viz::{Anchor, Color, Drawing, Figure, HeatMap, Panel};
///
/// /// A share of a whole, as a filled bar.
/// struct Share(f64);
///
/// impl Panel for Share {
///     fn size(&self) -> (f64, f64) {
///         (120.0, 40.0)
///     }
///
///     fn draw(&self, drawing: &mut Drawing<'_>, (x, y): (f64, f64)) {
///         drawing.rect((x, y), (120.0, 20.0), Color::GRID, None);
///         drawing.rect((x, y), (120.0 * self.0, 20.0), Color::series(0), None);
///         drawing.text((x, y + 34.0), 11.0, Anchor::Start, Color::INK, &format!("{} %", self.0 * 100.0));
///     }
/// }
///
/// assert!(Figure::new(Share(0.25)).to_svg().contains("25 %"));
/// let (width, height) = HeatMap::new(2, 3, &[0.0; 6])?.cell_size(10.0, 10.0).size();
/// assert!(width > 30.0 && height > 20.0);
/// # Ok::<(), minutia_viz::Error>(())
/// ```
pub trait Panel {
    /// Width and height in pixels. What is drawn should stay inside.
    fn size(&self) -> (f64, f64);

    /// Draws with the upper left corner at the place given, in pixels to the right and down.
    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64));

    /// What a reader may ask of the panel when it is drawn at that place: nothing, unless a panel says
    /// otherwise.
    fn readouts(&self, _at: (f64, f64)) -> Vec<Readout> {
        Vec::new()
    }
}

impl Panel for Box<dyn Panel> {
    fn size(&self) -> (f64, f64) {
        (**self).size()
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        (**self).draw(drawing, at);
    }

    fn readouts(&self, at: (f64, f64)) -> Vec<Readout> {
        (**self).readouts(at)
    }
}

/// What a [`Panel`] draws on. Coordinates are pixels of the figure, to the right and down; what is not finite
/// is zero. What is drawn later covers what was drawn before. Colours are those of the figure's theme, and
/// letters are measured before anything is drawn, by [`text_width`](Drawing::text_width).
///
/// ```
/// use minutia_viz::{Color, Drawing, Figure, Panel};
/// struct Cross;
/// impl Panel for Cross {
///     fn size(&self) -> (f64, f64) {
///         (10.0, 10.0)
///     }
///     fn draw(&self, drawing: &mut Drawing<'_>, (x, y): (f64, f64)) {
///         drawing.line(&[(x, y), (x + 10.0, y + 10.0)], Color::INK, 1.0);
///         drawing.line(&[(x, y + 10.0), (x + 10.0, y)], Color::INK, 1.0);
///     }
/// }
/// assert_eq!(Figure::new(Cross).to_svg().matches("<polyline").count(), 2);
/// ```
pub struct Drawing<'a>(pub(crate) &'a mut Canvas);

impl Drawing<'_> {
    /// A line through points, `width` pixels thick.
    pub fn line(&mut self, points: &[Point], color: Color, width: f64) {
        self.0.path(points, color, width, "");
    }

    /// A line of dashes through points, `width` pixels thick.
    pub fn dashed_line(&mut self, points: &[Point], color: Color, width: f64) {
        self.0.path(points, color, width, DASHES);
    }

    /// A filled area.
    pub fn polygon(&mut self, points: &[Point], fill: Color) {
        self.0.polygon(points, fill, 1.0);
    }

    /// A rectangle with its upper left corner at a place, filled and outlined where a colour is given.
    pub fn rect(
        &mut self,
        at: Point,
        size: (f64, f64),
        fill: impl Into<Option<Color>>,
        outline: impl Into<Option<Color>>,
    ) {
        self.0.rect(at, size, fill, outline, 0.0);
    }

    /// A filled circle around a place, outlined where a colour is given.
    pub fn circle(&mut self, at: Point, radius: f64, fill: Color, outline: impl Into<Option<Color>>) {
        self.0.circle(at, radius, fill, outline);
    }

    /// What `draw` draws shows inside a rectangle alone: a line that leaves a plot ends at its edge.
    ///
    /// ```
    /// use minutia_viz::{Color, Drawing, Figure, Panel};
    /// struct Window;
    /// impl Panel for Window {
    ///     fn size(&self) -> (f64, f64) {
    ///         (50.0, 50.0)
    ///     }
    ///     fn draw(&self, drawing: &mut Drawing<'_>, (x, y): (f64, f64)) {
    ///         drawing.clip((x, y), (50.0, 50.0), |drawing| {
    ///             drawing.circle((x, y), 30.0, Color::series(0), None);
    ///         });
    ///     }
    /// }
    /// assert!(Figure::new(Window).to_png(1.0).is_ok());
    /// ```
    pub fn clip(&mut self, at: Point, size: (f64, f64), draw: impl FnOnce(&mut Self)) {
        self.0.begin_clip(at, size);
        draw(self);
        self.0.end_clip();
    }

    /// Coloured cells, row by row, stretched over a rectangle without smoothing; `colors` are red, green and
    /// blue. Where they do not fill rows of `columns`, nothing is drawn.
    pub fn cells(&mut self, at: Point, size: (f64, f64), columns: usize, colors: &[[u8; 3]]) {
        self.0.image(at, size, columns, colors);
    }

    /// One line of text; `at` is where the anchor stands on the base line, `size` the height of the em.
    pub fn text(&mut self, at: Point, size: f64, anchor: Anchor, color: Color, text: &str) {
        self.0.text(at, size, anchor, color, text);
    }

    /// Text in lines no wider than `width`, the first one's base line at `at`. See [`Drawing::lines`].
    pub fn wrapped_text(&mut self, at: Point, size: f64, anchor: Anchor, width: f64, text: &str) {
        self.0.block(at, &Block::fit(text, size, width), anchor, Color::INK);
    }

    /// How many lines [`Drawing::wrapped_text`] makes of a text, which a panel's size should have room for:
    /// 1.2 times the size for each.
    ///
    /// ```
    /// use minutia_viz::Drawing;
    /// assert_eq!(Drawing::lines("one two", 10.0, 30.0), 2);
    /// ```
    #[must_use]
    pub fn lines(text: &str, size: f64, width: f64) -> usize {
        Block::fit(text, size, width).lines.len()
    }

    /// Width of a line of text in pixels.
    ///
    /// ```
    /// use minutia_viz::Drawing;
    /// assert!(Drawing::text_width("wide", 10.0) > Drawing::text_width("in", 10.0));
    /// ```
    #[must_use]
    pub fn text_width(text: &str, size: f64) -> f64 {
        text_width(text, size)
    }
}
