use crate::{
    canvas::{Anchor, FAINT, INK},
    figure::{Drawing, Panel},
    font::text_width,
};

/// A feed-forward network: a column of units for each layer, every unit joined to the next layer's.
///
/// ```
/// use minutia_viz::{Figure, NetworkDiagram};
/// let network = NetworkDiagram::new().layer("input", 784, "pixels").layer("output", 10, "softmax");
/// assert!(Figure::new(network).to_svg().contains("784"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct NetworkDiagram {
    layers: Vec<(String, usize, String)>,
}

const SHOWN: usize = 8;
const STEP: f64 = 30.0;
/// At least this much from one layer to the next.
const APART: f64 = 190.0;
const NAME: f64 = 13.0;
const NOTE: f64 = 11.0;

impl NetworkDiagram {
    /// No layers yet.
    #[must_use]
    pub fn new() -> NetworkDiagram {
        NetworkDiagram::default()
    }

    /// With one more layer: its name, its number of units, a note below. Of many units the first and the last ones are
    /// shown.
    #[must_use]
    pub fn layer(mut self, name: impl Into<String>, units: usize, note: impl Into<String>) -> NetworkDiagram {
        self.layers.push((name.into(), units, note.into()));
        self
    }
}

/// Heights of the units that are shown, from the middle; whether some are left out.
fn units(count: usize) -> (Vec<f64>, bool) {
    let left_out = count > SHOWN;
    let places = if left_out { SHOWN + 1 } else { count };
    let at = |i: usize| (i as f64 - (places as f64 - 1.0) / 2.0) * STEP;
    let ys = (0..places).filter(|&i| !(left_out && i == SHOWN / 2)).map(at).collect();
    (ys, left_out)
}

impl NetworkDiagram {
    fn title((name, count, _): &(String, usize, String)) -> String {
        format!("{name} ({})", crate::format_number(*count as f64))
    }

    /// Width of the widest text.
    fn widest(&self) -> f64 {
        let width = |l| text_width(&NetworkDiagram::title(l), NAME).max(text_width(&l.2, NOTE));
        self.layers.iter().map(width).fold(60.0, f64::max)
    }

    /// From one layer to the next.
    fn apart(&self) -> f64 {
        APART.max(self.widest() + 24.0)
    }

    /// Height of the tallest column of units.
    fn tallest(&self) -> f64 {
        let places = self.layers.iter().map(|l| l.1.min(SHOWN + 1)).max().unwrap_or(0);
        STEP * places as f64
    }
}

impl Panel for NetworkDiagram {
    fn size(&self) -> (f64, f64) {
        let gaps = self.layers.len().saturating_sub(1) as f64;
        (self.widest() + self.apart() * gaps, self.tallest() + 58.0)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let middle = at.1 + 30.0 + self.tallest() / 2.0;
        let x = |layer: usize| at.0 + self.widest() / 2.0 + self.apart() * layer as f64;
        for (i, pair) in self.layers.windows(2).enumerate() {
            for &from in &units(pair[0].1).0 {
                for &to in &units(pair[1].1).0 {
                    canvas.line((x(i), middle + from), (x(i + 1), middle + to), "#c9d1d9", 0.7);
                }
            }
        }
        for (i, layer) in self.layers.iter().enumerate() {
            let (ys, left_out) = units(layer.1);
            for y in ys {
                canvas.circle((x(i), middle + y), 10.0, "#cfe3f1", "#0072b2");
            }
            if left_out {
                for dot in [-7.0, 0.0, 7.0] {
                    canvas.circle((x(i), middle + dot), 1.8, INK, INK);
                }
            }
            let bottom = at.1 + self.size().1;
            canvas.text((x(i), at.1 + 14.0), NAME, Anchor::Middle, INK, &NetworkDiagram::title(layer));
            canvas.text((x(i), bottom - 6.0), NOTE, Anchor::Middle, FAINT, &layer.2);
        }
    }
}
