//! Doing a job unless it is done: the mechanism behind stages, their figures and the report.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use crate::{
    digest, files,
    reproduce::{
        progress::Progress,
        record::{Key, Reason, Record},
    },
};

/// Where jobs keep their results, and how willing they are to use them.
#[derive(Debug)]
pub struct Jobs {
    pub out: PathBuf,
    /// Why everything runs whatever is there, if it does.
    pub fresh: Option<&'static str>,
    pub dry_run: bool,
}

/// What a job gives: its outcome, and files by their path below the output folder.
pub struct Product {
    pub outcome: Value,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Jobs {
    /// Looks whether a job is done, with an outcome that `fits` it.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn look(
        &self,
        job: &str,
        key: &Key,
        fits: impl FnOnce(&Record) -> bool,
    ) -> Result<Result<Record, Reason>> {
        match self.fresh {
            Some(option) => Ok(Err(Reason(option.to_string()))),
            None => Record::valid(&self.out, job, key, fits),
        }
    }

    /// Writes what a job gave, the record last, so that a job that was killed is not done. Arrays that an
    /// earlier run of the job left and this one has not are removed, if nobody has changed them.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn finish(&self, job: &str, key: Key, product: Product) -> Result<Record> {
        let earlier = Record::read(&self.out, job)?.map(|record| record.outputs).unwrap_or_default();
        let ours = format!("data/{job}/");
        for (name, digest) in earlier {
            let path = self.out.join(&name);
            let stale = name.starts_with(&ours) && !product.files.contains_key(&name);
            if stale && files::read(&path).ok().flatten().is_some_and(|bytes| digest::hex(&bytes) == digest) {
                files::remove(&path)?;
            }
        }
        Record::forget(&self.out, job)?;
        let mut outputs = BTreeMap::new();
        for (name, bytes) in product.files {
            files::write(&self.out.join(&name), &bytes)?;
            outputs.insert(name, digest::hex(&bytes));
        }
        let record = Record { key, outputs, outcome: product.outcome };
        record.write(&self.out, job)?;
        Ok(record)
    }

    /// Takes a job's result from the output folder, or does it; says which, and why. `None` in a dry run that
    /// would do it.
    ///
    /// # Errors
    /// Those of the work, and when a file cannot be read or written.
    pub fn ensure(
        &self,
        job: &str,
        key: Key,
        progress: &mut Progress,
        fits: impl FnOnce(&Record) -> bool,
        work: impl FnOnce(&mut Progress) -> Result<Product>,
    ) -> Result<Option<Record>> {
        match self.look(job, &key, fits)? {
            Ok(record) => {
                progress.say(&format!("skip {job:24} unchanged, key {}", key.short()))?;
                Ok(Some(record))
            }
            Err(Reason(reason)) => {
                progress.say(&format!("run  {job:24} {reason}"))?;
                if self.dry_run {
                    return Ok(None);
                }
                let product = work(progress);
                progress.end();
                self.finish(job, key, product?).map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(out: PathBuf) -> Jobs {
        Jobs { out, fresh: None, dry_run: false }
    }

    fn product() -> Product {
        Product {
            outcome: Value::from(3),
            files: BTreeMap::from([("figures/a.svg".to_string(), b"x".to_vec())]),
        }
    }

    #[test]
    fn a_job_is_done_once_and_again_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::new(true);
        let mut count = 0;
        let mut ensure = |jobs: &Jobs, key: &str| {
            let key = Key::default().with("parameter", key);
            let record = jobs.ensure(
                "job",
                key,
                &mut progress,
                |_| true,
                |_| {
                    count += 1;
                    Ok(product())
                },
            );
            (record.unwrap().map(|record| record.outcome), count)
        };
        let plain = jobs(folder.path().to_path_buf());
        let dry = Jobs { dry_run: true, ..jobs(folder.path().to_path_buf()) };
        let fresh = Jobs { fresh: Some("--fresh"), ..jobs(folder.path().to_path_buf()) };
        let done = Some(Value::from(3));
        assert_eq!(ensure(&dry, "1"), (None, 0));
        assert_eq!(ensure(&plain, "1"), (done.clone(), 1));
        assert_eq!(ensure(&plain, "1"), (done.clone(), 1));
        assert_eq!(ensure(&dry, "1"), (done.clone(), 1));
        assert_eq!(ensure(&fresh, "1"), (done.clone(), 2));
        assert_eq!(ensure(&plain, "2"), (done, 3));
    }

    #[test]
    fn arrays_that_a_job_no_longer_gives_go_unless_somebody_changed_them() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path().to_path_buf());
        let give = |names: &[&str]| {
            let files = names.iter().map(|name| (format!("data/job/{name}.f32"), b"xxxx".to_vec())).collect();
            jobs.finish("job", Key::default(), Product { outcome: Value::Null, files }).unwrap()
        };
        let there = |name: &str| folder.path().join(format!("data/job/{name}.f32")).exists();
        give(&["a", "b", "c"]);
        std::fs::write(folder.path().join("data/job/c.f32"), "theirs").unwrap();
        std::fs::write(folder.path().join("data/job/d.f32"), "xxxx").unwrap();
        give(&["a"]);
        assert_eq!(["a", "b", "c", "d"].map(there), [true, false, true, true]);
    }

    #[test]
    fn a_job_that_fails_while_writing_is_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path().to_path_buf());
        jobs.finish("job", Key::default(), product()).unwrap();
        let path = folder.path().join("figures/a.svg");
        files::remove(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        jobs.finish("job", Key::default(), product()).unwrap_err();
        assert_eq!(
            jobs.look("job", &Key::default(), |_| true).unwrap(),
            Err(Reason("no earlier result".to_string()))
        );
    }
}
