//! The peering endpoints, the CA roots and the snapshot.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::ser::Serializer;
use zeroize::Zeroizing;

use super::client::{Client, path_segment};
use super::error::RequestError;
use super::peering::Peering;
use super::response::{CaRoots, GeneratedToken, parse_json};
use crate::token::Secret;

/// The body of `POST /v1/peering/token`, its keys in Consul's order.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateTokenRequest {
    /// The local name of the peer.
    pub peer_name: String,
    /// The partition given by a flag; empty if none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// Metadata for the peering.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
    /// The addresses to put into the token instead of the servers' own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub server_external_addresses: Vec<String>,
}

/// The body of `POST /v1/peering/establish`, its keys in Consul's order.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EstablishRequest {
    /// The local name of the peer.
    pub peer_name: String,
    /// The token. Sending it uses it up.
    #[serde(serialize_with = "exposed")]
    pub peering_token: Secret,
    /// The partition given by a flag; empty if none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// Metadata for the peering.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

impl Client {
    /// Establishes a peering, which uses up the token: `POST /v1/peering/establish`. Sends one request and never retries.
    pub async fn establish(&self, request: &EstablishRequest) -> Result<(), RequestError> {
        let mut body = Zeroizing::new(Vec::with_capacity(request.peering_token.expose().len() + 1024));
        serde_json::to_writer(&mut *body, request).map_err(|error| RequestError::Setup(error.to_string()))?;
        let body = Some(Bytes::from_owner(body));
        self.send(Method::POST, "/v1/peering/establish", &[], body).await?.ok().map(drop)
    }

    /// Deletes the peering of a local name: `DELETE /v1/peering/:name`. Consul does not report whether it existed.
    pub async fn delete_peering(&self, name: &str) -> Result<(), RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        self.send(Method::DELETE, &path, &[], None).await?.ok().map(drop)
    }

    /// Generates a token: `POST /v1/peering/token`. Sends one request and never retries.
    pub async fn generate_token(
        &self,
        request: &GenerateTokenRequest,
    ) -> Result<GeneratedToken, RequestError> {
        let body = serde_json::to_vec(request).map_err(|error| RequestError::Setup(error.to_string()))?;
        let response = self.send(Method::POST, "/v1/peering/token", &[], Some(body.into())).await?;
        parse_json("generated token", &response.ok()?.body)
    }

    /// Reads the peering of a local name: `GET /v1/peering/:name`. Returns `None` if Consul reports that there is none.
    pub async fn read_peering(&self, name: &str) -> Result<Option<Peering>, RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        let response = self.send(Method::GET, &path, &[], None).await?;
        // The 404 of another server, such as a proxy, proves nothing.
        if response.status == StatusCode::NOT_FOUND && response.body.starts_with(b"Peering not found") {
            return Ok(None);
        }
        parse_json("peering", &response.ok()?.body).map(Some)
    }

    /// Lists the peerings: `GET /v1/peerings`.
    pub async fn list_peerings(&self) -> Result<Vec<Peering>, RequestError> {
        parse_json("list of peerings", &self.send(Method::GET, "/v1/peerings", &[], None).await?.ok()?.body)
    }

    /// Lists the peerings once they differ from those at `index`, or after ten seconds; at once if `index` is 0. Also
    /// returns the index for the next call.
    pub async fn list_peerings_after(&self, index: u64) -> Result<(Vec<Peering>, u64), RequestError> {
        let response = self.send_blocking("/v1/peerings", index).await?.ok()?;
        Ok((parse_json("list of peerings", &response.body)?, response.next_index(index)))
    }

    /// Reads the peering of a local name once it differs from that at `index`. See [`Self::list_peerings_after`].
    pub async fn read_peering_after(
        &self,
        name: &str,
        index: u64,
    ) -> Result<(Option<Peering>, u64), RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        let response = self.send_blocking(&path, index).await?;
        let next = response.next_index(index);
        if response.status == StatusCode::NOT_FOUND && response.body.starts_with(b"Peering not found") {
            return Ok((None, next));
        }
        Ok((Some(parse_json("peering", &response.ok()?.body)?), next))
    }

    /// Reads the trust domain and the CA roots of the cluster: `GET /v1/connect/ca/roots`, which needs no permission.
    pub async fn ca_roots(&self) -> Result<CaRoots, RequestError> {
        parse_json(
            "list of CA roots",
            &self.send(Method::GET, "/v1/connect/ca/roots", &[], None).await?.ok()?.body,
        )
    }

    /// Streams a snapshot of the cluster's state to `take` in chunks, until `take` returns `false`: `GET /v1/snapshot`.
    ///
    /// The snapshot contains every secret of the cluster; this function stores none of it.
    pub async fn snapshot(&self, take: impl FnMut(Bytes) -> bool + Send) -> Result<(), RequestError> {
        self.stream("/v1/snapshot", take).await
    }
}
