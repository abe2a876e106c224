use super::messages::HistogramMessage;
use crate::Problem;
use minutia_graph::{DType, Tensor};

/// How values are distributed: TensorBoard's counts between limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// The least value; 0 where there are none, as is the greatest.
    pub min: f64,
    /// The greatest value.
    pub max: f64,
    /// The number of values.
    pub num: f64,
    /// The sum of the values, in their order.
    pub sum: f64,
    /// The sum of their squares.
    pub sum_squares: f64,
    /// The limit of each bucket above, rising; the value itself is not in the bucket but in the next.
    pub bucket_limit: Vec<f64>,
    /// How many values each bucket has.
    pub bucket: Vec<f64>,
}

impl Histogram {
    /// The histogram of a tensor, with the limits of TensorFlow 1: they grow by a tenth, from 1e-12 to 1e20,
    /// on both sides of 0.
    pub(super) fn of(tag: &str, tensor: &Tensor) -> Result<Histogram, Problem> {
        let values = values(tensor);
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(Problem::NotFinite { tag: tag.to_string(), index, found: values[index] as f32 });
        }
        let limits = limits();
        let mut counts = vec![0.0; limits.len()];
        for value in &values {
            counts[limits.partition_point(|limit| limit <= value).min(limits.len() - 1)] += 1.0;
        }
        let (bucket_limit, bucket) = without_empty(&limits, &counts);
        Ok(Histogram {
            min: values.iter().copied().reduce(f64::min).unwrap_or(0.0),
            max: values.iter().copied().reduce(f64::max).unwrap_or(0.0),
            num: values.len() as f64,
            sum: values.iter().sum(),
            sum_squares: values.iter().map(|value| value * value).sum(),
            bucket_limit,
            bucket,
        })
    }
}

fn values(tensor: &Tensor) -> Vec<f64> {
    let bytes = tensor.as_bytes();
    let words = || bytes.chunks_exact(4).map(|c| [c[0], c[1], c[2], c[3]]);
    match tensor.dtype() {
        DType::F32 => words().map(|word| f32::from_ne_bytes(word).into()).collect(),
        DType::I32 => words().map(|word| i32::from_ne_bytes(word).into()).collect(),
        DType::Bool | DType::U8 => bytes.iter().map(|&byte| byte.into()).collect(),
    }
}

/// The limits of all buckets, rising; the last is above every value.
fn limits() -> Vec<f64> {
    let mut above = vec![1e-12];
    while let Some(&last) = above.last().filter(|&&last| last < 1e20) {
        above.push(last * 1.1);
    }
    let below = above.iter().rev().map(|limit| -limit);
    std::iter::once(f64::MIN)
        .chain(below)
        .chain([0.0])
        .chain(above.iter().copied())
        .chain([f64::MAX])
        .collect()
}

/// The buckets without the empty ones, but for those that bound the ones above them from below. The first
/// begins at the least value, readers know.
fn without_empty(limits: &[f64], counts: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let Some(first) = counts.iter().position(|&count| count > 0.0) else {
        return (vec![f64::MAX], vec![0.0]);
    };
    let is_kept = |&i: &usize| counts[i] > 0.0 || counts.get(i + 1).is_some_and(|&next| next > 0.0);
    (first..limits.len()).filter(is_kept).map(|i| (limits[i], counts[i])).unzip()
}

impl From<Histogram> for HistogramMessage {
    fn from(histogram: Histogram) -> HistogramMessage {
        let Histogram { min, max, num, sum, sum_squares, bucket_limit, bucket } = histogram;
        HistogramMessage { min, max, num, sum, sum_squares, bucket_limit, bucket }
    }
}

impl From<HistogramMessage> for Histogram {
    fn from(message: HistogramMessage) -> Histogram {
        let HistogramMessage { min, max, num, sum, sum_squares, bucket_limit, bucket } = message;
        Histogram { min, max, num, sum, sum_squares, bucket_limit, bucket }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_below_the_limit_of_its_bucket_and_not_below_the_one_before() {
        let tensors = [
            Tensor::from([0.0_f32, -0.0, 1e-13, -1e-13, 1.0, -1.0, 3e38, -3e38, 1e-12]),
            Tensor::from([i32::MIN, -1, 0, 1, i32::MAX]),
            Tensor::from([0_u8, 255]),
            Tensor::from([true, false, true]),
        ];
        for tensor in tensors {
            let histogram = Histogram::of("", &tensor).unwrap();
            assert_eq!(histogram.bucket.iter().sum::<f64>(), tensor.elements() as f64, "{tensor:?}");
            for (i, count) in histogram.bucket.iter().enumerate() {
                let (below, limit) =
                    (i.checked_sub(1).map(|i| histogram.bucket_limit[i]), histogram.bucket_limit[i]);
                let inside = |value: &&f64| below.is_none_or(|below| below <= **value) && **value < limit;
                assert_eq!(
                    values(&tensor).iter().filter(inside).count() as f64,
                    *count,
                    "{tensor:?} below {limit}"
                );
            }
        }
    }

    #[test]
    fn an_empty_tensor_has_an_empty_histogram() {
        let empty = Histogram::of("", &Tensor::zeros(DType::F32, [0]).unwrap()).unwrap();
        let expected = Histogram { bucket_limit: vec![f64::MAX], bucket: vec![0.0], ..Histogram::default() };
        assert_eq!(empty, expected);
    }
}
