super::words::words! {
    /// Division by a number that is known beforehand, as a multiplication (Granlund and Montgomery, 1994):
    /// the GPU has no instruction for it.
    Divisor {
        /// The number.
        divisor: u32,
        /// What to multiply with.
        magic: u32,
        /// How far to shift the product.
        shift: u32,
    }
}

impl Divisor {
    /// For division by `divisor`, which is at most 2^31; 0 is taken for 1.
    #[inline]
    #[must_use]
    pub const fn new(divisor: u32) -> Divisor {
        let divisor = if divisor == 0 { 1 } else { divisor };
        let shift = 32 - (divisor - 1).leading_zeros();
        let magic = (1u64 << 32) * ((1u64 << shift) - divisor as u64) / divisor as u64;
        Divisor { divisor, magic: (magic as u32).wrapping_add(1), shift }
    }

    /// Quotient and remainder of a `value` below 2^31.
    #[inline(always)]
    #[must_use]
    pub const fn split(self, value: u32) -> (u32, u32) {
        let high = ((value as u64 * self.magic as u64) >> 32) as u32;
        let quotient = high.wrapping_add(value) >> self.shift;
        (quotient, value.wrapping_sub(quotient.wrapping_mul(self.divisor)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_division_does() {
        let near = |bits: u32| [(1u32 << bits) - 1, 1 << bits, (1 << bits) + 1, 3 << bits >> 1];
        let numbers = || (1..30).flat_map(near).chain([10, 28, 784, 60_000, 1_000_003, (1 << 31) - 1]);
        for divisor in numbers() {
            let split = Divisor::new(divisor);
            let multiples = numbers().flat_map(|k| {
                let product = (k as u64 * divisor as u64).min((1 << 31) - 2) as u32;
                [product - 1, product, product + 1]
            });
            for value in numbers().chain(multiples).chain([0]) {
                assert_eq!(split.split(value), (value / divisor, value % divisor), "{value} / {divisor}");
            }
        }
    }
}
