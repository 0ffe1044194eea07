//! How long CA certificates are valid, on one axis: only those that expire within two years, because a longer bar says
//! nothing.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::view::{View, shown};
use crate::audit::Place;
use crate::lint::Severity;
use crate::render::html::parts::sign;
use crate::render::pretty::{Mark, Screen, finding};
use crate::utc::{day, relative};

/// From this time before its expiry on, a certificate has a bar.
const SOON: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// How many certificates have a bar.
const MAX: usize = 20;

/// The check that reports CA certificates that expire soon.
const CHECK: &str = "peer-ca-expires";

/// The validity period of a CA.
struct Lifetime {
    starts_at: Timestamp,
    expires_at: Timestamp,
    name: String,
    mark: Mark,
}

/// Returns the bars, the first to expire first; nothing without certificates.
pub(super) fn lifetimes(view: &View<'_>) -> Markup {
    let now = view.screen.now;
    let all = collect(view);
    let Some(first) = all.first() else { return Markup::default() };
    let soon: Vec<&Lifetime> = all.iter().filter(|it| it.expires_at.duration_since(now) < SOON).collect();
    let bars = &soon[..soon.len().min(MAX)];
    let axis = Axis::of(bars, now);
    let (more, longer) = (soon.len() - bars.len(), all.len() - soon.len());
    html! {
        section {
            h2 { "CA lifetimes" }
            @if bars.is_empty() {
                p { "No CA expires within 2 years. The first expires on " (view.screen.day(first.expires_at)) "." }
            } @else {
                p class="dim" { "Gray is over. The line is " (day(now)) ", when the facts were judged." }
                ol class="bars" {
                    @for lifetime in bars {
                        li {
                            p {
                                (sign(lifetime.mark)) " " b { (lifetime.name) } " " (expiry(lifetime, view.screen)) " "
                                span class="dim" { (day(lifetime.starts_at)) " to " (day(lifetime.expires_at)) }
                            }
                            (bar(lifetime, &axis))
                        }
                    }
                }
                p class="ends dim" { span { (day(axis.start)) } span { (day(axis.end)) } }
                @if more > 0 { p { "and " (shown(more)) " more that expire within 2 years" } }
                @if longer > 0 { p { (shown(longer)) " more expire later." } }
            }
        }
    }
}

/// Returns the CA of each cluster, and the CA of a peer where it differs from that.
fn collect(view: &View<'_>) -> Vec<Lifetime> {
    let own: HashMap<Place<'_>, Timestamp> =
        view.report.clusters.iter().filter_map(|row| Some((row.place(), row.ca_expires_at?))).collect();
    let reported = reported(view);
    let mark = |at: Timestamp| match reported.get(&at) {
        Some(severity) => finding::mark(*severity),
        None if at < view.screen.now => Mark::Failure,
        None => Mark::Ok,
    };
    let mut all: Vec<Lifetime> = Vec::new();
    for cluster in &view.clusters {
        if let (Some(starts_at), Some(expires_at)) = (cluster.row.ca_starts_at, cluster.row.ca_expires_at) {
            all.push(Lifetime { starts_at, expires_at, name: cluster.name.clone(), mark: mark(expires_at) });
        }
    }
    let mut seen = BTreeSet::new();
    for peering in &view.peerings {
        let ends = [(peering.dialer, peering.pair.dialer), (peering.acceptor, peering.pair.acceptor)];
        for (cluster, row) in ends.into_iter().filter_map(|(cluster, row)| Some((cluster, row?))) {
            let (Some(starts_at), Some(expires_at)) = (row.peer_ca_starts_at, row.peer_ca_expires_at) else {
                continue;
            };
            let peer =
                row.other_end.as_ref().and_then(|end| own.get(&(&*end.cluster, &*end.partition, None)));
            if peer != Some(&expires_at) && seen.insert((row.place(), expires_at)) {
                let name = format!("{}: peer CA of {}", view.name(cluster), view.screen.name(&row.peering));
                all.push(Lifetime { starts_at, expires_at, name, mark: mark(expires_at) });
            }
        }
    }
    all.sort_by(|one, other| (one.expires_at, &one.name).cmp(&(other.expires_at, &other.name)));
    all
}

/// Returns the expiry of each peer CA that a finding is about, with the severity.
fn reported(view: &View<'_>) -> HashMap<Timestamp, Severity> {
    let by_place: HashMap<Place<'_>, Timestamp> =
        view.report.peerings.iter().filter_map(|row| Some((row.place(), row.peer_ca_expires_at?))).collect();
    let findings = view.report.findings.iter().filter(|finding| finding.check == CHECK);
    findings
        .filter_map(|it| {
            let place = (&*it.cluster, &*it.partition, it.peering.as_deref());
            Some((*by_place.get(&place)?, it.severity))
        })
        .collect()
}

/// Returns `expires in 12 days`.
fn expiry(lifetime: &Lifetime, screen: &Screen) -> String {
    if lifetime.starts_at > screen.now {
        return format!("not valid yet: starts {}", relative(lifetime.starts_at, screen.now));
    }
    let verb = if lifetime.expires_at < screen.now { "expired" } else { "expires" };
    format!("{verb} {}", relative(lifetime.expires_at, screen.now))
}

