//! `results.json` and `report.html`.

mod html;
mod results;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::config::Config;
use super::job::Product;
use super::pipeline::{Caption, Done};
use super::stage::Measured;
use crate::files;

/// A part of the report: a stage, as the page shows it.
struct Section<'a> {
    stage: &'a str,
    title: &'a str,
    parameters: Value,
    /// What the post says, and the answer.
    claims: Vec<(&'a str, &'a Measured)>,
    figures: Vec<Figure>,
}

struct Figure {
    name: String,
    caption: String,
    svg: Vec<u8>,
}

/// Both files, from the outcome of the stages.
///
/// # Errors
/// When a figure cannot be read.
pub fn report(
    out: &Path,
    config: &Config,
    changes: &[String],
    stages: &[Done],
    note: Option<&str>,
) -> Result<Product> {
    let sections = stages.iter().map(|done| section(out, config, done)).collect::<Result<Vec<_>>>()?;
    let results = results::results(config, changes, stages, note)?;
    let page = html::page(&html::Page { sections: &sections, seed: config.seed, changes, note });
    let files = BTreeMap::from([
        ("results.json".to_string(), results),
        ("report.html".to_string(), page.into_bytes()),
    ]);
    Ok(Product { outcome: Value::Null, files })
}

fn section<'a>(out: &Path, config: &'a Config, done: &'a Done) -> Result<Section<'a>> {
    let name = done.stage.name();
    let answer = |id: &str| done.outcome.measured.iter().find(|measured| measured.id == id);
    let claims = config.claims.iter().filter(|claim| claim.stage == name);
    let claims = claims.filter_map(|claim| Some((claim.claim.as_str(), answer(&claim.id)?))).collect();
    let mut figures = Vec::new();
    for Caption { name, caption } in Vec::<Caption>::deserialize(&done.drawn.outcome)? {
        let path = out.join(format!("figures/{name}.svg"));
        let svg = files::read(&path)?.with_context(|| format!("{} is missing", path.display()))?;
        figures.push(Figure { name, caption, svg });
    }
    let parameters = done.stage.parameters(config);
    Ok(Section { stage: name.as_str(), title: done.stage.title(), parameters, claims, figures })
}
