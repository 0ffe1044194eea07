//! The servers of a cluster, as its catalog lists them.

use std::collections::HashMap;

use http::Method;
use serde::Deserialize;

use super::client::Client;
use super::error::RequestError;
use super::response::parse_json;

/// The servers of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Servers {
    /// The name of their datacenter; empty if there is no server.
    pub datacenter: String,
    /// The addresses of their gRPC TLS ports: those that Consul writes into tokens. Servers without that port are left out:
    /// Consul has it since 1.14.
    pub grpc_tls_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Server {
    #[serde(default)]
    address: String,
    #[serde(default)]
    datacenter: String,
    #[serde(default)]
    service_meta: Option<HashMap<String, String>>,
}

impl Client {
    /// Lists the servers of the cluster: `GET /v1/catalog/service/consul`. Without `service:read` and `node:read`, Consul
    /// returns none.
    pub async fn servers(&self) -> Result<Servers, RequestError> {
        let response = self.send(Method::GET, "/v1/catalog/service/consul", &[], None).await?.ok()?;
        let all: Vec<Server> = parse_json("list of servers", &response.body)?;
        let grpc_tls_addresses = all.iter().filter_map(grpc_tls_address).collect();
        let datacenter = all.into_iter().next().map(|server| server.datacenter).unwrap_or_default();
        Ok(Servers { datacenter, grpc_tls_addresses })
    }
}

fn grpc_tls_address(server: &Server) -> Option<String> {
    let port: u16 =
        server.service_meta.as_ref()?.get("grpc_tls_port")?.parse().ok().filter(|port| *port > 0)?;
    let host = Some(&server.address).filter(|host| !host.is_empty())?;
    Some(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}
