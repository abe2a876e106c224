//! Tables of which some rows are changed, and first positions of indices, against the reference on every
//! level and several numbers of threads.

mod common;

use common::{agrees_with, assert_agrees, bytes, dense, int_bytes, numbers, single, strided};
use minutia_tensor::{DType, program::*};

/// Numbers of threads.
const THREADS: [usize; 4] = [1, 2, 3, 7];
const CHANGES: [Change; 5] = [Change::Set, Change::Add, Change::Sub, Change::Max, Change::Min];

fn operand(buffer: usize, dtype: DType) -> Operand {
    Operand { buffer, offset: 0, dtype }
}

/// Changes `rows` rows of buffer 0, which lie `pitch` apart, into those of buffer 3, or in place.
fn update(change: Change, [count, rows, width, pitch]: [usize; 4], in_place: bool) -> Primitive {
    let table = |buffer| strided(buffer, DType::F32, &[pitch, 1]);
    let (updates, indices) = (operand(1, DType::F32), operand(2, DType::I32));
    let (base, output) = (table(0), table(if in_place { 0 } else { 3 }));
    Primitive::UpdateRows(UpdateRows { change, base, updates, indices, count, rows, width, output })
}

#[test]
fn named_rows_are_changed_by_position_and_no_others() {
    for [count, rows, width, pitch] in [
        [0, 3, 2, 2],
        [3, 2, 0, 0],
        [4, 1, 1, 1],
        [5, 2, 3, 5],
        [1200, 7, 70, 80],
        [30, 5000, 8, 8],
        [60, 3, 1500, 1504],
    ] {
        let picked: Vec<i32> = (0..count).map(|i| (i * i % rows) as i32).collect();
        let buffers = [
            bytes(&numbers(3, rows * pitch, true)),
            bytes(&numbers(4, count * width, true)),
            int_bytes(&picked),
            bytes(&vec![7.0; rows * pitch]),
        ];
        // Enough for several threads is enough for one kind of change.
        let changes = if count < 30 { &CHANGES[..] } else { &[Change::Sub] };
        for &change in changes {
            for (in_place, written) in [(true, 0), (false, 3)] {
                let step = update(change, [count, rows, width, pitch], in_place);
                let what =
                    format!("{change:?} of {count} rows of {width} among {rows}, in place: {in_place}");
                let program = single(step, &buffers, &[written]);
                if let Err(difference) = agrees_with(&THREADS, &what, &program, &buffers) {
                    panic!("{difference}");
                }
            }
        }
    }
}

#[test]
fn integers_can_be_set() {
    let buffers = [int_bytes(&[1, 2, 3, 4]), int_bytes(&[-5, i32::MIN]), int_bytes(&[3, 1])];
    let table = strided(0, DType::I32, &[1, 1]);
    let (updates, indices) = (operand(1, DType::I32), operand(2, DType::I32));
    let (base, output, change) = (table.clone(), table, Change::Set);
    let step = UpdateRows { change, base, updates, indices, count: 2, rows: 4, width: 1, output };
    assert_agrees("integers", &single(Primitive::UpdateRows(step), &buffers, &[0]), &buffers);
}

#[test]
fn an_index_outside_the_table_is_an_error_that_changes_nothing() {
    for (rows, bad) in [(4, -1), (4, 4), (4, i32::MAX), (4, i32::MIN), (0, 0)] {
        let buffers =
            [bytes(&vec![7.0; rows]), bytes(&[1.0; 3]), int_bytes(&[0, bad, 9]), bytes(&vec![5.0; rows])];
        for (in_place, written) in [(true, 0), (false, 3)] {
            let step = update(Change::Add, [3, rows, 1, 1], in_place);
            let program = single(step, &buffers, &[written]);
            assert_agrees(&format!("index {bad} of {rows}"), &program, &buffers);
        }
    }
}

#[test]
fn positions_are_those_where_an_index_stands_first() {
    for (count, different) in [(0, 1), (1, 1), (2, 1), (7, 3), (1000, 1), (1000, 90), (1000, 100_000)] {
        let some = |i: usize| (i * i * 2_654_435 % different) as i32 - 3;
        let picked: Vec<i32> = (0..count).map(some).collect();
        let buffers = [int_bytes(&picked), int_bytes(&vec![9; count])];
        let (indices, output) = (operand(0, DType::I32), operand(1, DType::I32));
        let step = Primitive::FirstPositions(FirstPositions { indices, count, output });
        assert_agrees(&format!("{count} indices"), &single(step, &buffers, &[1]), &buffers);
    }
}

#[test]
fn updates_that_do_not_fit_are_refused() {
    let device = minutia_tensor::Device::cpu().unwrap();
    let (f32, i32) = (DType::F32, DType::I32);
    let refused = [
        (
            "another type",
            strided(0, f32, &[2, 1]),
            [i32, i32],
            strided(0, f32, &[2, 1]),
            "Add rows of i32 to f32",
        ),
        (
            "sums of integers",
            strided(0, i32, &[2, 1]),
            [i32, i32],
            strided(0, i32, &[2, 1]),
            "Add rows of i32",
        ),
        (
            "indices of another type",
            dense(0, &[5, 2]),
            [f32, f32],
            dense(0, &[5, 2]),
            "row indices of type f32",
        ),
        (
            "elements apart",
            strided(0, f32, &[1, 5]),
            [f32, i32],
            strided(0, f32, &[1, 5]),
            "one after the other",
        ),
        (
            "other rows of the table",
            dense(0, &[5, 2]),
            [f32, i32],
            strided(0, f32, &[3, 1]),
            "another access",
        ),
        ("the updates as result", dense(0, &[5, 2]), [f32, i32], dense(1, &[5, 2]), "overlaps an input"),
    ];
    for (what, base, [updates, indices], output, message) in refused {
        let (updates, indices) = (operand(1, updates), operand(2, indices));
        let change = Change::Add;
        let step = UpdateRows { change, base, updates, indices, count: 3, rows: 5, width: 2, output };
        let buffers = [vec![0; 64], vec![0; 64], vec![0; 12]];
        let program = single(Primitive::UpdateRows(step), &buffers, &[0, 1]);
        let text = device.compile(&program).expect_err(what).to_string();
        assert!(text.contains(message), "{what}: {text}");
    }
}
