//! Graphs that are written for TensorFlow are read again, and give the same bits.

use crate::{
    cases::{self, Case},
    near,
};
use minutia_graph::{Device, Feeds, Session, Tensor};
use minutia_interchange::tensorflow;
use std::path::Path;

/// What a run gave, by run and name; or why the graph cannot be had.
fn values(device: &Device, case: &Case, path: &Path) -> Result<Vec<(String, Tensor)>, String> {
    let fetches = case.runs.iter().flat_map(|run| run.targets.iter().chain(&run.fetches));
    let imported = tensorflow::read_fetches(path, fetches).map_err(|error| error.to_string())?;
    let mut session = Session::new(imported.graph(), device).unwrap();
    let mut values = Vec::new();
    for (i, run) in case.runs.iter().enumerate() {
        let feed = |feeds: Feeds, (name, tensor): &(String, Tensor)| {
            // What no fetch needs is not there.
            imported.tensor(name).map_or(feeds.clone(), |place| feeds.with(&place, tensor))
        };
        let feeds = run.feeds.iter().fold(Feeds::default(), feed);
        let operations: Vec<_> = run.targets.iter().map(|name| imported.operation(name).unwrap()).collect();
        let outputs: Vec<_> = run.fetches.iter().map(|name| imported.tensor(name).unwrap()).collect();
        let (_, fetched) = session.run((&operations, &outputs), feeds).map_err(|error| error.to_string())?;
        let name = |name| format!("{} | {i} | {name}", case.name);
        values.extend(run.fetches.iter().map(name).zip(fetched));
    }
    Ok(values)
}

fn bits(tensor: &Tensor) -> (String, Vec<u8>) {
    (format!("{} {}", tensor.dtype(), tensor.shape()), tensor.as_bytes().to_vec())
}

/// Operations that are written for ours and not read, since there is nothing here that does the same.
const UNREAD: [&str; 2] = ["Cumprod", "Unique"];

/// What comes back nearly, and why.
const NEARLY: [(&str, &str); 5] = [
    ("Binary MulNoNan of zeros", "TensorFlow's product of a number and 0 is 0 without the number's sign"),
    ("gradients of Binary MulNoNan of zeros", "as the product"),
    ("gradients of Binary Pow 0 at 0", "as the product"),
    ("gradients of Unary Rsqrt without slope", "as the product"),
    ("gradients of normalization local_response_normalization", "sums of windows go out as means"),
];

#[test]
fn what_goes_out_comes_back_with_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph.pb");
    let device = Device::cpu().unwrap();
    let (mut same, mut unread, mut wrong) = (0, 0, Vec::new());
    for case in cases::all() {
        let (Some(bytes), None) = (case.bytes(), case.apart()) else { continue };
        std::fs::write(&path, bytes).unwrap();
        let found = match values(&device, &case, &path) {
            Ok(found) => found,
            Err(reason) if UNREAD.iter().any(|op| reason.contains(&format!(" {op} (there is no"))) => {
                unread += 1;
                continue;
            }
            Err(reason) => {
                wrong.push(format!("{}: {reason}", case.name));
                continue;
            }
        };
        let is_near = NEARLY.iter().any(|(name, _)| *name == case.name);
        for ((name, found), (_, expected)) in found.iter().zip(case.values()) {
            if bits(found) == bits(&expected) || is_near && near(found, &expected, 2.0).is_ok() {
                same += 1;
            } else {
                wrong.push(format!("{name}: {found} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 800 && unread < 10, "{same} came back, {unread} were not read");
}
