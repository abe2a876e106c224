//! Kernels of a few lines, and how they are run.
#![allow(dead_code)]

use minutia_cuda_emulator::{Extents, FaultKind, LaunchError, Loaded, Memory, Module};

/// A kernel `k` over a pointer, with registers of every kind: `%rd1` holds the pointer, `%rd2` that of the
/// thread's word, `%r1` the thread's number.
pub fn kernel(body: &str) -> String {
    format!(
        ".version 6.3
.target sm_75
.address_size 64
.extern .shared .align 16 .b8 dynamic[];
.visible .entry k(.param .u64 words)
{{
    .reg .pred %p<10>;
    .reg .b16 %rs<10>;
    .reg .b32 %r<20>;
    .reg .b64 %rd<20>;
    ld.param.u64 %rd1, [words];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd2, %r1, 4;
    add.s64 %rd2, %rd1, %rd2;
{body}
    ret;
}}"
    )
}

/// Memory in which `words` lie, their address, and what a module is when it is loaded.
pub fn load(ptx: &str, words: &[u32]) -> (Loaded, Memory, u64) {
    let mut memory = Memory::new();
    let address = memory.allocate(words.len() * 4);
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    memory.write(address, &bytes).unwrap();
    let module = Module::parse(ptx).unwrap_or_else(|e| panic!("{e}\n{ptx}"));
    (Loaded::new(module, &mut memory), memory, address)
}

/// So many blocks of so many threads, with 256 bytes of shared memory.
pub fn extents(blocks: u32, threads: u32) -> Extents {
    Extents { grid: [blocks, 1, 1], block: [threads, 1, 1], shared: 256 }
}

/// Runs a kernel of one block over words, and gives what they are then.
pub fn run(body: &str, words: &[u32], threads: u32) -> Vec<u32> {
    let (loaded, mut memory, address) = load(&kernel(body), words);
    let result = loaded.launch("k", extents(1, threads), &address.to_le_bytes(), &mut memory);
    result.unwrap_or_else(|e| panic!("{e}\n{body}"));
    let mut bytes = vec![0; words.len() * 4];
    memory.read(address, &mut bytes).unwrap();
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Runs a kernel over 64 words that hold their own numbers, and gives the fault that it met.
pub fn fault(body: &str, blocks: u32, threads: u32) -> Option<FaultKind> {
    let words: Vec<u32> = (0..64).collect();
    let (loaded, mut memory, address) = load(&kernel(body), &words);
    match loaded.launch("k", extents(blocks, threads), &address.to_le_bytes(), &mut memory) {
        Ok(()) => None,
        Err(LaunchError::Fault(fault)) => Some(fault.kind),
        Err(other) => panic!("{other}"),
    }
}
