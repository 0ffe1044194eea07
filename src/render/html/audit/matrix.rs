//! Who dials whom: a grid of all clusters, or of groups and of the clusters with problems if there are many.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::grid::{Cell, Grid, Label};
use super::groups::Groups;
use super::view::{Peering, State, Tally, UNKNOWN, View, shown};
use crate::render::html::parts::sign;

/// The maximum number of clusters in a grid of all.
const MAX_CLUSTERS: usize = 64;

/// The maximum number of rows and of columns in the grid of problems.
const MAX_PROBLEMS: usize = 40;

/// A cell of a group is mild if less than one in this number of its peerings is in its state.
const MILD: usize = 10;

/// Returns the grids.
pub(super) fn matrix(view: &View<'_>) -> Markup {
    html! {
        p { "A row dials, a column accepts." }
        @if view.clusters.len() <= MAX_CLUSTERS {
            (all(view).render())
        } @else {
            @if let Some(grid) = problems(view) { h3 { "Peerings with problems" } (grid.render()) }
            h3 { "All peerings, by group of clusters" }
            (by_group(view).render())
        }
    }
}

/// Returns each state that occurs, with its sign as the pictures show it.
pub(super) fn legend(view: &View<'_>) -> Markup {
    html! {
        ul class="legend" {
            @for (state, number) in view.tally().parts() {
                li class=(state.class()) { (sign(state.mark())) " " (shown(number)) " " (state.verb(number)) }
            }
        }
    }
}

/// Returns the clusters in the order of the pictures, grouped by the start of their names.
pub(super) fn ordered(view: &View<'_>) -> Vec<(usize, bool)> {
    let names: Vec<&str> = view.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let groups = Groups::by_start(&names);
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|index| groups.of[*index]);
    let starts = |at: usize| at > 0 && groups.of[order[at]] != groups.of[order[at - 1]];
    (0..order.len()).map(|at| (order[at], starts(at))).collect()
}

/// Returns what a cell says about the peerings of a pair.
pub(super) fn text(view: &View<'_>, peering: &Peering<'_>) -> String {
    let name = |cluster: Option<usize>| cluster.map_or("an unknown cluster", |it| &view.clusters[it].name);
    let mut messages: Vec<String> =
        peering.findings.iter().map(|finding| view.screen.text(&finding.message)).collect();
    // Both ends may report the same.
    messages.dedup();
    let verdict = format!("The peering {}", peering.state.verb(1));
    let verdict = if messages.is_empty() { verdict } else { format!("{verdict}: {}", messages.join("; ")) };
    format!("{} dials {}. {verdict}.", name(peering.dialer), name(peering.acceptor))
}

fn label(view: &View<'_>, cluster: Option<usize>, starts_group: bool) -> Label {
    let mark = cluster.and_then(|index| view.clusters[index].mark());
    Label { name: view.name(cluster).to_owned(), starts_group, mark }
}

/// Returns the grid of all clusters.
fn all(view: &View<'_>) -> Grid {
    let order = ordered(view);
    let mut labels: Vec<Label> =
        order.iter().map(|(index, starts)| label(view, Some(*index), *starts)).collect();
    let mut position = vec![0; order.len()];
    order.iter().enumerate().for_each(|(at, (index, _))| position[*index] = at);
    let unknown = labels.len();
    let is_unknown = |cluster: Option<usize>| cluster.is_none();
    if view.peerings.iter().any(|it| is_unknown(it.dialer) || is_unknown(it.acceptor)) {
        labels.push(label(view, None, true));
    }
    let at = |cluster: Option<usize>| cluster.map_or(unknown, |index| position[index]);
    let cells = worst_of_pairs(view).into_iter().map(|((dialer, acceptor), peering)| Cell {
        row: at(dialer),
        column: at(acceptor),
        state: peering.state,
        sign: peering.state.mark().symbol().to_owned(),
        text: text(view, peering),
        is_mild: false,
    });
    let side = match labels.len() {
        ..=12 => 30,
        13..=30 => 22,
        _ => 16,
    };
    Grid {
        title: "Peerings of all clusters".to_owned(),
        description: format!("{}. A row dials, a column accepts.", view.tally().text()),
        cells: cells.collect(),
        rows: labels.clone(),
        columns: labels,
        size: (side, side),
        is_square: true,
    }
}

/// The clusters of a peering: the dialer's and the acceptor's.
type Ends = (Option<usize>, Option<usize>);

/// Returns the worst peering of each pair of clusters.
fn worst_of_pairs<'v, 'a>(view: &'v View<'a>) -> BTreeMap<Ends, &'v Peering<'a>> {
    let mut worst: BTreeMap<Ends, &Peering<'a>> = BTreeMap::new();
    for peering in &view.peerings {
        let known = worst.entry((peering.dialer, peering.acceptor)).or_insert(peering);
        if peering.state > known.state {
            *known = peering;
        }
    }
    worst
}

