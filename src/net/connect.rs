//! Whether two clusters can be connected: observations of both ends in, obstacles out. `net::gather::connect` collects the
//! observations.

use super::consul::{AgentAnswers, Peering};
use super::regenerate::{Decision, Observations, decide};
use crate::connectivity::versions::can_peer;
use crate::shell::quoted;
use crate::staleness::evidence::different_clock;

/// The maximum length of the name of a peering, in bytes.
const MAX_NAME_LEN: usize = 64;

/// One of the two clusters, before they are connected.
#[derive(Debug)]
pub struct End {
    /// The name of its context.
    pub context: String,
    /// The address of its HTTP API.
    pub address: String,
    /// Its admin partition; empty if none is given.
    pub partition: String,
    /// The local name that the peering has or will have in this cluster.
    pub name: String,
    /// What it reports about itself.
    pub answers: AgentAnswers,
    /// By how many seconds its clock is ahead of this host's.
    pub clock_offset: Option<i64>,
    /// All its peerings; `None` if the ACL token may not read them.
    pub peerings: Option<Vec<Peering>>,
}

/// Both clusters, before they are connected.
#[derive(Debug)]
pub struct Ends {
    /// The accepting cluster.
    pub acceptor: End,
    /// The dialing cluster.
    pub dialer: End,
    /// What is known about an unused token of the acceptor's name.
    pub unused: Observations,
    /// The addresses that cannot be reached from this host, each with the reason; or why none was tried.
    pub unreachable: Result<Vec<(String, String)>, String>,
}

/// What was found before the clusters are connected.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whether the two names are the two ends of one peering that is ACTIVE.
    pub already_connected: bool,
    /// What prevents it.
    pub obstacles: Vec<Obstacle>,
    /// What may prevent it.
    pub notes: Vec<String>,
}

/// What prevents the clusters from being connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// What was found.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Whether `-force` overrides it.
    pub can_be_forced: bool,
}

impl Plan {
    /// Returns whether an obstacle remains.
    pub fn is_blocked(&self, force: bool) -> bool {
        self.obstacles.iter().any(|obstacle| !force || !obstacle.can_be_forced)
    }
}

impl End {
    /// Returns the peering of its local name.
    pub fn peering(&self) -> Option<&Peering> {
        self.peerings.iter().flatten().find(|peering| peering.name == self.name)
    }

    /// Returns the command that deletes the peering of the name in this cluster.
    pub fn delete_command(&self) -> String {
        format!("peering delete -name {} -context {} -wait 60s", quoted(&self.name), quoted(&self.context))
    }

    fn described(&self) -> String {
        format!("{:?} at {}", self.name, self.context)
    }

    /// Returns whether two ends are the same cluster and partition.
    fn is_same_cluster(&self, other: &Self) -> bool {
        let partition = |end: &Self| match end.partition.as_str() {
            "default" => String::new(),
            partition => partition.to_ascii_lowercase(),
        };
        match (&self.answers.trust_domain, &other.answers.trust_domain) {
            (Some(one), Some(two)) => one.eq_ignore_ascii_case(two) && partition(self) == partition(other),
            _ => false,
        }
    }
}

/// Decides whether the clusters can be connected.
pub fn plan(ends: &Ends) -> Plan {
    let Ends { acceptor, dialer, .. } = ends;
    if acceptor.is_same_cluster(dialer) {
        let domain = acceptor.answers.trust_domain.as_deref().unwrap_or_default();
        let message = format!(
            "{} and {} are the same cluster: both have the trust domain {domain}",
            acceptor.context, dialer.context
        );
        let remedy =
            "choose contexts of two clusters; within one cluster, services need no peering".to_owned();
        return Plan { obstacles: vec![final_obstacle(message, remedy)], ..Plan::default() };
    }
    let mut plan = Plan { already_connected: is_connected(ends), ..Plan::default() };
    for end in [acceptor, dialer] {
        permissions(end, &mut plan);
    }
    versions(ends, &mut plan);
    for (end, flag) in [(acceptor, "-name-at-acceptor"), (dialer, "-name-at-dialer")] {
        plan.obstacles.extend(name_obstacle(end, flag));
    }
    if !plan.already_connected {
        acceptors_name(ends, &mut plan);
        dialers_name(ends, &mut plan);
    }
    other_peerings(ends, &mut plan);
    for end in [acceptor, dialer] {
        if let Some(offset) = different_clock(end.clock_offset) {
            let direction = if offset > 0 { "ahead of" } else { "behind" };
            plan.notes.push(format!(
                "the clock of {} is {} s {direction} this host's: certificates may count as expired, or as not valid yet",
                end.context,
                offset.abs()
            ));
        }
    }
    match &ends.unreachable {
        Ok(unreachable) => plan.notes.extend(unreachable.iter().map(|(address, reason)| {
            format!(
                "{address} cannot be reached from this host ({reason}); the servers of {} dial it",
                dialer.context
            )
        })),
        Err(reason) => {
            plan.notes.push(format!("The addresses of {} were not checked: {reason}.", acceptor.context));
        }
    }
    plan
}

