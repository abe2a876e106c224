//! The steps that are neither maps, nor reductions, nor products.

pub(in crate::cpu) mod arg_reduce;
pub(in crate::cpu) mod arg_sort;
pub(in crate::cpu) mod first_positions;
pub(in crate::cpu) mod gather;
mod lines;
pub(in crate::cpu) mod random;
mod row_indices;
pub(in crate::cpu) mod scan;
pub(in crate::cpu) mod scatter_add;
pub(in crate::cpu) mod transpose;
pub(in crate::cpu) mod update_rows;
