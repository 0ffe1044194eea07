//! The pages in `docs/`, run from top to bottom: every command that stands in a ```console block, with its output and exit
//! code. Servers are on free ports, which the pages do not know: addresses are exchanged on the way in and out.
//!
//! `UPDATE_DOCS=1` writes what was printed into the pages, with `[..]` for what differs from run to run.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use snapbox::{Assert, Data};

/// The pages whose blocks are run, one world each.
const PAGES: [&str; 8] = [
    "guide.md",
    "diagnose.md",
    "kubernetes.md",
    "ci.md",
    "configuration.md",
    "ledger.md",
    "acceptor.md",
    "library.md",
];

/// Commands in ```sh blocks, which are not run, and why not.
const NOT_RUN: [(&str, &str); 8] = [
    ("cargo install", "takes minutes, and writes outside of the checkout; tried by hand before a release"),
    ("cargo test", "is what runs this"),
    ("cargo run --release", "takes minutes; README's first command, whose words are run without cargo"),
    (".ci/run", "runs this"),
    ("mdbook", "need not be installed"),
    ("peering completions", "tests/it/comfort.rs runs it in a real bash"),
    ("mkdir -p", "makes the folder for the next line"),
    ("peering man", "tests/it/comfort.rs runs it"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A part of a page.
enum Part {
    /// Lines that are not run.
    Text(String),
    /// A ```console block: each command, the exit code that it says, and what it prints.
    Console(Vec<Step>),
}

struct Step {
    command: String,
    status: i32,
    output: String,
}

fn parse(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if line != "```console" {
            writeln!(text, "{line}").unwrap();
            continue;
        }
        parts.push(Part::Text(std::mem::take(&mut text)));
        let mut steps: Vec<Step> = Vec::new();
        for line in lines.by_ref().take_while(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                steps.push(Step { command: command.to_owned(), status: 0, output: String::new() });
                continue;
            }
            let step = steps.last_mut().expect("a console block begins with a command");
            match (line.strip_prefix("> "), line.strip_prefix("? ")) {
                (Some(more), _) if step.output.is_empty() => write!(step.command, "\n{more}").unwrap(),
                (_, Some(status)) if step.output.is_empty() => step.status = status.parse().unwrap(),
                _ => writeln!(step.output, "{line}").unwrap(),
            }
        }
        parts.push(Part::Console(steps));
    }
    parts.push(Part::Text(text));
    parts
}

/// The folder, the servers and the addresses of a page.
struct World {
    home: tempfile::TempDir,
    servers: Vec<Child>,
    /// What a page says, and what it is here.
    addresses: BTreeMap<String, String>,
}

impl Drop for World {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        symlink(root().join("fixtures"), home.path().join("fixtures")).unwrap();
        let tools = home.path().join("tools");
        std::fs::create_dir(&tools).unwrap();
        // What the pages take from a cluster that is not here.
        for (name, script) in [
            ("kubectl", include_str!("documents/kubectl.sh")),
            ("vault", "#!/bin/sh\ncat \"$HOME/fixtures/tokens/external-addresses.txt\"\n"),
        ] {
            std::fs::write(tools.join(name), script).unwrap();
            std::fs::set_permissions(tools.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { home, servers: Vec::new(), addresses: BTreeMap::new() }
    }

    fn here(&self, text: &str) -> String {
        self.addresses.iter().fold(text.to_owned(), |text, (said, is)| text.replace(said, is))
    }

    fn said(&self, text: &str) -> String {
        let text = self.addresses.iter().fold(text.to_owned(), |text, (said, is)| text.replace(is, said));
        text.replace(self.home.path().to_str().unwrap(), "~")
    }

    fn shell(&self, script: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_peering")).parent().unwrap();
        let home = self.home.path();
        let mut command = Command::new("/bin/bash");
        command
            .args(["-c", script])
            .env_clear()
            .env("PATH", format!("{}:{}:/usr/bin:/bin", program.display(), home.join("tools").display()))
            .env("HOME", home)
            .env("USER", "ann")
            .current_dir(home)
            .stdin(Stdio::null());
        command
    }

    /// Runs a step; its exit code, and what it printed on both streams.
    fn run(&mut self, step: &Step) -> (i32, String) {
        if let Some(server) = step.command.strip_suffix(" &") {
            self.serve(server);
            return (0, String::new());
        }
        let output = self.shell(&format!("{{ {}\n}} 2>&1", self.here(&step.command))).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap_or(-1), self.said(&text))
    }

