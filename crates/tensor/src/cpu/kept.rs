//! Rows that a gather keeps as the bytes they are, beside the numbers that it makes of them, for products that leave
//! out zeros: those are found among bytes in less time.

use super::{
    executable::{Build, Place},
    gemm::{BEYOND, Bytes, Decode, seeks_zeros},
};
use crate::{
    DType,
    program::{GatherRows, Gemm, Program, Step},
};

/// The rows that a gather keeps, or that a product may read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    offset: usize,
    pitch: usize,
    decode: Decode,
}

impl Kept {
    pub(super) fn bytes(self, place: &Place) -> Bytes {
        Bytes { start: place.kept.wrapping_add(self.offset), pitch: self.pitch, decode: self.decode }
    }
}

/// For each step what it keeps or may read.
pub(super) fn find(program: &Program, build: &mut Build) -> Vec<Option<Kept>> {
    let mut kept: Vec<Option<Kept>> = vec![None; program.steps.len()];
    if !Bytes::pay(build.level) {
        return kept;
    }
    let gathers: Vec<_> = program.steps.iter().enumerate().filter_map(candidate).collect();
    for (number, step) in program.steps.iter().enumerate() {
        let Step::Gemm(product) = step else { continue };
        let made = gathers.iter().rev().find(|(at, gather, _)| *at < number && reads(product, gather));
        let Some(&(at, gather, decode)) = made.filter(|(at, ..)| lasts(program, *at, number)) else {
            continue;
        };
        let rows = kept[at].get_or_insert_with(|| {
            let pitch = gather.width.next_multiple_of(BEYOND);
            let bytes = gather.count.saturating_mul(pitch).saturating_add(BEYOND);
            Kept { offset: build.keep(bytes), pitch, decode }
        });
        kept[number] = Some(*rows);
    }
    kept
}

/// A gather of bytes that are numbers in a simple way.
fn candidate((number, step): (usize, &Step)) -> Option<(usize, &GatherRows, Decode)> {
    let Step::GatherRows(gather) = step else { return None };
    if (gather.table.dtype, gather.output.dtype) != (DType::U8, DType::F32) {
        return None;
    }
    Some((number, gather, Decode::of(&gather.program)?))
}

/// Whether zeros are looked for in the left operand, which is what the gather gives or its transpose.
fn reads(product: &Gemm, gather: &GatherRows) -> bool {
    let &GatherRows { count, width, output, .. } = gather;
    let &Gemm { m, n, k, ref a, ref b, .. } = product;
    let as_it_is = [m, k] == [count, width] && a.strides == [width, 1];
    let transposed = [m, k] == [width, count] && a.strides == [1, width] && width > 1;
    let strides = [a, b].map(|access| [access.strides[0], access.strides[1]]);
    a.operand == output && (as_it_is || transposed) && seeks_zeros([m, n, k], strides[0], strides[1])
}

/// Whether nothing writes over a gather's result before another step.
fn lasts(program: &Program, gather: usize, step: usize) -> bool {
    let results = program.writes(&program.steps[gather]);
    let apart = |(buffer, range): &(usize, std::ops::Range<usize>)| {
        results.iter().all(|(b, r)| b != buffer || r.end <= range.start || range.end <= r.start)
    };
    program.steps[gather + 1..step].iter().all(|between| program.writes(between).iter().all(apart))
}
