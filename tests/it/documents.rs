//! Runs every command in a ```console block of README.md and the pages in `docs/`, in order, and compares output and exit
//! code. Servers listen on free ports: the addresses of the page are replaced in commands and output.
//!
//! `UPDATE_DOCS=1` writes the actual output into the pages, with `[..]` for values that vary.

mod guard;
pub mod markdown;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use snapbox::{Assert, Data};

use crate::peering::{UNUSED_ADDRESS, guard, shows_no_secret};
use markdown::{Block, Part, Step, parts};

/// The pages whose blocks are run, each in its own environment.
const PAGES: [&str; 12] = [
    "README.md",
    "docs/guide.md",
    "docs/diagnose.md",
    "docs/kubernetes.md",
    "docs/ci.md",
    "docs/find.md",
    "docs/many-clusters.md",
    "docs/page.md",
    "docs/configuration.md",
    "docs/ledger.md",
    "docs/acceptor.md",
    "docs/library.md",
];

/// The first command in README.md.
pub const FIRST_COMMAND: &str =
    "cargo run --release -- generate-token -http-addr=embedded -name west -inspect";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The home directory, servers and addresses for one page.
pub struct World {
    pub home: tempfile::TempDir,
    servers: Vec<Child>,
    /// The addresses in the page, each with the actual one.
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
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        symlink(root().join("fixtures"), home.path().join("fixtures")).unwrap();
        let tools = home.path().join("tools");
        std::fs::create_dir(&tools).unwrap();
        // Replacements for tools that need a real cluster.
        for (name, script) in [
            ("kubectl", include_str!("documents/kubectl.sh")),
            ("vault", "#!/bin/sh\ncat \"$HOME/fixtures/tokens/external-addresses.txt\"\n"),
        ] {
            std::fs::write(tools.join(name), script).unwrap();
        }
        Self { home, servers: Vec::new(), addresses: BTreeMap::new() }
    }

    /// Replaces the addresses of the page by the actual ones.
    fn to_actual(&self, text: &str) -> String {
        self.addresses.iter().fold(text.to_owned(), |text, (page, actual)| text.replace(page, actual))
    }

    /// Replaces the actual addresses and paths by those of the page.
    fn to_page(&self, text: &str) -> String {
        let text =
            self.addresses.iter().fold(text.to_owned(), |text, (page, actual)| text.replace(actual, page));
        text.replace(self.home.path().to_str().unwrap(), "~")
    }

    /// Returns a shell that runs a script with `peering` on its path, in a clean environment.
    pub fn shell(&self, script: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_peering")).parent().unwrap();
        let home = self.home.path();
        let mut command = Command::new("/bin/bash");
        // Running a file that this process just wrote can fail while a child of another test has it open.
        let tools = "kubectl() { sh ~/tools/kubectl \"$@\"; }; vault() { sh ~/tools/vault \"$@\"; }\n";
        command
            .args(["-c", &format!("{tools}{script}")])
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", program.display()))
            .env("HOME", home)
            .env("USER", "ann")
            .env("CONSUL_HTTP_ADDR", UNUSED_ADDRESS)
            .current_dir(home)
            .stdin(Stdio::null());
        command
    }

    /// Runs a step. Returns its exit code and the output of both streams.
    fn run(&mut self, step: &Step) -> (i32, String) {
        if let Some(server) = step.command.strip_suffix(" &") {
            self.serve(server);
            return (0, String::new());
        }
        let output = self.shell(&format!("{{ {}\n}} 2>&1", self.to_actual(&step.command))).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        self.guard_generated_tokens();
        shows_no_secret(&text, &step.command);
        (output.status.code().unwrap_or(-1), self.to_page(&text))
    }

    /// From now on, no output may contain a token that a page wrote to a file.
    fn guard_generated_tokens(&self) {
        for entry in std::fs::read_dir(self.home.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "token") {
                let token = std::fs::read_to_string(path).unwrap();
                if !token.trim().is_empty() {
                    guard(&token);
                }
            }
        }
    }

    /// Starts `peering dev` on free ports and stores its addresses.
    fn serve(&mut self, command: &str) {
        let mut free = String::new();
        let mut given = Vec::new();
        for word in command.split(' ') {
            let is_address = word.starts_with("127.0.0.1:");
            let word = if is_address { "127.0.0.1:0" } else { word };
            if is_address {
                given.push(
                    command
                        .split(' ')
                        .filter(|word| word.starts_with("127.0.0.1:"))
                        .nth(given.len())
                        .unwrap(),
                );
            }
            write!(free, "{word} ").unwrap();
        }
        // The addresses in the page: the HTTP API, then gRPC.
        let page = match given[..] {
            [] => ["127.0.0.1:8500", "127.0.0.1:8503"],
            [http, grpc] => [http, grpc],
            _ => panic!("{command}: both addresses or none"),
        };
        let ports = if given.is_empty() { " -listen 127.0.0.1:0 -grpc-listen 127.0.0.1:0" } else { "" };
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
        let grpc = grpc.trim().trim_start_matches("Serving dialers on ").trim_end_matches('.');
        self.addresses.insert(page[0].to_owned(), http.to_owned());
        self.addresses.insert(page[1].to_owned(), grpc.to_owned());
        self.servers.push(server);
    }
}

