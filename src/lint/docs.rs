//! The page of all checks, written from their values.

use std::fmt::Write as _;

use super::rule::{Area, Check};
use super::rules::ALL;

const AREAS: [Area; 4] = [Area::Text, Area::Addresses, Area::Identity, Area::Certificates];

/// The page as Markdown: `docs/checks.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Checks\n\n\
         Written from the checks in `src/check` by `UPDATE_DOCS=1 cargo test`; edit those, not this page.\n\n\
         `peering validate` runs all of them on a token's text and what it holds; it dials nothing. An **error** is what\n\
         Consul refuses, or what cannot work; a **warning** works today and will hurt; an **info** is worth knowing. What\n\
         Consul itself says of a token is reported apart from these findings.\n",
    );
    for area in AREAS {
        let _ = write!(page, "\n**{}**\n\n", area.title());
        for check in of(area) {
            let _ = writeln!(
                page,
                "- [{name}](#{name}) ({severity})",
                name = check.name,
                severity = check.severity
            );
        }
    }
    for area in AREAS {
        let _ = write!(page, "\n## {}\n", area.title());
        of(area).for_each(|check| section(&mut page, check));
    }
    page
}

fn of(area: Area) -> impl Iterator<Item = &'static Check> {
    ALL.iter().copied().filter(move |check| check.area == area)
}

fn section(page: &mut String, check: &Check) {
    let _ = write!(page, "\n### {}\n\n**{}.** {}\n\n", check.name, check.severity, check.summary);
    let _ = write!(page, "Why: {}\n\nWhat to do: {}\n\n", check.why, check.remedy);
    if let Some(condition) = check.subject.condition() {
        let _ = write!(page, "Runs when {condition}. ");
    }
    let _ = writeln!(page, "Known from: {}.", check.source);
}
