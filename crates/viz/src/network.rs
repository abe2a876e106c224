use crate::{
    canvas::{Anchor, FAINT, INK},
    figure::{Drawing, Panel},
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
const APART: f64 = 190.0;

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
    let shown = count.min(SHOWN);
    let left_out = count > SHOWN;
    let places = if left_out { SHOWN + 1 } else { shown };
    let at = |i: usize| (i as f64 - (places as f64 - 1.0) / 2.0) * STEP;
    let ys = (0..places).filter(|&i| !(left_out && i == SHOWN / 2)).map(at).collect();
    (ys, left_out)
}

impl Panel for NetworkDiagram {
    fn size(&self) -> (f64, f64) {
        (120.0 + APART * self.layers.len().saturating_sub(1) as f64, STEP * (SHOWN as f64 + 1.0) + 70.0)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let middle = at.1 + 30.0 + STEP * (SHOWN as f64 + 1.0) / 2.0;
        let x = |layer: usize| at.0 + 60.0 + APART * layer as f64;
        for (i, pair) in self.layers.windows(2).enumerate() {
            for &from in &units(pair[0].1).0 {
                for &to in &units(pair[1].1).0 {
                    canvas.line((x(i), middle + from), (x(i + 1), middle + to), "#d0d7de", 0.7);
                }
            }
        }
        for (i, (name, count, note)) in self.layers.iter().enumerate() {
            let (ys, left_out) = units(*count);
            for y in ys {
                canvas.circle((x(i), middle + y), 10.0, "#cfe3f1", "#0072b2");
            }
            if left_out {
                for dot in [-7.0, 0.0, 7.0] {
                    canvas.circle((x(i), middle + dot), 1.8, INK, INK);
                }
            }
            canvas.text((x(i), at.1 + 14.0), 13.0, Anchor::Middle, INK, &format!("{name} ({count})"));
            canvas.text((x(i), at.1 + self.size().1 - 8.0), 11.0, Anchor::Middle, FAINT, note);
        }
    }
}
