//! The peerings of a report as pairs of ends: each peering once, from whichever end it is known.

use std::collections::HashMap;

use super::facts::Role;
use super::report::{PeeringRow, Place, Report, Status};

/// A peering with its ends, as far as they were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The end at the cluster that dials.
    pub dialer: Option<&'a PeeringRow>,
    /// The end at the cluster that accepts.
    pub acceptor: Option<&'a PeeringRow>,
}

impl<'a> Pair<'a> {
    /// Returns the ends that were found: the dialer's first.
    pub fn ends(&self) -> impl Iterator<Item = &'a PeeringRow> + use<'a> {
        [self.dialer, self.acceptor].into_iter().flatten()
    }

    /// Returns the severity of the worst finding about one of the ends.
    pub fn status(&self) -> Status {
        self.ends().map(|row| row.finding).max().unwrap_or_default()
    }
}

impl Report {
    /// Returns each peering once, in the order of the rows.
    pub fn pairs(&self) -> Vec<Pair<'_>> {
        let by_place: HashMap<Place<'_>, &PeeringRow> =
            self.peerings.iter().map(|row| (row.place(), row)).collect();
        // A peering with both ends counts at its acceptor.
        let is_counted = |row: &&PeeringRow| row.other_end.is_none() || row.role == Role::Acceptor;
        let rows = self.peerings.iter().filter(is_counted);
        rows.map(|row| {
            let other = row.other_end.as_ref().and_then(|end| by_place.get(&end.place()).copied());
            match row.role {
                Role::Acceptor => Pair { dialer: other, acceptor: Some(row) },
                Role::Dialer => Pair { dialer: Some(row), acceptor: other },
            }
        })
        .collect()
    }

    /// Returns the worst status of each peering, from whichever end it is known: each joined pair counts once.
    pub fn peering_statuses(&self) -> Vec<Status> {
        self.pairs().iter().map(Pair::status).collect()
    }
}
