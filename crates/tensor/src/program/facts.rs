//! What planners ask of a primitive.

use super::*;

impl Primitive {
    /// Its name: what documents and pictures call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Primitive::Map(_) => "map",
            Primitive::Reduce(_) => "reduce",
            Primitive::ArgReduce(_) => "arg_reduce",
            Primitive::Gemm(_) => "gemm",
            Primitive::GatherRows(_) => "gather_rows",
            Primitive::ScatterAddRows(_) => "scatter_add_rows",
            Primitive::Scan(_) => "scan",
            Primitive::ArgSort(_) => "arg_sort",
            Primitive::UpdateRows(_) => "update_rows",
            Primitive::FirstPositions(_) => "first_positions",
            Primitive::Random(_) => "random",
            Primitive::Loop(_) => "loop",
        }
    }

    /// Its extents, as a text.
    #[must_use]
    pub fn extents(&self) -> String {
        match self {
            Primitive::Map(s) => format!("{:?}", s.dims),
            Primitive::Reduce(s) => format!("{:?} over {:?}", s.dims, s.reduced),
            Primitive::ArgReduce(s) => format!("{:?} over {}", s.dims, s.length),
            Primitive::Gemm(s) => s.extents(),
            Primitive::GatherRows(s) => format!("{} of {}x{}", s.count, s.rows, s.width),
            Primitive::ScatterAddRows(s) => format!("{} into {}x{}", s.count, s.rows, s.width),
            Primitive::Scan(s) => format!("{:?} along {}", s.dims, s.length),
            Primitive::ArgSort(s) => format!("{:?} of {}", s.dims, s.length),
            Primitive::UpdateRows(s) => format!("{} of {}x{}", s.count, s.rows, s.width),
            Primitive::FirstPositions(s) => format!("[{}]", s.count),
            Primitive::Random(s) => format!("{:?} {}", s.distribution, s.count),
            Primitive::Loop(s) => s.extents(),
        }
    }

    /// The map programs that it runs, in the order in which they run.
    #[must_use]
    pub fn programs(&self) -> Vec<&MapProgram> {
        match self {
            Primitive::Map(s) => vec![&s.program],
            Primitive::Reduce(s) => vec![&s.program, &s.epilogue],
            Primitive::Gemm(s) => vec![&s.epilogue],
            Primitive::GatherRows(s) => vec![&s.program],
            Primitive::Loop(s) => s.body.iter().flat_map(Primitive::programs).collect(),
            Primitive::ArgReduce(_)
            | Primitive::ScatterAddRows(_)
            | Primitive::Scan(_)
            | Primitive::ArgSort(_)
            | Primitive::UpdateRows(_)
            | Primitive::FirstPositions(_)
            | Primitive::Random(_) => Vec::new(),
        }
    }

    /// How many elements it goes through.
    #[must_use]
    pub fn work(&self) -> usize {
        let product = |dims: &[usize]| dims.iter().fold(1, |n: usize, &dim| n.saturating_mul(dim));
        match self {
            Primitive::Map(s) => product(&s.dims),
            Primitive::Reduce(s) => product(&s.dims).saturating_mul(product(&s.reduced)),
            Primitive::ArgReduce(s) => product(&s.dims).saturating_mul(s.length),
            Primitive::Gemm(s) => product(&s.dims()).saturating_mul(s.k()),
            Primitive::GatherRows(s) => product(&[s.count, s.width]),
            Primitive::ScatterAddRows(s) => product(&[s.count.saturating_add(s.rows), s.width]),
            Primitive::Scan(s) => product(&s.dims).saturating_mul(s.length),
            Primitive::ArgSort(s) => {
                let comparisons = s.length.checked_ilog2().map_or(1, |log| log as usize + 1);
                product(&s.dims).saturating_mul(s.length).saturating_mul(comparisons)
            }
            Primitive::UpdateRows(s) if s.base == s.output => product(&[s.count, s.width]),
            Primitive::UpdateRows(s) => product(&[s.count.saturating_add(s.rows), s.width]),
            Primitive::FirstPositions(s) => s.count,
            Primitive::Random(s) => s.count,
            Primitive::Loop(s) => s.work(),
        }
    }

    /// Whether it gives nothing and can find nothing wrong. Rows without elements have indices that are
    /// looked at, and a random primitive counts its calls.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        match self {
            Primitive::Map(s) => s.dims.contains(&0),
            Primitive::Reduce(s) => s.dims.contains(&0),
            Primitive::ArgReduce(s) => s.dims.contains(&0),
            Primitive::Gemm(s) => s.dims().contains(&0),
            Primitive::GatherRows(s) => s.count == 0,
            Primitive::ScatterAddRows(s) => s.count == 0 && (s.rows == 0 || s.width == 0),
            Primitive::Scan(s) => s.dims.contains(&0) || s.length == 0,
            Primitive::ArgSort(s) => s.dims.contains(&0) || s.length == 0,
            Primitive::UpdateRows(s) => s.count == 0 && (s.rows == 0 || s.width == 0),
            Primitive::FirstPositions(s) => s.count == 0,
            Primitive::Random(_) => false,
            Primitive::Loop(s) => s.most == Some(0),
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
