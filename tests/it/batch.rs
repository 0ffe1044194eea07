//! Batches in the library: order, invalid lines, limits, and the reasons to end.

use std::fs;
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use consul_peering::lint::batch::{self, End, Outcome, Settings, Streams};
use consul_peering::lint::{Options, Severity, Status, check};
use consul_peering::render::jsonl;
use consul_peering::render::jsonl::Entry;
use consul_peering::token::MAX_TOKEN_LEN;
use proptest::prelude::*;
use serde_json::{Value, json};

fn settings(jobs: usize) -> Settings {
    Settings {
        jobs: NonZero::new(jobs).unwrap(),
        options: Options::new("2026-12-01T00:00:00Z".parse().unwrap()),
        fail_on: Severity::Error,
    }
}

fn run(jobs: usize, input: impl Read + Send, output: impl Write + Send) -> Outcome {
    let interrupt = AtomicBool::new(false);
    let streams = Streams { input, output, interrupt: &interrupt, render: &jsonl::render, progress: &|_| {} };
    batch::run(streams, &settings(jobs))
}

/// Returns the results for a text, and the outcome.
fn results_of(jobs: usize, text: &[u8]) -> (Vec<Value>, Outcome) {
    let mut output = Vec::new();
    let outcome = run(jobs, text, &mut output);
    let text = String::from_utf8(output).unwrap();
    (text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), outcome)
}

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("fixtures/tokens/{name}.txt")).unwrap().trim_end().to_owned()
}

