//! Every check of this program: those of tokens, and those of an audit.

use std::fmt::Write as _;

use crate::audit;
use crate::lint::{Area, Check, Subject, rules};

/// Returns the description of every check, by area.
pub fn all() -> impl Iterator<Item = &'static Check> {
    rules::checks().chain(audit::checks::ALL.iter().map(|rule| &rule.check))
}

/// Returns the check with this name.
pub fn find(name: &str) -> Option<&'static Check> {
    all().find(|check| check.name == name)
}

/// Returns `docs/checks.md` as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Checks\n\n\
         `UPDATE_DOCS=1 cargo test` generates this page from the checks in `src/lint/rules` and `src/audit/checks`. Edit those\n\
         instead.\n\n\
         `peering validate` runs the checks of a token's text and contents. It opens no connection. An **error** means\n\
         that Consul rejects the token, or that the token cannot work. A **warning** works today, and causes problems\n\
         later or elsewhere. An **info** is good to know. Consul's own verdict is reported separately.\n\n\
         `peering audit` runs the checks of [peerings](#peerings) and [clusters](#clusters). There, an **error** means that a\n\
         peering does not work, or that a cluster could not be read.\n",
    );
    for area in Area::ALL {
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
    for area in Area::ALL {
        let _ = write!(page, "\n## {}\n", area.title());
        of(area).for_each(|check| section(&mut page, check));
    }
    page
}

fn of(area: Area) -> impl Iterator<Item = &'static Check> {
    all().filter(move |check| check.area == area)
}

fn section(page: &mut String, check: &Check) {
    let _ = write!(page, "\n### {}\n\n**{}.** {}\n\n", check.name, check.severity, check.summary);
    let _ = write!(page, "Why: {}\n\nWhat to do: {}\n\n", check.why, check.remedy);
    if let Some(condition) = Subject::condition(check.subject) {
        let _ = write!(page, "Runs if {condition}. ");
    }
    let _ = writeln!(page, "Source: {}.", check.source);
}