/// Returns the grid of the peerings with problems: those of the worst clusters, if there are many.
fn problems(view: &View<'_>) -> Option<Grid> {
    let pairs: Vec<(Ends, &Peering<'_>)> =
        worst_of_pairs(view).into_iter().filter(|(_, peering)| peering.state.is_problem()).collect();
    let mut order: Vec<&(Ends, &Peering<'_>)> = pairs.iter().collect();
    let problems =
        |cluster: Option<usize>| cluster.map_or(0, |index| view.clusters[index].peerings.problems());
    order.sort_by_key(|((dialer, acceptor), peering)| {
        Reverse((peering.state, problems(*dialer).max(problems(*acceptor))))
    });
    let (mut rows, mut columns) = (BTreeSet::new(), BTreeSet::new());
    let mut drawn = Vec::new();
    for ((dialer, acceptor), peering) in order {
        let has_room = |all: &BTreeSet<Place>, place| all.contains(&place) || all.len() < MAX_PROBLEMS;
        let (row, column) = (Place::of(*dialer), Place::of(*acceptor));
        if has_room(&rows, row) && has_room(&columns, column) {
            rows.insert(row);
            columns.insert(column);
            drawn.push((row, column, *peering));
        }
    }
    let (rows, columns): (Vec<Place>, Vec<Place>) =
        (rows.into_iter().collect(), columns.into_iter().collect());
    let cells: Vec<Cell> = drawn
        .into_iter()
        .filter_map(|(row, column, peering)| {
            Some(Cell {
                row: rows.binary_search(&row).ok()?,
                column: columns.binary_search(&column).ok()?,
                state: peering.state,
                sign: peering.state.mark().symbol().to_owned(),
                text: text(view, peering),
                is_mild: false,
            })
        })
        .collect();
    let description = match pairs.len() - cells.len() {
        0 => "A row dials, a column accepts.".to_owned(),
        more => format!("A row dials, a column accepts. {} more are in the table.", shown(more)),
    };
    let labels = |all: &[Place]| all.iter().map(|it| label(view, it.cluster(), false)).collect::<Vec<_>>();
    (!cells.is_empty()).then(|| Grid {
        title: "Peerings with problems".to_owned(),
        description,
        rows: labels(&rows),
        columns: labels(&columns),
        cells,
        size: (20, 20),
        is_square: false,
    })
}

/// A row or column: the clusters in order, then the one for all that are unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Cluster(usize),
    Unknown,
}

impl Place {
    fn of(cluster: Option<usize>) -> Self {
        cluster.map_or(Self::Unknown, Self::Cluster)
    }

    fn cluster(self) -> Option<usize> {
        match self {
            Self::Cluster(index) => Some(index),
            Self::Unknown => None,
        }
    }
}

/// Returns the grid of groups of clusters. A cell shows its worst state, and how many peerings have it.
fn by_group(view: &View<'_>) -> Grid {
    let names: Vec<&str> = view.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let groups = Groups::of_many(&names);
    let unknown = groups.names.len();
    let group = |cluster: Option<usize>| cluster.map_or(unknown, |index| groups.of[index]);
    let mut pairs: BTreeMap<(usize, usize), Vec<State>> = BTreeMap::new();
    for peering in &view.peerings {
        pairs.entry((group(peering.dialer), group(peering.acceptor))).or_default().push(peering.state);
    }
    let has_unknown = pairs.keys().any(|(row, column)| *row == unknown || *column == unknown);
    let all = groups.names.iter().map(String::as_str).chain(has_unknown.then_some(UNKNOWN));
    let labels: Vec<Label> =
        all.map(|name| Label { name: name.to_owned(), starts_group: false, mark: None }).collect();
    let cells = pairs.into_iter().filter_map(|((row, column), states)| {
        let tally: Tally = states.into_iter().collect();
        let (state, number) = *tally.parts().first()?;
        let (from, to) = (&labels[row].name, &labels[column].name);
        let symbol = state.mark().symbol();
        let sign = if state.is_problem() { format!("{symbol} {}", shown(number)) } else { symbol.to_owned() };
        let text = format!("{from} dials {to}: {}", tally.text());
        Some(Cell { row, column, state, sign, text, is_mild: number * MILD < tally.all() })
    });
    let cells = cells.collect();
    Grid {
        title: "Peerings by group of clusters".to_owned(),
        description: format!("{}. A row dials, a column accepts.", view.tally().text()),
        rows: labels.clone(),
        columns: labels,
        cells,
        size: (46, 26),
        is_square: false,
    }
}
