//! Steps that run again and again.

use super::*;

/// A list of steps that runs again and again: a counted loop, or one that ends when its predicate is false.
///
/// The steps are over the buffers of the program around it. What one iteration leaves in a buffer, the next
/// one finds there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Loop {
    /// One `bool`, read before each iteration: while it is true, another one follows. A loop without a
    /// predicate has `most` iterations.
    pub predicate: Option<Operand>,
    /// After so many iterations the loop ends, whatever the predicate. None for a loop that its predicate
    /// alone ends; more than `i32::MAX` iterations of it are an error.
    pub most: Option<usize>,
    /// The steps of an iteration, in order.
    pub body: Vec<Primitive>,
    /// What errors call each step of the body, as [`Program::names`] does.
    pub names: Vec<String>,
}

/// What errors of a program call its steps, which may be part of another program.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Numbering {
    /// Numbers of their own, from this one on.
    From(usize),
    /// The number of the loop whose body they are.
    Within(usize),
}

impl Numbering {
    /// What errors call a step.
    pub(crate) fn of(self, step: usize) -> usize {
        match self {
            Numbering::From(first) => first + step,
            Numbering::Within(number) => number,
        }
    }
}

impl Loop {
    /// Elements that all iterations go through, as if there were as many as there may be.
    pub(super) fn work(&self) -> usize {
        let body = self.body.iter().fold(0, |sum: usize, step| sum.saturating_add(step.work()));
        body.saturating_mul(self.most.unwrap_or(usize::MAX))
    }

    /// How many iterations there may be, and of how many steps, as a text.
    pub(super) fn extents(&self) -> String {
        let times = match (self.most, self.predicate) {
            (Some(most), None) => format!("{most} times"),
            (Some(most), Some(_)) => format!("at most {most} times"),
            (None, _) => "while true".to_string(),
        };
        format!("{times} {} steps", self.body.len())
    }

    /// What is wrong with it, apart from its steps.
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.predicate, self.most) {
            (None, None) => Err("a loop without a predicate and without a number of iterations".into()),
            (Some(predicate), _) if predicate.dtype != DType::Bool => {
                Err(format!("a predicate of type {}", predicate.dtype))
            }
            _ => Ok(()),
        }
    }
}