/// Returns lines of all kinds, enough for many chunks.
fn many_lines() -> Vec<u8> {
    let (small, large) = (fixture("one-server"), fixture("two-roots"));
    let mut text = Vec::new();
    for number in 0..400 {
        let line = match number % 5 {
            0 => small.clone(),
            1 => large.clone(),
            2 => format!("{{\"n\":{number},\"token\":\"{small}\"}}"),
            3 => format!("damaged {number}"),
            _ => String::new(),
        };
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

#[test]
fn results_have_the_order_of_the_lines_for_any_number_of_jobs() {
    let text = many_lines();
    let results = |jobs| {
        let mut output = Vec::new();
        let outcome = run(jobs, &text[..], &mut output);
        assert!(matches!(outcome.end, End::Finished));
        (output, outcome.summary)
    };
    let (output, summary) = results(1);
    for jobs in [2, 4, 9] {
        assert!(results(jobs) == (output.clone(), summary.clone()), "{jobs} jobs");
    }
    let indices = String::from_utf8(output).unwrap();
    let indices: Vec<u64> = indices
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indices, (1..=400).filter(|index| index % 5 != 0).collect::<Vec<_>>());
    assert_eq!((summary.results(), summary.empty, summary.with_status(Status::Unreadable)), (320, 80, 0));
    assert_eq!(summary.with_status(Status::Refused), 80);
    assert_eq!(summary.bytes, text.len() as u64);
}

#[test]
fn a_result_contains_the_verdict_the_findings_and_the_peer_id() {
    let (results, _) = results_of(1, format!("{}\ne30=\n", fixture("one-server")).as_bytes());
    let good = &results[0];
    assert_eq!(good["index"], 1);
    assert_eq!(good["consul"], json!({"accepted": true, "message": null, "exact": true, "reference": "2.1"}));
    assert!(good["peer_id"].as_str().unwrap().len() == 36);
    assert!(good["server_name"].as_str().unwrap().starts_with("server.dc"));
    for finding in good["findings"].as_array().unwrap() {
        for key in ["check", "severity", "message", "path"] {
            assert!(finding[key].is_string(), "{finding}");
        }
        assert!(finding["values"].is_object(), "{finding}");
    }
    let refused = &results[1];
    assert_eq!(refused["status"], "refused");
    assert_eq!(
        refused["consul"],
        json!({
            "accepted": false,
            "message": "peering token server addresses value is empty",
            "exact": true,
            "reference": "2.1",
        })
    );
}

#[test]
fn the_other_keys_of_an_object_are_copied_to_the_result() {
    let token = fixture("one-server");
    let lines = format!(
        "{{\"id\": 1.50, \"token\": \"{token}\", \"nested\": {{\"token\": [1, \"ü\"]}}}}\n\
         {{\"token\":\"{token}\"}}\n{{\"token\":null,\"id\":7}}\n{{\"secret_token\":\"{token}\"}}\n"
    );
    let (results, outcome) = results_of(1, lines.as_bytes());
    assert_eq!(results[0]["input"], json!({"id": 1.5, "nested": {"token": [1, "ü"]}}));
    assert_eq!(results[0]["consul"]["accepted"], true);
    assert_eq!(results[1]["input"], json!({}));
    assert_eq!(results[2]["input"], json!({"id": 7}));
    assert_eq!(results[3].get("input"), None, "a line that may contain a token is not repeated");
    assert_eq!(outcome.summary.with_status(Status::Unreadable), 2);
}

#[test]
fn an_invalid_line_has_a_result_and_does_not_end_the_batch() {
    let token = fixture("one-server");
    let mut lines = b"\xFF\xFE\n{\"token\":\n{}\n{\"token\":{}}\n{\"token\":\"\xFF\"}\n".to_vec();
    lines.extend_from_slice(token.as_bytes());
    let (results, outcome) = results_of(1, &lines);
    assert!(matches!(outcome.end, End::Finished));
    let statuses: Vec<&str> = results.iter().map(|result| result["status"].as_str().unwrap()).collect();
    assert_eq!(statuses[..5], ["refused", "unreadable", "unreadable", "unreadable", "unreadable"]);
    assert_eq!(
        results[0]["consul"]["message"],
        "failed to decode token: illegal base64 data at input byte 0"
    );
    let errors: Vec<&str> = results[1..5].iter().map(|result| result["error"].as_str().unwrap()).collect();
    assert_eq!(
        errors,
        [
            "the line starts with { but is not valid JSON: unexpected end of JSON input",
            "the JSON object has no key \"token\"",
            "the value of \"token\" is an object, not a string",
            "the line starts with { but is not UTF-8 at byte 10",
        ]
    );
    for result in &results[1..5] {
        assert_eq!(result["consul"]["accepted"], false);
        assert_eq!(result["consul"]["message"], Value::Null, "Consul has no message");
        assert_eq!(result["findings"], json!([]));
    }
    assert_eq!(results[5]["consul"]["accepted"], true, "the last line needs no end");
    assert_eq!(outcome.summary.failing, 5);
}

#[test]
fn windows_line_ends_are_accepted_and_empty_lines_are_skipped() {
    let token = fixture("one-server");
    let (windows, outcome) = results_of(1, format!("\u{feff}{token}\r\n\r\n  \r\n{token}\r\n").as_bytes());
    let (unix, _) = results_of(1, format!("{token}\n\n\n{token}").as_bytes());
    assert_eq!(windows, unix);
    assert_eq!(windows[1]["index"], 4);
    assert_eq!(outcome.summary.empty, 2);
    assert_eq!(results_of(2, b"").1.summary.results(), 0);
}

#[test]
fn a_line_that_is_too_long_has_a_result_and_is_not_kept_in_memory() {
    let token = fixture("one-server");
    let longest = "A".repeat(MAX_TOKEN_LEN);
    let text = format!("{token}\n{longest}\r\n{longest}A\n{longest}{longest}{longest}\n{token}\n");
    for jobs in [1, 3] {
        let (results, outcome) = results_of(jobs, text.as_bytes());
        let statuses: Vec<&str> = results.iter().map(|result| result["status"].as_str().unwrap()).collect();
        assert_eq!(statuses[1..4], ["refused", "unreadable", "unreadable"]);
        assert!(
            results[3]["error"].as_str().unwrap().contains("longer than 4194304 bytes"),
            "{}",
            results[3]
        );
        assert_eq!(results[4]["index"], 5);
        assert_eq!(outcome.summary.bytes, text.len() as u64);
    }
}

/// Fails after this many writes.
struct FailingWriter(AtomicUsize, io::ErrorKind);

impl Write for FailingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            return Err(self.1.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_the_batch_and_other_errors_are_reported() {
    let line = format!("{}\n", fixture("one-server"));
    for jobs in [1, 4] {
        let gone = run(
            jobs,
            Repeating { text: line.as_bytes(), at: 0 },
            FailingWriter(2.into(), io::ErrorKind::BrokenPipe),
        );
        assert!(matches!(gone.end, End::ReaderGone), "{gone:?}");
        let full = run(jobs, &many_lines()[..], FailingWriter(0.into(), io::ErrorKind::StorageFull));
        assert!(matches!(&full.end, End::Output(error) if error.kind() == io::ErrorKind::StorageFull));
        assert_eq!(full.summary.results(), 0, "results that were not written do not count");
    }
}

/// Returns a text in small pieces, then fails.
struct FailingReader<'a>(&'a [u8]);

impl Read for FailingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let count = buffer.len().min(5000);
        self.0.read(&mut buffer[..count])
    }
}

