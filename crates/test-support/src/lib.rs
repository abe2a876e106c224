#![doc = include_str!("../README.md")]

pub mod gpu;
pub mod known_answers;
pub mod refusing;
