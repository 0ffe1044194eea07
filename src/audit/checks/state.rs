//! Checks of the states of a peering's ends, and of its heartbeats.

use jiff::SignedDuration;
use serde_json::json;

use super::super::check::{AuditCheck, Found, Run, View, proves_open};
use super::super::facts::State;
use super::trust::untrusted_ca;
use crate::lint::{Area, Check, Severity, Subject};
use crate::utc::span;

/// From this age on, a peering that is being deleted is stuck. Deleting takes seconds.
const MAX_DELETING: SignedDuration = SignedDuration::from_mins(10);

/// How exactly the clock of a cluster is known: the `Date` header has seconds.
const CLOCK_PRECISION: SignedDuration = SignedDuration::from_secs(2);

/// A token that was generated this recently is probably on its way to the dialer.
const TOKEN_ON_ITS_WAY: SignedDuration = SignedDuration::from_hours(1);

/// `peering-states-differ`.
pub static PEERING_STATES_DIFFER: AuditCheck = AuditCheck {
    check: Check {
        name: "peering-states-differ",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::BothEnds,
        summary: "The two ends of the peering report states that exclude each other.",
        why: "One end is up and the other is not, or one end was deleted and the other was not. Each cluster alone looks consistent.",
        remedy: "If one end is TERMINATED, delete the peering on both clusters and peer them again. Otherwise diagnose it on the dialer. If its network is fine, make another server the leader of the dialer, which opens a new stream.",
        source: "Consul 1.23.0-dev, recorded: both ends of an open stream receive a heartbeat every 15 seconds",
    },
    run: Run::Peering(peering_states_differ),
};

fn peering_states_differ(view: &View<'_>) -> Option<Found> {
    // Once for both ends: the acceptor reports it.
    let dialer = contradicting_peer(view).filter(|_| !view.end.is_dialer())?;
    let (here, there) = (view.fact.state.name(), dialer.fact.state.name());
    let message = format!("{here} here, but {there} at {}", dialer.cluster.cluster);
    let found = Found::new(message, [("state", json!(here)), ("peer_state", json!(there))]);
    Some(found.with_other(dialer.index()))
}

/// Returns the other end, if its state and that of this end exclude each other.
fn contradicting_peer<'c>(view: &View<'c>) -> Option<View<'c>> {
    let peer = view.comparable_peer().filter(|_| view.is_dialer_of_acceptor())?;
    let is_contradiction = match (&view.fact.state, &peer.fact.state) {
        (State::Terminated, other) | (other, State::Terminated) => !other.is_deleted(),
        (State::Active, other) => excludes(other, &peer, view),
        (other, State::Active) => excludes(other, view, &peer),
        _ => false,
    };
    is_contradiction.then_some(peer)
}

/// Returns whether the state of an end that is not ACTIVE excludes what the ACTIVE end reports.
///
/// Servers that restarted report PENDING or ESTABLISHING for some seconds, while the other end still has its last
/// heartbeat. Only a heartbeat that arrived after that proves anything.
fn excludes(state: &State, down: &View<'_>, active: &View<'_>) -> bool {
    let Some(heartbeat) = active.heartbeat_by_our_clock() else { return false };
    let is_open = proves_open(heartbeat, down.fact.observed_at);
    match state {
        State::Failing => is_open,
        State::Pending | State::Establishing => is_open && heartbeat > down.fact.observed_at,
        _ => false,
    }
}

/// `active-without-heartbeat`.
pub static ACTIVE_WITHOUT_HEARTBEAT: AuditCheck = AuditCheck {
    check: Check {
        name: "active-without-heartbeat",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The peering is ACTIVE, but has never received a heartbeat.",
        why: "A heartbeat arrives every 15 seconds. Without one the state is only what Consul last stored, and no data flows: a proxy or firewall may pass the connection but not the messages.",
        remedy: "Diagnose the peering on both clusters. If the network is fine, restart the leader of the cluster that reports this.",
        source: "Consul 1.23.0-dev, recorded: the first heartbeat arrives 15 seconds after the stream opens",
    },
    run: Run::Peering(active_without_heartbeat),
};

