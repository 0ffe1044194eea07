//! The documentation of all checks, written from their values.

use std::fmt::Write as _;

use super::rule::{Area, Check};
use super::rules::checks;

const AREAS: [Area; 4] = [Area::Text, Area::Addresses, Area::Identity, Area::Certificates];

/// Returns `docs/checks.md` as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Checks\n\n\
         `UPDATE_DOCS=1 cargo test` generates this page from the checks in `src/lint/rules`. Edit those instead.\n\n\
         `peering validate` runs all checks on a token's text and contents. It opens no connection. An **error** means\n\
         that Consul rejects the token, or that the token cannot work. A **warning** works today, and causes problems\n\
         later or elsewhere. An **info** is good to know. Consul's own verdict is reported separately.\n",
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
    checks().filter(move |check| check.area == area)
}

fn section(page: &mut String, check: &Check) {
    let _ = write!(page, "\n### {}\n\n**{}.** {}\n\n", check.name, check.severity, check.summary);
    let _ = write!(page, "Why: {}\n\nWhat to do: {}\n\n", check.why, check.remedy);
    if let Some(condition) = check.subject.condition() {
        let _ = write!(page, "Runs if {condition}. ");
    }
    let _ = writeln!(page, "Source: {}.", check.source);
}
