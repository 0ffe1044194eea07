//! A certificate, as DER and as PEM, and as a chain: our facts, and Go's word on it.
#![no_main]

use consul_peering::certificate::Certificate;
use consul_peering::gostd::{base64, chain, pem, x509};
use consul_peering::lint::{CaEntry, Reference};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let go = x509::parse_certificate(bytes);
    let ours = Certificate::from_der(bytes);
    let text = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64::encode(bytes));
    let entry = CaEntry::parse(&text, Reference::default());
    let block = pem::decode(text.as_bytes()).expect("a block that we wrote");
    assert_eq!(&**block.bytes, bytes);
    assert_eq!(entry.acceptance.is_ok(), go.is_ok(), "Consul's verdicts on PEM and DER differ");
    assert_eq!(entry.certificate.is_ok(), ours.is_ok(), "PEM and DER give other facts");
    if let Err(refusal) = go {
        assert!(refusal.to_string().len() <= 1024 + 8 * bytes.len(), "a refusal far longer than its cause");
    }
    // As a server's chain, cut in two anywhere, under itself and under nothing.
    let (one, other) = bytes.split_at(bytes.first().map_or(0, |at| usize::from(*at)).min(bytes.len()));
    let shown = [bytes.to_vec(), one.to_vec(), other.to_vec()];
    for roots in [&shown[..], &[]] {
        for chain in [&shown[..1], &shown[1..]] {
            let _ = chain::verify(chain, roots, "server.dc1.peering.a.consul", jiff::Timestamp::UNIX_EPOCH);
        }
    }
    // The bytes as a text, too: what stands around PEM blocks.
    let _ = CaEntry::parse(&String::from_utf8_lossy(bytes), Reference::default());
});