fn active_without_heartbeat(view: &View<'_>) -> Option<Found> {
    let is_silent = view.fact.state == State::Active && view.heartbeat_age().is_none() && !is_explained(view);
    // A heartbeat at the other end after this end's last message shows that the stream is older than it looks. One from before
    // may be of the stream that was open before a restart here.
    let received_at = view.receive_by_our_clock();
    let is_later = |peer: &View<'_>| {
        let heartbeat_at = peer.heartbeat_by_our_clock();
        heartbeat_at.is_some_and(|heartbeat| {
            received_at.is_none_or(|received| heartbeat.duration_since(received) > CLOCK_PRECISION)
        })
    };
    let is_new = view.is_new_stream() && !view.peer().as_ref().is_some_and(is_later);
    (is_silent && !is_new).then(|| Found::new("ACTIVE, but no heartbeat has arrived", []))
}

/// Returns whether another check reports why the stream is broken, at this end or at the other. Then its state and its missing
/// heartbeats have nothing to add, and their remedies are wrong.
fn is_explained(view: &View<'_>) -> bool {
    let is_untrusted = |dialer: &View<'_>| dialer.end.is_dialer() && untrusted_ca(dialer).is_some();
    view.has_lost_its_other_end() || is_untrusted(view) || view.peer().as_ref().is_some_and(is_untrusted)
}

/// `heartbeat-old`.
pub static HEARTBEAT_OLD: AuditCheck = AuditCheck {
    check: Check {
        name: "heartbeat-old",
        severity: Severity::Error,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The stream is broken: the peering is FAILING, or had no heartbeat for more than 45 seconds.",
        why: "A heartbeat arrives every 15 seconds. After three missing ones, the peer is frozen, stopped or unreachable. Consul still reports ACTIVE for some time, and its metrics report a healthy peering for up to two minutes.",
        remedy: "Check whether the peer's cluster has a leader, then diagnose the peering on the dialer. It reconnects by itself and needs no token.",
        source: "Consul 2.1.0-dev, measured: a killed peer shows at once, a frozen one after 25 to 45 seconds",
    },
    run: Run::Peering(heartbeat_old),
};

fn heartbeat_old(view: &View<'_>) -> Option<Found> {
    if is_explained(view) {
        return None;
    }
    let is_failing = view.fact.state == State::Failing;
    let is_broken = match view.fact.state {
        // `peering-states-differ` reports a stream that is broken at one end only.
        State::Failing => !view.has_fresh_heartbeat() || contradicting_peer(view).is_none(),
        // After a stream was opened again, Consul reports the last heartbeat of the broken one for 15 seconds.
        State::Active => !view.has_fresh_heartbeat() && !view.is_reopened_stream(),
        _ => false,
    };
    let name = view.fact.state.name();
    match view.heartbeat_age().filter(|_| is_broken) {
        Some(age) => {
            let message = format!("{name}: no heartbeat for {}", span(age));
            Some(Found::new(message, [("heartbeat_age_ms", json!(age.as_secs().saturating_mul(1000)))]))
        }
        None if is_broken && is_failing => Some(Found::new("FAILING: no heartbeat has arrived", [])),
        // `active-without-heartbeat` reports this.
        None => None,
    }
}

/// `pending-since`.
pub static PENDING_SINCE: AuditCheck = AuditCheck {
    check: Check {
        name: "pending-since",
        severity: Severity::Warning,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The peering is not established.",
        why: "On an acceptor, PENDING means that no token was used, or that a restarted server waits until the dialer connects again. On a dialer, PENDING or ESTABLISHING means that it cannot open the stream.",
        remedy: "If no token was used, establish the peering on the dialer, or delete it. Otherwise diagnose it on the dialer.",
        source: "Consul 1.23.0-dev, recorded: `http-read-acceptor-never-used`, `http-read-acceptor-pending-after-restart`",
    },
    run: Run::Peering(pending_since),
};

fn pending_since(view: &View<'_>) -> Option<Found> {
    let state = &view.fact.state;
    if !matches!(state, State::Pending | State::Establishing) || is_explained(view) {
        return None;
    }
    let name = state.name();
    if view.end.is_dialer() {
        // `two-dialers` reports that another cluster has the acceptor's stream.
        view.is_dialer_of_acceptor().then_some(())?;
        return Some(Found::new(format!("{name}: the dialer has not opened the stream"), []));
    }
    if view.fact.has_remote() {
        return Some(Found::new(format!("{name}: {}", awaited_dialer(view)), []));
    }
    let Some(generated_at) = view.unused_since() else {
        return Some(Found::new(format!("{name}: no token of it was used"), []));
    };
    let age = view.options().now.duration_since(generated_at);
    // `unused-token-old` reports older ones.
    (age >= TOKEN_ON_ITS_WAY && age < view.options().unused_after).then(|| {
        let message = format!("{name}: the token of {} ago was not used", span(age));
        Found::new(message, [("generated_at", json!(generated_at))])
    })
}

