//! The pages of `peering ui`. All text of a cluster is escaped, and hidden characters are shown as on a terminal.

mod peering;

use maud::{DOCTYPE, Markup, html};

use super::audit::{View, content, rules};
use super::page::STYLE;
use super::parts::{command, sign, table};
use crate::audit::{Place, Report, checks};
use crate::hex::sha256_hex;
use crate::net::ledger::history::{History, HistoryRecord};
use crate::render::pretty::{Screen, count, counted, history as words};
use crate::utc;

pub use peering::{diagnosis, peering};

/// The script of all pages: it joins the session, and shows the events of a diagnosis.
pub const SCRIPT: &str = include_str!("ui/ui.js");

/// How many records of the ledger a page lists: the newest.
const MAX_RECORDS: usize = 500;

/// The length of a peering's key in addresses, in hexadecimal digits.
const KEY_LEN: usize = 16;

/// The pages in the navigation.
const PAGES: [(&str, &str); 3] =
    [("/peerings", "Peerings"), ("/history", "Ledger"), ("/page", "Read a token")];

/// Returns the style of all pages.
pub fn style() -> String {
    let filters = rules(checks::ALL.iter().map(|it| it.check.name));
    [STYLE, include_str!("ui/ui.css"), &filters].concat()
}

/// Renders the page of the printed URL, whose script sends the token in the fragment.
pub fn start() -> String {
    document(
        "Peerings",
        &html! {
            main {
                p id="start" role="status" {}
                noscript { p { "This page needs JavaScript." } }
            }
        },
    )
}

/// Renders a message, for example why a request is refused.
pub fn message(text: &str) -> String {
    document("Peerings", &html! { main { h1 { "peering ui" } p { (text) } } })
}

/// Renders the report of an audit. Each peering leads to its own page.
pub fn peerings(report: &Report, screen: &Screen) -> String {
    let content = content(&View::new(report, screen, Some(link)));
    let note = html! {
        p { "Read at " (utc::date_time(report.judged_at)) ". " a id="again" href="/peerings?new=1" { "Audit again" } }
    };
    document("Peerings", &html! { (content.header(&note)) main { (content.body) } })
}

/// Renders the ledger, the newest record first.
pub fn history(history: &History, screen: &Screen) -> String {
    let body = html! {
        main {
            h1 { "Ledger" }
            p class="dim" { "The tokens that this tool generated or imported on this machine. It does not know whether they were used." }
            @if history.records.is_empty() { p { "The ledger has no records." } }
            @else { (records(history.records.iter(), screen)) (command("All fields", "peering history -long")) }
        }
    };
    document("Ledger", &body)
}

/// Returns a table of records, the newest first. They are given oldest first.
fn records<'a>(
    records: impl DoubleEndedIterator<Item = &'a HistoryRecord> + ExactSizeIterator,
    screen: &Screen,
) -> Markup {
    let more = records.len().saturating_sub(MAX_RECORDS);
    let rows = records.rev().take(MAX_RECORDS).map(|record| {
        let (mark, status) = words::status(record);
        vec![
            html! { (record.number) },
            html! { b { (words::name(record, screen)) } },
            html! { (sign(mark)) " " (status) },
            html! { (screen.time(record.recorded_at)) },
            html! { (words::by(record, screen)) },
            html! { code { (words::token(record)) } },
        ]
    });
    let rows: Vec<Vec<Markup>> = rows.collect();
    html! {
        (table("Ledger", &["#", "Name", "Status", "Generated", "By", "Token"], &rows))
        @if more > 0 { p { "and " (counted(count(more), "older record")) " (peering history)" } }
    }
}

/// Returns the address of the page about a peering. It contains no name, so that it can be seen with `-redact`.
fn link(place: Place<'_>) -> String {
    format!("/peering?key={}", key(place))
}

fn key((cluster, partition, name): Place<'_>) -> String {
    let mut key = sha256_hex([cluster, partition, name.unwrap_or_default()].join("\0").as_bytes());
    key.truncate(KEY_LEN);
    key
}

/// Returns the place of the peering with a key; `None` if the audit has no such peering.
pub fn place<'a>(report: &'a Report, wanted: &str) -> Option<Place<'a>> {
    report.peerings.iter().map(crate::audit::PeeringRow::place).find(|place| key(*place) == wanted)
}

fn document(title: &str, body: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – peering" }
                link rel="stylesheet" href="/ui.css";
                script src="/ui.js" defer {}
            }
            body {
                nav aria-label="Pages" {
                    @for (path, name) in PAGES {
                        a href=(path) aria-current=[(name == title).then_some("page")] { (name) }
                    }
                }
                (body)
            }
        }
    };
    document.into_string() + "\n"
}
