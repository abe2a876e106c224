//! Running sums and positions in an order, against the reference on every level and several numbers of
//! threads.

mod common;

use common::{THREADS, agrees_with, bytes, load, numbers, single, strided};
use minutia_tensor::{DType, Device, Error, program::*};

/// How lines of so many elements lie: their number, strides of input and output, the latter for any layout
/// and for positions, which lie side by side.
type Case = (Vec<usize>, usize, &'static [usize], [&'static [usize]; 2]);

fn cases() -> [Case; 6] {
    [
        (vec![], 5, &[1], [&[2], &[1]]),
        (vec![3], 0, &[0, 1], [&[1, 1], &[1, 1]]),
        (vec![7], 1, &[1, 1], [&[1, 1], &[1, 1]]),
        (vec![4, 5], 30, &[150, 1, 5], [&[150, 1, 5], &[150, 30, 1]]),
        (vec![3], 4, &[0, 1], [&[4, 1], &[4, 1]]),
        (vec![2000], 40, &[40, 1], [&[41, 1], &[41, 1]]),
    ]
}

fn check(what: &str, elements: usize, step: Primitive) {
    let buffers = [bytes(&numbers(5, elements, true)), bytes(&vec![7.0; elements + 2000])];
    if let Err(difference) = agrees_with(&THREADS, what, &single(step, &buffers, &[1]), &buffers) {
        panic!("{difference}");
    }
}

#[test]
fn running_sums_add_one_element_after_the_other() {
    for (dims, length, from, [to, _]) in cases() {
        for dtype in [DType::F32, DType::I32] {
            for (reverse, exclusive) in [(false, false), (false, true), (true, false), (true, true)] {
                let (dims, input, output) = (dims.clone(), strided(0, dtype, from), strided(1, dtype, to));
                let what = format!("sums of {dims:?} along {length}, {reverse} {exclusive}, {dtype}");
                let elements = dims.iter().product::<usize>() * length + 8;
                let step = Primitive::Scan(Scan { reverse, exclusive, dims, length, input, output });
                check(&what, elements, step);
            }
        }
    }
}

#[test]
fn equal_elements_keep_their_order_in_either_direction() {
    for (dims, length, from, [_, to]) in cases() {
        for dtype in [DType::F32, DType::I32] {
            for descending in [false, true] {
                let (dims, input, output) =
                    (dims.clone(), strided(0, dtype, from), strided(1, DType::I32, to));
                let what = format!("order of {dims:?} along {length}, {descending}, {dtype}");
                let elements = dims.iter().product::<usize>() * length + 8;
                check(
                    &what,
                    elements,
                    Primitive::ArgSort(ArgSort { descending, dims, length, input, output }),
                );
            }
        }
    }
}

#[test]
fn nan_is_the_largest_and_zeros_are_equal() -> Result<(), Error> {
    let buffers = [bytes(&[0.0, f32::NAN, -0.0, f32::INFINITY, -1.0]), bytes(&[0.0; 5])];
    let device = Device::cpu()?;
    for (descending, order) in [(false, [4, 0, 2, 3, 1]), (true, [1, 3, 0, 2, 4])] {
        let (input, output) = (strided(0, DType::F32, &[1]), strided(1, DType::I32, &[1]));
        let step = Primitive::ArgSort(ArgSort { descending, dims: Vec::new(), length: 5, input, output });
        let (mut memory, slots) = load(&device, &buffers)?;
        device.compile(&single(step, &buffers, &[1]))?.run(&mut memory, &slots)?;
        let mut positions = [0_i32; 5];
        memory.load(slots[1], 0, &mut positions)?;
        assert_eq!(positions, order, "descending: {descending}");
    }
    Ok(())
}

#[test]
fn lines_that_do_not_fit_are_refused() -> Result<(), Error> {
    let device = Device::cpu()?;
    let scan = |from, to, length| {
        let (input, output) = (strided(0, from, &[5, 1]), strided(1, to, &[5, 1]));
        Primitive::Scan(Scan { reverse: false, exclusive: false, dims: vec![2], length, input, output })
    };
    let sort = |from, to, stride| {
        let (input, output) = (strided(0, from, &[5, 1]), strided(1, to, &[1, stride]));
        Primitive::ArgSort(ArgSort { descending: false, dims: vec![2], length: 5, input, output })
    };
    let (f32, i32, bool) = (DType::F32, DType::I32, DType::Bool);
    for (what, step, message) in [
        ("more elements than there are", scan(f32, f32, 6), "ends at byte 44"),
        ("sums of another type", scan(f32, i32, 5), "running sums of f32 as i32"),
        ("sums of truth values", scan(bool, bool, 5), "running sums of bool"),
        ("an order of truth values", sort(bool, i32, 1), "an order of bool"),
        ("positions of another type", sort(f32, f32, 1), "positions of type f32"),
        ("positions that are scattered", sort(f32, i32, 2), "side by side"),
        ("lines that meet", sort(f32, i32, 1), "meets itself"),
    ] {
        let buffers = [bytes(&[0.0; 10]), bytes(&[0.0; 10])];
        let text = device.compile(&single(step, &buffers, &[1])).expect_err(what).to_string();
        assert!(text.contains(message), "{what}: {text}");
    }
    Ok(())
}
