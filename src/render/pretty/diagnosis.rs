//! What `diagnose` shows: the ladder of each address, what else was looked at, then the causes, and last the conclusion.

use std::time::Duration;

use owo_colors::OwoColorize;

use super::report::verdict;
use super::{Page, count, grouped, printable};
use crate::connectivity::probe_answer::{Code, PeeringAnswer, SecretAnswer};
use crate::connectivity::{Status, Step, TlsFault, Way, Whose};
use crate::diagnosis::{Cause, Certainty, Diagnosis, DialerView, Effect, NO_ERROR};
use crate::lint::Severity;

/// Everything, as a page of `width` columns.
pub fn diagnosis(diagnosis: &Diagnosis, width: usize) -> String {
    let mut page = Page::new(width);
    if let Some(said) = &diagnosis.consul {
        page.heading("The token's text");
        if let Some(document) = diagnosis.taken_out_of {
            page.line(&format!("{} {document}; the token alone is judged here", "!".yellow()));
        }
        verdict(&mut page, said);
    }
    if let Some(reach) = &diagnosis.reach {
        page.heading(&format!("The way to its servers, seen from {}", reach.seen_from));
        for way in &reach.ways {
            steps(&mut page, way);
        }
        if reach.left_out > 0 {
            page.line(&format!("… and {} more, which were not tried", grouped(count(reach.left_out))));
        }
    }
    if let Some(staleness) = &diagnosis.staleness {
        page.heading("Is it still the one to use?");
        page.line(&printable(&staleness.summary));
    }
    if let Some(view) = &diagnosis.dialer {
        page.heading(&format!("The Consul at {}", printable(&view.asked_at)));
        dialer(&mut page, view);
    }
    if !diagnosis.not_known.is_empty() {
        page.heading("Not looked at");
        for not_known in &diagnosis.not_known {
            page.line(&format!("{}: {}", not_known.what, printable(&not_known.because)));
        }
    }
    causes(&mut page, diagnosis, true);
    page.empty_line();
    page.paragraph(&printable(&diagnosis.conclusion).bold().to_string());
    page.finish()
}

/// The causes and the conclusion only.
pub fn short_diagnosis(diagnosis: &Diagnosis, width: usize) -> String {
    let mut page = Page::new(width);
    if let Some(reach) = &diagnosis.reach {
        page.paragraph(&format!("Seen from {}:", reach.seen_from));
        for way in reach.ways.iter().filter(|way| way.dialed) {
            let (sign, says) = last_step(way);
            page.line(&format!("{sign} {}: {}", printable(&way.address), printable(&says)));
        }
    }
    if let Some(staleness) = &diagnosis.staleness {
        page.line(&printable(&staleness.summary));
    }
    let not_known: Vec<_> = diagnosis.not_known.iter().filter(|it| it.because != NO_ERROR).collect();
    for alike in not_known.chunk_by(|one, next| one.because == next.because) {
        let what = list(&alike.iter().map(|it| it.what).collect::<Vec<_>>());
        page.line(&format!("Not looked at: {what}: {}", printable(&alike[0].because)));
    }
    causes(&mut page, diagnosis, false);
    page.empty_line();
    page.paragraph(&printable(&diagnosis.conclusion).bold().to_string());
    page.finish()
}

fn causes(page: &mut Page, diagnosis: &Diagnosis, whole: bool) {
    if diagnosis.causes.is_empty() {
        return;
    }
    page.heading("Causes, the likeliest first");
    for (cause, place) in diagnosis.causes.iter().zip(1..) {
        if place > 1 && whole {
            page.empty_line();
        }
        page.line(&format!("{place}. {} ({})", cause.name.bold(), how_sure(cause)));
        page.item(&printable(&cause.summary));
        if !whole {
            continue;
        }
        for evidence in &cause.evidence {
            let sign = match evidence.effect {
                Effect::Raises => "+".red().to_string(),
                Effect::Lowers => "-".green().to_string(),
            };
            page.item(&format!("{sign} {}: {}", evidence.seen_in, printable(&evidence.says)));
        }
        page.item(&format!("What to do: {}", printable(&cause.remedy)));
        if let Some(next) = &cause.next {
            page.item(&format!("Next: {}", printable(next)));
        }
    }
}

