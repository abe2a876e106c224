//! Whatever a text or a launch names, it is an error, never a panic, an overflow of the stack, or all of the
//! memory.

mod common;

use common::{extents, fault, kernel, load};
use minutia_cuda_emulator::{Extents, FaultKind, LaunchError, Loaded, Memory, Module};

/// A kernel's head with parameters, and its body.
fn entry(parameters: &str, body: &str) -> String {
    format!(".version 6.3\n.entry k({parameters})\n{{\n{body}\nret;\n}}")
}

#[test]
fn numbers_are_checked_before_anything_is_made_of_them() {
    let variable = |what: &str| format!(".version 6.3\n{what}");
    let deep = |bracket: &str| kernel(&format!("mov.u32 %r2, {};", bracket.repeat(200_000)));
    for (text, line, want) in [
        (entry("", ".reg .b32 %r<4294967295>;"), 4, "4294967295 registers, at most 16384 are supported"),
        (entry("", ".reg .b32 %r<-1>;"), 4, "18446744073709551615 registers, at most"),
        (entry("", ".reg .b32 %r<9999>; .reg .b64 %rd<9999>;"), 2, "more than 16384 registers"),
        (variable(".global .b8 t[18446744073709551615];"), 2, "18446744073709551615 elements of a variable"),
        (variable(".global .b64 t[2305843009213693952];"), 2, "2305843009213693952 elements of a variable"),
        (variable(&".global .b8 t[9999999];\n".repeat(2)), 3, "more than 16777216 bytes of variables"),
        (variable(&".global .b8 t[0];\n".repeat(1025)), 1026, "more than 1024 variables"),
        (variable(".shared .align 0 .b8 t[1];"), 2, "an alignment of 0 bytes"),
        (variable(".shared .align 3 .b8 t[1];"), 2, "an alignment of 3 bytes"),
        (
            variable(".shared .align 9223372036854775808 .b8 t[1];"),
            2,
            "9223372036854775808 bytes of alignment",
        ),
        (entry(".param .b8 a[18446744073709551615]", ""), 2, "18446744073709551615 elements"),
        (entry(".param .b8 a[32765]", ""), 2, "more than 32764 bytes of parameters"),
        (entry(&[".param .b8 a[0]"; 32_765].join(","), ""), 2, "more than 32764 bytes of parameters"),
        (kernel("").replace("\n{", ".maxntid 4294967297\n{"), 5, "4294967297 threads, at most"),
        (kernel("bra end; end:").replace("ret;", ""), 5, "kernel 'k': nothing follows the label 'end'"),
        (kernel(&"{".repeat(200_000)), 17, "the kernel 'k' does not end"),
        (deep("{"), 15, "'{' where an operand is expected"),
        (deep("["), 15, "'[' where an operand is expected"),
        (kernel("ld.global.v4.u64 {%rd3, %rd4, %rd5, %rd6}, [%rd1];"), 15, "kernel 'k': unknown instruction"),
        (".entry k() { ret; }\n".repeat(1025), 1025, "more than 1024 kernels of a module"),
        (
            ".entry k() { .reg .b32 %r<16000>; ret; }\n".repeat(66),
            66,
            "more than 1048576 registers of a module",
        ),
    ] {
        let error = Module::parse(&text).expect_err(want);
        assert!(error.reason.contains(want), "{want}: {error}");
        assert_eq!(error.line, line, "{error}");
    }
}

