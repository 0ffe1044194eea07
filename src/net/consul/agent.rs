//! What a Consul agent reports about itself and its cluster, read without changing anything.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time;

use super::client::Client;
use super::error::RequestError;
use super::response::parse_json;
use super::transport::ApiResponse;

/// Consul's error while there is no leader.
const NO_LEADER: &str = "No cluster leader";

/// What a Consul agent reports about itself and its cluster.
#[derive(Debug, Default)]
pub struct AgentAnswers {
    /// The trust domain of the cluster's CA.
    pub trust_domain: Option<String>,
    /// Its datacenter, from `GET /v1/agent/self` or `GET /v1/catalog/datacenters`.
    pub datacenter: Option<String>,
    /// Its version, from `GET /v1/agent/self`, which needs `agent:read`.
    pub version: Option<String>,
    /// `peering.enabled` of the agent, from the same response.
    pub peering_enabled: Option<bool>,
    /// What the ACL token may do.
    pub permissions: Option<Permissions>,
    /// Whether the requests had no ACL token.
    pub anonymous: bool,
    /// The time by its clock: the `Date` header of a response.
    pub date: Option<Timestamp>,
    /// What it refused to report, in its own words.
    pub refusals: Vec<String>,
}

/// What an ACL token may do, from `POST /v1/internal/acl/authorize`, which needs no permission. Without ACLs, everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Permissions {
    /// Read peerings.
    pub peering_read: bool,
    /// Generate tokens, establish and delete peerings.
    pub peering_write: bool,
    /// Read the state of Raft and Consul's configuration.
    pub operator_read: bool,
}

#[derive(Deserialize)]
pub(super) struct AgentSelf {
    #[serde(rename = "Config")]
    pub(super) config: AgentConfig,
    #[serde(rename = "DebugConfig", default)]
    pub(super) debug: AgentDebugConfig,
}

#[derive(Default, Deserialize)]
pub(super) struct AgentDebugConfig {
    #[serde(rename = "PeeringEnabled", default)]
    pub(super) peering_enabled: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct AgentConfig {
    #[serde(rename = "Version", default)]
    pub(super) version: String,
    #[serde(rename = "Datacenter", default)]
    pub(super) datacenter: String,
}

#[derive(Deserialize)]
struct Authorized {
    #[serde(rename = "Allow")]
    allow: bool,
}

impl Client {
    /// Returns what this Consul agent reports about itself and its cluster. `timeout` is for each request; they run at once.
    /// Fails with the error of the CA roots, unless Consul refused the request.
    pub async fn agent_answers(&self, timeout: Duration) -> Result<AgentAnswers, RequestError> {
        let (roots, authorized, agent, datacenters, has_leader) = tokio::join!(
            self.within(timeout, self.ca_roots()),
            self.within(timeout, self.authorize()),
            time::timeout(timeout, self.agent_self()),
            time::timeout(timeout, self.datacenters()),
            time::timeout(timeout, self.has_leader()),
        );
        let roots = match (roots, has_leader) {
            // Consul answers only after it has waited for a leader for seven seconds.
            (Err(RequestError::TimedOut { .. }), Ok(Some(false))) => {
                Err(RequestError::Refused { status: 500, body: NO_LEADER.to_owned() })
            }
            (roots, _) => roots,
        };
        let mut refusals = Vec::new();
        let trust_domain = unless_refused(roots, &mut refusals)?.map(|roots| roots.trust_domain);
        let (permissions, date) = match authorized {
            // A proxy may answer instead of Consul.
            Ok((permissions, date)) => (unless_refused(permissions, &mut refusals).unwrap_or_default(), date),
            Err(_) => (None, None),
        };
        let agent = agent.ok().flatten();
        let peering_enabled = agent.as_ref().and_then(|agent| agent.debug.peering_enabled);
        let config = agent.map(|agent| agent.config);
        let datacenter = config.as_ref().map(|config| config.datacenter.clone());
        let first = || datacenters.ok().flatten().and_then(|all| all.into_iter().next());
        let given = |text: &String| !text.is_empty();
        Ok(AgentAnswers {
            trust_domain: trust_domain.filter(given),
            datacenter: datacenter.filter(given).or_else(first),
            version: config.map(|config| config.version).filter(given),
            peering_enabled,
            permissions,
            anonymous: self.is_anonymous(),
            date,
            refusals,
        })
    }

