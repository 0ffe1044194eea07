//! Consul's KV store: reads, lists, and writes keys with check-and-set.

use http::{Method, StatusCode};
use serde::Deserialize;

use super::client::{Client, key_path};
use super::error::RequestError;
use super::response::parse_json;
use super::transport::ApiResponse;

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The whole key.
    pub key: String,
    /// Any bytes.
    pub value: Vec<u8>,
    /// The Raft index of the last change, for check-and-set.
    pub modify_index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PairJson {
    key: String,
    /// Base64; `null` if the value is empty.
    value: Option<String>,
    modify_index: u64,
}

impl Client {
    /// Reads one key: `GET /v1/kv/KEY`. Returns `None` if it does not exist.
    pub async fn read_key(&self, key: &str) -> Result<Option<Pair>, RequestError> {
        Ok(pairs(self.send_key(Method::GET, key, &[], None).await?)?.into_iter().next())
    }

    /// Reads the keys that start with `prefix`, in order: `?recurse`.
    pub async fn read_keys(&self, prefix: &str) -> Result<Vec<Pair>, RequestError> {
        pairs(self.send_key(Method::GET, prefix, &[("recurse", "")], None).await?)
    }

    /// Lists the keys that start with `prefix`, in order, without values: `?keys`.
    pub async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, RequestError> {
        self.list(prefix, &[("keys", "")]).await
    }

    /// Lists the keys that start with `prefix`, in order, each only to the first slash after it: `?keys&separator=/`.
    pub async fn list_names(&self, prefix: &str) -> Result<Vec<String>, RequestError> {
        self.list(prefix, &[("keys", ""), ("separator", "/")]).await
    }

    async fn list(&self, prefix: &str, parameters: &[(&str, &str)]) -> Result<Vec<String>, RequestError> {
        let response = self.send_key(Method::GET, prefix, parameters, None).await?;
        if response.status == StatusCode::NOT_FOUND && response.body.is_empty() {
            return Ok(Vec::new());
        }
        parse_json("list of keys", &response.ok()?.body)
    }

    /// Writes a value if the key still has this `ModifyIndex`, 0 meaning that it does not exist: `PUT ?cas=`. Returns
    /// whether the value was written.
    pub async fn put_key(&self, key: &str, value: Vec<u8>, modify_index: u64) -> Result<bool, RequestError> {
        let parameters = [("cas", &*modify_index.to_string())];
        let response = self.send_key(Method::PUT, key, &parameters, Some(value)).await?;
        parse_json("result of a check-and-set", &response.ok()?.body)
    }

    /// Deletes a key. One that does not exist is not an error.
    pub async fn delete_key(&self, key: &str) -> Result<(), RequestError> {
        self.send_key(Method::DELETE, key, &[], None).await?.ok().map(drop)
    }

    async fn send_key(
        &self,
        method: Method,
        key: &str,
        parameters: &[(&str, &str)],
        value: Option<Vec<u8>>,
    ) -> Result<ApiResponse, RequestError> {
        let path = format!("/v1/kv/{}", key_path(key));
        self.send(method, &path, parameters, value.map(Into::into)).await
    }
}

/// Parses the pairs. Consul's 404 for a missing key has an empty body; the 404 of another server has not.
fn pairs(response: ApiResponse) -> Result<Vec<Pair>, RequestError> {
    if response.status == StatusCode::NOT_FOUND && response.body.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<PairJson> = parse_json("key and its value", &response.ok()?.body)?;
    found
        .into_iter()
        .map(|pair| {
            let value = crate::gostd::base64::decode(pair.value.unwrap_or_default().as_bytes());
            let value = value.map_err(|_| {
                RequestError::Unreadable(format!("the value of {:?} is not base64", pair.key))
            })?;
            Ok(Pair { key: pair.key, value: value.to_vec(), modify_index: pair.modify_index })
        })
        .collect()
}
