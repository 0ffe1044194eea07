//! How long CA certificates are valid, on one axis: only those that expire within two years, because a longer bar says
//! nothing.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::view::{View, shown};
use crate::audit::Place;
use crate::lint::Severity;
use crate::render::html::parts::sign;
use crate::render::pretty::{Mark, finding};
use crate::utc::day;

/// From this time before its expiry on, a certificate has a bar.
const SOON: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

/// How many certificates have a bar.
const MAX: usize = 20;

/// The check that reports CA certificates that expire soon.
const CHECK: &str = "peer-ca-expires";

/// The expiry of a CA.
struct Lifetime {
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
                p class="dim" { "The line is " (day(now)) ", when the facts were judged." }
                ol class="bars" {
                    @for lifetime in bars {
                        li {
                            p { (sign(lifetime.mark)) " " b { (lifetime.name) } " " (view.screen.day(lifetime.expires_at)) }
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
        if let Some(at) = cluster.row.ca_expires_at {
            all.push(Lifetime { expires_at: at, name: cluster.name.clone(), mark: mark(at) });
        }
    }
    let mut seen = BTreeSet::new();
    for peering in &view.peerings {
        let ends = [(peering.dialer, peering.pair.dialer), (peering.acceptor, peering.pair.acceptor)];
        for (cluster, row) in ends.into_iter().filter_map(|(cluster, row)| Some((cluster, row?))) {
            let Some(at) = row.peer_ca_expires_at else { continue };
            let peer =
                row.other_end.as_ref().and_then(|end| own.get(&(&*end.cluster, &*end.partition, None)));
            if peer != Some(&at) && seen.insert((row.place(), at)) {
                let name = format!("{}: peer CA of {}", view.name(cluster), view.screen.name(&row.peering));
                all.push(Lifetime { expires_at: at, name, mark: mark(at) });
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

/// The axis of all bars.
struct Axis {
    start: Timestamp,
    end: Timestamp,
    now: Timestamp,
}

impl Axis {
    /// Returns an axis from the first expiry or now to the last.
    fn of(bars: &[&Lifetime], now: Timestamp) -> Self {
        let times = bars.iter().map(|it| it.expires_at).chain([now]);
        let (start, end) = (times.clone().min().unwrap_or(now), times.max().unwrap_or(now));
        Self { start, end, now }
    }

    /// Returns a position in percent.
    fn percent(&self, at: Timestamp) -> String {
        let whole = self.end.duration_since(self.start).as_secs().max(1);
        let hundredths = at.duration_since(self.start).as_secs().saturating_mul(10_000) / whole;
        format!("{}.{:02}%", hundredths / 100, hundredths % 100)
    }

    fn width(&self, from: Timestamp, to: Timestamp) -> String {
        let whole = self.end.duration_since(self.start).as_secs().max(1);
        let hundredths = to.duration_since(from).as_secs().saturating_mul(10_000) / whole;
        format!("{}.{:02}%", hundredths / 100, hundredths % 100)
    }
}

/// Returns the bar of a certificate: from now to its expiry, or from its expiry to now.
fn bar(lifetime: &Lifetime, axis: &Axis) -> Markup {
    let (from, to) = (lifetime.expires_at.min(axis.now), lifetime.expires_at.max(axis.now));
    let class = match lifetime.mark {
        Mark::Failure => "broken",
        Mark::Warning => "attention",
        Mark::Ok | Mark::Info | Mark::Open => "lives",
    };
    let what = if lifetime.expires_at < axis.now { "It expired on" } else { "It expires on" };
    html! {
        svg class="bar" role="img" width="100%" height="14" {
            title { "CA of " (lifetime.name) }
            desc { (what) " " (day(lifetime.expires_at)) "." }
            rect class=(class) x=(axis.percent(from)) y="3" width=(axis.width(from, to)) height="8" {}
            rect class="today" x=(axis.percent(axis.now)) y="0" width="2" height="14" {}
        }
    }
}
