//! What has been lowered already. It is found by what it is, in a time that does not grow with what there is.

use crate::{
    DType,
    build::node::NodeId,
    lower::{Source, Spread, View},
};
use minutia_tensor::program::Primitive;
use std::collections::HashMap;

/// Where equal things are. Nothing walks through these maps, so that hashing decides no result.
#[derive(Default)]
pub(crate) struct Known {
    /// The primitive and the value of each step, whose output is left out of the key.
    pub steps: HashMap<Primitive, (usize, usize)>,
    /// Constants of equal elements, by the bits and the size of these.
    pub splats: HashMap<(u32, usize), usize>,
    /// Tensors among equal elements.
    pub spread: HashMap<(View, Spread), View>,
    sources: HashMap<SourceKey, Vec<usize>>,
}

/// What tells sources apart, but for constants that only differ far from their ends.
#[derive(PartialEq, Eq, Hash)]
enum SourceKey {
    Constant(DType, Vec<usize>, Vec<u8>),
    Feed(NodeId),
    Variable(usize),
    Counter(NodeId),
    Outer(usize),
}

impl Known {
    /// The value of a source, if `is_it` finds it among those that look like it.
    pub fn source(&self, source: &Source, is_it: impl Fn(usize) -> bool) -> Option<usize> {
        self.sources.get(&key(source)?)?.iter().copied().find(|&value| is_it(value))
    }

    /// Remembers the value of a source.
    pub fn insert(&mut self, source: &Source, value: usize) {
        if let Some(key) = key(source) {
            self.sources.entry(key).or_default().push(value);
        }
    }
}

/// None for what a step makes, which is never looked for.
fn key(source: &Source) -> Option<SourceKey> {
    const END: usize = 256;
    Some(match source {
        Source::Computed => return None,
        Source::Constant(tensor) => {
            let bytes = tensor.as_bytes();
            let ends = [&bytes[..bytes.len().min(END)], &bytes[bytes.len().saturating_sub(END)..]].concat();
            SourceKey::Constant(tensor.dtype(), tensor.dims().to_vec(), ends)
        }
        Source::Feed(node) => SourceKey::Feed(*node),
        Source::Variable(variable) => SourceKey::Variable(*variable),
        Source::Counter(node) => SourceKey::Counter(*node),
        Source::Outer(value) => SourceKey::Outer(*value),
    })
}
