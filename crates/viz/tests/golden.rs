//! The gallery's pictures, to the last byte, on every machine.

#[allow(dead_code)]
#[path = "../examples/gallery.rs"]
mod gallery;

use sha2::{Digest, Sha256};

/// Name, digest of the SVG, digest of the PNG at 1.5 pixels each: the first 16 digits.
const GOLDEN: [(&str, &str, &str); 20] = [
    ("lines", "39687e3d81dd841f", "4df1c45b4ef6f511"),
    ("bars", "0110aec8992ad5d9", "8e403d6dd54c6f9f"),
    ("heat", "5f4910904d1b74c2", "3514a4c03c2aa2df"),
    ("heat_large", "ad4df94d61cab055", "c48a1ca364add8d4"),
    ("images", "d86066c341bfd16f", "15415b4f6e1fb792"),
    ("graph", "def97ed3ba7dab62", "28b898e0a0f10259"),
    ("graph_left_to_right", "0da7ed06777af338", "43f8e837d369acaa"),
    ("network", "b1acf6e4f689e756", "fcc732ca9e4481a7"),
    ("histogram", "cb2fc51b5e276ca8", "45c3a059d4e9cc5d"),
    ("marks", "2b33385b3b8302f1", "da9fc536c02126b3"),
    ("uncertainty", "daf278e1202247ce", "c2ac37aec748beb1"),
    ("annotations", "754a642628e5f079", "b008adde2a503554"),
    ("dark", "86fc74d638031b65", "1ba2579d1c399c95"),
    ("dates", "616bb74ffb56e38e", "8f75101236528255"),
    ("limits", "4b025a8a62969e54", "a10de417b0fbda04"),
    ("many_series", "74cd6a346fb9f0b9", "a4d04436c484910a"),
    ("offsets", "31c0a2de7004b80b", "3e4d14089fe0d658"),
    ("long_texts", "c833a77ea86d06f7", "9c29f87db037bf02"),
    ("little_data", "2b5a91d90e277841", "f75c57614a9b5269"),
    ("other_letters", "5b7402c68a768799", "f0b4fdb85de5b1b2"),
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
