use crate::{
    Anchor, Color, Drawing, Panel, Scale,
    panels::axis::{Axis, NOTHING_POSITIVE, nothing_positive},
    svg::{canvas::Canvas, number::told_apart},
    text::{Block, text_width},
};

/// Horizontal bars, one below the other, each with its name, its number, and the range that the number was
/// found in.
///
/// Bars begin at zero, or where [`from`](BarChart::from) says, which a logarithmic axis needs. A bar that the
/// axis cannot show (not finite or, on a logarithmic axis, not positive) is left out; its name and number are
/// not. Names that would take more than half of the width are broken into lines.
///
/// ```
/// use minutia_viz::{BarChart, Figure, Scale};
/// let chart = BarChart::new("times as long").scale(Scale::Log).from(1.0).bar("other", 4.2, (4.0, 4.5));
/// assert!(Figure::new(chart).to_svg().contains("other"));
///
/// let seconds = BarChart::new("seconds")
///     .title("an epoch")
///     .width(300.0)
///     .emphasised_bar("ours", 0.1, (0.09, 0.12))
///     .bar("theirs", 0.4, (0.38, 0.41));
/// assert!(Figure::new(seconds).to_svg().contains("ours"));
/// ```
#[derive(Clone, Debug)]
pub struct BarChart {
    label: String,
    title: String,
    scale: Scale,
    from: f64,
    width: f64,
    bars: Vec<Bar>,
}

#[derive(Clone, Debug)]
struct Bar {
    name: String,
    value: f64,
    range: (f64, f64),
    emphasised: bool,
}

const ROW: f64 = 22.0;
const THICKNESS: f64 = 13.0;
const SMALL: f64 = 11.0;
const BOTTOM: f64 = 46.0;

impl BarChart {
    /// No bars yet, over an axis with a label, unit included.
    pub fn new(label: impl Into<String>) -> BarChart {
        BarChart {
            label: label.into(),
            title: String::new(),
            scale: Scale::Linear,
            from: 0.0,
            width: 520.0,
            bars: Vec::new(),
        }
    }

    /// With a title over the panel.
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> BarChart {
        BarChart { title: title.into(), ..self }
    }

    /// With another width in pixels, at least 240.
    #[must_use]
    pub fn width(self, width: f64) -> BarChart {
        BarChart { width: if width.is_finite() { width.max(240.0) } else { 240.0 }, ..self }
    }

    /// With another scale of the axis.
    #[must_use]
    pub fn scale(self, scale: Scale) -> BarChart {
        BarChart { scale, ..self }
    }

    /// With bars that begin at this number.
    #[must_use]
    pub fn from(self, from: f64) -> BarChart {
        BarChart { from, ..self }
    }

    /// With one more bar, and the least and the greatest number that it stands for.
    #[must_use]
    pub fn bar(mut self, name: impl Into<String>, value: f64, range: (f64, f64)) -> BarChart {
        self.bars.push(Bar { name: name.into(), value, range, emphasised: false });
        self
    }

    /// With one more bar in another colour.
    #[must_use]
    pub fn emphasised_bar(mut self, name: impl Into<String>, value: f64, range: (f64, f64)) -> BarChart {
        self.bars.push(Bar { name: name.into(), value, range, emphasised: true });
        self
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.bars.iter().flat_map(|bar| [bar.value, bar.range.0, bar.range.1])
    }

    fn plan(&self) -> BarPlan {
        let axis = Axis::around(self.values().chain([self.from]), self.scale);
        let ticks = axis.ticks();
        let names: Vec<Block> =
            self.bars.iter().map(|bar| Block::fit(&bar.name, SMALL, self.width / 2.0 - 14.0)).collect();
        let numbers = told_apart(&self.bars.iter().map(|bar| bar.value).collect::<Vec<_>>());
        let out = ticks.marks.iter().map(|t| text_width(&t.1, SMALL) / 2.0 - OUT).fold(0.0, f64::max);
        let left = (names.iter().map(Block::width).fold(0.0, f64::max) + 14.0).max(out);
        let widest = numbers.iter().map(|n| text_width(n, SMALL)).fold(0.0, f64::max);
        let beyond = (widest + 18.0).max(out);
        let right = (self.width - beyond).max(left + LEAST);
        let width = self.width.max(right + beyond);
        let middle = f64::midpoint(left, right);
        let room = 2.0 * middle.min(width - middle);
        let (title, label) = (Block::fit(&self.title, 13.0, room), Block::fit(&self.label, 12.0, room));
        let top = if self.title.is_empty() { 6.0 } else { 26.0 } + title.more();
        let offset = if ticks.offset.is_empty() { 0.0 } else { 14.0 };
        let bottom = BOTTOM + label.more() + offset;
        let rows = ROW * names.len() as f64 + names.iter().map(Block::more).sum::<f64>();
        BarPlan {
            axis,
            names,
            numbers,
            left,
            right,
            top,
            title,
            label,
            offset,
            size: (width, top + rows + bottom),
            bottom,
        }
    }
}

