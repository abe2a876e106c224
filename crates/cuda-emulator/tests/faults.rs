//! Each fault is found, and what is right beside it is not taken for one.

mod common;

use common::{extents, fault, kernel, load};
use minutia_cuda_emulator::{FaultKind, LaunchError, Memory, Module};

/// The first word of what a fault says.
fn name(kind: &FaultKind) -> String {
    kind.to_string().split(':').next().unwrap_or_default().to_string()
}

const ALL_WRITE_THEIR_WORD: &str = "mov.b32 %r2, dynamic; shl.b32 %r3, %r1, 2; add.s32 %r2, %r2, %r3;
    st.shared.u32 [%r2], %r1;";
const ALL_READ_THE_FIRST: &str = "ld.shared.u32 %r4, [dynamic];";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn faults_are_found_and_nothing_else() {
    let shared = |barrier: &str| format!("{ALL_WRITE_THEIR_WORD} {barrier} {ALL_READ_THE_FIRST}");
    let rows: Vec<(&str, String, u32, u32, Option<&str>)> = vec![
        ("a word each", "st.global.u32 [%rd2], %r1;".into(), 1, 64, None),
        ("a word too many", "st.global.u32 [%rd2+4], %r1;".into(), 1, 64, Some("out of bounds")),
        ("a word before", "ld.global.u32 %r2, [%rd2+-4];".into(), 1, 64, Some("out of bounds")),
        ("a word of a constant", "ld.global.nc.u32 %r2, [%rd2];".into(), 1, 64, None),
        ("a constant too many", "ld.global.nc.u32 %r2, [%rd2+4];".into(), 1, 64, Some("out of bounds")),
        ("no address", "mov.u64 %rd3, 0; ld.global.u32 %r2, [%rd3];".into(), 1, 1, Some("out of bounds")),
        ("half a word on", "ld.global.u32 %r2, [%rd2+2];".into(), 1, 1, Some("misaligned")),
        ("four words at a word", "ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%rd1+4];".into(), 1, 1, Some("misaligned")),
        ("four words", "ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%rd1+16];".into(), 1, 1, None),
        ("shared memory's end", "st.shared.u32 [dynamic+256], %r1;".into(), 1, 1, Some("out of bounds")),
        ("shared memory, misaligned", "st.shared.u32 [dynamic+1], %r1;".into(), 1, 1, Some("misaligned")),
        ("a second parameter", "ld.param.u32 %r2, [words+8];".into(), 1, 1, Some("out of bounds")),
        ("shared with a barrier", shared("bar.sync 0;"), 1, 16, None),
        ("shared without", shared(""), 1, 16, Some("race")),
        ("shared among warps, without", shared("").replace("shl.b32 %r3, %r1, 2", "shr.u32 %r3, %r1, 2; and.b32 %r3, %r3, 60"), 1, 64, Some("race")),
        ("shared by one thread", shared(""), 1, 1, None),
        (
            "written after it was read",
            format!("{} bar.sync 0; {ALL_READ_THE_FIRST} {ALL_WRITE_THEIR_WORD}", ALL_WRITE_THEIR_WORD),
            1,
            16,
            Some("race"),
        ),
        (
            "a shuffle is no barrier",
            shared("shfl.sync.bfly.b32 %r5, %r1, 1, 31, -1;"),
            1,
            32,
            Some("race"),
        ),
        ("one word, all threads", "st.global.u32 [%rd1], 7;".into(), 1, 2, Some("race")),
        ("one word, all blocks", "st.global.u32 [%rd2], 7;".into(), 2, 1, Some("race")),
        ("one word, read by all blocks", "ld.global.u32 %r2, [%rd2];".into(), 2, 32, None),
        ("one word, atomically", "atom.global.add.u32 %r2, [%rd1], 1;".into(), 2, 32, None),
        (
            "one word, atomically and not",
            "atom.global.add.u32 %r2, [%rd1], 1; ld.global.u32 %r3, [%rd1];".into(),
            1,
            2,
            Some("race"),
        ),
        (
            "a byte each",
            "cvt.u64.u32 %rd3, %r1; add.s64 %rd3, %rd1, %rd3; st.global.u8 [%rd3], %r1;".into(),
            1,
            64,
            None,
        ),
        (
            "a byte and its word",
            "cvt.u64.u32 %rd3, %r1; add.s64 %rd3, %rd1, %rd3; st.global.u8 [%rd3], %r1; ld.global.u32 %r2, [%rd1];".into(),
            1,
            2,
            Some("race"),
        ),
        ("an unset register", "add.s32 %r2, %r3, 1;".into(), 1, 1, Some("uninitialised")),
        (
            "a register set by half of the threads",
            "setp.lt.u32 %p1, %r1, 16; @%p1 mov.b32 %r3, 1; add.s32 %r2, %r3, 1;".into(),
            1,
            32,
            Some("uninitialised"),
        ),
        (
            "the half that set it",
            "setp.lt.u32 %p1, %r1, 16; @%p1 mov.b32 %r3, 1; @%p1 add.s32 %r2, %r3, 1;".into(),
            1,
            32,
            None,
        ),
        ("an unset predicate", "@%p1 mov.b32 %r2, 1;".into(), 1, 1, Some("uninitialised")),
        ("any value", "// implicit-def: %r3\n    add.s32 %r2, %r3, 1;".into(), 1, 1, None),
        ("shared memory, unset", ALL_READ_THE_FIRST.into(), 1, 1, Some("uninitialised")),
        (
            "shared memory of the block before",
            format!("setp.eq.u32 %p1, %r9, 0; @%p1 {}", "st.shared.u32 [dynamic], 1; ld.shared.u32 %r4, [dynamic];")
                .replace("setp.eq.u32 %p1, %r9", "mov.u32 %r9, %ctaid.x; setp.eq.u32 %p1, %r9"),
            2,
            1,
            Some("uninitialised"),
        ),
        (
            "a barrier for half of the threads",
            "setp.lt.u32 %p1, %r1, 16; @%p1 bar.sync 0;".into(),
            1,
            32,
            Some("divergent barrier"),
        ),
        (
            "two barriers for two halves",
            "setp.lt.u32 %p1, %r1, 32; @%p1 bra $A; bar.sync 0; bra.uni $B; $A: bar.sync 0; $B:".into(),
            1,
            64,
            Some("divergent barrier"),
        ),
        (
            "two halves at one barrier",
            "setp.lt.u32 %p1, %r1, 16; @%p1 bra $A; mov.b32 %r2, 1; $A: bar.sync 0;".into(),
            1,
            32,
            None,
        ),
        (
            "a shuffle for half of the threads",
            "setp.lt.u32 %p1, %r1, 16; @%p1 shfl.sync.bfly.b32 %r2, %r1, 1, 31, -1;".into(),
            1,
            32,
            Some("divergent shuffle"),
        ),
        (
            "a shuffle among half of the threads",
            "setp.lt.u32 %p1, %r1, 16; @%p1 shfl.sync.bfly.b32 %r2, %r1, 1, 31, 65535;".into(),
            1,
            32,
            None,
        ),
        (
            "a shuffle from outside",
            "setp.lt.u32 %p1, %r1, 16; @%p1 shfl.sync.bfly.b32 %r2, %r1, 16, 31, 65535;".into(),
            1,
            32,
            Some("a shuffle reads thread 16 of the warp, which does not take part"),
        ),
        ("division by zero", "div.u32 %r2, 7, %r1;".into(), 1, 1, Some("division by zero")),
        ("a trap", "trap;".into(), 1, 1, Some("a trap is reached")),
        (
            "a table's end",
            "$T: .branchtargets $A, $A; brx.idx %r1, $T; $A:".into(),
            1,
            3,
            Some("a branch to place 2 of a table of 2"),
        ),
    ];
    for (what, body, blocks, threads, want) in rows {
        let found = fault(&body, blocks, threads).as_ref().map(name);
        assert_eq!(found.as_deref(), want, "{what}");
    }
}

