//! The screens of `context`: the list, one context, and whether contexts can be used.

use owo_colors::OwoColorize;

use super::page::Page;
use super::screen::{Detail, Mark, Screen};
use super::table::Table;
use super::{count, counted, printable};
use crate::net::consul::Permissions;
use crate::net::gather::contexts::{CheckStatus, ContextCheck, ContextChecks};
use crate::shell::quoted;

/// How many characters of a trust domain the table shows.
const SHORT_LEN: usize = 8;

/// A context in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextRow {
    /// Its name.
    pub name: String,
    /// Whether commands use it without `-context`.
    pub is_selected: bool,
    /// The address of its HTTP API.
    pub http_addr: String,
    /// Where its ACL token is.
    pub token: String,
    /// Its labels, `key=value`.
    pub labels: Vec<String>,
}

/// Renders the list of contexts. A star marks the selected one.
pub fn contexts(rows: &[ContextRow], screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let mut table = Table::new(["CONTEXT", "ADDRESS", "ACL TOKEN", "LABELS"]);
    for row in rows {
        let star = if row.is_selected { "*" } else { "" };
        table.row([
            format!("{}{star}", screen.name(&row.name)),
            printable(&row.http_addr),
            printable(&row.token),
            printable(&row.labels.join(", ")),
        ]);
    }
    table.write(&mut page, 0);
    page.empty_line();
    page.hints(&[
        "Can they be used? peering context check".to_owned(),
        "Details: peering context show NAME".to_owned(),
    ]);
    page.finish()
}

/// Renders the values of one context: rows of key, origin and value.
pub fn context(
    name: &str,
    file: &str,
    rows: &[[String; 3]],
    ignored_variables: &[String],
    screen: &Screen,
) -> String {
    let mut page = Page::new(screen);
    page.heading(&format!("Context {:?} of {}", screen.name(name), printable(file)));
    let mut table = Table::new(["KEY", "FROM", "VALUE"]);
    for [key, origin, value] in rows {
        table.row([printable(key), printable(origin), printable(value)]);
    }
    table.write(&mut page, 2);
    if !ignored_variables.is_empty() {
        page.empty_line();
        page.line(&format!(
            "Set, but without effect with a context: {}",
            printable(&ignored_variables.join(", "))
        ));
    }
    page.empty_line();
    page.hints(&[format!("Can it be used? peering context check {}", quoted(&screen.name(name)))]);
    page.finish()
}

/// Renders whether contexts can be used.
pub fn context_checks(checks: &ContextChecks, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let all = count(checks.contexts.len());
    let failed: Vec<&ContextCheck> =
        checks.contexts.iter().filter(|check| check.status == CheckStatus::Failed).collect();
    match (failed.as_slice(), checks.contexts.as_slice()) {
        ([], [_]) => page.answer(Mark::Ok, "The context can be used."),
        ([], [_, _]) => page.answer(Mark::Ok, "Both contexts can be used."),
        ([], _) => page.answer(Mark::Ok, &format!("All {} can be used.", counted(all, "context"))),
        ([_], [_]) => page.answer(Mark::Failure, "The context has a problem."),
        ([_], _) => page.answer(Mark::Failure, &format!("1 of {} has a problem.", counted(all, "context"))),
        (failed, _) => {
            let sentence = format!("{} of {} have problems.", failed.len(), counted(all, "context"));
            page.answer(Mark::Failure, &sentence);
        }
    }
    for check in &failed {
        for problem in &check.problems {
            let name = screen.name(&check.name);
            page.hanging(&format!("  {}  ", name.bold()), 4, &printable(&problem.message));
            page.labeled("  Fix", 5, &printable(&problem.remedy));
        }
    }
    match screen.detail {
        Detail::Short => {}
        Detail::Normal => table(&mut page, checks),
        Detail::Long => checks.contexts.iter().for_each(|check| every_field(&mut page, check)),
    }
    page.finish()
}

fn table(page: &mut Page, checks: &ContextChecks) {
    page.empty_line();
    let mut table = Table::new(["CONTEXT", "DATACENTER", "CONSUL", "ACL TOKEN MAY", "TRUST DOMAIN"]);
    for check in &checks.contexts {
        let mark = page.screen().mark(if check.status == CheckStatus::Ok { Mark::Ok } else { Mark::Failure });
        table.row([
            format!("{mark} {}", page.screen().name(&check.name)),
            or_dash(check.datacenter.as_deref()),
            or_dash(check.consul_version.as_deref()),
            check.permissions.map_or_else(|| "–".to_owned(), permitted),
            check.trust_domain.as_deref().map_or_else(|| "–".to_owned(), in_short),
        ]);
    }
    table.write(page, 2);
    page.empty_line();
    page.hints(&["All details: -long".to_owned()]);
}

/// Returns the start of a trust domain, which is enough to tell a few clusters apart.
fn in_short(trust_domain: &str) -> String {
    match trust_domain.get(..SHORT_LEN) {
        Some(start) if trust_domain.len() > SHORT_LEN => format!("{}…", printable(start)),
        _ => printable(trust_domain),
    }
}

fn or_dash(text: Option<&str>) -> String {
    text.map_or_else(|| "–".to_owned(), printable)
}

/// What an ACL token may do, in a few words.
fn permitted(permissions: Permissions) -> String {
    let rights = [
        (permissions.peering_read, "read"),
        (permissions.peering_write, "write"),
        (permissions.operator_read, "operator"),
    ];
    let granted: Vec<&str> =
        rights.into_iter().filter(|(granted, _)| *granted).map(|(_, name)| name).collect();
    if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") }
}

fn every_field(page: &mut Page, check: &ContextCheck) {
    let unknown = || "unknown".to_owned();
    let mark = page.screen().mark(if check.status == CheckStatus::Ok { Mark::Ok } else { Mark::Failure });
    let name = page.screen().name(&check.name);
    page.empty_line();
    page.hanging(&format!("{mark} "), 2, &name.bold().to_string());
    page.row("Address", &printable(&check.http_addr));
    if !check.reachable {
        return;
    }
    page.row("Datacenter", &check.datacenter.as_deref().map_or_else(unknown, printable));
    page.row("Trust domain", &check.trust_domain.as_deref().map_or_else(unknown, printable));
    page.row(
        "Consul",
        &check.consul_version.as_deref().map_or_else(|| "unknown (needs agent:read)".to_owned(), printable),
    );
    let enabled = check.peering_enabled.map(|enabled| if enabled { "enabled" } else { "disabled" });
    page.row("Peering", enabled.unwrap_or("unknown (needs agent:read)"));
    let rights = |permissions: Permissions| {
        let right = |name: &str, granted: bool| format!("{name} {}", if granted { "yes" } else { "no" });
        [
            right("peering:read", permissions.peering_read),
            right("peering:write", permissions.peering_write),
            right("operator:read", permissions.operator_read),
        ]
        .join(", ")
    };
    let token = if check.anonymous { "none; anonymous may: " } else { "" };
    page.row("ACL token", &format!("{token}{}", check.permissions.map_or_else(unknown, rights)));
    let clock = match check.clock_offset {
        None => unknown(),
        Some(offset) if offset.abs() <= 1 => "the same as this host's".to_owned(),
        Some(offset) if offset > 0 => format!("{offset} s ahead of this host's"),
        Some(offset) => format!("{} s behind this host's", offset.abs()),
    };
    page.row("Clock", &clock);
    page.row("Asked within", &format!("{} ms", check.elapsed_ms));
}
