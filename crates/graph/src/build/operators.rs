//! `+ - * /` and `-x` on outputs and variables, with outputs, variables and numbers on either side; `+=` and
//! its kin.

use crate::{Output, Variable};
use std::ops;

/// What stands beside a tensor in an elementwise operation: an output, a variable, or a plain number, which
/// becomes a constant of the tensor's type where that type can hold it. A type of another crate that stands
/// for a tensor may implement it.
///
/// ```
/// use minutia_graph::{Graph, Session, feeds};
/// let graph = Graph::new();
/// let x = graph.constant([-1.0_f32, 0.5, 3.0]);
/// let n = graph.constant([1, 2, 3]);
/// let (bounded, odd) = (x.maximum(0.0).minimum(1.0), n.not_equal(2));
/// let mut session = Session::new(&graph, &minutia_tensor::Device::cpu()?)?;
/// let (bounded, odd) = session.run((&bounded, &odd), feeds! {})?;
/// assert_eq!(bounded.as_slice::<f32>()?, [0.0, 0.5, 1.0]);
/// assert_eq!(odd.as_slice::<bool>()?, [true, false, true]);
/// # Ok::<(), minutia_graph::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand beside a tensor",
    label = "neither a tensor nor a number that tensors hold",
    note = "operands are `Output`, `Variable`, references to them, `f32` and `i32`: write `2.0_f32`, or `x as f32` of an `f64`; `graph.constant(..)` makes an `Output` of an array"
)]
pub trait Operand {
    /// The operand as an output of the graph of `beside`.
    fn operand(&self, beside: &Output) -> Output;

    /// The operand where it is an output whatever it stands beside; `None` of a number, which takes the type
    /// of its neighbour.
    fn tensor(&self) -> Option<Output> {
        None
    }
}

impl Operand for Output {
    fn operand(&self, _: &Output) -> Output {
        self.clone()
    }

    fn tensor(&self) -> Option<Output> {
        Some(self.clone())
    }
}

impl Operand for Variable {
    fn operand(&self, _: &Output) -> Output {
        Output::clone(self)
    }

    fn tensor(&self) -> Option<Output> {
        Some(Output::clone(self))
    }
}

impl<T: Operand + ?Sized> Operand for &T {
    #[track_caller]
    fn operand(&self, beside: &Output) -> Output {
        (**self).operand(beside)
    }

    fn tensor(&self) -> Option<Output> {
        (**self).tensor()
    }
}

impl Operand for f32 {
    #[track_caller]
    fn operand(&self, beside: &Output) -> Output {
        beside.number(*self)
    }
}

impl Operand for i32 {
    #[track_caller]
    fn operand(&self, beside: &Output) -> Output {
        match beside.dtype() {
            crate::DType::F32 => beside.number(*self as f32),
            _ => beside.graph().constant(*self),
        }
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident, $assign:ident $in_place:ident => $f:ident;)*) => { $(
        /// The handle stands for the new node from then on; the old one stays as it was.
        impl<R: Operand> ops::$assign<R> for Output {
            #[track_caller]
            fn $in_place(&mut self, rhs: R) {
                *self = self.$f(rhs);
            }
        }
        operators!(left $trait $method $f: Output, &Output, Variable, &Variable);
        operators!(right $trait $method $f: Output, &Output, Variable, &Variable);
    )* };
    (left $trait:ident $method:ident $f:ident: $($lhs:ty),*) => { $(
        impl<R: Operand> ops::$trait<R> for $lhs {
            type Output = Output;
            #[track_caller]
            fn $method(self, rhs: R) -> Output {
                Output::$f(self.as_ref(), rhs)
            }
        }
    )* };
    (right $trait:ident $method:ident $f:ident: $($rhs:ty),*) => { $(
        operators!(number f32, $trait $method $f $rhs);
        operators!(number i32, $trait $method $f $rhs);
    )* };
    (number $number:ty, $trait:ident $method:ident $f:ident $rhs:ty) => {
        impl ops::$trait<$rhs> for $number {
            type Output = Output;
            #[track_caller]
            fn $method(self, rhs: $rhs) -> Output {
                let rhs: &Output = rhs.as_ref();
                self.operand(rhs).$f(rhs)
            }
        }
    };
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
    Add add, AddAssign add_assign => plus;
    Sub sub, SubAssign sub_assign => minus;
    Mul mul, MulAssign mul_assign => times;
    Div div, DivAssign div_assign => divided_by;
}
operators!(negation: Output, &Output, Variable, &Variable);
