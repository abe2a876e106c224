//! A process that forks: the child has the memory of the parent's devices, and none of their threads.
#![allow(unsafe_code)]
#![cfg(unix)]

mod common;

use common::{dense, gpu, single};
use minutia_kernels::map::Code;
use minutia_tensor::{Device, Error, Executable, Memory, Slot, cpu::Options, program::*};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::{Duration, Instant},
};

/// Elements enough for several threads.
const COUNT: usize = 1 << 18;

/// Runs `work` in a forked child, and gives its exit code: 0 for true. Panics when the child does not end.
fn in_child(work: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child calls what this test is about, and ends without going back to the test.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let result = catch_unwind(AssertUnwindSafe(work));
        // SAFETY: ends the process without more.
        unsafe { libc::_exit(result.map_or(2, |good| i32::from(!good))) }
    }
    assert!(child > 0, "no child could be made");
    let (start, mut status) = (Instant::now(), 0);
    // SAFETY: the child is this process's, and the status can be written to.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == 0 {
        if start.elapsed() > Duration::from_secs(60) {
            // SAFETY: it is this process's child, and still there.
            unsafe { libc::kill(child, libc::SIGKILL) };
            panic!("the child hangs");
        }
        thread::sleep(Duration::from_millis(1));
    }
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) }
}

fn negate(count: usize) -> Program {
    let mut m = MapBuilder::new(1);
    let y = m.apply(Code::Neg, &[m.input(0)]);
    let (inputs, outputs) = (vec![dense(0, &[count])], vec![dense(1, &[count])]);
    let step = Map { dims: vec![count], inputs, program: m.finish(&[y]), outputs };
    single(Primitive::Map(step), &[vec![0; 4 * count], vec![0; 4 * count]], &[1])
}

fn ready(device: &Device, count: usize) -> Result<(Executable, Memory, [Slot; 2]), Error> {
    let mut memory = Memory::new(device);
    let slots = [memory.allocate(4 * count)?, memory.allocate(4 * count)?];
    memory.store(slots[0], &vec![1.5_f32; count])?;
    Ok((device.compile(&negate(count))?, memory, slots))
}

fn run(
    (executable, memory, slots): &mut (Executable, Memory, [Slot; 2]),
    count: usize,
) -> Result<bool, Error> {
    executable.run(memory, &slots[..])?;
    let mut result = vec![0.0_f32; count];
    memory.load(slots[1], 0, &mut result)?;
    Ok(result.iter().all(|&x| x == -1.5))
}

#[test]
fn a_child_computes_on_one_thread_and_drops_what_it_got() {
    let device = Device::cpu_with(Options { threads: Some(4), ..Options::default() }).unwrap();
    let mut parent = ready(&device, COUNT).unwrap();
    for number in 0..10 {
        // The threads are asleep, awake, or still on their way out of the last job.
        thread::sleep(Duration::from_micros(number * 100));
        assert_eq!(run(&mut parent, COUNT), Ok(true));
        let code = in_child(|| {
            let mut child = AssertUnwindSafe(&mut parent);
            let good = (0..3).all(|_| run(&mut child, COUNT) == Ok(true));
            // SAFETY: the child ends before anything of the parent's frame is dropped.
            let (parent, device) = unsafe { (std::ptr::read(*child), std::ptr::read(&device)) };
            drop((parent, device));
            let own = Device::cpu_with(Options { threads: Some(2), ..Options::default() });
            good && own.and_then(|own| run(&mut ready(&own, COUNT)?, COUNT)) == Ok(true)
        });
        assert_eq!(code, 0, "fork {number}");
    }
    assert_eq!(run(&mut parent, COUNT), Ok(true), "the parent goes on");
}

#[test]
fn a_child_is_told_that_the_gpu_is_the_parents() {
    let Some(device) = gpu() else { return };
    let mut parent = ready(&device, 8).unwrap();
    assert_eq!(run(&mut parent, 8), Ok(true));
    let code = in_child(|| {
        let refused = match run(&mut parent, 8) {
            Err(Error::NoDevice { ordinal: 0, reason }) => reason.contains("before this process was forked"),
            _ => false,
        };
        // SAFETY: the child ends before anything of the parent's frame is dropped.
        drop(unsafe { (std::ptr::read(&parent), std::ptr::read(&device)) });
        refused
    });
    assert_eq!(code, 0);
    assert_eq!(run(&mut parent, 8), Ok(true), "the parent goes on");
}
