//! Which primitives read and write each value.

use minutia_tensor::program::Primitive;
use std::collections::BTreeSet;

/// The index that planning looks things up in, rather than in every primitive: planning must not take long
/// where a graph has thousands of them.
#[derive(Default)]
pub(super) struct UseDef {
    primitives: Vec<Operands>,
    values: Vec<Users>,
}

/// The values that a primitive reads and writes.
#[derive(Clone, Default)]
pub(super) struct Operands {
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
}

/// The primitives that read and write a value. There may be thousands, of which one after the other goes.
#[derive(Clone, Default)]
pub(super) struct Users {
    pub reads: BTreeSet<usize>,
    pub writes: BTreeSet<usize>,
}

impl Users {
    /// The primitive that makes the value, if it is one alone.
    pub fn writer(&self) -> Option<usize> {
        self.writes.first().copied().filter(|_| self.writes.len() == 1)
    }
}

impl UseDef {
    /// The use_def of these primitives over so many values.
    pub fn new<'a>(values: usize, steps: impl Iterator<Item = &'a Primitive>) -> UseDef {
        let mut use_def = UseDef { primitives: Vec::new(), values: vec![Users::default(); values] };
        for (primitive, step) in steps.enumerate() {
            use_def.primitives.push(Operands::default());
            use_def.replace(primitive, Some(step));
        }
        use_def
    }

    /// What a primitive reads and writes.
    pub fn of_primitive(&self, primitive: usize) -> &Operands {
        &self.primitives[primitive]
    }

    /// Who reads and writes a value.
    pub fn of_value(&self, value: usize) -> &Users {
        &self.values[value]
    }

    /// Puts another step in a primitive's place, or none.
    pub fn replace(&mut self, primitive: usize, step: Option<&Primitive>) {
        let (reads, writes) = step.map(Primitive::reads_and_writes).unwrap_or_default();
        let old = std::mem::replace(&mut self.primitives[primitive], Operands { reads, writes });
        for v in old.reads {
            self.values[v].reads.remove(&primitive);
        }
        for v in old.writes {
            self.values[v].writes.remove(&primitive);
        }
        let new = &self.primitives[primitive];
        for &v in &new.reads {
            self.values[v].reads.insert(primitive);
        }
        for &v in &new.writes {
            self.values[v].writes.insert(primitive);
        }
    }

    /// For each primitive, those that must come after it.
    pub fn dependencies(&self) -> Vec<Vec<usize>> {
        let mut edges = vec![Vec::new(); self.primitives.len()];
        for Users { reads, writes } in &self.values {
            writes.iter().zip(writes.iter().skip(1)).for_each(|(&from, &to)| edges[from].push(to));
            if let Some(&last) = writes.last() {
                // What reads what it writes goes through it again and again.
                edges[last].extend(reads.iter().filter(|&&reader| reader != last));
            }
        }
        edges
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
    fn step(reads: &[usize], writes: &[usize]) -> Primitive {
        let access = |&buffer: &usize| Access {
            operand: Operand { buffer, offset: 0, dtype: DType::F32 },
            strides: Vec::new(),
        };
        let m = MapBuilder::new(reads.len());
        let outputs: Vec<_> = writes.iter().map(|_| m.input(0)).collect();
        Primitive::Map(Map {
            dims: Vec::new(),
            inputs: reads.iter().map(access).collect(),
            program: m.finish(&outputs),
            outputs: writes.iter().map(access).collect(),
        })
    }

    #[test]
    fn a_replaced_primitive_leaves_no_trace() {
        let steps = [step(&[0], &[1]), step(&[1, 0], &[2]), step(&[1], &[3])];
        let mut use_def = UseDef::new(4, steps.iter());
        assert_eq!(use_def.dependencies(), [vec![1, 2], vec![], vec![]]);
        use_def.replace(0, None);
        use_def.replace(1, Some(&step(&[0], &[2, 1])));
        let list = |primitives: &BTreeSet<usize>| primitives.iter().copied().collect::<Vec<_>>();
        let uses = |value: usize| [&use_def.of_value(value).reads, &use_def.of_value(value).writes].map(list);
        let want = [[vec![1], vec![]], [vec![2], vec![1]], [vec![], vec![1]], [vec![], vec![2]]];
        assert_eq!([0, 1, 2, 3].map(uses), want);
        assert_eq!(use_def.dependencies(), [vec![], vec![2], vec![]]);
    }
}
