//! Programs that a device must not run.

mod common;

use common::{dense, strided};
use minutia_tensor::{DType, Device, Error, program::*};

fn copy(bytes: [usize; 2], dims: &[usize], input: Access, output: Access) -> Program {
    let map = Map {
        dims: dims.into(),
        inputs: vec![input],
        program: MapProgram::identity(),
        outputs: vec![output],
    };
    let buffers =
        vec![BufferSpec { bytes: bytes[0], written: false }, BufferSpec { bytes: bytes[1], written: true }];
    Program { buffers, steps: vec![Primitive::Map(map)], ..Program::default() }
}

fn at(mut access: Access, offset: usize) -> Access {
    access.operand.offset = offset;
    access
}

#[test]
fn accesses_that_leave_or_spoil_their_buffers_are_refused() -> Result<(), Error> {
    let f32 = |buffer, strides: &[usize]| strided(buffer, DType::F32, strides);
    let rows = [
        ("reads past the end", copy([76, 80], &[20], dense(0, &[20]), dense(1, &[20])), "ends at byte 80"),
        ("writes past the end", copy([80, 76], &[20], dense(0, &[20]), dense(1, &[20])), "ends at byte 80"),
        (
            "starts too late",
            copy([80, 80], &[20], at(dense(0, &[20]), 4), dense(1, &[20])),
            "ends at byte 84",
        ),
        ("an odd offset", copy([99, 80], &[20], at(dense(0, &[20]), 2), dense(1, &[20])), "not aligned"),
        (
            "no such buffer",
            copy([80, 80], &[20], dense(2, &[20]), dense(1, &[20])),
            "buffer 2 is not declared",
        ),
        ("a read-only output", copy([80, 80], &[20], dense(1, &[20]), dense(0, &[20])), "read-only"),
        ("one stride too many", copy([80, 80], &[20], f32(0, &[20, 1]), dense(1, &[20])), "2 strides over 1"),
        ("a broadcast output", copy([80, 80], &[20], dense(0, &[20]), f32(1, &[0])), "meets itself"),
        ("overlapping rows", copy([80, 80], &[3, 3], dense(0, &[3, 3]), f32(1, &[2, 1])), "meets itself"),
        ("a shifted copy", copy([4, 84], &[20], at(dense(1, &[20]), 4), dense(1, &[20])), "another access"),
        (
            "an endless access",
            copy([80, 80], &[usize::MAX, 3], f32(0, &[8, 1]), f32(1, &[3, 1])),
            "overflows",
        ),
    ];
    let device = Device::cpu()?;
    for (what, program, message) in rows {
        let error = device.compile(&program).expect_err(what);
        let text = error.to_string();
        assert!(text.starts_with("step 0 ") && text.contains(message), "{what}: {text}");
    }
    Ok(())
}

#[test]
fn sums_of_rows_that_do_not_fit_are_refused() -> Result<(), Error> {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let (f32, i32) = (DType::F32, DType::I32);
    let refused = [
        ("too many updates", [0, 1, 2], [f32, i32, f32], [4, 5, 2], "ends at byte 32"),
        ("too many rows", [0, 1, 2], [f32, i32, f32], [3, 6, 2], "ends at byte 48"),
        ("sums over the updates", [2, 1, 2], [f32, i32, f32], [3, 5, 2], "overlaps an input"),
        ("sums over the indices", [0, 2, 2], [f32, i32, f32], [3, 5, 2], "overlaps an input"),
        ("indices of another type", [0, 1, 2], [f32, f32, f32], [3, 5, 2], "row indices of type f32"),
        ("updates of another type", [0, 1, 2], [i32, i32, f32], [3, 5, 2], "rows of i32"),
        ("a read-only result", [0, 1, 3], [f32, i32, f32], [3, 5, 2], "read-only"),
    ];
    let device = Device::cpu()?;
    for (what, buffers, types, [count, rows, width], message) in refused {
        let [updates, indices, output] = [0, 1, 2].map(|i| operand(buffers[i], types[i]));
        let step = Primitive::ScatterAddRows(ScatterAddRows { updates, indices, count, rows, width, output });
        let spec = |(bytes, written)| BufferSpec { bytes, written };
        let buffers = [(24, false), (16, false), (40, true), (40, false)].map(spec).to_vec();
        let program = Program { buffers, steps: vec![step], ..Program::default() };
        let text = device.compile(&program).expect_err(what).to_string();
        assert!(text.contains(message), "{what}: {text}");
    }
    Ok(())
}
