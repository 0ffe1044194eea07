//! The document of `connect -format json`.

use serde::Serialize;

use super::run::Step;
use crate::net::connect::{End, Ends, Plan};

/// The version of the document.
const VERSION: u32 = 1;

/// The output of `connect -format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connection<'a> {
    /// The version of this document.
    version: u32,
    /// What was done.
    status: Status,
    /// The accepting cluster.
    acceptor: Cluster<'a>,
    /// The dialing cluster.
    dialer: Cluster<'a>,
    /// What prevents it, or what -force overrides.
    obstacles: Vec<FoundObstacle<'a>>,
    /// What may prevent it.
    notes: &'a [String],
    /// The step that failed, or that Ctrl-C stopped.
    failure: Option<FailedStep>,
}

/// What `connect` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// Nothing: -dry-run was given, and nothing prevents it.
    CanConnect,
    /// Nothing: an obstacle prevents it.
    Blocked,
    /// Nothing: the clusters are connected already.
    AlreadyConnected,
    /// It connected the clusters.
    Connected,
    /// A step failed.
    Failed,
    /// Ctrl-C stopped a step.
    Interrupted,
}

/// One of the two clusters, before they were connected.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Cluster<'a> {
    /// The context.
    context: &'a str,
    /// The address of the HTTP API.
    address: &'a str,
    /// The admin partition; empty if none is given.
    partition: &'a str,
    /// The local name of the peering.
    name: &'a str,
    /// The datacenter.
    datacenter: Option<&'a str>,
    /// The trust domain.
    trust_domain: Option<&'a str>,
    /// The version of the Consul agent that was queried.
    consul_version: Option<&'a str>,
}

/// What prevents the clusters from being connected.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct FoundObstacle<'a> {
    /// What was found.
    message: &'a str,
    /// What to do.
    remedy: &'a str,
    /// Whether -force was given and overrides it.
    is_forced: bool,
}

/// A step that failed, or that Ctrl-C stopped.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct FailedStep {
    /// The step.
    pub(super) step: Step,
    /// Why it failed, in Consul's words if it refused; null if Ctrl-C stopped it.
    pub(super) message: Option<String>,
    /// The conclusion of a diagnosis, if one was made.
    pub(super) conclusion: Option<String>,
    /// What is left behind.
    pub(super) left_behind: Vec<String>,
    /// The commands that remove it.
    pub(super) clean_up: Vec<String>,
    /// What to do.
    pub(super) remedy: String,
}

impl<'a> Connection<'a> {
    pub(super) fn new(status: Status, ends: &'a Ends, plan: &'a Plan, force: bool) -> Self {
        let obstacle = |it: &'a crate::net::connect::Obstacle| FoundObstacle {
            message: &it.message,
            remedy: &it.remedy,
            is_forced: force && it.can_be_forced,
        };
        Self {
            version: VERSION,
            status,
            acceptor: Cluster::of(&ends.acceptor),
            dialer: Cluster::of(&ends.dialer),
            obstacles: plan.obstacles.iter().map(obstacle).collect(),
            notes: &plan.notes,
            failure: None,
        }
    }

    pub(super) fn with_failure(self, failure: FailedStep) -> Self {
        Self { failure: Some(failure), ..self }
    }
}

impl<'a> Cluster<'a> {
    fn of(end: &'a End) -> Self {
        Self {
            context: &end.context,
            address: &end.address,
            partition: &end.partition,
            name: &end.name,
            datacenter: end.answers.datacenter.as_deref(),
            trust_domain: end.answers.trust_domain.as_deref(),
            consul_version: end.answers.version.as_deref(),
        }
    }
}
