//! Reads PTX and names its kernels: `cargo run -p minutia-cuda-emulator --example kernels -- FILE`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a file of PTX")?;
    let module = minutia_cuda_emulator::Module::parse(&std::fs::read_to_string(path)?)?;
    println!("PTX {}", module.version());
    module.kernels().for_each(|name| println!("{name}"));
    Ok(())
}
