//! `cargo xtask fetch`, and the download that a reproduction without data tries.

#[cfg(feature = "download")]
pub use with::{fetch, for_a_run};
#[cfg(not(feature = "download"))]
pub use without::{fetch, for_a_run};

#[cfg(feature = "download")]
mod with {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use anyhow::{Context, Result, ensure};
    use minutia_datasets::mnist::{self, Downloader};
    use minutia_datasets::{Problem, cache_folder, is_offline};

    use crate::reproduce::Progress;
    use crate::{cli, terminal};

    /// How long a run that can do without MNIST waits for a mirror to respond.
    const PATIENCE: Duration = Duration::from_secs(4);

    /// Downloads MNIST to a folder, unless it is there, and says where each file is.
    ///
    /// # Errors
    /// What each mirror did wrong, or what is wrong with the folder, and the cure.
    pub fn fetch(options: &cli::Fetch) -> Result<()> {
        let folder: PathBuf = match &options.data_dir {
            Some(folder) => folder.clone(),
            None => cache_folder().context("this user has no cache folder; name a folder with --data-dir")?,
        };
        ensure!(!is_offline(), "MINUTIA_OFFLINE is set; unset it to download");
        let mut downloader = Downloader::default();
        if !options.mirror.is_empty() {
            downloader.mirrors.clone_from(&options.mirror);
        }
        let mut progress = Progress::new(false);
        let fetched = downloader.fetch(&folder, |event| show(&event, &mut progress));
        progress.end();
        let fetched = fetched.map_err(|error| match &error.problem {
            Problem::Download(_) => {
                let cure = "MNIST was not downloaded; try again later, or another --mirror";
                anyhow::Error::new(error).context(cure)
            }
            _ => anyhow::Error::new(error).context("MNIST was not downloaded"),
        })?;
        let what = if fetched.iter().any(|file| file.downloaded) { "complete" } else { "complete already" };
        terminal::say(format_args!("MNIST is {what} in {}", folder.display()))
    }

    /// Tries to download MNIST for a run. Gives up soon, unless it is `needed`.
    ///
    /// # Errors
    /// Why it did not work, as part of a sentence.
    pub fn for_a_run(cache: &Path, needed: bool, progress: &mut Progress) -> Result<(), String> {
        say(
            progress,
            &format!(
                "no data yet: trying to download MNIST to {} (MINUTIA_OFFLINE=1 skips this)",
                cache.display()
            ),
        );
        let downloader = Downloader { patience: (!needed).then_some(PATIENCE), ..Downloader::default() };
        let fetched = downloader.fetch(cache, |event| show(&event, progress));
        progress.end();
        fetched.map(drop).map_err(|error| match error.problem {
            Problem::Download(reasons) => format!("it could not be downloaded ({})", reasons.join("; ")),
            _ => format!("it could not be downloaded ({error})"),
        })
    }

    fn show(event: &mnist::Progress<'_>, progress: &mut Progress) {
        match event {
            mnist::Progress::Waiting => {
                say(progress, "  another process is fetching to the same folder: waiting for it");
            }
            mnist::Progress::Unlocked { reason } => {
                say(
                    progress,
                    &format!("  this folder cannot be locked ({reason}): fetch to it once at a time"),
                );
            }
            mnist::Progress::Asking { url } => {
                progress.begin_bytes(url.rsplit('/').next().unwrap_or(url));
            }
            mnist::Progress::Received { bytes, total, .. } => {
                // A reader of the lines that has gone away is no reason to stop a download.
                let _ = progress.bytes(*bytes, *total);
            }
            mnist::Progress::Failed { url, reason } => {
                progress.end();
                say(progress, &format!("  {url}: {reason}"));
            }
            mnist::Progress::Done(file) => {
                progress.end();
                let what = if file.downloaded { "downloaded" } else { "intact" };
                say(progress, &format!("  {what:10} {}", file.path.display()));
            }
            _ => {}
        }
    }

    /// Prints a line of a download, which has no way to stop for it: where that fails, the command's next
    /// line does.
    fn say(progress: &Progress, line: &str) {
        let _ = progress.say(line);
    }
}

#[cfg(not(feature = "download"))]
mod without {
    use std::path::Path;

    use anyhow::{Result, bail};

    use crate::cli;
    use crate::reproduce::Progress;

    /// Says how to get a build that downloads.
    ///
    /// # Errors
    /// Always.
    pub fn fetch(_: &cli::Fetch) -> Result<()> {
        bail!(
            "this xtask was built without downloads; build it with `--features download` (on by default), or put \
             MNIST's four files into a folder and name it with --data-dir"
        )
    }

    /// Nothing is tried.
    ///
    /// # Errors
    /// Always: why not.
    pub fn for_a_run(_: &Path, _: bool, _: &mut Progress) -> Result<(), String> {
        Err("this build cannot download".to_string())
    }
}
