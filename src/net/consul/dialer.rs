//! What a Consul agent reports about itself as a dialer, read without changing anything.

use std::collections::HashMap;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::time;

use super::agent::unless_refused;
use super::client::Client;
use super::error::RequestError;
use super::peering::Peering;
use super::response::parse_json;

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
        let (may_read, may_write) =
            permissions.map(|granted| (granted.peering_read, granted.peering_write)).unzip();
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

    /// Returns the addresses at which this cluster reaches its own mesh gateways.
    async fn mesh_gateways(&self, datacenter: &str) -> Option<Vec<String>> {
        let gateways = self.all_mesh_gateways(datacenter).await?;
        Some(gateways.into_iter().take(MAX_GATEWAYS).map(|gateway| gateway_address(gateway, "lan")).collect())
    }

    /// Returns the addresses at which other clusters reach the mesh gateways of this one, as its tokens contain them.
    pub(crate) async fn external_mesh_gateways(&self, datacenter: &str) -> Option<Vec<String>> {
        let gateways = self.all_mesh_gateways(datacenter).await?;
        Some(gateways.into_iter().map(|gateway| gateway_address(gateway, "wan")).collect())
    }

    async fn all_mesh_gateways(&self, datacenter: &str) -> Option<Vec<MeshGateway>> {
        let path = "/v1/internal/federation-states/mesh-gateways";
        let response = self.send(Method::GET, path, &[], None).await.ok()?.ok().ok()?;
        let mut all: HashMap<String, Vec<MeshGateway>> =
            parse_json("list of gateways", &response.body).ok()?;
        Some(all.remove(datacenter).unwrap_or_default())
    }

    pub(crate) async fn through_mesh_gateways(&self) -> Option<bool> {
        let response = self.send(Method::GET, "/v1/config/mesh/mesh", &[], None).await.ok()?;
        if response.status == http::StatusCode::NOT_FOUND {
            return response.body.starts_with(b"Config entry not found").then_some(false);
        }
        let entry: MeshEntry = parse_json("config entry", &response.ok().ok()?.body).ok()?;
        Some(entry.peering.is_some_and(|peering| peering.through_mesh_gateways))
    }
}

/// Returns the address of a gateway in a network: the one with this tag, else the service's, else the node's.
fn gateway_address(gateway: MeshGateway, tag: &str) -> String {
    let MeshGateway { node, service } = gateway;
    let tagged = service.tagged_addresses.and_then(|mut all| all.remove(tag));
    let (host, port) = match tagged {
        Some(tagged) => (tagged.address, tagged.port),
        None if service.address.is_empty() => (node.address, service.port),
        None => (service.address, service.port),
    };
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
