use minutia_tensor as tensor;

/// What can be wrong with what a page asks for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Numbers of another count than is needed.
    #[error("{what}: there are {found}, and {expected} are needed")]
    Count {
        /// What they are.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// How many it takes.
        expected: usize,
    },
    /// An argument outside of what it may be.
    #[error("{what} is {found}; it must be {expected}")]
    Argument {
        /// The argument.
        what: &'static str,
        /// What was given.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Training was asked for before all digits were drawn.
    #[error("{found} of {expected} images are drawn; draw all of them before training")]
    NotDrawn {
        /// Images so far.
        found: usize,
        /// Images of the set.
        expected: usize,
    },
    /// A plan is not what this version reads.
    #[error("the plan {plan} is damaged: {problem}; make it anew with `cargo xtask web`")]
    Plan {
        /// Its name.
        plan: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The device failed.
    #[error(transparent)]
    Tensor(#[from] tensor::Error),
}

/// As many numbers as are needed.
pub(crate) fn count(what: &'static str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Count { what, found, expected }) }
}
