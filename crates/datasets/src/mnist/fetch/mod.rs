//! Downloading MNIST: from one mirror after the other, resumed where it was cut, verified before it has its
//! name.

mod install;
mod transfer;

#[cfg(test)]
mod tests;

use super::{DIGESTS, FILES, find, load::LIMIT};
use crate::{Error, Problem, cache_folder, idx};
use minutia_files::{Attempt, Lock, open_own};
use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The public mirrors: copies of the files that were at yann.lecun.com, kept for TensorFlow and for PyTorch.
pub const MIRRORS: [&str; 2] =
    ["https://storage.googleapis.com/cvdf-datasets/mnist/", "https://ossci-datasets.s3.amazonaws.com/mnist/"];

/// Bytes of MNIST's decompressed files, in the order of [`FILES`].
const SIZES: [u64; 4] = [47_040_016, 60_008, 7_840_016, 10_008];

/// What a compressed file may have more than its contents.
const OVERHEAD: u64 = 64 << 10;

/// How long a mirror may take for each step, and over how long its rate is measured.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Bytes that a mirror must send in a second: a third of what a modem over the telephone does.
const LEAST_RATE: u64 = 2 << 10;

/// Downloads MNIST's four files to a folder, from [`MIRRORS`], and verifies them: [`Downloader::fetch`] with
/// defaults.
///
/// ```no_run
/// use minutia_datasets::{cache_folder, mnist};
/// let folder = cache_folder().expect("there is a home folder");
/// mnist::fetch(&folder, |progress| println!("{progress:?}"))?;
/// assert!(mnist::load(&folder)?.is_mnist());
/// # Ok::<(), minutia_datasets::Error>(())
/// ```
///
/// # Errors
/// As [`Downloader::fetch`].
pub fn fetch(folder: impl AsRef<Path>, progress: impl FnMut(Progress<'_>)) -> Result<Vec<Fetched>, Error> {
    Downloader::default().fetch(folder, progress)
}

/// Where to download from, and how long to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloader {
    /// URLs of folders that hold the four files as `NAME.gz`. Each is tried in turn.
    pub mirrors: Vec<String>,
    /// How long a mirror may take to connect, to respond, or may send nothing.
    pub timeout: Duration,
    /// The fewest bytes in a second, over each [`timeout`](Downloader::timeout), with which a mirror is not
    /// given up for the next; that one goes on where it stopped. 0 for any.
    pub least_rate: u64,
    /// The time in which one of the mirrors must respond, looking up its name and connecting included; each
    /// gets an equal share of it. For programs that can do without.
    pub patience: Option<Duration>,
}

impl Default for Downloader {
    /// [`MIRRORS`], 15 seconds, 2 KiB in a second, and no limit on the time until the first response but
    /// this.
    fn default() -> Downloader {
        let mirrors = MIRRORS.map(String::from).to_vec();
        Downloader { mirrors, timeout: TIMEOUT, least_rate: LEAST_RATE, patience: None }
    }
}

/// What [`Downloader::fetch`] is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// Waits for another process that fetches to the same folder.
    Waiting,
    /// The folder's file system has no locks, so that nothing keeps a second process out.
    Unlocked {
        /// What it answered.
        reason: &'a str,
    },
    /// Asks a mirror for a file.
    Asking {
        /// The file.
        url: &'a str,
    },
    /// Bytes of a file arrived.
    Received {
        /// Its name.
        file: &'a str,
        /// Compressed bytes so far.
        bytes: u64,
        /// Compressed bytes in all, where the mirror says so.
        total: Option<u64>,
    },
    /// A mirror could not be used.
    Failed {
        /// The file that it was asked for.
        url: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A file is in its place.
    Done(&'a Fetched),
}

/// A verified file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it was downloaded now; otherwise it was there.
    pub downloaded: bool,
}

/// A file to fetch.
#[derive(Clone, Copy, Debug)]
struct Wanted<'a> {
    name: &'a str,
    /// SHA-256 of the decompressed contents.
    digest: &'a str,
    /// Bytes of the decompressed contents.
    size: u64,
}

