//! `/v1/kv/`: the key/value store, with check-and-set, but without locks, sessions and blocking queries.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Serialize;

use super::{Api, ErrorReply, Reply, empty, percent_decoded, response, state_error};
use crate::acceptor::store::KvEntry;

/// A key with its value as in Consul's HTTP API, its keys in Consul's order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct KvEntryJson<'a> {
    lock_index: u64,
    key: &'a str,
    flags: u64,
    /// Base64; `null` if the value is empty.
    value: Option<String>,
    create_index: u64,
    modify_index: u64,
}

impl<'a> From<&'a KvEntry> for KvEntryJson<'a> {
    fn from(pair: &'a KvEntry) -> Self {
        Self {
            lock_index: 0,
            key: &pair.key,
            flags: pair.flags,
            value: (!pair.value.is_empty()).then(|| crate::gostd::base64::encode(&pair.value)),
            create_index: pair.create_index,
            modify_index: pair.modify_index,
        }
    }
}

impl Api<'_> {
    pub(super) fn kv(&mut self) -> Reply {
        let key = self.request.uri().path().strip_prefix("/v1/kv/").unwrap_or_default();
        let key = percent_decoded(key);
        self.reject_partition()?;
        match *self.request.method() {
            Method::PUT => self.put_key(&key),
            Method::DELETE => self.delete_key(&key),
            _ => self.read_key(&key),
        }
    }

    fn read_key(&mut self, key: &str) -> Reply {
        let keys_only = self.has("keys");
        if key.is_empty() && !keys_only && !self.has("recurse") {
            return Err(missing_key());
        }
        self.require_permission("key:read", &format!(" on {key:?}"))?;
        let pairs = if keys_only || self.has("recurse") {
            self.store.pairs(key).map_err(state_error)?
        } else {
            self.store.pair(key).map_err(state_error)?.into_iter().collect()
        };
        // If the whole store is empty, Consul returns an empty list of keys; otherwise 404.
        if keys_only && key.is_empty() && pairs.is_empty() {
            return Ok(self.json_of_state(&pairs.iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>()));
        }
        let Some(first) = pairs.first() else {
            let mut answer = empty();
            *answer.status_mut() = StatusCode::NOT_FOUND;
            answer.headers_mut().remove(http::header::CONTENT_TYPE);
            return Ok(self.with_state(answer));
        };
        if keys_only {
            return Ok(self.json_of_state(&self.keys(&pairs, key)));
        }
        if self.has("raw") {
            return Ok(self.with_state(raw(first)));
        }
        Ok(self.json_of_state(&pairs.iter().map(KvEntryJson::from).collect::<Vec<_>>()))
    }

    /// Returns the keys. With `separator`, cuts each key after the first separator that follows `prefix`, and returns each
    /// result once.
    fn keys<'a>(&self, pairs: &'a [KvEntry], prefix: &str) -> Vec<&'a str> {
        let separator = self.value("separator").filter(|separator| !separator.is_empty());
        let mut keys: Vec<&str> = pairs
            .iter()
            .map(|pair| {
                let end = separator
                    .as_ref()
                    .and_then(|separator| Some(pair.key[prefix.len()..].find(separator)? + separator.len()));
                end.map_or(pair.key.as_str(), |end| &pair.key[..prefix.len() + end])
            })
            .collect();
        keys.dedup();
        keys
    }

    fn put_key(&mut self, key: &str) -> Reply {
        if key.is_empty() {
            return Err(missing_key());
        }
        let flags = self.number("flags")?.unwrap_or_default();
        let check = self.number("cas")?;
        self.require_permission("key:write", &format!(" on {key:?}"))?;
        let put = self.store.put(key, self.request.body(), flags, check).map_err(state_error)?;
        Ok(self.json(&put))
    }

    fn delete_key(&mut self, key: &str) -> Reply {
        let (recurse, check) = (self.has("recurse"), self.value("cas"));
        if let (true, Some(check)) = (recurse, &check) {
            return Err((StatusCode::BAD_REQUEST, format!("Conflicting flags: cas={check}&recurse=")));
        }
        if key.is_empty() && !recurse {
            return Err(missing_key());
        }
        let check = self.number("cas")?;
        self.require_permission("key:write", &format!(" on {key:?}"))?;
        if recurse {
            self.store.remove_all(key).map_err(state_error)?;
            return Ok(self.json(&true));
        }
        let removed = self.store.remove(key, check).map_err(state_error)?;
        Ok(self.json(&removed))
    }

    fn has(&self, name: &str) -> bool {
        self.parameters().any(|(given, _)| given == name)
    }

    fn value(&self, name: &str) -> Option<String> {
        self.parameters().find(|(given, _)| *given == name).map(|(_, value)| percent_decoded(value))
    }

    /// Returns a parameter that must be a number; otherwise Go's error.
    fn number(&self, name: &str) -> Result<Option<u64>, ErrorReply> {
        let Some(text) = self.value(name) else { return Ok(None) };
        if text.starts_with('+') {
            return Err(not_a_number(&text));
        }
        text.parse().map(Some).map_err(|_| not_a_number(&text))
    }
}

fn raw(pair: &KvEntry) -> Response<Bytes> {
    response(StatusCode::OK, "text/plain; charset=utf-8", pair.value.clone())
}

fn missing_key() -> ErrorReply {
    (StatusCode::BAD_REQUEST, "Missing key name".to_owned())
}

fn not_a_number(text: &str) -> ErrorReply {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("strconv.ParseUint: parsing {text:?}: invalid syntax"))
}
