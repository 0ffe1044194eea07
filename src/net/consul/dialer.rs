//! What a Consul agent reports about itself as a dialer, read without changing anything.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use tokio::time;

use super::client::Client;
use super::error::RequestError;
use super::peering::Peering;
use super::response::parse_json;

/// What a Consul agent reports about itself.
#[derive(Debug, Default)]
pub struct DialerAnswers {
    /// The trust domain of its CA.
    pub trust_domain: Option<String>,
    /// Its version, from `GET /v1/agent/self`, which needs `agent:read`.
    pub version: Option<String>,
    /// `peering.enabled` of the agent, from the same response.
    pub peering_enabled: Option<bool>,
    /// Whether the requests had no ACL token.
    pub anonymous: bool,
    /// Whether the ACL token has `peering:read`, from `POST /v1/internal/acl/authorize`, which needs no permission.
    pub may_read: Option<bool>,
    /// Whether the ACL token has `peering:write`, from the same response.
    pub may_write: Option<bool>,
    /// `Peering.PeerThroughMeshGateways` of the mesh config entry; `false` if there is no entry.
    pub through_mesh_gateways: Option<bool>,
    /// Its peerings, from `GET /v1/peerings`, which needs `peering:read`.
    pub peerings: Option<Vec<Peering>>,
    /// What it refused to report, in its own words.
    pub refusals: Vec<String>,
}

#[derive(Deserialize)]
struct AgentSelf {
    #[serde(rename = "Config")]
    config: AgentConfig,
    #[serde(rename = "DebugConfig", default)]
    debug: AgentDebugConfig,
}

#[derive(Default, Deserialize)]
struct AgentDebugConfig {
    #[serde(rename = "PeeringEnabled", default)]
    peering_enabled: Option<bool>,
}

#[derive(Deserialize)]
struct AgentConfig {
    #[serde(rename = "Version", default)]
    version: String,
}

#[derive(Deserialize)]
struct Authorized {
    #[serde(rename = "Allow")]
    allow: bool,
}

#[derive(Deserialize)]
struct MeshEntry {
    #[serde(rename = "Peering", default)]
    peering: Option<MeshPeering>,
}

#[derive(Deserialize)]
struct MeshPeering {
    #[serde(rename = "PeerThroughMeshGateways", default)]
    through_mesh_gateways: bool,
}

impl Client {
    /// Returns what this Consul agent reports about itself as a dialer. `timeout` is for each request; most run
    /// at once. Fails with the error of the CA roots or of the peerings, unless Consul refused the request.
    ///
    /// Requests the peerings only if the ACL token may read them and peering is enabled: otherwise Consul refuses, but
    /// only after retrying for 12 seconds (measured on 1.23.0-dev).
    pub async fn dialer_answers(&self, timeout: Duration) -> Result<DialerAnswers, RequestError> {
        let (roots, permissions, agent, through_mesh_gateways) = tokio::join!(
            self.within(timeout, self.ca_roots()),
            time::timeout(timeout, self.permissions()),
            time::timeout(timeout, self.agent_self()),
            time::timeout(timeout, self.through_mesh_gateways()),
        );
        let mut refusals = Vec::new();
        // Connect may be off, or reading denied.
        let trust_domain = unless_refused(roots, &mut refusals)?.map(|roots| roots.trust_domain);
        let (may_read, may_write) = permissions.ok().flatten().unzip();
        let agent = agent.ok().flatten();
        let peering_enabled = agent.as_ref().and_then(|agent| agent.debug.peering_enabled);
        let peerings = if may_read == Some(false) || peering_enabled == Some(false) {
            None
        } else {
            match self.within(timeout, self.list_peerings()).await {
                Err(error @ RequestError::TimedOut { .. }) => {
                    refusals.push(format!("its peerings: {error}"));
                    None
                }
                response => unless_refused(response, &mut refusals)?,
            }
        };
        Ok(DialerAnswers {
            trust_domain: trust_domain.filter(|domain| !domain.is_empty()),
            version: agent.map(|agent| agent.config.version).filter(|version| !version.is_empty()),
            peering_enabled,
            anonymous: self.is_anonymous(),
            may_read,
            may_write,
            through_mesh_gateways: through_mesh_gateways.ok().flatten(),
            peerings,
            refusals,
        })
    }

    async fn within<T>(
        &self,
        timeout: Duration,
        response: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let timed_out =
            |_| RequestError::TimedOut { address: self.address(), seconds: timeout.as_secs_f64() };
        time::timeout(timeout, response).await.map_err(timed_out)?
    }

    /// Returns whether peerings may be read, and written; `None` if Consul does not report it.
    pub(crate) async fn permissions(&self) -> Option<(bool, bool)> {
        const BODY: &[u8] =
            br#"[{"Resource":"peering","Access":"read"},{"Resource":"peering","Access":"write"}]"#;
        let response = self
            .send(Method::POST, "/v1/internal/acl/authorize", &[], Some(Bytes::from_static(BODY)))
            .await
            .ok()?;
        // Without ACLs, everything is allowed.
        if response.body.starts_with(b"ACL support disabled") {
            return Some((true, true));
        }
        let permissions: Vec<Authorized> =
            parse_json("list of permissions", &response.ok().ok()?.body).ok()?;
        match permissions.as_slice() {
            [read, write] => Some((read.allow, write.allow)),
            _ => None,
        }
    }

    async fn agent_self(&self) -> Option<AgentSelf> {
        let response = self.send(Method::GET, "/v1/agent/self", &[], None).await.ok()?.ok().ok()?;
        parse_json("description of an agent", &response.body).ok()
    }

    async fn through_mesh_gateways(&self) -> Option<bool> {
        let response = self.send(Method::GET, "/v1/config/mesh/mesh", &[], None).await.ok()?;
        if response.status == http::StatusCode::NOT_FOUND {
            return response.body.starts_with(b"Config entry not found").then_some(false);
        }
        let entry: MeshEntry = parse_json("config entry", &response.ok().ok()?.body).ok()?;
        Some(entry.peering.is_some_and(|peering| peering.through_mesh_gateways))
    }
}

/// Returns the response, or `None` if Consul refused; adds the text of the refusal to `refusals` once.
fn unless_refused<T>(
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