fn final_obstacle(message: String, remedy: String) -> Obstacle {
    Obstacle { message, remedy, can_be_forced: false }
}

/// Consul accepts DNS labels in lower case. The names of contexts can be others.
fn name_obstacle(end: &End, flag: &str) -> Option<Obstacle> {
    let is_alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = end.name.as_bytes();
    let is_valid = bytes.len() <= MAX_NAME_LEN
        && bytes.iter().all(|byte| is_alphanumeric(*byte) || *byte == b'-')
        && [bytes.first(), bytes.last()]
            .into_iter()
            .all(|byte| byte.is_some_and(|byte| is_alphanumeric(*byte)));
    (!is_valid).then(|| {
        let message = format!(
            "{:?} is not a valid name of a peering: use lowercase letters, digits and dashes, at most {MAX_NAME_LEN}",
            end.name
        );
        final_obstacle(message, format!("choose another name with {flag}"))
    })
}

/// Returns whether both names belong to one peering, which is ACTIVE on both ends.
fn is_connected(ends: &Ends) -> bool {
    let (Some(accepted), Some(dialed)) = (ends.acceptor.peering(), ends.dialer.peering()) else {
        return false;
    };
    dialed.peer_id == accepted.id && [accepted, dialed].iter().all(|peering| peering.state == "ACTIVE")
}

fn permissions(end: &End, plan: &mut Plan) {
    let context = &end.context;
    let granted = end.answers.permissions;
    for (missing, right) in [
        (granted.is_some_and(|granted| !granted.peering_read), "peering:read"),
        (granted.is_some_and(|granted| !granted.peering_write), "peering:write"),
    ] {
        if missing {
            let who = if end.answers.anonymous { "the anonymous token" } else { "the ACL token" };
            let message = format!("{who} does not have {right} at {context}");
            let remedy = format!("use an ACL token with peering = \"write\" in the context {context}");
            plan.obstacles.push(final_obstacle(message, remedy));
        }
    }
    for refusal in &end.answers.refusals {
        let message = if refusal.starts_with("ACL not found") {
            format!("the cluster {context} does not know the ACL token of its context")
        } else {
            format!("the cluster {context} refuses requests: {refusal}")
        };
        let remedy = format!("find out why: peering context check {}", quoted(context));
        plan.obstacles.push(final_obstacle(message, remedy));
    }
    if end.answers.peering_enabled == Some(false) {
        let message = format!("peering is disabled at {context} (peering.enabled = false)");
        let remedy = "set peering { enabled = true } on all its servers, and restart them".to_owned();
        plan.obstacles.push(final_obstacle(message, remedy));
    }
}

fn versions(ends: &Ends, plan: &mut Plan) {
    let (Some(acceptor), Some(dialer)) = (&ends.acceptor.answers.version, &ends.dialer.answers.version)
    else {
        plan.notes.push("The versions of both clusters were not compared: that needs agent:read.".to_owned());
        return;
    };
    if can_peer(acceptor, dialer) == Some(false) {
        let message = format!(
            "Consul {dialer} at {} cannot dial Consul {acceptor} at {}: its TLS selects no ALPN protocol",
            ends.dialer.context, ends.acceptor.context
        );
        let remedy = format!(
            "upgrade {} to Consul 1.22 or later, or swap the roles: -acceptor {} -dialer {}",
            ends.acceptor.context, ends.dialer.context, ends.acceptor.context
        );
        // The agents that were asked may be older than the servers.
        plan.obstacles.push(Obstacle { message, remedy, can_be_forced: true });
    }
}

