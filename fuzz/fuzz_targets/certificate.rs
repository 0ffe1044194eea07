//! Parses a certificate as DER, as PEM and in a chain.
#![no_main]

use consul_peering::certificate::Certificate;
use consul_peering::certificate::chain;
use consul_peering::gostd::{GoDebug, base64, pem, x509};
use consul_peering::lint::{CaEntry, Reference};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let go = x509::parse_certificate(bytes, GoDebug::default());
    let ours = Certificate::from_der(bytes);
    let text = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64::encode(bytes));
    let entry = CaEntry::parse(&text, Reference::default());
    let block = pem::decode(text.as_bytes()).expect("a valid PEM block");
    assert_eq!(&**block.bytes, bytes);
    assert_eq!(entry.acceptance.is_ok(), go.is_ok(), "Consul's verdicts on PEM and DER differ");
    assert_eq!(entry.certificate.is_ok(), ours.is_ok(), "the certificates in PEM and DER differ");
    if let Err(error) = go {
        assert!(error.to_string().len() <= 1024 + 8 * bytes.len(), "an error far longer than its cause");
    }
    // As a server's chain with its two halves as intermediates, with itself as roots and without roots.
    let (one, other) = bytes.split_at(bytes.first().map_or(0, |at| usize::from(*at)).min(bytes.len()));
    let certificates = [bytes.to_vec(), one.to_vec(), other.to_vec()];
    for roots in [&certificates[..], &[]] {
        for chain in [&certificates[..1], &certificates[1..]] {
            let _ = chain::verify(chain, roots, "server.dc1.peering.a.consul", jiff::Timestamp::UNIX_EPOCH);
        }
    }
    // As text around PEM blocks.
    let _ = CaEntry::parse(&String::from_utf8_lossy(bytes), Reference::default());
});
