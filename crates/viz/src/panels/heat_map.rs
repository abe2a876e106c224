use crate::{
    Anchor, Color, ColorMap, Drawing, Error, Panel, Scale, format_number,
    panels::{
        axis::{Axis, Ticks},
        shrink::shrunk,
    },
    svg::{
        canvas::Canvas,
        number::{floor_power, told_apart},
    },
    text::{Block, text_width},
};

/// A matrix as coloured cells, with a colour bar and, on request, each value as text.
///
/// Values that are not finite are grey. Cells smaller than a pixel are averaged, so that a large matrix shows
/// no patterns that are not in it; see [`HeatMap::cell_size`].
///
/// ```
/// use minutia_viz::{ColorMap, Figure, HeatMap};
/// let map = HeatMap::new(2, 2, &[0.0, 0.5, 0.5, 1.0])?.title("identity").cell_text(true);
/// assert!(Figure::new(map).to_svg().contains("identity"));
///
/// let weights = HeatMap::new(2, 3, &[-2.0, -1.0, 0.0, 0.5, 1.0, f32::NAN])?
///     .labels("output", "input")
///     .row_names(&["bias", "gain"])
///     .index_ticks(true)
///     .color_map(ColorMap::Diverging)
///     .range(-2.0, 2.0)
///     .cell_size(40.0, 20.0)
///     .color_bar(false);
/// assert!(Figure::new(weights).to_svg().contains("gain"));
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

