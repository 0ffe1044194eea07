//! `/v1/kv/`: the key/value store, with check-and-set. Locks, sessions and blocking queries are not played.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Serialize;

use super::{Answer, Api, Refusal, broken, empty, percent_decoded, response};
use crate::acceptor::store::Pair;

/// One pair as Consul's HTTP API shows it, its keys in Consul's order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PairAnswer<'a> {
    lock_index: u64,
    key: &'a str,
    flags: u64,
    /// Base64; `null` when it is empty.
    value: Option<String>,
    create_index: u64,
    modify_index: u64,
}

impl<'a> From<&'a Pair> for PairAnswer<'a> {
    fn from(pair: &'a Pair) -> Self {
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
    pub(super) fn kv(&mut self) -> Answer {
        let key = self.request.uri().path().strip_prefix("/v1/kv/").unwrap_or_default();
        let key = percent_decoded(key);
        self.no_partition()?;
        match *self.request.method() {
            Method::PUT => self.put_key(&key),
            Method::DELETE => self.delete_key(&key),
            _ => self.read_key(&key),
        }
    }

    fn read_key(&mut self, key: &str) -> Answer {
        let keys_alone = self.has("keys");
        if key.is_empty() && !keys_alone && !self.has("recurse") {
            return Err(missing_key());
        }
        self.allowed("key:read", &format!(" on {key:?}"))?;
        let pairs = if keys_alone || self.has("recurse") {
            self.store.pairs(key).map_err(broken)?
        } else {
            self.store.pair(key).map_err(broken)?.into_iter().collect()
        };
        // Of all keys Consul answers with none; of those below a prefix, that there are none.
        if keys_alone && key.is_empty() && pairs.is_empty() {
            return Ok(self.json_of_state(&pairs.iter().map(|pair| pair.key.as_str()).collect::<Vec<_>>()));
        }
        let Some(first) = pairs.first() else {
            let mut answer = empty();
            *answer.status_mut() = StatusCode::NOT_FOUND;
            answer.headers_mut().remove(http::header::CONTENT_TYPE);
            return Ok(self.with_state(answer));
        };
        if keys_alone {
            return Ok(self.json_of_state(&self.keys(&pairs, key)));
        }
        if self.has("raw") {
            return Ok(self.with_state(raw(first)));
        }
        Ok(self.json_of_state(&pairs.iter().map(PairAnswer::from).collect::<Vec<_>>()))
    }

    /// The keys alone; with `separator`, what follows the next one is left out, and nothing is told twice.
    fn keys<'a>(&self, pairs: &'a [Pair], prefix: &str) -> Vec<&'a str> {
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

    fn put_key(&mut self, key: &str) -> Answer {
        if key.is_empty() {
            return Err(missing_key());
        }
        let flags = self.number("flags")?.unwrap_or_default();
        let check = self.number("cas")?;
        self.allowed("key:write", &format!(" on {key:?}"))?;
        let put = self.store.put(key, self.request.body(), flags, check).map_err(broken)?;
        Ok(self.json(&put))
    }

    fn delete_key(&mut self, key: &str) -> Answer {
        let (recurse, check) = (self.has("recurse"), self.value("cas"));
        if let (true, Some(check)) = (recurse, &check) {
            return Err((StatusCode::BAD_REQUEST, format!("Conflicting flags: cas={check}&recurse=")));
        }
        if key.is_empty() && !recurse {
            return Err(missing_key());
        }
        let check = self.number("cas")?;
        self.allowed("key:write", &format!(" on {key:?}"))?;
        if recurse {
            self.store.remove_all(key).map_err(broken)?;
            return Ok(self.json(&true));
        }
        let removed = self.store.remove(key, check).map_err(broken)?;
        Ok(self.json(&removed))
    }

    fn has(&self, name: &str) -> bool {
        self.parameters().any(|(given, _)| given == name)
    }

    fn value(&self, name: &str) -> Option<String> {
        self.parameters().find(|(given, _)| *given == name).map(|(_, value)| percent_decoded(value))
    }

    /// A parameter that must be a number, with Go's message if it is none.
    fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.value(name) else { return Ok(None) };
        if text.starts_with('+') {
            return Err(no_number(&text));
        }
        text.parse().map(Some).map_err(|_| no_number(&text))
    }
}

fn raw(pair: &Pair) -> Response<Bytes> {
    response(StatusCode::OK, "text/plain; charset=utf-8", pair.value.clone())
}

fn missing_key() -> Refusal {
    (StatusCode::BAD_REQUEST, "Missing key name".to_owned())
}

fn no_number(text: &str) -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("strconv.ParseUint: parsing {text:?}: invalid syntax"))
}
