//! Reads the records of a snapshot: the input becomes `state.bin`, or records in it, in an archive with valid checksums.
#![no_main]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use consul_peering::net::snapshot;
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use ring::digest::{SHA256, digest};

const META: &[u8] = br#"{"Version":1,"ID":"2-183-1795000000000","Index":183,"Term":2}"#;

fuzz_target!(|bytes: &[u8]| {
    let Some((form, bytes)) = bytes.split_first() else { return };
    let state = match form {
        // A peering, and a peering's secrets, with arbitrary protobuf.
        0 => record(35, bytes),
        1 => record(40, bytes),
        2 => [record(35, b"\x0a\x01p\x12\x01n"), record(40, bytes)].concat(),
        _ => bytes.to_vec(),
    };
    let wanted = BTreeSet::from(["p".to_owned()]);
    match snapshot::read(&*archive(&state), &wanted) {
        Ok(snapshot) => drop(format!("{:?}", snapshot.of("p"))),
        Err(error) => {
            assert!(error.to_string().len() < 4096);
            assert!(!matches!(error, snapshot::SnapshotError::Checksum(_)), "{error}");
        }
    }
});

/// Returns a header and one record: its type and a msgpack bin of its bytes.
fn record(kind: u8, protobuf: &[u8]) -> Vec<u8> {
    let length = u32::try_from(protobuf.len()).unwrap().to_be_bytes();
    [&[0x80, kind, 0xc6][..], &length, protobuf].concat()
}

fn archive(state: &[u8]) -> Vec<u8> {
    let sums =
        [("meta.json", META), ("state.bin", state)].iter().fold(String::new(), |mut sums, (name, bytes)| {
            digest(&SHA256, bytes).as_ref().iter().for_each(|byte| write!(sums, "{byte:02x}").unwrap());
            sums + "  " + name + "\n"
        });
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    for (name, bytes) in [("meta.json", META), ("state.bin", state), ("SHA256SUMS", sums.as_bytes())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, bytes).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}
