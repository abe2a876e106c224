//! Reductions in the order of [`crate::reduce`]: sixteen lanes, then a tree.

use super::{
    machine::{Elements, Group, Machine, each},
    sys::{self, Global},
};
use crate::{
    abi::{Combination, GROUP, REGISTER, layout::Reduce, shape},
    map::Word,
    reduce::{self, BLOCK, Combine, LANES},
};

/// Calls `$do!(type, operation)` with those of a combination, which all threads of a block share.
macro_rules! with_combination {
    ($combination:expr, $do:ident) => {{
        use reduce::{Max, Min, Prod, Sum};
        match $combination {
            c if c == Combination::Sum as u32 => $do!(f32, Sum),
            c if c == Combination::Prod as u32 => $do!(f32, Prod),
            c if c == Combination::Max as u32 => $do!(f32, Max),
            c if c == Combination::Min as u32 => $do!(f32, Min),
            c if c == Combination::SumI as u32 => $do!(i32, Sum),
            c if c == Combination::ProdI as u32 => $do!(i32, Prod),
            c if c == Combination::MaxI as u32 => $do!(i32, Max),
            _ => $do!(i32, Min),
        }
    }};
}

#[inline(always)]
fn words<T: Word + Copy, C: Combine<T>>(a: u32, b: u32) -> u32 {
    C::combine(T::from_word(a), T::from_word(b)).to_word()
}

/// Where an item's elements are.
struct Item {
    /// The number of its first element in the nest.
    first: u32,
    /// How many it has.
    count: u32,
}

impl Item {
    #[inline(always)]
    fn new(head: &Reduce, live: bool, output: u32, block: u32) -> Item {
        let start = block.wrapping_mul(BLOCK as u32);
        let count = if live { head.length.wrapping_sub(start).min(BLOCK as u32) } else { 0 };
        Item { first: output.wrapping_mul(head.length).wrapping_add(start), count }
    }

    /// Elements `places` of the item, where it has them.
    #[inline(always)]
    fn elements(&self, places: Group) -> Elements {
        Elements {
            numbers: each(|i| self.first.wrapping_add(places[i])),
            live: each(|i| places[i] < self.count),
        }
    }
}

/// What a thread runs next: the program for some of the item's elements or, at the end, the one for its
/// result.
struct Turn {
    code: u32,
    nest: u32,
    elements: Elements,
}

impl Turn {
    #[inline(always)]
    fn inside(head: &Reduce, item: &Item, places: Group) -> Turn {
        Turn { code: head.code, nest: head.nest, elements: item.elements(places) }
    }

    /// # Safety
    /// The thread must have register 0.
    #[inline(always)]
    unsafe fn after(machine: &Machine, head: &Reduce, item: u32, live: bool, result: u32) -> Turn {
        // SAFETY: the caller's promise.
        unsafe { machine.register(0).set_words([result; 4]) };
        let elements = Elements { numbers: [item; 4], live: [live, false, false, false] };
        Turn { code: head.after_code, nest: head.after_nest, elements }
    }
}

/// One half of a warp for each item: its threads are the lanes.
///
/// # Safety
/// The block must be a [`Reduce`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn reduce_rows(block: Global, buffers: Global, _: Global) {
    let machine = Machine::new(block, buffers, 0);
    let lanes = shape::ROW_LANES;
    let lane = sys::thread() % lanes;
    // SAFETY: the caller's promise; all threads take part in each step, whatever their items.
    unsafe {
        let head: Reduce = machine.part(0);
        let number = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread()) / lanes;
        let live = number < head.items;
        let (output, part) = head.split.split(number);
        let item = Item::new(&head, live, output, part);
        let longest = head.length.min(BLOCK as u32);
        let mut sum = head.identity;
        let mut at = 0;
        // The machine is large code: both programs run at one place.
        loop {
            let finished = at >= longest;
            let turn = if finished {
                macro_rules! meet {
                    ($($distance:literal)*) => { $({
                        let other = sys::shuffle_xor(sum, $distance);
                        macro_rules! add {
                            ($type:ty, $operation:ty) => { words::<$type, $operation>(sum, other) };
                        }
                        sum = with_combination!(head.combination, add);
                    })* };
                }
                meet!(8 4 2 1);
                Turn::after(&machine, &head, number, live & (lane == 0), sum)
            } else {
                Turn::inside(&head, &item, each(|i| at + i as u32 * lanes + lane))
            };
            machine.run(turn.code, turn.nest, turn.elements);
            if finished {
                return;
            }
            let values = machine.read(head.value);
            macro_rules! add {
                ($type:ty, $operation:ty) => {{
                    for i in 0..GROUP as usize {
                        let next = words::<$type, $operation>(sum, values[i]);
                        sum = if turn.elements.live[i] { next } else { sum };
                    }
                }};
            }
            with_combination!(head.combination, add);
            at += GROUP * lanes;
        }
    }
}

/// One thread for each item, which keeps the lanes in registers of its own, four in each.
///
/// # Safety
/// The block must be a [`Reduce`] that the host encoded for a checked program.
#[inline(always)]
pub unsafe fn reduce_columns(block: Global, buffers: Global, _: Global) {
    let registers = shape::COLUMN_SUMS.wrapping_mul(sys::threads().wrapping_mul(REGISTER));
    let machine = Machine::new(block, buffers, registers);
    let sums = Machine::new(block, buffers, 0);
    let row = |i: u32| sums.register(i.wrapping_mul(sys::threads()));
    // SAFETY: the caller's promise; every thread has registers for its lanes.
    unsafe {
        let head: Reduce = machine.part(0);
        let number = sys::block().wrapping_mul(sys::threads()).wrapping_add(sys::thread());
        let live = number < head.items;
        let (part, output) = head.split.split(number);
        let item = Item::new(&head, live, output, part);
        for i in 0..shape::COLUMN_SUMS {
            row(i).set_words([head.identity; 4]);
        }
        let longest = head.length.min(BLOCK as u32);
        let mut at = 0;
        loop {
            let finished = at >= longest;
            let turn = if finished {
                let lanes: [Group; LANES / 4] = each(|i| row(i as u32).words());
                macro_rules! tree {
                    ($type:ty, $operation:ty) => {{
                        let lane = |i: usize| <$type>::from_word(lanes[i / 4][i % 4]);
                        #[rustfmt::skip]
                        let lanes = [
                            lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7),
                            lane(8), lane(9), lane(10), lane(11), lane(12), lane(13), lane(14), lane(15),
                        ];
                        reduce::tree::<$type, $operation>(lanes).to_word()
                    }};
                }
                let sum = with_combination!(head.combination, tree);
                Turn::after(&machine, &head, number, live, sum)
            } else {
                Turn::inside(&head, &item, each(|i| at + i as u32))
            };
            machine.run(turn.code, turn.nest, turn.elements);
            if finished {
                return;
            }
            let values = machine.read(head.value);
            let row = row(at / GROUP % shape::COLUMN_SUMS);
            let sum = row.words();
            macro_rules! add {
                ($type:ty, $operation:ty) => {
                    each(|i| {
                        let next = words::<$type, $operation>(sum[i], values[i]);
                        if turn.elements.live[i] { next } else { sum[i] }
                    })
                };
            }
            row.set_words(with_combination!(head.combination, add));
            at += GROUP;
        }
    }
}
