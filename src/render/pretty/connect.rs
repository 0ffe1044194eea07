//! The screens of `connect`: the plan, what prevents it, and the result.

use std::time::Duration;

use super::page::Page;
use super::printable;
use super::screen::{Mark, Screen};
use crate::net::connect::{End, Ends, Plan};

/// Renders what would be done.
pub fn connect_plan(ends: &Ends, plan: &Plan, force: bool, wait: Duration, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let (acceptor, dialer) = (context(&ends.acceptor, screen), context(&ends.dialer, screen));
    if plan.is_blocked(force) {
        page.answer(Mark::Failure, &format!("{dialer} cannot be connected to {acceptor}."));
        obstacles(&mut page, plan, force);
    } else if plan.already_connected && !force {
        page.answer(Mark::Ok, &format!("{dialer} and {acceptor} are already connected."));
    } else {
        page.answer(Mark::Ok, &format!("{dialer} can be connected to {acceptor}."));
        obstacles(&mut page, plan, force);
    }
    page.empty_line();
    for (role, end) in [("Acceptor", &ends.acceptor), ("Dialer", &ends.dialer)] {
        page.row(role, &described(end, screen));
    }
    if !plan.is_blocked(force) && (force || !plan.already_connected) {
        page.empty_line();
        let names = (screen.name(&ends.acceptor.name), screen.name(&ends.dialer.name));
        for (number, step) in [
            format!("generate a token for {:?} at {acceptor}", names.0),
            "check the token".to_owned(),
            format!("establish {:?} at {dialer} with the token", names.1),
            format!(
                "wait until both ends are ACTIVE and have received data, for at most {} s",
                wait.as_secs()
            ),
        ]
        .iter()
        .enumerate()
        {
            page.hanging(&format!("  {}. ", number + 1), 5, step);
        }
    }
    notes(&mut page, plan);
    page.empty_line();
    page.paragraph("Nothing was changed (-dry-run).");
    page.finish()
}

/// Renders why the clusters are not connected.
pub fn connect_obstacles(ends: &Ends, plan: &Plan, force: bool, screen: &Screen) -> String {
    let mut page = Page::new(screen);
    let (acceptor, dialer) = (context(&ends.acceptor, screen), context(&ends.dialer, screen));
    page.answer(
        Mark::Failure,
        &format!("{dialer} was not connected to {acceptor}, and nothing was changed."),
    );
    obstacles(&mut page, plan, force);
    notes(&mut page, plan);
    page.finish()
}

/// Renders the result in one line.
pub fn connected(ends: &Ends, already: bool, screen: &Screen) -> String {
    let end = |end: &End| format!("{:?} at {}", screen.name(&end.name), context(end, screen));
    let state = if already { "are already ACTIVE" } else { "are ACTIVE and have received data" };
    format!(
        "{} Connected: {} and {} {state}\n",
        screen.mark(Mark::Ok),
        end(&ends.acceptor),
        end(&ends.dialer)
    )
}

fn obstacles(page: &mut Page, plan: &Plan, force: bool) {
    for obstacle in &plan.obstacles {
        let is_forced = force && obstacle.can_be_forced;
        let mark = page.screen().mark(if is_forced { Mark::Warning } else { Mark::Failure });
        page.hanging(&format!("  {mark} "), 4, &printable(&obstacle.message));
        if is_forced {
            page.item("-force overrides this.");
        } else {
            page.hanging("    Fix  ", 9, &printable(&obstacle.remedy));
        }
    }
}

fn notes(page: &mut Page, plan: &Plan) {
    for note in &plan.notes {
        let mark = page.screen().mark(Mark::Info);
        page.hanging(&format!("  {mark} "), 4, &printable(note));
    }
}

fn context(end: &End, screen: &Screen) -> String {
    screen.name(&end.context)
}

/// The context, datacenter, version and address of a cluster.
fn described(end: &End, screen: &Screen) -> String {
    let datacenter = end.answers.datacenter.as_deref().map(|datacenter| screen.name(datacenter));
    let version = end.answers.version.as_deref().map(|version| format!("Consul {}", printable(version)));
    let facts: Vec<String> =
        [datacenter, version, Some(printable(&end.address))].into_iter().flatten().collect();
    format!("{} ({})", context(end, screen), facts.join(", "))
}
