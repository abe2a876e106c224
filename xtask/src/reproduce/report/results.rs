//! `results.json`: every number of the run.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::reproduce::{
    config::{Claim, Config},
    pipeline::Done,
    stage::Measured,
};

/// The bytes of the file.
///
/// # Errors
/// Never in practice: JSON values can be encoded.
pub fn results(config: &Config, changes: &[String], stages: &[Done], note: Option<&str>) -> Result<Vec<u8>> {
    let mut top = Map::new();
    for done in stages {
        top.insert(done.stage.name().to_string(), done.outcome.results.clone());
    }
    let answers = stages.iter().flat_map(|done| &done.outcome.measured);
    let claims: Vec<Value> = config
        .claims
        .iter()
        .filter_map(|claim| {
            let answer = answers.clone().find(|answer| answer.id == claim.id)?;
            Some(answered(claim, answer))
        })
        .collect();
    top.insert("claims".to_string(), Value::Array(claims));
    let parameters = stages.iter().map(|done| (done.stage.name().to_string(), done.stage.parameters(config)));
    top.insert("parameters".to_string(), Value::Object(parameters.collect()));
    top.insert("seed".to_string(), json!(config.seed));
    top.insert("published_parameters".to_string(), json!(changes.is_empty()));
    top.insert("changed_parameters".to_string(), json!(changes));
    if let Some(note) = note {
        top.insert("data_note".to_string(), json!(note));
    }
    text(&top)
}

/// A claim with its answer, as the file has it.
pub fn answered(claim: &Claim, answer: &Measured) -> Value {
    json!({"id": claim.id, "claim": claim.claim, "measured": answer.measured, "holds": answer.holds})
}

/// The text of an object that is such a file.
///
/// # Errors
/// As [`results`].
pub fn text(top: &Map<String, Value>) -> Result<Vec<u8>> {
    let mut text = String::from("{\n");
    let last = top.len().saturating_sub(1);
    for (i, (name, value)) in top.iter().enumerate() {
        // One line for each array of numbers: the file stays readable and small.
        let value = layout(value, 1).context("results cannot be encoded as JSON")?;
        text += &format!("  {}: {value}{}\n", json!(name), if i == last { "" } else { "," });
    }
    text += "}\n";
    Ok(text.into_bytes())
}

/// JSON with a line for each field and each object, but arrays of plain values on one line.
fn layout(value: &Value, depth: usize) -> Result<String> {
    let indent = "  ".repeat(depth + 1);
    let items: Vec<String> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| Ok(format!("{indent}{}: {}", json!(name), layout(value, depth + 1)?)))
            .collect::<Result<_>>()?,
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            let item = |item| Ok(format!("{indent}{}", layout(item, depth + 1)?));
            items.iter().map(item).collect::<Result<_>>()?
        }
        plain => return Ok(serde_json::to_string(plain)?),
    };
    if items.is_empty() {
        return Ok(serde_json::to_string(value)?);
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    Ok(format!("{open}\n{}\n{}{close}", items.join(",\n"), "  ".repeat(depth)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_same_json() {
        for value in [
            json!({"a": [1, 2.5, null], "b": {"c": [[1], [2]], "d": [{"e": "x\"y"}]}, "f": {}, "g": []}),
            json!([]),
            json!("text"),
            json!({}),
        ] {
            let text = layout(&value, 0).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{text}");
        }
        assert_eq!(
            layout(&json!({"a": [1, 2], "b": [[1], [2]]}), 0).unwrap(),
            "{\n  \"a\": [1,2],\n  \"b\": [\n    [1],\n    [2]\n  ]\n}"
        );
    }
}
