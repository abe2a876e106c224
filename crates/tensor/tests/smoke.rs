//! A program runs end to end.

use minutia_tensor::{
    DType, Device, Memory, Tensor,
    program::{Access, BufferSpec, Map, MapBuilder, Operand, Program, Step},
};

#[test]
fn a_map_adds_two_tensors() -> Result<(), minutia_tensor::Error> {
    let mut m = MapBuilder::new(2);
    let (x, y) = (m.input(0), m.input(1));
    let sum = m.apply(minutia_kernels::map::Code::Add, &[x, y]);
    let access =
        |buffer| Access { operand: Operand { buffer, offset: 0, dtype: DType::F32 }, strides: vec![1] };
    let program = Program {
        buffers: [false, false, true].map(|written| BufferSpec { bytes: 12, written }).into(),
        steps: vec![Step::Map(Map {
            dims: vec![3],
            inputs: vec![access(0), access(1)],
            program: m.finish(&[sum]),
            outputs: vec![access(2)],
        })],
    };
    let device = Device::cpu()?;
    let mut memory = Memory::new(&device);
    let x = memory.share(&Tensor::from([1.0_f32, 2.0, 3.0]))?;
    let y = memory.share(&Tensor::from([10.0_f32, 20.0, 30.0]))?;
    let z = memory.allocate(12)?;
    device.compile(&program)?.run(&mut memory, &[x, y, z])?;
    let mut bytes = [0; 12];
    memory.read(z, 0, &mut bytes)?;
    let sum = Tensor::from_bytes(DType::F32, 3, &bytes)?;
    assert_eq!(sum.as_slice::<f32>()?, [11.0, 22.0, 33.0]);
    Ok(())
}
