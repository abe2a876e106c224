use crate::{
    Error, Problem, digits,
    mnist::{self, DIGESTS, FILES, Mnist},
};
use etcetera::BaseStrategy;
use std::{
    env, fmt, fs, io,
    path::{Path, PathBuf},
};

/// The variable that names a folder of data.
const FOLDER: &str = "MINUTIA_DATA_DIR";
/// The variable that forbids downloads.
const OFFLINE: &str = "MINUTIA_OFFLINE";

/// A data set, and where it is from.
#[derive(Clone, Debug)]
pub struct Located {
    /// The images.
    pub data: Mnist,
    /// Where they are from.
    pub origin: Origin,
}

/// Where a data set is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder that was named, by argument or by `MINUTIA_DATA_DIR`.
    Named(PathBuf),
    /// The cache folder.
    Cache(PathBuf),
    /// Generated; why nothing else was used.
    Digits {
        /// The reason.
        why: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Named(folder) | Origin::Cache(folder) => write!(f, "{}", folder.display()),
            Origin::Digits { why } => write!(f, "built-in digits ({why})"),
        }
    }
}

/// What [`find`] came to.
#[derive(Clone, Debug)]
pub enum Found {
    /// A data set.
    Files(Box<Located>),
    /// Nothing was named, and there is nothing in the cache folder.
    Nothing {
        /// Where it was looked for.
        why: String,
    },
}

/// The folder that downloads go to: `minutia/mnist` in the user's cache folder.
///
/// That is `$XDG_CACHE_HOME`, else `~/.cache`; on Windows, `%LOCALAPPDATA%`.
///
/// ```
/// if let Some(folder) = minutia_datasets::cache_folder() {
///     assert!(folder.ends_with("minutia/mnist"));
/// }
/// ```
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.cache_dir().join("minutia").join("mnist"))
}

/// Whether `MINUTIA_OFFLINE` forbids downloads: it is set, and neither empty nor `0`.
#[must_use]
pub fn is_offline() -> bool {
    env::var_os(OFFLINE).is_some_and(|value| !value.is_empty() && value != "0")
}

/// Loads the data set of `folder`, else of the folder that `MINUTIA_DATA_DIR` names, else MNIST from the
/// cache folder; where there is none, the built-in [`digits`]. Never downloads.
///
/// ```no_run
/// let located = minutia_datasets::locate(None)?;
/// println!("{} images of {}", located.data.train.len(), located.origin);
/// # Ok::<(), minutia_datasets::Error>(())
/// ```
///
/// # Errors
/// As [`find`].
pub fn locate(folder: Option<&Path>) -> Result<Located, Error> {
    match find(folder, |_| Err("nothing was downloaded".to_string()))? {
        Found::Files(located) => Ok(*located),
        Found::Nothing { why } => Ok(Located { data: digits::generate(), origin: Origin::Digits { why } }),
    }
}

/// Loads the data set of `folder`, else of the folder that `MINUTIA_DATA_DIR` names, else MNIST from the
/// cache folder. Where that lacks a file, `download` is called with it, unless [`is_offline`]; it puts the
/// files there or says why not.
///
/// ```no_run
/// use minutia_datasets::{Found, find};
/// let found = find(None, |cache| Err(format!("put MNIST into {} by hand", cache.display())))?;
/// match found {
///     Found::Files(located) => println!("{} training images", located.data.train.len()),
///     Found::Nothing { why } => println!("no data: {why}"),
/// }
/// # Ok::<(), minutia_datasets::Error>(())
/// ```
///
/// # Errors
/// A folder that was named and cannot be loaded, and a file in the cache folder that is not MNIST's
/// ([`Problem::Cache`]), are errors, never a reason to go on.
pub fn find(
    folder: Option<&Path>,
    download: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<Found, Error> {
    let named = folder.map(Path::to_path_buf).or_else(|| {
        let value = env::var_os(FOLDER)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    });
    let places = Places { named, cache: cache_folder(), digests: DIGESTS };
    places.find(|cache| if is_offline() { Err(format!("{OFFLINE} is set")) } else { download(cache) })
}

/// Where to look.
struct Places<'a> {
    named: Option<PathBuf>,
    cache: Option<PathBuf>,
    /// What the cache holds.
    digests: [&'a str; 4],
}

impl Places<'_> {
    fn find(self, download: impl FnOnce(&Path) -> Result<(), String>) -> Result<Found, Error> {
        if let Some(folder) = self.named {
            let located = Located { data: mnist::load(&folder)?, origin: Origin::Named(folder) };
            return Ok(Found::Files(Box::new(located)));
        }
        let unnamed = format!("no folder was named, {FOLDER} is not set");
        let Some(cache) = self.cache else {
            return Ok(Found::Nothing { why: format!("{unnamed}, this user has no cache folder") });
        };
        let in_cache = |error: Error| Problem::Cache(Box::new(error.problem)).at(error.path);
        if let Some(absent) = absent(&cache).map_err(in_cache)?
            && let Err(reason) = download(&cache)
        {
            let why = format!("{unnamed}, {} has no {absent}, {reason}", cache.display());
            return Ok(Found::Nothing { why });
        }
        let data = mnist::load(&cache).map_err(in_cache)?;
        for ((name, found), expected) in FILES.into_iter().zip(&data.digests).zip(self.digests) {
            if found != expected {
                let problem = Problem::Digest { found: found.clone(), expected: expected.to_string() };
                return Err(in_cache(problem.at(mnist::find(&cache, &[name])?)));
            }
        }
        Ok(Found::Files(Box::new(Located { data, origin: Origin::Cache(cache) })))
    }
}

