//! Which kernels read and write each value.

use crate::steps::reads_and_writes;
use minutia_tensor::program::Step;

/// The index that planning looks things up in, rather than in every kernel: planning must not take long where a graph
/// has thousands of them.
#[derive(Default)]
pub(super) struct Traffic {
    kernels: Vec<Uses>,
    values: Vec<Uses>,
}

/// Of a kernel, the values it reads and writes; of a value, the kernels that do so, in ascending order.
#[derive(Clone, Default)]
pub(super) struct Uses {
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
}

impl Traffic {
    /// The traffic of these kernels over so many values.
    pub fn new<'a>(values: usize, steps: impl Iterator<Item = &'a Step>) -> Traffic {
        let mut traffic = Traffic { kernels: Vec::new(), values: vec![Uses::default(); values] };
        for (kernel, step) in steps.enumerate() {
            traffic.kernels.push(Uses::default());
            traffic.replace(kernel, Some(step));
        }
        traffic
    }

    /// What a kernel reads and writes.
    pub fn of_kernel(&self, kernel: usize) -> &Uses {
        &self.kernels[kernel]
    }

    /// Who reads and writes a value.
    pub fn of_value(&self, value: usize) -> &Uses {
        &self.values[value]
    }

    /// Puts another step in a kernel's place, or none.
    pub fn replace(&mut self, kernel: usize, step: Option<&Step>) {
        let (reads, writes) = step.map(reads_and_writes).unwrap_or_default();
        let old = std::mem::replace(&mut self.kernels[kernel], Uses { reads, writes });
        old.reads.iter().for_each(|&v| remove(&mut self.values[v].reads, kernel));
        old.writes.iter().for_each(|&v| remove(&mut self.values[v].writes, kernel));
        let new = &self.kernels[kernel];
        new.reads.iter().for_each(|&v| insert(&mut self.values[v].reads, kernel));
        new.writes.iter().for_each(|&v| insert(&mut self.values[v].writes, kernel));
    }

    /// For each kernel, those that must come after it.
    pub fn dependencies(&self) -> Vec<Vec<usize>> {
        let mut edges = vec![Vec::new(); self.kernels.len()];
        for Uses { reads, writes } in &self.values {
            writes.windows(2).for_each(|w| edges[w[0]].push(w[1]));
            if let Some(&last) = writes.last() {
                edges[last].extend(reads);
            }
        }
        edges
    }
}

fn insert(kernels: &mut Vec<usize>, kernel: usize) {
    if let Err(at) = kernels.binary_search(&kernel) {
        kernels.insert(at, kernel);
    }
}

fn remove(kernels: &mut Vec<usize>, kernel: usize) {
    if let Ok(at) = kernels.binary_search(&kernel) {
        kernels.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minutia_tensor::{
        DType,
        program::{Access, Map, MapBuilder, Operand},
    };

    /// A map that reads some values and writes others.
    fn step(reads: &[usize], writes: &[usize]) -> Step {
        let access = |&buffer: &usize| Access {
            operand: Operand { buffer, offset: 0, dtype: DType::F32 },
            strides: Vec::new(),
        };
        let m = MapBuilder::new(reads.len());
        let outputs: Vec<_> = writes.iter().map(|_| m.input(0)).collect();
        Step::Map(Map {
            dims: Vec::new(),
            inputs: reads.iter().map(access).collect(),
            program: m.finish(&outputs),
            outputs: writes.iter().map(access).collect(),
        })
    }

    #[test]
    fn a_replaced_kernel_leaves_no_trace() {
        let steps = [step(&[0], &[1]), step(&[1, 0], &[2]), step(&[1], &[3])];
        let mut traffic = Traffic::new(4, steps.iter());
        assert_eq!(traffic.dependencies(), [vec![1, 2], vec![], vec![]]);
        traffic.replace(0, None);
        traffic.replace(1, Some(&step(&[0], &[2, 1])));
        let uses =
            |value: usize| (traffic.of_value(value).reads.clone(), traffic.of_value(value).writes.clone());
        let want = [(vec![1], vec![]), (vec![2], vec![1]), (vec![], vec![1]), (vec![], vec![2])];
        assert_eq!([0, 1, 2, 3].map(uses), want);
        assert_eq!(traffic.dependencies(), [vec![], vec![2], vec![]]);
    }
}
