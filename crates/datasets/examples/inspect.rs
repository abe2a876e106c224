//! Prints what a folder of IDX files holds, or the built-in digits:
//! `cargo run -p minutia-datasets --example inspect -- [FOLDER]`

use minutia_datasets::locate;
use std::path::PathBuf;

fn main() -> Result<(), minutia_datasets::Error> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let located = locate(folder.as_deref())?;
    let (train, test) = (&located.data.train, &located.data.test);
    println!("from {}: {} training and {} test images", located.origin, train.len(), test.len());
    println!("these are {}MNIST's files", if located.data.is_mnist() { "" } else { "not " });
    let pixels = train.images.as_slice::<u8>().expect("images are u8");
    let labels = train.labels.as_slice::<i32>().expect("labels are i32");
    let [rows, columns] = train.size;
    for (image, label) in pixels.chunks_exact(rows * columns).zip(labels).take(3) {
        println!("\n{label}");
        for row in image.chunks_exact(columns) {
            println!(
                "{}",
                row.iter().map(|&p| b" .:+#@"[usize::from(p) * 5 / 255] as char).collect::<String>()
            );
        }
    }
    Ok(())
}
