//! The gallery's pictures, to the last byte, on every machine.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use sha2::{Digest, Sha256};

/// Name, digest of the SVG, digest of the PNG at 1.5 pixels each: the first 16 digits.
const GOLDEN: [(&str, &str, &str); 5] = [
    ("lines", "4fe448a5de224b1d", "90fa2a5ba961e50a"),
    ("heat", "ecf35b9bd6c71ea5", "fb11d1a9504566ba"),
    ("images", "4a870010f5743f6f", "d62c1c5090f38452"),
    ("graph", "2d0ed8385747ede5", "c02e09221241bb73"),
    ("network", "4a9168e03f789921", "e377b955f9084e55"),
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
