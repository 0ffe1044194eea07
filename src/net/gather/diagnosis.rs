//! The inputs of a diagnosis: connectivity, the dialer's view, and staleness.
//!
//! ```no_run
//! use consul_peering::diagnosis::{GivenToken, diagnose};
//! use consul_peering::net::gather::diagnosis::{Request, Sources, gather};
//!
//! # async fn run(client: &consul_peering::net::consul::Client) -> Result<(), std::io::Error> {
//! let token = GivenToken::new(std::fs::read("west.token")?.into());
//! let sources = Sources::new(Some(client), jiff::Timestamp::now, "this-host");
//! let inputs = gather(&sources, Request { token: Some(&token), ..Request::default() }).await;
//! println!("{}", diagnose(inputs).conclusion);
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use jiff::Timestamp;
use ring::rand::SystemRandom;
use tokio::time;

use super::staleness::{entry, query_consul, read_ledger};
use crate::certificate::Certificate;
use crate::connectivity::{AddressTrace, Connectivity};
use crate::diagnosis::{DiagnosedPeering, DialerView, GivenToken, Inputs, PeeringRole};
use crate::explain;
use crate::lint::Reference;
use crate::net::consul::{Client, DialerAnswers, Peering, RequestError};
use crate::net::ledger::Ledger;
use crate::net::peerstream::Trust;
use crate::net::probe::{ASKED_ONCE, ConnectionBudget, ProbeTarget, Progress, trace_all};
use crate::observed::Observed;
use crate::staleness::evidence::{ConsulView, Evidence, LedgerRecord, Responder};
use crate::staleness::{Assessment, assess};
use crate::token::Token;

/// The sources, and how to query them.
pub struct Sources<'a> {
    /// The Consul at hand, usually the dialer's; `None`: use no network.
    pub client: Option<&'a Client>,
    /// The ledger, or why there is none.
    pub ledger: Result<Ledger<'a>, String>,
    /// How long each step may take.
    pub timeout: Duration,
    /// Returns the current time.
    pub clock: fn() -> Timestamp,
    /// This host's name.
    pub host: String,
    /// Receives the progress of the connections.
    pub progress: Progress,
    /// How many connections to the acceptor and to gateways may be opened.
    pub connections: ConnectionBudget,
}

impl<'a> Sources<'a> {
    /// Creates sources without a ledger and progress, with a timeout of five seconds per step.
    pub fn new(client: Option<&'a Client>, clock: fn() -> Timestamp, host: impl Into<String>) -> Self {
        Self {
            client,
            ledger: Ok(Ledger::Off),
            timeout: Duration::from_secs(5),
            clock,
            host: host.into(),
            progress: Progress::none(),
            connections: ConnectionBudget::default(),
        }
    }
}

/// What to diagnose.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// The token, if there is one.
    pub token: Option<&'a GivenToken>,
    /// The error message that a person saw.
    pub error: Option<&'a str>,
    /// The dialer's local name of the peering.
    pub name: Option<&'a str>,
    /// How the token was given, `@FILE`, for the next commands.
    pub given_as: Option<&'a str>,
    /// The flags that select the Consul at hand, for the next commands: `-http-addr 10.0.0.1:8500`, `-context east`.
    pub cluster_flags: Option<&'a str>,
    /// The Consul that establishes the peering; `None`: the Consul at hand if its version is known, otherwise the newest.
    pub reference: Option<Reference>,
}

/// Why *unused secret?* is not asked about a peering.
const NO_SECRET: &str = "a peering does not contain the token's secret";

