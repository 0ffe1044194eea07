//! Measures the steps from a token's text to its findings.

use std::fs;
use std::hint::black_box;
use std::num::NonZero;
use std::sync::atomic::AtomicBool;

use consul_peering::inspect::Inspection;
use consul_peering::lint::batch::{self, Settings, Streams};
use consul_peering::lint::{CaEntry, Options, Reference, Severity, TokenCache, check_with_cache};
use consul_peering::render::jsonl;
use consul_peering::token::decode;
use consul_peering::token::recover::recover;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;

const TOKENS: [&str; 3] = ["one-server", "three-servers", "two-roots"];

fn fixture(name: &str) -> String {
    fs::read_to_string(format!("fixtures/tokens/{name}.txt")).expect("a fixture").trim_end().to_owned()
}

fn now() -> Timestamp {
    "2026-12-01T00:00:00Z".parse().expect("a time")
}

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for name in TOKENS {
        let text = fixture(name);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bench| bench.iter(|| decode(black_box(text.as_bytes()))));
    }
}

fn certificates(criterion: &mut Criterion) {
    let decoded = decode(fixture("two-roots").as_bytes()).expect("a token");
    let entries = decoded.token.ca.expect("CAs");
    let mut group = criterion.benchmark_group("certificate");
    for (name, entry) in ["EC P-256", "RSA 4096"].into_iter().zip(&entries) {
        group.bench_function(name, |bench| {
            bench.iter(|| CaEntry::parse(black_box(entry), Reference::default()));
        });
    }
}

fn checking(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check, cached");
    let options = Options::new(now());
    for name in TOKENS {
        let text = fixture(name);
        let mut cache = TokenCache::new(options.clone());
        group.bench_function(name, |bench| {
            bench.iter(|| check_with_cache(black_box(text.as_bytes()), &mut cache));
        });
    }
}

fn inspecting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inspect");
    for name in TOKENS {
        let text = fixture(name);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let recovered = recover(black_box(text.as_bytes())).expect("a token");
                Inspection::new("argument".into(), recovered, &Options::new(now()), false)
            });
        });
    }
}

fn batches(criterion: &mut Criterion) {
    const COPIES: u64 = 1000;
    let mut group = criterion.benchmark_group("batch");
    group.sample_size(20);
    let lines: String = TOKENS.iter().map(|name| fixture(name) + "\n").collect();
    let lines = lines.repeat(usize::try_from(COPIES).expect("a small number"));
    group.throughput(Throughput::Elements(COPIES * TOKENS.len() as u64));
    for jobs in [1, 2] {
        let settings = Settings {
            jobs: NonZero::new(jobs).expect("not zero"),
            options: Options::new(now()),
            fail_on: Severity::Error,
        };
        group.bench_function(format!("jobs {jobs}"), |bench| {
            bench.iter(|| {
                let streams = Streams {
                    input: lines.as_bytes(),
                    output: std::io::sink(),
                    interrupt: &AtomicBool::new(false),
                    render: &jsonl::render,
                    progress: &|_| {},
                };
                batch::run(streams, &settings)
            });
        });
    }
}

criterion_group!(benches, decoding, certificates, checking, inspecting, batches);
criterion_main!(benches);
