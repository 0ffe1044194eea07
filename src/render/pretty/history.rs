//! The output of `history`.

use owo_colors::OwoColorize;

use super::{Page, printable};
use crate::net::ledger::Origin;
use crate::net::ledger::history::{History, HistoryRecord, Status};

/// Renders all records, oldest first, for a terminal of `width` columns.
pub fn history(history: &History, width: usize) -> String {
    let mut page = Page::new(width);
    if history.records.is_empty() {
        return "The ledger has no records\n".to_owned();
    }
    for record in &history.records {
        add_record(&mut page, record);
    }
    page.finish()
}

fn add_record(page: &mut Page, record: &HistoryRecord) {
    let partition = match record.partition.as_str() {
        "" => String::new(),
        partition => format!(" (partition {partition})"),
    };
    page.heading(&format!("{}. {}{partition}", record.number, record.name));
    let by = record.replaced_by.unwrap_or_default();
    let status = match record.status {
        Status::Newest => "newest in the ledger".green().to_string(),
        Status::Superseded => format!("{} by number {by}, of the same peering", "superseded".yellow()),
        Status::Undetermined if record.replaced_by.is_some() => format!(
            "{}: the answer to request {by} was lost, which may have superseded this token",
            "undetermined".yellow()
        ),
        Status::NoToken if record.origin == Origin::Unanswered => {
            format!("{}: the answer to the request did not arrive", "no token".red())
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
    };
    page.row("Status", &status);
    let verb = match record.origin {
        Origin::Generated => "Generated",
        Origin::Imported => "Imported",
        Origin::Failed | Origin::Unanswered | Origin::Refused => "Requested",
    };
    let recorded = printable(&format!(
        "{}, by {} on {}",
        super::inspection::time(record.recorded_at),
        record.user,
        record.host
    ));
    page.row(verb, &recorded);
    if !record.peer_id.is_empty() {
        page.row("Peer ID", &printable(&record.peer_id));
    }
    if record.origin.has_no_token() {
        return;
    }
    page.row("Server name", &printable(&record.server_name));
    page.row("Addresses", &printable(&record.addresses.join(", ")));
    for sha256 in &record.ca_sha256 {
        page.row("CA SHA-256", &printable(sha256));
    }
    page.row("Token SHA-256", &printable(&record.token_sha256));
}
