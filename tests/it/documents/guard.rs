//! No command stands in a document that nothing runs.

use std::path::Path;

use regex::Regex;

use super::markdown::{Block, Part, blocks, parts};
use super::{PAGES, World, documents, root};
use crate::peering::Peering;

/// Lines of ```sh blocks that are not run as they stand, and why not.
const NOT_RUN: [(&str, &str); 4] = [
    ("cargo install --path .", "takes minutes, and writes outside of the checkout"),
    ("cargo test --locked", "is what runs this"),
    (super::FIRST_COMMAND, "takes minutes; tests/it/readme.rs runs its words without cargo"),
    (".ci/run", "runs this"),
];

/// Pages that are written from what is tested elsewhere.
const GENERATED: [(&str, &str); 2] = [
    ("docs/commands.md", "is the help, whose examples src/cli.rs parses"),
    ("docs/messages.md", "is the entries of src/explain, whose commands src/cli.rs parses"),
];

/// A line that a reader would type into a shell: any after a prompt, and ours without one.
fn is_command(line: &str) -> bool {
    let ours = Regex::new(r"(^|[|;&(]|\brun:|\bsudo|\bxargs)\s*([A-Z_]+=\S*\s+)*peering\s+\S").unwrap();
    let line = line.trim().trim_start_matches(['-', '>', '#', '%']).trim_start();
    line.starts_with("$ ") || ours.is_match(line)
}

/// What is wrong with a page: each command that nothing runs, and each block that nothing looks at.
fn complaints(file: &Path, text: &str) -> Vec<String> {
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
    let mut wrong = Vec::new();
    for part in parts(text) {
        match part {
            Part::Prose(prose) => {
                let code = prose.lines().filter(|line| line.starts_with("    ") || line.starts_with('\t'));
                wrong.extend(code.filter(|line| is_command(line)).map(str::to_owned));
            }
            Part::Block(block) if block.is_run() && PAGES.contains(&name) => {}
            Part::Block(block) => wrong.extend(unchecked(name, &block, &run)),
        }
    }
    wrong
}

/// Lines of a block that is not run which should be, or the block, if nothing is known of its language.
fn unchecked(page: &str, block: &Block, run: &[String]) -> Vec<String> {
    let lines = block.lines.iter();
    let text = block.text();
    let parsed = |is: bool| if is { Vec::new() } else { vec![text.clone()] };
    match block.language.as_str() {
        "sh" => lines
            .map(|line| line.trim())
            .filter(|line| !line.is_empty() && !is_run_by_itself(line))
            .filter(|line| !NOT_RUN.iter().any(|(known, _)| known == line))
            .map(str::to_owned)
            .collect(),
        "yaml" => match serde_saphyr::from_str::<serde_json::Value>(&text) {
            Ok(value) => strings(&value)
                .iter()
                .flat_map(|text| text.lines())
                .filter(|line| is_command(line) && !run.iter().any(|run| is_the_same(run, line.trim())))
                .map(str::to_owned)
                .collect(),
            Err(error) => vec![error.to_string()],
        },
        // Loaded, or run, below and by the tests of the documentation of the crate.
        "toml" => parsed(matches!(page, "docs/configuration.md" | "docs/library.md")),
        "rust" => parsed(page == "docs/library.md"),
        "json" => parsed(serde_json::from_str::<serde_json::Value>(&text).is_ok()),
        "text" | "hcl" => lines.filter(|line| is_command(line)).cloned().collect(),
        _ => vec![text],
    }
}

/// A page must not grow old, and a pipeline must: the one says when it is, and the other need not.
fn is_the_same(on_the_page: &str, in_the_pipeline: &str) -> bool {
    let now = Regex::new(r" -now \S+").unwrap();
    on_the_page == in_the_pipeline || now.replace(on_the_page, "") == in_the_pipeline
}

/// Whether a line of a ```sh block is run by `what_installs_completion_and_the_manual_is_run`.
fn is_run_by_itself(line: &str) -> bool {
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
fn no_command_stands_in_a_document_that_nothing_runs() {
    let mut wrong = Vec::new();
    for (file, text) in documents() {
        wrong.extend(complaints(&file, &text).into_iter().map(|line| format!("{}: {line}", file.display())));
    }
    assert!(wrong.is_empty(), "nobody runs\n{}", wrong.join("\n"));
}

#[test]
fn what_nothing_runs_is_found_wherever_it_stands() {
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
        assert_ne!(complaints(Path::new("docs/guide.md"), page), Vec::<String>::new(), "{page}");
    }
    let run_nowhere = "```console\n$ peering list\n```\n";
    assert_ne!(complaints(Path::new("docs/json.md"), run_nowhere), Vec::<String>::new());
    // An indented block is a block for what runs it too.
    let indented = "1. Try it:\n\n   ```console\n   $ peering list\n   ? 1\n   nothing\n   ```\n";
    assert_eq!(complaints(Path::new("docs/guide.md"), indented), Vec::<String>::new());
    let steps = blocks(indented)[0].steps();
    assert_eq!(
        (steps[0].command.as_str(), steps[0].status, steps[0].output.as_str()),
        ("peering list", 1, "nothing\n")
    );
}

#[test]
fn what_installs_completion_and_the_manual_is_run() {
    let mut run = 0;
    for (file, text) in documents() {
        if GENERATED.iter().any(|(page, _)| Path::new(page) == file) {
            continue;
        }
        for block in blocks(&text).iter().filter(|block| block.language == "sh") {
            let world = World::new();
            for line in block.lines.iter().filter(|line| is_run_by_itself(line)) {
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
fn the_configuration_file_of_the_page_is_read_and_does_what_it_says() {
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
        // By `skip` nothing is said of the only server, and by `fail-on` a warning fails.
        let loopback = ("address-loopback".into(), "warning".into());
        assert_eq!(found(validate("2026-11-24"), 1), std::slice::from_ref(&loopback));
        // 60 days before its end the CA is an error, by `warn-before` and [severity].
        assert_eq!(found(validate("2036-10-01"), 1), [("ca-expires-soon".into(), "error".into()), loopback]);
    }
}

#[test]
fn the_page_of_the_library_is_compiled_and_depends_on_this_crate() {
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
