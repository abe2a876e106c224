//! Regular files are read and locked; what else is there is named, and never waited for.

use minutia_files::{Attempt, Lock, Obstacle, open, open_foreign, open_own, read};
use std::{
    fs,
    io::{self, Read, Write},
    process,
    sync::mpsc,
    thread,
    time::Duration,
};

#[test]
fn a_file_is_read_up_to_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    fs::write(&path, "12345").unwrap();
    assert_eq!(read(&path, 5).unwrap(), b"12345");
    assert_eq!(read(&path, u64::MAX).unwrap(), b"12345");
    let error = read(&path, 4).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    assert_eq!(error.to_string(), "has 5 bytes or more, at most 4 are read here");
    assert_eq!(read(folder.path().join("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(Obstacle::of(&read(folder.path(), 4).unwrap_err()), Some(Obstacle::Folder));
    // A hole of a tebibyte: nothing is allocated.
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(read(&path, 1 << 30).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    let mut first = [1];
    open(&path).unwrap().read_exact(&mut first).unwrap();
    assert_eq!(first, [0]);
}

#[test]
fn an_own_file_keeps_its_contents() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    open_own(&path).unwrap().write_all(b"one two").unwrap();
    open_own(&path).unwrap().write_all(b"ONE").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"ONE two");
}

#[test]
fn a_lock_has_one_holder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let Attempt::Taken(lock) = Lock::take(&path).unwrap() else { panic!("free") };
    let Attempt::Busy(busy) = Lock::take(&path).unwrap() else { panic!("held") };
    if cfg!(unix) {
        assert_eq!(busy.holder, Some(process::id()));
    }
    let (sender, receiver) = mpsc::channel();
    let waiting = thread::spawn(move || sender.send(busy.wait().unwrap()).unwrap());
    assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
    drop(lock);
    drop(receiver.recv().unwrap());
    waiting.join().unwrap();
    // The number of a process that ended holds nobody up.
    fs::write(&path, "4294967295").unwrap();
    assert!(matches!(Lock::take(&path).unwrap(), Attempt::Taken(_)));
    assert_eq!(fs::read_to_string(&path).unwrap(), process::id().to_string());
}

#[test]
fn a_file_that_is_no_lock_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    for contents in ["somebody's notes", "12345678901234567890", "7 and more", "\u{ff}"] {
        fs::write(&path, contents).unwrap();
        let error = Lock::take(&path).unwrap_err();
        assert_eq!(Obstacle::of(&error), Some(Obstacle::NoLock), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), contents);
    }
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_a_file_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("precious"), "1234").unwrap();
    std::os::unix::fs::symlink("precious", at("link")).unwrap();
    std::os::unix::fs::symlink("new", at("dangling")).unwrap();
    let refused = |path: &std::path::Path| {
        let errors = [open_own(path).unwrap_err(), Lock::take(path).unwrap_err()];
        errors.map(|error| Obstacle::of(&error))
    };
    assert_eq!(refused(&at("link")), [Some(Obstacle::Link); 2]);
    assert_eq!(refused(&at("dangling")), [Some(Obstacle::Link); 2]);
    assert!(!at("new").exists());
    fs::hard_link(at("precious"), at("hard")).unwrap();
    assert_eq!(refused(&at("hard")), [Some(Obstacle::Linked); 2]);
    assert_eq!(fs::read(at("precious")).unwrap(), b"1234");
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_in_a_folder_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "1234").unwrap();
    fs::hard_link(at("file"), at("hard")).unwrap();
    std::os::unix::fs::symlink("file", at("link")).unwrap();
    for name in ["file", "hard"] {
        let mut text = String::new();
        open_foreign(at(name)).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "1234");
    }
    let found = |name: &str| Obstacle::of(&open_foreign(at(name)).unwrap_err());
    assert_eq!((found("link"), found("")), (Some(Obstacle::Link), Some(Obstacle::Folder)));
    assert_eq!(open_foreign(at("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let errors = [
            open(&pipe).unwrap_err(),
            read(&pipe, 1).unwrap_err(),
            open_foreign(&pipe).unwrap_err(),
            open_own(&pipe).unwrap_err(),
            Lock::take(&pipe).unwrap_err(),
        ];
        sender.send(errors.map(|error| Obstacle::of(&error))).unwrap();
    });
    let errors = receiver.recv_timeout(Duration::from_secs(10)).expect("no waiting");
    assert_eq!(errors, [Some(Obstacle::Pipe); 5]);
}
