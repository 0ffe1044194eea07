//! The modules of the crate form layers: each imports only modules of lower layers, so there are no circles.

use std::fs;
use std::path::Path;

use regex::Regex;

/// The top-level modules, the lowest first.
const LAYERS: [&str; 27] = [
    "platform",
    "dns_name",
    "zeroize_buf",
    "hex",
    "shell",
    "bytes",
    "counted",
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
    "audit",
    "checks",
    "find",
    "aliases",
    "net",
    "acceptor",
    "render",
    "page",
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

/// Returns what in the code exists on some operating systems only, or chooses one.
fn system_code(code: &str) -> Vec<String> {
    let forms = Regex::new(
        r"\bcfg(_attr)?!?\s*\([^\]]*\b(unix|windows|target_(os|family))\b|\bos::(unix|fd|windows|linux|macos)\b|\bsignal::(unix|windows)\b|\b(rustix|uzers|libc|windows_sys|winapi)::",
    );
    forms.unwrap().find_iter(code).map(|found| found.as_str().to_owned()).collect()
}

#[test]
fn only_the_platform_module_depends_on_the_operating_system() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    code(&root, &mut files);
    let platform = root.join("platform").display().to_string();
    // Only a program chooses its allocator, not a library.
    files.retain(|(file, _)| !file.ends_with("src/main.rs"));
    let (inside, outside): (Vec<_>, Vec<_>) = files.iter().partition(|(file, _)| file.starts_with(&platform));
    assert!(inside.iter().any(|(_, code)| !system_code(code).is_empty()), "the module has such code");
    let wrong = outside.iter().flat_map(|(file, code)| {
        system_code(code).into_iter().map(move |found| format!("{file} contains {found}"))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new(), "use or extend src/platform.rs instead");
}

#[test]
fn code_for_one_operating_system_is_seen() {
    for code in [
        "#[cfg(unix)]",
        "#[cfg(all(feature = \"net\", not(windows)))]",
        "#[cfg_attr(windows, allow(dead_code))]",
        "if cfg!(target_os = \"macos\") {}",
        "use std::os::fd::AsFd;",
        "use std::os::unix::fs::PermissionsExt;",
        "use tokio::signal::unix::signal;",
        "fn f(stream: &impl rustix::fd::AsFd) {}",
    ] {
        assert!(!system_code(code).is_empty(), "{code}");
    }
    for code in ["#[cfg(feature = \"net\")]", "bytes.windows(2)", "Address::Unix(path)", "\"unix://\""] {
        assert_eq!(system_code(code), Vec::<String>::new(), "{code}");
    }
}
