//! The kernels, compiled for GPUs alone. Their blocks, and what they are given, are described in
//! [`crate::abi`].
#![allow(unsafe_code)]

mod arg_reduce;
mod arg_sort;
mod check_rows;
mod execute;
mod first_positions;
mod gemm;
mod machine;
mod map;
mod random;
mod reduce;
mod scan;
mod scatter_add_rows;
mod sys;
mod update_rows;

use crate::abi::{self, status};
use {
    arg_reduce::*, arg_sort::*, check_rows::*, first_positions::*, gemm::*, map::*, random::*, reduce::*,
    scan::*, scatter_add_rows::*, update_rows::*,
};

macro_rules! define_entries {
    ($($name:ident $function:ident, barriers: $barriers:literal, shuffles: $shuffles:literal; $doc:literal,)*) => {
        /// The functions that a launch names.
        mod entries {
            use super::{abi, status, sys::{self, Global}};
            $( sys::kernel! {
                #[doc = $doc]
                #[doc = ""]
                #[doc = "# Safety"]
                #[doc = "The arguments are those of [`abi::Arguments`], for a block that the host encoded for this kernel."]
                fn $function(step: u64, buffers: u64, failure: u64) {
                    let failure = Global(failure);
                    // SAFETY: the caller's promise; a kernel that writes the record waits for its threads
                    // before.
                    unsafe {
                        if failure.at(status::TAG as u64 * 4).word() == abi::NO_FAILURE {
                            super::$function(Global(step), Global(buffers), failure);
                        }
                    }
                }
            } )*
        }
    };
}

abi::for_each_kernel!(define_entries);
