//! What the page shows of one token: Consul's verdict, then each finding beside what it is about.

use std::borrow::Cow;

use serde::Serialize;
use zeroize::Zeroizing;

use super::anatomy::AnatomyView;
use super::authorities::AuthoritiesView;
use super::text::{more, value};
use crate::counted::{count, counted};
use crate::inspect::{Address, Inspection, answer};
use crate::lint::rules::format::path;
use crate::lint::{Finding, Options, Report, Severity, Status, check, rules};
use crate::render::mark::Mark;
use crate::token::DecodeError;
use crate::token::given::{Given, Undecodable};
use crate::token::recover::{Recovered, Repair, recover, without_line_end};

/// How many addresses are shown.
const MAX_ADDRESSES: usize = 200;

/// How many findings are shown.
const MAX_FINDINGS: usize = 50;

/// One token.
#[derive(Debug, Serialize)]
pub(super) struct TokenView {
    /// Its place, if the text contains several.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    level: &'static str,
    mark: &'static str,
    verdict: String,
    /// Consul's message, exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_note: Option<&'static str>,
    /// The worst finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    worst: Option<String>,
    /// What the text probably is, if it cannot be decoded and no finding says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    counts: String,
    repairs: Vec<String>,
    findings: Vec<FindingView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more_findings: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<Contents>,
}

/// What a token contains, if it can be decoded.
#[derive(Debug, Serialize)]
struct Contents {
    cluster: Vec<[String; 2]>,
    dialed: AddressesView,
    ignored: AddressesView,
    authorities: AuthoritiesView,
    anatomy: AnatomyView,
}

#[derive(Debug, Default, Serialize)]
struct AddressesView {
    heading: &'static str,
    /// Those about the whole list.
    findings: Vec<FindingView>,
    list: Vec<AddressView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    none: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct AddressView {
    address: String,
    kind: String,
    /// Its path in the token, for findings.
    #[serde(skip)]
    path: Cow<'static, str>,
    findings: Vec<FindingView>,
}

/// One finding.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FindingView {
    check: &'static str,
    severity: &'static str,
    message: String,
    /// What to do, at the first finding of the check only.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

impl TokenView {
    /// Describes the tokens of a text with `count` tokens. Stores the fingerprint of a single token.
    pub(super) fn all<'a>(
        given: impl Iterator<Item = &'a Given>,
        count: usize,
        options: &Options,
        sha256: &mut Option<String>,
    ) -> Vec<Self> {
        let views = given.enumerate().map(|(index, given)| {
            let title = (count > 1).then(|| match &given.place {
                Some(place) => format!("Token {} of {count}: {}", index + 1, value(place)),
                None => format!("Token {} of {count}", index + 1),
            });
            let (view, fingerprint) = Self::of(title, given, options);
            if count == 1 {
                *sha256 = fingerprint;
            }
            view
        });
        views.collect()
    }

    fn of(title: Option<String>, given: &Given, options: &Options) -> (Self, Option<String>) {
        let report = check(without_line_end(&given.text), options);
        let (recovered, cause) = match recover(&given.text) {
            Ok(recovered) => (Some(recovered), None),
            Err((error, repairs)) => (None, cause(&given.text, &error, &repairs)),
        };
        let repairs = recovered.as_ref().map(|it| it.repairs.clone()).unwrap_or_default();
        let token_text = recovered.as_ref().map(|it| it.text.clone());
        let inspection = recovered.map(|recovered| inspection(given, recovered, &report, options));
        let mut findings: Vec<Finding> = report.findings.clone();
        if let Some(inspection) = inspection.as_ref().filter(|_| !repairs.is_empty()) {
            findings.extend(inspection.findings.iter().cloned());
        }
        let status = Status::new(&report.consul, &report.findings);
        let mut view = Self {
            title,
            level: level(status.into()),
            mark: Mark::from(status).symbol(),
            verdict: answer::sentence(&report.consul, false),
            message: report.consul.message.as_deref().map(value),
            message_note: (!report.consul.exact).then_some("(Consul's message may differ)"),
            worst: worst(&findings),
            cause,
            counts: counts(&findings, &report),
            repairs: repair_lines(&repairs, inspection.as_ref()),
            findings: Vec::new(),
            more_findings: more(findings.len(), MAX_FINDINGS, "finding"),
            contents: None,
        };
        let contains_private_key = report.contains_private_key;
        let sha256 =
            inspection.as_ref().map(|it| format!("SHA-256 {}", answer::short_sha256(&it.token_sha256)));
        let mut contents = inspection.map(|inspection| {
            let text = token_text.filter(|_| !contains_private_key).unwrap_or_default();
            Contents::of(&inspection, &Zeroizing::new(text.as_bytes().to_vec()), options)
        });
        for (finding, shown) in findings.iter().zip(FindingView::all(&findings)) {
            let place = contents.as_mut().and_then(|contents| contents.place(&finding.path));
            place.unwrap_or(&mut view.findings).push(shown);
        }
        view.contents = contents;
        (view, sha256)
    }
}

/// Describes the repaired token. Without repairs, its report is known.
fn inspection(given: &Given, recovered: Recovered, report: &Report, options: &Options) -> Inspection {
    let source = given.source.clone();
    if recovered.repairs.is_empty() {
        Inspection::of_report(source, recovered, report, options.now, false)
    } else {
        Inspection::new(source, recovered, options, false)
    }
}

