//! The screen of `find`: the answer, what to do, then each token with its place.

use std::collections::BTreeSet;

use super::inspection::fingerprint;
use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::staleness::mark;
use super::{count, counted, printable};
use crate::find::report::Report;
use crate::find::token_found::{Change, TokenFound};

/// The width of the column of labels.
const LABEL: usize = 11;

/// How many digits of a commit's name are shown.
const COMMIT_LEN: usize = 12;

/// Renders what was found.
pub fn found(report: &Report, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    answer(&mut page, report);
    for token in &report.tokens {
        if screen.detail == Detail::Short {
            page.line(&place(token));
        } else {
            page.empty_line();
            entry(&mut page, token);
        }
    }
    if !report.tokens.is_empty() && screen.detail != Detail::Short {
        page.empty_line();
        page.hints(&hints(report));
    }
    page.finish()
}

fn answer(page: &mut Page, report: &Report) {
    let searched = counted(count(usize::try_from(report.searched.files).unwrap_or(usize::MAX)), "file");
    let known = match report.known {
        0 => String::new(),
        known => format!(", and {} in the baseline", counted(count(known), "token")),
    };
    if report.tokens.is_empty() {
        let (sign, unread) = match report.unreadable.len() {
            0 => (Mark::Ok, String::new()),
            unread => (Mark::Warning, format!("; {} could not be read", counted(count(unread), "path"))),
        };
        let new = if report.known > 0 { "new " } else { "" };
        page.answer(sign, &format!("No {new}peering token in {searched}{known}{unread}."));
        return;
    }
    let paths: BTreeSet<&str> = report.tokens.iter().map(|token| token.path.as_str()).collect();
    let distinct: BTreeSet<&str> = report.tokens.iter().map(|token| token.token_sha256.as_str()).collect();
    let tokens = counted(count(distinct.len()), "peering token");
    let places = match (report.tokens.len(), paths.len()) {
        (places, files) if places > distinct.len() && places > files => {
            format!("at {} in {}", counted(count(places), "place"), counted(count(files), "file"))
        }
        (_, files) => format!("in {}", counted(count(files), "file")),
    };
    let all = if report.searched.files > paths.len() as u64 {
        format!("; {searched} searched")
    } else {
        String::new()
    };
    page.answer(Mark::Failure, &format!("{tokens} {places}{known}{all}."));
    if page.screen().detail != Detail::Short {
        page.labeled(
            "Risk",
            LABEL,
            "Anyone who has a token can establish its peering, until it is used or superseded.",
        );
    }
    page.labeled(
        "Fix",
        LABEL,
        "Generate it again on the accepting cluster, which invalidates it, and keep the new one in a secret store.",
    );
}

fn entry(page: &mut Page, token: &TokenFound) {
    let screen = *page.screen();
    let encoded = match token.encodings {
        1 => String::new(),
        2 => " (base64 of base64)".to_owned(),
        times => format!(" (base64, {times} times)"),
    };
    page.raw_line(&format!("{}{encoded}", place(token)));
    for (label, value) in [("Peer ID", &token.peer_id), ("Server", &token.server_name)] {
        let value = if value.is_empty() { "(empty)" } else { value };
        page.labeled(label, LABEL, &printable(value));
    }
    let digest = match screen.detail {
        Detail::Long => token.token_sha256.clone(),
        Detail::Short | Detail::Normal => fingerprint(&token.token_sha256),
    };
    page.labeled("Fingerprint", LABEL, &format!("sha256 {digest}"));
    if let Some(staleness) = &token.staleness {
        let summary = screen.with_ages(&printable(&staleness.summary));
        page.labeled("Status", LABEL, &format!("{} {summary}", screen.mark(mark(staleness.verdict))));
    }
}

/// Returns the place as editors and terminals open it: `PATH:LINE:COLUMN`.
fn place(token: &TokenFound) -> String {
    let path = if token.path == "-" { "standard input".to_owned() } else { printable(&token.path) };
    let place = format!("{path}:{}:{}", token.span.line, token.span.column);
    let Some(commit) = &token.commit else { return place };
    let commit = printable(commit.get(..COMMIT_LEN).unwrap_or(commit));
    let verb = if token.change == Some(Change::Removed) { "removed" } else { "added" };
    format!("{place}, {verb} in commit {commit}")
}

fn hints(report: &Report) -> Vec<String> {
    let mut hints = Vec::new();
    if report.tokens.iter().any(|token| token.staleness.is_none()) {
        hints.push("Does it still work? -stale -probe".to_owned());
    }
    hints.push("Known tokens: -write-baseline FILE".to_owned());
    hints
}
