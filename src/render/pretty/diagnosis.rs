//! The screen of `diagnose`: connectivity per address, the other sources, the causes, and the conclusion.

use std::fmt::Display;
use std::time::Duration;

use owo_colors::OwoColorize;

use super::report::verdict;
use super::{Page, count, grouped, printable};
use crate::connectivity::probe_answer::{Code, PeeringAnswer, SecretAnswer};
use crate::connectivity::{AddressTrace, CertificateOwner, GrpcStatus, StepResult, TlsFault};
use crate::diagnosis::{Cause, CauseCertainty, Diagnosis, DialerView, Effect, NO_ERROR};
use crate::lint::Severity;

/// Renders a diagnosis for `width` columns.
pub fn diagnosis(diagnosis: &Diagnosis, width: usize) -> String {
    let mut page = Page::new(width);
    if let Some(acceptance) = &diagnosis.consul {
        page.heading("Token");
        if let Some(document) = diagnosis.extracted_from {
            page.line(&format!("{} {document}; only the token is checked here", "!".yellow()));
        }
        verdict(&mut page, acceptance);
    }
    if let Some(connectivity) = &diagnosis.connectivity {
        page.heading(&format!("Connectivity, observed from {}", connectivity.observed_from));
        for trace in &connectivity.addresses {
            steps(&mut page, trace);
        }
        if connectivity.truncated > 0 {
            page.line(&format!("… and {} more, not checked", grouped(count(connectivity.truncated))));
        }
    }
    if let Some(staleness) = &diagnosis.staleness {
        page.heading("Staleness");
        page.line(&printable(&staleness.summary));
    }
    if let Some(view) = &diagnosis.dialer {
        page.heading(&format!("Consul at {}", printable(&view.address)));
        dialer(&mut page, view);
    }
    if !diagnosis.not_checked.is_empty() {
        page.heading("Not checked");
        for unchecked in &diagnosis.not_checked {
            page.line(&format!("{}: {}", unchecked.source.label(), printable(&unchecked.reason)));
        }
    }
    causes(&mut page, diagnosis, true);
    page.empty_line();
    page.paragraph(&printable(&diagnosis.conclusion).bold().to_string());
    page.finish()
}

/// Renders only the causes and the conclusion.
pub fn short_diagnosis(diagnosis: &Diagnosis, width: usize) -> String {
    let mut page = Page::new(width);
    if let Some(connectivity) = &diagnosis.connectivity {
        page.paragraph(&format!("Observed from {}:", connectivity.observed_from));
        for trace in connectivity.addresses.iter().filter(|it| it.dialed || it.is_gateway) {
            let (sign, text) = last_step(trace);
            page.line(&format!("{sign} {}: {}", printable(&trace.address), printable(&text)));
        }
    }
    if let Some(staleness) = &diagnosis.staleness {
        page.line(&printable(&staleness.summary));
    }
    let unchecked: Vec<_> = diagnosis.not_checked.iter().filter(|it| it.reason != NO_ERROR).collect();
    for same_reason in unchecked.chunk_by(|one, next| one.reason == next.reason) {
        let sources = list(&same_reason.iter().map(|it| it.source.label()).collect::<Vec<_>>());
        page.line(&format!("Not checked: {sources}: {}", printable(&same_reason[0].reason)));
    }
    causes(&mut page, diagnosis, false);
    page.empty_line();
    page.paragraph(&printable(&diagnosis.conclusion).bold().to_string());
    page.finish()
}

fn causes(page: &mut Page, diagnosis: &Diagnosis, with_details: bool) {
    if diagnosis.causes.is_empty() {
        return;
    }
    page.heading("Likely causes");
    for (cause, number) in diagnosis.causes.iter().zip(1..) {
        if number > 1 && with_details {
            page.empty_line();
        }
        page.line(&format!("{number}. {} ({})", cause.name.bold(), certainty(cause)));
        page.item(&printable(&cause.summary));
        if !with_details {
            continue;
        }
        for evidence in &cause.evidence {
            let sign = match evidence.effect {
                Effect::Raises => "+".red().to_string(),
                Effect::Lowers => "-".green().to_string(),
            };
            page.item(&format!("{sign} {}: {}", evidence.source.label(), printable(&evidence.message)));
        }
        page.item(&format!("What to do: {}", printable(&cause.remedy)));
        if let Some(next) = &cause.next {
            page.item(&format!("Next: {}", printable(next)));
        }
    }
}

