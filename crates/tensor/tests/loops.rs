//! Loops, against the reference on every level, several numbers of threads and a GPU.

mod common;

use common::{assert_agrees, bytes, dense, int_bytes, numbers, program, strided};
use minutia_kernels::map::Code;
use minutia_tensor::{DType, Device, Error, program::*};

/// A map of one code over whole buffers.
fn map(code: Code, dims: &[usize], inputs: &[Access], output: Access) -> Primitive {
    let mut m = MapBuilder::new(inputs.len());
    let operands: Vec<Value> = (0..inputs.len()).map(|i| m.input(i)).collect();
    let y = m.apply(code, &operands);
    let (inputs, outputs) = (inputs.to_vec(), vec![output]);
    Primitive::Map(Map { dims: dims.to_vec(), inputs, program: m.finish(&[y]), outputs })
}

fn scalar(buffer: usize, dtype: DType) -> Access {
    strided(buffer, dtype, &[])
}

fn times(most: usize, body: Vec<Primitive>) -> Primitive {
    Primitive::Loop(Loop { predicate: None, most: Some(most), body, names: Vec::new() })
}

/// Buffers: numbers, factors, a counter, a limit, a step of 1, whether the counter is below the limit.
fn buffers(limit: i32) -> Vec<Vec<u8>> {
    let one = int_bytes(&[1]);
    vec![
        bytes(&numbers(1, 3000, true)),
        bytes(&numbers(2, 3000, false)),
        int_bytes(&[0]),
        int_bytes(&[limit]),
        one,
        vec![u8::from(limit > 0)],
    ]
}

/// Multiplies the numbers in place.
fn multiply() -> Primitive {
    let all = |buffer| dense(buffer, &[3000]);
    map(Code::Mul, &[3000], &[all(0), all(1)], all(0))
}

/// Counts, and looks whether the counter is below the limit.
fn count() -> [Primitive; 2] {
    let int = |buffer| scalar(buffer, DType::I32);
    [
        map(Code::AddI, &[], &[int(2), int(4)], int(2)),
        map(Code::LtI, &[], &[int(2), int(3)], scalar(5, DType::Bool)),
    ]
}

#[test]
fn iterations_follow_each_other() {
    for most in [0, 1, 2, 7] {
        let steps = vec![multiply(), times(most, vec![multiply()]), multiply()];
        assert_agrees(&format!("{most} times"), &program(steps, &buffers(1), &[0]), &buffers(1));
    }
}

#[test]
fn a_predicate_is_read_before_each_iteration() {
    let predicate = Some(scalar(5, DType::Bool).operand);
    for (limit, most) in [(0, None), (1, None), (5, None), (5, Some(3)), (5, Some(0)), (5, Some(100))] {
        let body = [vec![multiply()], count().to_vec()].concat();
        let step = Primitive::Loop(Loop { predicate, most, body, names: Vec::new() });
        let program = program(vec![step], &buffers(limit), &[0, 2, 5]);
        assert_agrees(&format!("below {limit}, at most {most:?}"), &program, &buffers(limit));
    }
}

#[test]
fn a_loop_may_be_in_a_loop() {
    let body = vec![times(2, vec![multiply(), times(2, vec![multiply()])]), count()[0].clone()];
    let program = program(vec![times(3, body), multiply()], &buffers(1), &[0, 2]);
    assert_agrees("three times two times two", &program, &buffers(1));
}

#[test]
fn what_goes_wrong_in_an_iteration_is_told_by_the_name_of_its_step() {
    // Row number `counter` of a table of 3 rows.
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let pick = Primitive::GatherRows(GatherRows {
        table: operand(1, DType::F32),
        rows: 3,
        width: 1000,
        indices: operand(2, DType::I32),
        count: 1,
        program: MapProgram::identity(),
        output: operand(0, DType::F32),
    });
    let [counting, _] = count();
    let names = vec!["the pick".to_string(), "the count".to_string()];
    let body = vec![pick, counting];
    let step = Primitive::Loop(Loop { predicate: None, most: Some(5), body, names });
    let program = program(vec![multiply(), step], &buffers(1), &[0, 2]);
    let device = Device::cpu().unwrap();
    let (mut memory, slots) = common::load(&device, &buffers(1)).unwrap();
    let error = device.compile(&program).unwrap().run(&mut memory, &slots).unwrap_err();
    let (name, position) = ("the pick".to_string(), 0);
    assert_eq!(error, Error::IndexOutOfRange { step: 1, name, position, index: 3, rows: 3 });
    let (what, all) = ("an index that grows", buffers(1));
    if let Some(gpu) = common::gpu() {
        let (mut memory, slots) = common::load(&gpu, &all).unwrap();
        let run = gpu.compile(&program).unwrap().run(&mut memory, &slots);
        assert_eq!(run.and_then(|()| memory.wait()), Err(error), "{what}");
    }
}

#[test]
fn loops_that_make_no_sense_are_refused() {
    let predicate = |dtype| Some(scalar(5, dtype).operand);
    let past = map(Code::Neg, &[3001], &[dense(0, &[3001])], dense(0, &[3001]));
    let cases = [
        (None, None, multiply(), "without a predicate and without a number of iterations"),
        (predicate(DType::I32), Some(3), multiply(), "a predicate of type i32"),
        (Some(scalar(6, DType::Bool).operand), Some(3), multiply(), "buffer 6 is not declared"),
        (None, Some(3), past, "its step 0: an access ends at byte 12004"),
        (None, Some(3), times(2, vec![count()[0].clone()]), "its step 0: its step 0: writes buffer 2"),
    ];
    for (predicate, most, step, says) in cases {
        let step = Primitive::Loop(Loop { predicate, most, body: vec![step], names: Vec::new() });
        let error = program(vec![step], &buffers(1), &[0]).check().unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
}
