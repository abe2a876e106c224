use super::*;
use crate::conformance::numbers;
use minutia_kernels::map::Code;
use minutia_tensor::Shape;
use serde::{Deserialize, Serialize};

/// For each element of the first input the product of all others along some axes: what the gradient of
/// [`Reduce`](super::reduce::Reduce) is made of. Nothing is divided out, so that zeros, infinities and
/// products that underflow are right as far as the products of the others are.
///
/// The other inputs are directions, in its shape. With directions `d_1 .. d_m` the result is what
/// `e_1 .. e_m` is multiplied with in the product of all other `x + e_1 d_1 + .. + e_m d_m`. Gradients of
/// these are of the same kind, with one direction more: derivatives of any order need no other operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProdGradient {
    /// Ascending.
    pub axes: Vec<usize>,
}

/// Each one more doubles the work.
const MOST_DIRECTIONS: usize = 8;

impl Op for ProdGradient {
    fn name(&self) -> &'static str {
        "ProdGrad"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let [x, directions @ ..] = inputs else { return Err(Mismatch::new("takes a tensor and directions")) };
        if directions.len() > MOST_DIRECTIONS {
            let most = MOST_DIRECTIONS + 1;
            return Err(Mismatch::new(format!("a product is differentiated {most} times at most")));
        }
        expect_dtype(x.dtype, &[DType::F32])?;
        let rank = x.shape.len();
        if !self.axes.iter().all(|&axis| axis < rank) || !self.axes.windows(2).all(|w| w[0] < w[1]) {
            return Err(Mismatch::new(format!(
                "there are no axes {:?} in a tensor of rank {rank}",
                self.axes
            )));
        }
        for direction in directions {
            let wide = broadcast(&[x, direction])?;
            let grown = wide.iter().zip(x.shape.iter()).any(|(a, b)| b.is_some() && a != b);
            if direction.dtype != x.dtype || wide.len() != rank || grown {
                return Err(Mismatch::new(format!("a direction is {direction}, and the tensor {x}")));
            }
        }
        Ok(x.clone())
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let of = |inputs: Vec<&Output>| inputs[0].apply(self.clone(), &inputs[1..]);
        let inputs: Vec<&Output> = at.inputs.iter().collect();
        let own = of([&inputs[..], &[&at.grad]].concat());
        let of_direction = |i: usize| {
            let mut inputs = inputs.clone();
            inputs[i] = &at.grad;
            Some(of(inputs))
        };
        Ok([Some(own)].into_iter().chain((1..inputs.len()).map(of_direction)).collect())
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let dims = &inputs[0].dims;
        let kept = (0..dims.len()).filter(|axis| !self.axes.contains(axis));
        let order: Vec<usize> = kept.chain(self.axes.iter().copied()).collect();
        let moved: Vec<usize> = order.iter().map(|&axis| dims[axis]).collect();
        let (rows, along) = moved.split_at(dims.len() - self.axes.len());
        let (rows, n) = (Shape::from(rows).elements(), Shape::from(along).elements());
        if rows == 0 || n == 0 {
            return l.splat(0, DType::F32, dims);
        }
        let mut x = vec![None; 1 << (inputs.len() - 1)];
        for (i, input) in inputs.iter().enumerate() {
            let view = input.broadcast(dims).transpose(&order);
            x[(1 << i) >> 1] = Some(l.reshape(&view, &[rows, n]));
        }
        let others = others(l, x, rows, n).pop().flatten();
        let result = others.unwrap_or_else(|| l.splat(0, DType::F32, &[rows, n]));
        let back: Vec<usize> =
            (0..dims.len()).map(|axis| order.iter().position(|&o| o == axis).unwrap_or(axis)).collect();
        l.reshape(&result, &moved).transpose(&back)
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("ProdGrad", "gradient of Prod")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |dims: &[usize], axes: &[usize], inputs: usize| {
            let (label, axes) = (format!("{dims:?} {axes:?} {inputs}"), axes.to_vec());
            let inputs = (0..inputs).map(|i| numbers(dims, 0.5 + i as f32 / 4.0, 1.5)).collect();
            Sample::new(label, inputs, move |_, x| {
                x[0].apply(ProdGradient { axes: axes.clone() }, &x[1..].iter().collect::<Vec<_>>())
            })
        };
        vec![
            sample(&[2, 5], &[1], 1).row_wise(),
            sample(&[4, 2], &[0], 2),
            sample(&[2, 3, 2], &[0, 2], 1),
            sample(&[3, 1], &[1], 2).row_wise(),
            sample(&[2], &[], 1),
        ]
    }
}

