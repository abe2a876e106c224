//! The instruction set on groups of elements, generated from the table that defines the scalar reference.

use super::machine::{Group, each};
use crate::{
    for_each_code,
    map::{Code, scalar},
    math::Portable,
};

macro_rules! define_execute {
    ($($name:ident $function:ident($($operand:ident: $in:ty),*) -> $out:ty = $body:expr; $cost:literal, $doc:literal,)*) => {
        /// Computes one instruction for each element; operands beyond its arity are ignored.
        #[inline(always)]
        pub fn execute(code: u32, a: Group, b: Group, c: Group) -> Group {
            match code {
                $( code if code == Code::$name as u32 => each(|i| scalar::$function::<Portable>([a[i], b[i], c[i]])), )*
                _ => a,
            }
        }
    };
}

for_each_code!(define_execute);
