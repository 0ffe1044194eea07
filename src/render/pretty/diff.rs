//! The screen of `diff`: how the tokens are related, which one is newer, then each difference.

use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::{MAX_SHOWN, count, counted, grouped, printable};
use crate::inspect::diff::{Comparison, Difference, Relation, Which};
use crate::shell::token_argument;

/// The width of the column of labels.
const LABEL: usize = 6;

/// How many values of a field are shown.
const MAX_VALUES: usize = 3;

/// Renders the comparison.
pub fn diff(comparison: &Comparison, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let mark = match comparison.relation {
        Relation::SameToken | Relation::SamePeering => Mark::Ok,
        Relation::Unknown => Mark::Warning,
        Relation::SameCluster | Relation::OtherCluster | Relation::OtherPeering => Mark::Failure,
    };
    page.answer(mark, &comparison.summary);
    let newer = match comparison.newer.which {
        Which::First => "A",
        Which::Second => "B",
        Which::Neither => "neither",
        Which::Unknown => "unknown",
    };
    let reason = screen.with_ages(&printable(&comparison.newer.reason));
    page.labeled("Newer", LABEL, &format!("{newer}: {reason}"));
    if screen.detail == Detail::Short {
        return page.finish();
    }
    page.empty_line();
    for (label, source) in ["A", "B"].iter().zip(&comparison.sources) {
        page.labeled(label, LABEL, &printable(source));
    }
    if comparison.differences.is_empty() {
        page.labeled("Differences", LABEL, "none");
    }
    for (index, difference) in comparison.differences.iter().enumerate() {
        let mut block = page.empty();
        one(&mut block, difference);
        let rest = comparison.differences.len() - index;
        if screen.detail == Detail::Normal && block.lines() > page.room(2 + usize::from(rest > 1)) {
            let names: Vec<&str> = comparison.differences[index..].iter().map(|it| it.field).collect();
            page.heading(&format!("{}: {}", counted(count(rest), "more difference"), names.join(", ")));
            break;
        }
        page.append(&block);
    }
    page.empty_line();
    let [first, second] = comparison.sources.each_ref().map(|source| token_argument(source));
    page.hints(&["All values: -long".to_owned(), format!("Usable? peering stale {first} {second}")]);
    page.finish()
}

fn one(page: &mut Page, difference: &Difference) {
    page.empty_line();
    page.line(&format!("{}: {}", difference.field, printable(&difference.meaning)));
    let max = if page.screen().detail == Detail::Long { MAX_SHOWN } else { MAX_VALUES };
    for (label, values) in [("A", &difference.first), ("B", &difference.second)] {
        if values.is_empty() {
            page.item(&format!("{label}  (none)"));
        }
        for (index, value) in values.iter().take(max).enumerate() {
            page.hanging(&format!("    {}  ", if index == 0 { label } else { " " }), 7, &printable(value));
        }
        if values.len() > max {
            page.item(&format!("   … and {} more", grouped(count(values.len() - max))));
        }
    }
}
