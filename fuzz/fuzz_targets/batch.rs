//! Several lines through one batch: each result equals the result for the line alone.
#![no_main]

use std::fmt::Write as _;
use std::num::NonZero;
use std::sync::atomic::AtomicBool;

use consul_peering::gostd::base64;
use consul_peering::lint::batch::{self, End, Settings, Streams};
use consul_peering::lint::{Options, Severity, check};
use consul_peering::render::jsonl::{self, Entry};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

// Each line of the input is the JSON of a token, or a token. Both are checked, so that the fuzzer finds JSON easily.
fuzz_target!(|input: &[u8]| {
    let mut lines = String::new();
    for line in input.split(|byte| *byte == b'\n').take(32) {
        let _ = writeln!(lines, "{}", base64::encode(line));
        if let Ok(text) = std::str::from_utf8(line) {
            let _ = writeln!(lines, "{text}");
        }
    }
    let options = Options::new(Timestamp::from_second(1_795_000_000).unwrap());
    let settings = Settings { jobs: NonZero::<usize>::MIN, options, fail_on: Severity::Error };
    let interrupt = AtomicBool::new(false);
    let mut output = Vec::new();
    let streams = Streams {
        input: lines.as_bytes(),
        output: &mut output,
        interrupt: &interrupt,
        render: &jsonl::render,
        progress: &|_| {},
    };
    let outcome = batch::run(streams, &settings);
    assert!(matches!(outcome.end, End::Finished));
    assert_eq!(outcome.summary.internal_errors, 0, "a panic");

    let mut results = output.split(|byte| *byte == b'\n');
    for (line, index) in lines.split('\n').zip(1_u64..) {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
            continue;
        }
        let result = results.next().expect("each line has a result");
        if line.trim_start().starts_with('{') {
            continue;
        }
        let report = check(line.as_bytes(), &settings.options);
        let entry = Entry { passed: None, skipped: None, source: None, ..Entry::new(index, "", &report) };
        let expected = serde_json::to_vec(&entry).unwrap();
        assert!(result == expected, "a result depends on earlier lines");
    }
});
