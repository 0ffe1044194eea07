//! Tests with recorded, damaged and synthetic snapshots, and with other files.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::*;
use crate::hex::sha256_hex;
use crate::observed::Observed;
use crate::staleness::evidence::Evidence;
use crate::staleness::{Verdict, assess};
use crate::token::decode;

const RECORDED: [&str; 5] =
    ["staleness", "versions/v1.13", "versions/v1.14", "versions/v1.20", "versions/v2.1"];

fn fixture(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/consul").join(name);
    std::fs::read(path).unwrap()
}

fn wanted(peer_ids: &[&str]) -> BTreeSet<String> {
    peer_ids.iter().map(|id| (*id).to_owned()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn recorded_cases_have_the_expected_verdicts() {
    let mut compared = 0;
    for recorded in RECORDED {
        let archive = fixture(&format!("{recorded}/state.snap"));
        let cases: Value = serde_json::from_slice(&fixture(&format!("{recorded}/cases.json"))).unwrap();
        for case in cases.as_array().unwrap() {
            let token = decode(case["token"].as_str().unwrap().as_bytes()).unwrap().token;
            let snapshot = read(&archive[..], &wanted(&[&token.peer_id])).unwrap();
            let evidence =
                Evidence { snapshot: Observed::Value(snapshot.of(&token.peer_id)), ..Evidence::default() };
            let assessment = assess("argument", &token, &evidence);
            assert_eq!(
                serde_json::to_value(assessment.verdict).unwrap(),
                case["expected"]["snapshot"],
                "{recorded} {} ({})",
                case["name"],
                case["why"]
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 45);
}

#[test]
fn the_archive_contains_its_time_and_cluster() {
    let snapshot = read(&fixture("staleness/state.snap")[..], &BTreeSet::new()).unwrap();
    assert_eq!((snapshot.index, snapshot.term, snapshot.version), (183, 2, 1));
    assert_eq!(snapshot.taken_at.unwrap().to_string(), "2026-11-23T19:02:59Z");
    assert_eq!(snapshot.trust_domain.as_deref(), Some("945d0751-4020-19b5-9e48-55fd8516c7a3.consul"));
    assert!(snapshot.peerings.is_empty());
}

#[test]
fn a_snapshot_of_another_cluster_proves_nothing() {
    let cases: Value = serde_json::from_slice(&fixture("staleness/cases.json")).unwrap();
    let token = decode(cases[0]["token"].as_str().unwrap().as_bytes()).unwrap().token;
    let snapshot = read(&fixture("versions/v1.20/state.snap")[..], &wanted(&[&token.peer_id])).unwrap();
    let evidence = Evidence { snapshot: Observed::Value(snapshot.of(&token.peer_id)), ..Evidence::default() };
    assert_eq!(assess("argument", &token, &evidence).verdict, Verdict::Undetermined);
}

#[test]
fn a_truncated_snapshot_is_an_error() {
    for recorded in RECORDED {
        let archive = fixture(&format!("{recorded}/state.snap"));
        for sixteenth in 1..16 {
            let cut = &archive[..archive.len() * sixteenth / 16];
            let error = read(cut, &BTreeSet::new()).unwrap_err();
            assert!(matches!(error, SnapshotError::Truncated(_)), "{recorded} {sixteenth}/16: {error}");
        }
        for end in (0..40).chain(archive.len() - 40..archive.len()) {
            assert!(read(&archive[..end], &BTreeSet::new()).is_err(), "{recorded}, {end} bytes");
        }
    }
}

#[test]
fn a_flipped_byte_is_an_error() {
    let archive = fixture("versions/v1.14/state.snap");
    let unpacked = |bytes: &[u8]| {
        let mut inside = Vec::new();
        MultiGzDecoder::new(bytes).read_to_end(&mut inside).map(|_| inside)
    };
    let inside = unpacked(&archive).unwrap();
    for at in (0..archive.len()).step_by(5) {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x21;
        // A few bits have no meaning: the time in the header, and padding between blocks.
        if read(&damaged[..], &BTreeSet::new()).is_ok() {
            assert_eq!(unpacked(&damaged).unwrap(), inside, "byte {at}");
        }
    }
    // With a valid checksum of the compression, only SHA256SUMS reveals the change.
    for (at, name) in [(512 + 10, "meta.json"), (512 * 3 + 5000, "state.bin"), (512 * 3 + 2, "state.bin")] {
        let mut damaged = inside.clone();
        damaged[at] ^= 0x21;
        let error = read(&gzip(&damaged)[..], &BTreeSet::new()).unwrap_err();
        assert!(matches!(error, SnapshotError::Checksum(place) if place == name), "{name}: {error}");
    }
}

#[test]
fn other_files_are_described_in_the_error() {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, "hello.txt", b"hello");
    let other_tar = tar.into_inner().unwrap();
    let message = |bytes: &[u8]| {
        let error = read(bytes, &BTreeSet::new()).unwrap_err();
        assert!(error.remedy().contains("consul snapshot save FILE"));
        error.to_string()
    };
    let text = "hello, world\n".repeat(100);
    for (bytes, expected) in [
        (b"PK\x03\x04whatever".to_vec(), "not a Consul snapshot: it looks like a zip archive"),
        (text.clone().into_bytes(), "not a Consul snapshot: it looks like text"),
        (b"{\"a\":1}".to_vec(), "not a Consul snapshot: it looks like JSON"),
        (Vec::new(), "not a Consul snapshot: it is empty"),
        (vec![0; 2000], "not a Consul snapshot: it is not gzip"),
        (
            other_tar.clone(),
            "not a Consul snapshot: it is a tar archive that is not compressed, perhaps an unpacked snapshot",
        ),
        (gzip(text.as_bytes()), "not a Consul snapshot: it is compressed, but not an archive"),
        (gzip(b"short"), "not a Consul snapshot: it is compressed, but not an archive"),
        (gzip(&other_tar), "not a complete Consul snapshot: meta.json is missing in the archive"),
    ] {
        assert_eq!(message(&bytes), expected);
    }
    let inside = archive(&[("meta.json", META_JSON)]);
    assert_eq!(message(&inside), "not a complete Consul snapshot: state.bin is missing in the archive");
    let no_sums = archive(&[("meta.json", META_JSON), ("state.bin", b"\x81\xa1a\x01")]);
    assert_eq!(message(&no_sums), "not a complete Consul snapshot: SHA256SUMS is missing in the archive");
}

const META_JSON: &[u8] = br#"{"Version":1,"ID":"2-7-1795460579321","Index":7,"Term":2}"#;

fn append(tar: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    tar.append_data(&mut header, name, bytes).unwrap();
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        append(&mut tar, name, bytes);
    }
    gzip(&tar.into_inner().unwrap())
}

/// Makes a complete snapshot of records, with SHA256SUMS first or last.
fn snapshot_of(state: &[u8], sums_first: bool) -> Vec<u8> {
    let sums = format!("{}  meta.json\n{}  state.bin\n", sha256_hex(META_JSON), sha256_hex(state));
    let mut files = vec![("meta.json", META_JSON), ("state.bin", state), ("SHA256SUMS", sums.as_bytes())];
    if sums_first {
        files.rotate_right(1);
    }
    archive(&files)
}

/// One type byte and a msgpack str that contains protobuf.
fn record(kind: u8, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap().to_be_bytes();
    [&[kind, 0xda][..], &length, message].concat()
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()][..], bytes].concat()
}

