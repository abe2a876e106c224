use std::{
    fs::{FileType, Metadata},
    io,
};

/// What is in the place of a file, as the end of a sentence that begins with its path. An [`io::Error`] holds
/// it, of kind `InvalidInput`; [`Obstacle::of`] finds it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// A folder.
    #[error("is a folder, not a file")]
    Folder,
    /// A block or character device.
    #[error("is a device, not a file")]
    Device,
    /// A named pipe, which is read only while somebody writes to it.
    #[error("is a pipe (FIFO), not a file")]
    Pipe,
    /// A socket.
    #[error("is a socket, not a file")]
    Socket,
    /// Something else that holds no bytes.
    #[error("is no file")]
    Other,
    /// A symbolic link where a link must not be followed.
    #[error("is a symbolic link where a file of this program belongs; remove it")]
    Link,
    /// A file that has other names, too, where it must have one: what is written would be in those as well.
    #[error("is a file that has other names (hard links), where a file of this program belongs; remove it")]
    Linked,
    /// A file that was to be a lock and holds something else.
    #[error("is not a lock of this program: it holds something else; name another place, or move it away")]
    NoLock,
    /// Symbolic links that lead to each other.
    #[error("is a symbolic link that leads back to itself")]
    Loop,
    /// A path that ends in no name, such as `..`.
    #[error("names no file")]
    Nameless,
}

impl Obstacle {
    /// The obstacle that an error is about.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Obstacle> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// What is in the place of a regular file.
    pub(crate) fn find(metadata: &Metadata) -> Option<Obstacle> {
        let kind = metadata.file_type();
        match () {
            () if kind.is_file() => None,
            () if kind.is_dir() => Some(Obstacle::Folder),
            () if kind.is_symlink() => Some(Obstacle::Link),
            () => Some(special(kind)),
        }
    }
}

impl From<Obstacle> for io::Error {
    fn from(obstacle: Obstacle) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, obstacle)
    }
}

#[cfg(unix)]
fn special(kind: FileType) -> Obstacle {
    use std::os::unix::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => Obstacle::Pipe,
        () if kind.is_socket() => Obstacle::Socket,
        () if kind.is_block_device() || kind.is_char_device() => Obstacle::Device,
        () => Obstacle::Other,
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> Obstacle {
    Obstacle::Other
}
