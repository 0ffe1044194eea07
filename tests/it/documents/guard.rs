//! Every command in the docs is run or parsed by a test.

use std::path::Path;

use regex::Regex;

use super::markdown::{Block, Part, blocks, parts};
use super::{PAGES, World, documents, root};
use crate::peering::Peering;

/// Lines of ```sh blocks that are not run, each with the reason.
const NOT_RUN: [(&str, &str); 4] = [
    ("cargo install --path .", "takes minutes and writes outside of the checkout"),
    ("cargo test --locked", "runs this test"),
    (super::FIRST_COMMAND, "takes minutes; tests/it/readme.rs runs it without cargo"),
    (".ci/run", "runs this test"),
];

/// Generated pages, each with the reason why its commands need no test here.
const GENERATED: [(&str, &str); 2] = [
    ("docs/commands.md", "generated from the help; src/cli.rs parses its examples"),
    ("docs/messages.md", "generated from src/explain; src/cli.rs parses its commands"),
];

/// Returns whether a reader would type a line into a shell: any line with a prompt, and `peering` without one.
fn is_command(line: &str) -> bool {
    let peering = Regex::new(r"(^|[|;&(]|\brun:|\bsudo|\bxargs)\s*([A-Z_]+=\S*\s+)*peering\s+\S").unwrap();
    let line = line.trim().trim_start_matches(['-', '>', '#', '%']).trim_start();
    line.starts_with("$ ") || peering.is_match(line)
}

/// Returns each command of a page that no test runs, and each block of an unsupported language.
fn untested(file: &Path, text: &str) -> Vec<String> {
    let name = file.to_str().unwrap();
    if GENERATED.iter().any(|(page, _)| *page == name) {
        return Vec::new();
    }
    let run: Vec<String> = blocks(text)
        .iter()
        .filter(|block| block.is_run())
        .flat_map(|block| block.lines.clone())
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect();
    let mut untested_lines = Vec::new();
    for part in parts(text) {
        match part {
            Part::Prose(prose) => {
                let code = prose.lines().filter(|line| line.starts_with("    ") || line.starts_with('\t'));
                untested_lines.extend(code.filter(|line| is_command(line)).map(str::to_owned));
            }
            Part::Block(block) if block.is_run() && PAGES.contains(&name) => {}
            Part::Block(block) => untested_lines.extend(unchecked(name, &block, &run)),
        }
    }
    untested_lines
}

/// Returns the lines of a block that no test runs, or the whole block if its language is unsupported.
fn unchecked(page: &str, block: &Block, run: &[String]) -> Vec<String> {
    let lines = block.lines.iter();
    let text = block.text();
    let unless = |is_tested: bool| if is_tested { Vec::new() } else { vec![text.clone()] };
    match block.language.as_str() {
        "sh" => lines
            .map(|line| line.trim())
            .filter(|line| !line.is_empty() && !is_install_command(line))
            .filter(|line| !NOT_RUN.iter().any(|(not_run, _)| not_run == line))
            .map(str::to_owned)
            .collect(),
        "yaml" => match serde_saphyr::from_str::<serde_json::Value>(&text) {
            Ok(value) => strings(&value)
                .iter()
                .flat_map(|text| text.lines())
                .filter(|line| is_command(line) && !run.iter().any(|run| is_same_command(run, line.trim())))
                .map(str::to_owned)
                .collect(),
            Err(error) => vec![error.to_string()],
        },
        // The tests below load these pages; doc tests run the programs.
        "toml" => {
            unless(matches!(page, "docs/configuration.md" | "docs/library.md" | "docs/many-clusters.md"))
        }
        "rust" => unless(page == "docs/library.md"),
        "json" => unless(serde_json::from_str::<serde_json::Value>(&text).is_ok()),
        "text" | "hcl" => lines.filter(|line| is_command(line)).cloned().collect(),
        _ => vec![text],
    }
}

/// Returns whether two commands are the same except for `-now`, which only the page needs.
fn is_same_command(in_page: &str, in_pipeline: &str) -> bool {
    let now = Regex::new(r" -now \S+").unwrap();
    in_page == in_pipeline || now.replace(in_page, "") == in_pipeline
}