const HEADER: &[u8] = b"\x81\xa9LastIndex\x07";

const PEERING: u8 = 35;

/// Every kind of msgpack value, nested.
const SKIPPED: &[u8] = b"\x05\xde\x00\x08\xa1a\xc0\xa1b\xc3\xa1c\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xa1d\xdc\x00\x02\xff\xcd\x01\x02\
    \xa1e\xc7\x03\x01abc\xa1f\xd6\xff\x00\x00\x00\x00\xa1g\xc4\x02\xff\xff\xa1h\x92\x81\xa1x\xd3\x00\x00\x00\x00\x00\x00\x00\x01\x90";

#[test]
fn a_million_other_records_are_skipped() {
    let peering = [field(1, b"the-id"), field(2, b"west"), vec![0x30, 1]].concat();
    let secrets =
        [field(1, b"the-id"), field(2, &field(1, b"the-secret")), field(3, &field(1, b"active"))].concat();
    let mut state = HEADER.to_vec();
    state.extend((0..500_000).flat_map(|_| SKIPPED));
    state.extend(record(PEERING, &peering));
    // A record type with the flag of future versions and Enterprise.
    state.extend([&[0x80 | PEERING][..], &SKIPPED[1..]].concat());
    state.extend((0..500_000).flat_map(|_| SKIPPED));
    state.extend(record(40, &secrets));
    for sums_first in [false, true] {
        let snapshot = read(&snapshot_of(&state, sums_first)[..], &wanted(&["the-id"])).unwrap();
        let view = snapshot.of("the-id");
        let peering = view.peering.unwrap();
        assert_eq!(
            (peering.name.as_str(), peering.state),
            ("west", crate::staleness::evidence::PeeringState::Pending)
        );
        assert!(
            matches!(peering.unused, crate::staleness::evidence::UnusedSecret::Held(secret) if secret.expose() == "the-secret")
        );
    }
}

