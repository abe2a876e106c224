/// How values become colours.
///
/// ```
/// use minutia_viz::{ColorMap, HeatMap};
/// let map = HeatMap::new(1, 3, &[-1.0, 0.0, 1.0])?.color_map(ColorMap::Diverging).range(-1.0, 1.0);
/// # Ok::<(), minutia_viz::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMap {
    /// White to black: ink on paper.
    #[default]
    Ink,
    /// Dark blue to yellow, of even lightness steps.
    Viridis,
    /// Blue over white to red, for values around zero.
    Diverging,
}

impl ColorMap {
    /// The colour of a value from 0 to 1; what is not finite is grey.
    pub(crate) fn rgb(self, t: f64) -> [u8; 3] {
        if !t.is_finite() {
            return [0xbb; 3];
        }
        let t = t.clamp(0.0, 1.0);
        let of = |gradient: colorous::Gradient, t| gradient.eval_continuous(t).as_array();
        match self {
            ColorMap::Ink => [(255.0 * (1.0 - t) + 0.5) as u8; 3],
            ColorMap::Viridis => of(colorous::VIRIDIS, t),
            ColorMap::Diverging => of(colorous::RED_BLUE, 1.0 - t),
        }
    }
}