/// Why a file did not come.
#[derive(Debug)]
enum Failure {
    /// The mirror is at fault; another may do better.
    Mirror(String),
    /// The disk is, at the file that is to be there.
    Disk(io::Error),
    /// The disk is, at this file.
    At(Error),
}

impl Failure {
    /// Says at which file the disk failed.
    fn at(self, path: &Path) -> Failure {
        match self {
            Failure::Disk(error) => Failure::At(Problem::from(error).at(path)),
            other => other,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Disk(error)
    }
}

impl Downloader {
    /// Downloads those of MNIST's four files that `folder` does not hold intact, compressed or not.
    ///
    /// A file is decompressed and has its name only when the SHA-256 of its contents is right; until then it
    /// is `NAME.gz.partial`, from where a later call goes on. A lock file keeps a second process out until
    /// the first is done. Damaged files are replaced. A file of other contents, which may be all there is of
    /// another data set, is replaced in the [`cache_folder`] alone; elsewhere it is an error.
    ///
    /// # Errors
    /// [`Problem::Download`] with the reason of every mirror; [`Problem::Digest`] where a file of other
    /// contents is in the way; [`Problem::Proxy`] where `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, or one of
    /// them in small letters, names no proxy; those of the file system.
    pub fn fetch(
        &self,
        folder: impl AsRef<Path>,
        mut progress: impl FnMut(Progress<'_>),
    ) -> Result<Vec<Fetched>, Error> {
        let folder = folder.as_ref();
        let files: [Wanted<'_>; 4] =
            std::array::from_fn(|i| Wanted { name: FILES[i], digest: DIGESTS[i], size: SIZES[i] });
        let replace = cache_folder().is_some_and(|cache| cache == folder);
        self.fetch_files(folder, &files, replace, &mut progress)
    }

    fn fetch_files(
        &self,
        folder: &Path,
        files: &[Wanted<'_>],
        replace: bool,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Fetched>, Error> {
        if folder.exists() && !folder.is_dir() {
            return Err(Problem::NotAFolder.at(folder));
        }
        fs::create_dir_all(folder).map_err(|e| Problem::from(e).at(folder))?;
        // Looked for without the lock first: a complete folder needs no writing, and may not allow it.
        let there: Option<Vec<Fetched>> = files
            .iter()
            .map(|wanted| {
                let path =
                    find(folder, &[wanted.name]).ok().filter(|path| install::is_intact(path, wanted))?;
                Some(Fetched { path, downloaded: false })
            })
            .collect();
        if let Some(there) = there {
            there.iter().for_each(|fetched| progress(Progress::Done(fetched)));
            return Ok(there);
        }
        let proxy = self.proxy(env::var_os).map_err(|problem| problem.at(folder))?;
        let _lock = lock(folder, progress)?;
        let mut session = Session {
            settings: self,
            agent: transfer::agent(self.timeout),
            proxy,
            first: 0,
            responded: vec![false; self.mirrors.len()],
            folder,
            replace,
        };
        files.iter().map(|wanted| session.file(wanted, progress)).collect()
    }

    /// The variable that names the proxy by way of which the mirrors are asked.
    fn proxy(
        &self,
        variable: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Option<&'static str>, Problem> {
        let all_direct = self.mirrors.iter().all(|mirror| transfer::is_loopback(mirror));
        if all_direct { Ok(None) } else { transfer::proxy(variable) }
    }
}

/// Keeps other processes from fetching to this folder until it is dropped. The file stays: who removed it
/// could take it from under a process that waits for it.
fn lock(folder: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<Option<Lock>, Error> {
    let path = folder.join(".fetch.lock");
    let mut take = || match Lock::take(&path)? {
        Attempt::Taken(lock) => Ok(Some(lock)),
        Attempt::Busy(busy) => {
            progress(Progress::Waiting);
            busy.wait().map(Some)
        }
        Attempt::Unsupported(error) => {
            progress(Progress::Unlocked { reason: &error.to_string() });
            Ok(None)
        }
    };
    take().map_err(|e: io::Error| Problem::from(e).at(&path))
}

/// One call of [`Downloader::fetch`].
struct Session<'a> {
    settings: &'a Downloader,
    agent: ureq::Agent,
    /// The variable that names the proxy.
    proxy: Option<&'static str>,
    /// The mirror to begin with: the one that was good for the last file.
    first: usize,
    /// Which mirrors have responded.
    responded: Vec<bool>,
    folder: &'a Path,
    replace: bool,
}

impl Session<'_> {
    fn file(
        &mut self,
        wanted: &Wanted<'_>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Fetched, Error> {
        let target = self.folder.join(wanted.name);
        let done = |path, downloaded, progress: &mut dyn FnMut(Progress<'_>)| {
            let fetched = Fetched { path, downloaded };
            progress(Progress::Done(&fetched));
            Ok(fetched)
        };
        if let Ok(path) = find(self.folder, &[wanted.name]) {
            if install::is_intact(&path, wanted) {
                return done(path, false, progress);
            }
            if !self.replace && idx::read_file_at_most(&path, LIMIT).is_ok() {
                let found = install::digest(&path).map_err(|problem| problem.at(&path))?;
                return Err(Problem::Digest { found, expected: wanted.digest.to_string() }.at(path));
            }
        }
        if target.is_dir() {
            return Err(Problem::Folder.at(target));
        }
        let mirrors = &self.settings.mirrors;
        let mut reasons = Vec::new();
        for turn in 0..mirrors.len() {
            let at = (self.first + turn) % mirrors.len();
            let url = format!("{}/{}.gz", mirrors[at].trim_end_matches('/'), wanted.name);
            progress(Progress::Asking { url: &url });
            match self.ask(at, &url, wanted, &target, progress) {
                Ok(()) => {
                    self.first = at;
                    return done(target, true, progress);
                }
                Err(Failure::Disk(error)) => return Err(Problem::from(error).at(target)),
                Err(Failure::At(error)) => return Err(error),
                Err(Failure::Mirror(mut reason)) => {
                    if let Some(variable) = self.proxy.filter(|_| !transfer::is_loopback(&url)) {
                        reason = format!("{reason} (by way of the proxy of {variable})");
                    }
                    progress(Progress::Failed { url: &url, reason: &reason });
                    reasons.push(format!("{url}: {reason}"));
                }
            }
        }
        if reasons.is_empty() {
            reasons.push("no mirror is named".to_string());
        }
        Err(Problem::Download(reasons).at(target))
    }

    fn ask(
        &mut self,
        at: usize,
        url: &str,
        wanted: &Wanted<'_>,
        target: &Path,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), Failure> {
        if let (Some(patience), false) = (self.settings.patience, self.responded[at]) {
            transfer::probe(&self.agent, url, patience / self.settings.mirrors.len() as u32)?;
        }
        let partial = self.folder.join(format!("{}.gz.partial", wanted.name));
        let limit = wanted.size + OVERHEAD;
        loop {
            let mut received =
                |bytes, total| progress(Progress::Received { file: wanted.name, bytes, total });
            let file = open_own(&partial).map_err(|error| Failure::from(error).at(&partial))?;
            let least = transfer::Rate { bytes: self.settings.least_rate, over: self.settings.timeout };
            let resumed = transfer::transfer(&self.agent, url, file, limit, least, &mut received)
                .map_err(|failure| failure.at(&partial));
            if resumed.is_err() && fs::metadata(&partial).is_ok_and(|metadata| metadata.len() == 0) {
                fs::remove_file(&partial)?;
            }
            let resumed = resumed?;
            self.responded[at] = true;
            let outcome = install::install(&partial, target, wanted);
            if !matches!(outcome, Err(Failure::Disk(_) | Failure::At(_))) {
                fs::remove_file(&partial)?;
            }
            match outcome {
                // The part from before may be what is wrong, and not this mirror.
                Err(Failure::Mirror(_)) if resumed => {}
                other => return other,
            }
        }
    }
}
