#![doc = include_str!("../README.md")]

pub mod gpu;
pub mod refusing;
