//! The screen of `audit -diff`: what changed between two audits.

use super::super::finding;
use super::super::page::Page;
use super::super::screen::{Detail, Mark, Screen};
use super::super::table::Table;
use super::super::{count, counted, printable};
use super::cluster_name;
use crate::audit::{Change, ChangeKind, Changes};

/// How many changes fit on one screen.
const MAX_CHANGES: usize = 18;

/// Renders what changed between two audits.
pub fn changes(changes: &Changes, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let all = &changes.changes;
    if all.is_empty() {
        page.answer(Mark::Ok, "Nothing changed.");
        return page.finish();
    }
    let worst =
        all.iter().filter(|it| it.kind == ChangeKind::FindingAdded).filter_map(|it| it.severity).max();
    let mark = worst.map_or(Mark::Info, finding::mark);
    page.answer(mark, &format!("{}.", counted(count(all.len()), "change")));
    page.empty_line();
    let mut table = Table::new(["CLUSTER", "PEERING", "CHANGE"]);
    let max = if screen.detail == Detail::Long { usize::MAX } else { MAX_CHANGES };
    for change in all.iter().take(max) {
        let peering = change.peering.as_deref().map_or_else(|| "–".to_owned(), |name| screen.name(name));
        table.row([
            cluster_name(&change.cluster, &change.partition, screen),
            peering,
            text_of(change, screen),
        ]);
    }
    table.write(&mut page, 0);
    if all.len() > max {
        page.line(&format!("and {} (-long)", counted(count(all.len() - max), "more change")));
    }
    page.finish()
}

fn text_of(change: &Change, screen: &Screen) -> String {
    let value = |value: &Option<String>| printable(value.as_deref().unwrap_or_default());
    let (before, after) = (value(&change.before), value(&change.after));
    match change.kind {
        ChangeKind::FindingAdded => {
            let mark = screen.mark(change.severity.map_or(Mark::Info, finding::mark));
            format!("{mark} {}: {after}", change.check.unwrap_or_default())
        }
        ChangeKind::FindingResolved => {
            format!("{} resolved: {}", screen.mark(Mark::Ok), change.check.unwrap_or_default())
        }
        ChangeKind::StateChanged => format!("{before} before, {after} now"),
        ChangeKind::ExportsAdded => format!("exports {after}"),
        ChangeKind::ExportsRemoved => format!("no longer exports {before}"),
        ChangeKind::PeeringAdded => format!("new, {after}"),
        ChangeKind::PeeringRemoved => format!("gone, was {before}"),
        ChangeKind::ClusterAdded => format!("new in the inventory, {after}"),
        ChangeKind::ClusterRemoved => "gone from the inventory".to_owned(),
    }
}
