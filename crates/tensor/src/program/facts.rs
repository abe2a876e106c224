//! What planners ask of a primitive.

use super::*;

impl Step {
    /// Its name: what documents and pictures call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Step::Map(_) => "map",
            Step::Reduce(_) => "reduce",
            Step::ArgReduce(_) => "arg_reduce",
            Step::Gemm(_) => "gemm",
            Step::GatherRows(_) => "gather_rows",
            Step::ScatterAddRows(_) => "scatter_add_rows",
            Step::Random(_) => "random",
        }
    }

    /// Its extents, as a text.
    #[must_use]
    pub fn extents(&self) -> String {
        match self {
            Step::Map(s) => format!("{:?}", s.dims),
            Step::Reduce(s) => format!("{:?} over {:?}", s.dims, s.reduced),
            Step::ArgReduce(s) => format!("{:?} over {}", s.dims, s.length),
            Step::Gemm(s) => format!("{}x{}x{}", s.m, s.k, s.n),
            Step::GatherRows(s) => format!("{} of {}x{}", s.count, s.rows, s.width),
            Step::ScatterAddRows(s) => format!("{} into {}x{}", s.count, s.rows, s.width),
            Step::Random(s) => format!("{:?} {}", s.distribution, s.count),
        }
    }

    /// The map programs that it runs, in the order in which they run.
    #[must_use]
    pub fn programs(&self) -> Vec<&MapProgram> {
        match self {
            Step::Map(s) => vec![&s.program],
            Step::Reduce(s) => vec![&s.program, &s.epilogue],
            Step::Gemm(s) => vec![&s.epilogue],
            Step::GatherRows(s) => vec![&s.program],
            Step::ArgReduce(_) | Step::ScatterAddRows(_) | Step::Random(_) => Vec::new(),
        }
    }

    /// How many elements it goes through.
    #[must_use]
    pub fn work(&self) -> usize {
        let product = |dims: &[usize]| dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim));
        match self {
            Step::Map(s) => product(&s.dims),
            Step::Reduce(s) => product(&s.dims).saturating_mul(product(&s.reduced)),
            Step::ArgReduce(s) => product(&s.dims).saturating_mul(s.length),
            Step::Gemm(s) => product(&[s.m, s.n, s.k]),
            Step::GatherRows(s) => product(&[s.count, s.width]),
            Step::ScatterAddRows(s) => product(&[s.count.saturating_add(s.rows), s.width]),
            Step::Random(s) => s.count,
        }
    }

    /// Whether it gives nothing and can find nothing wrong. Rows without elements have indices that are
    /// looked at, and a random primitive counts its calls.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        match self {
            Step::Map(s) => s.dims.contains(&0),
            Step::Reduce(s) => s.dims.contains(&0),
            Step::ArgReduce(s) => s.dims.contains(&0),
            Step::Gemm(s) => s.m == 0 || s.n == 0,
            Step::GatherRows(s) => s.count == 0,
            Step::ScatterAddRows(s) => s.count == 0 && (s.rows == 0 || s.width == 0),
            Step::Random(_) => false,
        }
    }

    /// Whether it gives the same results for the same operands each time.
    #[must_use]
    pub fn is_pure(&self) -> bool {
        let mut pure = true;
        self.visit_operands(&mut |operand_use| pure &= operand_use.role != Role::Count);
        pure
    }
}
