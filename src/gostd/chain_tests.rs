use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::chain::{Fault, verify};

const NAME: &str = "server.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul";

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn date(days: i64) -> OffsetDateTime {
    let at = now() + SignedDuration::from_hours(24 * days);
    OffsetDateTime::from_unix_timestamp(at.as_second()).unwrap()
}

/// A certificate to be, valid from a year ago to a year from now.
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

/// A made certificate, and what signs others in its name.
struct Made {
    der: Vec<u8>,
    signs: Issuer<'static, KeyPair>,
}

fn made(parameters: CertificateParams, by: Option<&Made>) -> Made {
    with_key(parameters, KeyPair::generate().unwrap(), by)
}

fn with_key(parameters: CertificateParams, key: KeyPair, by: Option<&Made>) -> Made {
    let der = match by {
        Some(by) => parameters.signed_by(&key, &by.signs),
        None => parameters.self_signed(&key),
    };
    Made { der: der.unwrap().der().to_vec(), signs: Issuer::new(parameters, key) }
}

/// What is said of a chain; nothing if it is trusted.
fn said(shown: &[&Made], roots: &[&Made]) -> Option<(Fault, String)> {
    let der = |all: &[&Made]| all.iter().map(|made| made.der.clone()).collect::<Vec<_>>();
    let (shown, roots) = (der(shown), der(roots));
    for_go(&shown, &roots);
    verify(&shown, &roots, NAME, now()).err().map(|refusal| (refusal.fault, refusal.says))
}

/// With `CHAINS_FOR_GO=FOLDER`, leaves what was judged and what was said where a program in Go can judge it too.
#[allow(clippy::disallowed_methods)] // asked for by hand, to compare
fn for_go(shown: &[Vec<u8>], roots: &[Vec<u8>]) {
    use base64::Engine;
    let Ok(folder) = std::env::var("CHAINS_FOR_GO") else { return };
    let text = |all: &[Vec<u8>]| -> Vec<String> {
        all.iter().map(|der| base64::prelude::BASE64_STANDARD.encode(der)).collect()
    };
    let says = verify(shown, roots, NAME, now()).err().map_or_else(String::new, |refusal| refusal.says);
    let case = serde_json::json!({
        "shown": text(shown), "roots": text(roots), "name": NAME, "now": now().to_string(), "says": says,
    });
    let digest = ring::digest::digest(&ring::digest::SHA256, case.to_string().as_bytes());
    let file = format!("{folder}/{:02x?}.json", &digest.as_ref()[..8]).replace([' ', ',', '[', ']'], "");
    std::fs::write(file, case.to_string()).unwrap();
}

#[allow(clippy::unnecessary_wraps)] // it is compared with what is said
fn refused(fault: Fault, says: &str) -> Option<(Fault, String)> {
    Some((fault, says.to_owned()))
}

#[test]
fn a_server_certificate_of_the_root_is_trusted_and_of_an_intermediate_too() {
    let root = made(authority("root"), None);
    let intermediate = made(authority("intermediate"), Some(&root));
    let direct = made(leaf(), Some(&root));
    let through = made(leaf(), Some(&intermediate));
    assert_eq!(said(&[&direct], &[&root]), None);
    assert_eq!(said(&[&through, &intermediate], &[&root]), None);
    assert_eq!(said(&[&through, &root, &intermediate], &[&root]), None);
    // The root itself may be shown, and a server's certificate be the root.
    assert_eq!(said(&[&direct, &root], &[&root]), None);
    assert_eq!(said(&[&direct], &[&direct]), None);
}

#[test]
fn without_the_issuer_the_authority_is_unknown() {
    let (root, other) = (made(authority("root"), None), made(authority("other"), None));
    let intermediate = made(authority("intermediate"), Some(&root));
    let unknown = refused(Fault::UnknownAuthority, "x509: certificate signed by unknown authority");
    assert_eq!(said(&[&made(leaf(), Some(&root))], &[&other]), unknown);
    assert_eq!(said(&[&made(leaf(), Some(&intermediate))], &[&root]), unknown);
    assert_eq!(said(&[&made(leaf(), Some(&root))], &[]), unknown);
}

#[test]
fn a_root_of_the_same_name_and_another_key_is_a_hint() {
    let (root, namesake) = (made(authority("root"), None), made(authority("root"), None));
    assert_eq!(
        said(&[&made(leaf(), Some(&root))], &[&namesake]),
        refused(
            Fault::UnknownAuthority,
            "x509: certificate signed by unknown authority (possibly because of \"x509: ECDSA verification failure\" \
             while trying to verify candidate authority certificate \"root\")"
        )
    );
    // Both of a rotation are tried.
    assert_eq!(said(&[&made(leaf(), Some(&root))], &[&namesake, &root]), None);
}

