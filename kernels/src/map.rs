//! The map instruction set: scalar operations on 32-bit values that every elementwise computation is made of.
//!
//! A value is 32 bits, read as `f32`, `i32` or as a truth value (0 or 1).
//! [`for_each_code!`](crate::for_each_code) hands the whole table to a macro, so that the scalar reference
//! below and each backend's loops are generated from the same rows and cannot drift apart.

use crate::math::{Fma, Portable};

/// Calls `$callback! { $prefix rows }`, where a row is `Name name(operands: type) -> type = expression; "what
/// it computes"`. Expressions name the type parameter `F`, a way to multiply and add
/// ([`Fma`](crate::math::Fma)).
#[macro_export]
macro_rules! for_each_code {
    ($callback:ident $(, $prefix:tt)*) => {
        $callback! { $($prefix)*
            Neg neg(a: f32) -> f32 = -a; 1, "-a",
            Abs abs(a: f32) -> f32 = a.abs(); 1, "|a|",
            Sign sign(a: f32) -> f32 = $crate::math::sign(a); 1, "sign of a; 0 at 0",
            Sqrt sqrt(a: f32) -> f32 = $crate::math::sqrt(a); 4, "square root",
            Rsqrt rsqrt(a: f32) -> f32 = $crate::math::rsqrt(a); 8, "1 / square root",
            Exp exp(a: f32) -> f32 = $crate::math::exp::<F>(a); 8, "e^a",
            Ln ln(a: f32) -> f32 = $crate::math::ln::<F>(a); 8, "natural logarithm",
            Tanh tanh(a: f32) -> f32 = $crate::math::tanh::<F>(a); 8, "hyperbolic tangent",
            Sigmoid sigmoid(a: f32) -> f32 = $crate::math::sigmoid::<F>(a); 8, "1 / (1 + e^-a)",
            Erf erf(a: f32) -> f32 = $crate::math::erf::<F>(a); 8, "error function",
            Sin sin(a: f32) -> f32 = $crate::math::sin::<F>(a); 40, "sine of a radians",
            Cos cos(a: f32) -> f32 = $crate::math::cos::<F>(a); 40, "cosine of a radians",
            Expm1 expm1(a: f32) -> f32 = $crate::math::expm1(a); 60, "e^a - 1",
            Log1p log1p(a: f32) -> f32 = $crate::math::log1p(a); 60, "ln(1 + a)",
            Floor floor(a: f32) -> f32 = $crate::math::floor(a); 4, "greatest integer not above a",
            Round round(a: f32) -> f32 = $crate::math::round(a); 2, "nearest integer; even at a tie",
            Add add(a: f32, b: f32) -> f32 = a + b; 1, "a + b",
            Sub sub(a: f32, b: f32) -> f32 = a - b; 1, "a - b",
            Mul mul(a: f32, b: f32) -> f32 = a * b; 1, "a * b",
            Div div(a: f32, b: f32) -> f32 = a / b; 4, "a / b",
            Max max(a: f32, b: f32) -> f32 = $crate::math::max(a, b); 1, "larger; a at a tie; NaN wins",
            Min min(a: f32, b: f32) -> f32 = $crate::math::min(a, b); 1, "smaller; a at a tie; NaN wins",
            Pow pow(a: f32, b: f32) -> f32 = $crate::math::pow(a, b); 400, "a^b",
            Atan2 atan2(a: f32, b: f32) -> f32 = $crate::math::atan2(a, b); 80, "angle of the point (b, a)",
            Rem rem(a: f32, b: f32) -> f32 = $crate::math::remainder(a, b); 200, "a - n b, exactly, for the integer n next to a / b towards zero",
            Lt lt(a: f32, b: f32) -> bool = a < b; 1, "a < b",
            Le le(a: f32, b: f32) -> bool = a <= b; 1, "a <= b",
            Eq eq(a: f32, b: f32) -> bool = a == b; 1, "a == b",
            Ne ne(a: f32, b: f32) -> bool = a != b; 1, "a != b",
            NegI neg_i(a: i32) -> i32 = a.wrapping_neg(); 1, "-a, wrapping",
            AbsI abs_i(a: i32) -> i32 = a.wrapping_abs(); 1, "|a|, wrapping",
            SignI sign_i(a: i32) -> i32 = (a > 0) as i32 - (a < 0) as i32; 1, "sign of a",
            AddI add_i(a: i32, b: i32) -> i32 = a.wrapping_add(b); 1, "a + b, wrapping",
            SubI sub_i(a: i32, b: i32) -> i32 = a.wrapping_sub(b); 1, "a - b, wrapping",
            MulI mul_i(a: i32, b: i32) -> i32 = a.wrapping_mul(b); 1, "a * b, wrapping",
            MaxI max_i(a: i32, b: i32) -> i32 = if a >= b { a } else { b }; 1, "larger",
            MinI min_i(a: i32, b: i32) -> i32 = if a <= b { a } else { b }; 1, "smaller",
            DivI div_i(a: i32, b: i32) -> i32 = if b == 0 { 0 } else { a.wrapping_div(b) }; 20, "a / b towards zero, wrapping; 0 where b is 0",
            RemI rem_i(a: i32, b: i32) -> i32 = if b == 0 { 0 } else { a.wrapping_rem(b) }; 20, "a - (a / b) b; 0 where b is 0",
            LtI lt_i(a: i32, b: i32) -> bool = a < b; 1, "a < b",
            LeI le_i(a: i32, b: i32) -> bool = a <= b; 1, "a <= b",
            EqI eq_i(a: i32, b: i32) -> bool = a == b; 1, "a == b; truth values too",
            NeI ne_i(a: i32, b: i32) -> bool = a != b; 1, "a != b; truth values too",
            And and(a: i32, b: i32) -> i32 = a & b; 1, "both; bits of i32",
            Or or(a: i32, b: i32) -> i32 = a | b; 1, "either; bits of i32",
            Not not(a: i32) -> bool = a == 0; 1, "a == 0",
            ToFloat to_float(a: i32) -> f32 = a as f32; 1, "i32 or truth value to f32, to nearest",
            ToInt to_int(a: f32) -> i32 = a as i32; 20, "f32 to i32, towards zero, saturating; NaN to 0",
            Fma fma(a: f32, b: f32, c: f32) -> f32 = F::fma(a, b, c); 1, "a * b + c, rounded once",
            Select select(a: i32, b: i32, c: i32) -> i32 = if a != 0 { b } else { c }; 1, "a ? b : c",
        }
    };
}

