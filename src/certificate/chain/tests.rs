use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::{VerifyErrorKind as Kind, verify};
use crate::gostd::base64;
use crate::hex::sha256_hex;

const NAME: &str = "server.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul";

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn date(days: i64) -> OffsetDateTime {
    let at = now() + SignedDuration::from_hours(24 * days);
    OffsetDateTime::from_unix_timestamp(at.as_second()).unwrap()
}

/// Parameters of a certificate that is valid from a year ago to a year from now.
fn certificate(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    (parameters.not_before, parameters.not_after) = (date(-365), date(365));
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = certificate(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    parameters
}

fn leaf() -> CertificateParams {
    let mut parameters = certificate("server");
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.subject_alt_names = vec![rcgen::SanType::DnsName(NAME.try_into().unwrap())];
    parameters
}

/// A certificate and the issuer that signs others with its key.
struct Made {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

fn made(parameters: CertificateParams, by: Option<&Made>) -> Made {
    with_key(parameters, KeyPair::generate().unwrap(), by)
}

fn with_key(parameters: CertificateParams, key: KeyPair, by: Option<&Made>) -> Made {
    let der = match by {
        Some(by) => parameters.signed_by(&key, &by.issuer),
        None => parameters.self_signed(&key),
    };
    Made { der: der.unwrap().der().to_vec(), issuer: Issuer::new(parameters, key) }
}

/// Verifies a chain; returns the error, or `None` if the chain is trusted.
fn error(chain: &[&Made], roots: &[&Made]) -> Option<(Kind, String)> {
    let der = |all: &[&Made]| all.iter().map(|made| made.der.clone()).collect::<Vec<_>>();
    let (chain, roots) = (der(chain), der(roots));
    write_case_for_go(&chain, &roots);
    verify(&chain, &roots, NAME, now()).err().map(|error| (error.kind, error.message))
}

/// With `CHAINS_FOR_GO=DIRECTORY`, writes each chain and its result as JSON, to compare with the result of a Go program.
#[allow(clippy::disallowed_methods)] // a developer sets the variable by hand
fn write_case_for_go(chain: &[Vec<u8>], roots: &[Vec<u8>]) {
    let Ok(directory) = std::env::var("CHAINS_FOR_GO") else { return };
    let text = |all: &[Vec<u8>]| -> Vec<String> { all.iter().map(|der| base64::encode(der)).collect() };
    let message = verify(chain, roots, NAME, now()).err().map_or_else(String::new, |error| error.message);
    let case = serde_json::json!({
        "chain": text(chain), "roots": text(roots), "name": NAME, "now": now().to_string(), "message": message,
    });
    let digest = sha256_hex(case.to_string().as_bytes());
    std::fs::write(format!("{directory}/{}.json", &digest[..16]), case.to_string()).unwrap();
}

#[allow(clippy::unnecessary_wraps)] // compared with the result of `error`
fn expected(kind: Kind, message: &str) -> Option<(Kind, String)> {
    Some((kind, message.to_owned()))
}

#[test]
fn a_certificate_issued_by_the_root_or_an_intermediate_is_trusted() {
    let root = made(authority("root"), None);
    let intermediate = made(authority("intermediate"), Some(&root));
    let direct = made(leaf(), Some(&root));
    let through = made(leaf(), Some(&intermediate));
    assert_eq!(error(&[&direct], &[&root]), None);
    assert_eq!(error(&[&through, &intermediate], &[&root]), None);
    assert_eq!(error(&[&through, &root, &intermediate], &[&root]), None);
    // The chain may contain the root, and the server's certificate may be the root.
    assert_eq!(error(&[&direct, &root], &[&root]), None);
    assert_eq!(error(&[&direct], &[&direct]), None);
}

#[test]
fn a_missing_issuer_is_an_unknown_authority() {
    let (root, other) = (made(authority("root"), None), made(authority("other"), None));
    let intermediate = made(authority("intermediate"), Some(&root));
    let unknown = expected(Kind::UnknownAuthority, "x509: certificate signed by unknown authority");
    assert_eq!(error(&[&made(leaf(), Some(&root))], &[&other]), unknown);
    assert_eq!(error(&[&made(leaf(), Some(&intermediate))], &[&root]), unknown);
    assert_eq!(error(&[&made(leaf(), Some(&root))], &[]), unknown);
}

#[test]
fn a_root_with_the_same_name_and_another_key_is_a_hint() {
    let (root, namesake) = (made(authority("root"), None), made(authority("root"), None));
    assert_eq!(
        error(&[&made(leaf(), Some(&root))], &[&namesake]),
        expected(
            Kind::UnknownAuthority,
            "x509: certificate signed by unknown authority (possibly because of \"x509: ECDSA verification failure\" \
             while trying to verify candidate authority certificate \"root\")"
        )
    );
    // During a rotation both roots are tried.
    assert_eq!(error(&[&made(leaf(), Some(&root))], &[&namesake, &root]), None);
}

/// The decimal numbers are those that Go prints for these serial numbers.
#[test]
fn a_root_without_a_name_is_named_by_its_serial_number_in_decimal() {
    let hint = |name: rcgen::DistinguishedName, serial: &[u8]| {
        let mut parameters = authority("");
        (parameters.distinguished_name, parameters.serial_number) = (name, Some(serial.to_vec().into()));
        let (root, namesake) = (made(parameters.clone(), None), made(parameters, None));
        let (_, message) = error(&[&made(leaf(), Some(&root))], &[&namesake]).unwrap();
        let (_, name) = message.split_once("authority certificate ").unwrap();
        name.to_owned()
    };
    let nameless = rcgen::DistinguishedName::new;
    let longest = [&[0x7f][..], &[0xff; 19]].concat();
    for (serial, expected) in [
        (&[1][..], "1"),
        (&[0x80], "128"),
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 0], "4703919738795935662080"),
        (&longest, "730750818665451459101842416358141509827966271487"),
    ] {
        assert_eq!(hint(nameless(), serial), format!("\"serial:{expected}\")"));
    }
    let mut organization = nameless();
    organization.push(DnType::OrganizationName, "Acme");
    assert_eq!(hint(organization, &[1]), "\"Acme\")");
}

