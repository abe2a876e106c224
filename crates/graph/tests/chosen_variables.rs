//! Savers of some variables, and what a checkpoint tells of itself.

use minutia_graph::{Checkpoint, CheckpointProblem, Device, Error, Graph, Saver, Session, Tensor, Variable};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn session(graph: &Graph) -> Session {
    let mut session = Session::new(graph, &Device::cpu().unwrap()).unwrap();
    session.run(graph.global_variables_initializer(), ()).unwrap();
    session
}

/// A graph with a body, a head of so many classes and noise.
fn network(classes: usize, value: f32) -> (Graph, [Variable; 2]) {
    let graph = Graph::new();
    let body = graph.variable("body", graph.fill([2, 3], value));
    let head = graph.variable("head", graph.fill([3, classes], value));
    let _noise = graph.random_normal([2], 0, 1).with_name("noise");
    (graph, [body, head])
}

/// A checkpoint of a network of four classes that holds ones, after one draw of its noise.
fn saved() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (graph, _) = network(4, 1.0);
    let mut session = session(&graph);
    session.run("noise", ()).unwrap();
    Saver::new(&graph).save(&session, &path).unwrap();
    (folder, path)
}

fn first(session: &mut Session, variable: &Variable) -> f32 {
    session.run(variable, ()).unwrap().as_slice::<f32>().unwrap()[0]
}

fn problem<T: std::fmt::Debug>(result: Result<T, Error>, at: &Path) -> CheckpointProblem {
    match result {
        Err(Error::Checkpoint { problem, path }) if path == at => problem,
        other => panic!("expected a problem with {}, not {other:?}", at.display()),
    }
}

#[test]
fn the_body_goes_on_under_another_head() {
    let (_folder, path) = saved();
    let (graph, [body, head]) = network(10, 0.0);
    let mut s = session(&graph);
    let all = problem(Saver::new(&graph).restore(&mut s, &path), &path);
    assert!(matches!(&all, CheckpointProblem::Differs(left) if left.misfits[0].0 == "head"), "{all}");
    let noise = s.run("noise", ()).unwrap();
    let next = {
        let mut other = session(&graph);
        other.run("noise", ()).unwrap();
        other.run("noise", ()).unwrap()
    };
    Saver::new(&graph).with_var_list([&body]).restore(&mut s, &path).unwrap();
    assert_eq!((first(&mut s, &body), first(&mut s, &head)), (1.0, 0.0));
    // How often it was drawn is not among what was chosen.
    assert_ne!(noise, next);
    assert_eq!(s.run("noise", ()).unwrap(), next);
}

#[test]
fn names_in_files_and_in_graphs_may_differ() {
    let (_folder, path) = saved();
    let graph = Graph::new();
    let encoder = graph.variable("model/encoder", graph.zeros([2, 3]));
    let mut s = session(&graph);
    let saver = Saver::new(&graph).with_names([("body", &encoder)]);
    saver.restore(&mut s, &path).unwrap();
    assert_eq!(first(&mut s, &encoder), 1.0);
    // What is saved again has the file's name.
    saver.save(&s, &path).unwrap();
    assert_eq!(Checkpoint::read(&path).unwrap().to_string(), "body f32 [2, 3]\n");
}

#[test]
fn what_fits_of_the_chosen_is_taken_if_asked_for() {
    let (_folder, path) = saved();
    let (graph, [body, head]) = network(10, 0.0);
    let late = graph.variable("late", 5.0_f32);
    let mut s = session(&graph);
    let saver = Saver::new(&graph).with_var_list([&late, &head]);
    let restored = saver.restore_partial(&mut s, &path).unwrap();
    assert_eq!((&restored.variables[..], &restored.left.missing[..]), (&[][..], &["late".to_string()][..]));
    assert_eq!((&restored.left.unknown[..], restored.left.misfits.len()), (&["body".to_string()][..], 1));
    assert_eq!((first(&mut s, &body), first(&mut s, &head)), (0.0, 0.0));
}