/// The axis of all bars.
struct Axis {
    start: Timestamp,
    end: Timestamp,
    now: Timestamp,
}

impl Axis {
    /// Returns an axis from the first start to the last expiry. It has no more past than future, or twice the time since the
    /// first expiry: a root lives ten years, and only the last of them matter.
    fn of(bars: &[&Lifetime], now: Timestamp) -> Self {
        let expiries = bars.iter().map(|it| it.expires_at).chain([now]);
        let (first, end) = (expiries.clone().min().unwrap_or(now), expiries.max().unwrap_or(now));
        let past = end.duration_since(now).max(now.duration_since(first).saturating_mul(2));
        let starts = bars.iter().map(|it| it.starts_at).chain([now]);
        let start = starts.min().unwrap_or(now).max(now.checked_sub(past).unwrap_or(now));
        Self { start, end, now }
    }

    /// Returns a position in percent. What is before the axis is at its start.
    fn percent(&self, at: Timestamp) -> String {
        percent(self.hundredths(at))
    }

    fn width(&self, from: Timestamp, to: Timestamp) -> String {
        percent(self.hundredths(to) - self.hundredths(from))
    }

    fn hundredths(&self, at: Timestamp) -> i64 {
        let whole = self.end.duration_since(self.start).as_secs().max(1);
        at.duration_since(self.start).as_secs().clamp(0, whole).saturating_mul(10_000) / whole
    }
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Returns the bar of a certificate: the past is gray, the rest has the color of the state. Without a rest, the time since the
/// expiry has it.
fn bar(lifetime: &Lifetime, axis: &Axis) -> Markup {
    let Lifetime { starts_at, expires_at, .. } = *lifetime;
    let class = match lifetime.mark {
        Mark::Failure => "broken",
        Mark::Warning => "attention",
        Mark::Ok | Mark::Info | Mark::Open => "lives",
    };
    let past = (starts_at.min(axis.now), expires_at.min(axis.now));
    let (from, to) = (starts_at.max(axis.now).min(expires_at), expires_at.max(axis.now));
    html! {
        svg class="bar" role="img" width="100%" height="14" {
            title { "CA of " (lifetime.name) }
            desc { "Valid from " (day(starts_at)) " to " (day(expires_at)) "." }
            rect class="past" x=(axis.percent(past.0)) y="3" width=(axis.width(past.0, past.1)) height="8" {}
            rect class=(class) x=(axis.percent(from)) y="3" width=(axis.width(from, to)) height="8" {}
            rect class="today" x=(axis.percent(axis.now)) y="0" width="2" height="14" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rects(lives: &[(&str, &str)], now: &str) -> Vec<String> {
        let lifetime = |(starts_at, expires_at): &(&str, &str)| Lifetime {
            starts_at: at(starts_at),
            expires_at: at(expires_at),
            name: "east".to_owned(),
            mark: Mark::Warning,
        };
        let all: Vec<Lifetime> = lives.iter().map(lifetime).collect();
        let axis = Axis::of(&all.iter().collect::<Vec<_>>(), at(now));
        let number = |text: &str, name: &str| {
            let (_, rest) = text.split_once(&format!(" {name}=\"")).unwrap();
            rest.split_once('%').unwrap().0.to_owned()
        };
        let text = all.iter().map(|it| bar(it, &axis).into_string()).collect::<String>();
        let parts = text.split("<rect").skip(1).filter(|part| !part.contains("today"));
        parts.map(|part| format!("{} {}", number(part, "x"), number(part, "width"))).collect()
    }

    const NOW: &str = "2026-01-01T00:00:00Z";

    #[test]
    fn a_bar_has_its_past_and_its_rest() {
        // 100 days before and 300 after.
        let lives = [("2025-09-23T00:00:00Z", "2026-10-28T00:00:00Z")];
        assert_eq!(rects(&lives, NOW), ["0.00 25.00", "25.00 75.00"]);
    }

    #[test]
    fn the_past_takes_half_of_the_axis_at_most() {
        let lives = [("2016-01-01T00:00:00Z", "2026-04-11T00:00:00Z")];
        assert_eq!(rects(&lives, NOW), ["0.00 50.00", "50.00 50.00"]);
    }

    #[test]
    fn an_expired_certificate_shows_the_time_since_its_expiry() {
        let lives = [("2016-03-07T00:00:00Z", "2025-12-02T00:00:00Z")];
        assert_eq!(rects(&lives, NOW), ["0.00 50.00", "50.00 50.00"]);
    }

    #[test]
    fn a_certificate_that_is_not_valid_yet_has_no_past() {
        let lives = [
            ("2025-12-22T00:00:00Z", "2026-01-11T00:00:00Z"),
            ("2026-01-06T00:00:00Z", "2026-01-11T00:00:00Z"),
        ];
        assert_eq!(rects(&lives, NOW), ["0.00 50.00", "50.00 50.00", "50.00 0.00", "75.00 25.00"]);
    }
}