#[test]
fn validity_is_checked_at_every_step_starting_with_the_server() {
    let root = made(authority("root"), None);
    let expired = |mut parameters: CertificateParams| {
        parameters.not_after = date(-1);
        parameters
    };
    let past = "x509: certificate has expired or is not yet valid: current time 2026-11-24T12:00:00Z is after \
                2026-11-23T12:00:00Z";
    assert_eq!(error(&[&made(expired(leaf()), Some(&root))], &[&root]), expected(Kind::Expired, past));
    let old_root = made(expired(authority("root")), None);
    assert_eq!(error(&[&made(leaf(), Some(&old_root))], &[&old_root]), expected(Kind::Expired, past));
    let old = made(expired(authority("intermediate")), Some(&root));
    assert_eq!(error(&[&made(leaf(), Some(&old)), &old], &[&root]), expected(Kind::Expired, past));
    let mut early = leaf();
    early.not_before = date(5);
    early.subject_alt_names.clear();
    assert_eq!(
        error(&[&made(early, Some(&root))], &[&root]),
        expected(
            Kind::NotYetValid,
            "x509: certificate has expired or is not yet valid: current time 2026-11-24T12:00:00Z is before \
             2026-11-29T12:00:00Z"
        )
    );
}

#[test]
fn names_are_checked_before_the_issuer() {
    let (root, other) = (made(authority("root"), None), made(authority("other"), None));
    let named = |names: &[&str]| {
        let mut parameters = leaf();
        parameters.subject_alt_names =
            names.iter().map(|&name| rcgen::SanType::DnsName(name.try_into().unwrap())).collect();
        made(parameters, Some(&root))
    };
    let wrong = |message: &str| expected(Kind::WrongName, message);
    assert_eq!(
        error(&[&named(&["lb.example.com", "www.example.com"])], &[&other]),
        wrong(&format!("x509: certificate is valid for lb.example.com, www.example.com, not {NAME}"))
    );
    assert_eq!(
        error(&[&named(&[])], &[&root]),
        wrong(&format!("x509: certificate is not valid for any names, but wanted to match {NAME}"))
    );
    assert_eq!(
        error(&[&named(&["*.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul"])], &[&root]),
        None
    );
    assert_eq!(error(&[&named(&[&NAME.to_uppercase()])], &[&root]), None);
    let deep = "*.peering.5e5e5e5e-1111-2222-3333-444444444444.consul";
    assert_eq!(
        error(&[&named(&[deep])], &[&root]),
        wrong(&format!("x509: certificate is valid for {deep}, not {NAME}"))
    );
    let mut legacy = certificate(NAME);
    legacy.subject_alt_names.clear();
    assert_eq!(
        error(&[&made(legacy, Some(&root))], &[&root]),
        wrong("x509: certificate relies on legacy Common Name field, use SANs instead")
    );
}

#[test]
fn a_certificate_that_may_not_sign_is_not_an_authority() {
    let root = made(authority("root"), None);
    let cannot = "x509: certificate signed by unknown authority (possibly because of \"x509: invalid signature: parent \
                  certificate cannot sign this kind of certificate\" while trying to verify candidate authority \
                  certificate \"weak\")";
    let mut not_a_ca = certificate("weak");
    not_a_ca.is_ca = IsCa::ExplicitNoCa;
    let mut no_flag = certificate("weak");
    no_flag.is_ca = IsCa::NoCa;
    let mut no_usage = authority("weak");
    no_usage.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    for parameters in [not_a_ca, no_flag, no_usage] {
        let intermediate = made(parameters.clone(), Some(&root));
        let chain = [&made(leaf(), Some(&intermediate)), &intermediate];
        assert_eq!(error(&chain, &[&root]), expected(Kind::UnknownAuthority, cannot));
        let as_root = made(parameters, None);
        let server = made(leaf(), Some(&as_root));
        assert_eq!(error(&[&server], &[&as_root]), expected(Kind::UnknownAuthority, cannot));
    }
}

#[test]
fn path_lengths_and_key_usages_are_enforced() {
    let mut short = authority("root");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = made(short, None);
    let intermediate = made(authority("intermediate"), Some(&root));
    assert_eq!(
        error(&[&made(leaf(), Some(&intermediate)), &intermediate], &[&root]),
        expected(Kind::Unusable, "x509: too many intermediates for path length constraint")
    );
    let mut client = leaf();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let message = "x509: certificate specifies an incompatible key usage";
    assert_eq!(error(&[&made(client, Some(&root))], &[&root]), expected(Kind::Unusable, message));
    let mut any = leaf();
    any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    assert_eq!(error(&[&made(any, Some(&root))], &[&root]), None);
}

#[test]
fn a_chain_with_many_candidates_terminates() {
    let key = || KeyPair::from_pem(&KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let all: Vec<Made> = (0..40).map(|_| with_key(authority("same"), key(), None)).collect();
    let server = made(leaf(), Some(&all[0]));
    let chain: Vec<&Made> = std::iter::once(&server).chain(&all).collect();
    let other = made(authority("other"), None);
    assert!(error(&chain, &[&other]).is_some());
}

#[test]
fn an_unreadable_certificate_gets_gos_message() {
    let error = verify(&[b"garbage".to_vec()], &[], NAME, now()).unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Unreadable, "x509: malformed certificate"));
}