#[test]
fn only_the_given_peerings_are_kept() {
    let id = "0b06717c-60fa-d27a-6817-e408f3762378";
    let snapshot = read(&fixture("staleness/state.snap")[..], &wanted(&[id])).unwrap();
    assert_eq!(snapshot.peerings.keys().collect::<Vec<_>>(), [id]);
    let debug = format!("{snapshot:?}");
    assert!(debug.contains("Secret(hidden)") && !debug.contains("2910845a"), "{debug}");
}

#[test]
fn deleted_and_dialed_peerings_are_recognized() {
    let deleting = [field(1, b"a"), field(2, b"n"), field(4, &[8, 0x90, 0x4e]), vec![0x30, 1]].concat();
    let terminated = [field(1, b"b"), field(2, b"n"), vec![0x30, 6]].concat();
    let never_deleted = [field(1, b"c"), field(2, b"n"), field(4, &[]), vec![0x30, 1]].concat();
    let dialer = [field(1, b"own"), field(2, b"east"), field(7, b"d"), vec![0x30, 3]].concat();
    let records = [deleting, terminated, never_deleted, dialer].map(|message| record(35, &message)).concat();
    let snapshot =
        read(&snapshot_of(&[HEADER, &records].concat(), false)[..], &wanted(&["a", "b", "c", "d", ""]))
            .unwrap();
    let states = ["a", "b", "c"].map(|id| snapshot.of(id).peering.unwrap().state.name().to_owned());
    assert_eq!(states, ["DELETING", "TERMINATED", "PENDING"]);
    assert_eq!(snapshot.of("d").dialed_as.as_deref(), Some("east"));
    assert_eq!(snapshot.of("").dialed_as, None);
}

#[test]
fn invalid_records_are_errors() {
    let deep = [&[5][..], &[0x91; 1000], &[0xc0]].concat();
    let huge = [35, 0xdb, 0xff, 0xff, 0xff, 0xff];
    let endless = [5, 0xdd, 0xff, 0xff, 0xff, 0xff];
    let reserved = [5, 0xc1];
    let not_protobuf = record(40, &[0xff; 30]);
    for (records, expected) in [
        (&deep[..], "values are nested more than 128 levels deep"),
        (&huge, "a record has 4294967295 bytes, more than the maximum of 16777216"),
        (&endless, "it ends within a record"),
        (&reserved, "the byte 0xc1 at offset 13 does not start a msgpack value"),
        (&not_protobuf, "a peering's secrets at offset 13 is not a protobuf message"),
    ] {
        let error = read(&snapshot_of(&[HEADER, records].concat(), false)[..], &BTreeSet::new()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected) && message.contains("state.bin"), "{message}");
    }
}

#[test]
fn a_header_of_gigabytes_is_an_error() {
    // A GNU long name of zeros has only a few kilobytes when compressed.
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(64 * 1024 * 1024);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(512 + 64 * 1024 * 1024, 0);
    let error = read(&gzip(&bytes)[..], &BTreeSet::new()).unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

#[test]
fn a_few_bytes_that_expand_to_gigabytes_are_an_error() {
    // 8 MiB of zeros compress to 8 KiB, and each copy of them is another 8 MiB.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0; 8 << 20]).unwrap();
    let zeros = encoder.finish().unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("state.bin").unwrap();
    header.set_size(100 << 30);
    header.set_cksum();
    let mut bomb = gzip(header.as_bytes());
    for _ in 0..16 {
        bomb.extend_from_slice(&zeros);
    }
    let expected =
        "state.bin is damaged: it expands to more than 200 times its length, which no snapshot does";
    let error = super::read_with(&*bomb, &wanted(&[]), 1 << 20).unwrap_err();
    assert_eq!(error.to_string(), expected);
}
