//! What all parts of the report are made from: the clusters and peerings with their states and names as they are shown.

use std::collections::HashMap;

use crate::audit::{ClusterRow, ClusterStatus, Finding, Pair, PeeringRow, Place, Report, Status};
use crate::render::pretty::audit::answer::{are_broken, need_attention, work};
use crate::render::pretty::audit::cluster_name;
use crate::render::pretty::{Mark, Screen, count, grouped};

/// The state of a peering, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::render::html) enum State {
    Works,
    /// Nothing was found, but the other end is unknown.
    OneEnd,
    Attention,
    Broken,
}

/// Numbers of peerings by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::render::html) struct Tally([usize; 4]);

/// A cluster.
pub(in crate::render::html) struct Cluster<'a> {
    pub row: &'a ClusterRow,
    /// Its name as it is shown.
    pub name: String,
    pub peerings: Tally,
}

/// A peering with the findings about it.
pub(in crate::render::html) struct Peering<'a> {
    pub pair: Pair<'a>,
    pub state: State,
    /// The index of the cluster that dials, if it is known.
    pub dialer: Option<usize>,
    /// The index of the cluster that accepts, if it is known.
    pub acceptor: Option<usize>,
    pub findings: Vec<&'a Finding>,
}

/// Returns the address of the page about a peering.
pub(in crate::render::html) type Link = fn(Place<'_>) -> String;

/// The report, as its parts need it.
pub(in crate::render::html) struct View<'a> {
    pub report: &'a Report,
    pub screen: &'a Screen,
    /// Where to read more about a peering; `None` in a report that is one file.
    pub link: Option<Link>,
    pub clusters: Vec<Cluster<'a>>,
    pub peerings: Vec<Peering<'a>>,
}

impl State {
    /// Every state, the worst first.
    pub(super) const ALL: [Self; 4] = [Self::Broken, Self::Attention, Self::OneEnd, Self::Works];

    pub(in crate::render::html) fn mark(self) -> Mark {
        match self {
            Self::Broken => Mark::Failure,
            Self::Attention => Mark::Warning,
            Self::OneEnd => Mark::Open,
            Self::Works => Mark::Ok,
        }
    }

    /// Returns its CSS class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Attention => "attention",
            Self::OneEnd => "one-end",
            Self::Works => "works",
        }
    }

    /// Returns what is said of a number of peerings in this state: `are broken`.
    pub(in crate::render::html) fn verb(self, number: usize) -> &'static str {
        match self {
            Self::Broken => are_broken(number),
            Self::Attention => need_attention(number),
            Self::OneEnd if number == 1 => "is known from one end only",
            Self::OneEnd => "are known from one end only",
            Self::Works => work(number),
        }
    }

    /// Whether something is to do.
    pub(super) fn is_problem(self) -> bool {
        self >= Self::Attention
    }
}

impl Tally {
    fn add(&mut self, state: State) {
        self.0[state as usize] += 1;
    }

    pub(super) fn of(&self, state: State) -> usize {
        self.0[state as usize]
    }

    /// Returns the number of peerings.
    pub(super) fn all(&self) -> usize {
        self.0.iter().sum()
    }

    /// Returns the number of broken peerings and of those that need attention.
    pub(super) fn problems(&self) -> usize {
        self.of(State::Broken) + self.of(State::Attention)
    }

    /// Returns the states that occur with their numbers, the worst first.
    pub(super) fn parts(&self) -> Vec<(State, usize)> {
        State::ALL
            .map(|state| (state, self.of(state)))
            .into_iter()
            .filter(|(_, number)| *number > 0)
            .collect()
    }

    /// Returns `2 are broken, 5 work`.
    pub(super) fn text(&self) -> String {
        let parts = self.parts();
        let part = |(state, number): &(State, usize)| format!("{} {}", shown(*number), state.verb(*number));
        parts.iter().map(part).collect::<Vec<_>>().join(", ")
    }
}

impl FromIterator<State> for Tally {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> Self {
        let mut tally = Self::default();
        states.into_iter().for_each(|state| tally.add(state));
        tally
    }
}

/// Returns a number with commas.
pub(super) fn shown(number: usize) -> String {
    grouped(count(number))
}

impl Cluster<'_> {
    pub(super) fn is_unread(&self) -> bool {
        self.row.status != ClusterStatus::Ok
    }

    /// Returns the sign of the worst finding about the cluster itself, if it is a problem.
    pub(super) fn mark(&self) -> Option<Mark> {
        match self.row.finding {
            Status::Error => Some(Mark::Failure),
            Status::Warning => Some(Mark::Warning),
            Status::Info | Status::Ok => None,
        }
    }
}

impl<'a> View<'a> {
    pub(in crate::render::html) fn new(report: &'a Report, screen: &'a Screen, link: Option<Link>) -> Self {
        let mut clusters: Vec<Cluster<'a>> = report
            .clusters
            .iter()
            .map(|row| Cluster {
                row,
                name: cluster_name(&row.cluster, &row.partition, screen),
                peerings: Tally::default(),
            })
            .collect();
        let index: HashMap<Place<'_>, usize> =
            report.clusters.iter().enumerate().map(|(index, row)| (row.place(), index)).collect();
        let find = |end: Option<&PeeringRow>| {
            end.and_then(|row| index.get(&(&*row.cluster, &*row.partition, None)).copied())
        };
        let by_place = report.findings_by_place();
        let mut peerings = Vec::new();
        for pair in report.pairs() {
            let mut findings: Vec<&Finding> = Vec::new();
            for finding in pair.ends().filter_map(|end| by_place.get(&end.place())).flatten() {
                if !findings.iter().any(|known| std::ptr::eq(*known, *finding)) {
                    findings.push(finding);
                }
            }
            // Without the other end, the cluster of the peer may be known.
            let peer = |end: Option<&PeeringRow>| {
                end.and_then(|row| index.get(&row.peer_cluster.as_ref()?.place()).copied())
            };
            let dialer = find(pair.dialer).or_else(|| peer(pair.acceptor));
            let acceptor = find(pair.acceptor).or_else(|| peer(pair.dialer));
            let state = match pair.status() {
                Status::Error => State::Broken,
                Status::Warning => State::Attention,
                _ if pair.ends().count() < 2 => State::OneEnd,
                _ => State::Works,
            };
            for cluster in [dialer, acceptor].into_iter().flatten() {
                clusters[cluster].peerings.add(state);
            }
            peerings.push(Peering { pair, state, dialer, acceptor, findings });
        }
        Self { report, screen, link, clusters, peerings }
    }

    pub(super) fn tally(&self) -> Tally {
        self.peerings.iter().map(|peering| peering.state).collect()
    }

    /// Returns the name of the cluster of an end.
    pub(in crate::render::html) fn name(&self, cluster: Option<usize>) -> &str {
        cluster.map_or(UNKNOWN, |index| &self.clusters[index].name)
    }

    /// Returns where a finding is: `east`, or `east/to-west`.
    pub(in crate::render::html) fn place(&self, finding: &Finding) -> String {
        let cluster = cluster_name(&finding.cluster, &finding.partition, self.screen);
        match &finding.peering {
            Some(peering) => format!("{cluster}/{}", self.screen.name(peering)),
            None => cluster,
        }
    }
}

/// What stands for the other end of a peering if no facts of its cluster have it.
pub(super) const UNKNOWN: &str = "unknown";
