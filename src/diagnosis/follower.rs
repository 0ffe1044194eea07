//! Addresses at which only followers answer. A follower forwards the exchange of the secret to the leader, but rejects the
//! stream.

use super::cause_text::CauseText;
use super::rank::{Causes, weight};
use super::trace::{add, is_gateway_address};
use crate::connectivity::{AddressTrace, Connectivity};
use crate::explain::catalog;
use crate::lint::Severity;
use crate::token::ServerAddress;

/// Adds the cause if servers answer, but no leader. `answering` are the addresses at which a server answers.
pub(super) fn add_causes(answering: &[&AddressTrace], connectivity: &Connectivity, causes: &mut Causes) {
    if answering.is_empty() || answering.iter().any(|trace| trace.leader_answers()) {
        return;
    }
    // A follower names its leader with an empty address if there is none.
    if answering.iter().all(|trace| leader(trace) == Some("")) {
        let (entry, observation) = (&catalog::NO_LEADER, "a follower that knows no leader answered");
        for trace in answering {
            add(causes, entry, Severity::Error, weight::DECISIVE, connectivity, trace, observation);
        }
        return;
    }
    let remedy = remedy(answering, connectivity);
    for trace in answering {
        let text = CauseText { remedy: remedy.clone(), ..CauseText::from(&catalog::SERVER_IS_FOLLOWER) };
        let observation = match (trace.connections, trace.servers) {
            (0 | 1, _) => "a follower answered".to_owned(),
            (count, 0 | 1) => format!("a follower answered each of {count} connections"),
            (count, servers) => {
                format!("{servers} servers answered {count} connections, all of them followers")
            }
        };
        add(causes, text, Severity::Error, weight::OBSERVED, connectivity, trace, &observation);
    }
}

/// A new token helps only if it would contain other addresses.
fn remedy(answering: &[&AddressTrace], connectivity: &Connectivity) -> String {
    let leader = answering.iter().find_map(|trace| leader(trace)).filter(|address| !address.is_empty());
    let is_leader =
        leader.map_or_else(String::new, |address| format!(" The followers report the leader {address}."));
    if let Some(shared) = answering.iter().find(|trace| may_lead_to_several_servers(trace)) {
        return format!(
            "Make {} lead to every server of the acceptor, and not only to followers.{is_leader} A new token would contain the \
             same address, so don't generate one.",
            shared.address
        );
    }
    let silent =
        connectivity.addresses.iter().filter(|trace| trace.dialed && trace.peering_exists.value().is_none());
    let silent: Vec<&str> = silent.map(|trace| trace.address.as_str()).collect();
    if silent.is_empty() {
        format!(
            "The token does not contain the leader's address.{is_leader} When all servers of the acceptor are up, generate a \
             token: it contains all of them."
        )
    } else {
        format!(
            "Make the other addresses of the token reachable, because one of them may be the leader's: {}.{is_leader}",
            silent.join(", ")
        )
    }
}

/// Whether a load balancer or a mesh gateway may be behind the address: several servers answered there, it is a name or the
/// port of a gateway, or a person chose it with `-server-external-addresses`.
fn may_lead_to_several_servers(trace: &AddressTrace) -> bool {
    let is_name = ServerAddress::parse(&trace.address).is_ok_and(|address| address.ip().is_none());
    trace.servers > 1
        || is_name
        || is_gateway_address(&trace.address)
        || trace.path.starts_with("ManualServerAddresses")
}

fn leader(trace: &AddressTrace) -> Option<&str> {
    trace.peering_exists.value()?.leader.as_deref()
}
