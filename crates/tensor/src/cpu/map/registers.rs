//! Places for the values of a map program: cells of one group of lanes, patterns, and registers that hold a
//! block and are given to the next value as soon as the last reader is done.

use crate::cpu::map::{
    Location,
    compile::{CELL, Draft, PATTERN},
    convert::PADDING,
};

/// Blocks are this long unless the program holds so many values at once that they would leave the cache.
const BLOCK: usize = 1024;
/// Patterns are written out for a block, which short nests would not make up for.
const BLOCK_WITH_PATTERN: usize = 256;
const SHORTEST_BLOCK: usize = 64;
/// Words that the registers and operands of one program may take together.
const BUDGET: usize = 6 * 1024;

#[derive(Clone, Copy)]
enum Request {
    /// A register from its definition to its last use.
    Register,
    /// A register that holds an input from the block's start.
    Input,
    Cell,
    Pattern(usize),
    Constant(usize),
}

pub(super) struct Registers {
    requests: Vec<Request>,
    /// For each value, one more than the position of its defining operation; 0 for inputs.
    definitions: Vec<usize>,
    /// Likewise for the last operation that reads it.
    last_uses: Vec<usize>,
}

pub(super) struct Layout {
    pub(super) locations: Vec<Location>,
    pub(super) block: usize,
    pub(super) bytes: usize,
}

impl Registers {
    pub(super) fn new(values: usize, drafts: &[Draft]) -> Registers {
        let (mut definitions, mut last_uses) = (vec![0; values], vec![0; values]);
        for (i, draft) in drafts.iter().enumerate() {
            definitions[draft.to] = i + 1;
            for &v in &draft.from[..draft.code.arity()] {
                last_uses[v] = i + 1;
            }
        }
        Registers { requests: vec![Request::Register; values], definitions, last_uses }
    }

    pub(super) fn definition(&self, value: usize) -> Option<usize> {
        Some(self.definitions[value])
    }

    pub(super) fn last_use(&self, value: usize) -> usize {
        self.last_uses[value]
    }

    /// The value is read after all operations.
    pub(super) fn keep(&mut self, value: usize) {
        self.last_uses[value] = usize::MAX;
    }

    pub(super) fn cell(&mut self, value: usize) {
        self.requests[value] = Request::Cell;
    }

    pub(super) fn input(&mut self, value: usize) {
        self.requests[value] = Request::Input;
    }

    pub(super) fn pattern(&mut self, value: usize, period: usize) {
        self.requests[value] = Request::Pattern(period);
    }

    pub(super) fn constant(&mut self, value: usize, index: usize) {
        self.requests[value] = Request::Constant(index);
    }

    /// Gives every value its location, for a program that uses `operands` arrays where they lie.
    pub(super) fn layout(self, drafts: &[Draft], operands: usize) -> Layout {
        // For each register, the position after which it is free.
        let mut busy: Vec<usize> = Vec::new();
        let mut take = |from: usize, until: usize| {
            // An operation may write over an operand that it is the last to read: kernels allow it.
            let r = busy.iter().position(|&end| end <= from).unwrap_or_else(|| {
                busy.push(0);
                busy.len() - 1
            });
            busy[r] = until.max(from + 1);
            r
        };
        let mut register = vec![0; self.requests.len()];
        for (v, request) in self.requests.iter().enumerate() {
            if let Request::Input = request {
                register[v] = take(0, self.last_uses[v]);
            }
        }
        for draft in drafts {
            if let Request::Register = self.requests[draft.to] {
                register[draft.to] = take(self.definitions[draft.to], self.last_uses[draft.to]);
            }
        }
        let patterns = self.requests.iter().any(|w| matches!(w, Request::Pattern(_)));
        let mut block = if patterns { BLOCK_WITH_PATTERN } else { BLOCK };
        while block > SHORTEST_BLOCK && (busy.len() + operands) * block > BUDGET {
            block /= 2;
        }
        let register_words = block + PADDING;
        let mut words = busy.len() * register_words;
        let mut reserve = |n: usize| {
            let at = words;
            words += n.next_multiple_of(CELL);
            Location::Scratch(at * 4)
        };
        let locations = (self.requests.iter().zip(register))
            .map(|(request, r)| match *request {
                Request::Register | Request::Input => Location::Scratch(r * register_words * 4),
                Request::Cell => reserve(CELL),
                Request::Pattern(period) => reserve(period + block + PATTERN),
                Request::Constant(index) => Location::Constant(index),
            })
            .collect();
        Layout { locations, block, bytes: words * 4 }
    }
}
