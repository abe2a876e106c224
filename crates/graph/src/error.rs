use crate::{PartialShape, Signature, SourceLine};
use minutia_tensor::{DType, Shape};
use std::{fmt, path::PathBuf, sync::Arc};

/// What can go wrong while a graph is built, run or saved.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An operation does not fit its inputs.
    #[error("{0}")]
    Op(Arc<OpError>),
    /// A name that is empty or holds characters other than letters, digits, `_`, `.`, `-` and `/`.
    #[error(
        "invalid name {name:?} at {place}\n  hint: names consist of letters, digits, '_', '.', '-' and '/', and \
         start with a letter, a digit or '.'"
    )]
    Name {
        /// The name that was given.
        name: String,
        /// Where.
        place: SourceLine,
    },
    /// Handles of two graphs met.
    #[error(
        "{role} '{name}' belongs to another graph\n  hint: build everything that meets in one expression or run from one Graph"
    )]
    OtherGraph {
        /// What the stranger was to be: an operand, a fetch, a feed, a control dependency.
        role: &'static str,
        /// Its name.
        name: String,
    },
    /// A number that a function or an optimizer was given is not one that it takes.
    #[error("{function}: {argument} is {value} at {place}\n  hint: it must be {domain}")]
    Argument {
        /// The function or the optimizer.
        function: &'static str,
        /// Which of its numbers.
        argument: &'static str,
        /// What it was given.
        value: f32,
        /// What it takes.
        domain: &'static str,
        /// Where.
        place: SourceLine,
    },
    /// Something that a function cannot build, or that cannot run as it was built.
    #[error("{function} at {place}: {reason}")]
    Build {
        /// The function.
        function: &'static str,
        /// What is wrong, and the cure.
        reason: String,
        /// Where it was built.
        place: SourceLine,
    },
    /// A tensor of a loop's or branch's body was used outside of it.
    #[error(
        "'{name}' is built in the body of a loop or a branch, and {user} is outside of it\n  hint: return it from the body, or build it before"
    )]
    InsideLoop {
        /// The node in the body.
        name: String,
        /// Who uses it, such as `'y'`, or `the fetch`.
        user: String,
    },
    /// Placeholders that the fetches need were not fed.
    #[error("{} not fed: {}\n  hint: add {} to feeds!{{..}}", plural(placeholders, "placeholder"), placeholders.join(", "), if placeholders.len() == 1 { "it" } else { "them" })]
    Unfed {
        /// Each with type and shape, such as `'x' f32 [?, 784]`.
        placeholders: Vec<String>,
    },
    /// A tensor was fed, or a variable set to one, that does not have the type and shape of the node.
    #[error("'{name}' takes {expected}, but was given {dtype} {shape}{}", feed_hint(expected, *dtype, shape))]
    Feed {
        /// The node.
        name: String,
        /// What it takes.
        expected: Signature,
        /// Type of the tensor.
        dtype: DType,
        /// Shape of the tensor.
        shape: Shape,
    },
    /// One node was fed twice.
    #[error("'{name}' is fed twice\n  hint: name it once in feeds!{{..}}, by handle or by name")]
    FedTwice {
        /// The node.
        name: String,
    },
    /// No node has this name.
    #[error("the graph has no node '{name}'{}", did_you_mean(near))]
    UnknownName {
        /// The name that was asked for.
        name: String,
        /// The most similar name there is.
        near: Option<String>,
    },
    /// A node that was to have drawn random numbers is of another kind.
    #[error("the node '{name}' draws no random numbers\n  hint: Session::random_runs names those that do")]
    NotRandom {
        /// The node.
        name: String,
    },
    /// Variables were read before they had a value.
    #[error("{} no value yet: {}\n  hint: run graph.global_variables_initializer() once, or restore a checkpoint", plural_have(variables), variables.join(", "))]
    Uninitialized {
        /// The variables.
        variables: Vec<String>,
    },
    /// A gradient was asked for that does not exist.
    #[error("{op} '{name}' has no gradient: {why}")]
    NoGradient {
        /// The operation.
        op: &'static str,
        /// The node.
        name: String,
        /// Why.
        why: String,
    },
    /// The target of differentiation is not a number of type `f32`.
    #[error(
        "gradients of '{name}' were asked for, but it is {signature}\n  hint: differentiate an f32 tensor; for a loss, reduce it to one number first"
    )]
    NotDifferentiable {
        /// The node.
        name: String,
        /// What it is.
        signature: Signature,
    },
    /// In check-numerics mode: the first node to hold a NaN or an infinity.
    #[error("{op} '{name}' produced {what}; built at {place}\n  hint: no variable was changed by this run")]
    NotFinite {
        /// The operation.
        op: &'static str,
        /// The node.
        name: String,
        /// `NaN` or `an infinity`.
        what: &'static str,
        /// Where the node was built.
        place: SourceLine,
    },
    /// A device or a tensor refused.
    #[error("{}{source}", context.as_ref().map(|c| format!("{c}: ")).unwrap_or_default())]
    Tensor {
        /// The node or the feed at which it happened, where this is known.
        context: Option<String>,
        /// What happened.
        source: minutia_tensor::Error,
    },
    /// A callable was asked for something that it was not made for.
    #[error("'{name}' is not among this callable's {role}\n  hint: name it when calling make_callable")]
    NotInCallable {
        /// The node.
        name: String,
        /// `fetches` or `feeds`.
        role: &'static str,
    },
    /// A callable was asked for values that it does not have.
    #[error(
        "this callable has no values: it has not run, or its latest run failed\n  hint: call run() first"
    )]
    NotRun,
    /// A serialised graph is not one that this version can have written.
    #[error("not a valid graph: {reason}")]
    Graph {
        /// What is wrong.
        reason: String,
    },
    /// A checkpoint could not be read or written.
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: CheckpointProblem,
    },
}

