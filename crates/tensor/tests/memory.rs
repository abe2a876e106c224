//! Slots, bindings and what goes wrong with them.

mod common;

use common::{bytes, dense, gpu, load, single};
use minutia_kernels::map::Code;
use minutia_tensor::{
    DType, Device, Error, Memory, Slot, Tensor,
    cpu::{Level, Options},
    program::*,
};

const N: usize = 20;

/// `buffer 1 = -buffer 0`.
fn negate() -> Program {
    let mut m = MapBuilder::new(1);
    let y = m.apply(Code::Neg, &[m.input(0)]);
    let step = Map {
        dims: vec![N],
        inputs: vec![dense(0, &[N])],
        program: m.finish(&[y]),
        outputs: vec![dense(1, &[N])],
    };
    single(Primitive::Map(step), &[vec![0; N * 4], vec![0; N * 4]], &[1])
}

fn read(memory: &Memory, slot: Slot) -> Result<Tensor, Error> {
    let mut raw = vec![0; N * 4];
    memory.read(slot, 0, &mut raw)?;
    Tensor::from_bytes(DType::F32, N, &raw)
}

/// Runs a test on every kind of device.
fn on_each(test: impl Fn(Device) -> Result<(), Error>) -> Result<(), Error> {
    let devices = std::iter::once(Device::cpu()?).chain(gpu());
    devices.into_iter().try_for_each(|device| {
        println!("on {device}");
        test(device)
    })
}

fn filled(x: f32) -> Tensor {
    Tensor::from(vec![x; N])
}

#[test]
fn a_program_follows_its_bindings() -> Result<(), Error> {
    on_each(|device| {
        let mut executable = device.compile(&negate())?;
        let mut memory = Memory::new(&device);
        let (x, y, z) = (memory.share(&filled(1.0))?, memory.allocate(N * 4)?, memory.allocate(N * 4)?);
        executable.run(&mut memory, &[x, y])?;
        assert_eq!(read(&memory, y)?, filled(-1.0), "the first run");
        memory.replace(x, &filled(2.0))?;
        executable.run(&mut memory, &[x, y])?;
        assert_eq!(read(&memory, y)?, filled(-2.0), "another tensor in the slot");
        executable.run(&mut memory, &[y, z])?;
        assert_eq!(read(&memory, z)?, filled(2.0), "other slots");
        memory.write(y, &bytes(&[5.0; N]))?;
        executable.run(&mut memory, &[y, z])?;
        assert_eq!(read(&memory, z)?, filled(-5.0), "new contents");
        let (mut other, slots) = load(&device, &[bytes(&[7.0; N]), vec![0; N * 4]])?;
        executable.run(&mut other, &slots)?;
        assert_eq!(read(&other, slots[1])?, filled(-7.0), "another memory with the same slots");
        memory.free(z);
        let w = memory.allocate(N * 4)?;
        assert_eq!((w, read(&memory, w)?), (z, filled(0.0)), "a slot that was free");
        executable.run(&mut memory, &[y, w])?;
        assert_eq!(read(&memory, w)?, filled(-5.0), "a slot given out again");
        Ok(())
    })
}

#[test]
fn a_tensor_of_bytes_can_be_read_as_floats() -> Result<(), Error> {
    on_each(|device| {
        let mut memory = Memory::new(&device);
        let (x, y) = (memory.share(&Tensor::from(bytes(&[1.5; N])))?, memory.allocate(N * 4)?);
        device.compile(&negate())?.run(&mut memory, &[x, y])?;
        assert_eq!(read(&memory, y)?, filled(-1.5));
        Ok(())
    })
}

#[test]
fn bad_bindings_are_named() -> Result<(), Error> {
    on_each(|device| {
        let mut executable = device.compile(&negate())?;
        let mut memory = Memory::new(&device);
        let (x, y) = (memory.allocate(N * 4)?, memory.allocate(N * 4)?);
        let (short, shared, freed) =
            (memory.allocate(12)?, memory.share(&filled(1.0))?, memory.allocate(N * 4)?);
        memory.free(freed);
        let binding = |slot, found| Error::Binding { slot, found, expected: N * 4 };
        let rows: [(&str, &[Slot], Error); 7] = [
            ("nothing", &[], binding(0, 0)),
            ("one of two", &[x], binding(1, 0)),
            ("a short input", &[short, y], binding(0, 12)),
            ("a short output", &[x, short], binding(1, 12)),
            ("a freed slot", &[freed, y], binding(0, 0)),
            ("a host tensor as output", &[x, shared], Error::ReadOnly { slot: 1 }),
            ("one slot twice", &[x, x], Error::Aliased { slot: 1, other: 0 }),
        ];
        for (what, slots, want) in rows {
            assert_eq!(executable.run(&mut memory, slots), Err(want), "{what}");
        }
        executable.run(&mut memory, &[x, y])?;
        executable.run(&mut memory, &[x, y, short])
    })
}

#[test]
fn slots_check_their_bounds() -> Result<(), Error> {
    on_each(|device| {
        let mut memory = Memory::new(&device);
        let (owned, shared) = (memory.allocate(8)?, memory.share(&Tensor::from([1_u8, 2, 3]))?);
        assert_eq!(memory.write(shared, &[0]), Err(Error::ReadOnly { slot: 1 }));
        assert_eq!(memory.write(owned, &[0; 9]), Err(Error::Binding { slot: 0, found: 8, expected: 9 }));
        let mut raw = [0; 2];
        memory.read(shared, 1, &mut raw)?;
        assert_eq!(raw, [2, 3]);
        for offset in [2, usize::MAX] {
            let want = Error::Binding { slot: 1, found: 3, expected: offset.saturating_add(2) };
            assert_eq!(memory.read(shared, offset, &mut raw), Err(want));
        }
        let want = Error::Binding { slot: 0, found: 0, expected: 3 };
        assert_eq!(
            memory.replace(owned, &Tensor::from([1_u8, 2, 3])),
            Err(want),
            "replaced what was not shared"
        );
        Ok(())
    })
}

#[test]
fn absurd_sizes_are_errors() -> Result<(), Error> {
    on_each(|device| {
        let mut memory = Memory::new(&device);
        for bytes in [usize::MAX, isize::MAX as usize, 1 << 60] {
            assert_eq!(memory.allocate(bytes), Err(Error::OutOfMemory { bytes }));
        }
        Ok(())
    })?;
    let n = 1 << 40;
    assert!(matches!(Tensor::zeros(DType::F32, [n, n]), Err(Error::OutOfMemory { .. })));
    Ok(())
}

#[test]
fn a_cpu_without_the_instructions_says_what_it_has() {
    for simd in Level::ALL.into_iter().filter(|l| !l.is_available()) {
        let error = Device::cpu_with(Options { simd: Some(simd), threads: None }).unwrap_err();
        let Error::Simd { asked, available } = error else { panic!("{simd}: {error}") };
        assert_eq!(asked, simd.name());
        assert!(available.starts_with("scalar"), "{available}");
    }
}
