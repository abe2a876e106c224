//! A warp's registers, with who has written each.

use super::lanes::{ALL, LANES, Lanes, each};
use crate::{
    fault::{FaultKind, Trouble},
    instruction::{Predicate, Register},
    kernel::Registers,
};

/// Registers of one kind: values, and for each the threads that have one.
#[derive(Clone, Debug)]
struct Bank<T> {
    values: Vec<Lanes<T>>,
    set: Vec<u32>,
}

impl<T: Copy + Default> Bank<T> {
    fn new(count: usize) -> Bank<T> {
        Bank { values: vec![[T::default(); LANES]; count], set: vec![0; count] }
    }

    #[inline(always)]
    fn get(&self, register: u32, active: u32, names: &[String]) -> Result<&Lanes<T>, Trouble> {
        match active & !self.set[register as usize] {
            0 => Ok(&self.values[register as usize]),
            missing => Err(unset(missing, &names[register as usize])),
        }
    }

    #[inline(always)]
    fn put(&mut self, register: u32, active: u32, values: &Lanes<T>) {
        self.set[register as usize] |= active;
        let target = &mut self.values[register as usize];
        if active == ALL {
            *target = *values;
        } else {
            for lane in each(active) {
                target[lane] = values[lane];
            }
        }
    }
}

#[cold]
fn unset(lanes: u32, name: &str) -> Trouble {
    Trouble::first(lanes, FaultKind::Uninitialised { what: format!("the register {name}") })
}

/// A warp's register file.
#[derive(Clone, Debug)]
pub(super) struct File<'a> {
    names: &'a Registers,
    predicates: Vec<u32>,
    predicates_set: Vec<u32>,
    words: Bank<u32>,
    longs: Bank<u64>,
}

impl<'a> File<'a> {
    pub(super) fn new(registers: &'a Registers) -> File<'a> {
        let predicates = registers.predicates.len();
        File {
            names: registers,
            predicates: vec![0; predicates],
            predicates_set: vec![0; predicates],
            words: Bank::new(registers.words.len()),
            longs: Bank::new(registers.longs.len()),
        }
    }

    /// Forgets all values.
    pub(super) fn clear(&mut self) {
        for set in [&mut self.predicates_set, &mut self.words.set, &mut self.longs.set] {
            set.fill(0);
        }
    }

    /// A word of each thread; an error where one of the active threads has none.
    #[inline(always)]
    pub(super) fn word(&self, register: u32, active: u32) -> Result<&Lanes<u32>, Trouble> {
        self.words.get(register, active, &self.names.words)
    }

    #[inline(always)]
    pub(super) fn words<const N: usize>(
        &self,
        registers: [u32; N],
        active: u32,
    ) -> Result<[&Lanes<u32>; N], Trouble> {
        let mut values = [&[0; LANES]; N];
        for (value, register) in values.iter_mut().zip(registers) {
            *value = self.word(register, active)?;
        }
        Ok(values)
    }

    #[inline(always)]
    pub(super) fn long(&self, register: u32, active: u32) -> Result<&Lanes<u64>, Trouble> {
        self.longs.get(register, active, &self.names.longs)
    }

    #[inline(always)]
    pub(super) fn longs<const N: usize>(
        &self,
        registers: [u32; N],
        active: u32,
    ) -> Result<[&Lanes<u64>; N], Trouble> {
        let mut values = [&[0; LANES]; N];
        for (value, register) in values.iter_mut().zip(registers) {
            *value = self.long(register, active)?;
        }
        Ok(values)
    }

    /// A register of either size, its words extended by zeros.
    #[inline(always)]
    pub(super) fn wide(&self, register: Register, active: u32) -> Result<Lanes<u64>, Trouble> {
        match register {
            Register::Long(number) => self.long(number, active).copied(),
            Register::Word(number) => Ok(self.word(number, active)?.map(u64::from)),
        }
    }

    #[inline(always)]
    pub(super) fn set_word(&mut self, register: u32, active: u32, values: &Lanes<u32>) {
        self.words.put(register, active, values);
    }

    #[inline(always)]
    pub(super) fn set_long(&mut self, register: u32, active: u32, values: &Lanes<u64>) {
        self.longs.put(register, active, values);
    }

    /// Writes a register of either size, a word by its low bits.
    #[inline(always)]
    pub(super) fn set_wide(&mut self, register: Register, active: u32, values: &Lanes<u64>) {
        match register {
            Register::Long(number) => self.set_long(number, active, values),
            Register::Word(number) => self.set_word(number, active, &values.map(|v| v as u32)),
        }
    }

    /// The threads for which a predicate holds.
    #[inline(always)]
    pub(super) fn predicate(&self, predicate: Predicate, active: u32) -> Result<u32, Trouble> {
        let number = predicate.register as usize;
        match active & !self.predicates_set[number] {
            0 if predicate.negated => Ok(!self.predicates[number]),
            0 => Ok(self.predicates[number]),
            missing => Err(unset(missing, &self.names.predicates[number])),
        }
    }

    #[inline(always)]
    pub(super) fn set_predicate(&mut self, register: u32, active: u32, holds: u32) {
        let number = register as usize;
        self.predicates_set[number] |= active;
        self.predicates[number] = self.predicates[number] & !active | holds & active;
    }
}
