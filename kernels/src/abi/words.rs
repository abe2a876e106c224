//! Values as sequences of words.

/// A value that is written as a fixed number of words.
pub trait Words: Copy {
    /// How many there are.
    const WORDS: u32;

    /// Hands the words over, one after the other.
    fn encode(self, put: &mut impl FnMut(u32));

    /// Reads what [`Words::encode`] gave: each call of `next` is one word on.
    fn decode(next: &mut impl FnMut() -> u32) -> Self;
}

impl Words for u32 {
    const WORDS: u32 = 1;

    #[inline(always)]
    fn encode(self, put: &mut impl FnMut(u32)) {
        put(self);
    }

    #[inline(always)]
    fn decode(next: &mut impl FnMut() -> u32) -> u32 {
        next()
    }
}

impl Words for u64 {
    const WORDS: u32 = 2;

    #[inline(always)]
    fn encode(self, put: &mut impl FnMut(u32)) {
        put(self as u32);
        put((self >> 32) as u32);
    }

    #[inline(always)]
    fn decode(next: &mut impl FnMut() -> u32) -> u64 {
        let low = next() as u64;
        low | (next() as u64) << 32
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name { $( $(#[$field_doc])* pub $field: $type, )* }

        impl $crate::abi::Words for $name {
            const WORDS: u32 = 0 $( + <$type as $crate::abi::Words>::WORDS )*;

            #[inline(always)]
            fn encode(self, put: &mut impl FnMut(u32)) {
                $( self.$field.encode(put); )*
            }

            #[inline(always)]
            fn decode(next: &mut impl FnMut() -> u32) -> Self {
                $( let $field = <$type as $crate::abi::Words>::decode(next); )*
                Self { $($field),* }
            }
        }
    )* };
}
pub(super) use words;

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    words! {
        Pair { a: u32, b: u64, }
        Nested { first: Pair, last: u32, }
    }

    #[test]
    fn nested_values_survive() {
        let value = Nested { first: Pair { a: 1, b: 0x1234_5678_9abc_def0 }, last: 4 };
        let mut words = Vec::new();
        value.encode(&mut |word| words.push(word));
        assert_eq!(words, [1, 0x9abc_def0, 0x1234_5678, 4]);
        assert_eq!(Nested::WORDS as usize, words.len());
        let mut words = words.into_iter();
        assert_eq!(Nested::decode(&mut || words.next().expect("another word")), value);
    }
}