fn how_sure(cause: &Cause) -> String {
    let sure = match cause.certainty {
        Certainty::Certain => "certain",
        Certainty::Likely => "likely",
        Certainty::Possible => "possible",
    };
    match cause.severity {
        Severity::Error => sure.red().to_string(),
        Severity::Warning => format!("{sure}; {}", "does not keep it from working".yellow()),
        Severity::Info => sure.to_owned(),
    }
}

fn dialer(page: &mut Page, view: &DialerView) {
    let version = view.version.as_deref().map_or_else(|| "not told".to_owned(), printable);
    page.row("Version", &version);
    let may = match view.may_write {
        Some(true) => "allowed",
        Some(false) => "not allowed with this ACL token",
        None => "could not be asked",
    };
    page.row("peering:write", may);
    if view.peering_enabled == Some(false) {
        page.row("Peering", "off (peering.enabled)");
    }
    if view.through_mesh_gateways == Some(true) {
        page.row("Dials", "through its mesh gateways");
    }
    if let Some(peerings) = &view.peerings {
        page.row("Peerings", &peerings.len().to_string());
    }
    for refusal in &view.refusals {
        page.row("Refused", &printable(refusal));
    }
}

fn steps(page: &mut Page, way: &Way) {
    let not_dialed = if way.dialed { "" } else { " (not dialed)" };
    page.line(&format!("{}{not_dialed} {}", printable(&way.address).bold(), way.path.dimmed()));
    for (name, step) in way.told() {
        let (sign, said) = match step {
            Told::Good(said) => ("✓".green().to_string(), said),
            Told::Bad(said) => ("✗".red().to_string(), said.red().to_string()),
            Told::Left(said) => ("–".dimmed().to_string(), said.dimmed().to_string()),
        };
        page.step(&sign, name, &said);
        if name == "TLS" {
            certificate(page, way);
        }
    }
}

/// What a server showed that is not trusted, and what could not be judged of what it showed.
fn certificate(page: &mut Page, way: &Way) {
    let shown = match &way.tls {
        Step::Failed {
            fault: TlsFault::Untrusted { shown, .. } | TlsFault::Alert { shown: Some(shown), .. },
            ..
        } => shown,
        Step::Passed { seen, .. } => {
            for what in &seen.not_checked {
                page.step(" ", "  not checked", &printable(what));
            }
            return;
        }
        _ => return,
    };
    let Some(leaf) = shown.chain.first() else { return };
    let subject = if leaf.subject.is_empty() { "(none)" } else { &leaf.subject };
    let names = leaf.names.dns.iter().chain(&leaf.names.ips).chain(&leaf.names.uris);
    for (what, said) in [
        ("  shown by", whose(&shown.whose)),
        ("  subject", subject.to_owned()),
        ("  names", list(&names.collect::<Vec<_>>())),
        ("  issuer", leaf.issuer.clone()),
        ("  valid", format!("{} to {}", leaf.not_before, leaf.not_after)),
        ("  SHA-256", leaf.sha256.clone()),
    ] {
        page.step(" ", what, &printable(&said));
    }
}

fn whose(whose: &Whose) -> String {
    match whose {
        Whose::Expected => "the server that the token names".to_owned(),
        Whose::AnotherConsul { trust_domain, datacenter } => {
            let of = |known: &Option<String>| known.clone().unwrap_or_else(|| "an unknown one".to_owned());
            format!("another Consul: datacenter {}, trust domain {}", of(datacenter), of(trust_domain))
        }
        Whose::ConsulAgent => "a Consul agent, on its HTTPS or RPC port".to_owned(),
        Whose::SomebodyElse => "nobody of Consul's: a load balancer, a proxy, a web server".to_owned(),
        Whose::Unknown => "nobody that could be told".to_owned(),
    }
}

