//! Whether contexts can be used: asks all their clusters at once.
//!
//! ```no_run
//! use consul_peering::net::context::Context;
//! use consul_peering::net::gather::contexts::{Checker, check_all};
//!
//! # async fn run(contexts: &[Context]) {
//! let checks = check_all(contexts, Checker::new(jiff::Timestamp::now, |_| None)).await;
//! for check in checks.contexts {
//!     println!("{}: {} problems", check.name, check.problems.len());
//! }
//! # }
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::explain;
use crate::net::consul::{AgentAnswers, Client, Config, Options, Permissions, RequestError};
use crate::net::context::Context;
use crate::staleness::evidence::different_clock;

/// The version of the JSON form of [`ContextChecks`].
pub const SCHEMA_VERSION: u32 = 1;

/// How many clusters are asked at once.
const MAX_JOBS: usize = 64;

/// How contexts are checked.
#[derive(Clone, Copy)]
pub struct Checker {
    /// How long each request may take.
    pub timeout: Duration,
    /// Returns the current time.
    pub clock: fn() -> Timestamp,
    /// Returns the value of a variable, for `token_env` and proxies.
    pub variable: fn(&str) -> Option<String>,
    /// Returns the client of a configuration.
    pub connect: fn(Config) -> Result<Client, String>,
}

impl Checker {
    /// Creates a checker that connects over the network, with a timeout of five seconds per request.
    pub fn new(clock: fn() -> Timestamp, variable: fn(&str) -> Option<String>) -> Self {
        let connect = |config| Client::over_network(config).map_err(|error| error.to_string());
        Self { timeout: Duration::from_secs(5), clock, variable, connect }
    }
}

/// The results for several contexts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextChecks {
    /// The version of this document.
    pub version: u32,
    /// Whether any context has a problem.
    pub status: CheckStatus,
    /// The contexts, in the order given.
    pub contexts: Vec<ContextCheck>,
}

/// Whether something has a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It has none.
    Ok,
    /// It has at least one.
    Failed,
}

/// The result for one context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContextCheck {
    /// The name of the context.
    pub name: String,
    /// The address of its HTTP API.
    pub http_addr: String,
    /// Whether it has a problem.
    pub status: CheckStatus,
    /// Whether a Consul answered at the address.
    pub reachable: bool,
    /// The datacenter.
    pub datacenter: Option<String>,
    /// The trust domain of the cluster's CA.
    pub trust_domain: Option<String>,
    /// The version of Consul. Reading it needs `agent:read`.
    pub consul_version: Option<String>,
    /// `peering.enabled` of the agent. Reading it needs `agent:read`.
    pub peering_enabled: Option<bool>,
    /// Whether requests have no ACL token.
    pub anonymous: bool,
    /// What the ACL token may do.
    pub permissions: Option<Permissions>,
    /// By how many seconds the clock of the cluster is ahead of this host's.
    pub clock_offset: Option<i64>,
    /// How long all requests took.
    pub elapsed_ms: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// What is wrong with a context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// The kind.
    pub kind: ProblemKind,
    /// What was found.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The ACL token or a TLS file cannot be read.
    Unusable,
    /// The address does not answer.
    Unreachable,
    /// Consul refused a request that needs no permission.
    Refused,
    /// The ACL token does not exist in this cluster.
    AclTokenUnknown,
    /// The ACL token may not read peerings.
    CannotReadPeerings,
    /// The agent has `peering.enabled = false`.
    PeeringDisabled,
    /// The clocks of the cluster and of this host differ.
    ClockDiffers,
}

/// Checks all contexts at once, and returns the results in the order of the contexts.
pub async fn check_all(contexts: &[Context], checker: Checker) -> ContextChecks {
    let jobs = Arc::new(Semaphore::new(MAX_JOBS));
    let mut running = JoinSet::new();
    for (index, context) in contexts.iter().cloned().enumerate() {
        let jobs = Arc::clone(&jobs);
        running.spawn(async move {
            let _job = jobs.acquire_owned().await;
            (index, check(context, checker).await)
        });
    }
    let mut checks = running.join_all().await;
    checks.sort_by_key(|(index, _)| *index);
    let contexts: Vec<ContextCheck> = checks.into_iter().map(|(_, check)| check).collect();
    let is_ok = contexts.iter().all(|check| check.status == CheckStatus::Ok);
    let status = if is_ok { CheckStatus::Ok } else { CheckStatus::Failed };
    ContextChecks { version: SCHEMA_VERSION, status, contexts }
}