/// The name at the acceptor: free, in use, left over, or with an unused token.
fn acceptors_name(ends: &Ends, plan: &mut Plan) {
    let end = &ends.acceptor;
    let Some(peering) = end.peering() else { return };
    if let Some(obstacle) = deleted_obstacle(end, peering) {
        plan.obstacles.push(obstacle);
        return;
    }
    if !peering.peer_id.is_empty() {
        let message = format!("the name {} belongs to a peering that this cluster dialed", end.described());
        plan.obstacles.push(final_obstacle(message, "choose another -name-at-acceptor".to_owned()));
        return;
    }
    // After a restart of the acceptor, a peering in use is PENDING until the dialer is back.
    if peering.state != "PENDING" || peering.has_remote() {
        let is_own = ends.dialer.peering().is_some_and(|dialed| dialed.peer_id == peering.id);
        let message = in_use(end, peering);
        plan.obstacles.push(if is_own {
            let remedy = format!(
                "find out why: peering diagnose -name {} -context {}",
                quoted(&ends.dialer.name),
                quoted(&ends.dialer.context)
            );
            Obstacle { message, remedy, can_be_forced: true }
        } else {
            final_obstacle(message, "choose another -name-at-acceptor".to_owned())
        });
        return;
    }
    if let Decision::Unused { certain, reason, .. } = decide(&ends.unused) {
        let exists = if certain { "exists" } else { "may exist" };
        let message = format!(
            "an unused token for {} {exists}, which a new token would invalidate: {reason}",
            end.described()
        );
        let remedy = "if no one needs that token, add -force".to_owned();
        plan.obstacles.push(Obstacle { message, remedy, can_be_forced: true });
    }
}

/// The name at the dialer: free, in use, left over, or waiting for a dialer itself.
fn dialers_name(ends: &Ends, plan: &mut Plan) {
    let end = &ends.dialer;
    let Some(peering) = end.peering() else { return };
    if let Some(obstacle) = deleted_obstacle(end, peering) {
        plan.obstacles.push(obstacle);
        return;
    }
    let is_own = ends.acceptor.peering().is_some_and(|accepted| accepted.id == peering.peer_id);
    if is_own {
        return;
    }
    let message = if peering.peer_id.is_empty() {
        format!(
            "the name {} is in use: this cluster generated a token for it, and waits to be dialed",
            end.described()
        )
    } else {
        in_use(end, peering)
    };
    let remedy = format!("choose another -name-at-dialer, or delete it: {}", end.delete_command());
    plan.obstacles.push(final_obstacle(message, remedy));
}

fn in_use(end: &End, peering: &Peering) -> String {
    let peer = match peering.remote.datacenter.as_str() {
        "" => String::new(),
        datacenter => format!(" with {datacenter}"),
    };
    format!("the name {} is in use: its peering{peer} is {}", end.described(), peering.state)
}

/// The obstacle of a peering that was deleted on the other side, or is being deleted.
fn deleted_obstacle(end: &End, peering: &Peering) -> Option<Obstacle> {
    let (message, remedy) = match peering.state.as_str() {
        "TERMINATED" => (
            format!(
                "the peering {} is left over: it is TERMINATED, because its other side was deleted",
                end.described()
            ),
            format!("delete it: {}", end.delete_command()),
        ),
        "DELETING" => (
            format!("the peering {} is being deleted", end.described()),
            format!("wait until it is gone: {}", end.delete_command()),
        ),
        _ => return None,
    };
    Some(final_obstacle(message, remedy))
}

/// The dialer may have another peering with the same cluster.
fn other_peerings(ends: &Ends, plan: &mut Plan) {
    let Some(domain) = &ends.acceptor.answers.trust_domain else { return };
    for peering in ends.dialer.peerings.iter().flatten().filter(|it| it.name != ends.dialer.name) {
        let server_name = peering.peer_server_name.to_ascii_lowercase();
        if server_name.ends_with(&domain.to_ascii_lowercase()) {
            plan.notes.push(format!(
                "{} already has a peering with {}: {:?} is {}",
                ends.dialer.context, ends.acceptor.context, peering.name, peering.state
            ));
        }
    }
}

#[cfg(test)]
mod tests;