/// Queries all sources: the token's addresses and the Consul at hand at the same time, then the ledger. Without a token, but
/// with a name: the Consul at hand, then the addresses of its peering.
pub async fn gather<'a>(sources: &Sources<'_>, request: Request<'a>) -> Inputs<'a> {
    let now = (sources.clock)();
    let token = request.token.and_then(GivenToken::token);
    let mut inputs = Inputs {
        name: request.name,
        given_as: request.given_as,
        cluster_flags: request.cluster_flags,
        error: request.error.map(explain::explain),
        ..Inputs::new(now, request.token, request.reference.unwrap_or_default())
    };
    let Some(client) = sources.client else {
        let reason = || "-offline was given".to_owned();
        inputs.connectivity = Observed::NotChecked(reason());
        inputs.dialer = Observed::NotChecked(reason());
        return inputs;
    };
    let target = match (token, request.name) {
        (None, Some(name)) => {
            let answers = client.dialer_answers(sources.timeout).await;
            let named = answers.as_ref().ok().and_then(|answers| find(answers, name)).cloned();
            inputs.dialer = dialer(sources, client, answers);
            let target = named.as_ref().map(probe_target);
            inputs.peering = named.map(diagnosed_peering);
            match (&target, &inputs.peering) {
                (Some(Ok(target)), _) => inputs.connectivity = connectivity(sources, target).await,
                (Some(Err(reason)), Some(peering)) => {
                    inputs.connectivity = Observed::NotChecked((*reason).to_owned());
                    inputs.newest_token = newest_token(sources, &peering.id).await;
                }
                _ => inputs.connectivity = Observed::NotChecked("the peering is unknown".to_owned()),
            }
            target.and_then(Result::ok)
        }
        (None, None) => {
            let answers = client.dialer_answers(sources.timeout).await;
            inputs.connectivity = Observed::NotChecked("there is no token that can be decoded".to_owned());
            inputs.dialer = dialer(sources, client, answers);
            None
        }
        (Some(token), _) => {
            let target = ProbeTarget::from(token);
            let (traced, answers) =
                tokio::join!(connectivity(sources, &target), client.dialer_answers(sources.timeout));
            inputs.connectivity = traced;
            inputs.dialer = dialer(sources, client, answers);
            Some(target)
        }
    };
    if let (Some(target), Observed::Value(connectivity), Some(view)) =
        (target, &mut inputs.connectivity, inputs.dialer.value())
    {
        trace_gateways(sources, target, &view.mesh_gateways, connectivity).await;
    }
    inputs.check_as_dialer(request.token, request.reference);
    if let Some(token) = token {
        inputs.staleness = Some(staleness(sources, token, &inputs, client).await);
    }
    inputs
}

async fn connectivity(sources: &Sources<'_>, target: &ProbeTarget) -> Observed<Connectivity> {
    let (random, connections) = (SystemRandom::new(), &sources.connections);
    let traced = trace_all(target, sources.timeout, &random, connections, &sources.progress).await;
    Observed::Value(Connectivity {
        observed_from: sources.host.clone(),
        observed_at: Some((sources.clock)()),
        ..traced
    })
}

/// Adds the connections through the dialer's mesh gateways, which pass TLS on by the server name.
async fn trace_gateways(
    sources: &Sources<'_>,
    target: ProbeTarget,
    gateways: &[String],
    connectivity: &mut Connectivity,
) {
    if gateways.is_empty() {
        return;
    }
    let is_asked = connectivity.addresses.iter().any(AddressTrace::reports_peering);
    let target = ProbeTarget {
        addresses: gateways.to_vec(),
        field: "mesh gateway of the dialer",
        not_dialed: Vec::new(),
        secret_not_asked: if is_asked { Some(ASKED_ONCE) } else { target.secret_not_asked },
        ..target
    };
    let (random, connections) = (SystemRandom::new(), &sources.connections);
    let traced = trace_all(&target, sources.timeout, &random, connections, &Progress::none()).await;
    let gateways =
        traced.addresses.into_iter().map(|trace| AddressTrace { dialed: false, is_gateway: true, ..trace });
    connectivity.addresses.extend(gateways);
}

fn dialer(
    sources: &Sources<'_>,
    client: &Client,
    answers: Result<DialerAnswers, RequestError>,
) -> Observed<DialerView> {
    match answers {
        Ok(answers) => Observed::Value(dialer_view(client, answers, (sources.clock)())),
        Err(error) => Observed::Failed(error.to_string()),
    }
}

fn find<'a>(answers: &'a DialerAnswers, name: &str) -> Option<&'a Peering> {
    answers.peerings.iter().flatten().find(|peering| peering.name == name)
}

/// Returns how to reach the acceptor of the dialer's peering, or why the acceptor's peering leads nowhere.
fn probe_target(peering: &Peering) -> Result<ProbeTarget, &'static str> {
    if peering.peer_id.is_empty() {
        return Err("this cluster is the acceptor, and the dialing cluster opens the connection");
    }
    Ok(ProbeTarget {
        addresses: peering.peer_server_addresses.clone(),
        field: "PeerServerAddresses",
        not_dialed: Vec::new(),
        trust: Trust::new(&peering.peer_ca_pems, &peering.peer_server_name),
        peer_id: peering.peer_id.clone(),
        secret_not_asked: Some(NO_SECRET),
    })
}

