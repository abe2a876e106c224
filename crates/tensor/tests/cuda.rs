//! GPUs as devices: which there are, what goes wrong with them, and what becomes of their memory.
#![cfg(feature = "cuda")]

mod common;

use common::{dense, emulator::Emulator, single};
use minutia_kernels::{PTX, map::Code};
use minutia_tensor::{CudaFailure, Device, Error, Memory, cuda, program::*};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tests that count allocations need the GPU for themselves.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn device() -> Device {
    minutia_test_support::gpu::device()
}

fn negate() -> Program {
    let mut m = MapBuilder::new(1);
    let y = m.apply(Code::Neg, &[m.input(0)]);
    let (inputs, outputs) = (vec![dense(0, &[8])], vec![dense(1, &[8])]);
    let step = Map { dims: vec![8], inputs, program: m.finish(&[y]), outputs };
    single(Primitive::Map(step), &[vec![0; 32], vec![0; 32]], &[1])
}

#[test]
fn a_gpu_is_named_and_counted() -> Result<(), Error> {
    let _alone = alone();
    let device = device();
    assert!(device.to_string().starts_with("cuda:0 ("), "{device}");
    let count = Device::cuda_count()?;
    assert!(count >= 1);
    let error = Device::cuda(count).unwrap_err();
    assert!(matches!(error, Error::NoDevice { ordinal, .. } if ordinal == count), "{error}");
    Ok(())
}

#[test]
fn every_gpu_says_why_it_cannot_be_used() -> Result<(), Error> {
    let _alone = alone();
    let Some(emulator) = Emulator::find() else { return Ok(()) };
    drop(device());
    emulator.devices(Some("old,full,busy,fine,fine"));
    assert_eq!(Device::cuda_count(), Ok(5));
    for (ordinal, parts) in [
        ["no CUDA device 0", "compute capability 6.1; 7.5 is needed", "use a newer GPU, or the CPU"],
        ["opening GPU 1", "CUDA_ERROR_OUT_OF_MEMORY (2)", "its memory is taken: nvidia-smi names"],
        ["opening GPU 2", "CUDA_ERROR_DEVICE_UNAVAILABLE (46)", "another program has it for itself"],
    ]
    .iter()
    .enumerate()
    {
        let error = Device::cuda(ordinal).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    // Those behind them work, side by side.
    let devices = [Device::cuda(3)?, Device::cuda(4)?];
    for (device, name) in devices.iter().zip(["cuda:3 (", "cuda:4 ("]) {
        assert!(device.to_string().starts_with(name), "{device}");
    }
    let mut runs = Vec::new();
    for device in &devices {
        let mut memory = Memory::new(device);
        let slots = [memory.allocate(32)?, memory.allocate(32)?];
        runs.push((device.compile(&negate())?, memory, slots));
    }
    for (executable, memory, slots) in &mut runs {
        memory.store(slots[0], &[1.0_f32; 8])?;
        executable.run(memory, &slots[..])?;
        let mut result = [0.0; 8];
        memory.load(slots[1], 0, &mut result)?;
        assert_eq!(result, [-1.0; 8]);
    }
    let (other, rest) = runs.split_at_mut(1);
    let error = other[0].0.run(&mut rest[0].1, &rest[0].2).unwrap_err();
    assert!(matches!(error, Error::WrongDevice { .. }), "{error}");
    drop((runs, devices));
    emulator.devices(Some(""));
    assert_eq!(Device::cuda_count(), Ok(0));
    let error = Device::cuda(0).unwrap_err().to_string();
    assert!(error.contains("the driver knows 0") && error.contains("CUDA_VISIBLE_DEVICES"), "{error}");
    emulator.devices(None);
    Ok(())
}

#[test]
fn another_driver_cannot_be_chosen_later() {
    let _alone = alone();
    let _device = device();
    let error = cuda::use_driver("/another/libcuda.so").unwrap_err();
    assert_eq!(error, Error::DriverChosen { path: "/another/libcuda.so".into() });
}

#[test]
fn programs_run_over_memory_of_their_own_device() -> Result<(), Error> {
    let _alone = alone();
    let (cpu, gpu) = (Device::cpu()?, device());
    for (program, memory) in [(&cpu, &gpu), (&gpu, &cpu)] {
        let mut executable = program.compile(&negate())?;
        let mut memory = Memory::new(memory);
        let slots = [memory.allocate(32)?, memory.allocate(32)?];
        let error = executable.run(&mut memory, &slots).unwrap_err();
        assert!(matches!(error, Error::WrongDevice { .. }), "{error}");
    }
    Ok(())
}

#[test]
fn devices_work_on_any_thread() -> Result<(), Error> {
    let _alone = alone();
    let device = device();
    let work = |start: f32| {
        let mut executable = device.compile(&negate())?;
        let mut memory = Memory::new(&device);
        let (x, y) = (memory.allocate(32)?, memory.allocate(32)?);
        memory.store(x, &[start; 8])?;
        executable.run(&mut memory, &[x, y])?;
        let mut result = [0.0; 8];
        memory.load(y, 0, &mut result)?;
        Ok::<_, Error>(result == [-start; 8])
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (1..5).map(|i| scope.spawn(move || work(i as f32))).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("the thread ends well"), Ok(true));
        }
    });
    Ok(())
}

