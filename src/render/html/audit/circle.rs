//! A few clusters on a circle, with an arrow from each dialer to its acceptor. Arrows that work are thin and pale; the others
//! are drawn over them.

use std::f64::consts::TAU;

use maud::{Markup, html};

use super::matrix::{ordered, text};
use super::view::{Peering, State, View};
use crate::render::html::parts::scrolling;

/// Between how many clusters the picture is clear.
const CLUSTERS: std::ops::RangeInclusive<usize> = 3..=12;

/// The size of the picture, the radius of the circle and of a cluster, in pixels.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 400.0;
const RADIUS: f64 = 150.0;
const NODE: f64 = 8.0;

/// How far arrows bend toward the center, and apart from the arrow back.
const BEND: f64 = 0.35;
const APART: f64 = 16.0;

type Point = (f64, f64);

/// Returns the picture; nothing for other numbers of clusters.
pub(super) fn circle(view: &View<'_>) -> Markup {
    if !CLUSTERS.contains(&view.clusters.len()) {
        return Markup::default();
    }
    let order = ordered(view);
    let mut places = vec![(0.0, 0.0); order.len()];
    for (at, (index, _)) in order.iter().enumerate() {
        places[*index] = place(at, order.len());
    }
    let mut peerings: Vec<&Peering<'_>> = view.peerings.iter().collect();
    peerings.sort_by_key(|peering| peering.state);
    let title = "Clusters and their peerings";
    let picture = html! {
        svg role="img" width=(WIDTH) height=(HEIGHT) viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } {
            title { (title) }
            desc { (view.tally().text()) ". An arrow points from the dialer to the acceptor. The table of peerings lists all." }
            @for peering in &peerings {
                @if let (Some(dialer), Some(acceptor)) = (peering.dialer, peering.acceptor) {
                    (arrow(view, peering, places[dialer], places[acceptor]))
                }
            }
            @for (cluster, place) in view.clusters.iter().zip(&places) { (node(cluster, *place)) }
        }
    };
    html! { div class="circle" { (scrolling(title, &picture)) } }
}

fn place(at: usize, all: usize) -> Point {
    let turn = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let angle = TAU * turn(at) / turn(all.max(1)) - TAU / 4.0;
    (WIDTH / 2.0 + RADIUS * angle.cos(), HEIGHT / 2.0 + RADIUS * angle.sin())
}

fn node(cluster: &super::view::Cluster<'_>, (x, y): Point) -> Markup {
    let is_left = x < WIDTH / 2.0 - 1.0;
    let is_middle = (x - WIDTH / 2.0).abs() <= 1.0;
    let (anchor, label_x) = match (is_middle, is_left) {
        (true, _) => ("middle", x),
        (_, true) => ("end", x - NODE - 6.0),
        (_, false) => ("start", x + NODE + 6.0),
    };
    let label_y = match is_middle {
        true if y < HEIGHT / 2.0 => y - NODE - 10.0,
        true => y + NODE + 12.0,
        false => y,
    };
    let broken = cluster.peerings.of(State::Broken);
    html! {
        g class={ "node" @if cluster.is_unread() { " unread" } } {
            title { (cluster.name) ": " (cluster.peerings.text()) }
            circle cx=(short(x)) cy=(short(y)) r=(NODE) {}
            text class="name" x=(short(label_x)) y=(short(label_y)) text-anchor=(anchor) {
                @if let Some(mark) = cluster.mark() { (mark.symbol()) " " }
                (super::grid::cut(&cluster.name))
                @if broken > 0 { " (" (State::Broken.mark().symbol()) " " (broken) ")" }
            }
        }
    }
}

/// Returns the arrow of a peering, with its sign unless it works.
fn arrow(view: &View<'_>, peering: &Peering<'_>, from: Point, to: Point) -> Markup {
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    // The arrow back has the opposite direction, so it lies on the other side.
    let bent = (
        middle.0 + (WIDTH / 2.0 - middle.0) * BEND - dy / length * APART,
        middle.1 + (HEIGHT / 2.0 - middle.1) * BEND + dx / length * APART,
    );
    let at = |t: f64| {
        let on = |a: f64, b: f64, c: f64| (1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
        (on(from.0, bent.0, to.0), on(from.1, bent.1, to.1))
    };
    // The tip touches the cluster.
    let (tip, tail) = (at(1.0 - (NODE + 1.0) / length), at(1.0 - (NODE + 11.0) / length));
    let (ux, uy) = (tip.0 - tail.0, tip.1 - tail.1);
    let size = ux.hypot(uy).max(1.0);
    let across = (uy / size * 4.5, -ux / size * 4.5);
    let points = [tip, (tail.0 + across.0, tail.1 + across.1), (tail.0 - across.0, tail.1 - across.1)];
    // Near the dialer, because arrows cross in the middle.
    let (x, y) = at(0.36);
    html! {
        g class={ "arrow " (peering.state.class()) } {
            title { (text(view, peering)) }
            path d={ "M" (pair(from)) " Q" (pair(bent)) " " (pair(to)) } {}
            polygon points=(points.map(pair).join(" ")) {}
            @if peering.state != State::Works {
                circle cx=(short(x)) cy=(short(y)) r="9" {}
                text x=(short(x)) y=(short(y)) text-anchor="middle" { (peering.state.mark().symbol()) }
            }
        }
    }
}

fn pair((x, y): Point) -> String {
    format!("{x:.1},{y:.1}")
}

fn short(number: f64) -> String {
    format!("{number:.1}")
}
