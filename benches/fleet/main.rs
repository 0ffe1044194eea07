//! Measures `peering audit` on a thousand clusters with planted faults, and checks that it finds all of them and nothing else.
//!
//! One process serves all clusters on loopback. Each has 50 peerings, and each answer takes 20 ms. Some clusters are dead, send
//! their answer one byte per second, or refuse after 12 seconds.
//!
//!     cargo bench --bench fleet
//!
//! `FLEET_SEED` is the seed. `PEERING_BIN` is the path of a binary to measure instead. Needs GNU time, and curl and jq for the
//! comparison with a script.

#![allow(clippy::disallowed_macros, clippy::disallowed_methods)] // this prints, and reads the clock and the environment

mod clusters;
mod faults;
mod server;
mod sockets;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, RwLock};

use consul_peering::net::collect::Shard;
use consul_peering::net::ledger::{Ledger, Sqlite};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime;

use faults::Expected;
use server::Fleet;
use sockets::Sockets;

const CLUSTERS: usize = 1000;
const JOBS: &str = "64";
const SHARDS: usize = 20;

/// How many faults of each kind are planted.
const OF_EACH: usize = 40;

/// The limits of the design: seconds and megabytes for an audit, and seconds for judging its facts.
const LIMITS: (f64, f64, f64) = (30.0, 256.0, 1.0);

/// The number of clusters that the script reads.
const OF_SCRIPT: usize = 100;

fn main() {
    // `cargo test --benches` only builds it.
    if env::args().any(|argument| argument == "--test") {
        return;
    }
    let seed = env::var("FLEET_SEED").map_or(17, |seed| seed.parse().expect("FLEET_SEED is a number"));
    let mut rng = Rng::with_seed(seed);
    let (mut clusters, pairs) = clusters::generate(CLUSTERS, &mut rng);
    let healthy = by_name(clusters.clone());
    let expected = faults::plant(&mut clusters, &pairs, OF_EACH, &mut rng);
    let unused_tokens = faults::unused_tokens(&clusters, &expected);

    let runtime =
        runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    let (fleet, sockets) = (Arc::new(RwLock::new(Arc::new(healthy))), Arc::new(Sockets::default()));
    runtime.spawn(server::serve(listener, Arc::clone(&fleet), Arc::clone(&sockets)));

    let bench = Bench::new(&format!("http://{address}"), &clusters);
    println!("{CLUSTERS} clusters, {} peerings with both ends, seed {seed}", pairs.len());
    let all_healthy = bench.run("audit, all healthy", &["audit", "-jobs", JOBS, "-facts", "before.jsonl"]);
    check(&BTreeSet::new(), &all_healthy.output);
    let most_of_healthy = sockets.take_most();
    println!("{:<28} {most_of_healthy:>6} at most (limit {JOBS})", "connections");
    bench.compare_with_script(&all_healthy);

    *fleet.write().expect("not poisoned") = Arc::new(by_name(clusters));
    let collected = bench.run("audit collect", &["audit", "collect", "-jobs", JOBS, "-out", "now.jsonl"]);
    let most = sockets.take_most();
    println!("{:<28} {most:>6} at most (limit {JOBS})", "connections");
    let ledger = Ledger::Sqlite(Sqlite::in_directory(bench.path()));
    for record in &unused_tokens {
        runtime.block_on(ledger.add(record)).expect("the ledger can be written");
    }
    let judged = bench.run("audit judge", &["audit", "judge", "now.jsonl"]);
    // The dead clusters are known from before: a peer that no cluster could be is not in the inventory.
    let judged_both =
        bench.run("audit judge of two audits", &["audit", "judge", "now.jsonl", "before.jsonl"]);
    let expected: BTreeSet<Expected> = expected.into_iter().collect();
    check(&expected, &judged_both.output);
    bench.check_split_facts();
    check(&expected, &bench.collect_in_shards());
    println!("{SHARDS} collectors at once: the same findings");

    let jobs: usize = JOBS.parse().expect("a number");
    let seconds = all_healthy.seconds.max(collected.seconds);
    let megabytes = all_healthy.megabytes.max(collected.megabytes);
    let most = most.max(most_of_healthy);
    println!(
        "{:<28} {seconds:>6.2} s (limit {}), {megabytes:.0} MB (limit {}), judge {:.2} s (limit {})",
        "figures", LIMITS.0, LIMITS.1, judged.seconds, LIMITS.2
    );
    let within = seconds <= LIMITS.0 && megabytes <= LIMITS.1 && judged.seconds <= LIMITS.2;
    assert!(within && most <= jobs, "an audit takes at most {LIMITS:?} (s, MB, s), and {JOBS} connections");
}

