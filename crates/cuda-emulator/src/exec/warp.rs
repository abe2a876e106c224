//! A warp: threads that stand at the same instruction execute it together.

use super::{
    access::Reach,
    file::File,
    lanes::{LANES, each},
    shuffle::shuffle,
    vector::Arithmetic,
};
use crate::{
    fault::{FaultKind, Trouble},
    instruction::{Op, Predicate, Space},
    kernel::Kernel,
};

/// The threads of a warp, as bits, by what they do; and where each stands.
#[derive(Clone, Debug)]
pub(super) struct Warp<'a> {
    pub(super) file: File<'a>,
    /// The instruction that each thread executes next.
    pub(super) places: [u32; LANES],
    running: u32,
    /// Those at a barrier.
    pub(super) waiting: u32,
    /// Those at a shuffle that others have not come to.
    shuffling: u32,
    pub(super) exited: u32,
}

/// What warps execute, and with what.
pub(super) struct Execution<'e, 'r> {
    pub(super) kernel: &'e Kernel,
    pub(super) reach: &'e mut Reach<'r>,
    pub(super) arithmetic: Arithmetic,
    /// Instructions that may yet be executed.
    pub(super) budget: &'e mut u64,
}

/// What a group of threads does after an instruction.
enum Next {
    Here(usize),
    Regroup,
}

impl<'a> Warp<'a> {
    pub(super) fn new(file: File<'a>) -> Warp<'a> {
        Warp { file, places: [0; LANES], running: 0, waiting: 0, shuffling: 0, exited: 0 }
    }

    /// Puts the first `threads` threads to the kernel's start.
    pub(super) fn start(&mut self, threads: usize) {
        self.places = [0; LANES];
        self.running = if threads < LANES { (1 << threads) - 1 } else { u32::MAX };
        (self.waiting, self.shuffling, self.exited) = (0, 0, 0);
    }

    /// Lets the threads at the barrier go on.
    pub(super) fn release(&mut self) {
        for lane in each(self.waiting) {
            self.places[lane] += 1;
        }
        self.running |= self.waiting;
        self.waiting = 0;
    }

    /// Runs until all threads wait at barriers or have exited. On trouble, the place is that of the thread.
    pub(super) fn run(&mut self, execution: &mut Execution<'_, '_>) -> Result<(), (usize, Trouble)> {
        while self.running != 0 {
            // Those that are behind go first, so that threads that parted meet again.
            let (mut place, mut others) = (u32::MAX, u32::MAX);
            for lane in each(self.running) {
                let other = self.places[lane];
                if other < place {
                    (place, others) = (other, place);
                } else if other > place {
                    others = others.min(other);
                }
            }
            let group = self.at(self.running, place as usize);
            self.run_group(execution, group, place as usize, others as usize)?;
        }
        if self.shuffling == 0 {
            return Ok(());
        }
        let place = self.places[self.shuffling.trailing_zeros() as usize] as usize;
        let present = self.at(self.shuffling, place);
        let members = match execution.kernel.code[place].op {
            Op::Shuffle { operands: [.., members], .. } => self.members(members, present),
            _ => Ok(0),
        };
        let kind = members.map(|members| FaultKind::DivergentShuffle { members, present });
        Err((place, kind.map_or_else(|trouble| trouble, |kind| Trouble::first(present, kind))))
    }

    /// Runs a group of threads from one place on, until it parts or comes to where others stand.
    fn run_group(
        &mut self,
        execution: &mut Execution<'_, '_>,
        group: u32,
        mut place: usize,
        others: usize,
    ) -> Result<(), (usize, Trouble)> {
        loop {
            let next = match execution.budget.checked_sub(1) {
                None => Err(Trouble::first(group, FaultKind::Endless)),
                Some(left) => {
                    *execution.budget = left;
                    self.step(execution, group, place)
                }
            };
            match next.map_err(|trouble| (place, trouble))? {
                Next::Regroup => return Ok(()),
                Next::Here(next) => place = next,
            }
            if place >= others {
                self.stand(group, place);
                return Ok(());
            }
        }
    }

    fn stand(&mut self, threads: u32, place: usize) {
        for lane in each(threads) {
            self.places[lane] = place as u32;
        }
    }

    #[inline(always)]
    fn step(&mut self, execution: &mut Execution<'_, '_>, group: u32, place: usize) -> Result<Next, Trouble> {
        let Execution { kernel, reach, arithmetic, .. } = execution;
        let instruction = &kernel.code[place];
        let active = match instruction.guard {
            None => group,
            Some(guard) => {
                let predicate = Predicate { register: guard.predicate, negated: !guard.wanted };
                group & self.file.predicate(predicate, group)?
            }
        };
        let next = Next::Here(place + 1);
        if active == 0 {
            return Ok(next);
        }
        if arithmetic.evaluate(&instruction.op, &mut self.file, active)? {
            return Ok(next);
        }
        match &instruction.op {
            Op::Load(access) if access.address.space == Space::Parameter => {
                reach.parameter(&mut self.file, access, active)?;
            }
            Op::Load(access) => reach.load(&mut self.file, access, active)?,
            Op::Store(access) => reach.store(&self.file, access, active)?,
            &Op::Atomic { atomic, to, address, operands, bytes } => {
                reach.atomic(&mut self.file, (atomic, to, address, operands, bytes), active)?;
            }
            &Op::Shuffle { mode, to, valid, operands: [value, distance, control, members] } => {
                let members = self.members(members, active)?;
                let there = active | self.at(self.shuffling, place);
                if members != there {
                    self.shuffling |= active;
                    return Ok(self.leave(group, active, place));
                }
                shuffle(&mut self.file, mode, to, valid, [value, distance, control], there)?;
                if there != active {
                    self.shuffling &= !there;
                    self.running |= there;
                    self.stand(group | there, place + 1);
                    return Ok(Next::Regroup);
                }
            }
            Op::Branch(target) if active == group => return Ok(Next::Here(*target)),
            Op::Branch(target) => {
                self.stand(active, *target);
                self.stand(group & !active, place + 1);
                return Ok(Next::Regroup);
            }
            Op::BranchTable(index, targets) => {
                let indices = *self.file.word(*index, active)?;
                for lane in each(active) {
                    let index = indices[lane];
                    let kind = FaultKind::BranchIndex { index, length: targets.len() };
                    let target = targets.get(index as usize).ok_or(Trouble { lane: lane as u32, kind })?;
                    self.places[lane] = *target as u32;
                }
                self.stand(group & !active, place + 1);
                return Ok(Next::Regroup);
            }
            Op::Barrier => {
                self.waiting |= active;
                return Ok(self.leave(group, active, place));
            }
            Op::Exit => {
                self.exited |= active;
                return Ok(self.leave(group, active, place));
            }
            _ => return Err(Trouble::first(active, FaultKind::Trap)),
        }
        Ok(next)
    }

    /// Takes `active` threads of a group, which stay where they are, out of the running ones.
    fn leave(&mut self, group: u32, active: u32, place: usize) -> Next {
        self.running &= !active;
        self.stand(active, place);
        self.stand(group & !active, place + 1);
        Next::Regroup
    }

    /// Those of some threads that stand at a place.
    fn at(&self, threads: u32, place: usize) -> u32 {
        let there = each(threads).filter(|&lane| self.places[lane] as usize == place);
        there.fold(0, |there, lane| there | 1 << lane)
    }

    fn members(&self, register: u32, active: u32) -> Result<u32, Trouble> {
        let members = self.file.word(register, active)?;
        Ok(each(active).fold(0, |all, lane| all | members[lane]))
    }
}
