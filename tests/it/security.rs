//! Every promise of SECURITY.md has a test.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_promise_names_an_existing_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let table = page.split("\n## ").find(|section| section.starts_with("Promises")).unwrap();
    let mut promises = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let named: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let [.., file, test] = named[..] else { panic!("this promise names no test: {row}") };
        let source = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        // The attribute is directly above the function, possibly with others.
        let at = source.find(&format!("fn {test}(")).unwrap_or_else(|| panic!("{file} has no {test}"));
        let above = source[..at].rsplit("\n\n").next().unwrap();
        assert!(above.contains("test]") || above.contains("test("), "{test} in {file} is not a test");
        promises += 1;
    }
    assert!(promises >= 20, "found only {promises} promises");
}

#[test]
fn every_fuzz_target_is_built_run_and_has_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    let script = fs::read_to_string(fuzz.join("run")).unwrap();
    let seeds = tempfile::tempdir().unwrap();
    assert!(Command::new(fuzz.join("seed")).arg(seeds.path()).status().unwrap().success());
    let mut targets = 0;
    for entry in fs::read_dir(fuzz.join("fuzz_targets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not built");
        assert!(script.contains(name), "{name} is not run");
        let seeds = fs::read_dir(seeds.path().join(name)).unwrap();
        assert!(seeds.count() >= 3, "{name} has too few seeds");
        targets += 1;
    }
    assert_eq!(targets, 9);
}
