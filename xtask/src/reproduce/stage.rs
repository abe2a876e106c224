//! What a stage is: a computation, the pictures of its outcome, and what both depend on.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use minutia_graph::{Graph, NodeInfo};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reproduce::{config::Config, run::Run};

/// The stages in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, Deserialize, Serialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// The images and labels
    Dataset,
    /// A matrix inverse by gradient descent
    Inverse,
    /// The same for many matrices
    InverseSeeds,
    /// The network that reads digits
    Classifier,
    /// Its hidden layer for each test image
    Fingerprints,
    /// The images that it likes best
    IdealImages,
    /// Beyond the post: a convolutional network, which runs only where it is asked for
    Convnet,
    /// The report on what was found
    Report,
}

impl StageName {
    /// The name on the command line and in files.
    pub fn as_str(self) -> &'static str {
        match self {
            StageName::Dataset => "dataset",
            StageName::Inverse => "inverse",
            StageName::InverseSeeds => "inverse_seeds",
            StageName::Classifier => "classifier",
            StageName::Fingerprints => "fingerprints",
            StageName::IdealImages => "ideal_images",
            StageName::Convnet => "convnet",
            StageName::Report => "report",
        }
    }

    /// Whether it runs only where it is asked for: what goes beyond the post.
    pub fn only_when_asked(self) -> bool {
        self == StageName::Convnet
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A stage of the reproduction. Its two halves are kept apart, so that a new look of a figure trains nothing.
pub trait Stage: Sync {
    /// What it finds: its part of `results.json`, from which its figures are drawn.
    type Results: Serialize + DeserializeOwned;

    /// Its name.
    fn name(&self) -> StageName;

    /// The part of the post that it answers.
    fn title(&self) -> &'static str;

    /// The stages whose outcome it uses.
    fn needs(&self) -> &'static [StageName];

    /// The parameters that its outcome depends on.
    fn parameters(&self, config: &Config) -> Value;

    /// Computes.
    ///
    /// # Errors
    /// Whatever goes wrong, with what, where and the cure.
    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome<Self::Results>>;

    /// Draws the figures of some results.
    ///
    /// # Errors
    /// When a figure cannot be drawn.
    fn draw(&self, drawing: &Drawing<'_>, results: &Self::Results) -> Result<Vec<Picture>>;
}

/// A stage as the pipeline sees it: its results are JSON, as in its record.
pub trait AnyStage: Sync {
    /// As [`Stage::name`].
    fn name(&self) -> StageName;

    /// As [`Stage::title`].
    fn title(&self) -> &'static str;

    /// As [`Stage::needs`].
    fn needs(&self) -> &'static [StageName];

    /// As [`Stage::parameters`].
    fn parameters(&self, config: &Config) -> Value;

    /// Computes.
    ///
    /// # Errors
    /// Those of [`Stage::compute`], and when what was found is NaN or infinite.
    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome>;

    /// Draws the figures of recorded results.
    ///
    /// # Errors
    /// Those of [`Stage::draw`], and when the results are not those of this stage.
    fn draw(&self, drawing: &Drawing<'_>, results: &Value) -> Result<Vec<Picture>>;
}

impl<S: Stage> AnyStage for S {
    fn name(&self) -> StageName {
        Stage::name(self)
    }

    fn title(&self) -> &'static str {
        Stage::title(self)
    }

    fn needs(&self) -> &'static [StageName] {
        Stage::needs(self)
    }

    fn parameters(&self, config: &Config) -> Value {
        Stage::parameters(self, config)
    }

    fn compute(&self, run: &mut Run<'_>) -> Result<Outcome> {
        let Outcome { results, measured, arrays } = Stage::compute(self, run)?;
        let outcome = Outcome { results: serde_json::to_value(results)?, measured, arrays };
        outcome.check()?;
        Ok(outcome)
    }

    fn draw(&self, drawing: &Drawing<'_>, results: &Value) -> Result<Vec<Picture>> {
        let results = S::Results::deserialize(results);
        Stage::draw(self, drawing, &results.context("the record holds other results")?)
    }
}

/// What a stage has found.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Outcome<R = Value> {
    /// Its part of `results.json`.
    pub results: R,
    /// What its claims come down to.
    pub measured: Vec<Measured>,
    /// Arrays for later stages and for the figures: files in `OUT/data/STAGE/`.
    #[serde(skip)]
    pub arrays: BTreeMap<Cow<'static, str>, Vec<f32>>,
}

