use crate::{
    ColorMap, Error,
    canvas::{Anchor, INK},
    figure::{Drawing, Panel},
    format_number,
};

/// A matrix as coloured cells, with a colour bar and, on request, each value as text.
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
    range: (f64, f64),
    map: ColorMap,
    cell: (f64, f64),
    text: bool,
    bar: bool,
}

const BAR: f64 = 64.0;

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

    /// With colours from `low` to `high`.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> HeatMap {
        HeatMap { range: (low, high), ..self }
    }

    /// With another colour map.
    #[must_use]
    pub fn color_map(self, map: ColorMap) -> HeatMap {
        HeatMap { map, ..self }
    }

    /// With cells of another size in pixels.
    #[must_use]
    pub fn cell_size(self, width: f64, height: f64) -> HeatMap {
        HeatMap { cell: (width, height), ..self }
    }

    /// With each value written in its cell.
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

    fn left(&self) -> f64 {
        let names =
            self.row_names.iter().map(|n| crate::canvas::text_width(n, 11.0) + 8.0).fold(0.0, f64::max);
        names + if self.labels.1.is_empty() { 0.0 } else { 20.0 }
    }
}

impl Panel for HeatMap {
    fn size(&self) -> (f64, f64) {
        let bar = if self.bar { BAR } else { 0.0 };
        let foot = if self.labels.0.is_empty() { 4.0 } else { 24.0 };
        let body = (self.columns as f64 * self.cell.0, self.rows as f64 * self.cell.1);
        (self.left() + body.0 + bar, 22.0 + body.1 + foot)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let (x, y) = (at.0 + self.left(), at.1 + 22.0);
        let (width, height) = (self.columns as f64 * self.cell.0, self.rows as f64 * self.cell.1);
        let colors: Vec<[u8; 3]> = self.values.iter().map(|&v| self.color(v)).collect();
        canvas.cells((x, y), self.cell, self.columns, &colors);
        canvas.rect((x, y), (width, height), "none", INK, 0.0);
        canvas.text((x + width / 2.0, at.1 + 13.0), 13.0, Anchor::Middle, INK, &self.title);
        canvas.text((x + width / 2.0, y + height + 17.0), 12.0, Anchor::Middle, INK, &self.labels.0);
        if !self.labels.1.is_empty() {
            canvas.vertical_text((at.0 + 12.0, y + height / 2.0), 12.0, &self.labels.1);
        }
        for (row, name) in self.row_names.iter().enumerate() {
            canvas.text((x - 6.0, y + (row as f64 + 0.5) * self.cell.1 + 4.0), 11.0, Anchor::End, INK, name);
        }
        if self.text {
            for (i, (&value, rgb)) in self.values.iter().zip(&colors).enumerate() {
                let (row, column) = (i / self.columns, i % self.columns);
                let light = rgb.iter().map(|&c| u32::from(c)).sum::<u32>() > 380;
                let place =
                    (x + (column as f64 + 0.5) * self.cell.0, y + (row as f64 + 0.5) * self.cell.1 + 3.0);
                let text = format_number((value * 100.0).round() / 100.0);
                canvas.text(place, 8.5, Anchor::Middle, if light { INK } else { "#ffffff" }, &text);
            }
        }
        if self.bar {
            let left = x + width + 12.0;
            let steps: Vec<[u8; 3]> = (0..64).map(|i| self.map.rgb(1.0 - f64::from(i) / 63.0)).collect();
            canvas.cells((left, y), (12.0, height / 64.0), 1, &steps);
            canvas.rect((left, y), (12.0, height), "none", INK, 0.0);
            for (t, value) in
                [(0.0, self.range.1), (0.5, f64::midpoint(self.range.0, self.range.1)), (1.0, self.range.0)]
            {
                canvas.text(
                    (left + 16.0, y + t * height + 4.0),
                    10.0,
                    Anchor::Start,
                    INK,
                    &format_number(value),
                );
            }
        }
    }
}
