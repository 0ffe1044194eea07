//! An audit of a small fleet of `benches/fleet`: it finds the planted faults and nothing else, and collectors of 20 shards have the
//! result of one.

#[path = "../../benches/fleet/clusters.rs"]
mod clusters;
#[path = "../../benches/fleet/faults.rs"]
mod faults;
#[path = "../../benches/fleet/server.rs"]
#[allow(dead_code)]
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, RwLock};

use consul_peering::audit::Facts;
use consul_peering::net::ledger::{Ledger, Sqlite};
use fastrand::Rng;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::audit_connections::sockets;
use faults::Expected;
use server::Fleet;

const CLUSTERS: usize = 60;
const SHARDS: usize = 20;

fn by_name(clusters: &[clusters::Cluster]) -> Arc<Fleet> {
    let named = clusters.iter().cloned().enumerate();
    Arc::new(named.map(|(number, cluster)| (cluster.name.clone(), (number, cluster))).collect())
}

/// A fleet that is served on loopback, in a directory with its inventory and facts.
struct Served {
    directory: tempfile::TempDir,
    expected: BTreeSet<(String, String, String)>,
}

impl Served {
    /// Starts a fleet with faults. `before.jsonl` has its facts without them, `now.jsonl` those of one collector.
    async fn start() -> Self {
        let mut rng = Rng::with_seed(17);
        let (mut clusters, pairs) = clusters::generate(CLUSTERS, &mut rng);
        let fleet = Arc::new(RwLock::new(by_name(&clusters)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server::serve(listener, Arc::clone(&fleet), Arc::default()));

        let directory = tempfile::tempdir().unwrap();
        let line = |cluster: &clusters::Cluster| {
            let name = &cluster.name;
            json!({ "name": name, "http_addr": format!("http://{address}/{name}") }).to_string() + "\n"
        };
        std::fs::write(
            directory.path().join("clusters.jsonl"),
            clusters.iter().map(line).collect::<String>(),
        )
        .unwrap();
        let expected = faults::plant(&mut clusters, &pairs, 2, &mut rng);
        let ledger = Ledger::Sqlite(Sqlite::in_directory(directory.path()));
        for record in faults::unused_tokens(&clusters, &expected) {
            ledger.add(&record).await.unwrap();
        }
        let owned = |(check, cluster, name): Expected| (check.to_owned(), cluster, name);
        let served = Self { directory, expected: expected.into_iter().map(owned).collect() };
        served.collect(&["-out", "before.jsonl"]).await;
        *fleet.write().unwrap() = by_name(&clusters);
        served.collect(&["-out", "now.jsonl"]).await;
        served
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    async fn collect(&self, arguments: &[&str]) {
        let collect = ["audit", "collect", "-inventory", "clusters.jsonl", "-timeout", "1m"];
        let arguments = [&collect[..], arguments].concat();
        let mut command = command(self.path(), &arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        // A cluster that cannot be read makes it 1.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns the report on files, at a fixed time.
    fn judge(&self, files: &[&str], format: &str) -> String {
        let judge = ["audit", "judge", "-now=2126-12-01", "-format", format];
        let output = command(self.path(), &[&judge[..], files].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Returns the facts in files, without what differs from run to run: times and durations.
    fn facts_without_times(&self, files: &[&str]) -> BTreeSet<String> {
        let text = |file: &&str| std::fs::read_to_string(self.path().join(file)).unwrap();
        let lines = files.iter().map(text).collect::<String>();
        let lines = lines.lines().map(|line| {
            let mut fact: Value = serde_json::from_str(line).unwrap();
            let fields = fact.as_object_mut().unwrap();
            fields.retain(|name, _| {
                !name.ends_with("_at") && !name.ends_with("_ms") && !name.starts_with("last_")
            });
            fact.to_string()
        });
        lines.collect()
    }
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peering"));
    command.args(arguments).env_clear().env("HOME", directory).env("PEERING_STATE_DIR", directory);
    command.current_dir(directory);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_faults_are_found_and_nothing_else() {
    let served = Served::start().await;
    let judge = ["audit", "judge", "now.jsonl", "before.jsonl", "-format=json", "-compare-within=1h"];
    let output = command(served.path(), &judge).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let found = report["findings"].as_array().unwrap().iter();
    let found: BTreeSet<_> =
        found.map(|it| (text(it, "check"), text(it, "cluster"), text(it, "peering"))).collect();
    assert_eq!(found, served.expected);
    let checks: BTreeSet<&str> = found.iter().map(|(check, _, _)| check.as_str()).collect();
    assert_eq!(checks.len(), consul_peering::audit::checks::ALL.len(), "each check has a fault");
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_have_the_result_of_one_collector_in_any_order() {
    let served = Served::start().await;
    let names: Vec<String> = (1..=SHARDS).map(|shard| format!("shard-{shard}.jsonl")).collect();
    for (number, name) in (1..).zip(&names) {
        served.collect(&["-shard", &format!("{number}/{SHARDS}"), "-out", name]).await;
    }
    let shards: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(served.facts_without_times(&shards), served.facts_without_times(&["now.jsonl"]));
    // The facts of all shards as one collector writes them.
    let mut facts = Facts::default();
    for shard in &shards {
        let text = std::fs::read(served.path().join(shard)).unwrap();
        facts.read_lines(shard, &*text).unwrap();
    }
    std::fs::write(served.path().join("all.jsonl"), facts.to_lines()).unwrap();
    let (mut reversed, mut shuffled) = (shards.clone(), shards.clone());
    reversed.reverse();
    Rng::with_seed(17).shuffle(&mut shuffled);
    for format in ["json", "jsonl", "sarif", "junit", "openmetrics", "pretty"] {
        let whole = served.judge(&["all.jsonl"], format);
        for order in [&shards, &reversed, &shuffled] {
            assert!(served.judge(order, format) == whole, "{format}, {order:?}");
        }
    }
}
