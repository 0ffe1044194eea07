//! The page of `diff`.

use owo_colors::OwoColorize;

use super::{Page, printable};
use crate::inspect::diff::{Comparison, Which};

/// Returns the comparison as a page of `width` columns.
pub fn diff(comparison: &Comparison, width: usize) -> String {
    let mut page = Page::new(width);
    let (head, rest) = comparison.summary.split_once(':').unwrap_or((&comparison.summary, ""));
    let separator = if rest.is_empty() { "" } else { ":" };
    page.paragraph(&format!("{}{separator}{}", head.bold(), printable(rest)));
    for (label, source) in ["First", "Second"].iter().zip(&comparison.sources) {
        page.row(label, &printable(source));
    }
    let newer = match comparison.newer.which {
        Which::First => "the first",
        Which::Second => "the second",
        Which::Neither => "neither",
        Which::Unknown => "unknown",
    };
    page.row("Newer", &format!("{newer}: {}", comparison.newer.reason));
    if comparison.differences.is_empty() {
        page.row("Differences", "none");
    }
    for difference in &comparison.differences {
        page.heading(difference.field);
        for (label, values) in [("First", &difference.first), ("Second", &difference.second)] {
            if values.is_empty() {
                page.row(label, "(none)");
            }
            for (index, value) in values.iter().enumerate() {
                page.row(if index == 0 { label } else { "" }, &printable(value));
            }
        }
        page.row("Meaning", &difference.meaning);
    }
    page.finish()
}
