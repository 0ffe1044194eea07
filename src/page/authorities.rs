//! The CA certificates on the page, and how long they live, on one axis.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::text::{more, value};
use super::token::FindingView;
use crate::certificate::{Certificate, KeyAlgorithm};
use crate::inspect::{CertificateEntry, Inspection};
use crate::lint::Severity;
use crate::utc;

/// How many certificates are shown.
pub(super) const MAX_CERTIFICATES: usize = 20;

/// A single certificate that lives longer than this needs no bar.
const LONG_LIFE: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// The length of the axis.
const AXIS: i64 = 1000;

/// The certificates of a token.
#[derive(Debug, Default, Serialize)]
pub(super) struct AuthoritiesView {
    heading: String,
    /// Those about all of them.
    pub(super) findings: Vec<FindingView>,
    list: Vec<AuthorityView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    axis: Option<Axis>,
}

/// One certificate.
#[derive(Debug, Serialize)]
pub(super) struct AuthorityView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// How long it is valid: the text that is read first.
    expiry: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dates: Option<String>,
    level: &'static str,
    /// Its life on the axis.
    #[serde(skip_serializing_if = "Option::is_none")]
    bar: Option<Bar>,
    pub(super) findings: Vec<FindingView>,
}

/// A part of the axis, in thousandths.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Bar {
    start: i64,
    end: i64,
}

/// The time axis of all bars.
#[derive(Debug, Serialize)]
pub(super) struct Axis {
    start: String,
    end: String,
    /// The current time on the axis, in thousandths.
    today: i64,
    /// What the line on each bar means.
    legend: String,
}

impl AuthoritiesView {
    pub(super) fn of(inspection: &Inspection, now: Timestamp) -> Self {
        let all = inspection.certificates.len() + inspection.unexamined_certificates.unwrap_or_default();
        let shown: Vec<&CertificateEntry> = inspection.certificates.iter().take(MAX_CERTIFICATES).collect();
        let scale = Scale::of(&shown, now);
        let list: Vec<_> = shown
            .iter()
            .enumerate()
            .map(|(index, entry)| AuthorityView::of(index, entry, scale, now))
            .collect();
        let is_none = list.is_empty();
        Self {
            heading: if all == 1 { "CA certificate".to_owned() } else { "CA certificates".to_owned() },
            none: is_none.then_some("none: the dialer uses plain text instead of TLS"),
            more: more(all, list.len(), "certificate"),
            axis: scale.map(|scale| scale.axis(now)),
            list,
            findings: Vec::new(),
        }
    }

    /// Returns the certificate with an index, if it is shown.
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut AuthorityView> {
        self.list.get_mut(index)
    }
}

impl AuthorityView {
    fn of(index: usize, entry: &CertificateEntry, scale: Option<Scale>, now: Timestamp) -> Self {
        let Some(certificate) = &entry.certificate else {
            return Self {
                name: format!("CA[{index}]"),
                key: None,
                expiry: value(entry.error.as_deref().unwrap_or("cannot be parsed")),
                dates: None,
                level: Severity::Error.name(),
                bar: None,
                findings: Vec::new(),
            };
        };
        let (expiry, level) = expiry(certificate, now);
        Self {
            name: value(common_name(&certificate.subject)),
            key: Some(key(certificate)),
            expiry,
            dates: Some(format!(
                "{} to {}",
                utc::day(certificate.not_before),
                utc::day(certificate.not_after)
            )),
            level,
            bar: scale.map(|scale| scale.bar(certificate)),
            findings: Vec::new(),
        }
    }
}

fn expiry(certificate: &Certificate, now: Timestamp) -> (String, &'static str) {
    let end = utc::relative(certificate.not_after, now);
    if certificate.not_after < now {
        (format!("expired {end}"), Severity::Error.name())
    } else if certificate.not_before > now {
        (format!("not valid yet: starts {}", utc::relative(certificate.not_before, now)), "error")
    } else if certificate.not_after.duration_since(now) < crate::lint::WARN_BEFORE {
        (format!("expires {end}"), Severity::Warning.name())
    } else {
        (format!("expires {end}"), "ok")
    }
}

fn common_name(subject: &str) -> &str {
    match subject.strip_prefix("CN=") {
        Some(name) if !name.contains('=') => name,
        _ => subject,
    }
}

fn key(certificate: &Certificate) -> String {
    match certificate.key.algorithm {
        KeyAlgorithm::Rsa => format!("{} {}", certificate.key.algorithm, certificate.key.bits),
        _ => certificate.key.algorithm.to_string(),
    }
}

/// The times that the axis covers.
#[derive(Debug, Clone, Copy)]
struct Scale {
    start: Timestamp,
    end: Timestamp,
}

impl Scale {
    /// Returns the axis, if bars show more than the text does.
    fn of(entries: &[&CertificateEntry], now: Timestamp) -> Option<Self> {
        let certificates: Vec<&Certificate> =
            entries.iter().filter_map(|entry| entry.certificate.as_ref()).collect();
        let start = certificates.iter().map(|it| it.not_before).min()?;
        let end = certificates.iter().map(|it| it.not_after).max()?;
        let is_useful = certificates.len() > 1 || end.duration_since(now) < LONG_LIFE;
        (is_useful && start < end).then_some(Self { start: start.min(now), end: end.max(now) })
    }

    fn at(self, time: Timestamp) -> i64 {
        let all = self.end.duration_since(self.start).as_secs().max(1);
        let part = time.duration_since(self.start).as_secs().clamp(0, all);
        i64::try_from(i128::from(part) * i128::from(AXIS) / i128::from(all)).unwrap_or_default()
    }

    fn bar(self, certificate: &Certificate) -> Bar {
        Bar { start: self.at(certificate.not_before), end: self.at(certificate.not_after) }
    }

    fn axis(self, now: Timestamp) -> Axis {
        Axis {
            start: utc::day(self.start),
            end: utc::day(self.end),
            today: self.at(now),
            legend: format!("the line is {}", utc::day(now)),
        }
    }
}
