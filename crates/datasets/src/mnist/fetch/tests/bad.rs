//! Mirrors that send what they should not, too much of it, or nothing.

use super::{
    CONTENTS, OVERHEAD, assert_complete, compressed, downloader, fetch, gzip, names, reasons,
    server::{Server, respond},
    wanted,
};
use crate::mnist::fetch::Downloader;
use std::{
    io::Write,
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

/// Sends this as a whole response.
fn sends(body: Vec<u8>) -> Server {
    Server::new(move |_, stream| respond(stream, 200, &format!("Content-Length: {}\r\n", body.len()), &body))
}

#[test]
fn what_a_bad_mirror_sends_is_named_and_removed_and_the_next_one_tried() {
    let mut other = CONTENTS.clone();
    other[100] ^= 1;
    let mut damaged = compressed();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    let page = b"\n<!DOCTYPE html><html>Sign in to this network</html>".to_vec();
    let cases: [(&str, Vec<u8>); 10] = [
        ("sent a web page", page.clone()),
        ("sent a web page", gzip(&page)),
        ("sent other contents: SHA-256", gzip(&other)),
        ("sent other contents: SHA-256", gzip(&CONTENTS[..100])),
        ("sent text (\"nothing to see here\") instead of the file", b"nothing to see here".to_vec()),
        ("sent JSON (\"{\\\"error\\\": 1}\") instead of the file", br#"{"error": 1}"#.to_vec()),
        ("sent damaged data", damaged),
        ("sent damaged data", compressed()[..compressed().len() / 2].to_vec()),
        ("sent nothing", vec![]),
        // A bomb: a few kilobytes that become ten megabytes.
        ("sent more than the 16392 bytes of images", gzip(&[&CONTENTS[..], &vec![0; 10 << 20]].concat())),
    ];
    let good = Server::of(compressed());
    for (expected, body) in cases {
        let (bad, worse) = (sends(body), Server::new(|_, stream| respond(stream, 503, "", b"busy")));
        let folder = tempfile::tempdir().unwrap();
        let error = fetch(folder.path(), &[&bad, &worse]).unwrap_err().to_string();
        for part in [&bad.url, expected, &worse.url, "status 503", "check the network"] {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        assert_eq!(names(folder.path()), Vec::<String>::new(), "{expected}");
        fetch(folder.path(), &[&bad, &good]).unwrap();
        assert_complete(&folder);
    }
}

#[test]
fn an_endless_response_is_cut_off() {
    let offers = Server::new(|_, stream| respond(stream, 200, "Content-Length: 1099511627776\r\n", b"1"));
    let endless = Server::new(|_, stream| {
        respond(stream, 200, "Transfer-Encoding: chunked\r\n", b"")?;
        loop {
            write!(stream, "1000\r\n{}\r\n", "x".repeat(0x1000))?;
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let reasons = reasons(fetch(folder.path(), &[&offers, &endless]));
    let limit = CONTENTS.len() as u64 + OVERHEAD;
    assert!(
        reasons[0].contains(&format!("offers 1099511627776 bytes, more than the {limit}")),
        "{reasons:?}"
    );
    assert!(reasons[1].contains(&format!("sent more than the {limit} bytes")), "{reasons:?}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn a_silent_mirror_is_given_up() {
    let stalls = Server::new(|_, stream| {
        respond(stream, 200, &format!("Content-Length: {}\r\n", compressed().len()), &compressed()[..900])?;
        thread::sleep(Duration::from_secs(60));
        Ok(())
    });
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let impatient = Downloader { timeout: Duration::from_millis(300), ..downloader(&[&stalls]) };
    let reasons = reasons(impatient.fetch_files(folder.path(), &wanted(), false, &mut |_| {}));
    assert!(reasons[0].contains("after 900 bytes"), "{reasons:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(names(folder.path()), ["images.gz.partial"]);
}

#[test]
fn a_mirror_that_drips_is_given_up_and_the_next_one_goes_on() {
    let drips = Server::new(|_, stream| {
        respond(stream, 200, &format!("Content-Length: {}\r\n", compressed().len()), &compressed()[..900])?;
        for byte in &compressed()[900..] {
            thread::sleep(Duration::from_millis(20));
            stream.write_all(&[*byte])?;
        }
        Ok(())
    });
    // Below the body: the line that begins a chunk never ends.
    let drips_lines = Server::new(|_, stream| {
        respond(stream, 200, "Transfer-Encoding: chunked\r\n", b"")?;
        loop {
            thread::sleep(Duration::from_millis(20));
            stream.write_all(b"0")?;
        }
    });
    let good = Server::of(compressed());
    for (slow, goes_on) in [(&drips, true), (&drips_lines, false)] {
        let folder = tempfile::tempdir().unwrap();
        let window = Duration::from_millis(400);
        let mut strict = Downloader { timeout: window, least_rate: 1 << 10, ..downloader(&[slow]) };
        let begin = Instant::now();
        let reasons = reasons(strict.fetch_files(folder.path(), &wanted(), false, &mut |_| {}));
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        let expected = "and at least 1024 in a second are wanted";
        assert!(reasons[0].contains("was given up after") && reasons[0].ends_with(expected), "{reasons:?}");
        strict.mirrors.push(good.url.clone());
        strict.timeout = Duration::from_secs(1);
        strict.fetch_files(folder.path(), &wanted(), false, &mut |_| {}).unwrap();
        assert_complete(&folder);
        assert_eq!(good.ranges().last().unwrap().is_some_and(|from| from > 900), goes_on);
    }
}

#[test]
fn any_rate_will_do_where_none_is_wanted() {
    let slow = Server::new(|request, stream| {
        let bytes = compressed();
        assert_eq!(request.from, None);
        respond(stream, 200, &format!("Content-Length: {}\r\n", bytes.len()), &[])?;
        bytes.chunks(bytes.len() / 8).try_for_each(|part| {
            thread::sleep(Duration::from_millis(50));
            stream.write_all(part)
        })
    });
    let folder = tempfile::tempdir().unwrap();
    let patient =
        |least_rate| Downloader { timeout: Duration::from_millis(100), least_rate, ..downloader(&[&slow]) };
    let reasons = reasons(patient(1 << 30).fetch_files(folder.path(), &wanted(), false, &mut |_| {}));
    assert!(reasons[0].contains("was given up"), "{reasons:?}");
    std::fs::remove_file(folder.path().join("images.gz.partial")).unwrap();
    patient(0).fetch_files(folder.path(), &wanted(), false, &mut |_| {}).unwrap();
    assert_complete(&folder);
}

#[test]
fn a_variable_that_names_no_proxy_is_an_error_that_names_it() {
    let abroad = Downloader { mirrors: vec!["https://mirror.invalid/".to_string()], ..downloader(&[]) };
    let proxy = |downloader: &Downloader, set: &[(&str, &str)]| {
        let find = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into());
        downloader.proxy(find).map_err(|problem| problem.to_string())
    };
    for value in ["::::", "http://", "ftp://proxy", "socks5://127.0.0.1:1080", "http://a b", " "] {
        let error = proxy(&abroad, &[("HTTPS_PROXY", value)]).unwrap_err();
        assert!(
            error.contains("HTTPS_PROXY names no proxy") && error.contains("unset it"),
            "{value}: {error}"
        );
    }
    assert!(!proxy(&abroad, &[("http_proxy", "ftp://me:secret@proxy")]).unwrap_err().contains("secret"));
    assert_eq!(proxy(&abroad, &[]), Ok(None));
    assert_eq!(proxy(&abroad, &[("ALL_PROXY", ""), ("https_proxy", "proxy:3128")]), Ok(Some("https_proxy")));
    assert!(
        proxy(&abroad, &[("ALL_PROXY", "::"), ("HTTPS_PROXY", "proxy")]).unwrap_err().contains("ALL_PROXY")
    );
    assert_eq!(proxy(&downloader(&[]), &[("HTTPS_PROXY", "::::")]), Ok(None), "nothing goes by way of it");
}

#[test]
fn patience_bounds_the_time_until_some_mirror_responds() {
    // They accept connections, by way of the operating system, and never say a word.
    let silent = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let mirrors = silent.iter().map(|s| format!("http://{}", s.local_addr().unwrap())).collect();
    let timeout = Duration::from_secs(60);
    let patience = Some(Duration::from_millis(600));
    let impatient = Downloader { mirrors, timeout, least_rate: 1, patience };
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let reasons = reasons(impatient.fetch_files(folder.path(), &wanted(), false, &mut |_| {}));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(reasons.len() == 2 && reasons.iter().all(|r| r.contains("in time")), "{reasons:?}");

    let slow = Server::new(|request, stream| {
        if request.method == "GET" {
            thread::sleep(Duration::from_secs(1));
        }
        super::server::whole(request, stream, &compressed())
    });
    let patient_after_that = Downloader { patience: Some(Duration::from_secs(1)), ..downloader(&[&slow]) };
    patient_after_that.fetch_files(folder.path(), &wanted(), false, &mut |_| {}).unwrap();
    assert_complete(&folder);
}

#[test]
fn a_mirror_that_is_not_there_and_no_mirror_at_all() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut refused = downloader(&[]);
    let error = reasons(refused.fetch_files(folder.path(), &wanted(), false, &mut |_| {}));
    assert_eq!(error, ["no mirror is named"]);
    refused.mirrors = vec![format!("http://{nobody}/"), "not a URL".to_string()];
    let error = reasons(refused.fetch_files(folder.path(), &wanted(), false, &mut |_| {}));
    assert!(error[0].starts_with(&format!("http://{nobody}/images.gz: ")), "{error:?}");
    assert!(error[1].starts_with("not a URL/images.gz: "), "{error:?}");
}
