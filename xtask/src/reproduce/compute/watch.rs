//! Tells that a descent has left the numbers, as soon as it has.

use anyhow::{Result, bail};

/// After how many steps a descent is looked at that is not looked at anyway.
pub const EVERY: usize = 1000;

/// The parameter that a descent depends on most.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// Its name in `reproduce.toml`.
    pub rate: &'static str,
    pub value: f32,
}

impl Watch {
    /// Looks at numbers: `what` they are, and `when`.
    ///
    /// # Errors
    /// When one is NaN or infinite, with the parameter to change.
    pub fn look(self, what: &str, when: impl FnOnce() -> String, values: &[f32]) -> Result<()> {
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(()),
            Some(value) => bail!(
                "{what} holds {value} {}: the descent has diverged; {} in reproduce.toml is {}, try a smaller one",
                when(),
                self.rate,
                self.value
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_named_with_its_place_and_the_parameter() {
        let watch = Watch { rate: "inverse.learning_rate", value: 1e3 };
        let look = |values: &[f32]| watch.look("the loss", || "after step 7".to_string(), values);
        look(&[0.0, -1.0, f32::MAX]).unwrap();
        for (bad, words) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
            let error = look(&[0.0, bad]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the loss holds {words} after step 7")), "{error}");
            assert!(error.contains("inverse.learning_rate in reproduce.toml is 1000"), "{error}");
        }
    }
}
