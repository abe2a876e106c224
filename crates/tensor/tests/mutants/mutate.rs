//! Kernels with one fault each.

/// What is wrong with a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A barrier is missing.
    NoBarrier,
    /// Every thread stores, whether it has something to store or not.
    NoBound,
    /// An address is that of the next element.
    Address,
}

/// A place where a kernel can be made wrong.
#[derive(Clone, Debug)]
pub struct Site {
    pub kernel: String,
    /// Its index among the lines of the text.
    pub line: usize,
    pub fault: Fault,
    /// What stands there when it is wrong.
    instead: String,
}

/// All places in a text, in its order: barriers, bounds of stores to global memory, and addresses of these
/// stores and of accesses to shared memory. Loads of global memory are left alone: most read the description
/// of a step, whose neighbouring words are often equal, and what is loaded beyond a bound is used for
/// nothing.
pub fn sites(ptx: &str) -> Vec<Site> {
    let lines: Vec<&str> = ptx.lines().map(str::trim).collect();
    let mut kernel = String::new();
    let mut found = Vec::new();
    for (line, text) in lines.iter().enumerate() {
        if let Some(name) = text.strip_prefix(".visible .entry ") {
            kernel = name.trim_end_matches('(').to_string();
        }
        let barrier = text.starts_with("bar.sync").then(|| (Fault::NoBarrier, String::new()));
        let bound = || bounds_store(&lines, line).then(|| (Fault::NoBound, String::new()));
        let address = || shifted(text).map(|instead| (Fault::Address, instead));
        if let Some((fault, instead)) = barrier.or_else(bound).or_else(address) {
            found.push(Site { kernel: kernel.clone(), line, fault, instead });
        }
    }
    found
}

/// Whether a line is a branch around a store. One that depends on equality chooses what to store, and bounds
/// nothing.
fn bounds_store(lines: &[&str], line: usize) -> bool {
    let branches = lines[line].starts_with('@') && lines[line].contains("bra");
    let equality = line > 0 && ["setp.eq", "setp.ne"].iter().any(|word| lines[line - 1].starts_with(word));
    let goes_on =
        |line: &&&str| !(["bra", "ret", "bar"].iter().any(|w| line.starts_with(w)) || line.ends_with(':'));
    let mut guarded = lines[line + 1..].iter().take(12).take_while(goes_on);
    branches && !equality && guarded.any(|line| line.starts_with("st.global"))
}

/// An access to the element behind the one that is meant.
fn shifted(text: &str) -> Option<String> {
    let memory = ["ld.shared", "st.shared", "st.global"];
    let opcode = memory.iter().any(|m| text.starts_with(m)).then(|| text.split_whitespace().next())??;
    let element = match opcode.rsplit('.').next()? {
        "u8" => 1,
        "b64" => 8,
        _ => 4,
    };
    let shift = element * if opcode.contains(".v4.") { 4 } else { 1 };
    let (before, rest) = text.split_once('[')?;
    let (address, after) = rest.split_once(']')?;
    let (base, offset) = match address.split_once('+') {
        Some((base, offset)) => (base, offset.parse::<i64>().ok()?),
        None => (address, 0),
    };
    Some(format!("{before}[{base}+{}]{after}", offset + shift))
}

impl Site {
    /// The text with this fault.
    pub fn mutant(&self, ptx: &str) -> String {
        self.replace(ptx, &self.instead)
    }

    /// The text with a trap for who comes here.
    pub fn trap(&self, ptx: &str) -> String {
        self.replace(ptx, "trap;")
    }

    fn replace(&self, ptx: &str, instead: &str) -> String {
        let lines = ptx.lines().enumerate();
        lines.flat_map(|(i, text)| [if i == self.line { instead } else { text }, "\n"]).collect()
    }
}
