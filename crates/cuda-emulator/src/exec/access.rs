//! Loads, stores and atomic operations.

use super::{
    block::Shared,
    file::File,
    lanes::{LANES, Lanes, each},
};
use crate::{
    fault::{FaultKind, Trouble},
    instruction::{Access, Address, Atomic, Register, Space},
    memory::{Clock, Memory, SEVERAL, Stretch, Touch, Toucher},
};

/// All that a warp's accesses reach.
pub(super) struct Reach<'a> {
    pub(super) memory: &'a mut Memory,
    pub(super) shared: &'a mut Shared,
    pub(super) parameters: &'a [u8],
    pub(super) clock: Clock,
    /// The number in its block of the warp's first thread.
    pub(super) first_thread: u16,
    /// The allocation that was touched last.
    pub(super) hint: &'a mut usize,
}

impl Reach<'_> {
    pub(super) fn load(&mut self, file: &mut File<'_>, access: &Access, active: u32) -> Result<(), Trouble> {
        let addresses = addresses(file, access.address, active)?;
        let bytes = access.bytes as usize;
        let mut values = [[0_u64; LANES]; 4];
        let total = (bytes * access.registers.len()) as u64;
        let space = access.address.space;
        let first = active.trailing_zeros() as usize;
        if active.count_ones() > 1 && each(active).all(|lane| addresses[lane] == addresses[first]) {
            let stretch = Stretch { address: addresses[first], bytes: total };
            let found = self.bytes(space, stretch, Touch::Read, first, SEVERAL)?;
            for (values, element) in values.iter_mut().zip(found.chunks_exact(bytes)) {
                *values = [number(element, access.signed); LANES];
            }
        } else {
            for lane in each(active) {
                let stretch = Stretch { address: addresses[lane], bytes: total };
                let found = self.bytes(space, stretch, Touch::Read, lane, self.thread(lane))?;
                for (values, element) in values.iter_mut().zip(found.chunks_exact(bytes)) {
                    values[lane] = number(element, access.signed);
                }
            }
        }
        for (&register, values) in access.registers.iter().zip(&values) {
            file.set_wide(register, active, values);
        }
        Ok(())
    }

    pub(super) fn store(&mut self, file: &File<'_>, access: &Access, active: u32) -> Result<(), Trouble> {
        let addresses = addresses(file, access.address, active)?;
        let bytes = access.bytes as usize;
        let mut values = [[0_u64; LANES]; 4];
        for (values, &register) in values.iter_mut().zip(&access.registers) {
            *values = file.wide(register, active)?;
        }
        let total = (bytes * access.registers.len()) as u64;
        for lane in each(active) {
            let stretch = Stretch { address: addresses[lane], bytes: total };
            let found = self.bytes(access.address.space, stretch, Touch::Write, lane, self.thread(lane))?;
            for (values, element) in values.iter().zip(found.chunks_exact_mut(bytes)) {
                element.copy_from_slice(&values[lane].to_le_bytes()[..bytes]);
            }
        }
        Ok(())
    }

    /// The threads act one after the other.
    pub(super) fn atomic(
        &mut self,
        file: &mut File<'_>,
        (atomic, to, address, operands, bytes): (
            Atomic,
            Option<Register>,
            Address,
            [Option<Register>; 2],
            u32,
        ),
        active: u32,
    ) -> Result<(), Trouble> {
        let addresses = addresses(file, address, active)?;
        let mut values = [[0_u64; LANES]; 2];
        for (values, register) in values.iter_mut().zip(operands) {
            if let Some(register) = register {
                *values = file.wide(register, active)?;
            }
        }
        let mut before = [0; LANES];
        for lane in each(active) {
            let stretch = Stretch { address: addresses[lane], bytes: bytes.into() };
            let found = self.bytes(address.space, stretch, Touch::Atomic, lane, self.thread(lane))?;
            before[lane] = number(found, false);
            let after = combine(atomic, before[lane], values[0][lane], values[1][lane], bytes);
            found.copy_from_slice(&after.to_le_bytes()[..bytes as usize]);
        }
        if let Some(to) = to {
            file.set_wide(to, active, &before);
        }
        Ok(())
    }

    /// The number in its block of a thread of the warp.
    fn thread(&self, lane: usize) -> u16 {
        self.first_thread + lane as u16
    }

    /// What a thread touches, or several do; trouble is that of `lane`.
    #[inline(always)]
    fn bytes(
        &mut self,
        space: Space,
        stretch: Stretch,
        touch: Touch,
        lane: usize,
        thread: u16,
    ) -> Result<&mut [u8], Trouble> {
        let toucher = Toucher { thread, clock: self.clock };
        let Stretch { address, bytes } = stretch;
        let found = if address % bytes != 0 {
            Err(FaultKind::Misaligned { space: name(space), address, bytes })
        } else {
            match space {
                Space::Global => self.memory.touch(stretch, touch, toucher, self.hint),
                Space::Shared => self.shared.touch(stretch, touch, toucher),
                Space::Parameter => unreachable!("parameters are read by all threads alike"),
            }
        };
        found.map_err(|kind| Trouble { lane: lane as u32, kind })
    }

    /// Parameters are the same for all threads, and so are their addresses.
    pub(super) fn parameter(&self, file: &mut File<'_>, access: &Access, active: u32) -> Result<(), Trouble> {
        let bytes = access.bytes as usize;
        let addresses = addresses(file, access.address, active)?;
        let mut values = [[0_u64; LANES]; 4];
        for lane in each(active) {
            let address = addresses[lane];
            let total = (bytes * access.registers.len()) as u64;
            let found = (address % total == 0)
                .then(|| self.parameters.get(address as usize..address.checked_add(total)? as usize));
            let trouble = |kind| Trouble { lane: lane as u32, kind };
            let Some(found) = found else {
                return Err(trouble(FaultKind::Misaligned { space: "parameter", address, bytes: total }));
            };
            let Some(found) = found else {
                let nearest = format!("the parameters have {} bytes", self.parameters.len());
                return Err(trouble(FaultKind::OutOfBounds {
                    space: "parameter",
                    address,
                    bytes: total,
                    nearest,
                }));
            };
            for (values, element) in values.iter_mut().zip(found.chunks_exact(bytes)) {
                values[lane] = number(element, access.signed);
            }
        }
        for (&register, values) in access.registers.iter().zip(&values) {
            file.set_wide(register, active, values);
        }
        Ok(())
    }
}

