//! What compiled kernels may contain: arithmetic that gives the same bits on every GPU, and exactly the
//! meetings of threads that the sources ask for.

use std::fmt;

use minutia_kernels::abi::Kernel;

use super::instructions::{Entry, Instruction, entries};

/// A rule that compiled kernels break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In the PTX; 0 where it is about the whole.
    line: usize,
    kernel: String,
    reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { line, kernel, reason } = self;
        match line {
            0 => write!(f, "{kernel}: {reason}"),
            line => write!(f, "line {line}, {kernel}: {reason}"),
        }
    }
}

/// What the sources say of a kernel.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    name: &'static str,
    barriers: usize,
    shuffles: usize,
}

/// The kernels that there must be.
pub fn declared() -> Vec<Declared> {
    let declared = |k: &Kernel| Declared { name: k.name(), barriers: k.barriers(), shuffles: k.shuffles() };
    Kernel::ALL.iter().map(declared).collect()
}

/// Every fault of a module.
pub fn faults(ptx: &str, declared: &[Declared]) -> Vec<Fault> {
    let (entries, outside) = entries(ptx);
    let mut faults = Vec::new();
    for (line, text) in outside {
        if text.split_whitespace().any(|word| word == ".func") {
            let reason = format!("a function that is no kernel, `{text}`; mark it #[inline] or leave it out");
            faults.push(Fault { line, kernel: "outside kernels".into(), reason });
        }
    }
    for entry in &entries {
        for &instruction in &entry.instructions {
            if let Some(reason) = fault_of(instruction) {
                let reason = format!("{reason}: `{}`", instruction.text);
                faults.push(Fault { line: instruction.line, kernel: entry.name.into(), reason });
            }
        }
        faults.extend(shape_of(entry, declared));
    }
    for kernel in declared.iter().filter(|d| entries.iter().all(|entry| entry.name != d.name)) {
        faults.push(Fault { line: 0, kernel: kernel.name.into(), reason: "is not in the module".into() });
    }
    faults
}

fn shape_of(entry: &Entry, declared: &[Declared]) -> Vec<Fault> {
    let fault = |reason| Fault { line: entry.line, kernel: entry.name.into(), reason };
    let Some(declared) = declared.iter().find(|d| d.name == entry.name) else {
        return vec![fault("is not in the table of kernels".into())];
    };
    let mut faults = Vec::new();
    if entry.parameters.len() != 3 || entry.parameters.iter().any(|p| !p.ends_with("64")) {
        faults.push(fault(format!("takes {:?}, not three addresses", entry.parameters)));
    }
    let count = |of: fn(Instruction) -> bool| entry.instructions.iter().filter(|i| of(**i)).count();
    for (what, found, expected) in [
        ("barriers", count(|i| matches!(i.name(), "bar" | "barrier")), declared.barriers),
        ("shuffles", count(|i| i.name() == "shfl"), declared.shuffles),
    ] {
        if found != expected {
            faults.push(fault(format!(
                "has {found} {what}, and the table of kernels says {expected}: the compiler has copied or dropped one, \
                 or the table is wrong"
            )));
        }
    }
    faults
}

/// Why an instruction may not stand in a kernel.
fn fault_of(i: Instruction) -> Option<&'static str> {
    if i.text.starts_with(".local") || i.has("local") {
        return Some("memory of a single thread is slow; keep values in registers");
    }
    if matches!(i.name(), "call" | ".param") {
        return Some("a call; everything must be part of the kernel");
    }
    if i.has("approx") || i.has("ftz") || i.has("full") {
        return Some("inexact arithmetic");
    }
    let float = ["f16", "f16x2", "bf16", "bf16x2", "f32", "f64"].iter().any(|t| i.has(t));
    if !float {
        return None;
    }
    match i.name() {
        "add" | "sub" | "mul" | "div" | "fma" | "sqrt" | "rcp" if i.has("rn") && !i.has("sat") => None,
        "add" | "sub" | "mul" | "div" | "fma" | "sqrt" | "rcp" => Some("not rounded to nearest (.rn)"),
        "neg" | "abs" | "setp" | "selp" | "mov" | "ld" | "st" => None,
        "cvt" => conversion(i),
        "atom" | "red" => Some("the order of a sum would depend on chance"),
        _ => Some("arithmetic on floats that the contract does not know"),
    }
}