/// The first of the four files that a folder lacks; a download that was interrupted leaves such a folder.
fn absent(folder: &Path) -> Result<Option<&'static str>, Error> {
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(FILES[0])),
        Err(error) => return Err(Problem::from(error).at(folder)),
        Ok(metadata) if !metadata.is_dir() => return Err(Problem::NotAFolder.at(folder)),
        Ok(_) => {}
    }
    for name in FILES {
        match mnist::find(folder, &[name]) {
            Ok(_) => {}
            Err(Error { problem: Problem::Missing(_) | Problem::Packed { .. }, .. }) => {
                return Ok(Some(name));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idx::{Data, Idx, write_file};

    /// A small data set.
    fn write_set(folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (name, n) in FILES.into_iter().zip([5001, 5001, 1, 1]) {
            let dims = if name.contains("images") { vec![n, 1, 1] } else { vec![n] };
            write_file(&Idx { dims, data: Data::U8(vec![7; n]) }, folder.join(name)).unwrap();
        }
    }

    fn never(_: &Path) -> Result<(), String> {
        panic!("nothing is to be downloaded")
    }

    fn files(found: Found) -> Located {
        match found {
            Found::Files(located) => *located,
            Found::Nothing { why } => panic!("{why}"),
        }
    }

    #[test]
    fn a_named_folder_comes_first_and_never_falls_back() {
        let folder = tempfile::tempdir().unwrap();
        let (named, cache) = (folder.path().join("named"), folder.path().join("cache"));
        write_set(&named);
        let places = |named: &Path| Places {
            named: Some(named.to_path_buf()),
            cache: Some(cache.clone()),
            digests: DIGESTS,
        };
        assert_eq!(files(places(&named).find(never).unwrap()).origin, Origin::Named(named.clone()));
        fs::remove_file(named.join(FILES[2])).unwrap();
        assert!(matches!(places(&named).find(never).unwrap_err().problem, Problem::Missing(_)));
    }

    #[test]
    fn the_cache_is_filled_by_a_download_and_then_used() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        let probe = folder.path().join("probe");
        write_set(&probe);
        let set = mnist::load(&probe).unwrap();
        let digests: [&str; 4] = std::array::from_fn(|i| set.digests[i].as_str());
        let places = || Places { named: None, cache: Some(cache.clone()), digests };

        let Found::Nothing { why } = places().find(|_| Err("the network is down".into())).unwrap() else {
            panic!("there is nothing");
        };
        for part in ["no folder was named", FOLDER, "train-images-idx3-ubyte", "the network is down"] {
            assert!(why.contains(part), "{part:?} is not in {why}");
        }
        let download = |into: &Path| {
            write_set(into);
            Ok(())
        };
        assert_eq!(files(places().find(download).unwrap()).origin, Origin::Cache(cache.clone()));
        assert_eq!(files(places().find(never).unwrap()).origin, Origin::Cache(cache.clone()));
        // What an interrupted download leaves is no damage.
        fs::remove_file(cache.join(FILES[3])).unwrap();
        let Found::Nothing { why } = places().find(|_| Err("still down".into())).unwrap() else {
            panic!("there is not everything");
        };
        assert!(why.contains("has no t10k-labels-idx1-ubyte, still down"), "{why}");
        assert_eq!(files(places().find(download).unwrap()).origin, Origin::Cache(cache.clone()));

        let nowhere = Places { cache: None, ..places() };
        assert!(matches!(nowhere.find(never).unwrap(), Found::Nothing { .. }));
    }

    #[test]
    fn a_damaged_cache_is_an_error_with_its_cure() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        write_set(&cache);
        let error = || {
            let places = Places { named: None, cache: Some(cache.clone()), digests: DIGESTS };
            let error = places.find(never).unwrap_err();
            assert!(matches!(error.problem, Problem::Cache(_)), "{error}");
            assert!(error.to_string().contains("download MNIST again"), "{error}");
            error.to_string()
        };
        let other = error();
        assert!(other.contains(FILES[0]) && other.contains(DIGESTS[0]), "{other}");
        fs::write(cache.join(FILES[1]), "<html>").unwrap();
        assert!(error().contains("web page"));
        fs::remove_dir_all(&cache).unwrap();
        fs::write(&cache, "").unwrap();
        assert!(error().contains("is not a folder"));
    }
}
