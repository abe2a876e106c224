#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod attention;
mod batch_normalization;
mod conv2d;
mod dense;
mod dropout;
mod embedding;
mod gru;
mod initializer;
mod layer_norm;
pub mod losses;
mod lstm;
pub mod metrics;
mod pooling;
mod recurrent;
mod scope;

pub use attention::{Attention, AttentionLayer, Projection};
pub use batch_normalization::{BatchNormalization, BatchNormalizationLayer};
pub use conv2d::{Conv2d, Conv2dLayer};
pub use dense::{Activation, Dense, DenseLayer};
pub use dropout::Dropout;
pub use embedding::{Embedding, EmbeddingLayer};
pub use gru::{GruCell, GruLayer};
pub use initializer::Initializer;
pub use layer_norm::{LayerNorm, LayerNormLayer};
pub use lstm::{LstmCell, LstmLayer, LstmState};
pub use pooling::{average_pooling2d, max_pooling2d};