/// Removes durations of steps: a step that takes less than a millisecond has none. The widths of columns depend on them.
fn without_times(text: &str) -> String {
    let time = regex::Regex::new(r"\s+\(\d+ ms\)|(?<mark>✓) \d+ m?s\b").unwrap();
    let text = time.replace_all(text, "$mark");
    let gap = regex::Regex::new(r"(?<before>\S)  +").unwrap();
    gap.replace_all(&text, "$before  ").into_owned()
}

/// Replaces values that vary by `[..]`.
fn mask_varying(text: &str) -> String {
    let mut text = regex::Regex::new(r"\bms=\d+").unwrap().replace_all(text, "ms=[..]").into_owned();
    for pattern in [
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        r"\b([0-9a-f]{2}:){7,}[0-9a-f]{2}\b",
        r"\b[0-9a-f]{64}\b",
        r"\b[0-9a-f]{40}\b",
        r"\b[0-9a-f]{8}\.consul\b",
        r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?( UTC)?",
        r"\b20\d\d-\d\d-\d\d \(in \d+ years\)",
        r"\b[0-9a-f]{8}…[0-9a-f]{4}\b",
        r"\b[0-9a-f]{8}…",
        r"\b[\d,]+ days left",
        r"\b[0-9a-f]{16}…",
        r"eyJ[A-Za-z0-9+/=]{40,}",
    ] {
        // A cell of a table keeps its width.
        let cell = regex::Regex::new(&format!("(?<value>{pattern})(?<gap>  )?")).unwrap();
        let masked = cell.replace_all(&text, |found: &regex::Captures<'_>| {
            let width = if found.name("gap").is_some() { found["value"].chars().count() } else { 0 };
            format!("{:width$}{}", "[..]", found.name("gap").map_or("", |gap| gap.as_str()))
        });
        text = masked.into_owned();
    }
    text = regex::Regex::new(r"  \d+ s  ").unwrap().replace_all(&text, "  [..]  ").into_owned();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    ["from ", "on ", "ann@"]
        .iter()
        .fold(text, |text, before| text.replace(&format!("{before}{host}"), &format!("{before}[..]")))
}

/// Compares the output of a step with its page. The error is the difference.
fn compare(page: &str, step: &Step, output: &str) -> Result<(), String> {
    Assert::new()
        .normalize_paths(false)
        .try_eq(
            Some(&format!("{page}: {}", step.command)),
            Data::text(without_times(output).trim_end()),
            Data::text(without_times(&step.output).trim_end()),
        )
        .map_err(|error| error.to_string())
}