async fn check(context: Context, checker: Checker) -> ContextCheck {
    let start = Instant::now();
    let (name, http_addr) = (context.name.clone(), context.http_addr.clone());
    let result = ask(context, checker).await;
    let reachable =
        !matches!(&result, Err(Problem { kind: ProblemKind::Unusable | ProblemKind::Unreachable, .. }));
    let (answers, problems) = match result {
        Ok((answers, offset)) => {
            let problems = problems(&answers, offset);
            (Some((answers, offset)), problems)
        }
        Err(problem) => (None, vec![problem]),
    };
    let (answers, clock_offset) = answers.unwrap_or_default();
    ContextCheck {
        name,
        http_addr,
        status: if problems.is_empty() { CheckStatus::Ok } else { CheckStatus::Failed },
        reachable,
        datacenter: answers.datacenter,
        trust_domain: answers.trust_domain,
        consul_version: answers.version,
        peering_enabled: answers.peering_enabled,
        anonymous: answers.anonymous,
        permissions: answers.permissions,
        clock_offset,
        elapsed_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        problems,
    }
}

/// Returns what the cluster reports, and by how many seconds its clock is ahead.
async fn ask(context: Context, checker: Checker) -> Result<(AgentAnswers, Option<i64>), Problem> {
    let unusable = |message: String, remedy: Option<String>| {
        let remedy = remedy.unwrap_or_else(|| "fix this section of the configuration file".to_owned());
        Problem { kind: ProblemKind::Unusable, message, remedy }
    };
    // Reading the ACL token may take long.
    let resolved = tokio::task::spawn_blocking(move || {
        let config = context.config(&Options::default(), checker.variable);
        let config = config.map_err(|error| unusable(error.to_string(), error.remedy()))?;
        (checker.connect)(config).map_err(|message| unusable(message, None))
    });
    let client = resolved.await.map_err(|error| unusable(error.to_string(), None))??;
    let answers = client.agent_answers(checker.timeout).await.map_err(|error| unreachable(&error))?;
    let offset = answers.date.map(|date| date.duration_since((checker.clock)()).as_secs());
    Ok((answers, offset))
}

fn unreachable(error: &RequestError) -> Problem {
    let kind = match error {
        RequestError::Setup(_) => ProblemKind::Unusable,
        _ => ProblemKind::Unreachable,
    };
    let message = error.to_string();
    let otherwise = "check that Consul runs at http_addr, and the network from this host to it";
    Problem { kind, remedy: remedy_for(&message).unwrap_or(otherwise).to_owned(), message }
}

fn remedy_for(message: &str) -> Option<&'static str> {
    // What to do about a flag does not help with a context.
    let remedy = explain::explain(message).first().map(|explanation| explanation.entry.remedy);
    remedy.filter(|remedy| !remedy.contains("-http-addr"))
}

fn problems(answers: &AgentAnswers, clock_offset: Option<i64>) -> Vec<Problem> {
    const UNKNOWN_TOKEN: &str = "ACL not found";
    let problem = |kind, message: String, remedy: &str| Problem { kind, message, remedy: remedy.to_owned() };
    let mut problems = Vec::new();
    for refusal in &answers.refusals {
        problems.push(if refusal.starts_with(UNKNOWN_TOKEN) {
            let message = format!("this cluster does not know the ACL token ({refusal})");
            let remedy = "check that the ACL token belongs to this cluster and was not deleted";
            problem(ProblemKind::AclTokenUnknown, message, remedy)
        } else {
            let remedy = remedy_for(refusal).unwrap_or("check the servers of this cluster");
            problem(ProblemKind::Refused, refusal.clone(), remedy)
        });
    }
    if answers.permissions.is_some_and(|permissions| !permissions.peering_read) {
        let (message, remedy) = if answers.anonymous {
            (
                "the context has no ACL token, and the anonymous token does not have peering:read",
                "add token_file, token_env or token_command to the context",
            )
        } else {
            (
                "the ACL token does not have peering:read",
                "add a policy with peering = \"read\" to the ACL token, or \"write\" to generate and establish too",
            )
        };
        problems.push(problem(ProblemKind::CannotReadPeerings, message.to_owned(), remedy));
    }
    if answers.peering_enabled == Some(false) {
        let message = "the agent has peering.enabled = false".to_owned();
        let remedy = "set peering { enabled = true } on all servers, and restart them";
        problems.push(problem(ProblemKind::PeeringDisabled, message, remedy));
    }
    if let Some(offset) = different_clock(clock_offset) {
        let direction = if offset > 0 { "ahead of" } else { "behind" };
        let message = format!("the clock of the cluster is {} s {direction} this host's", offset.abs());
        problems.push(problem(ProblemKind::ClockDiffers, message, "synchronize both clocks with NTP"));
    }
    problems
}
