//! The scripts in `dist/` that run without a release: names, addresses and manifests.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a script with the functions and the configuration of `dist/`. Returns what it prints.
fn dist(script: &str, out: &Path) -> String {
    let output = Command::new("/bin/bash")
        .args(["-c", &format!(". dist/common\n{script}")])
        .env("DIST_OUT", out)
        .env("SOURCE_DATE_EPOCH", "1795824000")
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|_| panic!("{path}"))
}

#[test]
fn the_public_address_is_the_one_in_the_configuration() {
    let repository = dist("echo $REPOSITORY", root());
    let address = regex::Regex::new(r"https://github\.com/[\w.-]+/peering\b").unwrap();
    let mut found = 0;
    let pages = std::fs::read_dir(root().join("docs")).unwrap();
    let pages = pages.map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()));
    let files = ["README.md", "Cargo.toml", "contrib/gitlab-ci.yml", "action.yml"].map(str::to_owned);
    for file in
        files.into_iter().chain(pages.filter(|page| Path::new(page).extension().is_some_and(|it| it == "md")))
    {
        for address in address.find_iter(&read(&file)) {
            found += 1;
            assert_eq!(address.as_str(), repository, "{file}");
        }
    }
    assert!(found >= 3, "{found}");
}

#[test]
fn cargo_binstall_downloads_the_archives_of_a_release() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let binstall = &manifest["package"]["metadata"]["binstall"];
    let version = manifest["package"]["version"].as_str().unwrap();
    let url = |table: &toml::Value, target: &str| {
        table["pkg-url"].as_str().unwrap().replace("{ version }", version).replace("{ target }", target)
    };
    let expected = |target: &str| dist(&format!("echo $DOWNLOADS/$(archive_of {target})"), root());
    for target in ["x86_64-unknown-linux-musl", "aarch64-apple-darwin"] {
        assert_eq!(url(binstall, target), expected(target));
    }
    let windows = &binstall["overrides"]["x86_64-pc-windows-msvc"];
    assert_eq!(url(windows, ""), expected("x86_64-pc-windows-gnu"));
}

#[test]
fn the_manifests_name_the_archives_that_exist_with_their_checksums() {
    let out = tempfile::tempdir().unwrap();
    let targets = ["x86_64-unknown-linux-musl", "aarch64-apple-darwin", "x86_64-pc-windows-gnu"];
    for target in targets {
        let name = dist(&format!("archive_of {target}"), out.path());
        std::fs::write(out.path().join(name), target).unwrap();
    }
    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("SKIPPED: the manifests of a release: install jq to run it");
        return;
    }
    dist("dist/manifests", out.path());
    let written = |name: &str| std::fs::read_to_string(out.path().join(name)).unwrap();
    let sums = written("SHA256SUMS");
    assert_eq!(sums.lines().count(), targets.len(), "{sums}");
    let sum = |target: &str| {
        let line = sums.lines().find(|line| line.contains(target)).unwrap();
        line.split_once("  ").unwrap().0.to_owned()
    };

    let formula = written("consul-peering.rb");
    for target in ["x86_64-unknown-linux-musl", "aarch64-apple-darwin"] {
        let url = dist(&format!("echo $DOWNLOADS/$(archive_of {target})"), out.path());
        assert!(formula.contains(&format!("url \"{url}\"\n      sha256 \"{}\"", sum(target))), "{formula}");
    }
    assert!(!formula.contains("aarch64-unknown-linux-musl"), "{formula}");

    let krew: serde_json::Value = serde_saphyr::from_str(&written("consul-peering.yaml")).unwrap();
    let platforms = krew["spec"]["platforms"].as_array().unwrap();
    assert_eq!(platforms.len(), targets.len());
    for (platform, target) in platforms.iter().zip(targets) {
        assert_eq!(platform["sha256"], sum(target));
    }

    let scoop: serde_json::Value = serde_json::from_str(&written("consul-peering.json")).unwrap();
    assert_eq!(scoop["architecture"]["64bit"]["hash"], sum("x86_64-pc-windows-gnu"));
    assert_eq!(scoop["bin"], "peering.exe");
}
