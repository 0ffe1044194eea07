//! The screen of `stale`: the verdict, what to do, then one line for each source. Several tokens are a table.

use owo_colors::OwoColorize;

use super::finding::shortened;
use super::page::Page;
use super::printable;
use super::screen::{Detail, Mark, Screen};
use super::table::Table;
use crate::shell::{quoted, token_argument};
use crate::staleness::{
    Assessment, Certainty, NameOrder, NotChecked, PeeringStatus, SourceName, Staleness, Verdict,
};
use crate::utc;

/// The width of the column of labels.
const LABEL: usize = 14;

/// Renders all tokens.
pub fn staleness(staleness: &Staleness, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    match &staleness.tokens[..] {
        [one] => assessment(&mut page, one),
        several => {
            table(&mut page, staleness);
            if screen.detail == Detail::Long {
                for token in several {
                    page.heading(&token.source);
                    assessment(&mut page, token);
                }
            }
        }
    }
    page.finish()
}

/// Returns the symbol of a verdict.
pub(in crate::render) fn mark(verdict: Verdict) -> Mark {
    match verdict {
        Verdict::Current => Mark::Ok,
        Verdict::Undetermined => Mark::Warning,
        Verdict::Superseded | Verdict::Spent | Verdict::Orphaned => Mark::Failure,
    }
}

/// Splits the summary into the verdict and its reason.
pub(in crate::render) fn verdict_and_reason(token: &Assessment) -> (&str, &str) {
    let (verdict, reason) = token.summary.split_once(": ").unwrap_or((&token.summary, ""));
    (verdict, reason.trim_end_matches('.'))
}

/// Returns the answer about a token: its symbol and the sentence.
pub(in crate::render) fn answer(token: &Assessment) -> (Mark, &str) {
    match working_peering(token) {
        Some(peering) if peering.state == "ACTIVE" => (Mark::Ok, &peering.summary),
        Some(peering) => (Mark::Warning, &peering.summary),
        None => (mark(token.verdict), &token.summary),
    }
}

/// Returns the peering that works, or that reconnects by itself, and so needs no token.
fn working_peering(token: &Assessment) -> Option<&PeeringStatus> {
    token.peering.as_ref().filter(|peering| !peering.needs_token)
}

/// Returns what to do and what else to know, each with its label.
pub(in crate::render) fn advice(token: &Assessment) -> Vec<(&'static str, &str)> {
    let mut lines = match (working_peering(token), token.verdict) {
        (Some(_), _) => vec![("Next", &*token.remedy), ("Token", &token.summary)],
        (None, Verdict::Current | Verdict::Undetermined) => vec![("Next", &*token.remedy)],
        (None, Verdict::Superseded | Verdict::Spent | Verdict::Orphaned) => vec![("Fix", &*token.remedy)],
    };
    lines.extend(token.warnings.iter().map(|warning| (WARNING, warning.as_str())));
    lines.extend(token.contradictions.iter().map(|it| (CONTRADICTION, it.message.as_str())));
    lines
}

const WARNING: &str = "Warning";
const CONTRADICTION: &str = "Contradiction";

fn assessment(page: &mut Page, token: &Assessment) {
    let screen = *page.screen();
    let text = |text: &str| screen.with_ages(&printable(text));
    let (mark, sentence) = answer(token);
    page.answer(mark, &text(sentence));
    for (label, line) in advice(token) {
        let line = text(line);
        let is_notice = matches!(label, WARNING | CONTRADICTION);
        page.labeled(label, LABEL, &if is_notice { line.yellow().to_string() } else { line });
    }
    match screen.detail {
        Detail::Short => {}
        Detail::Normal => {
            page.empty_line();
            decisive_source(page, token);
            evidence(page, token);
            unchecked_lines(page, &token.not_checked);
            if !token.evidence.is_empty() || !token.not_checked.is_empty() {
                page.empty_line();
            }
            page.hints(&hints(token));
        }
        Detail::Long => {
            page.heading("Token");
            page.labeled("Peer ID", LABEL, &printable(&token.peer_id));
            if let Some(name) = &token.name {
                page.labeled("Name", LABEL, &printable(name));
            }
            if let Some(at) = token.generated_at {
                page.labeled("Generated", LABEL, &screen.time(at));
            }
            page.heading("Evidence");
            if token.evidence.is_empty() {
                page.line("none");
            }
            evidence(page, token);
            not_checked(page, &token.not_checked);
        }
    }
}

/// Writes which source decided: its message is the reason in the answer.
fn decisive_source(page: &mut Page, token: &Assessment) {
    if let Some((label, source)) = decided_by(token) {
        page.labeled(label, LABEL, source);
    }
}

/// Returns which source decided, with a label for how certain that is.
pub(in crate::render) fn decided_by(token: &Assessment) -> Option<(&'static str, &'static str)> {
    let label = match token.certainty {
        Some(Certainty::Proven) => "Proven by",
        Some(Certainty::Likely) | None => "Indicated by",
    };
    token.evidence.iter().find(|claim| claim.decisive).map(|claim| (label, claim.source.label()))
}

