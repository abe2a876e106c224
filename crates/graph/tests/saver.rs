//! Checkpoints: the same bits after them, and an error with a name for every bad one.

use minutia_graph::{CheckpointProblem, Device, Error, Graph, Operation, Saver, Session, feeds};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A graph with two random operations, each added to a variable of its own.
fn build() -> (Graph, Vec<Operation>) {
    let graph = Graph::new();
    let step = |name: &str| {
        let v = graph.variable(name, graph.zeros([8]));
        v.assign_add(graph.random_normal([8], 0.0, 1.0).with_name(&format!("{name}/noise"))).operation()
    };
    let steps = vec![step("first"), step("second")];
    (graph, steps)
}

fn new_session(graph: &Graph) -> Session {
    Session::new(graph, &Device::cpu().unwrap()).unwrap()
}

fn session(graph: &Graph) -> Session {
    let mut session = new_session(graph);
    session.run(graph.global_variables_initializer(), feeds! {}).unwrap();
    session
}

/// A checkpoint in a folder that lasts as long as the first of these, and the session that it is of, after
/// both operations.
fn saved() -> (TempDir, PathBuf, Graph, Session, Vec<Operation>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (graph, steps) = build();
    let mut s = session(&graph);
    s.run(&steps, feeds! {}).unwrap();
    Saver::new(&graph).save(&s, &path).unwrap();
    (folder, path, graph, s, steps)
}

fn values(session: &mut Session) -> Vec<Vec<u8>> {
    let variables = session.graph().global_variables();
    session.run(variables, feeds! {}).unwrap().iter().map(|t| t.canonical_bytes()).collect()
}

fn problem(result: Result<(), Error>) -> CheckpointProblem {
    match result {
        Err(Error::Checkpoint { problem, path }) => {
            assert!(!path.as_os_str().is_empty());
            problem
        }
        other => panic!("expected a problem with a checkpoint, not {other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn a_checkpoint_has_the_umasks_mode_and_a_link_to_it_stays() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (graph, _) = build();
    let session = session(&graph);
    symlink("checkpoint", at("latest")).unwrap();
    fs::write(at("plain"), "").unwrap();
    Saver::new(&graph).save(&session, at("latest")).unwrap();
    let mode = |name: &str| fs::symlink_metadata(at(name)).unwrap().permissions().mode();
    assert_eq!(mode("checkpoint"), mode("plain"));
    assert!(fs::symlink_metadata(at("latest")).unwrap().is_symlink());
    let error = Saver::new(&graph).save(&session, "/dev/null").unwrap_err().to_string();
    assert!(error.contains("/dev/null") && error.contains("is a device, not a file"), "{error}");
}

/// A file with a right header and digest around these bytes.
fn seal(path: &Path, body: &[u8]) {
    let file = [&b"minutia\0"[..], &1_u32.to_le_bytes(), &Sha256::digest(body)[..], body].concat();
    fs::write(path, file).unwrap();
}

#[test]
fn a_restored_session_goes_on_with_the_same_bits() {
    let (_folder, path, _, mut s, steps) = saved();
    s.run(&steps, feeds! {}).unwrap();

    let (other, other_steps) = build();
    let mut resumed = new_session(&other);
    Saver::new(&other).restore(&mut resumed, &path).unwrap();
    resumed.run(&other_steps, feeds! {}).unwrap();
    assert_eq!(values(&mut s), values(&mut resumed));
}

#[test]
fn restoring_forgets_how_often_random_operations_ran_in_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (graph, steps) = build();
    let mut s = session(&graph);
    // When the file is written the second operation has not run: its counter is not in the file.
    s.run(&steps[0], feeds! {}).unwrap();
    Saver::new(&graph).save(&s, &path).unwrap();
    s.run(&steps, feeds! {}).unwrap();
    let expected = values(&mut s);

    let mut busy = session(&graph);
    (0..3).for_each(|_| drop(busy.run(&steps, feeds! {}).unwrap()));
    Saver::new(&graph).restore(&mut busy, &path).unwrap();
    busy.run(&steps, feeds! {}).unwrap();
    assert_eq!(values(&mut busy), expected);
}

#[test]
fn damaged_files_are_told_apart() {
    let (_folder, path, graph, mut s, _) = saved();
    let before = values(&mut s);
    let good = fs::read(&path).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut future = good.clone();
    future[8] = 99;
    let cases: [(&str, &[u8]); 6] = [
        ("not a minutia checkpoint", b""),
        ("not a minutia checkpoint", b"<!DOCTYPE html>"),
        ("truncated or damaged", &good[..20]),
        ("truncated or damaged", &good[..good.len() - 1]),
        ("truncated or damaged", &flipped),
        ("format version", &future),
    ];
    for (expected, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        let error = Saver::new(&graph).restore(&mut s, &path).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("checkpoint"), "expected {expected:?}: {error}");
    }
    assert_eq!(values(&mut s), before, "a refused file changes nothing");
}

#[test]
fn contents_that_cannot_be_decoded_are_refused_without_room_for_what_they_claim() {
    let (_folder, path, graph, mut s, _) = saved();
    let good = fs::read(&path).unwrap()[44..].to_vec();
    // bincode writes a length that does not fit a byte as 253 and eight bytes.
    let huge = [&[253][..], &(1_u64 << 39).to_le_bytes()].concat();
    let cases: [Vec<u8>; 7] = [
        Vec::new(),
        huge.clone(),
        // One variable, with a name of half a terabyte.
        [&[1][..], &huge].concat(),
        // One variable "a" of rank 1 << 39.
        [&[1, 1, b'a'][..], &huge].concat(),
        // One variable "a" of shape [1], with 1 << 39 values.
        [&[1, 1, b'a', 1, 1, 0][..], &huge].concat(),
        // A shape that its values do not fill.
        vec![1, 1, b'a', 1, 2, 0, 1, 0, 0, 0, 0, 0],
        [&good[..], b"left over"].concat(),
    ];
    for body in cases {
        seal(&path, &body);
        let found = problem(Saver::new(&graph).restore(&mut s, &path));
        assert!(matches!(found, CheckpointProblem::Decode(_)), "{body:?}: {found}");
    }
    seal(&path, &good);
    Saver::new(&graph).restore(&mut s, &path).unwrap();
}

