//! A process that may use some of the CPUs has no more threads than these, unless it asks for them.
// Elsewhere tests run in emulators, whose programs `taskset` cannot start.
#![cfg(all(target_os = "linux", any(target_arch = "x86", target_arch = "x86_64")))]

use minutia_tensor::{Device, cpu::Options};
use std::{env, fs, process::Command};

/// Set in the child, which has one CPU.
const CHILD: &str = "MINUTIA_TEST_ONE_CPU";

/// The first of the CPUs that this process may use.
fn first_cpu() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap().trim();
    list.split([',', '-']).next().unwrap().to_string()
}

#[test]
fn a_process_that_is_bound_to_one_cpu_has_one_thread() {
    if env::var_os(CHILD).is_some() {
        let threads = |threads| {
            let device = Device::cpu_with(Options { threads, ..Options::default() }).unwrap().to_string();
            device.rsplit_once(", ").unwrap().1.to_string()
        };
        assert_eq!((threads(None).as_str(), threads(Some(3)).as_str()), ("1 thread)", "3 threads)"));
        return;
    }
    let mut child = Command::new("taskset");
    child
        .args(["-c", &first_cpu()])
        .arg(env::current_exe().unwrap())
        .env(CHILD, "1")
        .env_remove("MINUTIA_THREADS");
    match child.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => println!("not tried, since there is no taskset: {error}"),
    }
}