/// Conversions round to nearest where they round and towards zero where they give an integer.
fn conversion(i: Instruction) -> Option<&'static str> {
    let types: Vec<&str> = i.code().split('.').rev().take(2).collect();
    let (from, to) = (types[0], types.get(1).copied().unwrap_or_default());
    let allowed = match (from.starts_with('f'), to.starts_with('f')) {
        (true, false) => i.has("rzi"),
        (true, true) => i.has("rn") || (from, to) == ("f32", "f64"),
        _ => i.has("rn"),
    };
    (!allowed).then_some("a conversion that does not round as the contract says")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: [Declared; 1] = [Declared { name: "a", barriers: 1, shuffles: 1 }];

    fn module(instructions: &str) -> String {
        let parameters = ".param .u64 p0,\n.param .b64 p1,\n.param .u64 p2\n";
        format!(
            ".visible .entry a(\n{parameters})\n{{\n\tbar.sync 0;\n\tshfl.sync.bfly.b32 %r1, %r2, 8, 31, -1;\n{instructions}\n}}\n"
        )
    }

    #[test]
    fn exact_arithmetic_passes() {
        let instructions = [
            "add.rn.f32 %r1, %r2, %r3;",
            "fma.rn.f64 %rd1, %rd2, %rd3, %rd4;",
            "sqrt.rn.f32 %r1, %r2;",
            "rcp.rn.f32 %r1, %r2;",
            "cvt.rn.f32.s32 %r1, %r2;",
            "cvt.f64.f32 %rd1, %r2;",
            "cvt.rn.f32.f64 %r1, %rd2;",
            "cvt.rzi.s32.f32 %r1, %r2;",
            "setp.ltu.f32 %p1, %r1, 0f00000000;",
            "add.s32 %r1, %r2, %r3;",
            "ld.shared.v4.b32 {%r1, %r2, %r3, %r4}, [%r5];",
        ];
        assert_eq!(faults(&module(&instructions.join("\n\t")), &DECLARED), []);
    }

    #[test]
    fn each_rule_finds_what_breaks_it() {
        for (planted, word) in [
            ("add.f32 %r1, %r2, %r3;", "nearest"),
            ("@%p1 mul.rz.f32 %r1, %r2, %r3;", "nearest"),
            ("fma.rn.ftz.f32 %r1, %r2, %r3, %r4;", "inexact"),
            ("div.full.f32 %r1, %r2, %r3;", "inexact"),
            ("sqrt.approx.f32 %r1, %r2;", "inexact"),
            ("ex2.approx.f32 %r1, %r2;", "inexact"),
            ("add.rn.sat.f32 %r1, %r2, %r3;", "nearest"),
            ("min.f32 %r1, %r2, %r3;", "contract does not know"),
            ("mad.rn.f32 %r1, %r2, %r3, %r4;", "contract does not know"),
            ("cvt.rzi.f32.f32 %r1, %r2;", "round"),
            ("cvt.rni.s32.f32 %r1, %r2;", "round"),
            ("cvt.rz.f32.s32 %r1, %r2;", "round"),
            ("atom.global.add.f32 %r1, [%rd1], %r2;", "chance"),
            ("red.global.add.f32 [%rd1], %r2;", "chance"),
            ("ld.local.b32 %r1, [%rd1];", "single thread"),
            (".local .align 4 .b8 __local_depot1[16];", "single thread"),
            ("call.uni f, (p);", "call"),
            ("bar.sync 0;", "2 barriers"),
            ("shfl.sync.bfly.b32 %r1, %r2, 4, 31, -1;", "2 shuffles"),
        ] {
            let faults = faults(&module(&format!("\t{planted}")), &DECLARED);
            assert!(faults.len() == 1 && faults[0].reason.contains(word), "{planted}: {faults:?}");
        }
    }

    #[test]
    fn the_module_has_the_declared_kernels_and_nothing_else() {
        let good = module("");
        for (changed, word) in [
            (good.replace("\tbar.sync 0;\n", ""), "0 barriers"),
            (good.replace(".param .u64 p2", ".param .u32 p2"), "three addresses"),
            (format!("{good}.visible .func f()\n{{\n}}\n"), "no kernel"),
            (format!(".extern .func panic\n;\n{good}"), "no kernel"),
            (format!("{good}.visible .entry b()\n{{\n}}\n"), "not in the table"),
            (String::new(), "not in the module"),
        ] {
            let faults = faults(&changed, &DECLARED);
            assert!(faults.len() == 1 && faults[0].reason.contains(word), "{word}: {faults:?}");
        }
    }
}
