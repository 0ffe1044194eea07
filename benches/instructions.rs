//! Counts the instructions of whole processes, and fails if one has 5 % more than `benches/instructions.json` states.
//!
//!     cargo bench --profile dev --bench instructions
//!
//! Instructions of the same binary repeat to 0.2 %: what is left is the seeds of hash maps. Seconds do not. The tests build
//! the same binary, so this needs no build of its own. It also fails if a text of twice the length needs more than twice the
//! instructions. `UPDATE_FIGURES=1` writes the figures of this compiler. Needs valgrind, and skips without it.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods)] // this prints, and reads the environment

#[allow(dead_code)]
#[path = "../examples/generate_batch.rs"]
mod generate_batch;
#[allow(dead_code)]
#[path = "../examples/generate_snapshot.rs"]
mod generate_snapshot;

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use serde_json::{Value, json};

const FIGURES: &str = "benches/instructions.json";

/// How much more than the stated figure is an error, in percent.
const MAX_GROWTH: u64 = 5;

/// How many times the instructions of half a text a text may need.
const MAX_RATIO: f64 = 2.5;

/// Parts of texts that could make a search take quadratic time.
const SHAPES: [&str; 14] = [
    "word\n",
    "EOF\n",
    "rpc error: code = A desc = ",
    "1 error occurred:\n* ",
    "Unexpected response code: 5 (\n",
    "a=\"x y\" ",
    "\\\"",
    "\"error\":\"\\",
    "token=",
    "token \n",
    "(",
    "x\n\n",
    "dial tcp 10.0.0.1:8503: connect: connection refused\n",
    "aB3aB3aB3aB3aB3aB3aB3 ",
];

/// The length of the shorter text of a shape, in bytes. Quadratic work with a small factor shows only in a long text, for which
/// a binary without optimization takes minutes.
const SHAPE_LEN: usize = if cfg!(debug_assertions) { 8 * 1024 } else { 256 * 1024 };

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: the counts of instructions: valgrind is not installed");
        return Ok(ExitCode::SUCCESS);
    }
    let directory = tempfile::tempdir()?;
    let counts = commands(directory.path())?
        .into_iter()
        .map(|(name, arguments)| Ok((name, instructions(directory.path(), &arguments, None)?)))
        .collect::<Result<BTreeMap<_, _>, Box<dyn Error>>>()?;
    let compiler = compiler()?;
    if env::var_os("UPDATE_FIGURES").is_some() {
        let figures =
            json!({ "compiler": compiler, "optimized": !cfg!(debug_assertions), "instructions": counts });
        fs::write(FIGURES, format!("{figures:#}\n"))?;
    }
    let problems = [compared(&counts, &compiler)?, superlinear(directory.path())?].concat();
    for problem in &problems {
        eprintln!("{problem}");
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the commands to count, by name.
fn commands(directory: &Path) -> Result<BTreeMap<String, Vec<String>>, Box<dyn Error>> {
    let path = |name: &str| directory.join(name).display().to_string();
    generate_batch::write_tokens(1000, 1, File::create(directory.join("tokens"))?)?;
    generate_snapshot::write_snapshot(10, 1, File::create(directory.join("snapshot"))?)?;
    let cases: Value = serde_json::from_str(&fs::read_to_string("fixtures/consul/staleness/cases.json")?)?;
    fs::write(directory.join("token"), cases[0]["token"].as_str().ok_or("a case has a token")?)?;
    let one_server = "@fixtures/tokens/one-server.txt";
    let (tokens, token, snapshot) = (path("tokens"), format!("@{}", path("token")), path("snapshot"));
    let mut all = BTreeMap::from([
        ("inspect".to_owned(), vec!["inspect", one_server]),
        ("validate".to_owned(), vec!["validate", one_server]),
        ("explain a check".to_owned(), vec!["explain", "ca-expires-soon"]),
        (
            "batch of 1,000 tokens".to_owned(),
            vec!["validate", "-batch", &tokens, "-format", "jsonl", "-jobs", "1", "-now", "2026-12-01"],
        ),
        ("snapshot of 10 MB".to_owned(), vec!["stale", &token, "-snapshot", &snapshot, "-ledger", "off"]),
    ]);
    for recorded in ["verdict-messages.txt", "cli.json", "faults.json"] {
        let file = ["fixtures/consul/", recorded].concat();
        all.insert(format!("explain {recorded}"), vec!["explain", file.leak()]);
    }
    let owned = |arguments: Vec<&str>| arguments.into_iter().map(str::to_owned).collect();
    Ok(all.into_iter().map(|(name, arguments)| (name, owned(arguments))).collect())
}

/// Counts the instructions of the command, with a file as its input.
fn instructions(directory: &Path, arguments: &[String], input: Option<&Path>) -> Result<u64, Box<dyn Error>> {
    let input = input.map_or_else(|| Ok(Stdio::null()), |path| File::open(path).map(Stdio::from))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", env!("CARGO_BIN_EXE_peering")])
        .args(arguments)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("PEERING_STATE_DIR", directory)
        .stdin(input)
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    // `==123== Collected : 456`
    let count = errors.lines().find_map(|line| line.split_once("Collected : "));
    let count = count.and_then(|(_, count)| count.trim().parse().ok());
    match output.status.code() {
        Some(0..=1) => count.ok_or_else(|| format!("valgrind did not count: {errors}").into()),
        status => Err(format!("{arguments:?} ended with {status:?}: {errors}").into()),
    }
}

/// Compares counts with the stated ones. Returns what grew, and prints everything.
fn compared(counts: &BTreeMap<String, u64>, compiler: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let stated: Value = serde_json::from_str(&fs::read_to_string(FIGURES)?)?;
    if stated["compiler"] != compiler || stated["optimized"] != !cfg!(debug_assertions) {
        eprintln!(
            "SKIPPED: the comparison of instructions: the figures are from {}, this is {compiler}; optimized: {}, {}",
            stated["compiler"],
            stated["optimized"],
            !cfg!(debug_assertions),
        );
        return Ok(Vec::new());
    }
    let mut grown = Vec::new();
    for (name, count) in counts {
        let figure = stated["instructions"][name].as_u64().ok_or_else(|| format!("no figure for {name}"))?;
        println!("{name:28} {count:>13} instructions, {:>6.1} % of the figure", percent(*count, figure));
        if count * 100 > figure * (100 + MAX_GROWTH) {
            grown.push(format!("{name}: {count} instructions, more than {MAX_GROWTH} % over {figure}"));
        }
    }
    Ok(grown)
}

/// Returns the shapes of texts for which twice the length needs more than twice the instructions.
fn superlinear(directory: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut found = Vec::new();
    let count = |text: &str| {
        let path = directory.join("text");
        fs::write(&path, text)?;
        instructions(directory, &["explain".to_owned(), "-".to_owned()], Some(&path))
    };
    let start = count("x")?;
    for shape in SHAPES {
        let short = shape.repeat(SHAPE_LEN / shape.len());
        let (one, two) = (count(&short)? - start, count(&short.repeat(2))? - start);
        let ratio = percent(two, one) / 100.0;
        println!("{:28} {ratio:.2} times the instructions for twice the text", format!("{shape:?}"));
        if ratio > MAX_RATIO {
            found.push(format!("{shape:?}: {ratio:.2} times the instructions for twice the text"));
        }
    }
    Ok(found)
}

#[expect(clippy::cast_precision_loss, reason = "it is printed with one digit")]
fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole as f64
}

/// Returns the version of the compiler, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
fn compiler() -> Result<String, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