#[test]
fn an_error_of_the_input_ends_the_batch_after_the_lines_before_it() {
    let text = many_lines();
    for jobs in [1, 4] {
        let mut output = Vec::new();
        let outcome = run(jobs, FailingReader(&text), &mut output);
        assert!(matches!(&outcome.end, End::Input(error) if error.kind() == io::ErrorKind::ConnectionReset));
        assert_eq!(outcome.summary.results(), 320);
        assert_eq!(output.iter().filter(|byte| **byte == b'\n').count(), 320);
    }
}

#[test]
fn an_interrupt_ends_the_batch_after_a_complete_result() {
    let line = format!("{}\n", fixture("one-server"));
    for jobs in [1, 4] {
        let interrupt = AtomicBool::new(false);
        let mut output = Vec::new();
        let streams = Streams {
            input: Repeating { text: line.as_bytes(), at: 0 },
            output: &mut output,
            interrupt: &interrupt,
            render: &jsonl::render,
            progress: &|summary| {
                if summary.results() > 100 {
                    interrupt.store(true, Ordering::Relaxed);
                }
            },
        };
        let outcome = batch::run(streams, &settings(jobs));
        assert!(matches!(outcome.end, End::Interrupted));
        assert!(output.ends_with(b"}\n"));
        let lines = output.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert_eq!(outcome.summary.results(), lines);
    }
}

/// Repeats a text without end.
struct Repeating<'a> {
    text: &'a [u8],
    at: usize,
}

impl Read for Repeating<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in &mut *buffer {
            *byte = self.text[self.at];
            self.at = (self.at + 1) % self.text.len();
        }
        Ok(buffer.len())
    }
}

#[test]
fn workers_read_at_most_a_few_chunks_ahead_of_the_output() {
    struct Counting<'a>(&'a AtomicUsize);
    impl Read for Counting<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.fetch_add(buffer.len(), Ordering::Relaxed) > 30_000_000 {
                return Ok(0);
            }
            buffer.fill(b'\n');
            Ok(buffer.len())
        }
    }
    struct Slow<'a>(&'a AtomicUsize, usize);
    impl Write for Slow<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            if self.1 == 0 {
                // While the first chunk is being written, the other workers continue up to their limit.
                std::thread::sleep(std::time::Duration::from_millis(300));
                self.1 = self.0.load(Ordering::Relaxed);
                assert!(self.1 < 10_000_000, "{} bytes were read ahead", self.1);
            }
            Ok(())
        }
    }
    let read = AtomicUsize::new(0);
    let outcome = run(4, Counting(&read), Slow(&read, 0));
    assert!(matches!(outcome.end, End::Finished));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_input_gives_valid_lines_in_order(lines in proptest::collection::vec(prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        "[A-Za-z0-9+/]{0,40}={0,2}".prop_map(String::into_bytes),
        r#"\{("[a-z]{1,5}":("[^"\\]{0,9}"|[0-9]{1,3}|null|\[\]|\{\}),){0,3}"token":("[A-Za-z0-9=]{0,9}"|1|null)\}"#
            .prop_map(String::into_bytes),
    ], 0..40)) {
        let text = lines.join(&b'\n');
        let (results, outcome) = results_of(1, &text);
        prop_assert!(results.iter().map(|result| result["index"].as_u64().unwrap()).is_sorted());
        prop_assert_eq!(outcome.summary.results(), results.len() as u64);
        prop_assert_eq!(results_of(3, &text).0, results);
    }
}

