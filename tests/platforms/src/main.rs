//! Trains the models with each of this machine's instruction sets, on one thread and on two.

use minutia_graph::Device;
use minutia_platforms::MODELS;
use minutia_tensor::cpu::{Level, Options};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut wrong = 0;
    for simd in Level::ALL.into_iter().filter(|level| level.is_available()) {
        for (name, learn, expected) in MODELS {
            for threads in [1, 2] {
                // One is enough where multiplying and adding is slow.
                if threads > 1 && simd == Level::Scalar && name == "classifier" {
                    continue;
                }
                let options = Options { simd: Some(simd), threads: Some(threads) };
                let (device, learned) = match Device::cpu_with(options) {
                    Ok(device) => (device.to_string(), learn(&device)),
                    Err(error) => ("no device".into(), Err(error.into())),
                };
                match learned {
                    Ok(digest) if digest == expected => println!("{name}: the same bits on {device}"),
                    Ok(digest) => {
                        println!("{name}: {digest} on {device}, expected {expected}");
                        wrong += 1;
                    }
                    Err(error) => {
                        println!("{name}: {error} on {device}");
                        wrong += 1;
                    }
                }
            }
        }
    }
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