/// Cells by default, and how large all of them are at most.
const CELL: f64 = 30.0;
const LARGEST: f64 = 1500.0;
/// Width of the colour bar, and its distance from the cells.
const BAR: f64 = 12.0;
const TOP: f64 = 22.0;
/// Size of names, and of numbers at the colour bar.
const NAME: f64 = 11.0;
const NUMBER: f64 = 10.0;
/// Names are broken at this width; a title has at least this room, and a label beside the rows this one.
const WIDEST: f64 = 320.0;
const TITLED: f64 = 160.0;
const LEAST: f64 = 60.0;
/// How far a title may stand out of the panel.
const OUT: f64 = 8.0;
/// Smaller numbers are not written into cells.
const LEGIBLE: f64 = 3.0;
/// Nobody reads the numbers of more cells.
const MOST_TEXTS: usize = 10_000;

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
        let cell = (LARGEST / rows.max(columns).max(1) as f64).min(CELL);
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
            cell: (cell, cell),
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
    /// Ends that are not finite change nothing.
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> HeatMap {
        let usable = low.is_finite() && high.is_finite() && (high - low).is_finite();
        HeatMap { range: if usable { (low, high) } else { self.range }, ..self }
    }

    /// With another colour map.
    #[must_use]
    pub fn color_map(self, map: ColorMap) -> HeatMap {
        HeatMap { map, ..self }
    }

    /// With cells of another size in pixels, also below one; 30 by 30 by default, and for a size that is not
    /// positive. By default cells are smaller where there are more than 50 rows or columns, so that the map
    /// has at most 1500 pixels.
    #[must_use]
    pub fn cell_size(self, width: f64, height: f64) -> HeatMap {
        let usable = |size: f64| if size > 0.0 && size.is_finite() { size } else { CELL };
        HeatMap { cell: (usable(width), usable(height)), ..self }
    }

    /// With each value written in its cell, to two decimals, or more where all of them are small or nearly
    /// equal. Where the cells have no room for it, or there are more than 10,000, nothing is written.
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
        let (low, high) = self.range;
        if low == high && !value.is_nan() {
            return self.map.rgb(if value == low { 0.5 } else { f64::from(value > low) });
        }
        self.map.rgb((value - low) / (high - low))
    }

    /// Indices and names of the rows, or columns, that have one; `step` pixels is how far two names must be
    /// apart.
    fn marks(&self, names: &[String], count: usize, cell: f64, step: f64) -> Vec<(usize, String)> {
        if !names.is_empty() || !self.ticks {
            return names.iter().take(count).cloned().enumerate().collect();
        }
        let scales = (0..18).flat_map(|e| [1, 2, 5].map(|m| m * 10_usize.pow(e)));
        let every = scales.into_iter().find(|&k| k as f64 * cell >= step).unwrap_or(usize::MAX);
        (0..count).step_by(every).map(|i| (i, format_number(i as f64))).collect()
    }

    /// Names of rows: as large as their cells, and not wider than some words.
    fn row_marks(&self) -> Vec<(usize, Block)> {
        let marks = self.marks(&self.row_names, self.rows, self.cell.1, 14.0);
        let height = if self.row_names.is_empty() { f64::INFINITY } else { self.cell.1 };
        marks.into_iter().map(|(i, name)| (i, Block::within(&name, NAME, WIDEST, height))).collect()
    }

    /// Names of columns, and whether they are upright.
    fn column_marks(&self) -> (Vec<(usize, Block)>, bool) {
        let widest = text_width(&format_number(self.columns as f64), NAME);
        let marks = self.marks(&self.column_names, self.columns, self.cell.0, widest + 10.0);
        let widest = self.column_names.iter().map(|n| text_width(n, NAME)).fold(0.0, f64::max);
        let upright = widest > self.cell.0 - 4.0 && !self.column_names.is_empty();
        let block = |name: &str| match upright {
            true => Block::within(name, NAME, WIDEST, self.cell.0),
            false => Block::fit(name, NAME, f64::INFINITY),
        };
        (marks.into_iter().map(|(i, name)| (i, block(&name))).collect(), upright)
    }

    fn extent(&self) -> (f64, f64) {
        (self.columns as f64 * self.cell.0, self.rows as f64 * self.cell.1)
    }

    /// Heights from 0 at the top to 1 with labels of the colour bar, and what the labels share.
    fn bar_ticks(&self) -> Ticks {
        let (low, high) = self.range;
        if low == high {
            return Ticks { marks: vec![(0.5, format_number(low))], ..Ticks::default() };
        }
        let Some(axis) = Axis::exact(low, high, Scale::Linear).filter(|a| (a.low, a.high) == self.range)
        else {
            let ends = told_apart(&[low, high]);
            return Ticks { marks: [1.0, 0.0].into_iter().zip(ends).collect(), ..Ticks::default() };
        };
        let Ticks { marks, offset } = axis.ticks();
        let every = ((marks.len() as f64 * 13.0 / self.extent().1).ceil() as usize).max(1);
        let placed = marks.into_iter().step_by(every);
        Ticks {
            marks: placed.filter_map(|(v, label)| Some((1.0 - axis.position(v)?, label))).collect(),
            offset,
        }
    }

    fn draw_bar(&self, canvas: &mut Canvas, (x, y): (f64, f64), ticks: &Ticks) {
        let height = self.extent().1;
        let steps: Vec<[u8; 3]> = (0..256).map(|i| self.map.rgb(1.0 - f64::from(i) / 255.0)).collect();
        canvas.image((x, y), (BAR, height), 1, &steps);
        canvas.rect((x, y), (BAR, height), None, Color::INK, 0.0);
        for (t, label) in &ticks.marks {
            let y = y + t * height;
            canvas.line((x + BAR, y), (x + BAR + 3.0, y), Color::INK, 1.0);
            canvas.text((x + BAR + 6.0, y + 3.6), NUMBER, Anchor::Start, Color::INK, label);
        }
        canvas.text((x, y + height + 15.0), NUMBER, Anchor::Start, Color::INK, &ticks.offset);
    }

    /// The values to two decimals, or to as many digits as tell them apart.
    fn texts(&self) -> Vec<String> {
        let finite = || self.values.iter().copied().filter(|v| v.is_finite());
        let ends = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (largest, spread) = (ends.0.abs().max(ends.1.abs()), ends.1 - ends.0);
        if spread > 0.0 && spread < largest * 1e-3 {
            return told_apart(&self.values);
        }
        let unit = if largest > 0.0 && largest < 0.05 { floor_power(largest) / 100.0 } else { 0.0 };
        let round = |v: f64| if unit > 0.0 { (v / unit).round() * unit } else { (v * 100.0).round() / 100.0 };
        self.values.iter().map(|&v| format_number(round(v))).collect()
    }

    fn draw_texts(&self, canvas: &mut Canvas, (x, y): (f64, f64)) {
        if self.cell.1 * 0.8 < LEGIBLE || self.cell.0 < LEGIBLE || self.values.len() > MOST_TEXTS {
            return;
        }
        let texts = self.texts();
        let widest = texts.iter().map(|t| text_width(t, 1.0)).fold(0.1, f64::max);
        let size = (self.cell.1 * 0.5).max(LEGIBLE).min((self.cell.0 - 4.0) / widest).min(10.0);
        if size < LEGIBLE {
            return;
        }
        for (i, (text, &value)) in texts.iter().zip(&self.values).enumerate() {
            let (row, column) = ((i / self.columns) as f64, (i % self.columns) as f64);
            let place = (x + (column + 0.5) * self.cell.0, y + (row + 0.5) * self.cell.1 + 0.36 * size);
            let [r, g, b] = self.color(value).map(u32::from);
            let dark = if 299 * r + 587 * g + 114 * b > 140_000 { [0x22; 3] } else { [0xff; 3] };
            canvas.text(place, size, Anchor::Middle, Color::rgb(dark), text);
        }
    }

    fn plan(&self) -> HeatPlan {
        let (rows, (columns, upright)) = (self.row_marks(), self.column_marks());
        let (body, ticks) = (self.extent(), if self.bar { self.bar_ticks() } else { Ticks::default() });
        let widest = |marks: &[(usize, Block)]| marks.iter().map(|m| m.1.width()).fold(0.0, f64::max);
        let y_label = Block::fit(&self.labels.1, 12.0, (body.1 + 10.0).max(LEAST));
        let names = rows.iter().map(|m| m.1.width() + 8.0).fold(0.0, f64::max);
        let left = names + if y_label.lines.is_empty() { 0.0 } else { 20.0 + y_label.more() };
        let numbers = ticks.marks.iter().map(|t| text_width(&t.1, NUMBER)).fold(0.0, f64::max);
        let bar = (2.0 * BAR + 7.0 + numbers).max(BAR + text_width(&ticks.offset, NUMBER));
        let bar = if self.bar { bar } else { 0.0 };
        let below = match (upright, columns.is_empty()) {
            (true, _) => widest(&columns) + 8.0,
            (false, true) => 0.0,
            (false, false) => 18.0,
        };
        // Title and label are centred over the cells; what stands out of the panel makes it wider.
        let centre = left + body.0 / 2.0;
        let room = (2.0 * centre.min(left + body.0 + bar - centre)).max(TITLED);
        let (title, x_label) = (Block::fit(&self.title, 13.0, room), Block::fit(&self.labels.0, 12.0, room));
        let half = title.width().max(x_label.width()) / 2.0;
        let pad = ((half - centre - OUT).max(0.0), (centre + half - left - body.0 - bar - OUT).max(0.0));
        let high = (y_label.width() - body.1 - 10.0).max(0.0) / 2.0;
        let below = below.max(high);
        let offset = if ticks.offset.is_empty() { 0.0 } else { 18.0 };
        let foot = if x_label.lines.is_empty() { 4.0 } else { 22.0 + x_label.more() };
        let top = TOP + title.more() + high;
        let size = (pad.0 + left + body.0 + bar + pad.1, top + body.1 + (below + foot).max(offset).max(high));
        HeatPlan {
            rows,
            columns,
            upright,
            ticks,
            left: pad.0 + left,
            label: pad.0,
            top,
            below,
            title,
            x_label,
            y_label,
            size,
        }
    }
}

