//! The screen of `diagnose`: the answer, what to do, the addresses, then what else was found.

pub(in crate::render) mod cells;
pub(in crate::render) mod steps;

use jiff::{SignedDuration, Timestamp};
use owo_colors::OwoColorize;

use super::finding::shortened;
use super::inspection::verdict;
use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::table::Table;
use super::{count, counted, grouped, printable};
use crate::connectivity::{AddressTrace, Connectivity};
use crate::diagnosis::{
    Cause, CauseCertainty, Diagnosis, DiagnosisStatus, DialerView, Effect, NO_ERROR, UncheckedSource,
    silent_addresses,
};
use crate::lint::Severity;
use crate::staleness::Verdict;
use crate::staleness::evidence::PeeringState;
use crate::utc;

pub use cells::progress_line;

/// The width of the column of labels.
const LABEL: usize = 5;

/// How many addresses the table lists.
const MAX_ROWS: usize = 6;

/// How many pieces of evidence of the main cause are shown.
const MAX_EVIDENCE: usize = 2;

/// Renders a diagnosis. `shows_progress`: the terminal already shows the steps to each address above it.
pub fn diagnosis(diagnosis: &Diagnosis, shows_progress: bool, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    answer(&mut page, diagnosis);
    match screen.detail {
        Detail::Short => {
            if let Some(connectivity) = &diagnosis.connectivity {
                page.line(&format!("Seen from {}.", printable(&connectivity.observed_from)));
            }
        }
        Detail::Normal => {
            if let Some(connectivity) = diagnosis.connectivity.as_ref().filter(|_| !shows_progress) {
                page.empty_line();
                addresses(&mut page, connectivity);
            }
            others(&mut page, diagnosis);
        }
        Detail::Long => everything(&mut page, diagnosis),
    }
    page.finish()
}

/// Renders the diagnoses of all peerings of a cluster: those that are not healthy with details, the others in one line.
pub fn peerings<'a>(diagnoses: impl Iterator<Item = &'a Diagnosis> + Clone, screen: &Screen) -> String {
    let (healthy, others): (Vec<_>, Vec<_>) = diagnoses.partition(|diagnosis| !is_blocked(diagnosis));
    let mut pages: Vec<String> =
        others.iter().map(|diagnosis| self::diagnosis(diagnosis, false, screen)).collect();
    let mut page = Page::new(screen);
    for diagnosis in healthy {
        page.answer(mark(diagnosis.status), &headline(diagnosis, screen));
    }
    pages.push(page.finish());
    pages.retain(|page| !page.is_empty());
    pages.join("\n")
}

/// Whether something prevents the peering from working.
pub(in crate::render) fn is_blocked(diagnosis: &Diagnosis) -> bool {
    diagnosis.status == DiagnosisStatus::Blocked
}

/// The answer about a cluster that has nothing to diagnose.
pub const NO_PEERINGS: &str = "This cluster has no peerings.";

/// Returns the symbol of the answer.
pub(in crate::render) fn mark(status: DiagnosisStatus) -> Mark {
    match status {
        DiagnosisStatus::Ok => Mark::Ok,
        DiagnosisStatus::Warning => Mark::Warning,
        DiagnosisStatus::Blocked => Mark::Failure,
    }
}

/// Writes the main cause and what to do about it, or that nothing was found.
fn answer(page: &mut Page, diagnosis: &Diagnosis) {
    page.answer(mark(diagnosis.status), &headline(diagnosis, page.screen()));
    if let Some(note) = token_only(diagnosis) {
        page.line(&note);
    }
    let Some(cause) = diagnosis.main_cause() else { return };
    let is_long = page.screen().detail == Detail::Long;
    let max = if is_long { 0 } else { MAX_EVIDENCE };
    let reasons = reasons(diagnosis);
    for reason in reasons.iter().take(max) {
        let reason = page.screen().shown(&printable(reason));
        page.line(&shortened(&reason, 3 * page.width()));
    }
    let more = reasons.len().saturating_sub(max);
    if more > 0 && !is_long {
        page.line(&format!("… and {more} more (-long)"));
    }
    page.labeled("Fix", LABEL, &printable(&cause.remedy));
    if let Some(next) = &cause.next {
        page.labeled("Next", LABEL, &printable(next).bold().to_string());
    }
}