fn diagnosed_peering(peering: Peering) -> DiagnosedPeering {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    DiagnosedPeering {
        role: if peering.peer_id.is_empty() { PeeringRole::Acceptor } else { PeeringRole::Dialer },
        last_heard_at: peering.stream.last_heard_at(),
        name: peering.name,
        id: peering.id,
        state: peering.state,
        peer_datacenter: given(peering.remote.datacenter),
        peer_id: given(peering.peer_id),
        server_name: given(peering.peer_server_name),
        addresses: peering.peer_server_addresses,
        cas: peering.peer_ca_pems.iter().filter_map(|pem| Certificate::from_pem(pem)).collect(),
    }
}

/// Returns when the ledger's newest token of the acceptor's peering was recorded.
async fn newest_token(sources: &Sources<'_>, peering_id: &str) -> Observed<Option<Timestamp>> {
    let ledger = match &sources.ledger {
        Ok(ledger) => read_ledger(ledger).await,
        Err(reason) => Observed::NotChecked(reason.clone()),
    };
    match ledger {
        Observed::Value(records) => {
            let is_token = |record: &&LedgerRecord| record.peer_id == peering_id && record.lost.is_none();
            Observed::Value(records.iter().rfind(is_token).map(|record| record.recorded_at))
        }
        Observed::Failed(reason) => Observed::Failed(reason),
        Observed::NotChecked(reason) => Observed::NotChecked(reason),
    }
}

fn dialer_view(client: &Client, answers: DialerAnswers, now: Timestamp) -> DialerView {
    DialerView {
        address: client.address(),
        version: answers.version,
        trust_domain: answers.trust_domain,
        peering_enabled: answers.peering_enabled,
        anonymous: answers.anonymous,
        may_read: answers.may_read,
        may_write: answers.may_write,
        through_mesh_gateways: answers.through_mesh_gateways,
        mesh_gateways: answers.mesh_gateways,
        clock_offset: answers.date.map(|date| date.duration_since(now).as_secs()),
        peerings: answers.peerings.map(|all| all.into_iter().map(entry).collect()),
        refusals: answers.refusals,
    }
}

/// Combines the probes' answers, the ledger, and the Consul at hand, which may be the acceptor's.
async fn staleness(sources: &Sources<'_>, token: &Token, inputs: &Inputs<'_>, client: &Client) -> Assessment {
    let (peering_exists, unused_secret) = match inputs.connectivity.value() {
        Some(connectivity) => connectivity.answers(connectivity.observed_at),
        None => (Observed::default(), Observed::default()),
    };
    let dialer = &inputs.dialer;
    let is_elsewhere = dialer.value().is_some_and(|view| {
        Responder::identify(view.trust_domain.as_deref(), token) == Responder::OtherCluster
    });
    let ledger = match &sources.ledger {
        Ok(Ledger::ConsulKv(_)) if is_elsewhere => {
            Observed::NotChecked("it is in the KV of this Consul, which is not the acceptor".to_owned())
        }
        Ok(ledger) => read_ledger(ledger).await,
        Err(reason) => Observed::NotChecked(reason.clone()),
    };
    let consul = match dialer {
        Observed::Failed(reason) => Observed::NotChecked(reason.clone()),
        // The dialer knows whether its peering with the acceptor is up, and nothing about the acceptor's tokens.
        Observed::Value(view) if is_elsewhere => match &view.peerings {
            Some(peerings) => Observed::Value(ConsulView {
                observed_at: Some((sources.clock)()),
                trust_domain: view.trust_domain.clone(),
                listed: Some(peerings.clone()),
                ..ConsulView::default()
            }),
            None => Observed::NotChecked("it is not the acceptor".to_owned()),
        },
        // Consul would refuse, but only after 12 seconds.
        Observed::Value(view) if view.peerings.is_none() => {
            Observed::NotChecked("the ACL token may not read its peerings".to_owned())
        }
        _ => time::timeout(sources.timeout, query_consul(client, None, token, sources.clock))
            .await
            .unwrap_or_else(|_| Observed::Failed("it did not answer in time".to_owned())),
    };
    let evidence = Evidence { ledger, consul, peering_exists, unused_secret, ..Evidence::default() };
    assess("token", token, &evidence)
}
