use minutia_graph::{Error, Graph, Output, SourceLine};

/// A number that an optimizer was given, and what it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Argument {
    name: &'static str,
    value: f32,
    domain: Domain,
}

/// What a number may be. NaN and the infinities are in none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// 0 or more: a rate, an epsilon.
    NotNegative,
    /// More than 0: what is divided by.
    Positive,
    /// From 0 to 1, with 1: a momentum.
    UpToOne,
    /// From 0 to 1, without 1: the decay of an average whose start is corrected for.
    BelowOne,
    /// Any finite number.
    Finite,
}

impl Argument {
    /// The argument of this name, and what it is.
    #[must_use]
    pub fn new(name: &'static str, value: f32, domain: Domain) -> Argument {
        Argument { name, value, domain }
    }
}

impl Domain {
    fn holds(self, x: f32) -> bool {
        match self {
            Domain::NotNegative => (0.0..f32::INFINITY).contains(&x),
            Domain::Positive => x > 0.0 && x.is_finite(),
            Domain::UpToOne => (0.0..=1.0).contains(&x),
            Domain::BelowOne => (0.0..1.0).contains(&x),
            Domain::Finite => x.is_finite(),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Domain::NotNegative => "finite and 0 or more",
            Domain::Positive => "finite and more than 0",
            Domain::UpToOne => "from 0 to 1",
            Domain::BelowOne => "0 or more and less than 1",
            Domain::Finite => "finite",
        }
    }
}

/// Refuses the first argument of a function or an optimizer that is not in its domain.
#[track_caller]
pub(crate) fn check(
    function: &'static str,
    arguments: impl IntoIterator<Item = Argument>,
) -> Result<(), Error> {
    match arguments.into_iter().find(|a| !a.domain.holds(a.value)) {
        None => Ok(()),
        Some(Argument { name: argument, value, domain }) => Err(Error::Argument {
            function,
            argument,
            value,
            domain: domain.text(),
            place: SourceLine::caller(),
        }),
    }
}

/// A node that remembers the first argument of a function that is not in its domain, if there is one.
#[track_caller]
pub(crate) fn refused(
    graph: &Graph,
    function: &'static str,
    arguments: impl IntoIterator<Item = Argument>,
) -> Option<Output> {
    match check(function, arguments) {
        Ok(()) => None,
        Err(error) => Some(graph.invalid(error)),
    }
}
