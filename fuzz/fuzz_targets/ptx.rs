//! PTX: read, loaded, and launched with a few threads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_cuda_emulator::{Extents, Loaded, Memory, Module};

/// Instructions that a launch may execute.
const MOST: u64 = 20_000;

fuzz_target!(|data: &[u8]| {
    let Some((&[threads, shared], text)) = data.split_first_chunk::<2>() else { return };
    let Ok(module) = Module::parse(&String::from_utf8_lossy(text)) else { return };
    let mut memory = Memory::new();
    let words = memory.allocate(256);
    memory.fill(words, &[1, 0, 0, 0], 64).expect("it is that long");
    let names: Vec<String> = module.kernels().take(2).map(str::to_string).collect();
    let loaded = Loaded::new(module, &mut memory).with_most_instructions(MOST);
    let threads = u32::from(threads) % 96;
    let extents = Extents { grid: [2, 1, 1], block: [threads, 1, 1], shared: usize::from(shared) };
    // Pointers to the words, as many as the kernel may take.
    let parameters = words.to_le_bytes().repeat(8);
    for name in names {
        for count in [8, 0, 64, 24, 4] {
            if loaded.launch(&name, extents, &parameters[..count], &mut memory).is_ok() {
                break;
            }
        }
    }
    loaded.unload(&mut memory);
});