impl Outcome {
    /// Whether all that was found are numbers.
    ///
    /// # Errors
    /// Names the first array or result that holds something else, which means that a parameter led to it.
    pub fn check(&self) -> Result<()> {
        for (name, values) in &self.arrays {
            if let Some(value) = values.iter().find(|value| !value.is_finite()) {
                bail!("the array '{name}' holds {value}; {CURE}");
            }
        }
        match null("results", &self.results) {
            Some(path) => bail!("{path} is NaN or infinite; {CURE}"),
            None => Ok(()),
        }
    }
}

/// A node of a computation graph, as the results of a stage name it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct GraphNode {
    /// The full name, scopes and all.
    pub name: String,
    pub op: String,
    /// The names of the nodes whose values it takes.
    pub inputs: Vec<String>,
    /// The names of the nodes that must run before it.
    pub control: Vec<String>,
    /// Element type and shape.
    pub signature: String,
}

impl GraphNode {
    /// All nodes of a graph, in the order of building.
    pub fn all(graph: &Graph) -> Vec<GraphNode> {
        let node = |NodeInfo { name, op, inputs, control, signature, .. }| GraphNode {
            name,
            op: String::from(op),
            inputs,
            control,
            signature: signature.to_string(),
        };
        graph.nodes().into_iter().map(node).collect()
    }
}

const CURE: &str = "try smaller rates, standard deviations and penalties in reproduce.toml";

/// Where in a value the first null is: what JSON makes of a number that is none.
fn null(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(path.to_string()),
        Value::Array(items) => items.iter().find_map(|item| null(path, item)),
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| null(&format!("{path}.{name}"), value))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The answer to a claim of the post.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Measured {
    /// The claim's name in `reproduce.toml`.
    pub id: String,
    /// What was measured, in words and numbers.
    pub measured: String,
    /// Whether the claim holds.
    pub holds: bool,
}

impl Measured {
    /// The answer to the claim `id`.
    pub fn new(id: &str, holds: bool, measured: String) -> Measured {
        Measured { id: id.to_string(), measured, holds }
    }
}

/// What a stage's figures are drawn with, its results apart.
#[derive(Debug)]
pub struct Drawing<'a> {
    pub config: &'a Config,
    /// What the stages found that it needs.
    pub inputs: BTreeMap<StageName, &'a Value>,
    /// The output folder, where the stage has left its arrays.
    pub out: &'a Path,
    /// What must stand under every figure that shows the data: where they are not MNIST.
    pub note: Option<&'a str>,
}

impl Drawing<'_> {
    /// What a stage found that this one needs.
    ///
    /// # Errors
    /// When it needs no such stage, or the record holds other results.
    pub fn input<S: Stage>(&self, stage: &S) -> Result<S::Results> {
        let name = Stage::name(stage);
        let results = self.inputs.get(&name).with_context(|| format!("the stage {name} is no input"))?;
        S::Results::deserialize(*results).with_context(|| format!("the record of {name} holds other results"))
    }
}

/// A figure, and what the report says under it.
#[derive(Debug)]
pub struct Picture {
    /// The file name without its ending.
    pub name: &'static str,
    pub svg: String,
    pub png: Vec<u8>,
    pub caption: String,
    /// What a reader may ask of it, see `draw/readouts.rs`; null where there is nothing.
    pub readouts: Value,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_outcome_that_holds_no_number_is_refused_with_its_place() {
        let outcome = |results: Value, array: f32| {
            let arrays = BTreeMap::from([("hidden".into(), vec![0.0, array])]);
            Outcome { results, measured: Vec::new(), arrays }
        };
        outcome(json!({"a": [1, {"b": false}], "c": ""}), 1.0).check().unwrap();
        for (results, array, expected) in [
            (json!({"a": [1, {"b": f64::NAN}]}), 1.0, "results.a.b is NaN"),
            (json!({"a": [1, f64::INFINITY]}), 1.0, "results.a is NaN or infinite"),
            (json!({}), f32::NEG_INFINITY, "the array 'hidden' holds -inf"),
        ] {
            let error = outcome(results, array).check().unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("reproduce.toml"), "{error}");
        }
    }
}