#[test]
fn freed_memory_stays_freed() {
    let (loaded, mut memory, address) = load(&kernel("ld.global.u32 %r2, [%rd2];"), &[1]);
    memory.free(address).unwrap();
    memory.allocate(4);
    let error = loaded.launch("k", extents(1, 1), &address.to_le_bytes(), &mut memory).unwrap_err();
    assert!(error.to_string().starts_with("use after free: 4 bytes"), "{error}");
}

#[test]
fn memory_that_was_never_written_is_noticed() {
    let (loaded, mut memory, _) = load(&kernel("ld.global.u32 %r2, [%rd1]; st.global.u32 [%rd1], 1;"), &[]);
    let address = memory.allocate(4);
    let error = loaded.launch("k", extents(1, 1), &address.to_le_bytes(), &mut memory).unwrap_err();
    assert!(error.to_string().starts_with("uninitialised: global memory at"), "{error}");
}

#[test]
fn a_fault_names_its_place() {
    let (loaded, mut memory, address) = load(&kernel("st.global.u32 [%rd2], %r1;"), &[0; 40]);
    let launch = extents(1, 64);
    let error = loaded.launch("k", launch, &address.to_le_bytes(), &mut memory).unwrap_err();
    let LaunchError::Fault(fault) = error else { panic!("{error}") };
    assert_eq!((fault.kernel.as_str(), fault.block, fault.thread), ("k", [0; 3], [40, 0, 0]));
    assert_eq!(fault.instruction, "st.global.u32 [%rd2], %r1;");
    assert_eq!(
        kernel("st.global.u32 [%rd2], %r1;").lines().nth(fault.line as usize - 1),
        Some(&*fault.instruction)
    );
}

