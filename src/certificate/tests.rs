use super::*;
use crate::gostd::pem;

/// Returns a CA certificate of a recorded token as DER.
fn root(token: &str, index: usize) -> Vec<u8> {
    let path = format!("{}/fixtures/tokens/{token}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let decoded = crate::token::decode(text.as_bytes()).unwrap();
    let entry = &decoded.token.ca.unwrap()[index];
    pem::decode(entry.as_bytes()).unwrap().bytes.to_vec()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

#[test]
fn all_fields_of_a_consul_root_are_read() {
    let certificate = Certificate::from_der(&root("one-server", 0)).unwrap();
    assert_eq!(certificate.subject, "CN=pri-cx15lot.consul.ca.945d0751.consul");
    assert_eq!(certificate.issuer, certificate.subject);
    assert_eq!(certificate.serial, "07");
    assert_eq!(certificate.not_before, at("2026-11-23T18:50:09Z"));
    assert_eq!(certificate.not_after, at("2036-11-20T18:50:09Z"));
    assert_eq!(certificate.key, Key { algorithm: KeyAlgorithm::P256, bits: 256 });
    assert_eq!(certificate.signature_algorithm, "ECDSA-SHA256");
    assert_eq!((certificate.is_ca, certificate.path_length), (Some(true), None));
    assert_eq!(certificate.key_usage.as_deref(), Some(&["digitalSignature", "keyCertSign", "cRLSign"][..]));
    assert_eq!(certificate.subject_key_id, certificate.authority_key_id);
    assert_eq!(certificate.trust_domain(), Some("945d0751-4020-19b5-9e48-55fd8516c7a3.consul"));
    assert_eq!(certificate.self_signature, SelfSignature::Verified);
    // As `openssl x509 -fingerprint` prints them.
    assert_eq!(certificate.sha1, "25e17478aa6610adf9c935f1e74cc5d18db56c6e");
    assert_eq!(certificate.sha256, "c51a4d8e000c7ed4d19089cd865b20d8ea48e4f27f33afff4c075b2aed32da8f");
}

#[test]
fn the_size_of_an_rsa_key_is_that_of_its_modulus() {
    let certificate = Certificate::from_der(&root("two-roots", 1)).unwrap();
    assert_eq!(certificate.key, Key { algorithm: KeyAlgorithm::Rsa, bits: 4096 });
    assert_eq!(certificate.signature_algorithm, "SHA256-RSA");
    assert_eq!(certificate.self_signature, SelfSignature::Verified);
}

#[test]
fn days_left_are_whole_days_and_negative_after_expiration() {
    let certificate = Certificate::from_der(&root("one-server", 0)).unwrap();
    for (now, days, valid) in [
        ("2026-11-23T18:50:08Z", 3650, false),
        ("2026-11-23T18:50:09Z", 3650, true),
        ("2036-11-19T18:50:10Z", 0, true),
        ("2036-11-20T18:50:09Z", 0, true),
        ("2036-11-20T18:50:10Z", -1, false),
        ("2036-11-21T18:50:10Z", -2, false),
    ] {
        assert_eq!(
            (certificate.days_left(at(now)), certificate.is_valid_at(at(now))),
            (days, valid),
            "{now}"
        );
    }
    assert_eq!(certificate.lifetime(), jiff::SignedDuration::from_hours(87_600));
}

#[test]
fn a_changed_signature_does_not_verify() {
    let mut der = root("one-server", 0);
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(Certificate::from_der(&der).unwrap().self_signature, SelfSignature::Failed);
}

#[test]
fn bytes_that_are_not_a_certificate_are_an_error() {
    for bytes in [&b""[..], b"hello", &root("one-server", 0)[..100]] {
        let error = Certificate::from_der(bytes).unwrap_err().to_string();
        assert!(error.starts_with("not an X.509 certificate: "), "{error}");
    }
}

#[test]
fn a_wrong_length_at_any_depth_has_one_text_on_every_platform() {
    let der = root("one-server", 0);
    let message = |der: &[u8]| Certificate::from_der(der).unwrap_err().to_string();
    let expected = "not an X.509 certificate: the DER is truncated, or contains an invalid length";
    assert_eq!(message(&der[..100]), expected);
    // The first elements: the certificate, its contents, the version, and the algorithm after the serial number.
    let algorithm = der.windows(2).position(|it| it == [0x30, 0x0a]).unwrap();
    for at in [0, 4, 8, algorithm] {
        for length in [
            &[0x88, 1, 2, 3, 4, 5, 6, 7, 8][..],
            &[0x85, 1, 0, 0, 0, 0],
            &[0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x80],
        ] {
            let mut wrong = der.clone();
            wrong[at + 1..=at + length.len()].copy_from_slice(length);
            assert_eq!(message(&wrong), expected, "{length:x?} at {at}");
        }
    }
    assert_ne!(message(b"\x30\x03\x02\x01\x00"), expected);
}

#[test]
fn the_trust_domain_comes_from_the_only_spiffe_id() {
    let names = |uris: &[&str]| AlternativeNames {
        uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        ..AlternativeNames::default()
    };
    for (uris, trust_domain) in [
        (&["spiffe://a.consul"][..], Some("a.consul")),
        (&["spiffe://a.consul/ns/default"], Some("a.consul")),
        (&["https://a", "spiffe://a.consul"], Some("a.consul")),
        (&["spiffe://a.consul", "spiffe://b.consul"], None),
        (&["spiffe://"], None),
        (&["https://a"], None),
        (&[], None),
    ] {
        assert_eq!(names(uris).trust_domain(), trust_domain, "{uris:?}");
    }
}
