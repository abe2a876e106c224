//! Bytes from a mirror to a partial file, going on where an earlier transfer stopped.

use super::Failure;
use crate::Problem;
use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};
use ureq::{
    Agent, Body, Proxy, ProxyProtocol,
    config::Config,
    http::{Response, Uri},
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout, time},
    },
};

/// How often a mirror that cuts the connection is asked to go on.
const TRIES: usize = 5;

/// Called with the bytes so far and those in all, where they are known.
type Received<'a> = &'a mut dyn FnMut(u64, Option<u64>);

pub(super) fn agent(timeout: Duration) -> Agent {
    let timeout = Some(timeout);
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(timeout)
        .timeout_connect(timeout)
        .timeout_send_request(timeout)
        .timeout_recv_response(timeout)
        .timeout_per_read(timeout)
        .accept_encoding("identity")
        .user_agent(concat!("minutia-datasets/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, DefaultConnector::new(), Names::default())
}

/// Finds addresses on a thread of its own, which a timeout leaves behind. Where the system grants no thread,
/// the caller waits for as long as the system does.
#[derive(Debug, Default)]
struct Names(DefaultResolver);

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let granted = thread::Builder::new().spawn(|| {}).is_ok();
        let after = if granted { timeout.after } else { time::Duration::NotHappening };
        self.0.resolve(uri, config, NextTimeout { after, ..timeout })
    }
}

/// Whether a mirror responds at all within a time.
pub(super) fn probe(agent: &Agent, url: &str, within: Duration) -> Result<(), Failure> {
    let request = direct(agent.head(url), url).config().timeout_global(Some(within)).build();
    request.call().map(drop).map_err(|e| Failure::Mirror(reason(&e)))
}

/// A proxy has another loopback than this machine.
fn direct<B>(request: ureq::RequestBuilder<B>, url: &str) -> ureq::RequestBuilder<B> {
    if is_loopback(url) { request.config().proxy(None).build() } else { request }
}

pub(super) fn is_loopback(url: &str) -> bool {
    let host = url.strip_prefix("http://").unwrap_or_default();
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '/']) || rest.is_empty())
    })
}

/// The variable that names the proxy. The agent takes them in this order, but passes over what is no proxy
/// without a word.
pub(super) fn proxy(
    variable: impl Fn(&'static str) -> Option<OsString>,
) -> Result<Option<&'static str>, Problem> {
    let names = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
    let set = |name| Some((name, variable(name).filter(|value| !value.is_empty())?));
    let Some((name, value)) = names.into_iter().find_map(set) else { return Ok(None) };
    let wrong = |reason: String| Problem::Proxy { variable: name, reason };
    let value = value.to_str().ok_or_else(|| wrong("it is not UTF-8".to_string()))?;
    let proxy = Proxy::new(value).map_err(|error| wrong(error.to_string()))?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(Some(name)),
        _ => Err(wrong("only http and https are known, not SOCKS".to_string())),
    }
}

/// Bytes in a second, over a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    pub(super) bytes: u64,
    pub(super) over: Duration,
}

/// Fills `file` from a URL. Says whether some of its bytes were there before. What came of it before a
/// failure stays.
pub(super) fn transfer(
    agent: &Agent,
    url: &str,
    mut file: File,
    limit: u64,
    least: Rate,
    received: Received<'_>,
) -> Result<bool, Failure> {
    let have = file.seek(SeekFrom::End(0))?;
    Transfer { file, have, resumed: have > 0, limit, least }.attempts(agent, url, received)
}

struct Transfer {
    file: File,
    /// Bytes in the file, whose cursor is at its end.
    have: u64,
    /// Whether some of them are from an earlier transfer.
    resumed: bool,
    limit: u64,
    /// What a mirror must send at least.
    least: Rate,
}

/// How an attempt ended.
enum End {
    Complete,
    /// Before its end. `came`: whether another attempt has a chance.
    Cut {
        reason: String,
        came: bool,
    },
}