/// What is wrong with a checkpoint.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointProblem {
    /// The file system refused.
    #[error(
        "{0}\n  hint: the path must be that of a file, in a folder that exists and that this user may use"
    )]
    Io(Arc<std::io::Error>),
    /// The file does not start like a checkpoint.
    #[error("is not a minutia checkpoint")]
    Foreign,
    /// The file was written by another version of the format.
    #[error("has format version {found}, this program reads {expected}")]
    Version {
        /// In the file.
        found: u32,
        /// Understood here.
        expected: u32,
    },
    /// The contents do not have the digest that the file states: it is truncated or damaged.
    #[error("is truncated or damaged: its contents do not match its digest; delete it, or restore a copy")]
    Digest,
    /// The digest is right, but the contents cannot be decoded.
    #[error("cannot be decoded: {0}")]
    Decode(String),
    /// The file holds no such variable.
    #[error("holds no variable '{name}'{}", did_you_mean(near))]
    NoVariable {
        /// The name that was asked for.
        name: String,
        /// The most similar name there is.
        near: Option<String>,
    },
    /// A saver was given one name for two variables, or one variable twice.
    #[error(
        "variable '{name}' is listed twice\n  hint: a name in a file stands for one variable; list it once"
    )]
    ListedTwice {
        /// The name in the file.
        name: String,
    },
    /// The file and the graph do not hold the same.
    #[error(
        "was written for another graph: {0}\n  hint: build the graph that was saved, or take what fits with restore_partial"
    )]
    Differs(Differences),
}

/// What a checkpoint and a graph do not have in common, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Variables of the graph that the file lacks.
    pub missing: Vec<String>,
    /// Variables and counts of random operations in the file that the graph lacks.
    pub unknown: Vec<String>,
    /// Variables whose type or shape differs: what the file holds, what the graph has.
    pub misfits: Vec<(String, Signature, Signature)>,
}

