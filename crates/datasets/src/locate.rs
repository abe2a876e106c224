use crate::{
    Error, digits,
    mnist::{self, Mnist},
};
use etcetera::BaseStrategy;
use std::{
    env, fmt,
    path::{Path, PathBuf},
};

/// The variable that names a folder of data.
const VARIABLE: &str = "MINUTIA_DATA_DIR";

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

/// The folder that downloads go to: `minutia/mnist` in the user's cache folder.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.cache_dir().join("minutia").join("mnist"))
}

/// Loads the data set of `folder`, else of the folder that `MINUTIA_DATA_DIR` names, else of the cache folder; where
/// there is none, the built-in [`digits`].
///
/// # Errors
/// A folder that was named, or that is in the cache, and cannot be loaded is an error, never a reason to go on.
pub fn locate(folder: Option<&Path>) -> Result<Located, Error> {
    let named = folder.map(Path::to_path_buf).or_else(|| {
        let value = env::var_os(VARIABLE)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    });
    if let Some(folder) = named {
        return Ok(Located { data: mnist::load(&folder)?, origin: Origin::Named(folder) });
    }
    match cache_folder().filter(|f| f.exists()) {
        Some(folder) => Ok(Located { data: mnist::load(&folder)?, origin: Origin::Cache(folder) }),
        None => {
            let why = format!("no folder was named, {VARIABLE} is not set, the cache is empty");
            Ok(Located { data: digits::generate(), origin: Origin::Digits { why } })
        }
    }
}