    /// Starts a `peering dev` on free ports, and learns which they are.
    fn serve(&mut self, command: &str) {
        let mut free = String::new();
        let mut asked = Vec::new();
        for word in command.split(' ') {
            let is_address = word.starts_with("127.0.0.1:");
            let word = if is_address { "127.0.0.1:0" } else { word };
            if is_address {
                asked.push(
                    command
                        .split(' ')
                        .filter(|word| word.starts_with("127.0.0.1:"))
                        .nth(asked.len())
                        .unwrap(),
                );
            }
            write!(free, "{word} ").unwrap();
        }
        // As the page says it: the HTTP API, then the dialers' port.
        let said = match asked[..] {
            [] => ["127.0.0.1:8500", "127.0.0.1:8503"],
            [http, grpc] => [http, grpc],
            _ => panic!("{command}: both addresses or none"),
        };
        let ports = if asked.is_empty() { " -listen 127.0.0.1:0 -grpc-listen 127.0.0.1:0" } else { "" };
        let mut server = self
            .shell(&format!("exec env {free}{ports}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let line = |stream: &mut dyn BufRead| {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            line
        };
        let http = line(&mut BufReader::new(server.stdout.take().unwrap()));
        let grpc = line(&mut BufReader::new(server.stderr.take().unwrap()));
        let http =
            http.trim().strip_prefix("Listening on http://").unwrap_or_else(|| panic!("{command}: {http}"));
        let grpc = grpc.trim().trim_start_matches("Dialers are served on ").trim_end_matches('.');
        self.addresses.insert(said[0].to_owned(), http.to_owned());
        self.addresses.insert(said[1].to_owned(), grpc.to_owned());
        self.servers.push(server);
    }
}

/// What differs from run to run, as `[..]`.
fn without_what_varies(text: &str) -> String {
    // A step that takes no millisecond has no time shown.
    let time = regex::Regex::new(r"\s+\(\d+ ms\)").unwrap();
    let text = time.replace_all(text, "");
    let mut text = regex::Regex::new(r"\bms=\d+").unwrap().replace_all(&text, "ms=[..]").into_owned();
    for pattern in [
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"\b([0-9a-f]{2}:){7,}[0-9a-f]{2}\b",
        r"\b[0-9a-f]{64}\b",
        r"\b[0-9a-f]{40}\b",
        r"\b[0-9a-f]{8}\.consul\b",
        r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?",
        r"\b[\d,]+ days left",
        r"\b[0-9a-f]{16}…",
        r"eyJ[A-Za-z0-9+/=]{40,}",
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, "[..]").into_owned();
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    text.replace(&format!("from {host}"), "from [..]").replace(&format!("on {host}"), "on [..]")
}

fn run(page: &str) {
    let path = root().join("docs").join(page);
    let parts = parse(&std::fs::read_to_string(&path).unwrap());
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut world = World::new();
    let mut written = String::new();
    for part in parts {
        let steps = match part {
            Part::Text(text) => {
                written.push_str(&text);
                continue;
            }
            Part::Console(steps) => steps,
        };
        written.push_str("```console\n");
        for step in steps {
            let (status, output) = world.run(&step);
            writeln!(written, "$ {}", step.command.replace('\n', "\n> ")).unwrap();
            if update {
                if status != 0 {
                    writeln!(written, "? {status}").unwrap();
                }
                written.push_str(&without_what_varies(&output));
                continue;
            }
            assert_eq!(status, step.status, "{page}: {}\n{output}", step.command);
            let same = Assert::new().normalize_paths(false).try_eq(
                Some(&format!("{page}: {}", step.command)),
                Data::text(without_what_varies(&output)),
                Data::text(step.output),
            );
            if let Err(error) = same {
                panic!("{error}");
            }
        }
        written.push_str("```\n");
    }
    if update {
        std::fs::write(path, written).unwrap();
    }
}

#[test]
fn every_page_prints_what_it_says() {
    std::thread::scope(|scope| {
        for page in PAGES {
            scope.spawn(move || run(page));
        }
    });
}

/// Every Markdown file, and its text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut files: Vec<PathBuf> =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benches/README.md"]
            .map(PathBuf::from)
            .into();
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = Path::new("docs").join(entry.unwrap().file_name());
        if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
    files.sort();
    let read = |file: PathBuf| (file.clone(), std::fs::read_to_string(root().join(&file)).unwrap());
    files.into_iter().map(read).collect()
}

/// Every fenced block: its language and its lines.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| line.trim_start() != "```").collect();
        blocks.push((language.to_owned(), body.join("\n")));
    }
    blocks
}

