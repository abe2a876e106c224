//! Writes the built-in digits, or some of them, as the four IDX files:
//! `cargo run --release -p minutia-datasets --example export -- FOLDER [TRAIN TEST]`

use minutia_datasets::{
    digits,
    idx::{Data, Idx, write_file},
    mnist::{FILES, Labelled},
};
use std::{error::Error, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    let counts: Vec<usize> = std::env::args().skip(2).map(|count| count.parse()).collect::<Result<_, _>>()?;
    let set = match counts[..] {
        [] => digits::generate(),
        [train, test] => digits::generate_some(train, test),
        _ => return Err("name no number of images, or two: for training and for the test".into()),
    };
    for (half, names) in [(&set.train, &FILES[..2]), (&set.test, &FILES[2..])] {
        write_file(&images(half)?, folder.join(names[0]))?;
        write_file(&labels(half)?, folder.join(names[1]))?;
    }
    println!("wrote {} and {} images to {}", set.train.len(), set.test.len(), folder.display());
    Ok(())
}

fn images(half: &Labelled) -> Result<Idx, Box<dyn Error>> {
    let dims = vec![half.len(), half.size[0], half.size[1]];
    Ok(Idx { dims, data: Data::U8(half.images.as_slice::<u8>()?.to_vec()) })
}

fn labels(half: &Labelled) -> Result<Idx, Box<dyn Error>> {
    let labels = half.labels.as_slice::<i32>()?.iter().map(|&l| l as u8).collect();
    Ok(Idx { dims: vec![half.len()], data: Data::U8(labels) })
}
