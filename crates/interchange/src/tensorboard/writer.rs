use super::{
    FILE_VERSION, Histogram, image,
    messages::{
        DT_STRING, EventMessage, Kind, MetadataMessage, PluginMessage, SummaryMessage, TensorMessage,
        ValueMessage, What,
    },
    record::frame,
};
use crate::{Error, Problem, tensorflow::messages::GraphDef};
use minutia_graph::{Graph, Tensor};
use prost::Message;
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{self, Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How a [`SummaryWriter`] writes.
#[derive(Clone, Debug)]
pub struct Options {
    clock: Option<Duration>,
    suffix: String,
    buffer_bytes: usize,
    device: String,
}

impl Default for Options {
    fn default() -> Options {
        let (suffix, device) = (String::new(), "/device:CPU:0".to_string());
        Options { clock: None, suffix, buffer_bytes: 64 << 10, device }
    }
}

impl Options {
    /// The system's clock, no suffix, 64 KiB of buffer, graphs on the CPU.
    #[must_use]
    pub fn new() -> Options {
        Options::default()
    }

    /// All events at one time, counted from 1970: in an empty folder the same run writes the same bytes, to a
    /// file of the same name.
    #[must_use]
    pub fn fixed_clock(self, since_1970: Duration) -> Options {
        Options { clock: Some(since_1970), ..self }
    }

    /// What the file's name ends in.
    #[must_use]
    pub fn file_name_suffix(self, suffix: impl Into<String>) -> Options {
        Options { suffix: suffix.into(), ..self }
    }

    /// How many bytes of records wait in memory at most, but for one record that is longer.
    #[must_use]
    pub fn buffer_bytes(self, bytes: usize) -> Options {
        Options { buffer_bytes: bytes, ..self }
    }

    /// The device by which TensorBoard colours the nodes of graphs.
    #[must_use]
    pub fn device(self, name: impl Into<String>) -> Options {
        Options { device: name.into(), ..self }
    }

    fn now(&self) -> Duration {
        // A clock that stands before 1970 is taken to stand at its beginning.
        self.clock.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }
}

/// Writes an event file, TensorFlow 1's `FileWriter`.
///
/// Records wait in a buffer and go to the file as wholes: when the buffer is full, at
/// [`flush`](SummaryWriter::flush), and when the writer is dropped, which tells of no errors. A program that
/// is killed leaves a file of which every complete record can be read. Each writer has a file of its own, so
/// that a run that goes on adds to the curves of the one before.
///
/// A tag stands for values of one kind: where a run has an image and a text under the same one, TensorBoard
/// shows the text alone.
///
/// ```
/// use minutia_graph::{Graph, Tensor};
/// use minutia_interchange::tensorboard::SummaryWriter;
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path();
/// let mut writer = SummaryWriter::new(folder)?;
/// writer.graph(&Graph::new())?;
/// for step in 0..10 {
///     writer.scalars(step, [("train/loss", 1.0 / (step + 1) as f32), ("train/accuracy", 0.5)])?;
/// }
/// writer.histogram("weights", 10, &Tensor::from([0.5_f32, -0.25]))?;
/// writer.image("digit", 10, &Tensor::from([[[0_u8], [255]]]))?;
/// writer.text("notes", 10, "*ten* steps")?;
/// writer.flush()?;
/// # Ok::<(), minutia_interchange::Error>(())
/// ```
#[derive(Debug)]
pub struct SummaryWriter {
    options: Options,
    path: PathBuf,
    file: File,
    /// Bytes of the file that are complete records.
    written: u64,
    /// Whether a part of a record may stand behind them, because writing it failed.
    torn: bool,
    buffer: Vec<u8>,
}

impl SummaryWriter {
    /// A writer to a new file in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// [`Problem::Io`].
    pub fn new(folder: impl AsRef<Path>) -> Result<SummaryWriter, Error> {
        SummaryWriter::with_options(folder, Options::new())
    }

    /// As [`new`](SummaryWriter::new), with options.
    ///
    /// # Errors
    /// [`Problem::Suffix`] for one that does not end the name of a file; [`Problem::Io`].
    pub fn with_options(folder: impl AsRef<Path>, options: Options) -> Result<SummaryWriter, Error> {
        let folder = folder.as_ref();
        if options.suffix.contains(path::is_separator) {
            return Err(Problem::Suffix { found: options.suffix }.of(folder));
        }
        let (path, file) = create(folder, &options).map_err(|error| Problem::from(error).of(folder))?;
        let mut writer = SummaryWriter { options, path, file, written: 0, torn: false, buffer: Vec::new() };
        writer.event(0, What::FileVersion(FILE_VERSION.into()))?;
        writer.flush()?;
        Ok(writer)
    }

    /// The file that it writes.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a point of a curve. A `/` in the tag groups curves.
    ///
    /// # Errors
    /// [`Problem::Io`] where the buffer is full and cannot be written.
    #[doc(alias = "add_scalar")]
    pub fn scalar(&mut self, tag: &str, step: i64, value: f32) -> Result<(), Error> {
        self.scalars(step, [(tag, value)])
    }

    /// Writes points of several curves at one step.
    ///
    /// # Errors
    /// As [`scalar`](SummaryWriter::scalar).
    #[doc(alias = "add_scalars")]
    pub fn scalars<T: AsRef<str>>(
        &mut self,
        step: i64,
        values: impl IntoIterator<Item = (T, f32)>,
    ) -> Result<(), Error> {
        let message = |(tag, value): (T, f32)| plain(tag.as_ref(), Kind::SimpleValue(value));
        self.summary(step, values.into_iter().map(message).collect())
    }

    /// Writes how the elements of a tensor are distributed.
    ///
    /// # Errors
    /// [`Problem::NotFinite`] for a NaN or an infinity; [`Problem::Io`].
    #[doc(alias = "add_histogram")]
    pub fn histogram(&mut self, tag: &str, step: i64, tensor: &Tensor) -> Result<(), Error> {
        let histogram = Histogram::of(tag, tensor).map_err(|problem| problem.of(&self.path))?;
        self.summary(step, vec![plain(tag, Kind::Histo(histogram.into()))])
    }

    /// Writes a tensor of `[height, width, channels]` as an image: `u8`, or `f32` from 0 to 1. Channels are
    /// grey, grey and opacity, RGB, or RGB and opacity. TensorBoard shows ten images of a tag.
    ///
    /// # Errors
    /// [`Problem::Image`] for any other tensor; [`Problem::Io`].
    #[doc(alias = "add_image")]
    pub fn image(&mut self, tag: &str, step: i64, tensor: &Tensor) -> Result<(), Error> {
        let image = image::of_tensor(tag, tensor).map_err(|problem| problem.of(&self.path))?;
        self.summary(step, vec![plain(tag, Kind::Image(image))])
    }

    /// Writes an image that is a PNG already, such as a figure.
    ///
    /// # Errors
    /// [`Problem::Image`] for bytes that do not begin as a PNG; [`Problem::Io`].
    pub fn png(&mut self, tag: &str, step: i64, png: &[u8]) -> Result<(), Error> {
        let image = image::of_png(tag, png).map_err(|problem| problem.of(&self.path))?;
        self.summary(step, vec![plain(tag, Kind::Image(image))])
    }

    /// Writes a text, which TensorBoard reads as Markdown.
    ///
    /// # Errors
    /// [`Problem::Io`].
    #[doc(alias = "add_text")]
    pub fn text(&mut self, tag: &str, step: i64, text: &str) -> Result<(), Error> {
        let plugin_data = Some(PluginMessage { plugin_name: "text".into() });
        let string_val = vec![text.as_bytes().to_vec()];
        let tensor = TensorMessage { dtype: DT_STRING, tensor_shape: Some(<_>::default()), string_val };
        let metadata = Some(MetadataMessage { plugin_data });
        let message = ValueMessage { tag: tag.into(), metadata, kind: Some(Kind::Tensor(tensor)) };
        self.summary(step, vec![message])
    }

    /// Writes a graph: its nodes by name scopes, with operations, inputs, types and shapes.
    ///
    /// # Errors
    /// [`Problem::Io`].
    #[doc(alias = "add_graph")]
    pub fn graph(&mut self, graph: &Graph) -> Result<(), Error> {
        let graph = GraphDef::of(graph, &self.options.device);
        self.event(0, What::GraphDef(graph.encode_to_vec()))
    }

    /// Hands all records to the operating system: they outlive this program, however it ends.
    ///
    /// # Errors
    /// [`Problem::Io`]; the records stay in the buffer, and what was written of them is undone at the next
    /// try.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.write().map_err(|error| Problem::from(error).of(&self.path))
    }

    fn write(&mut self) -> io::Result<()> {
        // A part of a record would hide all that follow.
        if self.torn {
            self.file.set_len(self.written)?;
        }
        self.torn = true;
        self.file.write_all(&self.buffer)?;
        self.torn = false;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn summary(&mut self, step: i64, value: Vec<ValueMessage>) -> Result<(), Error> {
        self.event(step, What::Summary(SummaryMessage { value }))
    }

    fn event(&mut self, step: i64, what: What) -> Result<(), Error> {
        let wall_time = self.options.now().as_secs_f64();
        let record = frame(&EventMessage { wall_time, step, what: Some(what) }.encode_to_vec());
        if self.buffer.len() + record.len() > self.options.buffer_bytes {
            self.flush()?;
        }
        self.buffer.extend(record);
        if self.buffer.len() > self.options.buffer_bytes { self.flush() } else { Ok(()) }
    }
}

impl Drop for SummaryWriter {
    fn drop(&mut self) {
        // Nobody is there who could be told.
        let _ = self.flush();
    }
}

fn plain(tag: &str, kind: Kind) -> ValueMessage {
    ValueMessage { tag: tag.into(), metadata: None, kind: Some(kind) }
}

/// Makes a file of a name that no other has. Names rise, because TensorBoard reads files in the order of
/// names.
fn create(folder: &Path, options: &Options) -> io::Result<(PathBuf, File)> {
    const FILES: u32 = 1_000_000;
    fs::create_dir_all(folder)?;
    let seconds = options.now().as_secs();
    for number in 0..FILES {
        let name = format!("events.out.tfevents.{seconds:010}.{number:06}.minutia{}", options.suffix);
        let path = folder.join(name);
        match File::options().append(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensorboard::EventReader;

    #[test]
    fn what_a_failed_write_has_left_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SummaryWriter::new(folder.path()).unwrap();
        writer.scalar("a", 1, 0.5).unwrap();
        // A disk that was full has taken a part of the record.
        let buffer = writer.buffer.clone();
        writer.file.write_all(&buffer[..buffer.len() / 2]).unwrap();
        writer.torn = true;
        writer.flush().unwrap();
        let mut reader = EventReader::open(writer.path()).unwrap();
        assert_eq!(reader.by_ref().map(|event| event.unwrap().step).collect::<Vec<_>>(), [1]);
        assert_eq!(reader.torn_tail(), 0);
    }

    #[test]
    fn records_that_could_not_be_written_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SummaryWriter::new(folder.path()).unwrap();
        writer.scalar("a", 1, 0.5).unwrap();
        let for_reading = File::open(writer.path()).unwrap();
        let good = std::mem::replace(&mut writer.file, for_reading);
        assert!(writer.flush().is_err());
        writer.file = good;
        writer.flush().unwrap();
        assert_eq!(EventReader::open(writer.path()).unwrap().count(), 1);
    }
}
