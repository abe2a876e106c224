use crate::{Anchor, Color, Drawing, Panel, text::Block};

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
/// Names and notes are broken at this width.
const WIDEST: f64 = 240.0;
const NAME: f64 = 13.0;
const NOTE: f64 = 11.0;
const JOIN: Color = Color::pair([0xc9, 0xd1, 0xd9], [0x3a, 0x40, 0x49]);
const UNIT: Color = Color::pair([0xcf, 0xe3, 0xf1], [0x1d, 0x3a, 0x52]);

impl NetworkDiagram {
    /// No layers yet.
    #[must_use]
    pub fn new() -> NetworkDiagram {
        NetworkDiagram::default()
    }

    /// With one more layer: its name, its number of units, a note below. Of many units the first and the last
    /// ones are shown.
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
    /// Each layer's name with its size, and its note.
    fn texts(&self) -> Vec<(Block, Block)> {
        let block = |(name, count, note): &(String, usize, String)| {
            let title = format!("{name} ({})", crate::format_number(*count as f64));
            (Block::fit(&title, NAME, WIDEST), Block::fit(note, NOTE, WIDEST))
        };
        self.layers.iter().map(block).collect()
    }

    /// Width of the widest text.
    fn widest(&self) -> f64 {
        self.texts().iter().map(|t| t.0.width().max(t.1.width())).fold(60.0, f64::max)
    }

    /// Height of the lines after the first of names, and of notes.
    fn more(&self) -> (f64, f64) {
        let texts = self.texts();
        let most = |part: fn(&(Block, Block)) -> f64| texts.iter().map(part).fold(0.0, f64::max);
        (most(|t| t.0.more()), most(|t| t.1.more()))
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
        (self.widest() + self.apart() * gaps, self.tallest() + 58.0 + self.more().0 + self.more().1)
    }

    fn draw(&self, drawing: &mut Drawing<'_>, at: (f64, f64)) {
        let canvas = &mut *drawing.0;
        let middle = at.1 + 30.0 + self.more().0 + self.tallest() / 2.0;
        let (widest, apart) = (self.widest(), self.apart());
        let x = |layer: usize| at.0 + widest / 2.0 + apart * layer as f64;
        for (i, pair) in self.layers.windows(2).enumerate() {
            for &from in &units(pair[0].1).0 {
                for &to in &units(pair[1].1).0 {
                    canvas.line((x(i), middle + from), (x(i + 1), middle + to), JOIN, 0.7);
                }
            }
        }
        let (texts, bottom) = (self.texts(), at.1 + self.size().1 - self.more().1);
        for (i, layer) in self.layers.iter().enumerate() {
            let (ys, left_out) = units(layer.1);
            for y in ys {
                canvas.circle((x(i), middle + y), 10.0, UNIT, Color::series(0));
            }
            if left_out {
                for dot in [-7.0, 0.0, 7.0] {
                    canvas.circle((x(i), middle + dot), 1.8, Color::INK, Color::INK);
                }
            }
            let (title, note) = &texts[i];
            canvas.block((x(i), at.1 + 14.0), title, Anchor::Middle, Color::INK);
            canvas.block((x(i), bottom - 6.0), note, Anchor::Middle, Color::FAINT);
        }
    }
}
