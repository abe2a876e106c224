//! The chain of digests, and the parameters that the folder has for some of its links.

use anyhow::{Result, ensure};

use crate::{
    audit::{
        folder::Folder,
        told::{Manifest, Told},
    },
    digest,
    reproduce::{
        compute::{
            classifier::Link,
            kept,
            training::{NAMES, Network, sha256},
        },
        run,
        stage::StageName,
    },
};

/// The parameters after an epoch, as the folder has them.
#[derive(Debug)]
pub struct Kept {
    pub epoch: usize,
    pub parameters: Vec<f32>,
}

/// Reads the parameters after those epochs that a run keeps and after the last, and says which are not those
/// of the chain. Only the others are given.
pub fn read(
    folder: &Folder,
    files: &Manifest,
    told: &Told,
    links: &[Link],
    network: &Network,
) -> (Vec<Kept>, Vec<String>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let keeps = kept::epochs(links.len());
    for name in files.keys().filter_map(|path| path.strip_prefix("data/classifier/")) {
        let due = keeps.iter().any(|&epoch| name == format!("{}.f32", kept::name(epoch)));
        if kept::is_name(name) && !due {
            problems
                .push(format!("data/classifier/{name} is no checkpoint of a run of {} epochs", links.len()));
        }
    }
    for link in links {
        let epoch = link.epoch.epoch;
        let last = epoch == links.len();
        let parameters = match (last, keeps.contains(&epoch)) {
            (true, _) => trained(folder, network),
            (_, true) => numbers(folder, &kept::name(epoch), network.parameters()),
            _ => continue,
        };
        let what = if last {
            "W1, b1, W2 and b2".to_string()
        } else {
            format!("data/classifier/{}.f32", kept::name(epoch))
        };
        match parameters {
            Err(error) => problems.push(format!("{error:#}")),
            Ok(parameters) => {
                let here = digest::encode(&sha256(&parameters));
                if here == link.parameters_sha256 {
                    found.push(Kept { epoch, parameters });
                } else {
                    problems.push(format!(
                        "{what}: the parameters have the SHA-256 {here}, classifier.epochs.{epoch}.parameters_sha256 is {}",
                        link.parameters_sha256
                    ));
                }
            }
        }
    }
    let end = links.last().map(|link| &link.parameters_sha256);
    if end != Some(&told.classifier.parameters_sha256) {
        problems.push("classifier.parameters_sha256 is not that of the last epoch".to_string());
    }
    (found, problems)
}

/// The trained network's parameters.
fn trained(folder: &Folder, network: &Network) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    for (name, length) in NAMES.iter().zip(network.lengths()) {
        values.extend(numbers(folder, name, length)?);
    }
    Ok(values)
}

/// The numbers of an array of the stage, of which there must be so many.
fn numbers(folder: &Folder, array: &str, count: usize) -> Result<Vec<f32>> {
    let path = run::artifact_path(StageName::Classifier, array);
    let bytes = folder.read(&path, 4 * count as u64)?;
    let (words, rest) = bytes.as_chunks::<4>();
    ensure!(
        (words.len(), rest.len()) == (count, 0),
        "{path} has {} bytes, expected {count} numbers of 4 bytes",
        bytes.len()
    );
    let values: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        anyhow::bail!("{path} holds {value}");
    }
    Ok(values)
}
