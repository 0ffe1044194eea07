//! The modules of the crate form layers: each imports only modules of lower layers, so there are no circles.

use std::fs;
use std::path::Path;

use regex::Regex;

/// The top-level modules, the lowest first.
const LAYERS: [&str; 21] = [
    "dns_name",
    "zeroize_buf",
    "hex",
    "shell",
    "utc",
    "observed",
    "gostd",
    "token",
    "certificate",
    "lint",
    "inspect",
    "connectivity",
    "explain",
    "staleness",
    "diagnosis",
    "find",
    "aliases",
    "net",
    "acceptor",
    "render",
    "cli",
];

/// Imports that would be fine by the order, but that a module must do without.
const SEPARATE: [(&str, &str); 1] = [("render", "acceptor")];

/// Returns the files of a module with their code: without comments and without unit tests.
fn code(path: &Path, files: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            code(&entry.unwrap().path(), files);
        }
    } else if path.extension().is_some_and(|it| it == "rs") && !path.to_string_lossy().contains("test") {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>();
        files.push((path.display().to_string(), code.join("\n")));
    }
}

/// Returns the modules that a file imports, in any form of `crate::module`.
fn imports(code: &str) -> Vec<String> {
    let single = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    single.captures_iter(code).map(|found| found[1].to_owned()).collect()
}

#[test]
fn each_module_imports_lower_layers_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rank = |module: &str| LAYERS.iter().position(|layer| *layer == module);
    let mut modules: Vec<String> = fs::read_dir(&src)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib" && name != "main")
        .collect();
    modules.sort();
    modules.dedup();
    let mut layers = LAYERS.map(str::to_owned).to_vec();
    layers.sort();
    assert_eq!(modules, layers, "LAYERS lists all modules");

    let mut wrong = Vec::new();
    for layer in LAYERS {
        let mut files = Vec::new();
        for path in [src.join(layer), src.join(format!("{layer}.rs"))].iter().filter(|path| path.exists()) {
            code(path, &mut files);
        }
        assert!(!files.is_empty(), "{layer} has code");
        for (file, code) in files {
            let upward = imports(&code)
                .into_iter()
                .filter(|import| rank(import) > rank(layer) || SEPARATE.contains(&(layer, import.as_str())));
            wrong.extend(upward.map(|import| format!("{file} imports {import}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_upward_import_is_seen() {
    assert_eq!(imports("use crate::cli::Exit;\nfn f() { crate::net::x() }"), ["cli", "net"]);
}
