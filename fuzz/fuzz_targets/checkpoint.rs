//! Checkpoints of sessions and of the pipeline's stages, with the digest that they should have or any other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minutia_fuzz::raw;
use minutia_graph::{Device, Graph, Saver, Session, feeds};
use std::{cell::RefCell, fs, path::Path};

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("there is a folder for files that pass");
    static SESSION: RefCell<(Graph, Session)> = RefCell::new(session());
}

fn session() -> (Graph, Session) {
    let graph = Graph::new();
    graph.variable("v", [1.0_f32, 2.0]);
    graph.untrainable_variable("step", 0.0_f32);
    let _ = graph.random_normal([2], 0.0, 1.0).with_name("noise");
    let device = Device::cpu().expect("the environment names no other");
    let mut session = Session::new(&graph, &device).expect("the graph is valid");
    session.run(graph.global_variables_initializer(), feeds! {}).expect("so are its initializers");
    (graph, session)
}

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else { return };
    FOLDER.with(|folder| match how % 3 {
        0 => restore(folder.path(), data),
        1 => restore(folder.path(), &[b"minutia\0\x01\0\0\0", &raw(data)[..], data].concat()),
        _ => drop(xtask::readers::checkpoint(data)),
    });
});

fn restore(folder: &Path, bytes: &[u8]) {
    let path = folder.join("checkpoint");
    fs::write(&path, bytes).expect("the folder takes files");
    SESSION.with_borrow_mut(|(graph, session)| {
        let _ = Saver::new(graph).restore(session, &path);
    });
}
