//! `results.json` and `report.html`.

mod chain;
mod engine;
mod explain;
mod html;
mod published;
pub mod results;
mod try_it;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use explain::Facts;
use published::Published;
use try_it::TryIt;

use crate::{
    digest, files,
    reproduce::{
        config::{Claim, Config},
        job::Product,
        pipeline::{self, Caption, Done},
        stage::{Measured, StageName},
    },
};

/// A part of the report: a stage, as the page shows it.
#[derive(Serialize)]
struct Section<'a> {
    stage: &'a str,
    /// What its command line has beside its name.
    options: String,
    title: &'a str,
    /// Name and value of each.
    parameters: Vec<(String, String)>,
    answers: Vec<Answer<'a>>,
    figures: Vec<Figure>,
    chain: Option<chain::Chain>,
}

/// What the post says, and what was measured.
#[derive(Serialize)]
struct Answer<'a> {
    claim: &'a str,
    #[serde(flatten)]
    measured: &'a Measured,
    /// What happened instead, where it does not hold.
    happened: Option<String>,
}

#[derive(Serialize)]
struct Figure {
    name: String,
    caption: String,
    #[serde(serialize_with = "html::base64")]
    svg: Vec<u8>,
    /// What a reader may ask of it; nothing, or JSON for its script.
    #[serde(serialize_with = "html::script_json")]
    readouts: Value,
}

/// What the report is made of.
pub struct Material<'a> {
    /// The output folder.
    pub out: &'a Path,
    pub config: &'a Config,
    /// What the command line changed in the published parameters.
    pub changes: &'a [String],
    pub stages: &'a [Done],
    /// What must be said about the data.
    pub note: Option<&'a str>,
    /// The set of `repro.lock` that the data belong to.
    pub set: &'a str,
}

/// The digests of what the report carries beside a run's results and its own sources, for its key: the
/// published runs and the engine.
pub fn carried_digests() -> [(&'static str, String); 2] {
    let engine = [engine::LOADER.to_string()].into_iter().chain(engine::modules()).collect::<Vec<_>>();
    [
        ("the published runs", digest::hex(published::LOCK.as_bytes())),
        ("the engine", digest::hex_of_strings(engine.iter().map(String::as_str))),
    ]
}

/// Both files, from the outcome of the stages.
///
/// # Errors
/// When a figure cannot be read.
pub fn report(material: &Material<'_>) -> Result<Product> {
    let Material { config, changes, stages, note, .. } = *material;
    let published = Published::read()?;
    let sections =
        stages.iter().map(|done| section(material, &published, done)).collect::<Result<Vec<_>>>()?;
    let results = results::results(config, changes, stages, note)?;
    let try_it = TryIt::of(material, &published)?;
    let page = html::Page { sections: &sections, try_it: &try_it, seed: config.seed, changes, note };
    let page = html::page(&page)?;
    let files = BTreeMap::from([
        ("results.json".to_string(), results),
        ("report.html".to_string(), page.into_bytes()),
    ]);
    Ok(Product { outcome: Value::Null, files })
}

fn section<'a>(material: &Material<'a>, published: &Published, done: &'a Done) -> Result<Section<'a>> {
    let Material { out, config, changes, note, .. } = *material;
    let name = done.stage.name();
    let facts = Facts { config, results: &done.outcome.results, published, other_data: note.is_some() };
    let answer = |id: &str| done.outcome.measured.iter().find(|measured| measured.id == id);
    let claims = config.claims.iter().filter(|claim| claim.stage == name);
    let answer = |claim: &'a Claim| {
        let measured = answer(&claim.id)?;
        let happened = if measured.holds { None } else { explain::explain(&claim.id, &facts) };
        Some(Answer { claim: &claim.claim, measured, happened })
    };
    let answers = claims.filter_map(answer).collect();
    let mut figures = Vec::new();
    for Caption { name, caption, readouts } in Vec::<Caption>::deserialize(&done.drawn.outcome)? {
        let path = out.join(format!("figures/{name}.svg"));
        let svg = files::read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
        figures.push(Figure { name, caption, svg, readouts });
    }
    let parameters = done.stage.parameters(config);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let fields = parameters.as_object().into_iter().flatten();
    let parameters = fields.map(|(name, value)| (name.clone(), text(value))).collect();
    let (options, title) = (options(name, changes), done.stage.title());
    let chain = chain::Chain::of(done, config)?;
    Ok(Section { stage: name.as_str(), options, title, parameters, answers, figures, chain })
}

/// The options that the changed parameters came from, of those that the stage depends on.
fn options(stage: StageName, changes: &[String]) -> String {
    let stages = pipeline::closure(&[stage]);
    let option = |change: &String| {
        let (name, value) = (change.split(' ').next()?, change.rsplit(' ').next()?);
        let (of, name) = name.split_once('.').map_or((None, name), |(of, name)| (Some(of), name));
        let depends = of.is_none_or(|of| stages.iter().any(|stage| stage.as_str() == of));
        depends.then(|| format!(" --{name} {value}"))
    };
    changes.iter().filter_map(option).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_regenerated_with_the_options_that_it_depends_on() {
        let changes = |network: &str| ["seed 7 -> 8".to_string(), format!("{network}.epochs 50 -> 3")];
        for (stage, network, expected) in [
            (StageName::Classifier, "classifier", " --seed 8 --epochs 3"),
            (StageName::Fingerprints, "classifier", " --seed 8 --epochs 3"),
            (StageName::Inverse, "classifier", " --seed 8"),
            (StageName::Convnet, "convnet", " --seed 8 --epochs 3"),
            (StageName::Classifier, "convnet", " --seed 8"),
        ] {
            assert_eq!(options(stage, &changes(network)), expected, "{stage}, {network}.epochs");
        }
    }
}