fn last_step(way: &Way) -> (String, String) {
    let told = way.told();
    let bad = told.iter().find_map(|(name, step)| match step {
        Told::Bad(said) => Some((name, said)),
        _ => None,
    });
    match bad {
        Some((name, said)) => ("✗".red().to_string(), format!("{name}: {said}")),
        None if way.peering_exists.passed().is_some() => {
            ("✓".green().to_string(), "the acceptor answers".to_owned())
        }
        None => ("–".to_owned(), "not tried".to_owned()),
    }
}

/// What is told of a step.
enum Told {
    Good(String),
    Bad(String),
    Left(String),
}

impl Way {
    /// Every step's name and what is told of it; what was not reached, once.
    fn told(&self) -> Vec<(&'static str, Told)> {
        let fault = || crate::diagnosis::fault(self).map(|(_, says)| says).unwrap_or_default();
        let all = [
            ("DNS", told(&self.dns, |ips| list(ips), fault)),
            ("TCP", told(&self.tcp, |seen| seen.to.to_string(), fault)),
            ("TLS", told(&self.tls, |seen| seen.protocol.clone(), fault)),
            ("ALPN", told(&self.alpn, Clone::clone, || "h2 was not selected".to_owned())),
            ("gRPC", told(&self.grpc, |_| "Consul's peer stream".to_owned(), fault)),
            ("peering exists?", answered(&self.peering_exists, peering_exists, fault)),
            ("unused secret?", answered(&self.unused_secret, unused_secret, fault)),
        ];
        let mut shown = Vec::new();
        for (name, told) in all {
            let Some(told) = told else {
                shown.push((name, Told::Left("not reached, nor what follows".to_owned())));
                break;
            };
            shown.push((name, told));
        }
        shown
    }
}

fn told<T, F>(step: &Step<T, F>, seen: impl Fn(&T) -> String, fault: impl Fn() -> String) -> Option<Told> {
    Some(match step {
        Step::Passed { seen: what, elapsed } => Told::Good(with_time(&printable(&seen(what)), *elapsed)),
        Step::Failed { elapsed, .. } => Told::Bad(with_time(&printable(&fault()), *elapsed)),
        Step::NotAsked { because } => Told::Left(format!("not asked: {because}")),
        Step::NotReached => return None,
    })
}

/// What the acceptor said to a question, as its answer.
fn answered<F>(
    step: &Step<Status, F>,
    answer: impl Fn(&Status) -> Told,
    fault: impl Fn() -> String,
) -> Option<Told> {
    let Step::Passed { seen, elapsed } = step else { return told(step, |_| String::new(), fault) };
    Some(match answer(seen) {
        Told::Good(said) => Told::Good(with_time(&printable(&said), *elapsed)),
        Told::Bad(said) => Told::Bad(with_time(&printable(&said), *elapsed)),
        Told::Left(said) => Told::Left(with_time(&printable(&said), *elapsed)),
    })
}

fn peering_exists(status: &Status) -> Told {
    match PeeringAnswer::of(Code::from_name(&status.code), &status.message) {
        PeeringAnswer::Exists => Told::Good("yes".to_owned()),
        PeeringAnswer::Unknown => Told::Bad(format!("no ({status})")),
        PeeringAnswer::MarkedDeleted => Told::Bad(format!("it is deleted ({status})")),
        PeeringAnswer::Follower => Told::Left("only the leader knows, and this is a follower".to_owned()),
        PeeringAnswer::NotUnderstood => Told::Left(format!("the answer is not known here ({status})")),
    }
}

fn unused_secret(status: &Status) -> Told {
    match SecretAnswer::of(Code::from_name(&status.code), &status.message) {
        SecretAnswer::UnusedExists => Told::Good("yes: this token's, or a newer one's".to_owned()),
        SecretAnswer::NoneUnused | SecretAnswer::TakenByOldAcceptor => {
            Told::Bad(format!("no: the last token was used ({status})"))
        }
        SecretAnswer::AskAgain => Told::Left("a token was generated or used meanwhile: ask again".to_owned()),
        SecretAnswer::NotUnderstood => Told::Left(format!("the answer is not known here ({status})")),
    }
}

fn with_time(said: &str, elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => said.to_owned(),
        millis => format!("{said} ({millis} ms)"),
    }
}

fn list<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
