//! Where the data are looked for, in which order, and what is said where there are none.
#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Place, fail, images, succeed, xtask};
use minutia_datasets::mnist::FILES;

/// The stage `dataset`, without a named folder, with a cache folder below the place.
fn without_a_folder(place: &Place, arguments: &[&str]) -> Command {
    let mut command = xtask(&["reproduce", "--no-progress", "dataset"]);
    command.arg("--config").arg(place.config()).arg("--out").arg(place.path("out")).args(arguments);
    command.env("XDG_CACHE_HOME", place.path("cache"));
    command
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in FILES {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// The line that says which data are used.
fn data(text: &str) -> &str {
    text.lines().find(|line| line.starts_with("data ")).unwrap_or_else(|| panic!("no data line: {text}"))
}

#[test]
fn an_argument_comes_before_the_variable_and_that_before_the_cache() {
    let place = Place::new();
    let cache = place.path("cache/minutia/mnist");
    copy(images(), &cache);
    fs::write(cache.join(FILES[0]), "damaged").unwrap();
    let copied = place.path("copied");
    copy(images(), &copied);

    let mut both = without_a_folder(&place, &["--dry-run"]);
    both.arg("--data-dir").arg(&copied).env("MINUTIA_DATA_DIR", "/no/such/folder");
    let text = succeed(both);
    assert!(data(&text).ends_with(&format!("other images from {}", copied.display())), "{text}");

    let mut variable = without_a_folder(&place, &["--dry-run"]);
    variable.env("MINUTIA_DATA_DIR", images());
    let text = succeed(variable);
    assert!(data(&text).ends_with(&format!("other images from {}", images().display())), "{text}");

    let error = fail(without_a_folder(&place, &["--dry-run"]), 1, None);
    for part in ["cache folder is damaged", "cargo xtask fetch", FILES[0], "is text (\"damaged\")"] {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    // Images that are whole, but not those that a download would have put there.
    fs::copy(images().join(FILES[0]), cache.join(FILES[0])).unwrap();
    let error = fail(without_a_folder(&place, &["--dry-run"]), 1, None);
    assert!(error.contains("cargo xtask fetch") && error.contains("not MNIST's"), "{error}");
}

#[test]
fn a_set_of_more_classes_than_the_network_has_is_an_error() {
    let place = Place::new();
    let letters = place.path("letters");
    copy(images(), &letters);
    let path = letters.join(FILES[3]);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() = 26;
    fs::write(&path, bytes).unwrap();
    let mut command = without_a_folder(&place, &["--dry-run"]);
    command.arg("--data-dir").arg(&letters);
    let error = fail(command, 1, None);
    assert!(error.contains("have 27 classes, but the network has 10"), "{error}");
}

#[test]
fn without_data_the_digits_are_used_and_why_is_said() {
    let place = Place::new();
    let cache = place.path("cache/minutia/mnist");
    let reason = format!(
        "no folder was named, MINUTIA_DATA_DIR is not set, {} has no {}, MINUTIA_OFFLINE is set",
        cache.display(),
        FILES[0]
    );
    let text = succeed(without_a_folder(&place, &["--dry-run"]));
    assert!(data(&text).eq(&format!("data built-in digits ({reason})")), "{text}");
    let error = fail(without_a_folder(&place, &["--dataset", "mnist"]), 1, Some(&place.path("out")));
    for part in ["there is no MNIST", &reason, "cargo xtask fetch", "--data-dir"] {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    let text = succeed(without_a_folder(&place, &["--dry-run", "--dataset", "digits"]));
    assert!(data(&text).ends_with("data built-in digits (asked for by --dataset digits)"), "{text}");
    assert!(!place.path("cache").exists(), "nothing was made");
}

#[cfg(feature = "download")]
mod download {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// Lets a command into the network as far as a proxy on loopback, which accepts and never says a word.
    fn behind(proxy: &TcpListener, mut command: Command) -> Command {
        for variable in ["NO_PROXY", "no_proxy", "MINUTIA_OFFLINE"] {
            command.env_remove(variable);
        }
        command.env("ALL_PROXY", format!("http://{}", proxy.local_addr().unwrap()));
        command
    }

    fn silence() -> TcpListener {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        listener
    }

    #[test]
    fn neither_a_dry_run_nor_a_stage_without_data_downloads() {
        let place = Place::new();
        let proxy = silence();
        let text = succeed(behind(&proxy, without_a_folder(&place, &["--dry-run"])));
        assert!(data(&text).contains("nothing was downloaded") && !text.contains("trying"), "{text}");
        let mut inverse = xtask(&["reproduce", "--no-progress", "inverse"]);
        inverse.arg("--config").arg(place.config()).arg("--out").arg(place.path("out"));
        inverse.env("XDG_CACHE_HOME", place.path("cache"));
        let text = succeed(behind(&proxy, inverse));
        assert!(!text.contains("trying"), "{text}");
        assert!(proxy.accept().is_err(), "somebody asked");
        assert!(!place.path("cache").exists());
    }

    #[test]
    fn a_run_without_a_network_tries_says_so_and_goes_on_soon() {
        let place = Place::new();
        let proxy = silence();
        let start = Instant::now();
        let text = succeed(behind(&proxy, without_a_folder(&place, &[])));
        assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
        assert!(proxy.accept().is_ok(), "nobody asked");
        assert!(text.contains("trying to download MNIST"), "{text}");
        for mirror in minutia_datasets::mnist::MIRRORS {
            let tried = text.lines().any(|line| line.starts_with(&format!("  {mirror}{}", FILES[0])));
            assert!(tried && data(&text).contains(mirror), "{mirror}: {text}");
        }
        assert!(data(&text).contains("built-in digits") && data(&text).contains("in time"), "{text}");
    }

    #[test]
    fn fetch_names_what_every_mirror_did_and_leaves_nothing() {
        let place = Place::new();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let busy = format!("http://{}/a", server.local_addr().unwrap());
        thread::spawn(move || {
            for stream in server.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ =
                    stream.write_all(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            }
        });
        let nobody = format!("http://{}", silence().local_addr().unwrap());
        let fetch = |folder: &Path| {
            let mut command = xtask(&["fetch", "--mirror", &busy, "--mirror", &nobody]);
            command.arg("--data-dir").arg(folder).env_remove("MINUTIA_OFFLINE");
            command
        };
        let folder = place.path("new/mnist");
        let error = fail(fetch(&folder), 1, Some(&folder));
        for part in [&busy, "status 503", &nobody, "refused", "try again later", "check the network"] {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        assert!(FILES.iter().all(|name| !folder.join(name).exists()));

        // Another data set is not overwritten.
        let other = place.path("other");
        copy(images(), &other);
        let error = fail(fetch(&other), 1, Some(&other));
        assert!(error.contains("is not MNIST's") && error.contains("name another folder"), "{error}");
        assert_eq!(fs::read(other.join(FILES[0])).unwrap(), fs::read(images().join(FILES[0])).unwrap());

        let error = fail(fetch(&place.config()), 1, None);
        assert!(error.contains("reproduce.toml") && error.contains("is not a folder"), "{error}");
        let mut offline = fetch(&folder);
        offline.env("MINUTIA_OFFLINE", "1");
        assert!(fail(offline, 1, None).contains("MINUTIA_OFFLINE is set"));
    }
}