#[test]
fn no_command_stands_in_a_document_that_nothing_runs() {
    for (file, text) in documents() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let run = name == "README.md" && file.components().count() == 1 || PAGES.contains(&name);
        let consoles: String = blocks(&text)
            .into_iter()
            .filter(|(language, _)| language == "console")
            .map(|(_, body)| body)
            .collect();
        for (language, body) in blocks(&text) {
            match language.as_str() {
                "console" => assert!(run, "{}: nobody runs\n{body}", file.display()),
                // Patterns to be filled in; src/explain tests that their commands exist.
                "sh" if name == "messages.md" => {}
                "sh" => {
                    for line in body.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
                    {
                        let known = NOT_RUN.iter().any(|(begins, _)| line.trim_start().starts_with(begins));
                        assert!(known, "{}: nobody runs\n{line}", file.display());
                    }
                }
                // A picture of a run; README says of which.
                "text" => {
                    assert!(!body.contains("$ peering") || name == "README.md", "{}: {body}", file.display());
                }
                "yaml" => {
                    // A page does not grow old; a pipeline has to.
                    let consoles = consoles.replace(" -now 2026-11-24", "");
                    for line in
                        body.lines().filter_map(|line| line.split_once("peering ").map(|(_, rest)| rest))
                    {
                        let line = line.trim_end_matches(['|', ' ', '"']).trim();
                        assert!(consoles.contains(line), "{}: nobody runs\npeering {line}", file.display());
                    }
                    let parsed: Result<serde_json::Value, _> = serde_saphyr::from_str(&body);
                    assert!(parsed.is_ok(), "{}: {:?}\n{body}", file.display(), parsed.err());
                }
                "toml" => assert!(toml::from_str::<toml::Table>(&body).is_ok(), "{}: {body}", file.display()),
                "rust" => assert!(name == "library.md", "{}: {body}", file.display()),
                "json" => assert!(
                    serde_json::from_str::<serde_json::Value>(&body).is_ok(),
                    "{}: {body}",
                    file.display()
                ),
                "" | "hcl" => {}
                other => panic!("{}: a block in {other:?}", file.display()),
            }
        }
    }
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars()
        .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_in_the_summary() {
    let documents = documents();
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let headings = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with('#')).map(anchor).collect()
    };
    let mut links = 0;
    for (file, text) in &documents {
        for found in link.captures_iter(text) {
            let target = &found[1];
            if target.starts_with("http") {
                continue;
            }
            links += 1;
            let (path, wanted) =
                target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
            let path = if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            let there = std::fs::canonicalize(root().join(&path));
            let there = there.unwrap_or_else(|_| panic!("{}: {target} leads nowhere", file.display()));
            if let Some(wanted) = wanted {
                let text = std::fs::read_to_string(&there).unwrap();
                assert!(
                    headings(&text).iter().any(|it| it == wanted),
                    "{}: no heading {target}",
                    file.display()
                );
            }
        }
    }
    assert!(links > 50, "{links}");
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    for (file, _) in documents.iter().filter(|(file, _)| file.starts_with("docs")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            name == "SUMMARY.md" || summary.contains(&format!("]({name})")),
            "{name} is not in the summary"
        );
    }
}

/// Written from the help, so that both say the same.
#[test]
fn the_page_of_commands_is_up_to_date() {
    let help = |words: &[&str]| {
        let run = crate::peering::Peering::new(["help"].iter().chain(words)).run().status(0);
        run.stdout.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let mut page = "# Commands\n\nWritten from the help by `UPDATE_DOCS=1 cargo test`; edit that, not this page. Flags take \
                    one dash or two, and their\nvalue after a blank or after `=`.\n"
        .to_owned();
    for command in [
        "generate-token",
        "establish",
        "list",
        "read",
        "delete",
        "exported-services",
        "inspect",
        "validate",
        "stale",
        "diagnose",
        "diff",
        "explain",
        "history",
        "ledger import",
        "ledger verify",
        "dev",
        "completions",
        "man",
        "exit-codes",
        "environment",
    ] {
        let title = if ["exit-codes", "environment"].contains(&command) {
            command.to_owned()
        } else {
            format!("peering {command}")
        };
        let words: Vec<&str> = command.split(' ').collect();
        write!(page, "\n## {title}\n\n```\n{}\n```\n", help(&words)).unwrap();
    }
    let path = root().join("docs/commands.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/commands.md is old: UPDATE_DOCS=1 cargo test documents");
}
