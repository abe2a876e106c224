//! The gallery's pictures, to the last byte, on every machine.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use sha2::{Digest, Sha256};

/// Name, digest of the SVG, digest of the PNG at 1.5 pixels each: the first 16 digits.
const GOLDEN: [(&str, &str, &str); 8] = [
    ("lines", "39687e3d81dd841f", "4df1c45b4ef6f511"),
    ("bars", "0110aec8992ad5d9", "8e403d6dd54c6f9f"),
    ("heat", "5f4910904d1b74c2", "3514a4c03c2aa2df"),
    ("heat_large", "ad4df94d61cab055", "c48a1ca364add8d4"),
    ("images", "d86066c341bfd16f", "15415b4f6e1fb792"),
    ("graph", "def97ed3ba7dab62", "28b898e0a0f10259"),
    ("graph_left_to_right", "0da7ed06777af338", "43f8e837d369acaa"),
    ("network", "b1acf6e4f689e756", "fcc732ca9e4481a7"),
];

#[test]
fn pictures_are_the_same_bytes_everywhere() {
    let digest =
        |bytes: &[u8]| Sha256::digest(bytes).iter().take(8).map(|b| format!("{b:02x}")).collect::<String>();
    let figures = gallery::figures().unwrap();
    let found: Vec<(&str, String, String)> = figures
        .iter()
        .map(|(name, f)| (*name, digest(f.to_svg().as_bytes()), digest(&f.to_png(1.5).unwrap())))
        .collect();
    let found: Vec<(&str, &str, &str)> = found.iter().map(|(n, s, p)| (*n, s.as_str(), p.as_str())).collect();
    assert_eq!(found, GOLDEN);
}
