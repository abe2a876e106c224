use crate::{
    ColorMap, Error,
    axis::Axis,
    canvas::{Anchor, Canvas, INK},
    figure::{Drawing, Panel},
    font::text_width,
    format_number,
    shrink::shrunk,
};

/// A matrix as coloured cells, with a colour bar and, on request, each value as text.
///
/// Values that are not finite are grey. Cells smaller than a pixel are averaged, so that a large matrix shows no patterns
/// that are not in it; see [`HeatMap::cell_size`].
///
/// ```
/// use minutia_viz::{ColorMap, Figure, HeatMap};
/// let map = HeatMap::new(2, 2, &[0.0, 0.5, 0.5, 1.0])?.title("identity").cell_text(true);
/// assert!(Figure::new(map).to_svg().contains("identity"));
/// # Ok::<(), minutia_viz::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HeatMap {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
    title: String,
    labels: (String, String),
    row_names: Vec<String>,
    column_names: Vec<String>,
    ticks: bool,
    range: (f64, f64),
    map: ColorMap,
    cell: (f64, f64),
    text: bool,
    bar: bool,
}

/// Width of the colour bar, and its distance from the cells.
const BAR: f64 = 12.0;
const TOP: f64 = 22.0;
/// Size of names, and of numbers at the colour bar.
const NAME: f64 = 11.0;
const NUMBER: f64 = 10.0;

impl HeatMap {
    /// A matrix, row by row; its colours go from the smallest to the largest finite value.
    ///
    /// # Errors
    /// [`Error::Length`] when the number of values is not `rows * columns`.
    pub fn new(rows: usize, columns: usize, values: &[f32]) -> Result<HeatMap, Error> {
        let expected = rows.saturating_mul(columns);
        if values.len() != expected {
            return Err(Error::Length { what: "a heat map", found: values.len(), expected });
        }
        let values: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
        let finite = values.iter().filter(|v| v.is_finite());
        let range = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
        let range =
            if range.0 < range.1 { range } else { (range.0.min(0.0), range.1.max(range.0.min(0.0) + 1.0)) };
        let range = if range.0.is_finite() { range } else { (0.0, 1.0) };
        Ok(HeatMap {
            rows,
            columns,
            values,
            title: String::new(),
            labels: Default::default(),
            row_names: Vec::new(),
            column_names: Vec::new(),
            ticks: false,
            range,
            map: ColorMap::Viridis,
            cell: (30.0, 30.0),
            text: false,
            bar: true,
        })
    }

