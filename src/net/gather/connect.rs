//! Observes two clusters before they are connected, without changing anything.

use std::time::Duration;

use jiff::Timestamp;
use ring::rand::SystemRandom;
use tokio::time;

use super::regenerate::{self, target_of_cluster};
use crate::connectivity::AddressTrace;
use crate::net::connect::{End, Ends};
use crate::net::consul::{Client, RequestError};
use crate::net::ledger::Ledger;
use crate::net::probe::{ConnectionBudget, ProbeTarget, Progress, trace_all};

/// An ID that no peering has.
const NO_PEERING: &str = "00000000-0000-0000-0000-000000000000";

/// A cluster to observe.
pub struct Side<'a> {
    /// The name of its context.
    pub context: &'a str,
    /// Its client.
    pub client: &'a Client,
    /// The local name of the peering there.
    pub name: &'a str,
}

/// What to observe.
pub struct Request<'a> {
    /// The accepting cluster.
    pub acceptor: Side<'a>,
    /// The dialing cluster.
    pub dialer: Side<'a>,
    /// The acceptor's ledger.
    pub ledger: &'a Ledger<'a>,
    /// The addresses that the token will contain instead of the servers' own.
    pub external_addresses: &'a [String],
    /// How long each request and each step of a connection may take.
    pub timeout: Duration,
    /// Returns the current time.
    pub clock: fn() -> Timestamp,
}

/// A cluster that could not be observed: the name of its context, and the reason.
#[derive(Debug)]
pub struct Unobserved {
    /// The name of its context.
    pub context: String,
    /// Why.
    pub error: RequestError,
}

/// Observes both clusters at once.
pub async fn observe(request: &Request<'_>) -> Result<Ends, Unobserved> {
    let (acceptor, dialer, unreachable, unused) = tokio::join!(
        end(&request.acceptor, request.timeout, request.clock),
        end(&request.dialer, request.timeout, request.clock),
        unreachable(request),
        regenerate::observe(
            request.acceptor.client,
            request.ledger,
            request.acceptor.name,
            request.acceptor.client.partition(),
            request.timeout,
        ),
    );
    Ok(Ends { acceptor: acceptor?, dialer: dialer?, unused, unreachable })
}

async fn end(side: &Side<'_>, timeout: Duration, clock: fn() -> Timestamp) -> Result<End, Unobserved> {
    let unobserved = |error| Unobserved { context: side.context.to_owned(), error };
    let answers = side.client.agent_answers(timeout).await.map_err(unobserved)?;
    let clock_offset = answers.date.map(|date| date.duration_since(clock()).as_secs());
    let may_read = answers.permissions.is_none_or(|granted| granted.peering_read);
    // Consul refuses to list peerings only after 12 seconds.
    let is_answered = may_read && answers.peering_enabled != Some(false) && answers.refusals.is_empty();
    let peerings = if is_answered {
        Some(side.client.within(timeout, side.client.list_peerings()).await.map_err(unobserved)?)
    } else {
        None
    };
    Ok(End {
        context: side.context.to_owned(),
        address: side.client.address(),
        partition: side.client.partition().to_owned(),
        name: side.name.to_owned(),
        answers,
        peerings,
        clock_offset,
    })
}

/// Connects to the addresses that the token will contain. Returns those that cannot be reached from this host.
async fn unreachable(request: &Request<'_>) -> Result<Vec<(String, String)>, String> {
    let client = request.acceptor.client;
    let through_gateways = time::timeout(request.timeout, client.through_mesh_gateways()).await;
    if request.external_addresses.is_empty() && through_gateways.ok().flatten() == Some(true) {
        return Err("tokens contain the addresses of its mesh gateways".to_owned());
    }
    let target = time::timeout(request.timeout, target_of_cluster(client, NO_PEERING));
    let target = target.await.map_err(|_| "it did not answer in time".to_owned())?;
    let mut target = target.map_err(|error| error.to_string())?;
    if !request.external_addresses.is_empty() {
        let addresses = request.external_addresses.to_vec();
        target = ProbeTarget { addresses, field: "ManualServerAddresses", ..target };
    }
    if target.addresses.is_empty() {
        return Err("its catalog lists no server with a gRPC TLS port".to_owned());
    }
    let (random, connections) = (SystemRandom::new(), ConnectionBudget::default());
    let traced = trace_all(&target, request.timeout, &random, &connections, &Progress::none()).await;
    let failed = |trace: AddressTrace| Some((trace.address.clone(), trace.failure()?));
    Ok(traced.addresses.into_iter().filter_map(failed).collect())
}