/// Writes one line for each source. One screen does not repeat the decisive one.
fn evidence(page: &mut Page, token: &Assessment) {
    let screen = *page.screen();
    let is_long = screen.detail == Detail::Long;
    for claim in token.evidence.iter().filter(|claim| is_long || !claim.decisive) {
        let mark = if claim.decisive { " (decisive)" } else { "" };
        let message = screen.with_ages(&printable(&claim.message));
        page.labeled(claim.source.label(), LABEL, &format!("{message}{mark}"));
    }
}

fn not_checked(page: &mut Page, sources: &[NotChecked]) {
    if !sources.is_empty() {
        page.heading("Not checked");
    }
    for source in sources {
        page.labeled(source.source.label(), LABEL, &printable(&why_not_checked(source)));
    }
}

/// Returns why a source reported nothing.
pub(in crate::render) fn why_not_checked(source: &NotChecked) -> String {
    let prefix = if source.queried { "no answer: " } else { "" };
    format!("{prefix}{}", source.reason)
}

/// Writes one line for each reason why sources were not checked.
fn unchecked_lines(page: &mut Page, sources: &[NotChecked]) {
    for same in sources.chunk_by(|one, next| one.reason == next.reason) {
        let names: Vec<&str> = same.iter().map(|it| it.source.label().trim_end_matches('?')).collect();
        let text = format!("{} ({})", names.join(", "), printable(&same[0].reason));
        let room = page.width().saturating_sub(LABEL + 4);
        page.labeled("Not checked", LABEL, &shortened(&page.screen().shown(&text), room));
    }
}

fn hints(token: &Assessment) -> Vec<String> {
    let next = next_command(token).map(|(label, command)| format!("{label}: {command}"));
    std::iter::once("All evidence: -long".to_owned()).chain(next).collect()
}

/// Returns the next command with its label: the one that gets the missing evidence, or the one that uses the token.
pub(in crate::render) fn next_command(token: &Assessment) -> Option<(&'static str, String)> {
    let argument = token_argument(&token.source);
    let name = token.name.as_deref().map_or_else(String::new, |name| format!(" -name {}", quoted(name)));
    let is_open = |source| token.not_checked.iter().any(|it| it.source == source && !it.queried);
    match token.verdict {
        Verdict::Undetermined if is_open(SourceName::PeeringExists) => {
            Some(("Next", format!("peering stale {argument}{name} -probe")))
        }
        Verdict::Undetermined if is_open(SourceName::Snapshot) => {
            Some(("Next", format!("peering stale {argument}{name} -snapshot FILE")))
        }
        Verdict::Undetermined => None,
        Verdict::Current => {
            let command = format!("peering establish -name NAME -peering-token {argument}");
            Some(("On the other cluster", command))
        }
        Verdict::Superseded | Verdict::Spent | Verdict::Orphaned => {
            Some(("All tokens", format!("peering history{name}")))
        }
    }
}

/// Writes one row per token, the newest of each name first, then what holds for all of them.
fn table(page: &mut Page, staleness: &Staleness) {
    let screen = *page.screen();
    let mut table = Table::new(["TOKEN", "STATUS", "GENERATED", "WHY"]);
    for index in newest_first(staleness) {
        let token = &staleness.tokens[index];
        let (verdict, reason) = verdict_and_reason(token);
        let generated = token.generated_at.map_or_else(|| "unknown".to_owned(), utc::date_time);
        table.row([
            printable(&token.source),
            format!("{} {}", screen.mark(mark(token.verdict)), verdict.to_lowercase()),
            generated,
            printable(reason),
        ]);
    }
    table.write(page, 0);
    if screen.detail == Detail::Short {
        return;
    }
    page.empty_line();
    for remark in remarks(staleness) {
        page.paragraph(&remark);
    }
    let unchecked: Vec<&NotChecked> = staleness.tokens.iter().flat_map(|token| &token.not_checked).collect();
    let mut names: Vec<&str> = unchecked.iter().map(|it| it.source.label().trim_end_matches('?')).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    if !names.is_empty() {
        page.paragraph(&format!("Not checked: {}", names.join(", ")));
    }
    page.hints(&["Evidence for each token: -long".to_owned()]);
}

/// Returns what holds for several tokens: the peerings, and names whose newest token is unknown.
pub(in crate::render) fn remarks(staleness: &Staleness) -> Vec<String> {
    let peerings = staleness.tokens.iter().filter_map(|token| token.peering.as_ref());
    let mut remarks: Vec<String> = peerings.map(|peering| printable(&peering.summary)).collect();
    remarks.dedup();
    let unknown = staleness.orders.iter().filter(|order| !order.newest_is_known);
    remarks.extend(unknown.map(|order| format!("Order of {} unknown: {}.", name(order), order.reason)));
    remarks
}

fn name(order: &NameOrder) -> String {
    order.name.as_deref().map_or_else(|| "one peering".to_owned(), |name| format!("{:?}", printable(name)))
}

/// Returns the tokens by index: those of one name together, the newest first.
pub(in crate::render) fn newest_first(staleness: &Staleness) -> Vec<usize> {
    let mut indexes = Vec::new();
    for index in 0..staleness.tokens.len() {
        let group = staleness.orders.iter().find(|order| order.newest_first.contains(&index));
        let own = [index];
        let group = group.map_or(&own[..], |order| &order.newest_first);
        for index in group {
            if !indexes.contains(index) {
                indexes.push(*index);
            }
        }
    }
    indexes
}
