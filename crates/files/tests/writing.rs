//! What is written is complete or not there, and nothing else changes.

use minutia_files::{Obstacle, sweep, write};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    thread,
};

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write(path, |file| file.write_all(bytes))
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_made_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    put(&path, b"first").unwrap();
    put(&path, b"second").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    let long = folder.path().join("ä".repeat(127));
    put(&long, b"long").unwrap();
    assert_eq!(names(folder.path()), ["a".to_string(), "ä".repeat(127)]);
    let value: io::Result<u8> = write(&path, |_| Ok(7));
    assert_eq!(value.unwrap(), 7);
}

#[test]
fn an_earlier_file_stays_when_writing_fails_half_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let fail = || {
        write(&path, |file| {
            file.write_all(b"half")?;
            Err::<(), _>(io::Error::from(io::ErrorKind::StorageFull))
        })
    };
    assert_eq!(fail().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(names(folder.path()), [""; 0]);
    put(&path, b"first").unwrap();
    assert!(fail().is_err());
    let panic = thread::scope(|scope| {
        let writer = || write(&path, |_| -> io::Result<()> { panic!("while it is filled") });
        scope.spawn(writer).join()
    });
    assert!(panic.is_err());
    assert_eq!(
        (fs::read(&path).unwrap().as_slice(), names(folder.path())),
        (&b"first"[..], vec!["a".into()])
    );
}

#[test]
fn folders_are_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let error = put(&folder.path().join("below/a"), b"x").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn what_is_no_file_is_named_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    for path in [&below, &below.join(""), &below.join(".."), &below.join("new/")] {
        let error = put(path, b"x").unwrap_err();
        assert_eq!(Obstacle::of(&error), Some(Obstacle::Folder), "{}", path.display());
    }
    assert_eq!(put(Path::new(""), b"x").unwrap_err().to_string(), "names no file");
    assert_eq!(names(folder.path()), ["below"]);
    assert_eq!(names(&below), [""; 0]);
}

// Windows may refuse to replace a file that another writer has open.
#[cfg(unix)]
#[test]
fn writers_of_one_file_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    thread::scope(|scope| {
        for writer in 0..8_u8 {
            let path = &path;
            scope.spawn(move || (0..50).for_each(|_| put(path, &[writer; 4096]).unwrap()));
        }
    });
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() == 4096 && bytes.iter().all(|&b| b == bytes[0]), "of one writer alone");
    assert_eq!(names(folder.path()), ["a"]);
}

#[test]
fn what_killed_writers_left_goes_and_what_others_have_stays() {
    let folder = tempfile::tempdir().unwrap();
    let partial = |start: &str| folder.path().join(format!("{start}0123456789abcdef.minutia-partial"));
    let live = folder.path().join(".a.ffffffffffffffff.minutia-partial");
    let others =
        [".b.", ".a.b.", ".a.0", "a."].map(partial).into_iter().chain([folder.path().join("a.partial")]);
    let others: Vec<_> = others.chain([live.clone()]).collect();
    others.iter().for_each(|path| fs::write(path, "of others").unwrap());
    let held = File::open(&live).unwrap();
    held.lock().unwrap();
    fs::write(partial(".a."), "of a killed one").unwrap();
    put(&folder.path().join("a"), b"x").unwrap();
    assert!(!partial(".a.").exists());
    for path in &others {
        assert_eq!(fs::read(path).unwrap(), b"of others", "{}", path.display());
    }
    drop(held);
    put(&folder.path().join("a"), b"x").unwrap();
    assert!(!live.exists(), "its writer has ended");
    sweep(folder.path()).unwrap();
    assert_eq!(
        names(folder.path()),
        [".a.00123456789abcdef.minutia-partial", "a", "a.0123456789abcdef.minutia-partial", "a.partial"]
    );
    sweep(folder.path().join("none")).unwrap();
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::{
        fs::{MetadataExt, PermissionsExt, symlink},
        net::UnixListener,
    };
    use std::process::Command;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn the_mode_is_that_of_the_earlier_file_or_what_the_umask_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let (path, plain) = (folder.path().join("a"), folder.path().join("plain"));
        File::create(&plain).unwrap();
        put(&path, b"x").unwrap();
        assert_eq!(mode(&path), mode(&plain));
        for expected in [0o640, 0o666, 0o400, 0o755] {
            fs::set_permissions(&path, fs::Permissions::from_mode(expected)).unwrap();
            put(&path, b"y").unwrap();
            assert_eq!(mode(&path), expected);
        }
    }

    #[test]
    fn links_are_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/target"), "before").unwrap();
        fs::set_permissions(at("far/target"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("far/target", at("one")).unwrap();
        symlink(at("one"), at("two")).unwrap();
        symlink("../far/new", at("far/dangling")).unwrap();
        symlink("far", at("folder")).unwrap();
        put(&at("two"), b"after").unwrap();
        assert_eq!(
            (fs::read(at("far/target")).unwrap().as_slice(), mode(&at("far/target"))),
            (&b"after"[..], 0o640)
        );
        put(&at("folder/dangling"), b"new").unwrap();
        assert_eq!(fs::read(at("far/new")).unwrap(), b"new");
        for link in ["one", "two", "far/dangling", "folder"] {
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link} stays");
        }
        assert_eq!(names(&at("far")), ["dangling", "new", "target"]);
        assert_eq!(names(folder.path()), ["far", "folder", "one", "two"]);

        symlink("nowhere/file", at("lost")).unwrap();
        assert_eq!(put(&at("lost"), b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        symlink("far", at("to_folder")).unwrap();
        assert_eq!(put(&at("to_folder"), b"x").unwrap_err().to_string(), "is a folder, not a file");
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        let error = put(&at("a"), b"x").unwrap_err();
        assert_eq!(Obstacle::of(&error), Some(Obstacle::Loop), "{error}");
    }

    #[test]
    fn devices_pipes_and_sockets_are_named_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let _listener = UnixListener::bind(at("socket")).unwrap();
        symlink("/dev/null", at("link")).unwrap();
        for (name, expected) in [
            ("pipe", "is a pipe (FIFO), not a file"),
            ("socket", "is a socket, not a file"),
            ("link", "is a device, not a file"),
        ] {
            assert_eq!(put(&at(name), b"x").unwrap_err().to_string(), expected);
        }
        assert_eq!(put(Path::new("/dev/null"), b"x").unwrap_err().to_string(), "is a device, not a file");
        assert_eq!(names(folder.path()), ["link", "pipe", "socket"]);
    }

    #[test]
    fn a_folder_that_allows_no_writing_is_an_error_and_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "before").unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        // Who may do everything is refused nothing.
        if File::create(folder.path().join("probe")).is_err() {
            assert_eq!(put(&path, b"x").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
}