#[inline(always)]
fn addresses(file: &File<'_>, address: Address, active: u32) -> Result<Lanes<u64>, Trouble> {
    let base = file.wide(address.base, active)?;
    let sum = base.map(|base| base.wrapping_add(address.offset as u64));
    // An address of 32 bits wraps there.
    Ok(match address.base {
        Register::Word(_) => sum.map(|address| address & 0xffff_ffff),
        Register::Long(_) => sum,
    })
}

#[inline(always)]
fn number(bytes: &[u8], signed: bool) -> u64 {
    match *bytes {
        [a] if signed => a as i8 as u64,
        [a] => a.into(),
        [a, b] if signed => i16::from_le_bytes([a, b]) as u64,
        [a, b] => u16::from_le_bytes([a, b]).into(),
        [a, b, c, d] if signed => i32::from_le_bytes([a, b, c, d]) as u64,
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => unreachable!("elements have 1, 2, 4 or 8 bytes"),
    }
}

/// What an atomic operation leaves.
fn combine(atomic: Atomic, old: u64, a: u64, b: u64, bytes: u32) -> u64 {
    let signed = |x: u64| if bytes == 4 { x as i32 as i64 } else { x as i64 };
    match atomic {
        Atomic::Add => old.wrapping_add(a),
        Atomic::AddFloat => {
            let sum = f32::from_bits(old as u32) + f32::from_bits(a as u32);
            super::words::float_bits(sum).into()
        }
        Atomic::MinSigned => {
            if signed(a) < signed(old) {
                a
            } else {
                old
            }
        }
        Atomic::MaxSigned => {
            if signed(a) > signed(old) {
                a
            } else {
                old
            }
        }
        Atomic::MinUnsigned => old.min(a),
        Atomic::MaxUnsigned => old.max(a),
        Atomic::And => old & a,
        Atomic::Or => old | a,
        Atomic::Xor => old ^ a,
        Atomic::Exchange => a,
        Atomic::CompareExchange => {
            if old == a {
                b
            } else {
                old
            }
        }
    }
}

fn name(space: Space) -> &'static str {
    match space {
        Space::Global => "global",
        Space::Shared => "shared",
        Space::Parameter => "parameter",
    }
}