fn by_name(clusters: Vec<clusters::Cluster>) -> Fleet {
    clusters
        .into_iter()
        .enumerate()
        .map(|(number, cluster)| (cluster.name.clone(), (number, cluster)))
        .collect()
}

/// What one run used.
struct Run {
    output: String,
    seconds: f64,
    cpu: f64,
    megabytes: f64,
}

struct Bench {
    directory: tempfile::TempDir,
    program: PathBuf,
    server: String,
}

impl Bench {
    fn new(server: &str, clusters: &[clusters::Cluster]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let lines = clusters.iter().map(|cluster| {
            json!({"name": cluster.name, "http_addr": format!("{server}/{}", cluster.name)}).to_string()
                + "\n"
        });
        fs::write(directory.path().join("clusters.jsonl"), lines.collect::<String>()).expect("a file");
        let program =
            env::var_os("PEERING_BIN").map_or_else(|| env!("CARGO_BIN_EXE_peering").into(), PathBuf::from);
        Self { directory, program, server: server.to_owned() }
    }

    /// Runs a command, and prints what it used.
    fn run(&self, name: &str, arguments: &[&str]) -> Run {
        let judges = arguments.contains(&"judge");
        let inventory: &[&str] = if judges { &[] } else { &["-inventory", "clusters.jsonl"] };
        let format: &[&str] = if arguments.contains(&"collect") { &[] } else { &["-format", "json"] };
        let mut command = Command::new("time");
        command.args(["-f", "%e %U %S %M", "-o", "used"]).arg(&self.program).args(arguments).args(inventory);
        command.args(format).current_dir(self.path()).env("PEERING_STATE_DIR", self.path());
        let output = command.stderr(Stdio::inherit()).output().expect("GNU time is installed");
        let printed = fs::read_to_string(self.path().join("used")).expect("a file of GNU time");
        let numbers: Vec<f64> =
            printed.lines().last().unwrap_or_default().split(' ').filter_map(|it| it.parse().ok()).collect();
        let [seconds, user, system, kilobytes] = numbers[..] else { panic!("GNU time printed {printed:?}") };
        let run = Run {
            output: String::from_utf8(output.stdout).expect("UTF-8"),
            seconds,
            cpu: user + system,
            megabytes: kilobytes / 1024.0,
        };
        println!("{name:<28} {seconds:>6.2} s  {:>6.2} s CPU  {:>5.0} MB", run.cpu, run.megabytes);
        run
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Splits the facts of one run into those of shards, and judges them in several orders: the result is that of one file, byte
    /// for byte.
    fn check_split_facts(&self) {
        let files: Vec<String> = (1..=SHARDS).map(|shard| format!("split-{shard}.jsonl")).collect();
        let facts = fs::read_to_string(self.path().join("now.jsonl")).expect("facts");
        let mut parts = vec![String::new(); SHARDS];
        for line in facts.lines() {
            let fact: Value = serde_json::from_str(line).expect("JSON");
            let cluster = fact["cluster"].as_str().expect("a cluster");
            let is_in = |shard: &usize| {
                format!("{}/{SHARDS}", shard + 1).parse::<Shard>().is_ok_and(|shard| shard.contains(cluster))
            };
            let part = &mut parts[(0..SHARDS).find(is_in).expect("a shard")];
            part.extend([line, "\n"]);
        }
        for (file, part) in files.iter().zip(parts) {
            fs::write(self.path().join(file), part).expect("a file");
        }
        let whole = self.judge(&["now.jsonl".to_owned()]);
        let reversed: Vec<String> = files.iter().rev().cloned().collect();
        let rotated = [&files[7..], &files[..7]].concat();
        for order in [files, reversed, rotated] {
            assert!(self.judge(&order) == whole, "shards have the result of one run");
        }
        println!("{SHARDS} shards in three orders: the same bytes as one run");
    }

    /// Returns the report on files, at a fixed time.
    fn judge(&self, files: &[String]) -> Vec<u8> {
        let judge = ["audit", "judge", "-format", "json", "-ledger", "off", "-now=2026-12-01"];
        let output = Command::new(&self.program).args(judge).args(files).current_dir(self.path()).output();
        output.expect("the program starts").stdout
    }

    /// Runs a collector for each shard, all at once. Returns the report on their facts.
    fn collect_in_shards(&self) -> String {
        let files: Vec<String> = (1..=SHARDS).map(|shard| format!("shard-{shard}.jsonl")).collect();
        let start = |(number, file): (usize, &String)| {
            let shard = format!("{}/{SHARDS}", number + 1);
            Command::new(&self.program)
                .args(["audit", "collect", "-inventory", "clusters.jsonl", "-jobs", "4", "-shard", &shard])
                .args(["-out", file])
                .current_dir(self.path())
                .env("PEERING_STATE_DIR", self.path())
                .spawn()
                .expect("the program starts")
        };
        let mut collectors: Vec<_> = files.iter().enumerate().map(start).collect();
        for collector in &mut collectors {
            collector.wait().expect("it ends");
        }
        let arguments =
            ["audit", "judge", "before.jsonl"].into_iter().chain(files.iter().map(String::as_str));
        self.run("audit judge of shards", &arguments.collect::<Vec<_>>()).output
    }

    /// Compares the CPU time per cluster with that of curl and jq for three of the requests.
    fn compare_with_script(&self, audit: &Run) {
        let script = r#"
            for number in $(seq 0 $(($1 - 1))); do
                cluster=$2/$(printf c%04d "$number")
                curl -s "$cluster/v1/agent/self" | jq -r .Config.Version
                curl -s "$cluster/v1/connect/ca/roots" | jq -r .TrustDomain
                curl -s "$cluster/v1/peerings" | jq -r '.[] | [.Name, .State, .ID, .PeerID] | @tsv'
            done"#;
        let mut command = Command::new("time");
        command.args([
            "-f",
            "%U %S",
            "-o",
            "used-by-script",
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script,
            "bash",
        ]);
        command.arg(OF_SCRIPT.to_string()).arg(&self.server).current_dir(self.path()).stdout(Stdio::null());
        if !command.status().is_ok_and(|status| status.success()) {
            println!("SKIPPED: the comparison with curl and jq: they failed, or are not installed");
            return;
        }
        let used = fs::read_to_string(self.path().join("used-by-script")).expect("a file of GNU time");
        let cpu: f64 = used.split_whitespace().filter_map(|it| it.parse::<f64>().ok()).sum();
        let per = |cpu: f64, clusters: usize| {
            cpu * 1000.0 / f64::from(u32::try_from(clusters).expect("few clusters"))
        };
        let (ours, theirs) = (per(audit.cpu, CLUSTERS), per(cpu, OF_SCRIPT));
        println!("CPU per cluster: {ours:.1} ms, curl and jq {theirs:.1} ms, ratio {:.2}", ours / theirs);
    }
}

/// Compares the findings of a report with the planted faults.
fn check(expected: &BTreeSet<Expected>, report: &str) {
    let report: Value = serde_json::from_str(report).expect("JSON");
    let found: BTreeSet<(String, String, String)> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
            (text("check"), text("cluster"), text("peering"))
        })
        .collect();
    let expected: BTreeSet<_> =
        expected.iter().cloned().map(|(check, cluster, name)| (check.to_owned(), cluster, name)).collect();
    for missed in expected.difference(&found).take(10) {
        println!("not found: {missed:?}");
    }
    for wrong in found.difference(&expected).take(10) {
        println!("not planted: {wrong:?}");
    }
    assert!(found == expected, "the findings are the planted faults");
    println!("{:<28} {:>6} of {}, and nothing else", "faults found", found.len(), expected.len());
}
