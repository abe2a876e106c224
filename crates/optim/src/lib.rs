#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod adagrad;
mod adam;
mod argument;
mod clip;
mod error;
mod gradient_descent;
mod momentum;
mod moving_average;
mod optimizer;
mod rate;
mod rms_prop;
pub mod schedule;
mod update;

pub use adagrad::Adagrad;
pub use adam::Adam;
pub use argument::{Argument, Domain};
pub use clip::{clip_by_global_norm, clip_by_norm, global_norm};
pub use error::Error;
pub use gradient_descent::GradientDescent;
pub use momentum::Momentum;
pub use moving_average::ExponentialMovingAverage;
pub use optimizer::{Coupling, Optimizer, WithVarList, slot};
pub use rate::Rate;
pub use rms_prop::RmsProp;
