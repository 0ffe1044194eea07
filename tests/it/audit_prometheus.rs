//! A real Prometheus scrapes `peering audit -listen`, with the alerts of `contrib/`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::audit_listen::Listening;

/// How long Prometheus may take to start, scrape and evaluate its rules.
const DEADLINE: Duration = Duration::from_mins(2);

/// A running Prometheus.
struct Prometheus {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    /// Starts it on a free port, with a target to scrape every second; `None` if it is not installed.
    fn start(target: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/prometheus/peering-alerts.yml");
        // JSON is YAML.
        let config = json!({
            "global": { "scrape_interval": "1s", "evaluation_interval": "1s" },
            "rule_files": [rules],
            "scrape_configs": [{ "job_name": "peering", "static_configs": [{ "targets": [target] }] }],
        });
        std::fs::write(directory.path().join("prometheus.yml"), config.to_string()).unwrap();
        let started = Command::new("prometheus")
            .args([
                "--config.file=prometheus.yml",
                "--storage.tsdb.path=data",
                "--web.listen-address=127.0.0.1:0",
            ])
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.ok()?;
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let address = loop {
            let start = seen.len();
            assert!(log.read_line(&mut seen).unwrap() > 0, "Prometheus does not start: {seen}");
            let line = seen[start..].trim_end();
            if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
                break address.to_owned();
            }
        };
        // It stops if nothing reads its log.
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Some(Self { child, address, _directory: directory })
    }

    /// Returns the `data` of an answer of its API; `None` if it is not ready.
    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let answer: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
        Some(answer["data"].clone())
    }

    /// Waits until a part of an answer is as wanted, and returns the part.
    fn wait_for(&self, path: &str, part: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let data = self.get(path);
            let all = data.as_ref().and_then(|data| data[part].as_array());
            if let Some(found) = all.and_then(|all| all.iter().find(|it| is_wanted(it))) {
                return found.clone();
            }
            assert!(start.elapsed() < DEADLINE, "{path}: {data:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prometheus_scrapes_the_metrics_and_evaluates_the_alerts() {
    // Nothing answers there, which is a finding and an alert.
    let listening = Listening::start("127.0.0.1:1", &["-every", "1s"]);
    listening.wait();
    let Some(prometheus) = Prometheus::start(&listening.address) else {
        eprintln!("SKIPPED: a scrape by Prometheus: prometheus is not installed");
        return;
    };
    let target =
        prometheus.wait_for("/api/v1/targets?state=active", "activeTargets", |it| it["health"] != "unknown");
    assert_eq!((&target["health"], &target["lastError"]), (&json!("up"), &json!("")));
    let series = |query: &str, name: &str, value: &str| {
        let path = format!("/api/v1/query?query={query}");
        let found = prometheus.wait_for(&path, "result", |it| it["metric"][name] == value);
        found["value"][1].as_str().unwrap().to_owned()
    };
    assert_eq!(series("peering_audit_cluster_up", "cluster", "east"), "0");
    assert_eq!(series("peering_audit_findings", "check", "cluster-unreachable"), "1");
    let age = series("time()-peering_audit_last_success_timestamp_seconds", "job", "peering");
    assert!(age.parse::<f64>().unwrap() < DEADLINE.as_secs_f64(), "{age}");
    let is_unreadable = |it: &Value| it["labels"]["alertname"] == "PeeringClusterUnreadable";
    let alert = prometheus.wait_for("/api/v1/alerts", "alerts", is_unreadable);
    // It fires after ten minutes.
    assert_eq!(
        (&alert["state"], &alert["labels"]["cluster"]),
        (&json!("pending"), &json!("east")),
        "{alert}"
    );
    assert_eq!(alert["annotations"]["summary"], "The peerings of east cannot be read");
}
