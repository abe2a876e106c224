use crate::{
    Scale,
    axis::Axis,
    canvas::{Anchor, FAINT, GRID, INK},
    color::PALETTE,
    figure::{Drawing, Panel},
    font::text_width,
    number::format_number,
};

/// Horizontal bars, one below the other, each with its name, its number, and the range that the number was found in.
///
/// Bars begin at zero, or where [`from`](BarChart::from) says, which a logarithmic axis needs. A bar that the axis cannot
/// show (not finite or, on a logarithmic axis, not positive) is left out; its name and number are not.
///
/// ```
/// use minutia_viz::{BarChart, Figure, Scale};
/// let chart = BarChart::new("times as long").scale(Scale::Log).from(1.0).bar("other", 4.2, (4.0, 4.5));
/// assert!(Figure::new(chart).to_svg().contains("other"));
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
        BarChart { width: width.max(240.0), ..self }
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

    fn top(&self) -> f64 {
        if self.title.is_empty() { 6.0 } else { 26.0 }
    }
}

impl Panel for BarChart {
    fn size(&self) -> (f64, f64) {
        (self.width, self.top() + ROW * self.bars.len() as f64 + BOTTOM)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let widest = |texts: &mut dyn Iterator<Item = String>| {
            texts.map(|text| text_width(&text, SMALL)).fold(0.0, f64::max)
        };
        let names = widest(&mut self.bars.iter().map(|bar| bar.name.clone())).min(self.width / 2.0);
        let numbers = widest(&mut self.bars.iter().map(|bar| format_number(bar.value)));
        let (left, right) = (at.0 + names + 14.0, at.0 + self.width - numbers - 18.0);
        let (upper, lower) = (at.1 + self.top(), at.1 + self.size().1 - BOTTOM);
        let values = self.bars.iter().flat_map(|bar| [bar.value, bar.range.0, bar.range.1]);
        let axis = Axis::around(values.chain([self.from]), self.scale == Scale::Log);
        let place = |value: f64| axis.position(value).map(|t| left + t * (right - left));
        let mut free = f64::NEG_INFINITY;
        for (value, label) in axis.ticks() {
            let Some(x) = place(value) else { continue };
            canvas.line((x, upper), (x, lower), GRID, 1.0);
            canvas.line((x, lower), (x, lower + 4.0), INK, 1.0);
            let half = text_width(&label, SMALL) / 2.0;
            if x - half > free {
                canvas.text((x, lower + 17.0), SMALL, Anchor::Middle, INK, &label);
                free = x + half + 6.0;
            }
        }
        let base = place(self.from).unwrap_or(left);
        for (i, bar) in self.bars.iter().enumerate() {
            let middle = upper + ROW * (i as f64 + 0.5);
            canvas.text((left - 8.0, middle + 4.0), SMALL, Anchor::End, INK, &bar.name);
            let end = place(bar.value);
            if let Some(end) = end {
                let color = PALETTE[usize::from(bar.emphasised)];
                let corner = (base.min(end), middle - THICKNESS / 2.0);
                canvas.rect(corner, ((end - base).abs(), THICKNESS), color, "none", 0.0);
            }
            let ends = (place(bar.range.0), place(bar.range.1));
            if let (Some(low), Some(high)) = ends {
                canvas.line((low, middle), (high, middle), INK, 1.0);
                for x in [low, high] {
                    canvas.line((x, middle - 3.0), (x, middle + 3.0), INK, 1.0);
                }
            }
            let beyond = [end, ends.1].into_iter().flatten().fold(base, f64::max);
            canvas.text((beyond + 6.0, middle + 4.0), SMALL, Anchor::Start, FAINT, &format_number(bar.value));
        }
        canvas.line((base, upper), (base, lower), INK, 1.0);
        canvas.line((left, lower), (right, lower), INK, 1.0);
        canvas.text((f64::midpoint(left, right), lower + 36.0), 12.0, Anchor::Middle, INK, &self.label);
        canvas.text((f64::midpoint(left, right), at.1 + 14.0), 13.0, Anchor::Middle, INK, &self.title);
    }
}