#[test]
fn what_the_file_lacks_is_named_with_the_file() {
    let (_folder, path) = saved();
    let (graph, [body, _]) = network(4, 0.0);
    let late = graph.variable("late", 5.0_f32);
    let mut s = session(&graph);
    let error = Saver::new(&graph).with_var_list([&body, &late]).restore(&mut s, &path).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()) && text.contains("lacks 'late'\n"), "{text}");
    assert_eq!(first(&mut s, &body), 0.0, "a refused file changes nothing");
}

#[test]
fn a_name_stands_for_one_variable_and_a_variable_for_its_graph() {
    let (_folder, path) = saved();
    let (graph, [body, head]) = network(4, 0.0);
    let (_other, [stranger, _]) = network(4, 0.0);
    let mut s = session(&graph);
    let twice = [
        Saver::new(&graph).with_var_list([&body, &body]),
        Saver::new(&graph).with_names([("body", &body), ("body", &head)]),
    ];
    for saver in twice {
        for found in [saver.save(&s, &path), saver.restore(&mut s, &path)] {
            let found = problem(found, &path);
            assert!(matches!(&found, CheckpointProblem::ListedTwice { name } if name == "body"), "{found}");
        }
    }
    let saver = Saver::new(&graph).with_var_list([&stranger]);
    for found in [saver.save(&s, &path), saver.restore(&mut s, &path)] {
        assert!(matches!(&found, Err(Error::OtherGraph { name, .. }) if name == "body"), "{found:?}");
    }
}

#[test]
fn a_saver_of_some_writes_no_others_and_needs_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (graph, [body, _]) = network(4, 2.0);
    let mut s = Session::new(&graph, &Device::cpu().unwrap()).unwrap();
    s.run(body.initializer(), ()).unwrap();
    s.run("noise", ()).unwrap();
    assert!(matches!(Saver::new(&graph).save(&s, &path), Err(Error::Uninitialized { .. })));
    Saver::new(&graph).with_var_list([&body]).save(&s, &path).unwrap();
    let file = Checkpoint::read(&path).unwrap();
    assert_eq!(file.variables().keys().collect::<Vec<_>>(), ["body"]);
    assert_eq!(file.variable("body").unwrap(), &Tensor::from([[2.0; 3]; 2]));
    // All of a graph that is the body alone, with no random operation.
    let alone = Graph::new();
    alone.variable("body", alone.zeros([2, 3]));
    Saver::new(&alone).restore(&mut session(&alone), &path).unwrap();
}

#[test]
fn a_checkpoint_lists_what_it_holds() {
    let (folder, path) = saved();
    let file = Checkpoint::read(&path).unwrap();
    assert_eq!(file.to_string(), "body f32 [2, 3]\nhead f32 [3, 4]\n");
    let unknown = problem(file.variable("Body").cloned(), &path);
    assert!(matches!(&unknown, CheckpointProblem::NoVariable { near: Some(near), .. } if near == "body"));
    let missing = folder.path().join("missing");
    assert!(matches!(problem(Checkpoint::read(&missing), &missing), CheckpointProblem::Io(_)));
    std::fs::write(&path, "something else").unwrap();
    assert!(matches!(problem(Checkpoint::read(&path), &path), CheckpointProblem::Foreign));
}

#[test]
fn so_many_steps_are_kept_as_were_asked_for() {
    for (keep, expected) in [(1, &[4][..]), (3, &[2, 3, 4]), (0, &[0, 1, 2, 3, 4])] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        std::fs::write(folder.path().join("model-7"), "of somebody else").unwrap();
        let (graph, _) = network(4, 0.0);
        let s = session(&graph);
        let mut saver = Saver::new(&graph).max_to_keep(keep);
        let names: Vec<PathBuf> = (0..5).map(|step| saver.save_step(&s, &path, step).unwrap()).collect();
        // A step that is written again is one file.
        saver.save_step(&s, &path, 4).unwrap();
        let left: Vec<usize> = (0..5).filter(|&step| names[step].exists()).collect();
        assert_eq!(left, expected, "{keep} to keep");
        assert!(folder.path().join("model-7").exists());
    }
}