/// Returns whether `commands_that_install_completion_and_manual_work` runs a line of a ```sh block.
fn is_install_command(line: &str) -> bool {
    line.starts_with("peering ") || line.starts_with("mkdir -p ~/")
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::String(text) => vec![text.clone()],
        serde_json::Value::Array(values) => values.iter().flat_map(strings).collect(),
        serde_json::Value::Object(fields) => fields.values().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_command_in_the_docs_is_tested() {
    let mut untested_lines = Vec::new();
    for (file, text) in documents() {
        untested_lines
            .extend(untested(&file, &text).into_iter().map(|line| format!("{}: {line}", file.display())));
    }
    assert!(untested_lines.is_empty(), "no test runs\n{}", untested_lines.join("\n"));
}

#[test]
fn untested_commands_are_found_in_every_position() {
    for page in [
        "```\n$ peering nonsense\n```\n",
        "```\npeering nonsense\n```\n",
        "```text\n$ peering nonsense\n```\n",
        "```text\npeering nonsense\n```\n",
        "```hcl\n# peering nonsense\n```\n",
        "```text\ncat token | peering nonsense\n```\n",
        "```text\nX=1 peering nonsense\n```\n",
        "Try it:\n\n    $ peering nonsense\n",
        "Try it:\n\n    peering nonsense\n",
        "Try it:\n\n\tpeering nonsense\n",
        "- Try it:\n  ```sh\n  nonsense\n  ```\n",
        "```sh\n.ci/run -nonsense\n```\n",
        "```sh\ncargo test --locked --nonsense\n```\n",
        "```rust\nnonsense\n```\n",
        "```toml\nnonsense = 1\n```\n",
        "```json\nnonsense\n```\n",
        "```yaml\n- run: peering inspect\n```\n```console\n$ peering inspect x\n```\n",
        "```yaml\n- run: |\n    cd x\n    peering inspect\n```\n",
        "```yaml\n- run: peering inspect x -now y z\n```\n```console\n$ peering inspect x -now y\n```\n",
        "```yaml\n[nonsense\n```\n",
        "```consoles\n$ peering list\n```\n",
        "```console \n$ peering list\n```\n",
    ] {
        assert_ne!(untested(Path::new("docs/guide.md"), page), Vec::<String>::new(), "{page}");
    }
    let untested_page = "```console\n$ peering list\n```\n";
    assert_ne!(untested(Path::new("docs/json.md"), untested_page), Vec::<String>::new());
    // An indented block is run, too.
    let indented = "1. Try it:\n\n   ```console\n   $ peering list\n   ? 1\n   nothing\n   ```\n";
    assert_eq!(untested(Path::new("docs/guide.md"), indented), Vec::<String>::new());
    let steps = blocks(indented)[0].steps();
    assert_eq!(
        (steps[0].command.as_str(), steps[0].status, steps[0].output.as_str()),
        ("peering list", 1, "nothing\n")
    );
}

#[test]
fn commands_that_install_completion_and_manual_work() {
    let mut run = 0;
    for (file, text) in documents() {
        if GENERATED.iter().any(|(page, _)| Path::new(page) == file) {
            continue;
        }
        for block in blocks(&text).iter().filter(|block| block.language == "sh") {
            let world = World::new();
            for line in block.lines.iter().filter(|line| is_install_command(line)) {
                let target = line.rsplit_once("~/").unwrap_or_else(|| panic!("{line}")).1;
                let output = world.shell(line).output().unwrap();
                assert!(output.status.success(), "{}: {line}: {output:?}", file.display());
                assert!(world.home.path().join(target).exists(), "{}: {line}", file.display());
                run += 1;
            }
        }
    }
    assert!(run >= 4, "{run}");
}

#[test]
fn the_contexts_of_the_page_work() {
    let page = std::fs::read_to_string(root().join("docs/many-clusters.md")).unwrap();
    let files: Vec<Block> = blocks(&page).into_iter().filter(|block| block.language == "toml").collect();
    assert!(!files.is_empty());
    for file in files {
        let run = Peering::new().args(["context", "list", "-config", "config.toml"]);
        let run = run.file("config.toml", file.text()).run().status(0);
        assert!(run.stdout.starts_with("CONTEXT  "), "{}", run.stdout);
    }
}

#[test]
fn the_configuration_file_of_the_page_works() {
    let page = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let files: Vec<Block> = blocks(&page).into_iter().filter(|block| block.language == "toml").collect();
    assert!(!files.is_empty());
    for file in files {
        let token = std::fs::read(root().join("fixtures/tokens/one-server.txt")).unwrap();
        let validate = |now: &str| {
            let run =
                Peering::new().args(["validate", "-", "-config", "config.toml", "-now", now, "-format=json"]);
            run.file("config.toml", file.text()).stdin(token.clone()).run()
        };
        let found = |run: crate::peering::Finished, status: i32| {
            let run = run.status(status);
            let shown: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            let findings = shown["tokens"][0]["findings"].as_array().unwrap().clone();
            findings.into_iter().map(|it| (it["check"].clone(), it["severity"].clone())).collect::<Vec<_>>()
        };
        // `skip` disables one-server-only, and `fail-on` makes the exit code 1 for a warning.
        let loopback = ("address-loopback".into(), "warning".into());
        assert_eq!(found(validate("2026-11-24"), 1), std::slice::from_ref(&loopback));
        // `warn-before` and [severity] make a CA that expires in 60 days an error.
        assert_eq!(found(validate("2036-10-01"), 1), [("ca-expires-soon".into(), "error".into()), loopback]);
    }
}

#[test]
fn the_library_page_is_compiled_and_depends_on_this_crate() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    assert!(read("src/lib.rs").contains("#[doc = include_str!(\"../docs/library.md\")]"));
    let cargo: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    for block in blocks(&read("docs/library.md")).iter().filter(|block| block.language == "toml") {
        let table: toml::Table = toml::from_str(&block.text()).unwrap();
        let dependency = table["dependencies"]["consul-peering"].as_table().unwrap();
        for (key, value) in dependency {
            match (key.as_str(), value) {
                ("version", toml::Value::String(version)) => {
                    assert!(env!("CARGO_PKG_VERSION").starts_with(&format!("{version}.")), "{version}");
                }
                ("features", toml::Value::Array(features)) => features
                    .iter()
                    .for_each(|it| assert!(cargo["features"].get(it.as_str().unwrap()).is_some(), "{it:?}")),
                ("path", _) | ("default-features", toml::Value::Boolean(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}
