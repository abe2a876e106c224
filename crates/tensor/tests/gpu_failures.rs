//! A bad row number on a GPU: who is told, and what becomes of what was launched after it. Without the
//! feature `cuda` there is nothing to test.

mod common;

use common::{bytes, dense, gpu, int_bytes, load};
use minutia_tensor::{DType, Device, Error, Memory, Slot, program::*};

/// Fills the output, then takes row `index` of a table of four rows of one element.
fn program() -> Program {
    let operand = |buffer, dtype| Operand { buffer, offset: 0, dtype };
    let fill = Map {
        dims: vec![1],
        inputs: vec![],
        program: MapProgram::fill(1.0f32.to_bits()),
        outputs: vec![dense(2, &[1])],
    };
    let gather = GatherRows {
        table: operand(0, DType::F32),
        rows: 4,
        width: 1,
        indices: operand(1, DType::I32),
        count: 1,
        program: MapProgram::identity(),
        output: operand(3, DType::F32),
    };
    let spec = |bytes, written| BufferSpec { bytes, written };
    Program {
        buffers: vec![spec(16, false), spec(4, false), spec(4, true), spec(4, true)],
        steps: vec![Primitive::Map(fill), Primitive::GatherRows(gather)],
        names: vec!["the fill".into(), "the gather".into()],
        ..Program::default()
    }
}

fn loaded(device: &Device, index: i32) -> (Memory, Vec<Slot>) {
    let buffers = [bytes(&[10.0, 11.0, 12.0, 13.0]), int_bytes(&[index]), bytes(&[0.0]), bytes(&[0.0])];
    load(device, &buffers).unwrap()
}

fn outputs(memory: &Memory, slots: &[Slot]) -> [f32; 2] {
    [2, 3].map(|i| {
        let mut value = [0.0];
        memory.load(slots[i], 0, &mut value).unwrap();
        value[0]
    })
}

/// What is told of a bad index.
fn told() -> Result<(), Error> {
    Err(Error::IndexOutOfRange { step: 1, name: "the gather".into(), position: 0, index: 7, rows: 4 })
}

#[test]
fn nothing_runs_after_it_until_it_is_told() {
    let Some(device) = gpu() else { return };
    let (mut memory, slots) = loaded(&device, 7);
    let mut executable = device.compile(&program()).unwrap();
    executable.run(&mut memory, &slots).unwrap();
    executable.run(&mut memory, &slots).unwrap();
    assert_eq!(memory.wait(), told());
    assert_eq!(outputs(&memory, &slots), [1.0, 0.0], "what was before it has run");

    memory.store(slots[2], &[0.0f32]).unwrap();
    executable.run(&mut memory, &slots).unwrap();
    assert_eq!(memory.store(slots[1], &[2]), told(), "a write tells too");
    memory.store(slots[1], &[2]).unwrap();
    executable.run(&mut memory, &slots).unwrap();
    assert_eq!(outputs(&memory, &slots), [1.0, 12.0], "once it is told, programs run again");
}

#[test]
fn another_memory_does_not_notice() {
    let Some(device) = gpu() else { return };
    let mut executable = device.compile(&program()).unwrap();
    let ((mut bad, bad_slots), (mut good, good_slots)) = (loaded(&device, 7), loaded(&device, 3));
    executable.run(&mut bad, &bad_slots).unwrap();
    executable.run(&mut good, &good_slots).unwrap();
    assert_eq!(good.wait(), Ok(()));
    assert_eq!(outputs(&good, &good_slots), [1.0, 13.0]);
    drop(executable);
    assert_eq!(bad.wait(), told(), "also when the program is gone");
}