fn certainty(cause: &Cause) -> String {
    let certainty = match cause.certainty {
        CauseCertainty::Certain => "certain",
        CauseCertainty::Likely => "likely",
        CauseCertainty::Possible => "possible",
    };
    match cause.severity {
        Severity::Error => certainty.red().to_string(),
        Severity::Warning => format!("{certainty}, {}", "not blocking".yellow()),
        Severity::Info => certainty.to_owned(),
    }
}

fn dialer(page: &mut Page, view: &DialerView) {
    let version = view.version.as_deref().map_or_else(|| "unknown".to_owned(), printable);
    page.row("Version", &version);
    let may_write = match view.may_write {
        Some(true) => "allowed",
        Some(false) => "not allowed with this ACL token",
        None => "unknown",
    };
    page.row("peering:write", may_write);
    if view.peering_enabled == Some(false) {
        page.row("Peering", "disabled (peering.enabled)");
    }
    if view.through_mesh_gateways == Some(true) {
        page.row("Dials", "through its mesh gateways");
    }
    if let Some(peerings) = &view.peerings {
        page.row("Peerings", &peerings.len().to_string());
    }
    for refusal in &view.refusals {
        page.row("Error", &printable(refusal));
    }
}

fn steps(page: &mut Page, trace: &AddressTrace) {
    let not_dialed = if trace.dialed || trace.is_gateway { "" } else { " (not dialed)" };
    page.line(&format!("{}{not_dialed} {}", printable(&trace.address).bold(), trace.path.dimmed()));
    for (name, step) in shown_steps(trace) {
        let (sign, text) = match step {
            Shown::Passed(text) => ("✓".green().to_string(), text),
            Shown::Failed(text) => ("✗".red().to_string(), text.red().to_string()),
            Shown::Open(text) => ("–".dimmed().to_string(), text.dimmed().to_string()),
        };
        page.step(&sign, name, &text);
        if name == "DNS" && trace.ips_not_tried > 0 {
            let text = format!("{} more IP addresses", grouped(count(trace.ips_not_tried)));
            page.step(" ", "  not tried", &text);
        }
        if name == "TLS" {
            certificate(page, trace);
        }
    }
    if trace.connections > 1 {
        page.step(" ", "connections", &format!("{}, because {AGAIN}", trace.connections));
    }
}

/// Why several connections to one address are opened.
const AGAIN: &str = "the address may lead to several servers";

/// An untrusted server's certificate, and what could not be verified of a trusted one's.
fn certificate(page: &mut Page, trace: &AddressTrace) {
    let presented = match &trace.tls {
        StepResult::Failed {
            fault: TlsFault::Untrusted { presented, .. } | TlsFault::Alert { presented: Some(presented), .. },
            ..
        } => presented,
        StepResult::Ok { value, .. } => {
            for unverified in &value.unverified {
                page.step(" ", "  not checked", &printable(unverified));
            }
            return;
        }
        _ => return,
    };
    let Some(leaf) = presented.chain.first() else { return };
    let subject = if leaf.subject.is_empty() { "(none)" } else { &leaf.subject };
    let names = leaf.names.dns.iter().chain(&leaf.names.ips).chain(&leaf.names.uris);
    for (label, text) in [
        ("  owner", owner(&presented.owner)),
        ("  subject", subject.to_owned()),
        ("  names", list(&names.collect::<Vec<_>>())),
        ("  issuer", leaf.issuer.clone()),
        ("  valid", format!("{} to {}", leaf.not_before, leaf.not_after)),
        ("  SHA-256", leaf.sha256.clone()),
    ] {
        page.step(" ", label, &printable(&text));
    }
}

fn owner(owner: &CertificateOwner) -> String {
    match owner {
        CertificateOwner::Expected => "the server that the token names".to_owned(),
        CertificateOwner::AnotherConsul { trust_domain, datacenter } => {
            let or_unknown = |name: &Option<String>| name.clone().unwrap_or_else(|| "unknown".to_owned());
            let (datacenter, domain) = (or_unknown(datacenter), or_unknown(trust_domain));
            format!("another Consul cluster: datacenter {datacenter}, trust domain {domain}")
        }
        CertificateOwner::ConsulAgent => "a Consul agent's HTTPS or RPC port".to_owned(),
        CertificateOwner::NotConsul => {
            "not a Consul server (a load balancer, proxy or web server)".to_owned()
        }
        CertificateOwner::Unknown => "unknown".to_owned(),
    }
}

fn last_step(trace: &AddressTrace) -> (String, String) {
    let failed = shown_steps(trace).into_iter().find_map(|(name, step)| match step {
        Shown::Failed(text) => Some(format!("{name}: {text}")),
        Shown::Passed(_) | Shown::Open(_) => None,
    });
    match failed {
        Some(text) => ("✗".red().to_string(), text),
        None if trace.peering_exists.value().is_some() => {
            ("✓".green().to_string(), "the acceptor answers".to_owned())
        }
        None => ("–".to_owned(), "not checked".to_owned()),
    }
}