/// Where everything goes, from the panel's upper left corner.
struct HeatPlan {
    rows: Vec<(usize, Block)>,
    columns: Vec<(usize, Block)>,
    upright: bool,
    ticks: Ticks,
    left: f64,
    /// Where the label of the rows begins.
    label: f64,
    top: f64,
    /// Room for the names of columns.
    below: f64,
    title: Block,
    x_label: Block,
    y_label: Block,
    size: (f64, f64),
}

impl Panel for HeatMap {
    fn size(&self) -> (f64, f64) {
        self.plan().size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let (canvas, ink) = (&mut *drawing.0, Color::INK);
        let plan = self.plan();
        let (x, y) = (at.0 + plan.left, at.1 + plan.top);
        let (width, height) = self.extent();
        let (columns, values) = shrunk(&self.values, self.columns, (width, height));
        let colors: Vec<[u8; 3]> = values.iter().map(|&v| self.color(v)).collect();
        canvas.image((x, y), (width, height), columns, &colors);
        canvas.rect((x, y), (width, height), None, ink, 0.0);
        canvas.block((x + width / 2.0, at.1 + 13.0), &plan.title, Anchor::Middle, ink);
        let foot = y + height + plan.below + 15.0;
        canvas.block((x + width / 2.0, foot), &plan.x_label, Anchor::Middle, ink);
        canvas.vertical_block((at.0 + plan.label + 12.0, y + height / 2.0), &plan.y_label, Anchor::Middle);
        for (row, name) in &plan.rows {
            let middle = y + (*row as f64 + 0.5) * self.cell.1;
            canvas.line((x - 3.0, middle), (x, middle), ink, 0.8);
            let base = if name.size < NAME { 0.36 * name.size } else { 4.0 };
            canvas.block((x - 6.0, middle + base - name.more() / 2.0), name, Anchor::End, ink);
        }
        for (column, name) in &plan.columns {
            let middle = x + (*column as f64 + 0.5) * self.cell.0;
            canvas.line((middle, y + height), (middle, y + height + 3.0), ink, 0.8);
            if plan.upright {
                let base = if name.size < NAME { 0.36 * name.size } else { 4.0 };
                canvas.vertical_block(
                    (middle + base - name.more() / 2.0, y + height + 6.0),
                    name,
                    Anchor::End,
                );
            } else {
                canvas.block((middle, y + height + 15.0), name, Anchor::Middle, ink);
            }
        }
        if self.text {
            self.draw_texts(canvas, (x, y));
        }
        if self.bar {
            self.draw_bar(canvas, (x + width + BAR, y), &plan.ticks);
        }
    }
}
