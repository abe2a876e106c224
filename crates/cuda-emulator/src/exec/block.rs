//! A block: its warps take turns, each from barrier to barrier.

use super::{
    access::Reach,
    file::File,
    lanes::{LANES, each},
    vector::Arithmetic,
    warp::{Execution, Warp},
};
use crate::{
    fault::{FaultKind, Trouble},
    instruction::Register,
    kernel::{Constant, Kernel},
    memory::{Clock, Memory, Shadow, Stretch, Touch, Toucher, race},
};

/// What the beginning of a block and a barrier count as: about as many instructions as they take time. They
/// move the clock, which so cannot overflow in a launch.
const MEETING: u64 = 16;

/// The memory that a block's threads share.
#[derive(Debug)]
pub(super) struct Shared {
    bytes: Vec<u8>,
    shadow: Shadow,
}

impl Shared {
    /// What was last written before the block began was not written by it.
    #[inline(always)]
    pub(super) fn touch(
        &mut self,
        Stretch { address, bytes }: Stretch,
        touch: Touch,
        toucher: Toucher,
    ) -> Result<&mut [u8], FaultKind> {
        let end = address.checked_add(bytes).filter(|&end| end <= self.bytes.len() as u64);
        let Some(end) = end else {
            let nearest = format!("the block has {} bytes", self.bytes.len());
            return Err(FaultKind::OutOfBounds { space: "shared", address, bytes, nearest });
        };
        // Another block's shared memory is another memory.
        let clock = Clock { launch: toucher.clock.block, ..toucher.clock };
        let touched = self.shadow.touch(address, bytes, touch, toucher.thread, clock);
        let written = touched.map_err(|conflict| race("shared", address, touch, conflict))?;
        if touch != Touch::Write && written < clock.block {
            return Err(FaultKind::Uninitialised { what: format!("shared memory at {address:#x}") });
        }
        Ok(&mut self.bytes[address as usize..end as usize])
    }
}

/// What is launched, and with what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Launch<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) grid: [u32; 3],
    pub(super) threads: [u32; 3],
    pub(super) parameters: &'a [u8],
    /// Addresses of the module's variables.
    pub(super) variables: &'a [u64],
}

/// The threads of a block and their shared memory, used for one block after the other.
pub(super) struct Block<'a> {
    launch: Launch<'a>,
    position: [u32; 3],
    warps: Vec<Warp<'a>>,
    shared: Shared,
    hint: usize,
    arithmetic: Arithmetic,
}

/// Where a block was stopped: instruction, thread, and why.
pub(super) struct Stop {
    pub(super) place: usize,
    pub(super) thread: u32,
    pub(super) kind: FaultKind,
}

