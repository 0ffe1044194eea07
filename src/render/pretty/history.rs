//! What `history` shows.

use owo_colors::OwoColorize;

use super::{Page, printable};
use crate::net::ledger::Origin;
use crate::net::ledger::history::{History, Remembered, Standing};

/// All records, the oldest first, for a terminal of `width` columns.
pub fn history(history: &History, width: usize) -> String {
    let mut page = Page::new(width);
    if history.records.is_empty() {
        return "The ledger knows of no token\n".to_owned();
    }
    for record in &history.records {
        remembered(&mut page, record);
    }
    page.finish()
}

fn remembered(page: &mut Page, record: &Remembered) {
    let partition = match record.partition.as_str() {
        "" => String::new(),
        partition => format!(" (partition {partition})"),
    };
    page.heading(&format!("{}. {}{partition}", record.number, record.name));
    let standing = match record.standing {
        Standing::Newest => "the newest known".green().to_string(),
        Standing::Superseded(by) => {
            format!("{} by number {by}, of the same peering", "superseded".yellow())
        }
        Standing::NotKnown => format!(
            "{}: there are several tokens of this peering, one of them imported, which does not say when it was generated",
            "not known".yellow()
        ),
        Standing::Orphaned(by) => {
            format!("{}: number {by} has another peer ID, so this peering was deleted", "orphaned".red())
        }
    };
    page.row("Standing", &standing);
    let verb = match record.source {
        Origin::Generated => "Generated",
        Origin::Imported => "Imported",
    };
    let who = printable(&format!(
        "{}, by {} on {}",
        super::inspection::time(record.time),
        record.user,
        record.host
    ));
    page.row(verb, &who);
    page.row("Peer ID", &printable(&record.peer_id));
    page.row("Server name", &printable(&record.server_name));
    page.row("Addresses", &printable(&record.addresses.join(", ")));
    for sha256 in &record.ca_sha256 {
        page.row("CA SHA-256", &printable(sha256));
    }
    page.row("Token SHA-256", &printable(&record.token_sha256));
}
