//! The ranks of a launch among the machine's processes.

use std::{collections::BTreeMap, fs, process::Command};

/// The variable by which Open MPI tells a process which rank it is.
const RANK: &str = "OMPI_COMM_WORLD_RANK=";

/// The numbers of the processes that a launcher has started and that are running, by rank.
pub fn ranks(launcher: u32) -> BTreeMap<usize, u32> {
    let numbers = fs::read_dir("/proc").unwrap();
    let numbers = numbers.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let children = numbers.filter(|&number| parent(number) == Some(launcher));
    children.filter_map(|number| Some((rank(number)?, number))).collect()
}

/// Whether a process is running: not ended, be it that nobody has asked for its exit code.
pub fn is_running(number: u32) -> bool {
    stat(number).is_some_and(|fields| !fields.starts_with(['Z', 'X']))
}

/// Ends processes as the system does that has no memory left: they can do nothing about it.
pub fn kill(numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        // One that has ended by itself is no failure.
        let _ = Command::new("kill").args(["-KILL", &number.to_string()]).output().unwrap();
    }
}

/// The fields of `/proc/NUMBER/stat` after the name, which may hold anything.
fn stat(number: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
    Some(text.rsplit_once(") ")?.1.to_string())
}

fn parent(number: u32) -> Option<u32> {
    stat(number)?.split(' ').nth(1)?.parse().ok()
}

/// Known as soon as the process runs its program: before, it has the launcher's variables.
fn rank(number: u32) -> Option<usize> {
    let variables = fs::read(format!("/proc/{number}/environ")).ok()?;
    let mut variables =
        variables.split(|&byte| byte == 0).filter_map(|variable| str::from_utf8(variable).ok());
    variables.find_map(|variable| variable.strip_prefix(RANK))?.parse().ok()
}