impl<'a> Block<'a> {
    pub(super) fn new(launch: Launch<'a>, shared_bytes: usize) -> Block<'a> {
        let count = launch.threads.iter().product::<u32>() as usize;
        let file = File::new(&launch.kernel.registers);
        Block {
            launch,
            position: [0; 3],
            warps: vec![Warp::new(file); count.div_ceil(LANES)],
            shared: Shared { bytes: vec![0xff; shared_bytes], shadow: Shadow::default() },
            hint: 0,
            arithmetic: Arithmetic::detect(),
        }
    }

    /// Runs the block at a position of the grid to its end.
    pub(super) fn run(
        &mut self,
        position: [u32; 3],
        memory: &mut Memory,
        clock: &mut Clock,
        budget: &mut u64,
    ) -> Result<(), Stop> {
        self.position = position;
        self.spend(MEETING + self.start_cost(), budget)?;
        self.start();
        loop {
            for (number, warp) in self.warps.iter_mut().enumerate() {
                let first_thread = number * LANES;
                let mut reach = Reach {
                    memory,
                    shared: &mut self.shared,
                    parameters: self.launch.parameters,
                    clock: *clock,
                    first_thread: first_thread as u16,
                    hint: &mut self.hint,
                };
                let kernel = self.launch.kernel;
                let mut execution = Execution {
                    kernel,
                    reach: &mut reach,
                    arithmetic: self.arithmetic,
                    budget: &mut *budget,
                };
                let result = warp.run(&mut execution);
                result.map_err(|(place, trouble)| stop(first_thread, place, trouble))?;
            }
            if self.warps.iter().all(|warp| warp.waiting == 0) {
                return Ok(());
            }
            self.spend(MEETING, budget)?;
            self.meet()?;
            clock.now += 1;
        }
    }

    /// Counts what is no instruction as so many.
    fn spend(&self, instructions: u64, budget: &mut u64) -> Result<(), Stop> {
        let endless = Stop { place: 0, thread: 0, kind: FaultKind::Endless };
        *budget = budget.checked_sub(instructions).ok_or(endless)?;
        Ok(())
    }

    /// About as many instructions as take as long as [`Block::start`].
    fn start_cost(&self) -> u64 {
        let registers = &self.launch.kernel.registers;
        let constants = registers.word_constants.len() + registers.long_constants.len();
        let cleared = registers.predicates.len() + registers.words.len() + registers.longs.len();
        (self.warps.len() * (1 + constants + cleared / 64)) as u64
    }

    /// Puts all threads to the kernel's start, with constants in their registers and nothing else.
    fn start(&mut self) {
        let count = self.launch.threads.iter().product::<u32>() as usize;
        let Launch { kernel, .. } = self.launch;
        for number in 0..self.warps.len() {
            self.warps[number].file.clear();
            let words = kernel.registers.word_constants.iter().map(|&(r, c)| (Register::Word(r), c));
            let longs = kernel.registers.long_constants.iter().map(|&(r, c)| (Register::Long(r), c));
            for (register, constant) in words.chain(longs) {
                let values = std::array::from_fn(|lane| self.constant(constant, number * LANES + lane));
                self.warps[number].file.set_wide(register, u32::MAX, &values);
            }
            self.warps[number].start(count - number * LANES);
        }
    }

    fn constant(&self, constant: Constant, thread: usize) -> u64 {
        let Launch { grid, threads, variables, .. } = self.launch;
        match constant {
            Constant::Value(value) => value,
            Constant::Variable(number) => variables[number],
            Constant::Thread(axis) => position(thread as u32, threads)[axis as usize].into(),
            Constant::Threads(axis) => threads[axis as usize].into(),
            Constant::Block(axis) => self.position[axis as usize].into(),
            Constant::Blocks(axis) => grid[axis as usize].into(),
            Constant::Lane => (thread % LANES) as u64,
            Constant::Warp => (thread / LANES) as u64,
        }
    }

    /// Lets the threads go on if all have come to the same barrier.
    fn meet(&mut self) -> Result<(), Stop> {
        let at_barrier = |(number, warp): (usize, &Warp<'_>)| {
            let place = |lane: usize| (number * LANES + lane, warp.places[lane] as usize);
            each(warp.waiting).map(place).collect::<Vec<_>>()
        };
        let waiting: Vec<_> = self.warps.iter().enumerate().flat_map(at_barrier).collect();
        let (thread, place) = waiting[0];
        let trouble = |missing| {
            let kind = FaultKind::DivergentBarrier { missing };
            Err(Stop { place, thread: thread as u32, kind })
        };
        if let Some(&(other, _)) = waiting.iter().find(|&&(_, p)| p != place) {
            return trouble(format!("thread {other} of the block waits at another one"));
        }
        let exited = self.warps.iter().position(|warp| warp.exited != 0);
        if let Some(number) = exited {
            let thread = number * LANES + self.warps[number].exited.trailing_zeros() as usize;
            return trouble(format!("thread {thread} of the block has exited"));
        }
        self.warps.iter_mut().for_each(Warp::release);
        Ok(())
    }
}

fn stop(first_thread: usize, place: usize, trouble: Trouble) -> Stop {
    Stop { place, thread: first_thread as u32 + trouble.lane, kind: trouble.kind }
}

/// A thread's position in its block.
pub(super) fn position(thread: u32, [x, y, _]: [u32; 3]) -> [u32; 3] {
    [thread % x, thread / x % y, thread / x / y]
}