#[test]
fn dates_count_at_every_step_and_the_servers_come_first() {
    let root = made(authority("root"), None);
    let expired = |mut parameters: CertificateParams| {
        parameters.not_after = date(-1);
        parameters
    };
    let past = "x509: certificate has expired or is not yet valid: current time 2026-11-24T12:00:00Z is after \
                2026-11-23T12:00:00Z";
    assert_eq!(said(&[&made(expired(leaf()), Some(&root))], &[&root]), refused(Fault::Expired, past));
    let old_root = made(expired(authority("root")), None);
    assert_eq!(said(&[&made(leaf(), Some(&old_root))], &[&old_root]), refused(Fault::Expired, past));
    let old = made(expired(authority("intermediate")), Some(&root));
    assert_eq!(said(&[&made(leaf(), Some(&old)), &old], &[&root]), refused(Fault::Expired, past));
    let mut early = leaf();
    early.not_before = date(5);
    early.subject_alt_names.clear();
    assert_eq!(
        said(&[&made(early, Some(&root))], &[&root]),
        refused(
            Fault::NotYetValid,
            "x509: certificate has expired or is not yet valid: current time 2026-11-24T12:00:00Z is before \
             2026-11-29T12:00:00Z"
        )
    );
}

#[test]
fn names_come_before_the_issuer() {
    let (root, other) = (made(authority("root"), None), made(authority("other"), None));
    let named = |names: &[&str]| {
        let mut parameters = leaf();
        parameters.subject_alt_names =
            names.iter().map(|&name| rcgen::SanType::DnsName(name.try_into().unwrap())).collect();
        made(parameters, Some(&root))
    };
    let wrong = |says: &str| refused(Fault::WrongName, says);
    assert_eq!(
        said(&[&named(&["lb.example.com", "www.example.com"])], &[&other]),
        wrong(&format!("x509: certificate is valid for lb.example.com, www.example.com, not {NAME}"))
    );
    assert_eq!(
        said(&[&named(&[])], &[&root]),
        wrong(&format!("x509: certificate is not valid for any names, but wanted to match {NAME}"))
    );
    assert_eq!(
        said(&[&named(&["*.dc1.peering.5e5e5e5e-1111-2222-3333-444444444444.consul"])], &[&root]),
        None
    );
    assert_eq!(said(&[&named(&[&NAME.to_uppercase()])], &[&root]), None);
    let deep = "*.peering.5e5e5e5e-1111-2222-3333-444444444444.consul";
    assert_eq!(
        said(&[&named(&[deep])], &[&root]),
        wrong(&format!("x509: certificate is valid for {deep}, not {NAME}"))
    );
    let mut legacy = certificate(NAME);
    legacy.subject_alt_names.clear();
    assert_eq!(
        said(&[&made(legacy, Some(&root))], &[&root]),
        wrong("x509: certificate relies on legacy Common Name field, use SANs instead")
    );
}

#[test]
fn what_may_not_sign_is_no_authority() {
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
        let shown = [&made(leaf(), Some(&intermediate)), &intermediate];
        assert_eq!(said(&shown, &[&root]), refused(Fault::UnknownAuthority, cannot));
        let as_root = made(parameters, None);
        let shown = made(leaf(), Some(&as_root));
        assert_eq!(said(&[&shown], &[&as_root]), refused(Fault::UnknownAuthority, cannot));
    }
}

#[test]
fn path_lengths_and_usages_are_kept() {
    let mut short = authority("root");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = made(short, None);
    let intermediate = made(authority("intermediate"), Some(&root));
    assert_eq!(
        said(&[&made(leaf(), Some(&intermediate)), &intermediate], &[&root]),
        refused(Fault::Unusable, "x509: too many intermediates for path length constraint")
    );
    let mut client = leaf();
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let says = "x509: certificate specifies an incompatible key usage";
    assert_eq!(said(&[&made(client, Some(&root))], &[&root]), refused(Fault::Unusable, says));
    let mut any = leaf();
    any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    assert_eq!(said(&[&made(any, Some(&root))], &[&root]), None);
}

#[test]
fn a_chain_made_to_make_work_ends() {
    let key = || KeyPair::from_pem(&KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let all: Vec<Made> = (0..40).map(|_| with_key(authority("same"), key(), None)).collect();
    let shown = made(leaf(), Some(&all[0]));
    let shown: Vec<&Made> = std::iter::once(&shown).chain(&all).collect();
    let other = made(authority("other"), None);
    assert!(said(&shown, &[&other]).is_some());
}

#[test]
fn what_cannot_be_read_is_told_as_go_tells_it() {
    let refusal = verify(&[b"garbage".to_vec()], &[], NAME, now()).unwrap_err();
    assert_eq!((refusal.fault, refusal.says.as_str()), (Fault::Unreadable, "x509: malformed certificate"));
}
