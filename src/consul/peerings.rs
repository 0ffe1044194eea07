//! The peering endpoints, and whose cluster answers them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;

use super::answer::{self, CaRoots, GeneratedToken, Peering};
use super::client::{Client, path_segment};
use super::error::RequestError;

/// What `POST /v1/peering/token` is asked for, its keys in Consul's order.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateTokenRequest {
    /// The local name of the peer.
    pub peer_name: String,
    /// The partition given by flag; empty is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// Metadata to keep with the peering.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
    /// Addresses to put into the token in place of the servers' own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub server_external_addresses: Vec<String>,
}

impl Client {
    /// Generates a token: `POST /v1/peering/token`. Asked once; nothing is tried again.
    pub async fn generate_token(
        &self,
        request: &GenerateTokenRequest,
    ) -> Result<GeneratedToken, RequestError> {
        let body = serde_json::to_vec(request).map_err(|error| RequestError::Setup(error.to_string()))?;
        let answer = self.ask(Method::POST, "/v1/peering/token", &[], Some(body.into())).await?;
        answer::read("generated token", &answer.ok()?.body)
    }

    /// Reads the peering of a local name: `GET /v1/peering/:name`. `None`: Consul says that there is none.
    pub async fn read_peering(&self, name: &str) -> Result<Option<Peering>, RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        let answer = self.ask(Method::GET, &path, &[], None).await?;
        // Anybody's 404 is not Consul's word.
        if answer.status == StatusCode::NOT_FOUND && answer.body.starts_with(b"Peering not found") {
            return Ok(None);
        }
        answer::read("peering", &answer.ok()?.body).map(Some)
    }

    /// Lists the peerings: `GET /v1/peerings`.
    pub async fn list_peerings(&self) -> Result<Vec<Peering>, RequestError> {
        answer::read("list of peerings", &self.ask(Method::GET, "/v1/peerings", &[], None).await?.ok()?.body)
    }

    /// Whose cluster this is: `GET /v1/connect/ca/roots`, which needs no permission.
    pub async fn ca_roots(&self) -> Result<CaRoots, RequestError> {
        answer::read(
            "list of CA roots",
            &self.ask(Method::GET, "/v1/connect/ca/roots", &[], None).await?.ok()?.body,
        )
    }

    /// Streams a snapshot of the cluster's state, `GET /v1/snapshot`, chunk by chunk into `take`, until that says `false`.
    ///
    /// It holds every secret of the cluster: nothing of it is kept here.
    pub async fn snapshot(&self, take: impl FnMut(Bytes) -> bool) -> Result<(), RequestError> {
        self.stream("/v1/snapshot", take).await
    }
}