/// The text of a step.
enum Shown {
    Passed(String),
    Failed(String),
    /// Neither: not checked, not reached, or without a clear answer.
    Open(String),
}

/// Returns the name and text of each step, up to the first that was not reached.
fn shown_steps(trace: &AddressTrace) -> Vec<(&'static str, Shown)> {
    let tcp_text = |fault: &crate::connectivity::TcpFault| fault.reason().to_string();
    let steps = [
        ("DNS", shown(&trace.dns, |ips| list(ips), text)),
        ("TCP", shown(&trace.tcp, |connected| connected.remote_address.to_string(), tcp_text)),
        ("TLS", shown(&trace.tls, |presented| presented.protocol.clone(), text)),
        ("ALPN", shown(&trace.alpn, Clone::clone, text)),
        ("gRPC", shown(&trace.grpc, |()| "Consul's peer stream".to_owned(), text)),
        ("peering exists?", answer(&trace.peering_exists, peering_exists)),
        ("unused secret?", answer(&trace.unused_secret, unused_secret)),
    ];
    let mut reached = Vec::new();
    for (name, step) in steps {
        let Some(step) = step else {
            reached.push((name, Shown::Open("not reached, like the steps after it".to_owned())));
            break;
        };
        reached.push((name, step));
    }
    reached
}

fn text(fault: &impl Display) -> String {
    fault.to_string()
}

/// Returns the text of a step, or `None` if it was not reached.
fn shown<T, F>(
    step: &StepResult<T, F>,
    value_text: impl Fn(&T) -> String,
    fault_text: impl Fn(&F) -> String,
) -> Option<Shown> {
    Some(match step {
        StepResult::Ok { value, elapsed } => {
            Shown::Passed(with_elapsed(&printable(&value_text(value)), *elapsed))
        }
        StepResult::Failed { fault, elapsed } => {
            Shown::Failed(with_elapsed(&printable(&fault_text(fault)), *elapsed))
        }
        StepResult::NotChecked { reason } => Shown::Open(format!("not checked: {reason}")),
        StepResult::NotReached => return None,
    })
}

/// Returns the text of an acceptor's answer.
fn answer<F: Display>(
    step: &StepResult<GrpcStatus, F>,
    meaning: impl Fn(&GrpcStatus) -> Shown,
) -> Option<Shown> {
    let StepResult::Ok { value, elapsed } = step else { return shown(step, GrpcStatus::to_string, text) };
    Some(match meaning(value) {
        Shown::Passed(text) => Shown::Passed(with_elapsed(&printable(&text), *elapsed)),
        Shown::Failed(text) => Shown::Failed(with_elapsed(&printable(&text), *elapsed)),
        Shown::Open(text) => Shown::Open(with_elapsed(&printable(&text), *elapsed)),
    })
}

fn peering_exists(status: &GrpcStatus) -> Shown {
    match PeeringAnswer::of(Code::from_name(&status.code), &status.message) {
        PeeringAnswer::Exists => Shown::Passed("yes".to_owned()),
        PeeringAnswer::Unknown => Shown::Failed(format!("no ({status})")),
        PeeringAnswer::MarkedDeleted => Shown::Failed(format!("no: it was deleted ({status})")),
        PeeringAnswer::Follower if status.leader.as_deref() == Some("") => {
            Shown::Failed("unknown: the servers have no leader".to_owned())
        }
        PeeringAnswer::Follower => {
            Shown::Open("unknown: this is a follower, and only the leader knows".to_owned())
        }
        PeeringAnswer::NotUnderstood => Shown::Open(format!("unknown answer ({status})")),
    }
}

fn unused_secret(status: &GrpcStatus) -> Shown {
    match SecretAnswer::of(Code::from_name(&status.code), &status.message) {
        SecretAnswer::UnusedExists => Shown::Passed("yes: this token's, or a newer token's".to_owned()),
        SecretAnswer::NoneUnused | SecretAnswer::TakenByOldAcceptor => {
            Shown::Failed(format!("no: the last token was used ({status})"))
        }
        SecretAnswer::AskAgain => {
            Shown::Open("unknown: a token was generated or used in the meantime. Try again".to_owned())
        }
        SecretAnswer::NotUnderstood => Shown::Open(format!("unknown answer ({status})")),
    }
}

fn with_elapsed(text: &str, elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => text.to_owned(),
        millis => format!("{text} ({millis} ms)"),
    }
}

fn list<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
