//! What a Consul says of itself as a dialer, asked without changing anything.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use tokio::time::timeout;

use super::answer;
use super::client::Client;
use super::error::RequestError;
use super::peering::Peering;

/// What a Consul says of itself. What it refuses is in `refusals`, in its own words.
#[derive(Debug, Default)]
pub struct DialerAnswers {
    /// The trust domain of its CA.
    pub trust_domain: Option<String>,
    /// Its version: `GET /v1/agent/self`, which needs `agent:read`.
    pub version: Option<String>,
    /// `peering.enabled` of the agent, likewise.
    pub peering_enabled: Option<bool>,
    /// Whether no ACL token was sent.
    pub anonymous: bool,
    /// Whether the ACL token has `peering:read`: `POST /v1/internal/acl/authorize`, which needs nothing.
    pub may_read: Option<bool>,
    /// Whether it has `peering:write`, likewise.
    pub may_write: Option<bool>,
    /// `Peering.PeerThroughMeshGateways` of the mesh config entry; no entry is `false`.
    pub through_mesh_gateways: Option<bool>,
    /// Its peerings: `GET /v1/peerings`, which needs `peering:read`.
    pub peerings: Option<Vec<Peering>>,
    /// What it refused.
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
    /// What this Consul says of itself as a dialer. Each answer is waited for no longer than `patience`, most of them at
    /// once. The error is of the first request that brought no usable answer: then there is no Consul to ask.
    ///
    /// Its peerings are asked for only where they may be read and peering is on: Consul refuses otherwise, but only after
    /// it tried again and again for 12 seconds (measured on 1.23.0-dev).
    pub async fn dialer_answers(&self, patience: Duration) -> Result<DialerAnswers, RequestError> {
        let (roots, permissions, agent, through_mesh_gateways) = tokio::join!(
            self.within(patience, self.ca_roots()),
            timeout(patience, self.permissions()),
            timeout(patience, self.agent_self()),
            timeout(patience, self.through_mesh_gateways()),
        );
        let mut refusals = Vec::new();
        // Connect may be off, reading may be denied: that is an answer too.
        let trust_domain = unless_refused(roots, &mut refusals)?.map(|roots| roots.trust_domain);
        let (may_read, may_write) = permissions.ok().flatten().unzip();
        let agent = agent.ok().flatten();
        let peering_enabled = agent.as_ref().and_then(|agent| agent.debug.peering_enabled);
        let peerings = if may_read == Some(false) || peering_enabled == Some(false) {
            None
        } else {
            match self.within(patience, self.list_peerings()).await {
                Err(silent @ RequestError::Silent { .. }) => {
                    refusals.push(format!("its peerings: {silent}"));
                    None
                }
                answer => unless_refused(answer, &mut refusals)?,
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
        patience: Duration,
        answer: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let too_slow = |_| RequestError::Silent { address: self.address(), seconds: patience.as_secs_f64() };
        timeout(patience, answer).await.map_err(too_slow)?
    }

    /// Whether peerings may be read, and written; `None`: it cannot be told.
    async fn permissions(&self) -> Option<(bool, bool)> {
        const QUESTION: &[u8] =
            br#"[{"Resource":"peering","Access":"read"},{"Resource":"peering","Access":"write"}]"#;
        let answer = self
            .send(Method::POST, "/v1/internal/acl/authorize", &[], Some(Bytes::from_static(QUESTION)))
            .await
            .ok()?;
        // Without ACLs everything is allowed.
        if answer.body.starts_with(b"ACL support disabled") {
            return Some((true, true));
        }
        let answers: Vec<Authorized> = answer::read("list of permissions", &answer.ok().ok()?.body).ok()?;
        match answers.as_slice() {
            [read, write] => Some((read.allow, write.allow)),
            _ => None,
        }
    }

    async fn agent_self(&self) -> Option<AgentSelf> {
        let answer = self.send(Method::GET, "/v1/agent/self", &[], None).await.ok()?.ok().ok()?;
        answer::read("description of an agent", &answer.body).ok()
    }

    async fn through_mesh_gateways(&self) -> Option<bool> {
        let answer = self.send(Method::GET, "/v1/config/mesh/mesh", &[], None).await.ok()?;
        if answer.status == http::StatusCode::NOT_FOUND {
            return answer.body.starts_with(b"Config entry not found").then_some(false);
        }
        let entry: MeshEntry = answer::read("config entry", &answer.ok().ok()?.body).ok()?;
        Some(entry.peering.is_some_and(|peering| peering.through_mesh_gateways))
    }
}

/// An answer, or the refusal in place of one, which is kept once.
fn unless_refused<T>(
    answer: Result<T, RequestError>,
    refusals: &mut Vec<String>,
) -> Result<Option<T>, RequestError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(RequestError::Refused { body, .. }) => {
            // A proxy's page is many lines long.
            let said = body.split_whitespace().collect::<Vec<_>>().join(" ");
            if !refusals.contains(&said) {
                refusals.push(said);
            }
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
