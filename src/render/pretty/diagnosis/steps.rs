//! The steps to one address, with everything that was observed: `diagnose -long`.

use std::fmt::Display;
use std::time::Duration;

use owo_colors::OwoColorize;

use super::super::page::Page;
use super::super::screen::Mark;
use super::super::{count, grouped, printable};
use super::list;
use crate::connectivity::probe_answer::{PeeringAnswer, SecretAnswer};
use crate::connectivity::{AddressTrace, CertificateOwner, GrpcStatus, StepResult, TlsFault};

/// Writes all steps to one address.
pub(super) fn steps(page: &mut Page, trace: &AddressTrace) {
    let not_dialed = if trace.dialed || trace.is_gateway { "" } else { " (not dialed)" };
    page.line(&format!("{}{not_dialed} {}", printable(&trace.address).bold(), trace.path.dimmed()));
    for Line { mark, name, text } in lines(trace) {
        let text = match mark {
            Some(Mark::Failure) => text.red().to_string(),
            Some(Mark::Open) => text.dimmed().to_string(),
            _ => text,
        };
        match mark {
            Some(mark) => page.step(&page.screen().mark(mark), name, &text),
            None => page.step(" ", &format!("  {name}"), &text),
        }
    }
    if trace.connections > 1 {
        page.step(" ", "connections", &connections(trace));
    }
}

/// A step, or a detail of the step before.
pub(in crate::render) struct Line {
    /// The result of a step; none for a detail.
    pub mark: Option<Mark>,
    pub name: &'static str,
    pub text: String,
}

/// Returns why several connections to one address were opened.
pub(in crate::render) fn connections(trace: &AddressTrace) -> String {
    format!("{}, because the address may lead to several servers", trace.connections)
}

/// Returns the steps up to the first that was not reached, with their details.
pub(in crate::render) fn lines(trace: &AddressTrace) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, step) in shown_steps(trace) {
        let (mark, text) = match step {
            Shown::Passed(text) => (Mark::Ok, text),
            Shown::Failed(text) => (Mark::Failure, text),
            Shown::Open(text) => (Mark::Open, text),
        };
        lines.push(Line { mark: Some(mark), name, text });
        if name == "DNS" && trace.ips_not_tried > 0 {
            let text = format!("{} more IP addresses", grouped(count(trace.ips_not_tried)));
            lines.push(Line { mark: None, name: "not tried", text });
        }
        if name == "TLS" {
            let details = certificate(trace).into_iter();
            lines.extend(details.map(|(name, text)| Line { mark: None, name, text: printable(&text) }));
        }
    }
    lines
}

/// An untrusted server's certificate, and what could not be verified of a trusted one's.
fn certificate(trace: &AddressTrace) -> Vec<(&'static str, String)> {
    let presented = match &trace.tls {
        StepResult::Failed {
            fault: TlsFault::Untrusted { presented, .. } | TlsFault::Alert { presented: Some(presented), .. },
            ..
        } => presented,
        StepResult::Ok { value, .. } => {
            return value.unverified.iter().map(|it| ("not checked", it.clone())).collect();
        }
        _ => return Vec::new(),
    };
    let Some(leaf) = presented.chain.first() else { return Vec::new() };
    let subject = if leaf.subject.is_empty() { "(none)" } else { &leaf.subject };
    let names = leaf.names.dns.iter().chain(&leaf.names.ips).chain(&leaf.names.uris);
    vec![
        ("owner", owner(&presented.owner)),
        ("subject", subject.to_owned()),
        ("names", list(&names.collect::<Vec<_>>())),
        ("issuer", leaf.issuer.clone()),
        ("valid", format!("{} to {}", leaf.not_before, leaf.not_after)),
        ("SHA-256", leaf.sha256.clone()),
    ]
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
    match status.peering_answer() {
        PeeringAnswer::Exists => Shown::Passed("yes".to_owned()),
        PeeringAnswer::Unknown => Shown::Failed(format!("no ({status})")),
        PeeringAnswer::MarkedDeleted => Shown::Failed(format!("no: it was deleted ({status})")),
        PeeringAnswer::Follower if status.leader.as_deref() == Some("") => {
            Shown::Failed("unknown: the servers have no leader".to_owned())
        }
        PeeringAnswer::Follower => {
            Shown::Open("unknown: this is a follower, and only the leader knows".to_owned())
        }
        PeeringAnswer::RateLimited => Shown::Open(status.to_string()),
        PeeringAnswer::NotUnderstood => Shown::Open(format!("unknown answer ({status})")),
    }
}

fn unused_secret(status: &GrpcStatus) -> Shown {
    match status.secret_answer() {
        SecretAnswer::UnusedExists => Shown::Passed("yes: this token's, or a newer token's".to_owned()),
        SecretAnswer::NoneUnused | SecretAnswer::TakenByOldAcceptor => {
            Shown::Failed(format!("no: the last token was used ({status})"))
        }
        SecretAnswer::AskAgain => {
            Shown::Open("unknown: a token was generated or used in the meantime. Try again".to_owned())
        }
        SecretAnswer::RateLimited => Shown::Open(status.to_string()),
        SecretAnswer::NotUnderstood => Shown::Open(format!("unknown answer ({status})")),
    }
}

fn with_elapsed(text: &str, elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => text.to_owned(),
        millis => format!("{text} ({millis} ms)"),
    }
}
