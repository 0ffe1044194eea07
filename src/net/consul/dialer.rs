//! What a Consul agent reports about itself as a dialer, read without changing anything.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time;

use super::client::Client;
use super::error::RequestError;
use super::peering::Peering;
use super::response::parse_json;
use super::transport::ApiResponse;

/// How many mesh gateways are returned.
const MAX_GATEWAYS: usize = 8;

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
    /// The addresses of the mesh gateways through which it dials, from
    /// `GET /v1/internal/federation-states/mesh-gateways`; only requested if it dials through them.
    pub mesh_gateways: Vec<String>,
    /// The time by its clock: the `Date` header of a response.
    pub date: Option<Timestamp>,
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
    #[serde(rename = "Datacenter", default)]
    datacenter: String,
}

/// A mesh gateway in the catalog.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MeshGateway {
    node: GatewayNode,
    service: GatewayService,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayNode {
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayService {
    #[serde(default)]
    address: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    tagged_addresses: Option<HashMap<String, GatewayAddress>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GatewayAddress {
    address: String,
    port: u16,
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
        let (permissions, date) = permissions.unwrap_or_default();
        let (may_read, may_write) = permissions.unzip();
        let agent = agent.ok().flatten();
        let through_mesh_gateways = through_mesh_gateways.ok().flatten();
        let datacenter = agent.as_ref().map_or("", |agent| agent.config.datacenter.as_str());
        let mesh_gateways = if through_mesh_gateways == Some(true) {
            let gateways = time::timeout(timeout, self.mesh_gateways(datacenter)).await;
            gateways.ok().flatten().unwrap_or_default()
        } else {
            Vec::new()
        };
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
            through_mesh_gateways,
            mesh_gateways,
            date,
            peerings,
            refusals,
        })
    }

    async fn within<T>(
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

    /// Returns whether peerings may be read, and written, if Consul reports it; and Consul's time.
    pub(crate) async fn permissions(&self) -> (Option<(bool, bool)>, Option<Timestamp>) {
        const BODY: &[u8] =
            br#"[{"Resource":"peering","Access":"read"},{"Resource":"peering","Access":"write"}]"#;
        let response =
            self.send(Method::POST, "/v1/internal/acl/authorize", &[], Some(Bytes::from_static(BODY))).await;
        let Ok(response) = response else { return (None, None) };
        let date = date(&response);
        // Without ACLs, everything is allowed.
        if response.body.starts_with(b"ACL support disabled") {
            return (Some((true, true)), date);
        }
        let permissions =
            response.ok().and_then(|it| parse_json::<Vec<Authorized>>("list of permissions", &it.body));
        let permissions = match permissions.as_deref() {
            Ok([read, write]) => Some((read.allow, write.allow)),
            _ => None,
        };
        (permissions, date)
    }

    /// Returns whether peering is enabled, if the ACL token may read it.
    pub(crate) async fn peering_enabled(&self) -> Option<bool> {
        self.agent_self().await?.debug.peering_enabled
    }

    /// Returns the addresses at which this cluster reaches its own mesh gateways.
    async fn mesh_gateways(&self, datacenter: &str) -> Option<Vec<String>> {
        let path = "/v1/internal/federation-states/mesh-gateways";
        let response = self.send(Method::GET, path, &[], None).await.ok()?.ok().ok()?;
        let mut all: HashMap<String, Vec<MeshGateway>> =
            parse_json("list of gateways", &response.body).ok()?;
        let addresses = all.remove(datacenter)?.into_iter().take(MAX_GATEWAYS).map(gateway_address);
        Some(addresses.collect())
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

/// Returns the address of a gateway in its own network: the `lan` address, else the service's, else the node's.
fn gateway_address(gateway: MeshGateway) -> String {
    let MeshGateway { node, service } = gateway;
    let lan = service.tagged_addresses.and_then(|mut all| all.remove("lan"));
    let (host, port) = match lan {
        Some(lan) => (lan.address, lan.port),
        None if service.address.is_empty() => (node.address, service.port),
        None => (service.address, service.port),
    };
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Returns the time at which a response was sent.
fn date(response: &ApiResponse) -> Option<Timestamp> {
    let text = response.headers.get(http::header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(text).ok().map(|time| time.timestamp())
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
