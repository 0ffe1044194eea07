//! Clocks of this host and of the dialer that differ.

use super::*;
use crate::certificate::Certificate;
use crate::diagnosis::GivenToken;

const DAY: i64 = 24 * 60 * 60;

/// A token whose CA is valid from 2026-11-24 to 2036-11-21.
fn given() -> GivenToken {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tokens/one-server.txt");
    GivenToken::new(std::fs::read(path).unwrap().into())
}

fn ca(given: &GivenToken) -> Certificate {
    Certificate::from_pem(&given.token().unwrap().ca.as_ref().unwrap()[0]).unwrap()
}

fn seconds(seconds: i64) -> jiff::SignedDuration {
    jiff::SignedDuration::from_secs(seconds)
}

fn causes_at(now: Timestamp, offset: i64, trace: AddressTrace) -> Vec<(&'static str, Severity)> {
    let given = given();
    let dialer = Observed::Value(DialerView { clock_offset: Some(offset), ..DialerView::default() });
    let mut inputs = Inputs {
        connectivity: observed(vec![trace]),
        dialer,
        ..Inputs::new(now, Some(&given), Reference::default())
    };
    inputs.check_as_dialer(Some(&given), None);
    diagnose(inputs).causes.iter().map(|cause| (cause.name, cause.severity)).collect()
}

/// Returns a trace to a server that presents a certificate like the CA's.
fn presenting(ca: &Certificate, fault: Option<Distrust>) -> AddressTrace {
    let presented = Presented { chain: vec![ca.clone()], ..Presented::default() };
    match fault {
        None => AddressTrace { tls: ok(presented), ..good("10.0.0.1:8503") },
        Some(reason) => tls(TlsFault::Untrusted {
            reason,
            go_message: "x509: …".to_owned(),
            presented: Box::new(presented),
        }),
    }
}

#[test]
fn a_wrong_clock_comes_before_the_certificates_that_it_makes_invalid() {
    let ca = ca(&given());
    for (now, offset, fault, expected) in [
        // This host's clock is wrong.
        (ca.not_before - seconds(3600), 2 * DAY, Some(Distrust::NotYetValid), "clocks-differ"),
        (ca.not_after + seconds(3600), -2 * DAY, Some(Distrust::Expired), "clocks-differ"),
        // The dialer's clock is wrong.
        (ca.not_before + seconds(60), -3600, None, "clocks-differ"),
        (ca.not_after - seconds(60), 3600, None, "clocks-differ"),
        // The clocks differ, and both show that the certificate is invalid.
        (ca.not_after + seconds(3 * DAY), -3600, Some(Distrust::Expired), "ca-expired"),
        (ca.not_after + seconds(3 * DAY), 3600, Some(Distrust::Expired), "ca-expired"),
        // Both clocks are right.
        (ca.not_after + seconds(3 * DAY), 2, Some(Distrust::Expired), "ca-expired"),
    ] {
        let causes = causes_at(now, offset, presenting(&ca, fault));
        assert_eq!(causes[0], (expected, Severity::Error), "{now} {offset}: {causes:?}");
        let blocking = causes.iter().filter(|(_, severity)| *severity == Severity::Error);
        assert!(expected != "clocks-differ" || blocking.count() == 1, "{now} {offset}: {causes:?}");
    }
}

#[test]
fn clocks_that_differ_without_an_effect_are_a_warning() {
    let ca = ca(&given());
    let causes = causes_at(ca.not_before + seconds(30 * DAY), 3600, presenting(&ca, None));
    assert!(causes.contains(&("clocks-differ", Severity::Warning)), "{causes:?}");
    assert!(causes.iter().all(|(_, severity)| *severity < Severity::Error), "{causes:?}");
}
