//! PTX as lines of instructions.

/// An instruction of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// From 1.
    pub line: usize,
    /// Without predicate, label and semicolon.
    pub text: &'a str,
}

impl<'a> Instruction<'a> {
    /// What stands before the operands: name and modifiers.
    pub fn code(self) -> &'a str {
        self.text.split_whitespace().next().unwrap_or_default()
    }

    /// The first part of the code.
    pub fn name(self) -> &'a str {
        self.code().split('.').next().unwrap_or_default()
    }

    /// Whether the code has such a modifier or type.
    pub fn has(self, part: &str) -> bool {
        self.code().split('.').skip(1).any(|other| other == part)
    }
}

/// A kernel: name, the types of its parameters, and its instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub name: &'a str,
    pub line: usize,
    pub parameters: Vec<&'a str>,
    pub instructions: Vec<Instruction<'a>>,
}

/// The kernels of a module, and the lines outside them.
pub fn entries(ptx: &str) -> (Vec<Entry<'_>>, Vec<(usize, &str)>) {
    let (mut entries, mut outside): (Vec<Entry>, _) = (Vec::new(), Vec::new());
    // A kernel is a line with its name, lines of parameters to `)`, and `{` to `}` at the line's beginning.
    let mut inside = false;
    let mut at_parameters = false;
    for (i, line) in ptx.lines().enumerate() {
        let text = line.split("//").next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        if let Some((_, name)) = text.split_once(".entry ") {
            let name = name.split('(').next().unwrap_or_default().trim();
            entries.push(Entry { name, line: i + 1, parameters: Vec::new(), instructions: Vec::new() });
            (inside, at_parameters) = (true, !text.ends_with(')'));
        } else if !inside {
            outside.push((i + 1, text));
        } else if let Some(entry) = entries.last_mut() {
            if at_parameters {
                entry
                    .parameters
                    .extend(text.strip_prefix(".param ").and_then(|p| p.split_whitespace().next()));
                at_parameters = !text.ends_with(')');
            } else if line.starts_with('}') {
                inside = false;
            } else if let Some(text) = instruction(text) {
                entry.instructions.push(Instruction { line: i + 1, text });
            }
        }
    }
    (entries, outside)
}

/// A line without predicate and semicolon; `None` for labels, braces and declarations of registers.
fn instruction(text: &str) -> Option<&str> {
    let text = match text.strip_prefix('@') {
        Some(rest) => rest.split_once(char::is_whitespace)?.1.trim(),
        None => text,
    };
    let skipped =
        text.ends_with(':') || text.starts_with(['{', '}', '(', ')', '$']) || text.starts_with(".reg");
    (!skipped).then(|| text.trim_end_matches(';').trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_taken_apart() {
        let ptx = "\
.version 6.3
.visible .entry a(
\t.param .u64 a_param_0,
\t.param .b32 a_param_1
)
{
\t.reg .b32 %r<2>;
$L__BB0_1:
\t@%p1 bra $L__BB0_1; // back
\t@!%p2 add.rn.f32 %r1, %r2, %r3;
}
.visible .entry b()
{
\tret;
}
.func c
";
        let (entries, outside) = entries(ptx);
        let a = &entries[0];
        assert_eq!((a.name, a.line, &a.parameters[..]), ("a", 2, &[".u64", ".b32"][..]));
        let texts: Vec<_> = a.instructions.iter().map(|i| (i.line, i.text)).collect();
        assert_eq!(texts, [(9, "bra $L__BB0_1"), (10, "add.rn.f32 %r1, %r2, %r3")]);
        let add = a.instructions[1];
        assert_eq!((add.code(), add.name()), ("add.rn.f32", "add"));
        assert!(add.has("rn") && add.has("f32") && !add.has("add") && !add.has("f3"));
        assert_eq!((entries[1].name, entries[1].instructions.len()), ("b", 1));
        assert_eq!(outside, [(1, ".version 6.3"), (16, ".func c")]);
    }
}
