use crate::{Anchor, Color, ColorMap, Drawing, Error, Panel, panels::shrink::shrunk, text::Block};

/// Small pictures in rows and columns.
///
/// ```
/// use minutia_viz::{ColorMap, Figure, ImageGrid};
/// let grid = ImageGrid::new(1, 2, 2, 2)?.image(&[0.0, 1.0, 1.0, 0.0])?.image(&[1.0, 0.0, 0.0, 1.0])?;
/// assert!(Figure::new(grid).to_svg().starts_with("<svg"));
///
/// let filters = ImageGrid::new(1, 1, 1, 3)?
///     .pixel_size(8.0)
///     .color_map(ColorMap::Diverging)
///     .range_of_each()
///     .row_names(&["layer 1"])
///     .column_names(&["filter 0"])
///     .image(&[-0.5, 0.0, 0.5])?;
/// assert!(Figure::new(filters).to_svg().contains("layer 1"));
/// # Ok::<(), minutia_viz::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageGrid {
    rows: usize,
    columns: usize,
    image: (usize, usize),
    pixel: f64,
    range: Option<(f64, f64)>,
    map: ColorMap,
    row_names: Vec<String>,
    column_names: Vec<String>,
    images: Vec<Vec<f64>>,
}

const GAP: f64 = 6.0;
const NAME: f64 = 11.0;
const FRAME: Color = Color::pair([0xbb; 3], [0x55; 3]);
/// Names are broken at this width, or a picture's.
const WIDEST: f64 = 160.0;

impl ImageGrid {
    /// An empty grid of `rows` by `columns` pictures of `height` by `width` pixels.
    ///
    /// # Errors
    /// [`Error::Length`] when any of these is zero.
    pub fn new(rows: usize, columns: usize, height: usize, width: usize) -> Result<ImageGrid, Error> {
        if [rows, columns, height, width].contains(&0) {
            return Err(Error::Length { what: "an image grid", found: 0, expected: 1 });
        }
        Ok(ImageGrid {
            rows,
            columns,
            image: (height, width),
            pixel: 2.0,
            range: Some((0.0, 1.0)),
            map: ColorMap::Ink,
            row_names: Vec::new(),
            column_names: Vec::new(),
            images: Vec::new(),
        })
    }

    /// With the next picture, row by row.
    ///
    /// # Errors
    /// [`Error::Length`] when it has another number of pixels, or the grid is full.
    pub fn image(mut self, pixels: &[f32]) -> Result<ImageGrid, Error> {
        let expected = if self.images.len() < self.rows.saturating_mul(self.columns) {
            self.image.0.saturating_mul(self.image.1)
        } else {
            0
        };
        if pixels.len() != expected || expected == 0 {
            return Err(Error::Length { what: "a picture of a grid", found: pixels.len(), expected });
        }
        self.images.push(pixels.iter().map(|&p| f64::from(p)).collect());
        Ok(self)
    }

    /// With pixels of another size, in pixels of the figure; 2 by default, and for a size that is not
    /// positive.
    #[must_use]
    pub fn pixel_size(self, size: f64) -> ImageGrid {
        ImageGrid { pixel: if size > 0.0 && size.is_finite() { size } else { 2.0 }, ..self }
    }

    /// With colours from `low` to `high` in every picture; `0` to `1` by default.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> ImageGrid {
        ImageGrid { range: Some((low, high)), ..self }
    }

    /// With colours from each picture's own smallest to its largest value; around zero for a diverging map.
    #[must_use]
    pub fn range_of_each(self) -> ImageGrid {
        ImageGrid { range: None, ..self }
    }

    /// With another colour map.
    #[must_use]
    pub fn color_map(self, map: ColorMap) -> ImageGrid {
        ImageGrid { map, ..self }
    }

    /// With a name for each row.
    #[must_use]
    pub fn row_names(self, names: &[&str]) -> ImageGrid {
        ImageGrid { row_names: names.iter().map(|n| n.to_string()).collect(), ..self }
    }

    /// With a name for each column.
    #[must_use]
    pub fn column_names(self, names: &[&str]) -> ImageGrid {
        ImageGrid { column_names: names.iter().map(|n| n.to_string()).collect(), ..self }
    }

    /// Names of rows and columns, broken where they are long.
    fn names(&self) -> (Vec<Block>, Vec<Block>) {
        let width = self.extent().0.max(WIDEST);
        let fit = |names: &[String], most: usize| {
            names.iter().take(most).map(|name| Block::fit(name, NAME, width)).collect()
        };
        (fit(&self.row_names, self.rows), fit(&self.column_names, self.columns))
    }

    fn left(&self) -> f64 {
        self.names().0.iter().map(|n| n.width() + 10.0).fold(0.0, f64::max)
    }

    fn top(&self) -> f64 {
        let more = self.names().1.iter().map(Block::more).fold(0.0, f64::max);
        if self.column_names.is_empty() { 0.0 } else { 18.0 + more }
    }

    /// Size of one picture.
    fn extent(&self) -> (f64, f64) {
        (self.image.1 as f64 * self.pixel, self.image.0 as f64 * self.pixel)
    }

    /// From one picture to the next; names of columns and rows keep apart too.
    fn step(&self) -> (f64, f64) {
        let ((width, height), (rows, columns)) = (self.extent(), self.names());
        let widest = columns.iter().map(Block::width).fold(0.0, f64::max);
        let tallest = rows.iter().map(|n| NAME + n.more()).fold(0.0, f64::max);
        (width.max(widest) + GAP, height.max(tallest) + GAP)
    }

    fn range_for(&self, image: &[f64]) -> (f64, f64) {
        if let Some(range) = self.range {
            return range;
        }
        let finite = image.iter().filter(|v| v.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        if self.map == ColorMap::Diverging {
            let reach = low.abs().max(high.abs());
            return if reach > 0.0 { (-reach, reach) } else { (-1.0, 1.0) };
        }
        if low < high { (low, high) } else { (low, low + 1.0) }
    }
}

impl Panel for ImageGrid {
    fn size(&self) -> (f64, f64) {
        let (w, h) = self.step();
        (self.left() + self.columns as f64 * w - GAP, self.top() + self.rows as f64 * h - GAP)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let (left, top, step) = (at.0 + self.left(), at.1 + self.top(), self.step());
        let extent = self.extent();
        let inset = ((step.0 - GAP - extent.0) / 2.0, (step.1 - GAP - extent.1) / 2.0);
        for (i, image) in self.images.iter().enumerate() {
            let corner =
                (left + (i % self.columns) as f64 * step.0, top + (i / self.columns) as f64 * step.1);
            let place = (corner.0 + inset.0, corner.1 + inset.1);
            let (low, high) = self.range_for(image);
            let (columns, values) = shrunk(image, self.image.1, extent);
            let colors: Vec<[u8; 3]> =
                values.iter().map(|v| self.map.rgb((v - low) / (high - low))).collect();
            canvas.image(place, extent, columns, &colors);
            canvas.rect(place, extent, None, FRAME, 0.0);
        }
        let (rows, columns) = self.names();
        for (i, name) in columns.iter().enumerate() {
            let x = left + i as f64 * step.0 + (step.0 - GAP) / 2.0;
            canvas.block((x, at.1 + 11.0), name, Anchor::Middle, Color::INK);
        }
        for (i, name) in rows.iter().enumerate() {
            let y = top + i as f64 * step.1 + (step.1 - GAP) / 2.0 + 4.0;
            canvas.block((left - 8.0, y - name.more() / 2.0), name, Anchor::End, Color::INK);
        }
    }
}