impl Transfer {
    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.have = 0;
        self.resumed = false;
        Ok(())
    }

    fn attempts(&mut self, agent: &Agent, url: &str, received: Received<'_>) -> Result<bool, Failure> {
        if self.have > self.limit {
            self.restart()?;
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(agent, url, received)? {
                End::Complete => return Ok(self.resumed),
                // A mirror that sends something each time is worth another try.
                End::Cut { came: true, .. } if tries < TRIES => {}
                End::Cut { reason, .. } => return Err(Failure::Mirror(reason)),
            }
        }
    }

    fn attempt(&mut self, agent: &Agent, url: &str, received: Received<'_>) -> Result<End, Failure> {
        let mut request = direct(agent.get(url), url);
        if self.have > 0 {
            request = request.header("Range", format!("bytes={}-", self.have));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(End::Cut { reason: reason(&error), came: false }),
        };
        let range = content_range(&response);
        let again = |reason: &str| Ok(End::Cut { reason: reason.to_string(), came: true });
        let total = match (response.status().as_u16(), range) {
            (200, _) => {
                if self.have > 0 {
                    self.restart()?;
                }
                response.body().content_length()
            }
            (206, Some((Some(start), total))) if self.have > 0 && start == self.have => total,
            // Nothing follows what is there.
            (416, Some((None, Some(total)))) if self.have > 0 && total == self.have => {
                return Ok(End::Complete);
            }
            // The part that is there is not of this file, or the mirror cannot resume.
            (206 | 416, _) if self.have > 0 => {
                self.restart()?;
                return again("does not resume as it was asked to");
            }
            (status, _) => return Err(Failure::Mirror(format!("responded with status {status}"))),
        };
        self.receive(response.into_body(), total, received)
    }

    fn receive(&mut self, body: Body, total: Option<u64>, received: Received<'_>) -> Result<End, Failure> {
        let limit = self.limit;
        if let Some(total) = total.filter(|&total| total > limit) {
            return Err(Failure::Mirror(format!(
                "offers {total} bytes, more than the {limit} that the file can have"
            )));
        }
        let (chunks, before) = (chunks(body)?, self.have);
        let mut pace = Pace::new(self.least, self.have);
        loop {
            match chunks.recv_timeout(pace.left()) {
                Ok(Ok(chunk)) if self.have + chunk.len() as u64 > limit => {
                    self.restart()?;
                    return Err(Failure::Mirror(format!(
                        "sent more than the {limit} bytes that the file can have"
                    )));
                }
                Ok(Ok(chunk)) => {
                    self.file.write_all(&chunk)?;
                    self.have += chunk.len() as u64;
                    received(self.have, total);
                }
                Ok(Err(e)) => {
                    let reason = format!("was cut after {} bytes: {e}", self.have);
                    return Ok(End::Cut { reason, came: self.have > before });
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Err(reason) = pace.keep(self.have) {
                return Ok(End::Cut { reason, came: false });
            }
        }
        if let Some(total) = total.filter(|&total| self.have < total) {
            let reason = format!("was cut after {} of {total} bytes", self.have);
            return Ok(End::Cut { reason, came: self.have > before });
        }
        Ok(End::Complete)
    }
}

/// Reads a body in a thread of its own, which ends soon after nobody wants it: below the body, a mirror may
/// drip bytes of headers or of TLS without end, and no read returns.
fn chunks(body: Body) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = mpsc::sync_channel(4);
    let mut body = body.into_reader();
    let read = move || {
        loop {
            let mut chunk = vec![0; 64 << 10];
            let outcome = match body.read(&mut chunk) {
                Ok(0) => return,
                Ok(n) => {
                    chunk.truncate(n);
                    Ok(chunk)
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => Err(e),
            };
            let is_last = outcome.is_err();
            if sender.send(outcome).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new().name("download".to_string()).spawn(read)?;
    Ok(receiver)
}

/// Whether bytes come fast enough, measured again and again.
struct Pace {
    least: Rate,
    since: Instant,
    /// Bytes there were then.
    had: u64,
}

impl Pace {
    fn new(least: Rate, have: u64) -> Pace {
        Pace { least, since: Instant::now(), had: have }
    }

    fn left(&self) -> Duration {
        self.least.over.saturating_sub(self.since.elapsed())
    }

    fn keep(&mut self, have: u64) -> Result<(), String> {
        if !self.left().is_zero() {
            return Ok(());
        }
        let (came, seconds) = (have - self.had, self.since.elapsed().as_secs_f64());
        if (came as f64) < self.least.bytes as f64 * seconds {
            return Err(format!(
                "was given up after {have} bytes: it sent {came} in {seconds:.1} s, and at least {} in a second are wanted",
                self.least.bytes
            ));
        }
        *self = Pace::new(self.least, have);
        Ok(())
    }
}

/// The start and total of `Content-Range: bytes START-END/TOTAL`, either of which may be unknown.
fn content_range(response: &Response<Body>) -> Option<(Option<u64>, Option<u64>)> {
    let value = response.headers().get("content-range")?.to_str().ok()?;
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-').and_then(|(start, _)| start.parse().ok());
    Some((start, total.parse().ok()))
}

fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Timeout(what) => format!("did not respond in time ({what})"),
        other => other.to_string(),
    }
}
