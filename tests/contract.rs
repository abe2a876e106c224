//! The known answers of `docs/contract` that cross layers: what two models learn, step by step.
//! `MINUTIA_CONTRACT_BLESS=1` writes them again.

use minutia::datasets::{Batches, digits};
use minutia::prelude::*;
use minutia_models::{Classifier, Inverse, Parameters, post};
use minutia_platforms::MODELS;
use minutia_test_support::known_answers::{compare, hex, sha256};
use serde_json::{Value, json};

type Outcome = Result<Value, Box<dyn std::error::Error>>;

fn start(graph: &Graph) -> Result<Session, Box<dyn std::error::Error>> {
    let mut session = Session::new(graph, &Device::cpu()?)?;
    session.run(graph.global_variables_initializer(), ())?;
    Ok(session)
}

/// Digests of each variable and of all.
fn variables(session: &Session) -> Outcome {
    let (mut each, mut all) = (serde_json::Map::new(), Vec::new());
    for variable in session.graph().global_variables() {
        let bytes = session.variable(&variable)?.ok_or("a variable has no value")?.canonical_bytes();
        each.insert(variable.name(), sha256(&bytes).into());
        all.extend(bytes);
    }
    each.insert("all".into(), sha256(&all).into());
    Ok(Value::Object(each))
}

/// The digest that stands beside a model.
fn expected(model: &str) -> &'static str {
    MODELS.into_iter().find(|(name, ..)| *name == model).expect("it is there").2
}

fn classifier() -> Outcome {
    let data = digits::generate_some(1000, 1).train;
    let model = Classifier::new(&Parameters::default(), 7);
    let train = model.train(post::CLASSIFIER_RATE)?;
    let mut session = start(&model.graph)?;
    let mut batches = Batches::new(data.len(), post::BATCH, 7);
    let (mut initial, mut steps) = (variables(&session)?, Vec::new());
    for variable in &model.weights {
        let value = session.variable(variable)?.ok_or("a weight has no value")?;
        let first: Vec<u32> = value.as_slice::<f32>()?.iter().take(8).map(|x| x.to_bits()).collect();
        initial[format!("first of {}", variable.name())] = hex(&first).into();
    }
    for _ in 0..20 {
        let rows = batches.next_batch().to_vec();
        let first = hex(&rows.iter().take(8).map(|&row| row as u32).collect::<Vec<_>>());
        let feeds = model.tables(&data.images, &data.labels).with(&model.rows, rows);
        let (_, loss) = session.run((&train, &model.loss), feeds)?;
        let loss = hex(&[loss.value::<f32>()?.to_bits()]);
        steps.push(json!({ "first_rows": first, "loss": loss, "sha256": variables(&session)? }));
    }
    assert_eq!(steps[19]["sha256"]["all"], expected("classifier"));
    Ok(json!({ "initial": initial, "steps": steps }))
}

/// Loss and digests after each of the first five steps, and after all.
fn inverse() -> Outcome {
    let matrix: Vec<f32> =
        (0..100).map(|i| (i * 37 % 10) as f32 + f32::from(u8::from(i % 11 == 0))).collect();
    let model = Inverse::new(&matrix, post::MATRIX_SIZE)?;
    let train = model.train(post::INVERSE_RATE)?;
    let mut session = start(&model.graph)?;
    let mut steps = serde_json::Map::new();
    for step in 1..=2000 {
        let (_, loss) = session.run((&train, &model.loss), ())?;
        if step <= 5 || step == 2000 {
            let loss = hex(&[loss.value::<f32>()?.to_bits()]);
            steps.insert(step.to_string(), json!({ "loss": loss, "sha256": variables(&session)? }));
        }
    }
    assert_eq!(steps["2000"]["sha256"]["all"], expected("inverse"));
    Ok(Value::Object(steps))
}

#[test]
fn what_models_learn_step_by_step() -> Result<(), Box<dyn std::error::Error>> {
    compare("training.json", &json!({ "classifier": classifier()?, "inverse": inverse()? }));
    Ok(())
}
