//! `peering audit judge` on facts that were read from six real Consul clusters (1.22.7 and 2.1.0-dev), a ring and a star, after a
//! problem was caused.

use serde_json::Value;

use crate::peering::{Peering, fixture};

/// The facts of each problem, with everything that is found in them.
const MEASURED: [(&str, &[&str]); 13] = [
    ("ca-cross-signed", &[]),
    ("ca-rotated-while-dialer-down", &["s4/s3 peer-ca-not-trusted: it trusts another CA than s3 uses"]),
    (
        "ca-rotated-while-stream-open",
        &["s4/s3 peer-ca-not-trusted: s3 rotated its CA, and this dialer's leader still uses the old one"],
    ),
    (
        "deleted-at-acceptor-while-dialer-down",
        &["s4/s3 peering-orphaned: s3 has no peering with the ID 91f6f192-49d2-4171-8142-39fd7f7ec237"],
    ),
    (
        "deleted-at-copied-dialer",
        &[
            "s5/s6 peering-states-differ: TERMINATED here, but ACTIVE at s6",
            "s5/s6 terminated-left-behind: the other cluster deleted this peering",
        ],
    ),
    ("deleted-at-dialer", &["s1/s2 terminated-left-behind: s2 deleted this peering"]),
    (
        "deleted-at-dialer-while-acceptor-down",
        &["s4/s5 peering-one-sided: s5 does not have the other end of this peering"],
    ),
    (
        "dialer-copied",
        &[
            "s6/s5 two-dialers: s6 and s6copy dial the same peering",
            "s6copy/s1 pending-since: PENDING: s1 is connected to s6 instead",
        ],
    ),
    ("frozen-28-seconds", &["s6 cluster-unreachable: http://127.25.0.1:8500 took longer than 5 s"]),
    (
        "frozen-46-seconds",
        &[
            "s1/s6 heartbeat-old: FAILING: no heartbeat for 45 s",
            "s5/s6 heartbeat-old: FAILING: no heartbeat for 50 s",
            "s6 cluster-unreachable: http://127.25.0.1:8500 took longer than 5 s",
        ],
    ),
    (
        "killed",
        &[
            "s1/s6 heartbeat-old: FAILING: no heartbeat for 18 s",
            "s5/s6 heartbeat-old: FAILING: no heartbeat for 21 s",
            "s6 cluster-unreachable: dial tcp 127.25.0.1:8500: connect: connection refused",
        ],
    ),
    ("reconnected-after-a-minute", &[]),
    ("token-used-twice", &["s2/twice two-dialers: s2 and s3 dial the same peering"]),
];

fn judge(name: &str, arguments: &[&str]) -> String {
    let facts = std::fs::read_to_string(fixture("audit").join(format!("measured/{name}.jsonl"))).unwrap();
    let run = Peering::new().args(["audit", "judge", "-", "-now", "2026-11-28T15:00:00Z"]).args(arguments);
    run.stdin(facts).run().stdout
}

#[test]
fn each_problem_is_found_and_nothing_else() {
    for (name, expected) in MEASURED {
        let report: Value = serde_json::from_str(&judge(name, &["-format", "json"])).unwrap();
        let line = |finding: &Value| {
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let place = [text("cluster"), text("peering")].join("/");
            format!("{} {}: {}", place.trim_end_matches('/'), text("check"), text("message"))
        };
        let found: Vec<String> = report["findings"].as_array().unwrap().iter().map(line).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_recorded_file_is_judged() {
    let mut files: Vec<String> = std::fs::read_dir(fixture("audit").join("measured"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    assert_eq!(files, MEASURED.map(|(name, _)| name));
}

#[test]
fn each_screen_fits_and_names_the_problem_first() {
    let mut screens = String::new();
    for (name, expected) in MEASURED {
        let screen = judge(name, &[]);
        assert!(screen.lines().count() < 24, "{name}: {screen}");
        assert!(expected.is_empty() == screen.starts_with('✓'), "{name}: {screen}");
        screens.push_str(&format!("--- {name}\n{screen}\n"));
    }
    insta::assert_snapshot!("screens", screens);
}
