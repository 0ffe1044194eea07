//! What `stale` shows: the verdict, then what each source says, then what was not asked.

use owo_colors::OwoColorize;

use super::{Page, printable};
use crate::staleness::{Assessment, NameOrder, Staleness, Verdict};

/// All tokens, as a page of `width` columns.
pub fn staleness(staleness: &Staleness, width: usize) -> String {
    let several = staleness.tokens.len() > 1;
    let mut pages: Vec<String> = Vec::new();
    for (at, token) in staleness.tokens.iter().enumerate() {
        let title = if several {
            format!("=== {}. {} ===\n", at + 1, printable(&token.source))
        } else {
            String::new()
        };
        pages.push(title + &assessment(token, width));
    }
    pages.extend(staleness.orders.iter().map(|order| order_of(order, staleness, width)));
    pages.join("\n")
}

fn assessment(token: &Assessment, width: usize) -> String {
    let mut page = Page::new(width);
    let (verdict, reason) = token.summary.split_once(':').unwrap_or((&token.summary, ""));
    let verdict = match token.verdict {
        Verdict::Current => verdict.green().to_string(),
        Verdict::Undetermined => verdict.yellow().to_string(),
        Verdict::Superseded | Verdict::Spent | Verdict::Orphaned => verdict.red().to_string(),
    };
    page.paragraph(&format!("{}:{}", verdict.bold(), printable(reason)));
    page.row("What to do", &printable(&token.remedy));
    for warning in &token.warnings {
        page.row("Warning", &printable(warning).yellow().to_string());
    }
    for contradiction in &token.contradictions {
        page.row("Contradiction", &printable(&contradiction.says).yellow().to_string());
    }
    page.row("Peer ID", &printable(&token.peer_id));
    if let Some(name) = &token.name {
        page.row("Name", &printable(name));
    }
    page.heading("Evidence");
    if token.evidence.is_empty() {
        page.line("none");
    }
    for claim in &token.evidence {
        let mark = if claim.decided { " (this decided)" } else { "" };
        page.row(claim.source.words(), &format!("{}{}", printable(&claim.says), mark.bold()));
    }
    if !token.not_asked.is_empty() {
        page.heading("Not known");
    }
    for source in &token.not_asked {
        let asked = if source.asked { "no answer, because" } else { "not asked:" };
        page.row(source.source.words(), &format!("{asked} {}", printable(&source.because)));
    }
    page.finish()
}

fn order_of(order: &NameOrder, staleness: &Staleness, width: usize) -> String {
    let mut page = Page::new(width);
    let of = order.name.as_deref().map_or_else(|| "one peering".to_owned(), |name| format!("{name:?}"));
    let sorted = if order.newest_is_known { ", the newest first" } else { ", in no known order" };
    page.heading(&format!("Tokens of {of}{sorted}"));
    page.line(&format!("({})", order.because));
    for place in &order.newest_first {
        if let Some(token) = staleness.tokens.get(*place) {
            page.line(&format!("{}. {}", place + 1, printable(&token.source)));
        }
    }
    page.finish()
}
