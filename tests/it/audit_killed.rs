//! A collector that is killed while it writes leaves the old facts whole, and nothing that is read as facts.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::{Value, json};

use crate::peering::Peering;

/// How many clusters the killed collectors read. Their facts are longer than one write.
const CLUSTERS: usize = 2000;

/// A directory of facts, and inventories of clusters that cannot be reached.
struct Directory(tempfile::TempDir);

impl Directory {
    /// Has the facts of three clusters.
    fn new() -> Self {
        let directory = Self(tempfile::tempdir().unwrap());
        fs::create_dir(directory.0.path().join("facts")).unwrap();
        for (file, count) in [("few.jsonl", 3), ("many.jsonl", CLUSTERS)] {
            let line = |number| {
                json!({ "name": format!("c{number}"), "http_addr": "127.0.0.1:1" }).to_string() + "\n"
            };
            fs::write(directory.0.path().join(file), (0..count).map(line).collect::<String>()).unwrap();
        }
        let mut first = directory.collect(&[env!("CARGO_BIN_EXE_peering")], "few.jsonl");
        assert_eq!(first.wait().unwrap().code(), Some(1), "no cluster can be reached");
        directory
    }

    /// Starts a collector.
    fn collect(&self, program: &[&str], inventory: &str) -> Child {
        Command::new(program[0])
            .args(&program[1..])
            .args(["audit", "collect", "-inventory", inventory, "-out", "facts/all.jsonl"])
            .env_clear()
            .env("HOME", self.0.path())
            .current_dir(self.0.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn facts(&self) -> PathBuf {
        self.0.path().join("facts")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.facts().join("all.jsonl")).unwrap()
    }

    /// The lengths of the files that a collector has not finished.
    fn drafts(&self) -> Vec<u64> {
        let files = fs::read_dir(self.facts()).unwrap().map(Result::unwrap);
        let drafts = files.filter(|file| file.file_name() != "all.jsonl");
        drafts.filter_map(|file| Some(file.metadata().ok()?.len())).collect()
    }

    /// Returns how many clusters there are in the facts of the directory.
    fn judged_clusters(&self) -> usize {
        let judged = |facts: &Path| -> Value {
            let run = Peering::new().args(["audit", "judge", facts.to_str().unwrap(), "-format=json"]).run();
            serde_json::from_str(&run.status(1).stdout).unwrap()
        };
        let (directory, pattern) = (judged(&self.facts()), judged(&self.facts().join("*")));
        assert!(directory["clusters"] == pattern["clusters"]);
        directory["clusters"].as_array().unwrap().len()
    }
}

#[test]
fn a_collector_that_is_killed_in_the_middle_of_a_write_leaves_the_old_facts() {
    let directory = Directory::new();
    let old = directory.text();
    // The system kills a process that exceeds the limit of the length of files.
    let limited = ["sh", "-c", "ulimit -f 64 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_peering")];
    let killed: ExitStatus = directory.collect(&limited, "many.jsonl").wait().unwrap();
    assert_eq!(killed.signal(), Some(rustix::process::Signal::XFSZ.as_raw()), "{killed}");
    assert!(directory.drafts().iter().any(|length| *length > 0), "it had started to write");
    assert!(directory.text() == old);
    assert_eq!(directory.judged_clusters(), 3);
}

#[test]
fn a_collector_that_is_killed_at_any_time_leaves_whole_facts() {
    let directory = Directory::new();
    for draft_len in [0, 0, 1, 1, 100_000] {
        let old = directory.text();
        let drafts = directory.drafts().len();
        let mut child = directory.collect(&[env!("CARGO_BIN_EXE_peering")], "many.jsonl");
        // Until its draft exists and has so many bytes, or it has finished.
        while child.try_wait().unwrap().is_none() {
            let lengths = directory.drafts();
            if lengths.len() > drafts && lengths.iter().any(|length| *length >= draft_len) {
                break;
            }
        }
        let _ = child.kill();
        child.wait().unwrap();
        let clusters = directory.judged_clusters();
        assert!(directory.text() == old || clusters == CLUSTERS, "{clusters} clusters");
    }
    directory.collect(&[env!("CARGO_BIN_EXE_peering")], "many.jsonl").wait().unwrap();
    assert_eq!(directory.judged_clusters(), CLUSTERS);
}