/// Returns what the dialer of an acceptor does that waits for it.
fn awaited_dialer(view: &View<'_>) -> String {
    let dialer = view.peer();
    let acceptor =
        dialer.and_then(|dialer| dialer.peer()).filter(|acceptor| acceptor.index() != view.index());
    match (dialer, acceptor) {
        // A copy of the acceptor's cluster has its peerings too.
        (Some(dialer), Some(acceptor)) => {
            format!("{} is connected to {} instead", dialer.cluster.cluster, acceptor.cluster.cluster)
        }
        _ => "the dialer has not connected again".to_owned(),
    }
}

/// `unused-token-old`.
pub static UNUSED_TOKEN_OLD: AuditCheck = AuditCheck {
    check: Check {
        name: "unused-token-old",
        severity: Severity::Warning,
        area: Area::Peerings,
        subject: Subject::Ledger,
        summary: "A token was generated long ago and is still unused.",
        why: "Anyone who has the token can peer with this cluster. A token does not expire by itself.",
        remedy: "Establish the peering with it, or delete the peering, which invalidates the token.",
        source: "Consul 1.23.0-dev, recorded: an unused token works until it is used or another one is generated",
    },
    run: Run::Peering(unused_token_old),
};

fn unused_token_old(view: &View<'_>) -> Option<Found> {
    let is_unused = !view.end.is_dialer() && view.fact.state == State::Pending && !view.fact.has_remote();
    let generated_at = view.unused_since().filter(|_| is_unused)?;
    let age = view.options().now.duration_since(generated_at);
    (age >= view.options().unused_after).then(|| {
        let message = format!("the token of {} ago is still unused", span(age));
        Found::new(message, [("generated_at", json!(generated_at))])
    })
}

/// `terminated-left-behind`.
pub static TERMINATED_LEFT_BEHIND: AuditCheck = AuditCheck {
    check: Check {
        name: "terminated-left-behind",
        severity: Severity::Warning,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The other cluster deleted the peering, and this end was left behind.",
        why: "A TERMINATED peering never works again. Consul still generates tokens for its name, and none of them can be used.",
        remedy: "Delete the peering on this cluster. Then its name can be used again.",
        source: "Consul 1.23.0-dev, recorded: `err-stillborn`",
    },
    run: Run::Peering(terminated_left_behind),
};

fn terminated_left_behind(view: &View<'_>) -> Option<Found> {
    (view.fact.state == State::Terminated).then(|| {
        let peer = view.cluster_without_other_end().map_or("the other cluster", |peer| &peer.cluster);
        Found::new(format!("{peer} deleted this peering"), [])
    })
}

/// `deleting-stuck`.
pub static DELETING_STUCK: AuditCheck = AuditCheck {
    check: Check {
        name: "deleting-stuck",
        severity: Severity::Warning,
        area: Area::Peerings,
        subject: Subject::Peering,
        summary: "The peering was deleted more than ten minutes ago, but is still there.",
        why: "The leader removes a deleted peering and its imported services within seconds. It retries if that fails.",
        remedy: "Read the leader's log. If it does not show the reason, transfer leadership to another server: `consul operator raft transfer-leader`.",
        source: "Consul 1.23.0-dev: `DeletedAt` of a peering in the state DELETING",
    },
    run: Run::Peering(deleting_stuck),
};

fn deleting_stuck(view: &View<'_>) -> Option<Found> {
    let deleted_at = view.fact.deleted_at.filter(|_| view.fact.state == State::Deleting)?;
    let age = view.fact.observed_at.duration_since(view.cluster.by_our_clock(deleted_at));
    (age > MAX_DELETING)
        .then(|| Found::new(format!("DELETING for {}", span(age)), [("deleted_at", json!(deleted_at))]))
}