#[test]
fn launches_that_cannot_be_are_refused() {
    let (loaded, mut memory, address) = load(&kernel(""), &[0]);
    let mut try_launch = |blocks, threads, shared, parameters: &[u8]| {
        let extents = minutia_cuda_emulator::Extents { shared, ..extents(blocks, threads) };
        loaded.launch("k", extents, parameters, &mut memory).err().map(|e| e.to_string())
    };
    let address = address.to_le_bytes();
    assert_eq!(try_launch(1, 1024, 48 * 1024, &address), None);
    for (blocks, threads, shared, parameters, want) in [
        (1, 1, 0, &address[..4], "kernel 'k' takes 8 bytes of parameters, 4 were given"),
        (0, 1, 0, &address[..], "a grid has from 1"),
        (1, 0, 0, &address[..], "a block has from 1"),
        (1, 1025, 0, &address[..], "1024 in all"),
        (1, 1, 48 * 1024 + 1, &address[..], "at most 49152 bytes of shared memory"),
    ] {
        let error = try_launch(blocks, threads, shared, parameters).unwrap_or_default();
        assert!(error.contains(want), "{want}: {error}");
    }
    let error = loaded.launch("other", extents(1, 1), &[], &mut Memory::new()).unwrap_err();
    assert_eq!(error, LaunchError::NoKernel { name: "other".into() });
}

#[test]
fn what_is_not_known_is_named() {
    for (body, want) in [
        ("add.f32 %r2, %r1, %r1;", "kernel 'k': unknown instruction 'add.f32'"),
        ("ex2.approx.f32 %r2, %r1;", "kernel 'k': unknown instruction 'ex2.approx.f32'"),
        ("fma.rn.ftz.f32 %r2, %r1, %r1, %r1;", "kernel 'k': unknown instruction 'fma.rn.ftz.f32'"),
        ("bar.warp.sync -1;", "kernel 'k': unknown instruction 'bar.warp.sync'"),
        ("ld.global.u32 %r2, [%r1];", "kernel 'k': an address of 32 bits in global memory"),
        ("mov.b32 %r2, other;", "kernel 'k': 'other' is not declared"),
        ("mov.b32 %r99, 1;", "kernel 'k': the register '%r99' is not declared"),
        ("mov.b32 %rd3, 1;", "kernel 'k': '%rd3' is a Long, not one of [Word]"),
        ("mov.b32 %r2, 1", "'ret' where ',' is expected"),
        (".local .b8 frame[8];", "unknown directive '.local' in a kernel"),
    ] {
        let error = Module::parse(&kernel(body)).unwrap_err();
        assert_eq!(error.reason, want, "{body}");
    }
    let function = Module::parse(".visible .func f() { ret; }").unwrap_err();
    assert!(function.reason.starts_with("functions are not supported"), "{function}");
}
