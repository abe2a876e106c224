//! `--tensorboard`: what the stages found as event files, a run of TensorBoard for each stage.
//!
//! They are made of records, arrays and figures, after a stage is done: a run that was resumed, or had
//! nothing left to do, writes the same bytes as one that did everything.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use minutia_graph::{Graph, Session, Tensor};
use minutia_interchange::tensorboard::{Options, SummaryWriter};
use minutia_tensor::Device;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    files,
    reproduce::{
        compute::{self, kept, training::Epoch},
        config::Config,
        pipeline::Caption,
        record::Record,
        run::array,
        stage::{AnyStage, Outcome, StageName},
    },
};

/// The time of all events, 7 October 2018, when the post appeared: the same run has the same bytes.
const CLOCK: Duration = Duration::from_secs(1_538_870_400);

/// The name that a writer whose clock stands there gives to the first file of a folder.
pub const FILE: &str = "events.out.tfevents.1538870400.000000.minutia";

/// Where a stage's events lie below the output folder.
pub fn path(stage: StageName) -> String {
    format!("tensorboard/{stage}/{FILE}")
}

/// A stage that is done, and what its events are made of.
pub struct Shown<'a> {
    pub stage: &'static dyn AnyStage,
    pub config: &'a Config,
    /// Where initial values are computed.
    pub device: &'a Device,
    /// The output folder, where the stage has left arrays and figures.
    pub out: &'a Path,
    pub computed: &'a Record,
    pub drawn: &'a Record,
    /// What must be said of the data.
    pub note: Option<&'a str>,
}

