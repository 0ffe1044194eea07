//! What `contrib/` contains for monitoring and for running audits: the metrics, options and files that it names exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;

use crate::peering::{Peering, fixture};

fn contrib(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(contrib(name)).unwrap()
}

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&text(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The metrics of the recorded facts.
fn metrics() -> String {
    let facts = fixture("audit/broken.jsonl").display().to_string();
    Peering::new().args(["audit", "judge", &facts, "-format=openmetrics"]).run().stdout
}

/// Returns whether a tool ran without an error; `None` if it is not installed.
fn passes(tool: &str, arguments: &[&str], directory: &Path) -> Option<bool> {
    match Command::new(tool).args(arguments).current_dir(directory).output() {
        Ok(output) => {
            let printed = [output.stdout, output.stderr].concat();
            eprintln!("{tool} {arguments:?}: {}", String::from_utf8_lossy(&printed));
            Some(output.status.success())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("SKIPPED: {tool} {arguments:?}: it is not installed");
            None
        }
        Err(error) => panic!("{tool}: {error}"),
    }
}

#[test]
fn alerts_and_dashboard_use_metrics_that_exist() {
    let metrics = metrics();
    let name = Regex::new(r"peering_audit_[a-z_]+").unwrap();
    for file in
        ["prometheus/peering-alerts.yml", "prometheus/peering-alerts.test.yml", "grafana/peering.json"]
    {
        let text = text(file);
        let used: BTreeSet<&str> = name.find_iter(&text).map(|found| found.as_str()).collect();
        assert!(used.len() >= 4, "{file} uses metrics");
        for metric in used {
            assert!(
                metrics.contains(&format!("# TYPE {metric} gauge")),
                "{file} uses {metric}, which does not exist"
            );
        }
    }
}

#[test]
fn alerts_use_checks_and_states_that_exist() {
    let (rules, metrics) = (text("prometheus/peering-alerts.yml"), metrics());
    let list = Regex::new(r#"check=~"([^"]+)""#).unwrap();
    let lists: Vec<&str> = list.captures_iter(&rules).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(lists.len(), 2);
    for check in lists.iter().flat_map(|list| list.split('|')) {
        assert!(metrics.contains(&format!("check=\"{check}\"")), "the check {check} does not exist");
    }
}

#[test]
fn promtool_accepts_metrics_and_rules() {
    let directory = contrib("prometheus");
    for arguments in [
        ["check", "rules", "peering-alerts.yml"].as_slice(),
        ["test", "rules", "peering-alerts.test.yml"].as_slice(),
    ] {
        assert_ne!(passes("promtool", arguments, &directory), Some(false));
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("metrics"), metrics()).unwrap();
    let check = ["-c", "command -v promtool || exit 0; promtool check metrics < metrics"];
    assert_eq!(passes("sh", &check, home.path()), Some(true));
}

/// Runs the arguments of a container with the facts of a test. `$(SHARD)` and `$(SHARDS)` have the values of a first pod.
fn run(arguments: &Value, facts: &Path, config: &str) -> crate::peering::Finished {
    let arguments = arguments.as_array().unwrap().iter().map(|argument| {
        let argument = argument.as_str().unwrap().replace("$(SHARDS)", "4").replace("$(SHARD)", "0");
        argument.replace("/facts", facts.to_str().unwrap())
    });
    Peering::new().env("PEERING_CONFIG", config).args(arguments).run()
}

#[test]
fn kubernetes_jobs_run_with_options_that_exist() {
    let facts = tempfile::tempdir().unwrap();
    let container = |name: &str| {
        yaml(name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"].clone()
    };
    // Nothing answers there.
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "[contexts.east]\nhttp_addr = \"http://127.0.0.1:1\"\n").unwrap();
    let config = config.display().to_string();
    for shard in 0..4 {
        let arguments =
            container("kubernetes/collect.yaml").to_string().replace("$(SHARD)", &shard.to_string());
        let collected = run(&serde_json::from_str(&arguments).unwrap(), facts.path(), &config);
        assert!([0, 1].contains(&collected.status), "{}", collected.stderr);
    }
    let judged = run(&container("kubernetes/judge.yaml"), facts.path(), &config);
    assert_eq!(judged.status, 1, "{}", judged.stderr);
    assert!(judged.stdout.contains("cluster-unreachable"), "{}", judged.stdout);
}

#[test]
fn the_opentelemetry_collector_scrapes_the_metrics() {
    let collector = yaml("opentelemetry/collector.yaml");
    let pipeline = &collector["service"]["pipelines"]["metrics"];
    for kind in ["receivers", "processors", "exporters"] {
        let defined: BTreeSet<&String> = collector[kind].as_object().unwrap().keys().collect();
        let used: BTreeSet<String> = serde_json::from_value(pipeline[kind].clone()).unwrap();
        assert_eq!(defined, used.iter().collect(), "{kind} are defined and used");
    }
    // The address is the one of the documentation.
    let target = &collector["receivers"]["prometheus"]["config"]["scrape_configs"][0]["static_configs"][0]["targets"]
        [0];
    let docs = std::fs::read_to_string(contrib("../docs/many-clusters.md")).unwrap();
    assert!(docs.contains(&format!("-listen {}", target.as_str().unwrap())), "{target}");
    let validate = ["validate", "--config", "opentelemetry/collector.yaml"];
    assert_ne!(passes("otelcol-contrib", &validate, &contrib(".")), Some(false));
}

#[test]
fn kubernetes_files_make_a_base() {
    assert_ne!(passes("kubectl", &["kustomize", "."], &contrib("kubernetes")), Some(false));
    let config = contrib("kubernetes/config.toml").display().to_string();
    let listed = Peering::new().args(["context", "list", "-config", &config]).run();
    assert_eq!(listed.status, 0, "{}", listed.stderr);
    assert!(listed.stdout.contains("east") && listed.stdout.contains("west"), "{}", listed.stdout);
}

#[test]
fn the_systemd_unit_writes_metrics() {
    let unit = text("systemd/peering-audit.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/peering ")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "[contexts.east]\nhttp_addr = \"http://127.0.0.1:1\"\n").unwrap();
    let file = home.path().join("peering.prom").display().to_string();
    let start = start.replace("/var/lib/prometheus/node-exporter/peering.prom", &file);
    let audit = Peering::new().env("PEERING_CONFIG", config.to_str().unwrap()).args(start.split(' ')).run();
    assert_eq!(audit.status, 1, "{}", audit.stderr);
    let written = std::fs::read_to_string(file).unwrap();
    assert!(written.contains("peering_audit_cluster_up{cluster=\"east\"} 0\n"), "{written}");
}
