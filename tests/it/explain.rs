//! Every recorded message of a real Consul has the expected entry.

mod quoted;
mod recorded;

use consul_peering::explain::{Explanation, entry, explain};
use serde_json::Value;

fn fixture(name: &str) -> String {
    let path = format!("{}/fixtures/consul/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn recordings(name: &str) -> Vec<Value> {
    serde_json::from_str(&fixture(name)).expect("an array of recordings")
}

fn names(found: &[Explanation]) -> Vec<&'static str> {
    found.iter().map(|explanation| explanation.entry.name).collect()
}

fn expected<'a>(table: &[(&'a str, &[&str])], recording: &str) -> &'a str {
    let mut found = table.iter().filter(|(_, names)| names.contains(&recording));
    let (name, _) = found.next().unwrap_or_else(|| panic!("{recording}: no expected entry"));
    assert!(found.next().is_none(), "{recording} is listed twice");
    assert!(entry(name).is_some(), "{name} is not an entry");
    name
}

/// Explains every error response of a file: bare, and as the command line, a log line and a JSON status wrap it.
fn check_responses(file: &str, table: &[(&str, &[&str])]) {
    let mut checked = 0;
    for recording in recordings(file) {
        let Some(status) = recording["response"]["status"].as_u64().filter(|status| *status != 200) else {
            continue;
        };
        let name = recording["name"].as_str().expect("a name");
        let body = recording["response"]["body"].as_str().expect("a body");
        let entry = expected(table, name);
        let one_line = serde_json::to_string(body).expect("a JSON string");
        for text in [
            body.to_owned(),
            format!("Unexpected response code: {status} ({body})"),
            format!(
                "Error establishing peering for cluster-01: Unexpected response code: {status} ({body})\n"
            ),
            format!(
                "Error generating peering token for cluster-01: Unexpected response code: {status} ({body})\n"
            ),
            format!(
                "$ consul peering establish …\nError establishing peering for c: Unexpected response code: {status} ({body})\n$ \n"
            ),
            format!(
                "2026-11-23T18:52:02.407Z [ERROR] agent.http: Request error: method=POST url=/v1/peering/establish from=127.0.0.1:1 error={one_line}"
            ),
            format!(
                "{{\"level\":\"error\",\"msg\":\"Reconciler error\",\"error\":{}}}",
                serde_json::to_string(&format!("Unexpected response code: {status} ({body})"))
                    .expect("a JSON string")
            ),
            body.replace('\n', "\r\n"),
        ] {
            assert_eq!(names(&explain(&text)), [entry], "{file} {name}: {text}");
        }
        checked += 1;
    }
    assert_eq!(
        checked,
        table.iter().map(|(_, names)| names.len()).sum::<usize>(),
        "{file}: the table lists other recordings"
    );
}

#[test]
fn every_error_of_the_http_api_is_known() {
    check_responses("http.json", recorded::HTTP);
}

#[test]
fn every_error_of_a_faulty_server_is_known() {
    check_responses("faults.json", recorded::FAULTS);
}

#[test]
fn every_error_about_stale_tokens_is_known() {
    check_responses("staleness/http.json", recorded::STALENESS);
    check_responses("staleness/terminated.json", recorded::TERMINATED);
}

#[test]
fn every_error_of_older_versions_is_known() {
    check_responses("versions/v1.13/http.json", recorded::V1_13);
    check_responses("versions/v1.14/http.json", recorded::LATER);
    check_responses("versions/v1.20/http.json", recorded::LATER);
}

#[test]
fn every_error_of_the_command_line_is_known() {
    for run in recordings("cli.json") {
        let stderr = run["stderr"].as_str().expect("stderr");
        if !stderr.is_empty() {
            let name = run["name"].as_str().expect("a name");
            assert_eq!(names(&explain(stderr)), [expected(recorded::CLI, name)], "{name}: {stderr}");
        }
    }
}

#[test]
fn every_answer_to_a_probe_is_known() {
    let mut answers = Vec::new();
    for file in [
        "staleness/cases.json",
        "versions/v1.13/cases.json",
        "versions/v1.14/cases.json",
        "versions/v1.20/cases.json",
    ] {
        texts(
            &Value::Array(recordings(file).iter().map(|case| case["probes"].clone()).collect()),
            &mut answers,
        );
    }
    for recording in recordings("staleness/terminated.json") {
        texts(&recording["answers"], &mut answers);
    }
    let mut checked = 0;
    for answer in answers.iter().filter(|answer| answer.contains("peering") || answer.contains("PeerID")) {
        assert_eq!(explain(answer).len(), 1, "{answer}");
        checked += 1;
    }
    assert!(checked > 40, "{checked}");
}

fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(items) => items.values().for_each(|item| texts(item, out)),
        _ => {}
    }
}

#[test]
fn every_error_of_a_rejected_token_is_known() {
    let messages = fixture("verdict-messages.txt");
    assert!(messages.lines().count() > 700);
    for line in messages.lines() {
        let message: String = serde_json::from_str(line).expect("one JSON string per line");
        let entry = expected_for_rejected_token(&message);
        for text in [
            message.clone(),
            format!("Error establishing peering for c: Unexpected response code: 500 ({message})\n"),
            format!("rpc error: code = Unknown desc = {message}"),
        ] {
            assert_eq!(names(&explain(&text)), [entry], "{text:?}");
        }
    }
}

/// The entry that the text of a message implies.
fn expected_for_rejected_token(message: &str) -> &'static str {
    let ends = |end: &str| message.ends_with(end);
    let has = |part: &str| message.contains(part);
    if ends(" is not a valid peering server address") {
        "address-invalid"
    } else if let Some(ca) = message.strip_prefix("peering token invalid CA: ") {
        match ca {
            "no PEM-encoded data found" => "ca-not-pem",
            "first PEM-block should be CERTIFICATE type" => "ca-not-a-certificate",
            _ if [
                "point not on",
                "point encoding",
                "curve",
                "RSA",
                "DSA",
                "element encoding",
                "ecdsa",
                "Ed25519",
            ]
            .iter()
            .any(|key| ca.contains(key)) =>
            {
                "ca-key-unusable"
            }
            _ if ["RDNSequence", "malformed extension", "malformed tbs", "invalid version"]
                .iter()
                .any(|shape| ca.contains(shape)) =>
            {
                "ca-damaged"
            }
            _ if ["x509: invalid ", "critical", "duplicate", "x509: SAN", "cannot parse IP"]
                .iter()
                .any(|part| ca.contains(part) && !ca.contains("field")) =>
            {
                "ca-extension-invalid"
            }
            _ => "ca-damaged",
        }
    } else if has("illegal base64 data") {
        "token-not-base64"
    } else if message == "invalid character 'e' looking for beginning of value" {
        "token-encoded-twice"
    } else if ends("looking for beginning of value") {
        "token-not-json"
    } else if ends("after top-level value") {
        "token-followed-by-text"
    } else if message == "unexpected end of JSON input" {
        "token-cut-short"
    } else if message.starts_with("invalid character ") {
        "token-json-damaged"
    } else if message.starts_with("json: cannot unmarshal ") {
        "token-wrong-type"
    } else if has("server addresses value is empty") {
        "token-without-addresses"
    } else if has("server name value is empty") {
        "token-without-server-name"
    } else if has("peer ID value is empty") {
        "token-without-peer-id"
    } else {
        panic!("{message}: unexpected kind")
    }
}

#[test]
fn every_message_quoted_in_failure_reports_is_known() {
    for (entry, texts) in quoted::MESSAGES {
        for text in *texts {
            assert_eq!(names(&explain(text)), [*entry], "{text}");
        }
    }
}