impl Shown<'_> {
    /// The bytes of the event file.
    ///
    /// # Errors
    /// When the records hold something else than this stage finds, an array or a figure is missing, or there
    /// is no room for temporary files.
    pub fn events(&self) -> Result<Vec<u8>> {
        let room = || "cannot write temporary files; make room, or name another folder in TMPDIR";
        // The writer gives a file whose name is taken another one: it begins in a folder of its own.
        let folder = tempfile::tempdir().with_context(room)?;
        let mut writer = SummaryWriter::with_options(folder.path(), Options::new().fixed_clock(CLOCK))?;
        let outcome: Outcome = serde_json::from_value(self.computed.outcome.clone())?;
        self.texts(&mut writer, &outcome)?;
        if let Some(graph) = self.graph()? {
            self.initial(&mut writer, &graph)?;
        }
        self.curves(&mut writer, &outcome.results)?;
        self.arrays(&mut writer)?;
        self.figures(&mut writer)?;
        writer.flush()?;
        files::read(writer.path())?.with_context(room)
    }

    /// The stage's parameters, the answers to its claims, and what must be said of the data.
    fn texts(&self, writer: &mut SummaryWriter, outcome: &Outcome) -> Result<()> {
        let mut parameters = format!("{}\n\n| parameter | value |\n|---|---|\n", self.stage.title());
        if let Value::Object(fields) = self.stage.parameters(self.config) {
            parameters.extend(fields.iter().map(|(name, value)| format!("| {name} | {value} |\n")));
        }
        parameters += &format!("| seed | {} |\n", self.config.seed);
        writer.text("parameters", 0, &parameters)?;
        let claims = self.config.claims.iter().filter(|claim| claim.stage == self.stage.name());
        for (claim, answer) in claims.zip(&outcome.measured) {
            let verdict = if answer.holds { "holds" } else { "fails" };
            let text = format!("> {}\n\n**{verdict}**: {}", claim.claim, answer.measured);
            writer.text(&format!("claims/{}", claim.id), self.last_step()?, &text)?;
        }
        if let Some(note) = self.note {
            writer.text("data", 0, note)?;
        }
        Ok(())
    }

    /// The graph that the stage trains, if it builds one and no earlier stage did.
    fn graph(&self) -> Result<Option<Graph>> {
        Ok(match self.stage.name() {
            StageName::Inverse => Some(compute::inverse::graph(self.config)?),
            StageName::Classifier => Some(compute::classifier::graph(self.config)?),
            StageName::Convnet => Some(compute::convnet::graph(self.config)?),
            StageName::Dataset
            | StageName::InverseSeeds
            | StageName::Fingerprints
            | StageName::IdealImages
            | StageName::Report => None,
        })
    }

    /// The graph, and the values that its variables begin with.
    fn initial(&self, writer: &mut SummaryWriter, graph: &Graph) -> Result<()> {
        let mut session = Session::new(graph, self.device)?;
        session.run(graph.global_variables_initializer(), ())?;
        writer.graph(graph)?;
        for variable in graph.trainable_variables() {
            if let Some(value) = session.variable(&variable)? {
                writer.histogram(&variable.name(), 0, &value)?;
            }
        }
        Ok(())
    }

    /// Losses and accuracies, by step or epoch.
    fn curves(&self, writer: &mut SummaryWriter, results: &Value) -> Result<()> {
        const OTHERS: &str = "the record holds other results";
        match self.stage.name() {
            StageName::Inverse => {
                let results = compute::inverse::Results::deserialize(results).context(OTHERS)?;
                let every = i64::try_from(self.config.inverse.log_every)?;
                for (step, &loss) in (0..).zip(&results.loss) {
                    writer.scalar("loss", step * every, loss as f32)?;
                }
                writer.scalar("loss", self.last_step()?, results.final_loss as f32)?;
                let x: Vec<f32> = results.x.iter().map(|&x| x as f32).collect();
                writer.histogram("x", self.last_step()?, &Tensor::from(x))?;
            }
            StageName::Classifier => {
                let results = compute::classifier::Results::deserialize(results).context(OTHERS)?;
                epochs(writer, &results.curve())?;
            }
            StageName::Convnet => {
                let results = compute::convnet::Results::deserialize(results).context(OTHERS)?;
                epochs(writer, &results.epochs)?;
            }
            StageName::Dataset
            | StageName::InverseSeeds
            | StageName::Fingerprints
            | StageName::IdealImages
            | StageName::Report => {}
        }
        Ok(())
    }

    /// How the elements of each array that the stage has left are distributed. Those of the classifier are
    /// its trained weights, with the names of the variables; its checkpoints, which hold all weights at once,
    /// have none.
    fn arrays(&self, writer: &mut SummaryWriter) -> Result<()> {
        for path in self.computed.outputs.keys() {
            let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
            if kept::is_name(&name) {
                continue;
            }
            writer.histogram(&name, self.last_step()?, &Tensor::from(array(self.out, path)?))?;
        }
        Ok(())
    }

    /// The figures, and what the report says under them.
    fn figures(&self, writer: &mut SummaryWriter) -> Result<()> {
        for Caption { name, caption, .. } in Vec::<Caption>::deserialize(&self.drawn.outcome)? {
            let path = self.out.join(format!("figures/{name}.png"));
            let png = files::read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
            writer.png(&format!("figures/{name}"), self.last_step()?, &png)?;
            writer.text(&format!("captions/{name}"), self.last_step()?, &caption)?;
        }
        Ok(())
    }

    /// The step or epoch at which the stage ends; 0 of one that has none.
    fn last_step(&self) -> Result<i64> {
        let steps = match self.stage.name() {
            StageName::Inverse => self.config.inverse.steps,
            StageName::Classifier => self.config.classifier.epochs,
            StageName::IdealImages => self.config.ideal_images.steps,
            StageName::Convnet => self.config.convnet.epochs,
            StageName::Dataset | StageName::InverseSeeds | StageName::Fingerprints | StageName::Report => 0,
        };
        Ok(i64::try_from(steps)?)
    }
}

fn epochs(writer: &mut SummaryWriter, epochs: &[Epoch]) -> Result<()> {
    for epoch in epochs {
        let points = [
            ("cross_entropy/train", epoch.train_cross_entropy as f32),
            ("cross_entropy/test", epoch.test_cross_entropy as f32),
            ("accuracy/test", epoch.test_accuracy as f32),
        ];
        writer.scalars(i64::try_from(epoch.epoch)?, points)?;
    }
    Ok(())
}
