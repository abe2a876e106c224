//! A mirror on loopback that does what a test tells it to.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    /// The last part of the path.
    pub file: String,
    /// Where the range begins that it asks for.
    pub from: Option<usize>,
}

pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request, each on a connection of its own, until the tests end.
    pub fn new(
        answer: impl Fn(&Request, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mnist/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let request = read(&stream);
                    log.lock().unwrap().push(request.clone());
                    // A client may hang up before the end: some tests are about that.
                    let _ = answer(&request, &mut stream);
                });
            }
        });
        Server { url, requests }
    }

    /// Serves one set of bytes under every name, ranges included.
    pub fn of(bytes: Vec<u8>) -> Server {
        Server::new(move |request, stream| whole(request, stream, &bytes))
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Where the ranges began that were asked for.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.requests().into_iter().map(|request| request.from).collect()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let mut words = first.split(' ');
    let method = words.next().unwrap().to_string();
    let file = words.next().unwrap().rsplit('/').next().unwrap().to_string();
    let mut from = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        if name.eq_ignore_ascii_case("range") {
            from = Some(value.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap());
        }
    }
    Request { method, file, from }
}

/// Answers with a status, headers (each with its line's end) and a body.
pub fn respond(stream: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status} Status\r\nConnection: close\r\n{headers}\r\n")?;
    stream.write_all(body)
}

/// Answers as a good server does.
pub fn whole(request: &Request, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let all = bytes.len();
    match request.from {
        Some(from) if from >= all => {
            respond(stream, 416, &format!("Content-Range: bytes */{all}\r\nContent-Length: 0\r\n"), b"")
        }
        Some(from) => {
            let left = all - from;
            let range = format!("Content-Range: bytes {from}-{}/{all}\r\n", all - 1);
            respond(stream, 206, &format!("{range}Content-Length: {left}\r\n"), &bytes[from..])
        }
        None => {
            let body = if request.method == "HEAD" { &[][..] } else { bytes };
            respond(stream, 200, &format!("Content-Length: {all}\r\n"), body)
        }
    }
}
