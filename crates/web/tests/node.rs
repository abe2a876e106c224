//! The modules that are kept, under Node where there is one: what takes no epoch of training. `.ci/web` does
//! all.

use std::process::Command;

#[test]
fn modules_give_what_answers_has() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/answers.cjs");
    let relaxed = "--experimental-wasm-relaxed-simd";
    let knows =
        |flag: &str| Command::new("node").args([flag, "-e", ""]).output().is_ok_and(|o| o.status.success());
    let flags: &[&str] = if knows(relaxed) { &[relaxed] } else { &[] };
    let Ok(ended) = Command::new("node").args(flags).args([script, "quick"]).output() else {
        println!("skipped: there is no node");
        return;
    };
    assert!(
        ended.status.success(),
        "{}{}",
        String::from_utf8_lossy(&ended.stdout),
        String::from_utf8_lossy(&ended.stderr)
    );
}