/// Returns a block with the actual output of its commands. Output that matches the page is kept.
fn rerun(world: &mut World, page: &str, block: &Block) -> String {
    let mut text = String::new();
    for step in block.steps() {
        let (status, output) = world.run(&step);
        writeln!(text, "$ {}", step.command.replace('\n', "\n> ")).unwrap();
        if status != 0 {
            writeln!(text, "? {status}").unwrap();
        }
        match compare(page, &step, &output) {
            Ok(()) => text.push_str(&step.output),
            Err(_) => text.push_str(&mask_varying(&output)),
        }
    }
    block.with(&text)
}

fn run(page: &str) {
    let path = root().join(page);
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut world = World::new();
    let mut written = String::new();
    for part in parts(&std::fs::read_to_string(&path).unwrap()) {
        match part {
            Part::Prose(prose) => written.push_str(&prose),
            Part::Block(block) if !block.is_run() => written.push_str(&block.with(&block.text())),
            Part::Block(block) if update => written.push_str(&rerun(&mut world, page, &block)),
            Part::Block(block) => {
                for step in block.steps() {
                    let (status, output) = world.run(&step);
                    assert_eq!(status, step.status, "{page}: {}\n{output}", step.command);
                    compare(page, &step, &output).unwrap_or_else(|error| panic!("{error}"));
                }
            }
        }
    }
    if update {
        std::fs::write(path, written).unwrap();
    }
}

#[test]
fn every_page_shows_the_actual_output() {
    std::thread::scope(|scope| {
        for page in PAGES {
            scope.spawn(move || run(page));
        }
    });
}

/// Returns every Markdown file with its text.
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

/// Returns the anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars()
        .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'))
        .collect::<String>()
        .replace(' ', "-")
}

#[test]
fn every_link_has_a_target_and_every_page_is_in_the_summary() {
    let documents = documents();
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let headings = |text: &str| -> Vec<String> {
        let of_line = |line: &str| {
            let id = line.split_once("<a id=\"").and_then(|(_, rest)| rest.split_once('"'));
            id.map_or_else(|| anchor(line), |(id, _)| id.to_owned())
        };
        text.lines().filter(|line| line.starts_with('#')).map(of_line).collect()
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
            let target_file = std::fs::canonicalize(root().join(&path));
            let target_file =
                target_file.unwrap_or_else(|_| panic!("{}: {target} does not exist", file.display()));
            if let Some(wanted) = wanted {
                let text = std::fs::read_to_string(&target_file).unwrap();
                assert!(
                    headings(&text).iter().any(|it| it == wanted),
                    "{}: the heading {target} does not exist",
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

/// The page is generated from the help.
#[test]
fn the_page_of_commands_is_up_to_date() {
    let help = |arguments: &[&str]| {
        let run = crate::peering::Peering::new().args(["help"].iter().chain(arguments)).run().status(0);
        run.stdout.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let mut page = "# Commands\n\nGenerated from the help by `UPDATE_DOCS=1 cargo test`; do not edit this page. A flag has one or \
                    two dashes, and its\nvalue follows after a space or `=`.\n"
        .to_owned();
    for command in [
        "generate-token",
        "establish",
        "list",
        "read",
        "delete",
        "exported-services",
        "connect",
        "revoke",
        "inspect",
        "validate",
        "stale",
        "diagnose",
        "audit",
        "audit collect",
        "audit judge",
        "ui",
        "find",
        "diff",
        "explain",
        "history",
        "context list",
        "context show",
        "context check",
        "ledger import",
        "ledger verify",
        "page",
        "dev",
        "completions",
        "man",
        "options",
        "exit-codes",
        "environment",
    ] {
        let title = if ["options", "exit-codes", "environment"].contains(&command) {
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
    assert!(written == page, "docs/commands.md is outdated: run UPDATE_DOCS=1 cargo test documents");
}