    /// With a title.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> HeatMap {
        HeatMap { title: title.into(), ..self }
    }

    /// With names of the horizontal and the vertical axis.
    #[must_use]
    pub fn labels(self, x: impl Into<String>, y: impl Into<String>) -> HeatMap {
        HeatMap { labels: (x.into(), y.into()), ..self }
    }

    /// With a name for each row.
    #[must_use]
    pub fn row_names(self, names: &[&str]) -> HeatMap {
        HeatMap { row_names: names.iter().map(|n| n.to_string()).collect(), ..self }
    }

    /// With a name for each column, upright where it is wider than its column.
    #[must_use]
    pub fn column_names(self, names: &[&str]) -> HeatMap {
        HeatMap { column_names: names.iter().map(|n| n.to_string()).collect(), ..self }
    }

    /// With the index from 0 of every so many rows and columns, on the sides that have no names.
    #[must_use]
    pub fn index_ticks(self, on: bool) -> HeatMap {
        HeatMap { ticks: on, ..self }
    }

    /// With colours from `low` to `high`, in the values' unit; values beyond have the colours of the ends.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> HeatMap {
        HeatMap { range: (low, high), ..self }
    }

    /// With another colour map.
    #[must_use]
    pub fn color_map(self, map: ColorMap) -> HeatMap {
        HeatMap { map, ..self }
    }

    /// With cells of another size in pixels, also below one; 30 by 30 by default, and for a size that is not positive.
    #[must_use]
    pub fn cell_size(self, width: f64, height: f64) -> HeatMap {
        let usable = |size: f64| if size > 0.0 && size.is_finite() { size } else { 30.0 };
        HeatMap { cell: (usable(width), usable(height)), ..self }
    }

    /// With each value written in its cell, to two decimals.
    #[must_use]
    pub fn cell_text(self, on: bool) -> HeatMap {
        HeatMap { text: on, ..self }
    }

    /// With or without the colour bar.
    #[must_use]
    pub fn color_bar(self, on: bool) -> HeatMap {
        HeatMap { bar: on, ..self }
    }

    fn color(&self, value: f64) -> [u8; 3] {
        self.map.rgb((value - self.range.0) / (self.range.1 - self.range.0))
    }

    /// Indices and names of the rows, or columns, that have one; `step` pixels is how far two names must be apart.
    fn marks(&self, names: &[String], count: usize, cell: f64, step: f64) -> Vec<(usize, String)> {
        if !names.is_empty() || !self.ticks {
            return names.iter().take(count).cloned().enumerate().collect();
        }
        let scales = (0..18).flat_map(|e| [1, 2, 5].map(|m| m * 10_usize.pow(e)));
        let every = scales.into_iter().find(|&k| k as f64 * cell >= step).unwrap_or(usize::MAX);
        (0..count).step_by(every).map(|i| (i, format_number(i as f64))).collect()
    }

    fn row_marks(&self) -> Vec<(usize, String)> {
        self.marks(&self.row_names, self.rows, self.cell.1, 14.0)
    }

    fn column_marks(&self) -> Vec<(usize, String)> {
        let widest = text_width(&format_number(self.columns as f64), NAME);
        self.marks(&self.column_names, self.columns, self.cell.0, widest + 10.0)
    }

    fn left(&self) -> f64 {
        let names = self.row_marks().iter().map(|m| text_width(&m.1, NAME) + 8.0).fold(0.0, f64::max);
        names + if self.labels.1.is_empty() { 0.0 } else { 20.0 }
    }

    /// Room for the names of columns, and whether they are upright.
    fn column_room(&self) -> (f64, bool) {
        let widest = self.column_names.iter().map(|n| text_width(n, NAME)).fold(0.0, f64::max);
        let upright = widest > self.cell.0 - 4.0 && !self.column_names.is_empty();
        match (upright, self.column_marks().is_empty()) {
            (true, _) => (widest + 8.0, true),
            (false, true) => (0.0, false),
            (false, false) => (18.0, false),
        }
    }

    fn extent(&self) -> (f64, f64) {
        (self.columns as f64 * self.cell.0, self.rows as f64 * self.cell.1)
    }

    /// Heights from 0 at the top to 1, and labels, of the colour bar.
    fn bar_ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = self.range;
        if !(low < high && high - low < f64::MAX) {
            return Vec::new();
        }
        let axis = Axis { low, high, log: false };
        let ticks: Vec<(f64, String)> = axis.ticks();
        let every = ((ticks.len() as f64 * 13.0 / self.extent().1).ceil() as usize).max(1);
        let placed = ticks.into_iter().step_by(every);
        placed.filter_map(|(v, label)| Some((1.0 - axis.position(v)?, label))).collect()
    }

    fn bar_room(&self) -> f64 {
        let widest = self.bar_ticks().iter().map(|t| text_width(&t.1, NUMBER)).fold(0.0, f64::max);
        if self.bar { 2.0 * BAR + 7.0 + widest } else { 0.0 }
    }

    fn draw_bar(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        let height = self.extent().1;
        let steps: Vec<[u8; 3]> = (0..256).map(|i| self.map.rgb(1.0 - f64::from(i) / 255.0)).collect();
        canvas.image((x, y), (BAR, height), 1, &steps);
        canvas.rect((x, y), (BAR, height), "none", INK, 0.0);
        for (t, label) in self.bar_ticks() {
            let y = y + t * height;
            canvas.line((x + BAR, y), (x + BAR + 3.0, y), INK, 1.0);
            canvas.text((x + BAR + 6.0, y + 3.6), NUMBER, Anchor::Start, INK, &label);
        }
    }

    fn draw_texts(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        let texts: Vec<String> =
            self.values.iter().map(|v| format_number((v * 100.0).round() / 100.0)).collect();
        let widest = texts.iter().map(|t| text_width(t, 1.0)).fold(0.1, f64::max);
        let size = (self.cell.1 * 0.5).min((self.cell.0 - 4.0) / widest).clamp(5.0, 10.0);
        for (i, (text, &value)) in texts.iter().zip(&self.values).enumerate() {
            let (row, column) = ((i / self.columns) as f64, (i % self.columns) as f64);
            let place = (x + (column + 0.5) * self.cell.0, y + (row + 0.5) * self.cell.1 + 0.36 * size);
            let [r, g, b] = self.color(value).map(u32::from);
            let ink = if 299 * r + 587 * g + 114 * b > 140_000 { INK } else { "#ffffff" };
            canvas.text(place, size, Anchor::Middle, ink, text);
        }
    }
}

impl Panel for HeatMap {
    fn size(&self) -> (f64, f64) {
        let body = self.extent();
        let foot = self.column_room().0 + if self.labels.0.is_empty() { 4.0 } else { 22.0 };
        (self.left() + body.0 + self.bar_room(), TOP + body.1 + foot)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let (x, y) = (at.0 + self.left(), at.1 + TOP);
        let (width, height) = self.extent();
        let (columns, values) = shrunk(&self.values, self.columns, (width, height));
        let colors: Vec<[u8; 3]> = values.iter().map(|&v| self.color(v)).collect();
        canvas.image((x, y), (width, height), columns, &colors);
        canvas.rect((x, y), (width, height), "none", INK, 0.0);
        canvas.text((x + width / 2.0, at.1 + 13.0), 13.0, Anchor::Middle, INK, &self.title);
        let (room, upright) = self.column_room();
        canvas.text((x + width / 2.0, y + height + room + 15.0), 12.0, Anchor::Middle, INK, &self.labels.0);
        canvas.vertical_text((at.0 + 12.0, y + height / 2.0), 12.0, Anchor::Middle, &self.labels.1);
        for (row, name) in self.row_marks() {
            let middle = y + (row as f64 + 0.5) * self.cell.1;
            canvas.line((x - 3.0, middle), (x, middle), INK, 0.8);
            canvas.text((x - 6.0, middle + 4.0), NAME, Anchor::End, INK, &name);
        }
        for (column, name) in self.column_marks() {
            let middle = x + (column as f64 + 0.5) * self.cell.0;
            canvas.line((middle, y + height), (middle, y + height + 3.0), INK, 0.8);
            if upright {
                canvas.vertical_text((middle + 4.0, y + height + 6.0), NAME, Anchor::End, &name);
            } else {
                canvas.text((middle, y + height + 15.0), NAME, Anchor::Middle, INK, &name);
            }
        }
        if self.text {
            self.draw_texts(canvas, (x, y));
        }
        if self.bar {
            self.draw_bar(canvas, (x + width + BAR, y));
        }
    }
}
