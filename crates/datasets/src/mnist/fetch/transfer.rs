//! Bytes from a mirror to a partial file, going on where an earlier transfer stopped.

use super::Failure;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    time::Duration,
};
use ureq::{Agent, Body, http::Response};

/// How often a mirror that cuts the connection is asked to go on.
const TRIES: usize = 5;

/// Called with the bytes so far and those in all, where they are known.
type Received<'a> = &'a mut dyn FnMut(u64, Option<u64>);

pub(super) fn agent(timeout: Duration) -> Agent {
    let timeout = Some(timeout);
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_resolve(timeout)
        .timeout_connect(timeout)
        .timeout_send_request(timeout)
        .timeout_recv_response(timeout)
        .timeout_per_read(timeout)
        .accept_encoding("identity")
        .user_agent(concat!("minutia-datasets/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Whether a mirror responds at all within a time.
pub(super) fn probe(agent: &Agent, url: &str, within: Duration) -> Result<(), Failure> {
    let request = direct(agent.head(url), url).config().timeout_global(Some(within)).build();
    request.call().map(drop).map_err(|e| Failure::Mirror(reason(&e)))
}

/// A proxy has another loopback than this machine.
fn direct<B>(request: ureq::RequestBuilder<B>, url: &str) -> ureq::RequestBuilder<B> {
    let host = url.strip_prefix("http://").unwrap_or_default();
    let loopback = ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        host.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', '/']) || rest.is_empty())
    });
    if loopback { request.config().proxy(None).build() } else { request }
}

/// Fills `partial` from a URL. Says whether some of its bytes were there before. What came of it before a failure stays.
pub(super) fn transfer(
    agent: &Agent,
    url: &str,
    partial: &Path,
    limit: u64,
    received: Received<'_>,
) -> Result<bool, Failure> {
    let mut file = File::options().create(true).write(true).truncate(false).open(partial)?;
    let have = file.seek(SeekFrom::End(0))?;
    let mut transfer = Transfer { file, have, resumed: have > 0, limit };
    let outcome = transfer.attempts(agent, url, received);
    if transfer.have == 0 && outcome.is_err() {
        drop(transfer);
        fs::remove_file(partial)?;
    }
    outcome
}

struct Transfer {
    file: File,
    /// Bytes in the file, whose cursor is at its end.
    have: u64,
    /// Whether some of them are from an earlier transfer.
    resumed: bool,
    limit: u64,
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
        let mut body = body.into_reader();
        let mut buffer = vec![0; 64 << 10];
        let before = self.have;
        loop {
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) if self.have + n as u64 > limit => {
                    self.restart()?;
                    return Err(Failure::Mirror(format!(
                        "sent more than the {limit} bytes that the file can have"
                    )));
                }
                Ok(n) => {
                    self.file.write_all(&buffer[..n])?;
                    self.have += n as u64;
                    received(self.have, total);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let reason = format!("was cut after {} bytes: {e}", self.have);
                    return Ok(End::Cut { reason, came: self.have > before });
                }
            }
        }
        if let Some(total) = total.filter(|&total| self.have < total) {
            let reason = format!("was cut after {} of {total} bytes", self.have);
            return Ok(End::Cut { reason, came: self.have > before });
        }
        Ok(End::Complete)
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