/// Polynomials without squares in the directions, for each element one: the coefficients, `[rows, n]`, by the
/// set of directions that they belong to. Those that are missing are 0.
type Polynomials = Vec<Option<View>>;

/// For each element the product of all others in its row. Element `i` of a row first meets element `i + h`,
/// where `h` is half their number, rounded up; then these products meet in the same way, until two are left.
/// On the way back what lies outside a product is multiplied with either factor, which gives what lies
/// outside the other one. Work and memory go with the elements.
fn others(l: &mut Lowering, x: Polynomials, rows: usize, n: usize) -> Polynomials {
    let mut one: Polynomials = vec![None; x.len()];
    one[0] = Some(l.splat(1.0_f32.to_bits(), DType::F32, &[rows, n]));
    let part = |all: &Polynomials, begin: usize, end: usize| -> Polynomials {
        let slice = |view: &View| view.slice(&[0, begin], &[rows, end - begin]);
        all.iter().map(|view| view.as_ref().map(slice)).collect()
    };
    let mut levels = vec![(x, n)];
    while let Some((x, n)) = levels.last()
        && *n > 2
    {
        let (h, n) = (n.div_ceil(2), *n);
        let pairs = n - h;
        let products = [(part(x, 0, pairs), part(x, h, n)), (part(x, pairs, h), part(&one, pairs, h))];
        let next = join(l, rows, &products);
        levels.push((next, h));
    }
    let mut outside = part(&one, 0, 1);
    for (x, n) in levels.into_iter().rev() {
        let h = n.div_ceil(2);
        let pairs = n - h;
        let products = [
            (part(&outside, 0, pairs), part(&x, h, n)),
            (part(&outside, pairs, h), part(&one, pairs, h)),
            (part(&outside, 0, pairs), part(&x, 0, pairs)),
        ];
        outside = join(l, rows, &products);
    }
    outside
}

/// Products side by side.
fn join(l: &mut Lowering, rows: usize, products: &[(Polynomials, Polynomials)]) -> Polynomials {
    let length = |all: &Polynomials| all.iter().flatten().next().map_or(0, |view| view.dims[1]);
    let n = products.iter().map(|(a, _)| length(a)).sum();
    let coefficient = |l: &mut Lowering, set: usize| {
        // The factors of each product whose sets make up this one.
        let terms = |(a, b): &(Polynomials, Polynomials)| -> Vec<View> {
            let subsets = (0..=set).filter(|subset| subset & !set == 0);
            subsets
                .filter_map(|subset| a[subset].clone().zip(b[set & !subset].clone()))
                .flat_map(|(a, b)| [a, b])
                .collect()
        };
        let parts: Vec<Vec<View>> = products.iter().map(terms).collect();
        if parts.iter().all(Vec::is_empty) {
            return None;
        }
        let whole = l.unwritten(DType::F32, &[rows, n]);
        let mut begin = 0;
        for (factors, (a, _)) in parts.iter().zip(products) {
            let target = whole.slice(&[0, begin], &[rows, length(a)]);
            begin += length(a);
            l.map_into(&target, factors, |m, v| {
                let mut sum = None;
                for pair in v.chunks_exact(2) {
                    let product = if set == 0 {
                        m.apply(Code::Mul, pair)
                    } else {
                        super::binary::product_no_nan(m, pair)
                    };
                    sum = Some(sum.map_or(product, |sum| m.apply(Code::Add, &[sum, product])));
                }
                sum.unwrap_or_else(|| m.constant(0.0))
            });
        }
        Some(whole)
    };
    (0..products[0].0.len()).map(|set| coefficient(l, set)).collect()
}
