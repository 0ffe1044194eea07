//! Reads a complete snapshot: compression, archive, checksums and records.
#![no_main]

use std::collections::BTreeSet;

use consul_peering::net::snapshot;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|archive: &[u8]| {
    let wanted = BTreeSet::from(["p".to_owned(), "30d7bf57-1d0c-4ba6-9ae8-5c6cb6f2ee0b".to_owned()]);
    match snapshot::read(archive, &wanted) {
        Ok(snapshot) => drop(format!("{:?}", wanted.iter().map(|id| snapshot.of(id)).collect::<Vec<_>>())),
        Err(error) => assert!(error.to_string().len() + error.remedy().len() < 4096),
    }
});