/// Returns that only the token of a document was checked.
pub(in crate::render) fn token_only(diagnosis: &Diagnosis) -> Option<String> {
    diagnosis.extracted_from.map(|document| format!("This tool {document}; only the token is checked here."))
}

/// Returns the observations that make the main cause likely.
pub(in crate::render) fn reasons(diagnosis: &Diagnosis) -> Vec<&str> {
    // The last line names the host.
    let host = diagnosis.connectivity.as_ref().map(|it| format!(" (observed from {})", it.observed_from));
    let evidence = diagnosis.main_cause().into_iter().flat_map(|cause| &cause.evidence);
    evidence
        .filter(|evidence| evidence.effect == Effect::Raises)
        .map(|evidence| {
            let message = evidence.message.as_str();
            host.as_ref().and_then(|host| message.strip_suffix(host)).unwrap_or(message)
        })
        .collect()
}

/// Returns the answer in one sentence; for a peering that was diagnosed by name, its state comes first.
pub(in crate::render) fn headline(diagnosis: &Diagnosis, screen: &Screen) -> String {
    let Some(peering) = &diagnosis.peering else { return cause_in_short(diagnosis) };
    // By the clock of the Consul that reports it.
    let offset = diagnosis.dialer.as_ref().and_then(|view| view.clock_offset).unwrap_or_default();
    let now = screen.now.checked_add(SignedDuration::from_secs(offset)).unwrap_or(screen.now);
    let heard = match peering.last_heard_at {
        Some(at) => format!("last heard {}", heard_ago(at, now, &peering.state)),
        None => "never heard".to_owned(),
    };
    let subject = format!("{} is {} ({heard})", screen.name(&peering.name), printable(&peering.state));
    match diagnosis.main_cause() {
        None if peering.state == PeeringState::Active.name() => {
            match silent_addresses(diagnosis.connectivity.as_ref()) {
                None => format!("{subject} and works."),
                Some(failure) => format!("{subject}, but {}.", printable(&failure)),
            }
        }
        _ => format!("{subject}. {}", cause_in_short(diagnosis)),
    }
}

/// Returns how long ago the peer was last heard: in seconds, if the peering broke just now.
fn heard_ago(at: Timestamp, now: Timestamp, state: &str) -> String {
    let silence = now.duration_since(at.min(now));
    if state != PeeringState::Active.name() && silence < SignedDuration::from_mins(1) {
        return format!("{} ago", utc::span(silence));
    }
    utc::relative(at.min(now), now)
}

fn cause_in_short(diagnosis: &Diagnosis) -> String {
    let Some(cause) = diagnosis.main_cause() else { return printable(&diagnosis.conclusion) };
    let summary = printable(&cause.summary);
    match (cause.severity, cause.certainty) {
        (Severity::Info, _) | (_, CauseCertainty::Certain) => summary,
        (_, CauseCertainty::Likely) => format!("Most likely: {summary}"),
        (_, CauseCertainty::Possible) => format!("Possibly: {summary}"),
    }
}

/// Writes one row per address.
fn addresses(page: &mut Page, connectivity: &Connectivity) {
    let mut table = Table::new(COLUMNS);
    for trace in connectivity.addresses.iter().take(MAX_ROWS) {
        let address = address(trace);
        let [dns, tcp, tls, grpc, peering, secret] = cells::cells(trace, page.screen());
        table.row([address, dns, tcp, tls, grpc, peering, secret]);
    }
    table.write(page, 2);
    let more = connectivity.addresses.len().saturating_sub(MAX_ROWS);
    if more > 0 {
        page.line(&format!("… and {} more (-long)", counted(count(more), "address")));
    }
    if let Some(line) = truncated(connectivity) {
        page.line(&line);
    }
}