/// How a scalar type sits in a 32-bit value.
pub trait Word: Copy {
    /// Reads the value.
    fn from_word(word: u32) -> Self;
    /// Writes the value.
    fn to_word(self) -> u32;
}

impl Word for f32 {
    #[inline(always)]
    fn from_word(word: u32) -> f32 {
        f32::from_bits(word)
    }
    #[inline(always)]
    fn to_word(self) -> u32 {
        self.to_bits()
    }
}

impl Word for i32 {
    #[inline(always)]
    fn from_word(word: u32) -> i32 {
        word as i32
    }
    #[inline(always)]
    fn to_word(self) -> u32 {
        self as u32
    }
}

impl Word for bool {
    #[inline(always)]
    fn from_word(word: u32) -> bool {
        word != 0
    }
    #[inline(always)]
    fn to_word(self) -> u32 {
        self as u32
    }
}

macro_rules! define_codes {
    ($($name:ident $function:ident($($operand:ident: $in:ty),*) -> $out:ty = $body:expr; $cost:literal, $doc:literal,)*) => {
        /// An operation of the map instruction set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Code { $( #[doc = $doc] $name, )* }

        impl Code {
            /// Every operation, in encoding order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// How many operands it takes: 1 to 3.
            #[inline]
            #[must_use]
            pub const fn arity(self) -> usize {
                match self { $( Code::$name => [$(stringify!($operand)),*].len(), )* }
            }

            /// Its name in listings.
            #[inline]
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Code::$name => stringify!($function), )* }
            }

            /// The types of its operands and of its result: `f32`, `i32` or `bool`.
            #[inline]
            #[must_use]
            pub const fn signature(self) -> (&'static [&'static str], &'static str) {
                match self { $( Code::$name => (&[$(stringify!($in)),*], stringify!($out)), )* }
            }

            /// How many additions take as long on a CPU, roughly: what the backend splits work by.
            #[inline]
            #[must_use]
            pub const fn cost(self) -> usize {
                match self { $( Code::$name => $cost, )* }
            }

            /// What it computes, in words.
            #[inline]
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $( Code::$name => $doc, )* }
            }
        }

        /// The reference semantics of an operation on raw 32-bit values; operands beyond its arity are
        /// ignored.
        #[inline(always)]
        #[must_use]
        pub fn eval(code: Code, operands: [u32; 3]) -> u32 {
            match code { $( Code::$name => scalar::$function::<Portable>(operands), )* }
        }

        /// One function for each operation, on raw 32-bit values.
        pub mod scalar {
            use super::{Fma, Word};
            $(
                #[doc = $doc]
                #[inline(always)]
                #[must_use]
                #[allow(unused_assignments)]
                pub fn $function<F: Fma>(operands: [u32; 3]) -> u32 {
                    let mut next = 0;
                    $( let $operand = <$in>::from_word(operands[next]); next += 1; )*
                    let _ = next;
                    let result: $out = $body;
                    result.to_word()
                }
            )*
        }
    };
}

for_each_code!(define_codes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_their_operands_in_order() {
        let f = |x: f32| x.to_bits();
        let rows = [
            (Code::Sub, [f(5.0), f(3.0), 0], f(2.0)),
            (Code::Div, [f(1.0), f(4.0), 0], f(0.25)),
            (Code::Fma, [f(2.0), f(3.0), f(4.0)], f(10.0)),
            (Code::Select, [1, 7, 9], 7),
            (Code::Select, [0, 7, 9], 9),
            (Code::Lt, [f(1.0), f(2.0), 0], 1),
            (Code::Eq, [f(f32::NAN), f(f32::NAN), 0], 0),
            (Code::ToInt, [f(-1.9), 0, 0], -1i32 as u32),
            (Code::ToFloat, [-3i32 as u32, 0, 0], f(-3.0)),
            (Code::SubI, [3, 5, 0], -2i32 as u32),
            (Code::Not, [0, 0, 0], 1),
        ];
        for (code, operands, want) in rows {
            assert_eq!(eval(code, operands), want, "{}", code.name());
        }
    }

    #[test]
    fn arities_match_the_table() {
        for &code in Code::ALL {
            assert!((1..=3).contains(&code.arity()), "{}", code.name());
        }
        assert_eq!((Code::Neg.arity(), Code::Add.arity(), Code::Select.arity()), (1, 2, 3));
    }
}