#[test]
fn memory_goes_to_a_cache_and_in_the_end_to_the_driver() -> Result<(), Error> {
    let _alone = alone();
    let Some(emulator) = Emulator::find() else { return Ok(()) };
    let device = device();
    let mut memory = Memory::new(&device);
    let before = emulator.live();
    let slot = memory.allocate(1000)?;
    assert_eq!(emulator.live(), (before.0 + 1, before.1 + 1000), "a block is as long as it was asked for");
    memory.write(slot, &[7; 1000])?;
    memory.free(slot);
    assert_eq!(emulator.live(), (before.0 + 1, before.1 + 1000), "a freed block is kept");
    let again = memory.allocate(1000)?;
    assert_eq!(emulator.live(), (before.0 + 1, before.1 + 1000), "a kept block is used again");
    let mut bytes = [1; 1000];
    memory.read(again, 0, &mut bytes)?;
    assert_eq!(bytes, [0; 1000], "as if it were new");
    memory.free(again);
    // More than half of the memory that the stand-in has, twice.
    let most = memory.allocate(600 << 20)?;
    assert_eq!(memory.allocate(601 << 20), Err(Error::OutOfMemory { bytes: 601 << 20 }));
    memory.free(most);
    memory.allocate(601 << 20)?;
    assert_eq!(
        emulator.live(),
        (before.0 + 1, before.1 + (601 << 20)),
        "kept blocks are given up if need be"
    );
    drop((memory, device));
    assert_eq!(emulator.live(), (0, 0), "nothing is left with the last device");
    assert_eq!(emulator.reports(), (0, String::new()));
    Ok(())
}

/// What a device made of other PTX says when it is opened and runs a program.
fn failure(ptx: &str) -> Option<CudaFailure> {
    let emulator = Emulator::find()?;
    emulator.substitute(Some(ptx));
    let result = Device::cuda(0).and_then(|device| {
        let mut executable = device.compile(&negate())?;
        let mut memory = Memory::new(&device);
        let slots = [memory.allocate(32)?, memory.allocate(32)?];
        executable.run(&mut memory, &slots)?;
        executable.run(&mut memory, &slots)?;
        memory.wait()
    });
    emulator.substitute(None);
    emulator.reports();
    match result.unwrap_err() {
        Error::Cuda(failure) => Some(*failure),
        other => panic!("{other}"),
    }
}

#[test]
fn a_kernel_that_fails_is_named_with_its_step() {
    let _alone = alone();
    drop(device());
    let first = PTX.find(".visible .entry map(").expect("there is such a kernel");
    let start = first + PTX[first..].find("ld.param").expect("it has parameters");
    let Some(failure) = failure(&format!("{}trap;\n{}", &PTX[..start], &PTX[start..])) else { return };
    assert_eq!(failure.function, "cuLaunchKernel", "the second launch is refused");
    assert_eq!(failure.action, "launching the kernel 'map' of step 0 after the kernel 'map' of step 0");
    assert_eq!(failure.step, Some(0));
    assert!(failure.error.starts_with("CUDA_ERROR_LAUNCH_FAILED (719): "), "{failure}");
    assert!(failure.error.contains("a trap is reached (kernel 'map', block [0, 0, 0]"), "{failure}");
    assert_eq!((failure.driver.as_str(), failure.ptx), ("12.0", "6.3"));
    assert!(failure.cure.contains("CUDA_LAUNCH_BLOCKING=1"), "{failure}");
}

#[test]
fn kernels_that_the_driver_does_not_take_are_explained() {
    let _alone = alone();
    drop(device());
    let Some(failure) = failure(&PTX.replace("fma.rn.f32", "fma.rz.f32")) else { return };
    assert_eq!(failure.action, "compiling the kernels for this GPU");
    assert!(failure.error.starts_with("CUDA_ERROR_INVALID_PTX (218): "), "{failure}");
    assert!(failure.error.ends_with("unknown instruction 'fma.rz.f32'"), "{failure}");
    assert!(failure.cure.starts_with("update NVIDIA's driver"), "{failure}");
}