    /// Returns a response, or an error if it takes longer than `timeout`.
    pub(crate) async fn within<T>(
        &self,
        timeout: Duration,
        response: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let timed_out = |_| RequestError::TimedOut {
            address: self.address(),
            seconds: timeout.as_secs_f64(),
            is_sent: true,
        };
        time::timeout(timeout, response).await.map_err(timed_out)?
    }

    /// Returns what the ACL token may do, if Consul reports it; and Consul's time.
    pub(crate) async fn permissions(&self) -> (Option<Permissions>, Option<Timestamp>) {
        match self.authorize().await {
            Ok((permissions, date)) => (permissions.ok(), date),
            Err(_) => (None, None),
        }
    }

    /// Returns what the ACL token may do, or why Consul does not report it; and Consul's time.
    async fn authorize(
        &self,
    ) -> Result<(Result<Permissions, RequestError>, Option<Timestamp>), RequestError> {
        const BODY: &[u8] = br#"[{"Resource":"peering","Access":"read"},{"Resource":"peering","Access":"write"},{"Resource":"operator","Access":"read"}]"#;
        let path = "/v1/internal/acl/authorize";
        let response = self.send(Method::POST, path, &[], Some(Bytes::from_static(BODY))).await?;
        let date = date(&response);
        if response.body.starts_with(b"ACL support disabled") {
            let all = Permissions { peering_read: true, peering_write: true, operator_read: true };
            return Ok((Ok(all), date));
        }
        let parse = |response: ApiResponse| {
            let all: Vec<Authorized> = parse_json("list of permissions", &response.body)?;
            match all.as_slice() {
                [read, write, operator] => Ok(Permissions {
                    peering_read: read.allow,
                    peering_write: write.allow,
                    operator_read: operator.allow,
                }),
                _ => Err(RequestError::Unreadable(
                    "the response is not a list of three permissions".to_owned(),
                )),
            }
        };
        Ok((response.ok().and_then(parse), date))
    }

    /// Returns whether peering is enabled, if the ACL token may read it.
    pub(crate) async fn peering_enabled(&self) -> Option<bool> {
        self.agent_self().await?.debug.peering_enabled
    }

    /// Returns the version and the datacenter of the agent, each if it is known.
    pub(crate) async fn version_and_datacenter(&self) -> (Option<String>, Option<String>) {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        match self.agent_self().await {
            Some(agent) => (given(agent.config.version), given(agent.config.datacenter)),
            None => (None, self.datacenters().await.and_then(|all| all.into_iter().next())),
        }
    }

    /// Returns the address of the leader, if there is one: `GET /v1/status/leader`, which needs no permission.
    pub(crate) async fn leader(&self) -> Option<String> {
        let response = self.send(Method::GET, "/v1/status/leader", &[], None).await.ok()?.ok().ok()?;
        parse_json::<String>("leader", &response.body).ok().filter(|address| !address.is_empty())
    }

    pub(super) async fn agent_self(&self) -> Option<AgentSelf> {
        let response = self.send(Method::GET, "/v1/agent/self", &[], None).await.ok()?.ok().ok()?;
        parse_json("description of an agent", &response.body).ok()
    }

    /// Returns whether the agent knows a leader. It answers at once, and needs no permission.
    async fn has_leader(&self) -> Option<bool> {
        let response = self.send(Method::GET, "/v1/status/leader", &[], None).await.ok()?.ok().ok()?;
        let leader: String = parse_json("leader", &response.body).ok()?;
        Some(!leader.is_empty())
    }

    /// Returns the names of all datacenters, the agent's own first. This needs no permission.
    async fn datacenters(&self) -> Option<Vec<String>> {
        let response = self.send(Method::GET, "/v1/catalog/datacenters", &[], None).await.ok()?.ok().ok()?;
        parse_json("list of datacenters", &response.body).ok()
    }
}

/// Returns the time at which a response was sent.
fn date(response: &ApiResponse) -> Option<Timestamp> {
    let text = response.headers.get(http::header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp())
}

/// Returns the response, or `None` if Consul refused; adds the text of the refusal to `refusals` once.
pub(super) fn unless_refused<T>(
    response: Result<T, RequestError>,
    refusals: &mut Vec<String>,
) -> Result<Option<T>, RequestError> {
    match response {
        Ok(response) => Ok(Some(response)),
        Err(RequestError::Refused { body, .. }) => {
            // The error page of a proxy has many lines.
            let text = body.split_whitespace().collect::<Vec<_>>().join(" ");
            if !refusals.contains(&text) {
                refusals.push(text);
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
