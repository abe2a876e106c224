use super::*;
use crate::conformance::numbers;
use minutia_tensor::program::ReduceOp;
use serde::{Deserialize, Serialize};

/// A sum of products over named axes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Einsum {
    /// As it was given, without spaces.
    pub equation: String,
}

/// The letters of each operand's axes, and of the result's.
struct Equation {
    operands: Vec<Vec<char>>,
    result: Vec<char>,
}

impl Graph {
    /// Einstein's sum of one or two tensors, `f32`: axes are letters; what the result does not name is summed
    /// over. `ij,jk->ik` is the product of matrices, `bij,bj->bi` one of a batch with vectors, `ij->ji` the
    /// transpose. Without `->` the result has the letters that occur once, in alphabetic order.
    ///
    /// Products are added as in [`Output::matmul`], in ascending order of the summed axes that both operands
    /// have, outermost first as in the first operand. A letter may stand once in an operand: there are no
    /// diagonals, and no `...`.
    ///
    /// ```
    /// use minutia_graph::{Device, Graph, Session};
    /// let graph = Graph::new();
    /// let a = graph.constant([[1.0_f32, 2.0], [3.0, 4.0]]);
    /// let b = graph.constant([10.0_f32, 1.0]);
    /// let mut session = Session::new(&graph, &Device::cpu()?)?;
    /// let (rows, all) = (graph.einsum("ij,j->i", &[&a, &b]), graph.einsum("ij->", &[&a]));
    /// let (rows, all) = session.run((&rows, &all), ())?;
    /// assert_eq!((rows.as_slice::<f32>()?, all.as_slice::<f32>()?), (&[12.0, 34.0][..], &[10.0][..]));
    /// # Ok::<(), minutia_graph::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn einsum(&self, equation: &str, operands: &[&Output]) -> Output {
        self.add(Einsum { equation: equation.split_whitespace().collect() }, operands)
    }
}

impl Einsum {
    fn parse(&self) -> Result<Equation, Mismatch> {
        let (operands, result) = match self.equation.split_once("->") {
            Some((operands, result)) => (operands, Some(result)),
            None => (&self.equation[..], None),
        };
        let operands: Vec<Vec<char>> = operands.split(',').map(|letters| letters.chars().collect()).collect();
        let once = || {
            let all = operands.concat();
            let mut once: Vec<char> =
                all.iter().copied().filter(|c| all.iter().filter(|d| *d == c).count() == 1).collect();
            once.sort_unstable();
            once
        };
        let result = result.map_or_else(once, |letters| letters.chars().collect());
        let equation = Equation { operands, result };
        let wrong = |why: String| Mismatch::new(format!("cannot read '{}': {why}", self.equation));
        for letters in equation.operands.iter().chain([&equation.result]) {
            for (i, letter) in letters.iter().enumerate() {
                if !letter.is_ascii_alphabetic() {
                    return Err(wrong(format!("'{letter}' is no letter")).hint(
                        "each axis is a letter, operands are separated by ',' and the result by '->'",
                    ));
                }
                if letters[..i].contains(letter) {
                    return Err(wrong(format!("'{letter}' stands twice in '{}'", text(letters))));
                }
            }
        }
        match equation.result.iter().find(|letter| !equation.operands.concat().contains(letter)) {
            Some(letter) => Err(wrong(format!("no operand has the axis '{letter}' of the result"))),
            None => Ok(equation),
        }
    }
}

impl Equation {
    /// Whether an operand has letters that neither the result nor another operand has.
    fn is_lone(&self, operand: usize, letter: char) -> bool {
        let elsewhere = |(i, letters): (usize, &Vec<char>)| i != operand && letters.contains(&letter);
        !self.result.contains(&letter) && !self.operands.iter().enumerate().any(elsewhere)
    }

    /// The letters of an operand without those that are summed over at once.
    fn kept(&self, operand: usize) -> Vec<char> {
        self.operands[operand].iter().copied().filter(|&letter| !self.is_lone(operand, letter)).collect()
    }
}

fn text(letters: &[char]) -> String {
    letters.iter().collect()
}

fn places(of: &[char], letters: &[char]) -> Vec<usize> {
    of.iter().map(|c| letters.iter().position(|d| c == d).expect("the equation has been checked")).collect()
}

