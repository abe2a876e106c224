//! Says what is wrong with a `reproduce.toml`: `cargo run -p xtask --example check -- FILE`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "reproduce.toml".to_string());
    xtask::readers::config(&std::fs::read_to_string(&path)?)?;
    println!("{path} is valid");
    Ok(())
}