#[test]
fn what_is_within_the_limits_is_taken() {
    for text in [
        entry(".param .b8 a[32764]", ".reg .b32 %r<16384>;"),
        ".global .align 256 .b8 t[16777216];".to_string(),
        entry("", &"{ .reg .b32 a; mov.u32 a, 1; }\n".repeat(20_000)),
    ] {
        Module::parse(&text).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// Each of these takes gigabytes where every instruction has a copy of what it names.
#[test]
fn a_text_takes_memory_by_its_length() {
    let line = "add.s32 %r2, %r1, 1;".repeat(30_000);
    Module::parse(&kernel(&line)).unwrap();
    let table = vec!["place"; 20_000].join(",");
    let branches = "brx.idx %r1, table;\n".repeat(20_000);
    Module::parse(&kernel(&format!("table: .branchtargets {table};\nplace: {branches}"))).unwrap();
}

#[test]
fn an_access_at_the_end_of_all_addresses_is_out_of_bounds() {
    for (instruction, address) in [("ld.global.u32 %r2", -4_i64), ("ld.global.v2.u64 {%rd4, %rd5}", -16)] {
        let body = format!("ld.global.u32 %r2, [%rd1]; mov.u64 %rd3, {address}; {instruction}, [%rd3];");
        let found = fault(&body, 1, 1).expect("it is no memory");
        assert!(matches!(found, FaultKind::OutOfBounds { .. }), "{found}");
    }
    let mut memory = Memory::new();
    let words = memory.allocate(4);
    for (address, bytes) in [(words, usize::MAX), (u64::MAX, 1), (u64::MAX, usize::MAX), (0, usize::MAX)] {
        let error = memory.fill(address, &[1], bytes).unwrap_err();
        assert!(matches!(error, FaultKind::OutOfBounds { .. }), "{error}");
    }
}

#[test]
fn launches_of_any_extents_are_refused_or_run() {
    let (loaded, mut memory, words) = load(&kernel(""), &[0]);
    let most = u32::MAX;
    for (grid, block, shared) in
        [([1; 3], [most; 3], 0), ([most; 3], [1; 3], 0), ([1; 3], [1; 3], usize::MAX), ([0; 3], [0; 3], 0)]
    {
        let error = loaded.launch("k", Extents { grid, block, shared }, &words.to_le_bytes(), &mut memory);
        assert!(matches!(error, Err(LaunchError::Extents { .. })), "{error:?}");
    }
}

#[test]
fn launches_end_after_as_many_instructions_as_they_may_execute() {
    let endless = |body: &str, grid: [u32; 3]| {
        let (loaded, mut memory, words) = load(&kernel(body), &[0]);
        let loaded = loaded.with_most_instructions(100_000);
        let extents = Extents { grid, ..extents(1, 1024) };
        loaded.launch("k", extents, &words.to_le_bytes(), &mut memory)
    };
    for (body, grid) in [
        ("again: bra again;", [1; 3]),
        ("again: bar.sync 0; bra again;", [1; 3]),
        ("", [i32::MAX as u32, 65_535, 65_535]),
    ] {
        match endless(body, grid).unwrap_err() {
            LaunchError::Fault(fault) => assert_eq!(fault.kind, FaultKind::Endless, "{body}"),
            other => panic!("{other}"),
        }
    }
}

/// Small numbers that seem random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

#[test]
fn damaged_texts_are_errors_or_run() {
    let valid = kernel(
        "table: .branchtargets one, two;
        .shared .align 4 .b8 own[64];
        rem.u32 %r2, %r1, 2; brx.idx %r2, table;
        one: setp.lt.s32 %p1, %r1, 7; @%p1 st.global.u32 [%rd2], %r1;
        two: shfl.sync.bfly.b32 %r3|%p2, %r1, 1, 31, -1; atom.global.add.u32 %r4, [%rd1+4], 1;
        ld.global.v2.u32 {%r5, %r6}, [%rd1]; cvt.rn.f32.s32 %r7, %r5; div.s32 %r8, %r5, %r6;
        st.shared.u32 [own+4], %r7; bar.sync 0;",
    );
    let words =
        ["18446744073709551615", "-", "{", "}", "[", "]", ",", ";", ":", "<", "0", "4294967296", "%p1"];
    let mut numbers = Numbers(1);
    for _ in 0..4000 {
        let mut parts: Vec<&str> = valid.split_inclusive([' ', ',', '\n']).collect();
        for _ in 0..=numbers.below(3) {
            let (i, j) = (numbers.below(parts.len()), numbers.below(parts.len()));
            match numbers.below(4) {
                0 => drop(parts.remove(i)),
                1 => parts.swap(i, j),
                2 => parts.insert(i, words[j % words.len()]),
                _ => parts[i] = words[j % words.len()],
            }
        }
        let Ok(module) = Module::parse(&parts.concat()) else { continue };
        let mut memory = Memory::new();
        let words = memory.allocate(256);
        memory.fill(words, &[1, 0, 0, 0], 64).unwrap();
        let loaded = Loaded::new(module, &mut memory).with_most_instructions(10_000);
        let _ = loaded.launch("k", extents(2, 40), &words.to_le_bytes(), &mut memory);
    }
}
