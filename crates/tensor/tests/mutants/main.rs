//! A kernel that is made wrong in one place is noticed: by a fault, or by other bits.
#![cfg(feature = "cuda")]

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod mutate;

use cases::Case;
use common::{canonical, emulator::Emulator, load};
use minutia_kernels::{PTX, abi::Kernel};
use minutia_tensor::{Device, Error};
use mutate::{Fault, Site};
use std::collections::BTreeMap;

/// The buffers after a program, or its error.
type Outcome = Result<Vec<Vec<u32>>, Error>;

/// What a program gives on a device.
fn outcome(device: &Device, (program, buffers): &Case) -> Outcome {
    let mut executable = device.compile(program)?;
    let (mut memory, slots) = load(device, buffers)?;
    executable.run(&mut memory, &slots)?;
    memory.wait()?;
    let read = |(slot, buffer): (_, &Vec<u8>)| {
        let mut bytes = vec![0; buffer.len()];
        memory.read(slot, 0, &mut bytes).map(|()| canonical(&bytes))
    };
    slots.iter().copied().zip(buffers).map(read).collect()
}

/// Tells whether kernels are wrong.
struct Judge {
    emulator: Emulator,
    /// For each kernel its cases, and what they give.
    cases: BTreeMap<String, Vec<(Case, Outcome)>>,
}

impl Judge {
    /// Whether some case of a kernel gives anything else with this PTX.
    fn notices(&mut self, kernel: &str, ptx: &str) -> bool {
        let cases = self.cases.entry(kernel.to_string()).or_insert_with(|| {
            let cpu = Device::cpu().expect("there is a CPU");
            let with_outcome = |case| {
                let outcome = outcome(&cpu, &case);
                (case, outcome)
            };
            cases::of(kernel).into_iter().map(with_outcome).collect()
        });
        self.emulator.substitute(Some(ptx));
        // Each device is the only one, so that it loads the PTX anew.
        let noticed = cases.iter().any(|(case, want)| {
            let device = minutia_test_support::gpu::device();
            outcome(&device, case) != *want
        });
        self.emulator.substitute(None);
        noticed
    }
}

#[test]
fn faults_of_kernels_are_noticed() {
    let Some(emulator) = Emulator::find() else { return };
    let mut judge = Judge { emulator, cases: BTreeMap::new() };
    for kernel in Kernel::ALL {
        assert!(!judge.notices(kernel.name(), PTX), "{} without a fault", kernel.name());
    }
    let mut noticed = BTreeMap::new();
    for site in sample(mutate::sites(PTX)) {
        // What no case comes to cannot be noticed.
        if !judge.notices(&site.kernel, &site.trap(PTX)) {
            continue;
        }
        let line = PTX.lines().nth(site.line).unwrap_or_default();
        let Site { kernel, fault, .. } = &site;
        assert!(
            judge.notices(kernel, &site.mutant(PTX)),
            "{kernel}, line {}: {fault:?}: {line}",
            site.line + 1
        );
        *noticed.entry(site.fault).or_insert(0) += 1;
    }
    println!("noticed: {noticed:?}");
    let barriers: usize = Kernel::ALL.iter().map(|kernel| kernel.barriers()).sum();
    assert_eq!(noticed.get(&Fault::NoBarrier), Some(&barriers), "all barriers were removed");
    for fault in [Fault::NoBound, Fault::Address] {
        assert!(noticed.get(&fault).is_some_and(|&n| n >= 8), "{fault:?} was tried: {noticed:?}");
    }
}

/// All barriers, and one in so many of the other sites; all of them take a minute.
fn sample(sites: Vec<Site>) -> impl Iterator<Item = Site> {
    let mut numbers = BTreeMap::new();
    sites.into_iter().filter(move |site| {
        let number = numbers.entry(site.fault).or_insert(0);
        *number += 1;
        let every = match site.fault {
            Fault::NoBarrier => 1,
            Fault::NoBound => 2,
            Fault::Address => 16,
        };
        *number % every == 0
    })
}
