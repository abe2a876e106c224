//! The bytes of a file, decompressed where they are compressed.

use super::foreign::{Foreign, START};
use crate::Problem;
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Cursor, Read};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How often a file may be compressed: what was compressed once more by a server or by hand is found in the
/// wild.
const TIMES: usize = 2;

/// Bytes that a file which is compressed inside another may have.
const INNER: u64 = 1 << 30;

/// Members that a file may have: four gigabytes in the blocks of bgzip. Empty ones take time and give
/// nothing.
const MEMBERS: usize = 1 << 16;

pub(crate) struct Contents<'a> {
    source: Box<dyn Read + 'a>,
    compressed: bool,
}

impl<'a> Contents<'a> {
    /// The first read gives as many bytes as [`Foreign::find`] looks at, where they are there.
    pub(crate) fn new(source: impl Read + 'a) -> Result<Contents<'a>, Problem> {
        let mut contents = Contents { source: Box::new(source), compressed: false };
        for _ in 0..=TIMES {
            let mut start = Vec::new();
            let read = contents.by_ref().take(START as u64).read_to_end(&mut start);
            read.map_err(|error| contents.problem(error.into()))?;
            if start.is_empty() {
                return Err(Problem::Empty);
            }
            let compressed = start.starts_with(&GZIP);
            let whole = Cursor::new(start).chain(contents.source);
            if !compressed {
                return Ok(Contents { source: Box::new(whole), ..contents });
            }
            let whole: Box<dyn Read + 'a> = match contents.compressed {
                true => Box::new(whole.take(INNER)),
                false => Box::new(whole),
            };
            let members = Members { current: Some(GzDecoder::new(BufReader::new(whole))), left: MEMBERS };
            contents = Contents { source: Box::new(members), compressed };
        }
        let what = format!("compressed with gzip more than {TIMES} times");
        Err(Foreign { what, cure: "decompress it with gunzip" }.into())
    }

    /// What a failure to read means: the decoder reports damage as an error of reading.
    pub(crate) fn problem(&self, problem: Problem) -> Problem {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match problem {
            Problem::Io(e)
                if self.compressed && matches!(e.kind(), InvalidInput | InvalidData | UnexpectedEof) =>
            {
                Problem::Gzip(e.to_string())
            }
            other => other,
        }
    }
}

impl Read for Contents<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.source.read(buffer)
    }
}

/// The members of a gzip file, one after the other. Zeros after a member, with which tapes and disks are
/// padded, are passed over, as gzip does.
struct Members<R> {
    current: Option<GzDecoder<R>>,
    /// How many more there may be, this one included.
    left: usize,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.current {
            let n = member.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            if !skip_zeros(member.get_mut())? {
                self.current = None;
                break;
            }
            if self.left <= 1 {
                let what = format!("more than {MEMBERS} members");
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            self.left -= 1;
            self.current = self.current.take().map(|member| GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

/// Whether anything follows the zeros.
fn skip_zeros(source: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = source.fill_buf()?;
        let (all, zeros) = (bytes.len(), bytes.iter().take_while(|&&byte| byte == 0).count());
        source.consume(zeros);
        if zeros < all || all == 0 {
            return Ok(all > 0);
        }
    }
}
