//! The peering endpoints, and whose cluster answers them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::ser::Serializer;
use zeroize::Zeroizing;

use super::answer;
use super::answer::{CaRoots, GeneratedToken};
use super::client::{Client, path_segment};
use super::error::RequestError;
use super::peering::Peering;
use crate::token::Secret;

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

/// What `POST /v1/peering/establish` is asked for, its keys in Consul's order.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EstablishRequest {
    /// The local name of the peer.
    pub peer_name: String,
    /// The token's text. To send it is what it is for: Consul then consumes it.
    #[serde(serialize_with = "exposed")]
    pub peering_token: Secret,
    /// The partition given by flag; empty is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub partition: String,
    /// Metadata to keep with the peering.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub meta: BTreeMap<String, String>,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

impl Client {
    /// Establishes a peering with a token, which is consumed: `POST /v1/peering/establish`. Asked once; nothing is tried
    /// again.
    pub async fn establish(&self, request: &EstablishRequest) -> Result<(), RequestError> {
        let mut body = Zeroizing::new(Vec::with_capacity(request.peering_token.expose().len() + 1024));
        serde_json::to_writer(&mut *body, request).map_err(|error| RequestError::Setup(error.to_string()))?;
        let body = Some(Bytes::from_owner(body));
        self.send(Method::POST, "/v1/peering/establish", &[], body).await?.ok().map(drop)
    }

    /// Asks Consul to delete the peering of a local name: `DELETE /v1/peering/:name`. Consul does not say whether there
    /// was one.
    pub async fn delete_peering(&self, name: &str) -> Result<(), RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        self.send(Method::DELETE, &path, &[], None).await?.ok().map(drop)
    }

    /// Generates a token: `POST /v1/peering/token`. Asked once; nothing is tried again.
    pub async fn generate_token(
        &self,
        request: &GenerateTokenRequest,
    ) -> Result<GeneratedToken, RequestError> {
        let body = serde_json::to_vec(request).map_err(|error| RequestError::Setup(error.to_string()))?;
        let answer = self.send(Method::POST, "/v1/peering/token", &[], Some(body.into())).await?;
        answer::read("generated token", &answer.ok()?.body)
    }

    /// Reads the peering of a local name: `GET /v1/peering/:name`. `None`: Consul says that there is none.
    pub async fn read_peering(&self, name: &str) -> Result<Option<Peering>, RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        let answer = self.send(Method::GET, &path, &[], None).await?;
        // Anybody's 404 is not Consul's word.
        if answer.status == StatusCode::NOT_FOUND && answer.body.starts_with(b"Peering not found") {
            return Ok(None);
        }
        answer::read("peering", &answer.ok()?.body).map(Some)
    }

    /// Lists the peerings: `GET /v1/peerings`.
    pub async fn list_peerings(&self) -> Result<Vec<Peering>, RequestError> {
        answer::read("list of peerings", &self.send(Method::GET, "/v1/peerings", &[], None).await?.ok()?.body)
    }

    /// Lists the peerings once they differ from those at an index, or after ten seconds; 0 asks for those of now. With them
    /// comes the index to ask about next.
    pub async fn list_peerings_after(&self, index: u64) -> Result<(Vec<Peering>, u64), RequestError> {
        let answer = self.send_blocking("/v1/peerings", index).await?.ok()?;
        Ok((answer::read("list of peerings", &answer.body)?, answer.next_index(index)))
    }

    /// Reads the peering of a local name once it differs from that at an index, likewise.
    pub async fn read_peering_after(
        &self,
        name: &str,
        index: u64,
    ) -> Result<(Option<Peering>, u64), RequestError> {
        let path = format!("/v1/peering/{}", path_segment(name));
        let answer = self.send_blocking(&path, index).await?;
        let next = answer.next_index(index);
        if answer.status == StatusCode::NOT_FOUND && answer.body.starts_with(b"Peering not found") {
            return Ok((None, next));
        }
        Ok((Some(answer::read("peering", &answer.ok()?.body)?), next))
    }

    /// Whose cluster this is: `GET /v1/connect/ca/roots`, which needs no permission.
    pub async fn ca_roots(&self) -> Result<CaRoots, RequestError> {
        answer::read(
            "list of CA roots",
            &self.send(Method::GET, "/v1/connect/ca/roots", &[], None).await?.ok()?.body,
        )
    }

    /// Streams a snapshot of the cluster's state, `GET /v1/snapshot`, chunk by chunk into `take`, until that says `false`.
    ///
    /// It holds every secret of the cluster: nothing of it is kept here.
    pub async fn snapshot(&self, take: impl FnMut(Bytes) -> bool + Send) -> Result<(), RequestError> {
        self.stream("/v1/snapshot", take).await
    }
}
