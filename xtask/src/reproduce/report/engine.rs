//! The engine as WebAssembly, which the page carries: where its bytes come from.

use base64::prelude::{BASE64_STANDARD, Engine};

/// The page's side of the module.
pub const LOADER: &str = include_str!("../../../../crates/web/minutia.js");

/// The module for every browser that has vectors of 128 bits.
const PLAIN: &[u8] = include_bytes!("../../../../crates/web/dist/plain.wasm");

/// The module for those whose relaxed multiply-add rounds once.
const RELAXED: &[u8] = include_bytes!("../../../../crates/web/dist/relaxed.wasm");

/// The modules as the loader takes them: `plain` and `relaxed`.
pub fn modules() -> [String; 2] {
    [PLAIN, RELAXED].map(|module| BASE64_STANDARD.encode(module))
}
