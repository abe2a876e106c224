//! A picture does not depend on the process that draws it: hash maps have other seeds in each.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use sha2::{Digest, Sha256};
use std::{env, process::Command};

const CHILD: &str = "MINUTIA_VIZ_TEST_CHILD";

fn digest() -> String {
    let svgs = gallery::figures().unwrap().into_iter().map(|(_, figure)| figure.to_svg());
    Sha256::digest(svgs.collect::<String>()).iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn pictures_are_the_same_in_every_process() {
    if env::var_os(CHILD).is_some() {
        println!("digest {}", digest());
        return;
    }
    for _ in 0..5 {
        let this = env::current_exe().unwrap();
        let mut child = Command::new(this);
        child.args(["--exact", "pictures_are_the_same_in_every_process", "--nocapture"]).env(CHILD, "1");
        let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
        assert!(output.contains(&format!("digest {}", digest())), "{output}");
    }
}