impl Op for Einsum {
    fn name(&self) -> &'static str {
        "Einsum"
    }

    fn infer(&self, inputs: &[Signature]) -> Result<Signature, Mismatch> {
        let equation = self.parse()?;
        let (named, given) = (equation.operands.len(), inputs.len());
        if named != given || !(1..=2).contains(&given) {
            return Err(Mismatch::new(format!(
                "'{}' has {named} operands, {given} are given, and it takes one or two",
                self.equation
            )));
        }
        let mut extents: Vec<(char, Option<usize>)> = Vec::new();
        for (input, letters) in inputs.iter().zip(&equation.operands) {
            expect_dtype(input.dtype, &[DType::F32])?;
            if input.shape.len() != letters.len() {
                let (found, letters) = (&input.shape, text(letters));
                return Err(Mismatch::new(format!("takes a tensor of axes '{letters}', not {found}")));
            }
            for (&letter, &extent) in letters.iter().zip(input.shape.iter()) {
                match extents.iter_mut().find(|(other, _)| *other == letter) {
                    None => extents.push((letter, extent)),
                    Some((_, known)) => match (*known, extent) {
                        (Some(a), Some(b)) if a != b => {
                            return Err(Mismatch::new(format!("axis '{letter}' has extents {a} and {b}")));
                        }
                        _ => *known = known.or(extent),
                    },
                }
            }
        }
        let extent = |letter: &char| extents.iter().find(|(other, _)| other == letter).and_then(|e| e.1);
        Ok(Signature::new(DType::F32, equation.result.iter().map(extent).collect::<Vec<_>>()))
    }

    fn gradient(&self, at: &Gradient) -> Gradients {
        let equation = self.parse().map_err(|mismatch| mismatch.detail)?;
        let gradient = |operand: usize| {
            let kept = equation.kept(operand);
            let mut named = vec![text(&equation.result)];
            let mut operands = vec![&at.grad];
            if let Some(other) = at.inputs.get(1 - operand).filter(|_| at.inputs.len() == 2) {
                // What only the other operand has and the result lacks is summed over here as well.
                named.push(text(&equation.operands[1 - operand]));
                operands.push(other);
            }
            let product = at.grad.graph.einsum(&format!("{}->{}", named.join(","), text(&kept)), &operands);
            let lone = (0..equation.operands[operand].len())
                .filter(|&axis| equation.is_lone(operand, equation.operands[operand][axis]));
            let whole = lone.fold(product, |product, axis| product.expand_dims(axis as isize));
            let stretched = kept.len() < equation.operands[operand].len();
            Some(if stretched { whole.broadcast_like(&at.inputs[operand]) } else { whole })
        };
        Ok((0..at.inputs.len()).map(gradient).collect())
    }

    fn lower(&self, l: &mut Lowering, inputs: &[View]) -> View {
        let equation = self.parse().unwrap_or(Equation { operands: Vec::new(), result: Vec::new() });
        let mut sums: Vec<View> = Vec::new();
        for (operand, view) in inputs.iter().enumerate() {
            let lone: Vec<usize> = (0..view.dims.len())
                .filter(|&axis| equation.is_lone(operand, equation.operands[operand][axis]))
                .collect();
            sums.push(if lone.is_empty() { view.clone() } else { l.reduce(ReduceOp::Sum, view, &lone) });
        }
        let left = equation.kept(0);
        let [a, b] = &sums[..] else { return sums[0].transpose(&places(&equation.result, &left)) };
        let right = equation.kept(1);
        let both = |letter: &&char| left.contains(letter) && right.contains(letter);
        let batch: Vec<char> = equation.result.iter().filter(both).copied().collect();
        let depth: Vec<char> = left.iter().filter(both).filter(|c| !batch.contains(c)).copied().collect();
        let only = |own: &[char], other: &[char]| -> Vec<char> {
            own.iter().filter(|c| !other.contains(c)).copied().collect()
        };
        let (rows, columns) = (only(&left, &right), only(&right, &left));
        let a = a.transpose(&places(&[&batch[..], &rows, &depth].concat(), &left));
        let b = b.transpose(&places(&[&batch[..], &depth, &columns].concat(), &right));
        let ends = b.dims[batch.len() + depth.len()..].to_vec();
        let b = match ends.len() {
            0 => b.expand(b.dims.len()),
            1 => b,
            _ => {
                let width = ends.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim));
                let dims = [&b.dims[..batch.len() + depth.len()], &[width]].concat();
                l.reshape(&b, &dims)
            }
        };
        let product = l.products(&a, &b, batch.len(), depth.len());
        let dims = [&a.dims[..batch.len() + rows.len()], &ends].concat();
        let product = l.reshape(&product, &dims);
        product.transpose(&places(&equation.result, &[&batch[..], &rows, &columns].concat()))
    }

    fn builders() -> &'static [(&'static str, &'static str)] {
        &[("Einsum", "Graph::einsum")]
    }

    fn samples() -> Vec<Sample> {
        let sample = |equation: &'static str, shapes: &[&[usize]]| {
            let inputs = shapes.iter().map(|shape| numbers(*shape, -1.0, 1.0)).collect();
            Sample::new(equation, inputs, move |g, x| g.einsum(equation, &x.iter().collect::<Vec<_>>()))
        };
        vec![
            sample("ij,jk->ik", &[&[2, 3], &[3, 4]]),
            sample("bhqd,bhkd->bhqk", &[&[1, 2, 3, 2], &[1, 2, 2, 2]]),
            sample("bij,bj->bi", &[&[2, 3, 2], &[2, 2]]),
            sample("ijk,kl->l", &[&[2, 2, 3], &[3, 2]]),
            sample("td,dhk->htk", &[&[3, 2], &[2, 2, 2]]),
            sample("ij,ij->", &[&[2, 3], &[2, 3]]),
            sample("ijk->ki", &[&[2, 3, 2]]),
        ]
    }
}
