//! Rows that are added up by index, against the reference on every level and several numbers of threads.

mod common;

use common::{THREADS, agrees_with, assert_agrees, bytes, int_bytes, load, numbers, single};
use minutia_tensor::{DType, Device, Error, program::*};

fn scatter_add(count: usize, rows: usize, width: usize) -> Primitive {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let (updates, indices, output) = (operand(0, DType::F32), operand(1, DType::I32), operand(2, DType::F32));
    Primitive::ScatterAddRows(ScatterAddRows { updates, indices, count, rows, width, output })
}

/// Numbers whose sum depends on the order, large enough for threads; the result is written over.
#[test]
fn rows_are_added_up_by_position() {
    for (count, rows, width) in
        [(0, 3, 2), (3, 2, 0), (4, 1, 1), (5, 2, 3), (3000, 7, 70), (300, 5000, 8), (400, 3, 1500)]
    {
        let picked = (0..count).map(|i| (i * i % rows) as i32).collect::<Vec<_>>();
        let buffers =
            [bytes(&numbers(4, count * width, true)), int_bytes(&picked), bytes(&vec![7.0; rows * width])];
        let step = scatter_add(count, rows, width);
        let what = format!("{count} rows of {width} into {rows}");
        if let Err(difference) = agrees_with(&THREADS, &what, &single(step, &buffers, &[2]), &buffers) {
            panic!("{difference}");
        }
    }
}

#[test]
fn a_row_that_none_is_added_to_is_zero_and_so_is_the_sum_of_negative_zeros() -> Result<(), Error> {
    let buffers = [bytes(&[-0.0, -0.0, f32::NAN, 1.0]), int_bytes(&[2, 2, 0, 3]), bytes(&[5.0; 4])];
    let device = Device::cpu()?;
    let (mut memory, slots) = load(&device, &buffers)?;
    device.compile(&single(scatter_add(4, 4, 1), &buffers, &[2]))?.run(&mut memory, &slots)?;
    let mut sums = [0.0_f32; 4];
    memory.load(slots[2], 0, &mut sums)?;
    assert!(sums[0].is_nan());
    assert_eq!(sums[1..].iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [0, 0, 1.0_f32.to_bits()]);
    Ok(())
}

#[test]
fn an_index_outside_the_sums_is_an_error_that_writes_nothing() {
    for (rows, bad) in [(4, -1), (4, 4), (4, i32::MAX), (4, i32::MIN), (0, 0)] {
        let buffers = [bytes(&[1.0; 3]), int_bytes(&[0, bad, 9]), bytes(&vec![7.0; rows])];
        let step = scatter_add(3, rows, 1);
        assert_agrees(&format!("index {bad} of {rows}"), &single(step, &buffers, &[2]), &buffers);
    }
}
