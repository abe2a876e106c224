//! Graphs that bytes build or change: checked, written and read, planned, and run with tiny tensors. A graph
//! that was written and read gives the same bits, with whatever threads.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use minutia_fuzz::building::{Built, build, elements};
use minutia_graph::{DType, Device, Feeds, Graph, Output, Session, Tensor, feeds};
use minutia_tensor::cpu::Options;

const BYTES: usize = 1 << 20;

thread_local! {
    static ONE: Device = device(1);
    static TWO: Device = device(2);
}

fn device(threads: usize) -> Device {
    Device::cpu_with(Options { threads: Some(threads), ..Options::default() })
        .expect("any CPU has its instructions")
}

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    match how % 4 {
        0 => {
            if let Ok(graph) = serde_json::from_slice(data) {
                strange(&graph);
            }
        }
        1 => changed(data),
        _ => {
            if let Ok(built) = build(&mut Unstructured::new(data)) {
                sound(&built);
            }
        }
    }
});

/// A graph that was built: it is as sound as its outputs are.
fn sound(built: &Built) {
    let good: Vec<&Output> = built.outputs.iter().filter(|output| output.check().is_ok()).collect();
    let mut text = String::new();
    if built.graph.check().is_ok() {
        text = serde_json::to_string(&built.graph).expect("a sound graph can be written");
    }
    let feeds = built.placeholders.iter().fold(Feeds::new(), |feeds, (x, value)| feeds.with(x, value));
    let first = ONE.with(|device| results(&built.graph, device, &good, &feeds));
    let second = TWO.with(|device| results(&built.graph, device, &good, &feeds));
    assert_eq!(first, second, "one thread and two");
    if text.is_empty() {
        return;
    }
    let again: Graph = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(text, serde_json::to_string(&again).expect("and written again"));
    let outputs: Vec<Output> =
        good.iter().map(|o| again.get(&o.name()).expect("it has the same nodes")).collect();
    let named = built.placeholders.iter().fold(Feeds::new(), |feeds, (x, value)| feeds.with(x.name(), value));
    let third = ONE.with(|device| results(&again, device, &outputs.iter().collect::<Vec<_>>(), &named));
    assert_eq!(first, third, "built and read");
}

/// The bytes of all that can be computed, one after the other and in one run.
fn results(graph: &Graph, device: &Device, outputs: &[&Output], feeds: &Feeds) -> Vec<Option<Vec<u8>>> {
    let Ok(mut session) = Session::new(graph, device) else { return Vec::new() };
    if session.run(graph.global_variables_initializer(), feeds! {}).is_err() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for output in outputs.iter().rev().take(4) {
        let result = session.run(*output, feeds.clone());
        found.push(result.ok().map(|tensor| tensor.as_bytes().to_vec()));
    }
    match session.run(outputs, feeds.clone()) {
        Ok(all) => found.extend(all.iter().map(|tensor| Some(tensor.as_bytes().to_vec()))),
        Err(_) => found.push(None),
    }
    found
}

/// A graph that was written and of which some bytes are others.
fn changed(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok(built) = build(&mut u) else { return };
    let config = bincode::config::standard().with_limit::<BYTES>();
    let Ok(mut bytes) = bincode::serde::encode_to_vec(&built.graph, config) else { return };
    for _ in 0..4 {
        let (Ok(at), Ok(value)) = (u.choose_index(bytes.len()), u.arbitrary()) else { break };
        bytes[at] = value;
    }
    if let Ok((graph, _)) = bincode::serde::decode_from_slice::<Graph, _>(&bytes, config) {
        strange(&graph);
    }
}

/// A graph that nobody built: what is small in it is run.
fn strange(graph: &Graph) {
    let nodes = graph.nodes();
    let outputs: Vec<Output> = nodes.iter().filter_map(|node| graph.get(&node.name).ok()).collect();
    let mut feeds = Feeds::new();
    for node in nodes.iter().filter(|node| node.op == "Placeholder") {
        let dims: Vec<usize> = node.signature.shape.iter().map(|d| d.unwrap_or(2)).collect();
        if elements(&node.signature.shape).is_none() {
            return;
        }
        let value = Tensor::zeros(node.signature.dtype, dims).expect("it is small");
        feeds = feeds.with(node.name.as_str(), value);
    }
    let small = nodes.iter().all(|node| elements(&node.signature.shape).is_some());
    ONE.with(|device| {
        let Ok(session) = Session::new(graph, device) else { return };
        for output in outputs.iter().rev().take(4) {
            let _ = session.explain(output, feeds.clone());
        }
        if small {
            let good: Vec<&Output> = outputs.iter().filter(|output| output.dtype() != DType::Bool).collect();
            results(graph, device, &good, &feeds);
        }
    });
}
