//! Consul's key/value store: read, list, and put with check-and-set.

use http::{Method, StatusCode};
use serde::Deserialize;

use super::answer;
use super::client::{Client, key_path};
use super::error::RequestError;
use super::transport::ApiResponse;

/// One key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The whole key.
    pub key: String,
    /// Any bytes.
    pub value: Vec<u8>,
    /// What a check-and-set names: the Raft index of the last change.
    pub modify_index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PairAnswer {
    key: String,
    /// Base64; `null` when it is empty.
    value: Option<String>,
    modify_index: u64,
}

impl Client {
    /// Reads one key: `GET /v1/kv/KEY`. `None`: it is not there.
    pub async fn read_key(&self, key: &str) -> Result<Option<Pair>, RequestError> {
        Ok(pairs(self.ask_key(Method::GET, key, &[], None).await?)?.into_iter().next())
    }

    /// Reads every pair whose key begins with `prefix`, in the order of the keys: `?recurse`.
    pub async fn read_keys(&self, prefix: &str) -> Result<Vec<Pair>, RequestError> {
        pairs(self.ask_key(Method::GET, prefix, &[("recurse", "")], None).await?)
    }

    /// The keys alone that begin with `prefix`, in their order: `?keys`.
    pub async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, RequestError> {
        let answer = self.ask_key(Method::GET, prefix, &[("keys", "")], None).await?;
        if answer.status == StatusCode::NOT_FOUND && answer.body.is_empty() {
            return Ok(Vec::new());
        }
        answer::read("list of keys", &answer.ok()?.body)
    }

    /// Puts a value if the key still has the `ModifyIndex` named, 0 for a key that is not there: `PUT ?cas=`. Whether it
    /// was put.
    pub async fn put_key(&self, key: &str, value: Vec<u8>, modify_index: u64) -> Result<bool, RequestError> {
        let parameters = [("cas", &*modify_index.to_string())];
        let answer = self.ask_key(Method::PUT, key, &parameters, Some(value)).await?;
        answer::read("word on a check-and-set", &answer.ok()?.body)
    }

    async fn ask_key(
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

/// The pairs of an answer. Consul's 404 for what is not there has no text; anybody else's has.
fn pairs(answer: ApiResponse) -> Result<Vec<Pair>, RequestError> {
    if answer.status == StatusCode::NOT_FOUND && answer.body.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<PairAnswer> = answer::read("key and its value", &answer.ok()?.body)?;
    found
        .into_iter()
        .map(|pair| {
            let value = crate::gostd::base64::decode(pair.value.unwrap_or_default().as_bytes());
            let value = value
                .map_err(|_| RequestError::Unreadable(format!("the value of {:?} is no base64", pair.key)))?;
            Ok(Pair { key: pair.key, value: value.to_vec(), modify_index: pair.modify_index })
        })
        .collect()
}