/// The columns of the table of addresses.
pub(in crate::render) const COLUMNS: [&str; 7] =
    ["ADDRESS", "DNS", "TCP", "TLS", "gRPC", "PEERING", "SECRET"];

/// Returns an address, and whether it is special.
pub(in crate::render) fn address(trace: &AddressTrace) -> String {
    let address = printable(&trace.address);
    match (trace.is_gateway, trace.dialed) {
        (true, _) => format!("{address} (own gateway)"),
        (_, true) => address,
        (_, false) => format!("{address} (not dialed)"),
    }
}

/// Returns how many addresses were not checked, if any.
pub(in crate::render) fn truncated(connectivity: &Connectivity) -> Option<String> {
    let number = connectivity.truncated;
    (number > 0).then(|| format!("… and {} more, not checked", grouped(count(number))))
}

/// Returns the host from which addresses were seen.
pub(in crate::render) fn seen_from(connectivity: &Connectivity) -> String {
    let host = printable(&connectivity.observed_from);
    format!("Seen from {host}; the dialing servers may see something different.")
}

/// Writes the other causes, what does not block, and what was not checked.
fn others(page: &mut Page, diagnosis: &Diagnosis) {
    page.empty_line();
    let main = diagnosis.main_cause().map(|cause| cause.name);
    let others = || diagnosis.causes.iter().filter(|cause| Some(cause.name) != main);
    let blocking: Vec<&Cause> = others().filter(|cause| cause.severity == Severity::Error).collect();
    for (index, cause) in blocking.iter().enumerate() {
        if page.room(5) == 0 {
            page.line(&format!("… and {} more (-long)", counted(count(blocking.len() - index), "cause")));
            break;
        }
        let text = format!("Also possible: {}: {}", cause.name, printable(&cause.summary));
        page.raw_line(&shortened(&page.screen().shown(&text), page.width()));
    }
    let notes: Vec<&str> =
        others().filter(|cause| cause.severity < Severity::Error).map(|cause| cause.name).collect();
    if !notes.is_empty() {
        page.hanging("", 2, &format!("Also found, not blocking: {}", notes.join(", ")));
    }
    let staleness = diagnosis.staleness.as_ref().filter(|it| it.verdict == Verdict::Current);
    if let Some(staleness) = staleness {
        page.hanging("", 2, &format!("Token: {}", printable(&staleness.summary)));
    }
    for (sources, reason) in not_checked(diagnosis) {
        let reason = page.screen().shown(&reason);
        let whole = format!("Not checked: {sources}: {reason}");
        // The end of a long error is its cause.
        let cause = reason.rsplit_once(": ").map_or(reason.as_str(), |(_, cause)| cause);
        let is_long = whole.chars().count() > page.width();
        let text = if is_long { format!("Not checked: {sources}: {cause}") } else { whole };
        page.raw_line(&shortened(&text, page.width()));
    }
    let mut hints = Vec::new();
    hints.extend(diagnosis.connectivity.as_ref().map(seen_from));
    hints.push("All details: -long".to_owned());
    page.hints(&hints);
}

/// Returns the sources that were not checked, those with the same reason together.
pub(in crate::render) fn not_checked(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let unchecked: Vec<&UncheckedSource> =
        diagnosis.not_checked.iter().filter(|it| it.reason != NO_ERROR).collect();
    unchecked
        .chunk_by(|one, next| one.reason == next.reason)
        .map(|same| {
            let sources = list(&same.iter().map(|it| it.source.label()).collect::<Vec<_>>());
            (sources, printable(&same[0].reason))
        })
        .collect()
}

