//! Kernels with one fault each.

/// A place where a kernel can be made wrong.
#[derive(Clone, Debug)]
pub struct Site {
    pub kernel: String,
    /// Its index among the lines of the text.
    pub line: usize,
    /// What is wrong then.
    pub what: &'static str,
    /// What stands there then.
    pub instead: String,
}

/// All places in a text, in its order.
pub fn sites(ptx: &str) -> Vec<Site> {
    let mut kernel = String::new();
    let mut found = Vec::new();
    for (line, text) in ptx.lines().enumerate() {
        if let Some(name) = text.strip_prefix(".visible .entry ") {
            kernel = name.trim_end_matches('(').to_string();
        }
        if let Some((what, instead)) = mutation(text.trim()) {
            found.push(Site { kernel: kernel.clone(), line, what, instead });
        }
    }
    found
}

fn mutation(text: &str) -> Option<(&'static str, String)> {
    if text.starts_with("bar.sync") {
        return Some(("a barrier is removed", String::new()));
    }
    if text.starts_with('@') && text.contains("bra") {
        return Some(("a branch is never taken", String::new()));
    }
    let memory = ["ld.shared", "st.shared", "ld.global", "st.global"];
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
    Some(("an address is shifted", format!("{before}[{base}+{}]{after}", offset + shift)))
}

impl Site {
    /// The text with something else on this line.
    pub fn replaced(&self, ptx: &str, instead: &str) -> String {
        let lines = ptx.lines().enumerate();
        lines.flat_map(|(i, text)| [if i == self.line { instead } else { text }, "\n"]).collect()
    }

    /// The faulty text.
    pub fn mutant(&self, ptx: &str) -> String {
        self.replaced(ptx, &self.instead)
    }
}
