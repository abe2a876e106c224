//! A kernel that is made wrong in one place is noticed: by a fault, or by other bits.
#![cfg(feature = "cuda")]

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod mutate;

use cases::Case;
use common::{canonical, emulator::Emulator, gpu, load};
use minutia_tensor::{Device, Error};
use mutate::Site;
use std::collections::BTreeMap;

const PTX: &str = include_str!("../../../../kernels/ptx/minutia.ptx");

/// What a program gives on a device: the buffers after it, or its error.
fn outcome(device: &Device, (program, buffers): &Case) -> Result<Vec<Vec<u32>>, Error> {
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

struct Judge {
    emulator: Emulator,
    /// For each kernel its cases, and what they give.
    cases: BTreeMap<String, Vec<(Case, Result<Vec<Vec<u32>>, Error>)>>,
}

impl Judge {
    /// Whether some case of a kernel gives anything else with this PTX.
    fn notices(&mut self, kernel: &str, ptx: &str) -> bool {
        let cases = self.cases.entry(kernel.to_string()).or_insert_with(|| {
            let cpu = Device::cpu().expect("there is a CPU");
            cases::of(kernel)
                .into_iter()
                .map(|case| (outcome(&cpu, &case), case))
                .map(|(o, c)| (c, o))
                .collect()
        });
        self.emulator.substitute(Some(ptx));
        let noticed = cases.iter().any(|(case, want)| {
            let device = gpu::device().expect("built with GPUs");
            outcome(&device, case) != *want
        });
        self.emulator.substitute(None);
        noticed
    }
}

#[test]
fn every_mutant_is_noticed() {
    let Some(emulator) = Emulator::find() else { return };
    let mut judge = Judge { emulator, cases: BTreeMap::new() };
    let all = mutate::sites(PTX);
    println!("{} sites", all.len());
    let kernels: std::collections::BTreeSet<_> = all.iter().map(|s| s.kernel.clone()).collect();
    for k in kernels {
        let t = std::time::Instant::now();
        println!("{k}: unmutated notices {} {:?}", judge.notices(&k, PTX), t.elapsed());
    }
    let step: usize = std::env::var("STEP").map_or(10, |s| s.parse().unwrap());
    let mut counts = BTreeMap::new();
    for (i, site) in all.iter().enumerate() {
        if site.what != "a barrier is removed" && i % step != 0 {
            continue;
        }
        let reached = judge.notices(&site.kernel, &site.replaced(PTX, "trap;"));
        let key = (site.kernel.clone(), site.what);
        let c: &mut [usize; 3] = counts.entry(key).or_default();
        if !reached {
            c[0] += 1;
            continue;
        }
        if judge.notices(&site.kernel, &site.mutant(PTX)) {
            c[1] += 1
        } else {
            c[2] += 1;
            println!(
                "SURVIVES {}:{} {} {}",
                site.kernel,
                site.line + 1,
                site.what,
                PTX.lines().nth(site.line).unwrap()
            );
        }
    }
    println!("{counts:#?}");
}
