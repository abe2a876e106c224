//! Known answers: the files of `docs/contract`, which tests compute anew and other implementations of the
//! numeric contract check themselves with.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{env, fs, path::Path};

/// Words as eight hexadecimal digits each.
#[must_use]
pub fn hex(words: &[u32]) -> String {
    words.iter().map(|word| format!("{word:08x}")).collect::<Vec<_>>().join(" ")
}

/// What is computed, of which operands, with which results: `what : operands = results`. What is empty is
/// left out.
#[must_use]
pub fn row(what: &str, operands: &[u32], results: &[u32]) -> String {
    let left: Vec<String> = [what.to_string(), hex(operands)].into_iter().filter(|s| !s.is_empty()).collect();
    format!("{} = {}", left.join(" : "), hex(results))
}

/// SHA-256 of bytes, in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of each `block` words in turn, little-endian: which of them differs says where to look.
#[must_use]
pub fn digests(words: &[u32], block: usize) -> Value {
    let of = |words: &[u32]| sha256(&words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>());
    json!({ "block": block, "sha256": words.chunks(block).map(of).collect::<Vec<_>>() })
}

/// Compares what a test has computed with a file of `docs/contract`, or writes the file where
/// `MINUTIA_CONTRACT_BLESS` is set.
///
/// # Panics
/// Where they differ, with the first line that does; and where the file cannot be read or written.
pub fn compare(name: &str, answers: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract").join(name);
    let pretty = serde_json::to_string_pretty(answers).expect("values are text");
    let text: String = pretty.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    if env::var_os("MINUTIA_CONTRACT_BLESS").is_some() {
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<_>>();
    let (found, expected) = (lines(&text), lines(&known));
    let same = found.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
    assert!(
        found == expected,
        "{name}, line {}: found {:?}, expected {:?}; MINUTIA_CONTRACT_BLESS=1 writes it again, which changes the contract",
        same + 1,
        found.get(same),
        expected.get(same)
    );
}