fn repair_lines(repairs: &[Repair], inspection: Option<&Inspection>) -> Vec<String> {
    let Some(inspection) = inspection.filter(|_| !repairs.is_empty()) else { return Vec::new() };
    let repaired = format!("{}.", answer::sentence(&inspection.consul, true));
    let made = repairs.iter().map(|repair| format!("To show the token, this page {repair}."));
    made.chain([repaired]).collect()
}

/// Returns the class of a result on the page.
pub(super) fn level(mark: Mark) -> &'static str {
    match mark {
        Mark::Ok => "ok",
        Mark::Info | Mark::Open => "info",
        Mark::Warning => "warning",
        Mark::Failure => "error",
    }
}

/// Returns the first of the most severe findings, unless all are infos.
fn worst(findings: &[Finding]) -> Option<String> {
    let severity = findings.iter().map(|it| it.severity).max().filter(|it| *it > Severity::Info)?;
    let worst = findings.iter().find(|finding| finding.severity == severity)?;
    Some(value(&worst.message))
}

/// Returns why a text cannot be decoded, if no check reports it.
fn cause(text: &[u8], error: &DecodeError, repairs: &[Repair]) -> Option<String> {
    let resemblance = Undecodable::resemblance(text, error, repairs);
    (!resemblance.is_specific()).then(|| format!("Likely cause: {}", resemblance.cause()))
}

fn counts(findings: &[Finding], report: &Report) -> String {
    let passed = format!("{} passed", counted(count(report.passed), "check"));
    let found = answer::counts(findings.iter().map(|it| it.severity));
    if found.is_empty() { format!("No findings · {passed}") } else { format!("{found} · {passed}") }
}

impl FindingView {
    /// Describes the first findings.
    fn all(findings: &[Finding]) -> impl Iterator<Item = Self> {
        findings.iter().take(MAX_FINDINGS).enumerate().map(|(index, finding)| {
            let is_first = findings[..index].iter().all(|earlier| earlier.check != finding.check);
            Self {
                check: finding.check,
                severity: finding.severity.name(),
                message: value(&finding.message),
                remedy: rules::find(finding.check).map(|check| check.remedy).filter(|_| is_first),
            }
        })
    }
}

impl Contents {
    fn of(inspection: &Inspection, text: &[u8], options: &Options) -> Self {
        let with_paths = paths(&inspection.addresses);
        let (dialed, ignored): (Vec<_>, Vec<_>) =
            with_paths.into_iter().partition(|(_, address)| address.dialed);
        let has_ignored = !ignored.is_empty();
        Self {
            cluster: cluster(inspection),
            dialed: AddressesView {
                none: dialed.is_empty().then_some("(no address)"),
                ..AddressesView::of("Addresses, in the order in which Consul dials them", dialed)
            },
            ignored: AddressesView {
                heading: if has_ignored { "Not dialed: manual addresses replace them" } else { "" },
                ..AddressesView::of("", ignored)
            },
            authorities: AuthoritiesView::of(inspection, options.now),
            anatomy: AnatomyView::of(text, inspection),
        }
    }

    /// Returns where findings for a path are shown, if what it leads to is shown.
    fn place(&mut self, path: &str) -> Option<&mut Vec<FindingView>> {
        if let Some(index) = path.strip_prefix("CA[").and_then(|rest| rest.split(']').next()?.parse().ok()) {
            return self.authorities.get_mut(index).map(|it| &mut it.findings);
        }
        match path {
            "CA" => return Some(&mut self.authorities.findings),
            "ServerAddresses" if !self.ignored.list.is_empty() => return Some(&mut self.ignored.findings),
            "ServerAddresses" | "ManualServerAddresses" => return Some(&mut self.dialed.findings),
            _ => {}
        }
        let mut all = self.dialed.list.iter_mut().chain(&mut self.ignored.list);
        all.find(|address| address.path == path).map(|it| &mut it.findings)
    }
}

/// Returns the path of each address in the token.
fn paths(addresses: &[Address]) -> Vec<(Cow<'static, str>, &Address)> {
    let mut counts = [0, 0];
    let with_path = addresses.iter().map(|address| {
        let (field, count) = match address.origin {
            "manual" => ("ManualServerAddresses", &mut counts[0]),
            _ => ("ServerAddresses", &mut counts[1]),
        };
        *count += 1;
        (path(field, *count - 1), address)
    });
    with_path.collect()
}

impl AddressesView {
    fn of(heading: &'static str, addresses: Vec<(Cow<'static, str>, &Address)>) -> Self {
        let more = more(addresses.len(), MAX_ADDRESSES, "address");
        let list = addresses.into_iter().take(MAX_ADDRESSES).map(|(path, address)| AddressView {
            address: value(&address.address),
            kind: match address.kind {
                None => "Consul cannot parse this address".to_owned(),
                Some(kind) => format!("{}, {kind}", address.origin),
            },
            path,
            findings: Vec::new(),
        });
        Self { heading, list: list.collect(), more, ..Self::default() }
    }
}

/// Returns what the token contains about the accepting cluster.
fn cluster(token: &Inspection) -> Vec<[String; 2]> {
    let row = |label: &str, text: Option<&str>| {
        text.filter(|text| !text.is_empty()).map(|text| [label.to_owned(), value(text)])
    };
    [
        row("Datacenter", token.datacenter.as_deref()),
        row("Partition", token.partition.as_deref()),
        row("Trust domain", token.trust_domain.as_deref()),
        row("Peer ID", Some(&token.peer_id)),
    ]
    .into_iter()
    .flatten()
    .collect()
}
