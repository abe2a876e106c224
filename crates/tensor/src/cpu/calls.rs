//! Calls of loops that a small program makes in each run, with the same arguments as long as its buffers stay
//! where they are. Finding them takes as long as making them: they are recorded once and then repeated.

use crate::cpu::{gemm::TileCall, map::instructions::InstructionLoop};

/// A loop and its arguments.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) enum Call {
    Tile(unsafe fn(&TileCall), TileCall),
    Map(MapCall),
    Rows(RowsCall),
}

/// One instruction of a map.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct MapCall {
    pub(in crate::cpu) kernel: InstructionLoop,
    pub(in crate::cpu) to: *mut u32,
    pub(in crate::cpu) from: [*const u32; 3],
    pub(in crate::cpu) moving: usize,
    pub(in crate::cpu) n: usize,
}

/// The reduction of rows.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct RowsCall {
    pub(in crate::cpu) kernel: unsafe fn(*const u32, usize, usize, *mut u32),
    pub(in crate::cpu) values: *const u32,
    pub(in crate::cpu) length: usize,
    pub(in crate::cpu) rows: usize,
    pub(in crate::cpu) results: *mut u32,
}

impl Call {
    /// # Safety
    /// What the loop asks for.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn make(&self) {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Call::Tile(kernel, call) => kernel(call),
                Call::Map(call) => call.make(),
                Call::Rows(c) => (c.kernel)(c.values, c.length, c.rows, c.results),
            }
        }
    }
}

impl MapCall {
    /// # Safety
    /// See [`InstructionLoop`].
    #[inline(always)]
    pub(in crate::cpu) unsafe fn make(&self) {
        let [a, b, c] = self.from;
        // SAFETY: the caller's promise.
        unsafe { (self.kernel)(self.to, a, b, c, self.moving, self.n) };
    }
}

/// Calls that are recorded at most: in a larger program, finding them is a small part of the time.
const MOST: usize = 64;

/// The calls of a run.
#[derive(Debug)]
pub(in crate::cpu) struct Calls(Vec<Call>);

impl Calls {
    /// None, with room for all that are recorded: a run allocates nothing.
    pub(in crate::cpu) fn new() -> Calls {
        Calls(Vec::with_capacity(MOST))
    }

    /// Adds a call, if there is room.
    pub(in crate::cpu) fn push(&mut self, call: Call) -> Option<()> {
        (self.0.len() < MOST).then(|| self.0.push(call))
    }

    pub(in crate::cpu) fn clear(&mut self) {
        self.0.clear();
    }

    pub(in crate::cpu) fn as_slice(&self) -> &[Call] {
        &self.0
    }
}