/// Writes all causes with their evidence, and what every source reported.
fn everything(page: &mut Page, diagnosis: &Diagnosis) {
    causes(page, diagnosis);
    if let Some(acceptance) = &diagnosis.consul {
        page.heading("Token");
        verdict(page, acceptance);
    }
    if let Some(connectivity) = &diagnosis.connectivity {
        page.heading(&format!("Connectivity, observed from {}", connectivity.observed_from));
        for trace in &connectivity.addresses {
            steps::steps(page, trace);
        }
        if let Some(line) = truncated(connectivity) {
            page.line(&line);
        }
    }
    if let Some(staleness) = &diagnosis.staleness {
        page.heading("Staleness");
        page.line(&printable(&staleness.summary));
    }
    if let Some(view) = &diagnosis.dialer {
        page.heading(&format!("Consul at {}", printable(&view.address)));
        dialer(page, view);
    }
    if !diagnosis.not_checked.is_empty() {
        page.heading("Not checked");
        for unchecked in &diagnosis.not_checked {
            page.line(&format!("{}: {}", unchecked.source.label(), printable(&unchecked.reason)));
        }
    }
}

/// The headings of causes that block the peering, and of the others.
pub(in crate::render) const CAUSES: &str = "Causes, the most likely first";
pub(in crate::render) const NOTES: &str = "Also found, not blocking";

fn causes(page: &mut Page, diagnosis: &Diagnosis) {
    let (blocking, notes): (Vec<&Cause>, Vec<&Cause>) =
        diagnosis.causes.iter().partition(|cause| cause.severity == Severity::Error);
    for (heading, causes) in [(CAUSES, blocking), (NOTES, notes)] {
        if causes.is_empty() {
            continue;
        }
        page.heading(heading);
        for (index, cause) in causes.iter().enumerate() {
            if index > 0 {
                page.empty_line();
            }
            one_cause(
                page,
                cause,
                index + 1,
                diagnosis.main_cause().is_some_and(|main| main.name == cause.name),
            );
        }
    }
}

/// Returns how certain a cause is.
pub(in crate::render) fn certainty(cause: &Cause) -> &'static str {
    match cause.certainty {
        CauseCertainty::Certain => "certain",
        CauseCertainty::Likely => "likely",
        CauseCertainty::Possible => "possible",
    }
}

/// Writes a cause with its evidence. The fix of the main cause is above.
fn one_cause(page: &mut Page, cause: &Cause, number: usize, is_main: bool) {
    page.line(&format!("{number}. {} ({})", cause.name.bold(), certainty(cause)));
    if !is_main {
        page.item(&printable(&cause.summary));
    }
    for evidence in &cause.evidence {
        let sign = match evidence.effect {
            Effect::Raises => "+".red().to_string(),
            Effect::Lowers => "-".green().to_string(),
        };
        page.item(&format!("{sign} {}: {}", evidence.source.label(), printable(&evidence.message)));
    }
    if is_main {
        return;
    }
    page.item(&format!("Fix: {}", printable(&cause.remedy)));
    if let Some(next) = &cause.next {
        page.item(&format!("Next: {}", printable(next)));
    }
}

fn dialer(page: &mut Page, view: &DialerView) {
    for (label, value) in dialer_rows(view) {
        page.row(label, &value);
    }
}

/// Returns what the Consul at `-http-addr` reports about itself, each value with its label.
pub(in crate::render) fn dialer_rows(view: &DialerView) -> Vec<(&'static str, String)> {
    let version = view.version.as_deref().map_or_else(|| "unknown".to_owned(), printable);
    let may_write = match view.may_write {
        Some(true) => "allowed",
        Some(false) => "not allowed with this ACL token",
        None => "unknown",
    };
    let mut rows = vec![("Version", version), ("peering:write", may_write.to_owned())];
    if view.peering_enabled == Some(false) {
        rows.push(("Peering", "disabled (peering.enabled)".to_owned()));
    }
    if view.through_mesh_gateways == Some(true) {
        rows.push(("Dials", "through its mesh gateways".to_owned()));
    }
    if let Some(peerings) = &view.peerings {
        rows.push(("Peerings", peerings.len().to_string()));
    }
    rows.extend(view.refusals.iter().map(|refusal| ("Error", printable(refusal))));
    rows
}

fn list<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