impl Differences {
    /// Whether both hold the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Differences::default()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |names: &[String]| {
            names.iter().map(|name| format!("'{name}'")).collect::<Vec<String>>().join(", ")
        };
        let misfits = self.misfits.iter();
        let misfits =
            misfits.map(|(name, file, graph)| format!("holds '{name}' as {file}, the graph as {graph}"));
        let lists = [(&self.missing, "lacks"), (&self.unknown, "holds what the graph lacks:")];
        let lists = lists.iter().filter(|(names, _)| !names.is_empty());
        let lists = lists.map(|(names, what)| format!("{what} {}", quoted(names)));
        f.write_str(&lists.chain(misfits).collect::<Vec<String>>().join("; "))
    }
}

/// An operation that does not fit its inputs, and all that helps to find it.
#[derive(Clone, Debug)]
pub struct OpError {
    /// The operation, such as `MatMul`.
    pub op: &'static str,
    /// The node's name.
    pub name: String,
    /// What does not fit.
    pub detail: String,
    /// The inputs: name and signature.
    pub inputs: Vec<(String, Signature)>,
    /// Where it was built.
    pub place: SourceLine,
    /// What may help.
    pub hint: Option<String>,
}

impl fmt::Display for OpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}': {}\n ", self.op, self.name, self.detail)?;
        let roles: &[&str] = if self.inputs.len() == 2 { &["lhs ", "rhs "] } else { &[] };
        for (i, (name, signature)) in self.inputs.iter().enumerate() {
            write!(f, " {}'{name}' {signature}   ", roles.get(i).copied().unwrap_or_default())?;
        }
        write!(f, " built at {}", self.place)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

impl From<minutia_tensor::Error> for Error {
    fn from(source: minutia_tensor::Error) -> Error {
        Error::Tensor { context: None, source }
    }
}

fn did_you_mean(near: &Option<String>) -> String {
    near.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

/// What may help where a tensor has not the type or the shape of the node that it was given to.
fn feed_hint(expected: &Signature, dtype: DType, shape: &Shape) -> String {
    let hint = match expected.dtype {
        wanted if wanted == dtype => reshape_hint(&expected.shape, shape),
        DType::F32 => Some("write 1.0_f32 for a number, or `x as f32`".into()),
        DType::I32 => Some("write 1_i32 for a number, or `x as i32`".into()),
        DType::U8 => Some("write 1_u8 for a number, or `x as u8`".into()),
        DType::Bool => Some("write true or false, or `x != 0`".into()),
    };
    hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default()
}

/// The shape that a tensor was probably meant to have.
fn reshape_hint(expected: &PartialShape, found: &Shape) -> Option<String> {
    if expected.len() == found.len() + 1 {
        let one = Shape::from([&[1], &found[..]].concat());
        if expected.admits(&one) {
            return Some(format!("it lacks the axis of the batch; reshape it to {one}"));
        }
    }
    let turned: Vec<usize> = found.iter().rev().copied().collect();
    if found.len() == 2 && expected.admits(&turned) {
        return Some("its axes are in the other order; transpose it".into());
    }
    // The one extent that is open, if there is one, takes what is left.
    let known: usize = expected.iter().flatten().fold(1, |n, &extent| n.saturating_mul(extent));
    let left = found.elements().checked_div(known)?;
    let open = expected.iter().filter(|extent| extent.is_none()).count();
    if left.checked_mul(known)? != found.elements() || open > 1 || open == 0 && left != 1 {
        return None;
    }
    let filled: Vec<usize> = expected.iter().map(|extent| extent.unwrap_or(left)).collect();
    Some(format!("it has as many elements as {}; reshape it to that", Shape::from(filled)))
}

fn plural(items: &[String], noun: &str) -> String {
    if items.len() == 1 { noun.to_string() } else { format!("{noun}s") }
}

fn plural_have(items: &[String]) -> &'static str {
    if items.len() == 1 { "this variable has" } else { "these variables have" }
}
