//! Findings, grouped by check: each remedy is shown once.

use textwrap::core::display_width;

use super::page::Page;
use super::printable;
use super::screen::{Detail, Mark};
pub(in crate::render) use crate::inspect::answer::counts;
use crate::lint::{Finding, Severity, rules};

/// The widest column of check names.
const MAX_NAME: usize = 22;

/// The findings of one check.
pub(in crate::render) struct Group<'a> {
    pub(in crate::render) check: &'static str,
    pub(in crate::render) severity: Severity,
    pub(in crate::render) findings: Vec<&'a Finding>,
}

/// Groups findings by check, in the order of the first of each.
pub(in crate::render) fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for finding in findings {
        match groups.iter_mut().find(|group| group.check == finding.check) {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group {
                check: finding.check,
                severity: finding.severity,
                findings: vec![finding],
            }),
        }
    }
    groups
}

impl Group<'_> {
    pub(in crate::render) fn remedy(&self) -> Option<&'static str> {
        rules::find(self.check).map(|check| check.remedy)
    }

    /// Returns the first message, and how many more there are.
    pub(in crate::render) fn message(&self) -> String {
        let first = self.findings.first().map_or_else(String::new, |finding| printable(&finding.message));
        match self.findings.len() {
            0 | 1 => first,
            all => format!("{first} (and {} more)", all - 1),
        }
    }
}

/// Returns the symbol of a severity.
pub(in crate::render) fn mark(severity: Severity) -> Mark {
    match severity {
        Severity::Error => Mark::Failure,
        Severity::Warning => Mark::Warning,
        Severity::Info => Mark::Info,
    }
}

/// Writes what to do about each check, the most severe first. Checks that need nothing are left out.
pub(super) fn fixes(page: &mut Page, groups: &[Group<'_>]) {
    let urgent = groups.iter().filter(|group| group.severity > Severity::Info);
    for group in urgent {
        if let Some(remedy) = group.remedy() {
            page.labeled("Fix", 3, remedy);
        }
    }
}

/// Writes the findings with their remedies: all of them, or as many as fit on the screen with `reserved` lines after them.
/// The checks that do not fit are named.
pub(super) fn list(page: &mut Page, groups: &[Group<'_>], reserved: usize) {
    let is_long = page.screen().detail == Detail::Long;
    let name_width = groups.iter().map(|group| group.check.len()).max().unwrap_or_default().min(MAX_NAME);
    for (index, group) in groups.iter().enumerate() {
        let is_last = index + 1 == groups.len();
        // A line that names the rest.
        let room = page.room(reserved + usize::from(!is_last));
        let variants = [block(page, group, name_width, true), block(page, group, name_width, false)];
        let [full, brief] = variants;
        if is_long || full.lines() <= room {
            page.append(&full);
        } else if brief.lines() <= room {
            page.append(&brief);
        } else {
            let rest: Vec<&str> = groups[index..].iter().map(|group| group.check).collect();
            page.line(&shortened(&format!("and {} more: {}", rest.len(), rest.join(", ")), page.width() - 2));
            return;
        }
    }
}

fn block(page: &Page, group: &Group<'_>, name_width: usize, with_remedy: bool) -> Page {
    let mut block = page.empty();
    let mark = page.screen().mark(mark(group.severity));
    let first = format!("  {mark} {:<name_width$}  ", group.check);
    let indent = display_width(&first).min(name_width + display_width(&mark) + 5);
    if page.screen().detail == Detail::Long {
        for (index, finding) in group.findings.iter().enumerate() {
            let first = if index == 0 { first.clone() } else { " ".repeat(indent) };
            let message = format!("{}: {}", printable(&finding.path), printable(&finding.message));
            block.hanging(&first, indent, &message);
        }
    } else {
        block.hanging(&first, indent, &group.message());
    }
    let is_worth_it = group.severity > Severity::Info || page.screen().detail == Detail::Long;
    if let Some(remedy) = group.remedy().filter(|_| with_remedy && is_worth_it) {
        block.hanging(&" ".repeat(indent), indent, &format!("Fix: {remedy}"));
    }
    block
}

/// Shortens a text to one line of `width` columns.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        if display_width(&kept) + 2 > width {
            break;
        }
        kept.push(character);
    }
    kept + "…"
}
