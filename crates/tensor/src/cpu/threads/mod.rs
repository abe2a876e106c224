//! Threads: a pool of them, what each takes of a job, and whether several pay.

pub(in crate::cpu) mod autotune;
pub(in crate::cpu) mod chunks;
pub(in crate::cpu) mod pool;
