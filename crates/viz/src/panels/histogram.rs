use crate::{Drawing, Legend, LineChart, Panel, Scale};

/// How often values occur, as bars of equal width; several sets of values share their bins and lie over each
/// other.
///
/// Values that are not finite, or outside the [`range`](Histogram::range), are not counted.
///
/// ```
/// use minutia_viz::{Figure, Histogram};
/// let values = [0.1, 0.2, 0.2, 0.3, 0.9];
/// let histogram = Histogram::new("weight", "count").bins(10).values("layer 1", &values);
/// assert!(Figure::new(histogram).to_svg().contains("weight"));
/// ```
#[derive(Clone, Debug)]
pub struct Histogram {
    chart: LineChart,
    bins: Option<usize>,
    range: Option<(f64, f64)>,
    sets: Vec<(String, Vec<f64>)>,
    density: bool,
}

/// The most bins: more than pixels of a plot.
const MOST_BINS: usize = 2000;

impl Histogram {
    /// An empty histogram with labels for its axes, units included.
    pub fn new(x_label: impl Into<String>, y_label: impl Into<String>) -> Histogram {
        let chart = LineChart::new(x_label, y_label);
        Histogram { chart, bins: None, range: None, sets: Vec::new(), density: false }
    }

    /// With a title over the panel.
    ///
    /// ```
    /// let histogram = minutia_viz::Histogram::new("x", "count").title("errors");
    /// ```
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Histogram {
        Histogram { chart: self.chart.title(title), ..self }
    }

    /// With another width and height in pixels; see [`LineChart::size`].
    ///
    /// ```
    /// let histogram = minutia_viz::Histogram::new("x", "count").size(300.0, 200.0);
    /// ```
    #[must_use]
    pub fn size(self, width: f64, height: f64) -> Histogram {
        Histogram { chart: self.chart.size(width, height), ..self }
    }

    /// With a number of bins from 1 to 2000. Without it, the range is cut into as many as the square root of
    /// the largest set's size says, from 5 to 50.
    ///
    /// ```
    /// let histogram = minutia_viz::Histogram::new("x", "count").bins(20);
    /// ```
    #[must_use]
    pub fn bins(self, bins: usize) -> Histogram {
        Histogram { bins: Some(bins.clamp(1, MOST_BINS)), ..self }
    }

    /// With bins from `low` to `high`; from the least to the greatest value by default, and for ends that are
    /// not finite or not in order.
    ///
    /// ```
    /// let histogram = minutia_viz::Histogram::new("x", "count").range(0.0, 1.0).values("", &[0.5, 7.0]);
    /// ```
    #[must_use]
    pub fn range(self, low: f64, high: f64) -> Histogram {
        let usable = low < high && high - low < f64::MAX;
        Histogram { range: usable.then_some((low, high)), ..self }
    }

    /// With another scale of the counts.
    ///
    /// ```
    /// use minutia_viz::{Histogram, Scale};
    /// let histogram = Histogram::new("x", "count").y_scale(Scale::Log);
    /// ```
    #[must_use]
    pub fn y_scale(self, scale: Scale) -> Histogram {
        Histogram { chart: self.chart.y_scale(scale), ..self }
    }

    /// With each set's bars scaled to an area of one, in place of counts.
    ///
    /// ```
    /// let histogram = minutia_viz::Histogram::new("x", "density").density(true);
    /// ```
    #[must_use]
    pub fn density(self, on: bool) -> Histogram {
        Histogram { density: on, ..self }
    }

    /// With its legend elsewhere.
    ///
    /// ```
    /// use minutia_viz::{Histogram, Legend};
    /// let histogram = Histogram::new("x", "count").legend(Legend::UpperRight);
    /// ```
    #[must_use]
    pub fn legend(self, legend: Legend) -> Histogram {
        Histogram { chart: self.chart.legend(legend), ..self }
    }

    /// With one more set of values.
    ///
    /// ```
    /// let histogram = minutia_viz::Histogram::new("x", "count")
    ///     .values("a", &[1.0, 2.0])
    ///     .values("b", &[2.0, 2.5]);
    /// ```
    #[must_use]
    pub fn values(mut self, name: impl Into<String>, values: &[f64]) -> Histogram {
        let finite = values.iter().copied().filter(|v| v.abs() <= 1e100).collect();
        self.sets.push((name.into(), finite));
        self
    }

    /// The bars of each set: from, to, height.
    fn counted(&self) -> Vec<Vec<(f64, f64, f64)>> {
        let all = || self.sets.iter().flat_map(|s| s.1.iter().copied());
        let ends = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = self.range.unwrap_or(match ends {
            (low, high) if low < high => (low, high),
            (low, high) if low == high => (low - low.abs().max(1.0) / 2.0, low + low.abs().max(1.0) / 2.0),
            _ => (0.0, 1.0),
        });
        let largest = self.sets.iter().map(|s| s.1.len()).max().unwrap_or(0);
        let bins = self.bins.unwrap_or((largest as f64).sqrt().clamp(5.0, 50.0) as usize);
        let edge = |i: usize| low + (high - low) * (i as f64 / bins as f64);
        let count = |set: &(String, Vec<f64>)| {
            let mut counts = vec![0.0; bins];
            for v in set.1.iter().filter(|v| (low..=high).contains(*v)) {
                counts[(((v - low) / (high - low) * bins as f64) as usize).min(bins - 1)] += 1.0;
            }
            let total: f64 = counts.iter().sum();
            let unit = if self.density && total > 0.0 { bins as f64 / (total * (high - low)) } else { 1.0 };
            counts.iter().enumerate().map(|(i, n)| (edge(i), edge(i + 1), n * unit)).collect()
        };
        self.sets.iter().map(count).collect()
    }

    fn chart(&self) -> LineChart {
        let named = self.sets.iter().zip(self.counted());
        named.fold(self.chart.clone(), |chart, (set, bars)| chart.bars(set.0.as_str(), &bars))
    }
}

impl Panel for Histogram {
    fn size(&self) -> (f64, f64) {
        Panel::size(&self.chart())
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        self.chart().draw(drawing, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once() {
        let histogram = Histogram::new("", "").bins(4).values("", &[0.0, 0.9, 1.0, 3.9, 4.0, f64::NAN]);
        assert_eq!(
            histogram.counted(),
            [[(0.0, 1.0, 2.0), (1.0, 2.0, 1.0), (2.0, 3.0, 0.0), (3.0, 4.0, 2.0)]]
        );
        let area: f64 = histogram.density(true).counted()[0].iter().map(|b| (b.1 - b.0) * b.2).sum();
        assert!((area - 1.0).abs() < 1e-12);
        let outside = Histogram::new("", "").range(0.0, 2.0).bins(1).values("", &[-1.0, 1.0, 9.0]);
        assert_eq!(outside.counted(), [[(0.0, 2.0, 1.0)]]);
    }
}
