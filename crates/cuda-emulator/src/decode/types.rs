//! Types as opcodes name them.

/// A type of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integer {
    pub(super) bits: u32,
    pub(super) signed: bool,
}

/// The integer type of a name; untyped bits are unsigned.
pub(super) fn integer(name: &str) -> Option<Integer> {
    let bits = name.get(1..)?.parse().ok().filter(|bits| [8, 16, 32, 64].contains(bits))?;
    match name.as_bytes()[0] {
        b's' => Some(Integer { bits, signed: true }),
        b'u' | b'b' => Some(Integer { bits, signed: false }),
        _ => None,
    }
}

/// The bits of a float type.
pub(super) fn float_bits(name: &str) -> Option<u32> {
    match name {
        "f32" => Some(32),
        "f64" => Some(64),
        _ => None,
    }
}

/// The bits of a type.
pub(super) fn bits(name: &str) -> Option<u32> {
    integer(name).map(|t| t.bits).or(float_bits(name))
}
