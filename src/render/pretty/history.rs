//! The screen of `history`: a table of records, the newest first.

use owo_colors::OwoColorize;

use super::inspection::FINGERPRINT_LEN;
use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::table::Table;
use super::{MAX_SHOWN, count, counted, grouped, printable};
use crate::net::ledger::Origin;
use crate::net::ledger::history::{History, HistoryRecord, Status};
use crate::shell::quoted;
use crate::utc;

/// How many records fit on one screen.
const MAX_ROWS: usize = 18;

/// The order of the records, and how many there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order {
    /// The oldest first instead of the newest.
    pub oldest_first: bool,
    /// The user chose how many.
    pub limited: bool,
}

/// Renders the records.
pub fn history(history: &History, order: Order, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let mut records: Vec<&HistoryRecord> = history.records.iter().collect();
    if records.is_empty() {
        return "The ledger has no records\n".to_owned();
    }
    if !order.oldest_first {
        records.reverse();
    }
    if screen.detail == Detail::Long {
        for record in records {
            every_field(&mut page, record);
        }
        return page.finish();
    }
    let max = if order.limited { usize::MAX } else { MAX_ROWS };
    let mut table = Table::new(["#", "NAME", "GENERATED", "AGE", "BY", "STATUS", "TOKEN"]);
    for record in records.iter().take(max) {
        table.row([
            record.number.to_string(),
            name(record, screen),
            utc::date_time(record.recorded_at),
            utc::span(record.recorded_at.duration_since(screen.now)),
            by(record, screen),
            colored_status(record),
            token(record),
        ]);
    }
    table.write(&mut page, 0);
    let more = records.len().saturating_sub(max);
    if more > 0 {
        page.line(&format!("… and {} (-limit {})", counted(count(more), "more record"), records.len()));
    }
    if screen.detail == Detail::Normal {
        page.empty_line();
        let newest = records.first().map_or_else(|| "NAME".to_owned(), |record| quoted(&record.name));
        page.hints(&[
            "All fields: -long".to_owned(),
            format!("Still usable? peering stale TOKEN -name {newest} -probe"),
        ]);
    }
    page.finish()
}

/// Returns the local name, with the partition.
pub(in crate::render) fn name(record: &HistoryRecord, screen: &Screen) -> String {
    match record.partition.as_str() {
        "" => screen.name(&record.name),
        partition => format!("{}/{}", screen.name(partition), screen.name(&record.name)),
    }
}

/// Returns the start of the token's fingerprint; nothing without a token.
pub(in crate::render) fn token(record: &HistoryRecord) -> String {
    match record.token_sha256.get(..FINGERPRINT_LEN) {
        Some(start) if !record.origin.has_no_token() => format!("{}…", printable(start)),
        _ => String::new(),
    }
}

/// Returns who generated or imported the token.
pub(in crate::render) fn by(record: &HistoryRecord, screen: &Screen) -> String {
    format!("{}@{}", screen.name(&record.user), screen.name(&record.host))
}

/// Returns the status in a few words.
pub(in crate::render) fn status(record: &HistoryRecord) -> (Mark, String) {
    let by = record.replaced_by.map_or_else(String::new, |by| format!(" by {by}"));
    let (mark, status) = match record.status {
        Status::Newest if record.origin == Origin::Imported => (Mark::Info, "newest (imported)"),
        Status::Newest => (Mark::Ok, "newest known"),
        Status::Superseded => (Mark::Warning, "superseded"),
        Status::Undetermined => return (Mark::Warning, "order unknown".to_owned()),
        Status::NoToken if record.origin == Origin::Unanswered => (Mark::Failure, "no answer"),
        Status::NoToken if record.origin == Origin::Revoked => (Mark::Info, "revoked"),
        Status::NoToken => (Mark::Failure, "request failed"),
        Status::Orphaned => (Mark::Failure, "orphaned"),
    };
    (mark, format!("{status}{by}"))
}

fn colored_status(record: &HistoryRecord) -> String {
    let (mark, status) = status(record);
    match mark {
        Mark::Ok => status.green().to_string(),
        Mark::Warning => status.yellow().to_string(),
        Mark::Failure => status.red().to_string(),
        Mark::Info | Mark::Open => status,
    }
}

fn every_field(page: &mut Page, record: &HistoryRecord) {
    let partition = match record.partition.as_str() {
        "" => String::new(),
        partition => format!(" (partition {})", page.screen().name(partition)),
    };
    page.heading(&format!("{}. {}{partition}", record.number, page.screen().name(&record.name)));
    page.row("Status", &explained(record));
    let verb = match record.origin {
        Origin::Generated => "Generated",
        Origin::Imported => "Imported",
        Origin::Failed | Origin::Unanswered | Origin::Refused => "Requested",
        Origin::Revoked => "Revoked",
    };
    let (user, host) = (page.screen().name(&record.user), page.screen().name(&record.host));
    let by = format!("by {user} on {host}");
    page.row(verb, &format!("{}, {by}", page.screen().time(record.recorded_at)));
    if !record.peer_id.is_empty() {
        page.row("Peer ID", &printable(&record.peer_id));
    }
    if record.origin.has_no_token() {
        return;
    }
    page.row("Server name", &printable(&record.server_name));
    page.row("Addresses", &addresses(&record.addresses));
    for sha256 in record.ca_sha256.iter().take(MAX_SHOWN) {
        page.row("CA SHA-256", &printable(sha256));
    }
    page.truncated(record.ca_sha256.len());
    page.row("Token SHA-256", &printable(&record.token_sha256));
}

fn addresses(all: &[String]) -> String {
    let shown = printable(&all[..all.len().min(MAX_SHOWN)].join(", "));
    match all.len().saturating_sub(MAX_SHOWN) {
        0 => shown,
        more => format!("{shown} and {} more", grouped(count(more))),
    }
}

/// The status, and what it means.
fn explained(record: &HistoryRecord) -> String {
    let by = record.replaced_by.unwrap_or_default();
    match record.status {
        Status::Newest => "newest in the ledger".green().to_string(),
        Status::Superseded => format!("{} by number {by}, of the same peering", "superseded".yellow()),
        Status::Undetermined if record.replaced_by.is_some() => format!(
            "{}: the answer to request {by} was lost, which may have superseded this token",
            "undetermined".yellow()
        ),
        Status::NoToken if record.origin == Origin::Unanswered => {
            format!("{}: the answer to the request did not arrive", "no token".red())
        }
        Status::NoToken if record.origin == Origin::Revoked => {
            "no token: revoke invalidated the unused one".to_owned()
        }
        Status::NoToken => format!(
            "{}: the request failed after Consul stored a new secret, which it did not return",
            "no token".red()
        ),
        Status::Undetermined => format!(
            "{}: another token of this peering is in the ledger, and one was imported, so it is unknown which one is \
             newer",
            "undetermined".yellow()
        ),
        Status::Orphaned => {
            format!("{}: number {by} has another peer ID, so this peering was deleted", "orphaned".red())
        }
    }
}
