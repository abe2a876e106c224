//! `+ - * /` and `-x` on outputs and variables, with outputs, variables and numbers on either side.

use crate::{Output, Variable};
use std::ops;

macro_rules! operators {
    ($($trait:ident $method:ident => $f:ident;)*) => { $(
        operators!(left $trait $method $f: Output, &Output, Variable, &Variable);
        operators!(right $trait $method $f: Output, &Output, Variable, &Variable);
    )* };
    (left $trait:ident $method:ident $f:ident: $($lhs:ty),*) => { $(
        impl<R: AsRef<Output>> ops::$trait<R> for $lhs {
            type Output = Output;
            #[track_caller]
            fn $method(self, rhs: R) -> Output {
                Output::$f(self.as_ref(), rhs)
            }
        }
        impl ops::$trait<f32> for $lhs {
            type Output = Output;
            #[track_caller]
            fn $method(self, rhs: f32) -> Output {
                let lhs: &Output = self.as_ref();
                lhs.$f(lhs.number(rhs))
            }
        }
    )* };
    (right $trait:ident $method:ident $f:ident: $($rhs:ty),*) => { $(
        impl ops::$trait<$rhs> for f32 {
            type Output = Output;
            #[track_caller]
            fn $method(self, rhs: $rhs) -> Output {
                let rhs: &Output = rhs.as_ref();
                rhs.number(self).$f(rhs)
            }
        }
    )* };
    (negation: $($operand:ty),*) => { $(
        impl ops::Neg for $operand {
            type Output = Output;
            #[track_caller]
            fn neg(self) -> Output {
                let operand: &Output = self.as_ref();
                operand.negative()
            }
        }
    )* };
}

operators! {
    Add add => plus;
    Sub sub => minus;
    Mul mul => times;
    Div div => divided_by;
}
operators!(negation: Output, &Output, Variable, &Variable);