#[test]
fn what_belongs_to_another_graph_is_named() {
    let (_folder, path, _, mut s, _) = saved();

    let foreign = Graph::new();
    foreign.variable("unknown", 1.0_f32);
    foreign.variable("first", foreign.zeros([9]));
    foreign.variable("second", [0; 8]);
    for mut other in [new_session(&foreign), session(&foreign)] {
        let error = Saver::new(&foreign).restore(&mut other, &path).unwrap_err().to_string();
        for part in [
            "lacks 'unknown';",
            "holds 'first' as f32 [8], the graph as f32 [9]",
            "holds 'second' as f32 [8], the graph as i32 [8]",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
    let part = Graph::new();
    part.variable("first", part.zeros([8]));
    let error = Saver::new(&part).restore(&mut session(&part), &path).unwrap_err().to_string();
    let unknown = "holds what the graph lacks: 'first/noise', 'second/noise', 'second'\n";
    assert!(error.contains(unknown), "{error}");

    assert!(matches!(Saver::new(&foreign).save(&s, &path), Err(Error::OtherGraph { .. })));
    assert!(matches!(Saver::new(&foreign).restore(&mut s, &path), Err(Error::OtherGraph { .. })));
    assert!(matches!(s.variable(&foreign.global_variables()[0]), Err(Error::OtherGraph { .. })));
}

#[test]
fn restoring_part_says_what_was_left() {
    let (_folder, path, graph, s, _) = saved();

    let other = Graph::new();
    let first = other.variable("first", other.ones([8]));
    other.variable("second", other.ones([9]));
    let third = other.variable("third", 3.0_f32);
    let mut t = session(&other);
    let restored = Saver::new(&other).restore_partial(&mut t, &path).unwrap();
    assert_eq!(restored.variables, ["first"]);
    assert_eq!(restored.left.missing, ["third"]);
    // The random operations are counted under their names.
    assert_eq!(restored.left.unknown, ["first/noise", "second/noise"]);
    assert_eq!(restored.left.misfits.len(), 1);
    assert_eq!(restored.left.misfits[0].0, "second");
    assert_eq!(t.variable(&first).unwrap(), s.variable(&graph.global_variables()[0]).unwrap());
    assert_eq!(t.variable(&third).unwrap().unwrap().value::<f32>().unwrap(), 3.0);
}

#[test]
fn a_checkpoint_of_nothing_restores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (graph, _) = build();
    // No variables and no counts, as an earlier version wrote before the first run.
    seal(&path, &[0, 0]);
    let found = problem(Saver::new(&graph).restore(&mut session(&graph), &path));
    assert!(matches!(&found, CheckpointProblem::Differs(d) if d.missing == ["first", "second"]), "{found}");
    let restored = Saver::new(&graph).restore_partial(&mut session(&graph), &path).unwrap();
    assert!(restored.variables.is_empty());

    fs::remove_file(&path).unwrap();
    let mut half = new_session(&graph);
    half.run(graph.global_variables()[0].initializer(), feeds! {}).unwrap();
    let error = Saver::new(&graph).save(&half, &path).unwrap_err();
    assert!(matches!(&error, Error::Uninitialized { variables } if variables == &["'second'"]), "{error}");
    assert!(!path.exists());
}

#[test]
fn what_the_file_system_refuses_is_an_error_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let (graph, _) = build();
    let mut s = session(&graph);
    let saver = Saver::new(&graph);
    let file = folder.path().join("file");
    saver.save(&s, &file).unwrap();
    let taken = folder.path().join("folder");
    fs::create_dir(&taken).unwrap();
    let places: BTreeMap<&str, _> = BTreeMap::from([
        ("a folder that does not exist", folder.path().join("none/checkpoint")),
        ("a file in the folder's place", file.join("checkpoint")),
        ("a folder in the file's place", taken.clone()),
    ]);
    for (what, path) in places {
        assert!(matches!(problem(saver.save(&s, &path)), CheckpointProblem::Io(_)), "{what}");
        assert!(matches!(problem(saver.restore(&mut s, &path)), CheckpointProblem::Io(_)), "{what}");
        let error = saver.save(&s, &path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("hint"), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half written is left");
    saver.restore(&mut s, &file).unwrap();
    let endless = Path::new("/dev/zero");
    if endless.exists() {
        assert!(matches!(problem(saver.restore(&mut s, endless)), CheckpointProblem::Io(_)));
    }
    assert!(matches!(
        problem(saver.restore(&mut s, folder.path().join("missing"))),
        CheckpointProblem::Io(error) if error.kind() == std::io::ErrorKind::NotFound
    ));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_keeps_the_earlier_file() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path, graph, mut s, steps) = saved();
    let before = fs::read(&path).unwrap();
    s.run(&steps, feeds! {}).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // The superuser may write anywhere.
    let refused = fs::write(folder.path().join("probe"), b"").is_err();
    let saved = Saver::new(&graph).save(&s, &path);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    if refused {
        assert!(matches!(problem(saved), CheckpointProblem::Io(_)));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}