/// Where everything goes, from the panel's upper left corner.
struct BarPlan {
    axis: Axis,
    names: Vec<Block>,
    numbers: Vec<String>,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    title: Block,
    label: Block,
    /// Room for what all labels of the axis share.
    offset: f64,
    size: (f64, f64),
}

/// The bars' area is at least this wide.
const LEAST: f64 = 60.0;
/// How far the label of an axis' end may stand out of the panel.
const OUT: f64 = 8.0;

impl Panel for BarChart {
    fn size(&self) -> (f64, f64) {
        self.plan().size
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let plan = self.plan();
        let (left, right) = (at.0 + plan.left, at.0 + plan.right);
        let (upper, lower) = (at.1 + plan.top, at.1 + plan.size.1 - plan.bottom);
        let place = |value: f64| plan.axis.position(value).map(|t| left + t * (right - left));
        let ticks = plan.axis.ticks();
        let mut free = f64::NEG_INFINITY;
        for (value, label) in ticks.marks {
            let Some(x) = place(value) else { continue };
            canvas.line((x, upper), (x, lower), Color::GRID, 1.0);
            canvas.line((x, lower), (x, lower + 4.0), Color::INK, 1.0);
            let half = text_width(&label, SMALL) / 2.0;
            if x - half > free {
                canvas.text((x, lower + 17.0), SMALL, Anchor::Middle, Color::INK, &label);
                free = x + half + 6.0;
            }
        }
        canvas.text((right, lower + 32.0), SMALL, Anchor::End, Color::INK, &ticks.offset);
        let base = place(self.from).unwrap_or(left);
        let mut row = upper;
        for (i, (bar, name)) in self.bars.iter().zip(&plan.names).enumerate() {
            let middle = if name.more() > 0.0 { row + (ROW + name.more()) / 2.0 } else { row + ROW * 0.5 };
            canvas.block((left - 8.0, middle + 4.0 - name.more() / 2.0), name, Anchor::End, Color::INK);
            self.draw_bar(canvas, bar, (base, middle), &place, &plan.numbers[i]);
            row += ROW + name.more();
        }
        canvas.line((base, upper), (base, lower), Color::INK, 1.0);
        canvas.line((left, lower), (right, lower), Color::INK, 1.0);
        let middle = f64::midpoint(left, right);
        canvas.block((middle, lower + 36.0 + plan.offset), &plan.label, Anchor::Middle, Color::INK);
        canvas.block((middle, at.1 + 14.0), &plan.title, Anchor::Middle, Color::INK);
        if nothing_positive(self.values(), self.scale) {
            let block = Block::fit(NOTHING_POSITIVE, SMALL, right - left);
            let y = f64::midpoint(upper, lower) - block.more() / 2.0 + 4.0;
            canvas.block((middle, y), &block, Anchor::Middle, Color::FAINT);
        }
    }
}

impl BarChart {
    fn draw_bar(
        &self,
        canvas: &mut Canvas,
        bar: &Bar,
        (base, middle): (f64, f64),
        place: &dyn Fn(f64) -> Option<f64>,
        number: &str,
    ) {
        let end = place(bar.value);
        if let Some(end) = end {
            let color = Color::series(usize::from(bar.emphasised));
            let corner = (base.min(end), middle - THICKNESS / 2.0);
            canvas.rect(corner, ((end - base).abs(), THICKNESS), color, None, 0.0);
        }
        let ends = (place(bar.range.0), place(bar.range.1));
        if let (Some(low), Some(high)) = ends {
            canvas.line((low, middle), (high, middle), Color::INK, 1.0);
            for x in [low, high] {
                canvas.line((x, middle - 3.0), (x, middle + 3.0), Color::INK, 1.0);
            }
        }
        let beyond = [end, ends.1].into_iter().flatten().fold(base, f64::max);
        if !nothing_positive(self.values(), self.scale) {
            canvas.text((beyond + 6.0, middle + 4.0), SMALL, Anchor::Start, Color::FAINT, number);
        }
    }
}
