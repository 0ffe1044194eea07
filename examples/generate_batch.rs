//! Prints realistic tokens, one per line: `generate_batch COUNT [SEED]`.
//!
//! Seven of ten have one EC root and one address; the others have two RSA roots (a rotation) and three addresses. The 50
//! roots are in `benches/clusters.json`. Every token has its own peer ID and secret. The same seed returns the same tokens.
#![allow(clippy::disallowed_methods)] // a separate program with a command line

use std::io::{self, BufWriter, Write};

use consul_peering::token::{Remote, Token, encode};
use serde_json::Value;

/// A cluster that generates tokens.
struct Cluster {
    trust_domain: String,
    roots: Vec<String>,
}

/// The random number generator SplitMix64: small, and the same on every platform.
struct Random(u64);

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let count = arguments.next().expect("generate_batch COUNT [SEED]");
    write_tokens(count, arguments.next().unwrap_or(1), io::stdout().lock())
}

/// Writes tokens, one per line.
pub fn write_tokens(count: u64, seed: u64, out: impl Write) -> io::Result<()> {
    let mut random = Random(seed);
    let (rotating, steady): (Vec<_>, Vec<_>) =
        clusters().into_iter().partition(|cluster| cluster.roots.len() > 1);
    let mut output = BufWriter::new(out);
    for _ in 0..count {
        let token = if random.below(10) < 7 {
            generate(&steady, &mut random, 1)
        } else {
            generate(&rotating, &mut random, 3)
        };
        writeln!(output, "{}", encode(&token).as_str())?;
    }
    output.flush()
}

fn clusters() -> Vec<Cluster> {
    let clusters: Value = serde_json::from_str(include_str!("../benches/clusters.json")).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    clusters
        .as_array()
        .expect("a list")
        .iter()
        .map(|cluster| Cluster {
            trust_domain: text(&cluster["trust_domain"]),
            roots: cluster["roots"].as_array().expect("a list").iter().map(text).collect(),
        })
        .collect()
}

fn generate(clusters: &[Cluster], random: &mut Random, servers: u64) -> Token {
    let number = random.below(clusters.len() as u64);
    let cluster = usize::try_from(number).ok().and_then(|at| clusters.get(at)).expect("within the list");
    let datacenter = format!("dc{}", number + 1);
    let addresses = (1..=servers).map(|server| format!("10.{}.{number}.{server}:8503", random.below(256)));
    Token {
        ca: Some(cluster.roots.clone()),
        manual_server_addresses: None,
        server_addresses: Some(addresses.collect()),
        server_name: format!("server.{datacenter}.peering.{}", cluster.trust_domain),
        peer_id: random.uuid(),
        establishment_secret: random.uuid().into(),
        remote: Some(Remote { datacenter, ..Remote::default() }),
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        let [a, b, c] = [high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF];
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xFFFF_FFFF_FFFF)
    }
}
