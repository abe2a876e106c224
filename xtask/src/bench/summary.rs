//! Median and spread of a few runs.

/// The numbers that one contender gave for one job.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    values: Vec<f64>,
}

impl Summary {
    /// Adds a run.
    pub fn add(&mut self, value: f64) {
        let at = self.values.partition_point(|&v| v < value);
        self.values.insert(at, value);
    }

    /// How many runs there were.
    pub fn runs(&self) -> usize {
        self.values.len()
    }

    /// The middle one; of an even number of runs the mean of the two in the middle. NaN where nothing was
    /// measured.
    pub fn median(&self) -> f64 {
        let n = self.values.len();
        if n == 0 {
            return f64::NAN;
        }
        f64::midpoint(self.values[(n - 1) / 2], self.values[n / 2])
    }

    pub fn min(&self) -> f64 {
        self.values.first().copied().unwrap_or(f64::NAN)
    }

    pub fn max(&self) -> f64 {
        self.values.last().copied().unwrap_or(f64::NAN)
    }
}

/// The median of some numbers.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut summary = Summary::default();
    values.into_iter().for_each(|value| summary.add(value));
    summary.median()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers_of_runs() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([7.0]), 7.0);
        assert!(median([]).is_nan());
    }

    #[test]
    fn the_spread_is_from_the_least_to_the_greatest() {
        let mut summary = Summary::default();
        [2.0, 9.0, 1.0].into_iter().for_each(|v| summary.add(v));
        assert_eq!((summary.min(), summary.max(), summary.runs()), (1.0, 9.0, 3));
    }
}
