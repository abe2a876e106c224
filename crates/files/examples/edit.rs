//! Puts a line at the end of a text file, which is never seen half written:
//! `cargo run -p minutia-files --example edit -- FILE LINE`

use std::{error::Error, fs, io::Write, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(path), Some(line)) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        return Err("name a file and give a line".into());
    };
    let there = fs::symlink_metadata(&path).is_ok();
    let text = if there { minutia_files::read(&path, 1 << 20)? } else { Vec::new() };
    minutia_files::write(&path, |file| {
        file.write_all(&text)?;
        writeln!(file, "{}", line.to_string_lossy())
    })?;
    Ok(())
}
