//! Writes a snapshot of a large cluster: `generate_snapshot MEGABYTES [SEED] >FILE`.
//!
//! It is the recorded one in `fixtures/consul/staleness`, with registrations of services and KV pairs between its header and
//! its records: Consul writes those of peerings last. Compressed, it has a fifth of that length. The same seed returns the
//! same bytes.
#![allow(clippy::disallowed_methods)] // a separate program with a command line

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ring::digest::{Context, SHA256};
use rmp::encode as msgpack;
use tar::{Archive, Header};

const RECORDED: &[u8] = include_bytes!("../fixtures/consul/staleness/state.snap");
/// The record type of a registration.
const REGISTRATION: u8 = 0;
/// The record type of a KV pair.
const KV: u8 = 2;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let megabytes = arguments.next().expect("generate_snapshot MEGABYTES [SEED]");
    write_snapshot(megabytes, arguments.next().unwrap_or(1), io::stdout().lock())
}

/// Writes a snapshot whose state has a length in megabytes.
pub fn write_snapshot(megabytes: u64, seed: u64, out: impl Write) -> io::Result<()> {
    let recorded = State::recorded()?;
    // Its length and checksum precede it in the archive, so it is generated twice.
    let mut digest = Digest { len: 0, sha256: Context::new(&SHA256) };
    recorded.write(megabytes, seed, &mut digest)?;
    let len = digest.len;
    let sums = format!("{}  meta.json\n{}  state.bin\n", hex(&recorded.meta), digest.hex());

    let mut gzip = GzEncoder::new(out, Compression::new(6));
    append(&mut gzip, "meta.json", recorded.meta.len() as u64, |out| out.write_all(&recorded.meta))?;
    append(&mut gzip, "state.bin", len, |out| recorded.write(megabytes, seed, out))?;
    append(&mut gzip, "SHA256SUMS", sums.len() as u64, |out| out.write_all(sums.as_bytes()))?;
    gzip.write_all(&[0; 1024])?;
    gzip.finish()?.flush()
}

/// Appends a file to a tar archive. The state may be too long for memory.
fn append<W: Write>(
    out: &mut W,
    name: &str,
    len: u64,
    write: impl FnOnce(&mut W) -> io::Result<()>,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_size(len);
    header.set_mode(0o600);
    header.set_cksum();
    out.write_all(header.as_bytes())?;
    write(out)?;
    let padding = usize::try_from(len.next_multiple_of(512) - len).expect("less than 512");
    out.write_all(&[0; 512][..padding])
}

/// The parts of the recorded snapshot.
struct State {
    meta: Vec<u8>,
    header: Vec<u8>,
    records: Vec<u8>,
}

impl State {
    fn recorded() -> io::Result<Self> {
        let (mut meta, mut state) = (Vec::new(), Vec::new());
        for entry in Archive::new(GzDecoder::new(RECORDED)).entries()? {
            let mut entry = entry?;
            match &*entry.path_bytes() {
                b"meta.json" => drop(entry.read_to_end(&mut meta)?),
                b"state.bin" => drop(entry.read_to_end(&mut state)?),
                _ => {}
            }
        }
        // A map with one key, `LastIndex`, and a number.
        let mut number = &state[1 + 1 + "LastIndex".len()..];
        rmp::decode::read_int::<u64, _>(&mut number).map_err(io::Error::other)?;
        let records = number.to_vec();
        state.truncate(state.len() - records.len());
        Ok(Self { meta, header: state, records })
    }

    fn write(&self, megabytes: u64, seed: u64, out: &mut impl Write) -> io::Result<()> {
        let mut random = fastrand::Rng::with_seed(seed);
        out.write_all(&self.header)?;
        let mut left = megabytes * 1_000_000;
        while left > 0 {
            let record = if random.u8(..) < 200 { registration(&mut random) } else { kv(&mut random) };
            out.write_all(&record)?;
            left = left.saturating_sub(record.len() as u64);
        }
        out.write_all(&self.records)
    }
}

fn registration(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut out = vec![REGISTRATION];
    let (node, service) = (random.u16(..2000), random.u16(..400));
    let address = format!("10.{}.{}.{}", random.u8(..4), node / 256, node % 256);
    let text = |out: &mut Vec<u8>, key: &str, value: &str| {
        msgpack::write_str(out, key).and_then(|()| msgpack::write_str(out, value)).expect("memory");
    };
    msgpack::write_map_len(&mut out, 6).expect("memory");
    text(&mut out, "ID", &uuid(random));
    text(&mut out, "Node", &format!("node-{node}.example"));
    text(&mut out, "Address", &address);
    text(&mut out, "Datacenter", "dc1");
    msgpack::write_str(&mut out, "TaggedAddresses").expect("memory");
    msgpack::write_map_len(&mut out, 4).expect("memory");
    for key in ["lan", "lan_ipv4", "wan", "wan_ipv4"] {
        text(&mut out, key, &address);
    }
    msgpack::write_str(&mut out, "Service").expect("memory");
    msgpack::write_map_len(&mut out, 7).expect("memory");
    text(&mut out, "Kind", "");
    text(&mut out, "ID", &format!("service-{service}-{}", uuid(random)));
    text(&mut out, "Service", &format!("service-{service}"));
    text(&mut out, "Address", &address);
    msgpack::write_str(&mut out, "Port").expect("memory");
    msgpack::write_uint(&mut out, random.u16(20_000..32_000).into()).expect("memory");
    msgpack::write_str(&mut out, "Tags").expect("memory");
    msgpack::write_array_len(&mut out, 2).expect("memory");
    msgpack::write_str(&mut out, "production").expect("memory");
    msgpack::write_str(&mut out, &format!("version-{}", random.u8(..40))).expect("memory");
    msgpack::write_str(&mut out, "Meta").expect("memory");
    msgpack::write_nil(&mut out).expect("memory");
    out
}

fn kv(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut out = vec![KV];
    let value: Vec<u8> = (0..random.usize(20..2000)).map(|_| random.u8(b'a'..=b'p')).collect();
    msgpack::write_map_len(&mut out, 3).expect("memory");
    msgpack::write_str(&mut out, "Key").expect("memory");
    msgpack::write_str(&mut out, &format!("config/service-{}/{}", random.u16(..400), uuid(random)))
        .expect("memory");
    msgpack::write_str(&mut out, "Flags").expect("memory");
    msgpack::write_uint(&mut out, 0).expect("memory");
    msgpack::write_str(&mut out, "Value").expect("memory");
    msgpack::write_bin(&mut out, &value).expect("memory");
    out
}

fn uuid(random: &mut fastrand::Rng) -> String {
    let (high, low) = (random.u64(..), random.u64(..));
    let [a, b, c] = [high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF];
    format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xFFFF_FFFF_FFFF)
}

/// Counts and hashes what is written.
struct Digest {
    len: u64,
    sha256: Context,
}

impl Digest {
    fn hex(self) -> String {
        let sum = self.sha256.finish();
        let digits = sum.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }
}

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.len += bytes.len() as u64;
        self.sha256.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut digest = Digest { len: 0, sha256: Context::new(&SHA256) };
    digest.sha256.update(bytes);
    digest.hex()
}
