//! The output of `stale`: the verdict, then what each source reports, then what was not checked.

use owo_colors::OwoColorize;

use super::{Page, printable};
use crate::staleness::{Assessment, NameOrder, Staleness, Verdict};

/// Renders all tokens for a terminal of `width` columns.
pub fn staleness(staleness: &Staleness, width: usize) -> String {
    let several = staleness.tokens.len() > 1;
    let mut pages: Vec<String> = Vec::new();
    for (index, token) in staleness.tokens.iter().enumerate() {
        let title = if several {
            format!("=== {}. {} ===\n", index + 1, printable(&token.source))
        } else {
            String::new()
        };
        pages.push(title + &assessment(token, width));
    }
    pages.extend(staleness.orders.iter().map(|order| name_order(order, staleness, width)));
    pages.join("\n")
}

fn assessment(token: &Assessment, width: usize) -> String {
    let mut page = Page::new(width);
    if let Some(peering) = token.peering.as_ref().filter(|peering| !peering.needs_token) {
        let summary = printable(&peering.summary);
        let works = peering.state == "ACTIVE";
        page.paragraph(&if works { summary.green().to_string() } else { summary.yellow().to_string() });
    }
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
        page.row("Contradiction", &printable(&contradiction.message).yellow().to_string());
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
        let mark = if claim.decisive { " (decisive)" } else { "" };
        page.row(claim.source.label(), &format!("{}{}", printable(&claim.message), mark.bold()));
    }
    if !token.not_checked.is_empty() {
        page.heading("Not checked");
    }
    for source in &token.not_checked {
        let prefix = if source.queried { "no answer: " } else { "" };
        page.row(source.source.label(), &format!("{prefix}{}", printable(&source.reason)));
    }
    page.finish()
}

fn name_order(order: &NameOrder, staleness: &Staleness, width: usize) -> String {
    let mut page = Page::new(width);
    let name = order.name.as_deref().map_or_else(|| "one peering".to_owned(), |name| format!("{name:?}"));
    let sorted = if order.newest_is_known { "newest first" } else { "order unknown" };
    page.heading(&format!("Tokens of {name}, {sorted}"));
    page.line(&format!("({})", order.reason));
    for index in &order.newest_first {
        if let Some(token) = staleness.tokens.get(*index) {
            page.line(&format!("{}. {}", index + 1, printable(&token.source)));
        }
    }
    page.finish()
}
