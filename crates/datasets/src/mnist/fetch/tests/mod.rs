//! Downloads from mirrors on loopback, good ones and bad ones.

mod bad;
mod resume;
mod server;

use super::{Downloader, Fetched, OVERHEAD, Progress, Wanted};
use crate::{Error, Problem};
use server::{Server, respond};
use sha2::{Digest, Sha256};
use std::{fs, io::Write, path::Path, sync::LazyLock, thread, time::Duration};
use tempfile::TempDir;

/// What the tests download: a small IDX file that compresses badly.
static CONTENTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bytes = vec![0, 0, 8, 1, 0, 0, 0x40, 0];
    let mut state = 1_u32;
    bytes.extend((0..0x4000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    bytes
});
static DIGEST: LazyLock<String> = LazyLock::new(|| sha256(&CONTENTS));

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn compressed() -> Vec<u8> {
    gzip(&CONTENTS)
}

fn wanted() -> [Wanted<'static>; 1] {
    [Wanted { name: "images", digest: &DIGEST, size: CONTENTS.len() as u64 }]
}

fn downloader(mirrors: &[&Server]) -> Downloader {
    let mirrors = mirrors.iter().map(|mirror| mirror.url.clone()).collect();
    Downloader { mirrors, timeout: Duration::from_secs(20), least_rate: 1, patience: None }
}

/// Fetches the one file from these mirrors.
fn fetch(folder: &Path, mirrors: &[&Server]) -> Result<Vec<Fetched>, Error> {
    downloader(mirrors).fetch_files(folder, &wanted(), false, &mut |_| {})
}

/// The reasons of a failed download.
fn reasons(outcome: Result<Vec<Fetched>, Error>) -> Vec<String> {
    match outcome {
        Err(Error { problem: Problem::Download(reasons), .. }) => reasons,
        other => panic!("not a failed download: {other:?}"),
    }
}

/// The names in a folder, sorted, without the lock.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != ".fetch.lock");
    names.sort();
    names
}

/// Asserts that the folder has the one file, right to the last byte, and nothing else.
fn assert_complete(folder: &TempDir) {
    assert_eq!(names(folder.path()), ["images"]);
    assert_eq!(fs::read(folder.path().join("images")).unwrap(), *CONTENTS);
}

#[test]
fn files_arrive_verified_and_are_not_fetched_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (below, server) = (folder.path().join("a/b"), Server::of(compressed()));
    let files = [wanted()[0], Wanted { name: "labels", ..wanted()[0] }];
    let mut seen = Vec::new();
    let mut progress = |event: Progress<'_>| seen.push(format!("{event:?}"));
    let fetched = downloader(&[&server]).fetch_files(&below, &files, false, &mut progress).unwrap();
    let paths = ["images", "labels"].map(|name| below.join(name));
    assert_eq!(fetched, paths.clone().map(|path| Fetched { path, downloaded: true }));
    assert_eq!(names(&below), ["images", "labels"]);
    assert_eq!(fs::read(&paths[1]).unwrap(), *CONTENTS);
    let all = compressed().len();
    let last = format!("Received {{ file: \"labels\", bytes: {all}, total: Some({all}) }}");
    assert!(seen.contains(&last), "{seen:?}");
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.file).collect();
    assert_eq!(asked, ["images.gz", "labels.gz"]);

    let again = downloader(&[&server]).fetch_files(&below, &files, false, &mut |_| {}).unwrap();
    assert_eq!(again, paths.map(|path| Fetched { path, downloaded: false }));
    assert_eq!(server.requests().len(), 2, "what is intact is not asked for");
}

#[test]
fn the_next_mirror_is_tried_and_stays_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Server::new(|_, stream| respond(stream, 404, "Content-Length: 0\r\n", b""));
    let good = Server::of(compressed());
    let files = [wanted()[0], Wanted { name: "labels", ..wanted()[0] }];
    let mut failed = Vec::new();
    let mut progress = |event: Progress<'_>| {
        if let Progress::Failed { url, reason } = event {
            failed.push(format!("{url} {reason}"));
        }
    };
    let mirrors = downloader(&[&missing, &good]);
    mirrors.fetch_files(folder.path(), &files, false, &mut progress).unwrap();
    assert_eq!(failed, [format!("{}images.gz responded with status 404", missing.url)]);
    assert_eq!((missing.requests().len(), good.requests().len()), (1, 2));
}

#[test]
fn what_is_compressed_already_and_what_is_sent_plain_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let none = Server::of(Vec::new());
    fs::write(folder.path().join("images.gz"), compressed()).unwrap();
    let fetched = fetch(folder.path(), &[&none]).unwrap();
    assert_eq!(fetched, [Fetched { path: folder.path().join("images.gz"), downloaded: false }]);
    assert_eq!((names(folder.path()), none.requests().len()), (vec!["images.gz".to_string()], 0));

    let folder = tempfile::tempdir().unwrap();
    fetch(folder.path(), &[&Server::of(CONTENTS.clone())]).unwrap();
    assert_complete(&folder);
}

#[test]
fn damaged_files_are_replaced_but_other_data_are_not_lost() {
    let (good, folder) = (Server::of(compressed()), tempfile::tempdir().unwrap());
    let path = folder.path().join("images");
    for damaged in [&b""[..], b"<html>", &CONTENTS[..100]] {
        fs::write(&path, damaged).unwrap();
        fetch(folder.path(), &[&good]).unwrap();
        assert_complete(&folder);
    }
    let mut other = CONTENTS.clone();
    other[100] ^= 1;
    fs::write(&path, &other).unwrap();
    let error = fetch(folder.path(), &[&good]).unwrap_err();
    assert_eq!(error.path, path);
    let Problem::Digest { found, expected } = error.problem else { panic!("{error}") };
    assert_eq!((found, expected), (sha256(&other), DIGEST.clone()));
    assert_eq!(fs::read(&path).unwrap(), other);

    downloader(&[&good]).fetch_files(folder.path(), &wanted(), true, &mut |_| {}).unwrap();
    assert_complete(&folder);
}

#[test]
fn two_fetches_to_one_folder_download_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new(|request, stream| {
        thread::sleep(Duration::from_millis(200));
        server::whole(request, stream, &compressed())
    });
    thread::scope(|scope| {
        let fetches: [_; 4] =
            std::array::from_fn(|_| scope.spawn(|| fetch(folder.path(), &[&server]).unwrap()));
        let downloads = fetches.into_iter().map(|fetch| fetch.join().unwrap()[0].downloaded);
        assert_eq!(downloads.filter(|&downloaded| downloaded).count(), 1);
    });
    assert_eq!(server.requests().len(), 1);
    assert_complete(&folder);
}

#[test]
fn the_file_system_is_not_the_mirrors_fault() {
    let (good, folder) = (Server::of(compressed()), tempfile::tempdir().unwrap());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(fetch(&file, &[&good]).unwrap_err().problem, Problem::NotAFolder));
    let error = fetch(&file.join("below"), &[&good]).unwrap_err();
    assert!(matches!(error.problem, Problem::Io(_)) && error.path == file.join("below"), "{error}");
    fs::create_dir(folder.path().join("images")).unwrap();
    assert!(matches!(fetch(folder.path(), &[&good]).unwrap_err().problem, Problem::Folder));
    fs::remove_dir(folder.path().join("images")).unwrap();
    fs::create_dir(folder.path().join("images.gz.partial")).unwrap();
    assert!(matches!(fetch(folder.path(), &[&good]).unwrap_err().problem, Problem::Io(_)));
}