#[test]
fn an_entry_of_a_batch_has_no_source_and_no_passed_and_skipped_checks() {
    let token = fixture("two-roots");
    let report = check(token.as_bytes(), &settings(1).options);
    let mut entry = serde_json::to_value(Entry::new(1, "@FILE", &report)).unwrap();
    let entry = entry.as_object_mut().unwrap();
    for key in ["source", "passed", "skipped"] {
        assert!(entry.shift_remove(key).is_some(), "{key}");
    }
    assert_eq!(results_of(1, token.as_bytes()).0, [Value::Object(entry.clone())]);
}

fn base64(json: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(json)
}

#[test]
fn a_ca_that_is_cut_after_it_was_cached_costs_its_own_line_only() {
    let whole = r#"{"CA":["x"],"ServerAddresses":["h:1"],"PeerID":"p"}"#;
    let lines: Vec<String> = (0..=whole.len()).flat_map(|end| [whole, &whole[..end]]).map(base64).collect();
    for jobs in [1, 4] {
        let (results, outcome) = results_of(jobs, (lines.join("\n") + "\n").as_bytes());
        assert!(matches!(outcome.end, End::Finished));
        assert_eq!(outcome.summary.internal_errors, 0);
        let expected = lines.iter().filter(|line| !line.is_empty());
        for (result, line) in results.iter().zip(expected) {
            let report = check(line.as_bytes(), &settings(1).options);
            assert_eq!(result["consul"]["message"], json!(report.consul.message), "{line}");
        }
        assert_eq!(results.len(), lines.len() - 1);
    }
}

#[test]
fn a_panic_costs_its_own_line_only() {
    let token = fixture("one-server");
    let text = format!("{token}\n{{\"token\":\"{token}\",\"id\":2}}\n{token}\n");
    let interrupt = AtomicBool::new(false);
    for jobs in [1, 4] {
        let mut output = Vec::new();
        let streams = Streams {
            input: text.as_bytes(),
            output: &mut output,
            interrupt: &interrupt,
            render: &|result, lines| {
                jsonl::render(result, lines);
                assert!(
                    result.index != 2 || result.report.is_err(),
                    "a defect that quotes the token: {token}"
                );
            },
            progress: &|_| {},
        };
        let outcome = batch::run(streams, &settings(jobs));
        assert!(matches!(outcome.end, End::Finished));
        assert_eq!((outcome.summary.results(), outcome.summary.internal_errors), (3, 1));
        assert_eq!(outcome.summary.with_status(Status::Unreadable), 1);
        let output = String::from_utf8(output).unwrap();
        let results: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(results.len(), 3);
        assert_eq!((&results[1]["index"], &results[1]["status"]), (&json!(2), &json!("unreadable")));
        assert!(results[1]["error"].as_str().unwrap().contains("defect"), "{}", results[1]);
        assert_eq!(results[2]["findings"], results[0]["findings"]);
    }
}

#[test]
fn a_private_key_is_in_no_result() {
    let key = "-----BEGIN PRIVATE KEY-----\nTOPSECRETKEY\n-----END PRIVATE KEY-----\n";
    let mut lines = String::new();
    for (field, value) in [
        ("CA", json!([key])),
        ("ServerAddresses", json!([key])),
        ("ManualServerAddresses", json!([format!("{key}:8503"), format!("{key}:0")])),
        ("ServerName", json!(key)),
        ("PeerID", json!(key)),
        ("EstablishmentSecret", json!(key)),
        ("Remote", json!({"Datacenter": key, "Partition": key, "Locality": {"Region": key, "Zone": key}})),
        ("Remote", json!(key)),
        ("Other", json!(key)),
        (key, json!("x")),
    ] {
        let mut token = json!({"ServerAddresses": ["h:1"], "ServerName": "n", "PeerID": "p"});
        token[field] = value;
        let token = base64(&token.to_string());
        lines += &format!("{token}\n{{\"token\":\"{token}\",\"note\":{},\"id\":7}}\n", json!(key));
    }
    let (results, outcome) = results_of(2, lines.as_bytes());
    assert_eq!((results.len(), outcome.summary.internal_errors), (20, 0));
    for result in results {
        assert!(!result.to_string().contains("TOPSECRET"), "{result}");
        if result["index"].as_u64().unwrap().is_multiple_of(2) {
            assert_eq!(result["input"], json!({"id": 7}));
        }
    }
}
