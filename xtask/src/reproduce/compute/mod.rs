//! What the stages compute. A file for each; all is computed anew when one of these files changes.

mod chunks;
pub mod classifier;
pub mod convnet;
pub mod dataset;
pub mod fingerprints;
pub mod ideal_images;
pub mod inverse;
pub mod inverse_seeds;
pub mod kept;
pub mod training;
mod variables;
mod watch;

use crate::reproduce::{checkpoint, stage::AnyStage};

/// The stages in the order in which they run.
pub static STAGES: &[&dyn AnyStage] = &[
    &dataset::Dataset,
    &inverse::Inverse,
    &inverse_seeds::InverseSeeds,
    &classifier::Classifier,
    &fingerprints::Fingerprints,
    &ideal_images::IdealImages,
    &convnet::Convnet,
];

/// Whether bytes are the state of some stage's checkpoint.
pub fn is_state(bytes: &[u8]) -> bool {
    fn is<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> bool {
        matches!(checkpoint::decode::<T>(bytes), checkpoint::Loaded::State(_))
    }
    let readers = [
        is::<classifier::State>,
        is::<convnet::State>,
        is::<ideal_images::State>,
        is::<inverse::State>,
        is::<inverse_seeds::State>,
    ];
    readers.iter().filter(|is| is(bytes)).count() > 0
}
