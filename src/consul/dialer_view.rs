//! What a Consul says of itself as a dialer, asked without changing anything.

use http::Method;
use serde::Deserialize;

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
    /// Whether the ACL token has `peering:write`: `POST /v1/internal/acl/authorize`, which needs nothing.
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
    /// What this Consul says of itself as a dialer. The error is of the first request: then there is nobody to ask.
    pub async fn dialer_answers(&self) -> Result<DialerAnswers, RequestError> {
        let mut view = DialerAnswers::default();
        match self.ca_roots().await {
            Ok(roots) => view.trust_domain = Some(roots.trust_domain).filter(|domain| !domain.is_empty()),
            // Connect may be off: that is an answer too.
            Err(RequestError::Refused { body, .. }) => view.refusals.push(body),
            Err(error) => return Err(error),
        }
        match self.list_peerings().await {
            Ok(peerings) => view.peerings = Some(peerings),
            Err(RequestError::Refused { body, .. }) => view.refusals.push(body),
            Err(error) => return Err(error),
        }
        view.may_write = self.may_write().await;
        view.version = self.version().await;
        view.through_mesh_gateways = self.through_mesh_gateways().await;
        Ok(view)
    }

    /// `None`: it cannot be told.
    async fn may_write(&self) -> Option<bool> {
        let question = br#"[{"Resource":"peering","Access":"write"}]"#.to_vec();
        let answer =
            self.ask(Method::POST, "/v1/internal/acl/authorize", &[], Some(question.into())).await.ok()?;
        // Without ACLs everything is allowed.
        if answer.body.starts_with(b"ACL support disabled") {
            return Some(true);
        }
        let answers: Vec<Authorized> = answer::read("list of permissions", &answer.ok().ok()?.body).ok()?;
        answers.first().map(|answer| answer.allow)
    }

    async fn version(&self) -> Option<String> {
        let answer = self.ask(Method::GET, "/v1/agent/self", &[], None).await.ok()?.ok().ok()?;
        let agent: AgentSelf = answer::read("description of an agent", &answer.body).ok()?;
        Some(agent.config.version).filter(|version| !version.is_empty())
    }

    async fn through_mesh_gateways(&self) -> Option<bool> {
        let answer = self.ask(Method::GET, "/v1/config/mesh/mesh", &[], None).await.ok()?;
        if answer.status == http::StatusCode::NOT_FOUND {
            return answer.body.starts_with(b"Config entry not found").then_some(false);
        }
        let entry: MeshEntry = answer::read("config entry", &answer.ok().ok()?.body).ok()?;
        Some(entry.peering.is_some_and(|peering| peering.through_mesh_gateways))
    }
}
