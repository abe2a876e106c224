//! What the inverse learns on this machine's CPU, and whether these are the bits of every other one.

use minutia_graph::Device;
use minutia_platforms::MODELS;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::cpu()?;
    for (name, learn, expected) in MODELS.into_iter().filter(|model| model.0 == "inverse") {
        let learned = learn(&device)?;
        println!("{name} on {device}: {learned}");
        assert_eq!(learned, expected);
    }
    Ok(())
}
