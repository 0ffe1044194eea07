//! Whether the page in the checkout was built from the sources in the checkout.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use ring::digest::{SHA256, digest};

/// Returns the SHA-256 of bytes as hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let mut digits = String::new();
    for byte in digest(&SHA256, bytes).as_ref() {
        write!(digits, "{byte:02x}").unwrap();
    }
    digits
}

/// Returns the lines of the record that `web/build` writes beside the page.
pub fn record() -> Vec<String> {
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page/built-from.txt");
    fs::read_to_string(record).unwrap().lines().map(str::to_owned).collect()
}

/// Returns the sources that changed after the page was built. A release rebuilds it.
pub fn changed() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = record().into_iter().filter_map(|line| {
        let (sum, path) = line.split_once("  ")?;
        let is_same = fs::read(root.join(path)).is_ok_and(|bytes| sha256(&bytes) == sum);
        (!is_same).then(|| path.to_owned())
    });
    sources.collect()
}

#[test]
fn the_record_has_the_hashes_of_the_page_and_its_module() {
    let record = record();
    assert!(record[0].starts_with("rustc ") && record[1].contains("clang version "), "{record:?}");
    assert_eq!(record[2], format!("module {}", super::module::sha256()));
    assert_eq!(record[3], format!("page {}", sha256(consul_peering::page::HTML.as_bytes())));
    assert!(record.iter().any(|line| line.ends_with("  web/page.js")));
    assert!(record.iter().filter(|line| line.contains("  src/")).count() > 100);
}
