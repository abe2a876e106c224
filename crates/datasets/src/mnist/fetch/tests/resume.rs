//! Transfers that are cut, and what is left of earlier ones.

use super::{
    CONTENTS, assert_complete, compressed, fetch, names, reasons,
    server::{Request, Server, respond, whole},
};
use std::{fs, io, net::TcpStream};

/// Answers with the right headers, but hangs up after `count` bytes.
fn cut(request: &Request, stream: &mut TcpStream, count: usize) -> io::Result<()> {
    let bytes = compressed();
    let (from, all) = (request.from.unwrap_or(0), bytes.len());
    let length = format!("Content-Length: {}\r\n", all - from);
    let range = format!("Content-Range: bytes {from}-{}/{all}\r\n", all - 1);
    let end = all.min(from + count);
    match request.from {
        Some(_) => respond(stream, 206, &(range + &length), &bytes[from..end]),
        None => respond(stream, 200, &length, &bytes[..end]),
    }
}

#[test]
fn a_cut_transfer_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let all = compressed().len();
    let server = Server::new(move |request, stream| cut(request, stream, all / 3));
    fetch(folder.path(), &[&server]).unwrap();
    assert_eq!(&server.ranges()[..3], [None, Some(all / 3), Some(2 * (all / 3))]);
    assert_complete(&folder);
}

#[test]
fn the_next_mirror_and_the_next_call_go_on_too() {
    let folder = tempfile::tempdir().unwrap();
    let first =
        Server::new(|request, stream| cut(request, stream, if request.from.is_none() { 1000 } else { 0 }));
    let second =
        Server::new(|request, stream| cut(request, stream, if request.from == Some(1000) { 500 } else { 0 }));
    let reasons = reasons(fetch(folder.path(), &[&first, &second]));
    assert!(reasons[0].starts_with(&first.url) && reasons[0].contains("after 1000 bytes"), "{reasons:?}");
    assert!(reasons[1].starts_with(&second.url) && reasons[1].contains("after 1500 bytes"), "{reasons:?}");
    assert_eq!(second.ranges(), [Some(1000), Some(1500)]);
    assert_eq!(names(folder.path()), ["images.gz.partial"], "nothing has the final name");

    let good = Server::of(compressed());
    fetch(folder.path(), &[&good]).unwrap();
    assert_eq!(good.ranges(), [Some(1500)]);
    assert_complete(&folder);
}

#[test]
fn what_is_left_of_another_file_does_no_harm() {
    let (all, bytes) = (compressed().len(), compressed());
    let remains = [
        ("all of it", bytes.clone(), vec![Some(all)]),
        ("nothing of it", vec![1; 500], vec![Some(500), None]),
        ("as long as it", vec![1; all], vec![Some(all), None]),
        ("longer than it", [&bytes[..], &[1; 10]].concat(), vec![Some(all + 10), None]),
        ("longer than it may be", vec![1; all + (1 << 20)], vec![None]),
    ];
    for (what, partial, ranges) in remains {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("images.gz.partial"), partial).unwrap();
        let server = Server::of(bytes.clone());
        fetch(folder.path(), &[&server]).unwrap();
        assert_eq!(server.ranges(), ranges, "{what}");
        assert_complete(&folder);
    }
}

#[test]
fn a_mirror_that_cannot_resume_is_asked_for_the_whole() {
    let ignores = |_: &Request, stream: &mut TcpStream| {
        let bytes = compressed();
        respond(stream, 200, &format!("Content-Length: {}\r\n", bytes.len()), &bytes)
    };
    let refuses = |request: &Request, stream: &mut TcpStream| match request.from {
        Some(_) => respond(stream, 416, "Content-Length: 0\r\n", b""),
        None => whole(request, stream, &compressed()),
    };
    let another_range = |request: &Request, stream: &mut TcpStream| match request.from {
        Some(_) => respond(stream, 206, "Content-Range: bytes 0-9/10\r\nContent-Length: 10\r\n", &[0; 10]),
        None => whole(request, stream, &compressed()),
    };
    let servers = [Server::new(ignores), Server::new(refuses), Server::new(another_range)];
    for (server, requests) in servers.iter().zip([1, 2, 2]) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("images.gz.partial"), &compressed()[..700]).unwrap();
        fetch(folder.path(), &[server]).unwrap();
        assert_eq!(server.requests().len(), requests);
        assert_complete(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let left = ".images.0123456789abcdef.minutia-partial";
    fs::write(folder.path().join(left), &CONTENTS[..700]).unwrap();
    fetch(folder.path(), &[&servers[0]]).unwrap();
    assert_complete(&folder);
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_to_a_file_that_is_written() {
    use crate::Problem;
    let server = Server::of(compressed());
    for name in ["images.gz.partial", ".fetch.lock"] {
        for hard in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let precious = folder.path().join("precious");
            fs::write(&precious, "").unwrap();
            let link = folder.path().join(name);
            if hard {
                fs::hard_link(&precious, &link).unwrap();
            } else {
                std::os::unix::fs::symlink(&precious, &link).unwrap();
            }
            let error = fetch(folder.path(), &[&server]).unwrap_err();
            assert!(error.path == link && matches!(error.problem, Problem::Io(_)), "{error}");
            assert!(error.to_string().ends_with("remove it"), "{error}");
            assert_eq!(fs::read(&precious).unwrap(), b"");
            fs::remove_file(link).unwrap();
            fetch(folder.path(), &[&server]).unwrap();
        }
    }
}
