//! Texts that people paste: logs, JSON, errors of proxies and of other parts of Consul.

use consul_peering::explain::explain;
use serde_json::Value;

use crate::peering::{Finished, Peering, fixture};

/// Returns a text in lower case, with one space for each run of white space.
fn normalized(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap())
}

fn run(case: &Value) -> Finished {
    let peering = Peering::new().args(strings(&case["input"]["command"]));
    match case["input"]["stdin"].as_str() {
        Some(text) => peering.stdin(text).run(),
        None => peering.run(),
    }
}

/// Returns what differs from the expectation. Alternatives are separated by `|`, `*` is any entry, `!` excludes entries.
fn differences(case: &Value) -> Vec<String> {
    let (finished, expect) = (run(case), &case["expect"]);
    let mut found = Vec::new();
    if let Some(exit) = expect["exit"].as_i64()
        && i64::from(finished.status) != exit
    {
        found.push(format!("exit {}, not {exit}", finished.status));
    }
    if let Some(expected) = expect["first_cause_or_entry"].as_str() {
        let document: Value = serde_json::from_str(&finished.stdout).unwrap();
        let list = ["causes", "messages"]
            .iter()
            .find_map(|key| document[key].as_array().filter(|it| !it.is_empty()));
        let first = list.and_then(|list| list[0]["name"].as_str());
        let names: Vec<&str> = expected.trim_start_matches('!').split('|').collect();
        let is_listed = first.is_some_and(|first| names.contains(&first) || names.contains(&"*"));
        if is_listed == expected.starts_with('!') {
            found.push(format!("{first:?} is first, not {expected}"));
        }
    }
    let output = normalized(&format!("{}\n{}", finished.stdout, finished.stderr));
    for text in strings(&expect["must_contain"]) {
        if !text.split('|').any(|it| output.contains(&normalized(it))) {
            found.push(format!("does not contain {text:?}"));
        }
    }
    for text in strings(&expect["must_not_contain"]).flat_map(|text| text.split('|')) {
        if output.contains(&normalized(text)) {
            found.push(format!("contains {text:?}"));
        }
    }
    found
}

#[test]
fn every_pasted_text_leads_to_its_cause() {
    let cases = std::fs::read_to_string(fixture("pasted/cases.jsonl")).unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let found = differences(&case);
        if !found.is_empty() {
            failures.push(format!("{}: {}", case["id"], found.join("; ")));
        }
        count += 1;
    }
    assert!(count > 100, "{count} cases");
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn a_relevant_line_is_first_wherever_it_is_in_the_text() {
    let relevant = "2024-03-05T10:15:00.000Z [ERROR] agent.http: Request error: method=POST url=/v1/peering/establish \
                    from=127.0.0.1:1 error=\"cannot create a peering within the same cluster \\\"a\\\"\"";
    let others = [
        "2024-03-05T10:00:00.000Z [ERROR] agent.server.raft: failed to appendEntries to: error=\"dial tcp a:8300: i/o timeout\"",
        "2024-03-05T10:00:00.000Z [WARN]  agent.server.serf.lan: serf: Failed to re-join: dial tcp a:8301: connection refused",
        "2024-03-05T10:00:00.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name=a error=\"new\"",
        "east  PENDING  0  0",
        "2024-03-05T10:00:00.000Z [ERROR] agent.anti_entropy: failed to sync remote state: error=\"No cluster leader\"",
    ];
    for position in 0..=others.len() {
        let mut lines = others.to_vec();
        lines.insert(position, relevant);
        let found = explain(&lines.join("\n"));
        assert_eq!(found[0].entry.name, "same-cluster", "at {position}");
        assert!(found.len() > 3, "{found:#?}");
    }
}

#[test]
fn a_long_log_is_explained_in_seconds() {
    let line = "2024-03-05T10:00:00.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name=a \
                error=\"rpc error: code = Unavailable desc = connection error: desc = \\\"transport: Error while dialing: \
                dial tcp 10.0.0.1:8503: connect: connection refused\\\"\"\n";
    let started = std::time::Instant::now();
    let found = explain(&line.repeat(1024 * 1024 / line.len()));
    assert_eq!(found[0].entry.name, "dial-refused");
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// Runs `explain -log` and checks the exit code.
fn explain_log(arguments: &[&str], log: &str, status: i32) -> String {
    let finished = Peering::new().args(["explain", "-log"]).args(arguments).stdin(log).run();
    assert_eq!(finished.status, status, "{}", finished.stderr);
    finished.stdout
}

#[test]
fn a_server_log_of_any_size_is_summarized() {
    let noise = "2024-03-05T10:00:00.000Z [ERROR] agent.server.raft: failed to heartbeat to: peer=a:8300 error=\"EOF\"\n";
    let line = "2024-03-05T10:00:01.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name=east \
                peer_id=11111111-2222-3333-4444-555555555555 error=\"rpc error: code = PermissionDenied desc = invalid \
                peering stream secret\"\n";
    let log = format!("{}{line}{}{line}", noise.repeat(2000), noise.repeat(2000));
    let shown = explain_log(&["-"], &log, 0);
    for part in ["Peering east", "stream-secret-invalid (2 times)", "4,002 lines", "Fix"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("raft"), "{shown}");
    let json: Value = serde_json::from_str(&explain_log(&["-", "-format", "json"], &log, 0)).unwrap();
    assert_eq!(json["peerings"][0]["messages"][0]["count"], 2);
    explain_log(&["-"], noise, 1);
    explain_log(&["absent.log"], "", 2);
}

#[test]
fn the_end_of_a_very_long_line_is_ignored() {
    let line =
        format!("[ERROR] agent.server.peering: {} invalid peering stream secret\n", "x".repeat(4 << 20));
    let shown = explain_log(&["-"], &line, 1);
    assert!(shown.contains("1 line read") && shown.contains("1 error or warning unknown"), "{shown}");
}
