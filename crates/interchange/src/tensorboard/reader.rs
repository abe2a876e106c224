use super::{
    Event, FILE_VERSION,
    messages::{EventMessage, What},
    record::{FOOTER, HEADER, checksum},
};
use crate::{Error, Problem};
use prost::Message;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

/// Reads the events of a file, one after the other, up to the last complete record.
///
/// A record that is cut short by the end of the file is not an error: its program was killed, or still
/// writes. It is left out, and [`torn_tail`](EventReader::torn_tail) has its bytes. No length that a file
/// states is believed before as many bytes are there.
///
/// ```
/// use minutia_interchange::tensorboard::{EventReader, SummaryWriter, Value};
/// # let folder = tempfile::tempdir().unwrap();
/// let mut writer = SummaryWriter::new(folder.path())?;
/// writer.scalar("loss", 1, 0.5)?;
/// writer.flush()?;
/// let events = EventReader::open(writer.path())?.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(events[0].values, [("loss".to_string(), Value::Scalar(0.5))]);
/// # Ok::<(), minutia_interchange::Error>(())
/// ```
#[derive(Debug)]
pub struct EventReader {
    path: PathBuf,
    file: BufReader<File>,
    /// Where the next record begins.
    offset: u64,
    size: u64,
    ended: bool,
}

impl EventReader {
    /// Opens an event file.
    ///
    /// # Errors
    /// [`Problem::Foreign`] for a file that does not begin as one, [`Problem::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<EventReader, Error> {
        let path = path.as_ref();
        EventReader::begin(path).map_err(|problem| problem.of(path))
    }

    fn begin(path: &Path) -> Result<EventReader, Problem> {
        let file = minutia_files::open(path)?;
        let size = file.metadata()?.len();
        let file = BufReader::new(file);
        let mut reader = EventReader { path: path.to_path_buf(), file, offset: 0, size, ended: false };
        let foreign = |found: String| Problem::Foreign { expected: "an event file", found };
        let first = match reader.message() {
            Err(Problem::Checksum { part: "length", .. }) => {
                return Err(foreign("its first 12 bytes are no length of a record with its checksum".into()));
            }
            other => other?,
        };
        match first.map(|message| message.what) {
            None => reader.ended = true,
            Some(Some(What::FileVersion(version))) if version == FILE_VERSION => {}
            Some(Some(What::FileVersion(version))) => {
                return Err(foreign(format!("it has the version {version:?}, expected {FILE_VERSION:?}")));
            }
            Some(_) => return Err(foreign("its first event does not have the version of the file".into())),
        }
        Ok(reader)
    }

    /// Bytes behind the last complete record that was read: where all were, those of one that is cut short.
    #[must_use]
    pub fn torn_tail(&self) -> u64 {
        self.size - self.offset
    }

    fn message(&mut self) -> Result<Option<EventMessage>, Problem> {
        let offset = self.offset;
        let Some(data) = self.record()? else { return Ok(None) };
        let reason = |error: prost::DecodeError| Problem::Record { offset, reason: error.to_string() };
        EventMessage::decode(&data[..]).map(Some).map_err(reason)
    }

    /// The data of the next record, if it is complete.
    fn record(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        const FRAME: u64 = (HEADER + FOOTER) as u64;
        let left = self.torn_tail();
        if left < HEADER as u64 {
            return Ok(None);
        }
        let (mut length, mut stated) = ([0; 8], [0; 4]);
        self.file.read_exact(&mut length)?;
        self.file.read_exact(&mut stated)?;
        self.check("length", &length, stated)?;
        let length = u64::from_le_bytes(length);
        if length.checked_add(FRAME).is_none_or(|record| record > left) {
            return Ok(None);
        }
        let memory = || Problem::from(io::Error::from(io::ErrorKind::OutOfMemory));
        let mut data = Vec::new();
        data.try_reserve_exact(usize::try_from(length).map_err(|_| memory())?).map_err(|_| memory())?;
        self.file.by_ref().take(length).read_to_end(&mut data)?;
        self.file.read_exact(&mut stated)?;
        self.check("data", &data, stated)?;
        self.offset += length + FRAME;
        Ok(Some(data))
    }

    fn check(&self, part: &'static str, bytes: &[u8], stated: [u8; 4]) -> Result<(), Problem> {
        let (found, expected) = (checksum(bytes), u32::from_le_bytes(stated));
        if found == expected {
            return Ok(());
        }
        Err(Problem::Checksum { offset: self.offset, part, found, expected })
    }
}

impl Iterator for EventReader {
    type Item = Result<Event, Error>;

    /// The next event; nothing after an error.
    fn next(&mut self) -> Option<Result<Event, Error>> {
        if self.ended {
            return None;
        }
        let message = self.message().map_err(|problem| problem.of(&self.path));
        self.ended = !matches!(message, Ok(Some(_)));
        message.transpose().map(|message| message.map(Event::from))
    }
}
