//! The clusters with the most problems, as bars: broken peerings count first. Peerings that work are a number only, because
//! there are many of them. Clusters that could not be read have no bar, so they are one line.

use maud::{Markup, html};

use super::view::{Cluster, State, View, shown};
use crate::render::html::parts::sign;
use crate::render::pretty::audit::answer::COULD_NOT_BE_READ;
use crate::render::pretty::{Mark, count, counted};

/// How many clusters have a bar.
const MAX: usize = 14;

/// How many clusters that could not be read are named.
const MAX_UNREAD: usize = 8;

/// How many peerings the longest bar stands for at least, so that few problems have short bars.
const MIN_SCALE: usize = 5;

/// The states that the bars show.
const DRAWN: [State; 3] = [State::Broken, State::Attention, State::OneEnd];

/// Returns the bars, the worst first; nothing without a problem.
pub(super) fn worst(view: &View<'_>) -> Markup {
    let has_problem = |cluster: &&Cluster<'_>| cluster.mark().is_some() || cluster.peerings.problems() > 0;
    let (unread, mut clusters): (Vec<&Cluster<'_>>, Vec<_>) =
        view.clusters.iter().filter(has_problem).partition(|cluster| cluster.is_unread());
    let rank = |cluster: &Cluster<'_>| {
        let peerings = cluster.peerings;
        (peerings.of(State::Broken), cluster.mark() == Some(Mark::Failure), peerings.of(State::Attention))
    };
    clusters.sort_by_key(|cluster| std::cmp::Reverse(rank(cluster)));
    let longest = clusters.iter().map(|cluster| drawn(cluster)).max().unwrap_or_default().max(MIN_SCALE);
    let more = clusters.len().saturating_sub(MAX);
    html! {
        @if !clusters.is_empty() || !unread.is_empty() {
            section {
                h2 { "Worst first" }
                @if !unread.is_empty() { (not_read(&unread)) }
                @if !clusters.is_empty() {
                    ol class="bars" {
                        @for cluster in clusters.iter().take(MAX) { li { (row(cluster, longest)) } }
                    }
                }
                @if more > 0 {
                    p { "and " (counted(count(more), "more cluster")) " with problems" }
                }
            }
        }
    }
}

/// Returns the clusters that could not be read, as one line.
fn not_read(clusters: &[&Cluster<'_>]) -> Markup {
    let more = clusters.len().saturating_sub(MAX_UNREAD);
    html! {
        p class="unread" {
            (sign(Mark::Failure)) " " (counted(count(clusters.len()), "cluster")) " " (COULD_NOT_BE_READ) ": "
            @for (at, cluster) in clusters.iter().take(MAX_UNREAD).enumerate() {
                @if at > 0 { ", " }
                b { (cluster.name) }
            }
            @if more > 0 { " and " (counted(count(more), "more cluster")) }
        }
    }
}

/// Returns the number of peerings that the bar of a cluster shows.
fn drawn(cluster: &Cluster<'_>) -> usize {
    DRAWN.iter().map(|state| cluster.peerings.of(*state)).sum()
}

fn row(cluster: &Cluster<'_>, longest: usize) -> Markup {
    let parts = cluster.peerings.parts();
    html! {
        p {
            b { (cluster.name) } " "
            @if let Some(mark) = cluster.mark() {
                span class="count" { (sign(mark)) " " a href="#findings" { "see the findings" } }
            }
            @for (state, number) in &parts {
                span class="count" { (sign(state.mark())) " " (shown(*number)) " " (state.verb(*number)) }
            }
        }
        @if drawn(cluster) > 0 { (bar(cluster, longest)) }
    }
}

/// Returns the bar: a part for each state, as long as its number.
fn bar(cluster: &Cluster<'_>, longest: usize) -> Markup {
    // In hundredths of a percent.
    let share = |number: usize| number * 10_000 / longest;
    let mut parts = Vec::new();
    let mut start = 0;
    for state in DRAWN {
        let number = cluster.peerings.of(state);
        if number > 0 {
            parts.push((state, start, share(number)));
            start += share(number);
        }
    }
    html! {
        svg class="bar" role="img" width="100%" height="14" {
            title { (cluster.name) ": " (cluster.peerings.text()) }
            desc { "A bar with a part for each state of the cluster's peerings." }
            @for (state, start, width) in parts {
                rect class=(state.class()) x=(percent(start)) y="1" width=(percent(width)) height="12" {}
            }
        }
    }
}

fn percent(hundredths: usize) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}
