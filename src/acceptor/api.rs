//! The endpoints, with Consul's order of checks, status codes and messages.

mod cluster;
mod kv;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::Settings;
use super::body::{ESTABLISH, GENERATE, PeeringRequest, TOKEN};
use super::dialer::Plan;
use super::fault::{Fault, NO_GATEWAY, NO_LEADER};
use super::peering::{Peering, PeeringJson};
use super::response::{empty, plain, response};
use super::store::Store;
use super::stream_status::Streams;
use super::validation::{check_meta, check_name};
use crate::lint::{Acceptance, Reference};
use crate::token::{Remote, Token, decode, encode};

/// An error response: status and text.
pub(super) type ErrorReply = (StatusCode, String);

pub(super) type Reply = Result<Response<Bytes>, ErrorReply>;

/// The address of the leader, for servers.
pub(super) const LEADER: &str = "127.0.0.1:8300";

/// A path and its handler.
struct Endpoint {
    /// The whole path; a path that ends in a slash matches all paths that start with it.
    path: &'static str,
    methods: &'static [&'static str],
    answer: fn(&mut Api<'_>) -> Reply,
}

const ENDPOINTS: [Endpoint; 12] = [
    Endpoint { path: GENERATE, methods: &["POST"], answer: |api| api.generate_token() },
    Endpoint { path: "/v1/peering/establish", methods: &["POST"], answer: |api| api.establish() },
    Endpoint { path: "/v1/peering/", methods: &["GET", "DELETE"], answer: |api| api.one() },
    Endpoint { path: "/v1/peerings", methods: &["GET"], answer: |api| api.list() },
    Endpoint { path: "/v1/kv/", methods: &["GET", "PUT", "DELETE"], answer: |api| api.kv() },
    Endpoint { path: "/v1/snapshot", methods: &["GET"], answer: |api| api.snapshot() },
    Endpoint { path: "/v1/connect/ca/roots", methods: &["GET"], answer: |api| api.roots() },
    Endpoint { path: "/v1/agent/self", methods: &["GET"], answer: |api| api.agent_self() },
    Endpoint { path: "/v1/catalog/service/consul", methods: &["GET"], answer: |api| api.servers() },
    Endpoint { path: "/v1/internal/acl/authorize", methods: &["POST"], answer: |api| api.authorize() },
    Endpoint { path: "/v1/config/", methods: &["GET"], answer: |api| api.config_entry() },
    Endpoint { path: "/v1/status/leader", methods: &["GET"], answer: |api| api.leader() },
];

/// Answers one request. If a plan is returned, the answer is valid once the plan has succeeded.
pub(super) fn answer(
    settings: &Settings,
    store: &mut Store,
    streams: &Streams,
    request: &Request<Bytes>,
) -> (Response<Bytes>, Option<Plan>) {
    let mut api = Api { settings, store, streams, request, plan: None };
    let answer = api.route().unwrap_or_else(|(status, text)| plain(status, text));
    (answer, api.plan)
}

/// A request that is being answered.
pub(super) struct Api<'a> {
    settings: &'a Settings,
    pub(super) store: &'a mut Store,
    streams: &'a Streams,
    pub(super) request: &'a Request<Bytes>,
    /// What remains to be done on the network.
    plan: Option<Plan>,
}

impl Api<'_> {
    fn route(&mut self) -> Reply {
        let path = self.request.uri().path();
        let exact = ENDPOINTS.iter().find(|endpoint| endpoint.path == path);
        let prefix =
            ENDPOINTS.iter().find(|endpoint| endpoint.path.ends_with('/') && path.starts_with(endpoint.path));
        let Some(endpoint) = exact.or(prefix) else {
            let text = "Invalid URL path: not a recognized HTTP API endpoint\n";
            return Err((StatusCode::NOT_FOUND, text.to_owned()));
        };
        let method = self.request.method();
        if endpoint.methods.contains(&method.as_str()) {
            let needs_leader = ![GENERATE, "/v1/agent/self", "/v1/status/leader"].contains(&path);
            if self.settings.fault == Some(Fault::NoQuorum) && needs_leader {
                return Err(internal(NO_LEADER));
            }
            return (endpoint.answer)(self);
        }
        let mut response = if *method == Method::OPTIONS {
            empty()
        } else {
            plain(StatusCode::METHOD_NOT_ALLOWED, format!("method {method} not allowed"))
        };
        let allow = format!("OPTIONS,{}", endpoint.methods.join(","));
        if let Ok(allow) = HeaderValue::from_str(&allow) {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        Ok(response)
    }

    fn establish(&mut self) -> Reply {
        self.reject_partition()?;
        let bad = |text: String| (StatusCode::BAD_REQUEST, text);
        let body = PeeringRequest::read(self.request.body(), &ESTABLISH)
            .map_err(|error| bad(format!("Body decoding failed: {error}")))?;
        for (field, value) in [("PeerName", &body.peer_name), ("PeeringToken", &body.peering_token)] {
            if value.is_empty() {
                return Err(bad(format!("{field} is required in the payload when establishing a peering.")));
            }
        }
        self.require_peering()?;
        if !matches!(body.partition.as_str(), "" | "default") {
            return Err(internal("Partitions are a Consul Enterprise feature"));
        }
        check_name(&body.peer_name).map_err(|text| internal(&text))?;
        let decoded = decode(body.peering_token.as_bytes());
        let acceptance =
            Acceptance::of_decoded(decoded.as_ref().map(|decoded| &decoded.token), Reference::default());
        if let Some(message) = acceptance.message {
            return Err(internal(&message));
        }
        let token = decoded.map_err(|error| internal(&error.to_string()))?.token;
        check_meta(&body.meta).map_err(|text| internal(&text))?;
        self.require_permission("peering:write", "")?;
        if !token.server_name.is_empty() && token.server_name == self.server_name() {
            return Err(internal(&format!(
                "cannot create a peering within the same cluster {:?}. Refer to the `exported-services` documentation \
                 if you want to export between partitions without peering",
                token.server_name
            )));
        }
        let meta = json!(body.meta).to_string();
        let prepared = self.store.prepare_dialing(&body.peer_name, &meta, &token, self.settings);
        let id = prepared.map_err(state_error)?.ok_or_else(|| {
            let name = &body.peer_name;
            internal(&format!(
                "cannot create peering with name: {name:?}; there is an existing peering expecting to be dialed"
            ))
        })?;
        self.plan = Some(Plan { id, token });
        Ok(self.json(&json!({})))
    }

    /// Returns the TLS server name of this cluster.
    fn server_name(&self) -> String {
        format!("server.{}.peering.{}", self.settings.datacenter, self.store.cluster().trust_domain)
    }

    fn generate_token(&mut self) -> Reply {
        self.reject_partition()?;
        let bad = |text: String| (StatusCode::BAD_REQUEST, text);
        let body = PeeringRequest::read(self.request.body(), &TOKEN)
            .map_err(|error| bad(format!("Body decoding failed: {error}")))?;
        if body.peer_name.is_empty() {
            let text = "PeerName is required in the payload when generating a new peering token.";
            return Err(bad(text.to_owned()));
        }
        self.require_peering()?;
        if !matches!(body.partition.as_str(), "" | "default") {
            return Err(internal("Partitions are a Consul Enterprise feature"));
        }
        check_name(&body.peer_name).map_err(|text| (StatusCode::INTERNAL_SERVER_ERROR, text))?;
        check_meta(&body.meta).map_err(|text| (StatusCode::INTERNAL_SERVER_ERROR, text))?;
        self.require_permission("peering:write", "")?;
        if !self.settings.connect {
            return Err(internal(
                "connect.enabled must be set to true in the server's configuration when generating peering tokens",
            ));
        }
        if !self.settings.grpc_tls {
            return Err(internal("TLS for gRPC must be enabled when generating peering tokens"));
        }
        let peering = self.store.generate(&body.peer_name, &body.meta, self.settings);
        let peering = peering.map_err(state_error)?.ok_or_else(|| {
            let name = &body.peer_name;
            internal(&format!(
                "cannot create peering with name: {name:?}; there is already an established peering"
            ))
        })?;
        if self.settings.fault == Some(Fault::GenerateNoGateway) {
            return Err(internal(NO_GATEWAY));
        }
        let token = self.token(peering, body.server_external_addresses);
        Ok(self.json(&json!({ "PeeringToken": token.as_str() })))
    }

    fn token(&self, peering: Peering, manual: Vec<String>) -> Zeroizing<String> {
        let (cluster, datacenter) = (self.store.cluster(), &self.settings.datacenter);
        // The CA is rotated after the first token of a peering.
        let is_first = peering.create_index == peering.modify_index;
        let root = cluster.inactive.as_ref().filter(|_| is_first).unwrap_or(&cluster.root);
        encode(&Token {
            ca: Some(vec![root.certificate.clone()]),
            manual_server_addresses: (!manual.is_empty()).then_some(manual),
            server_addresses: Some(vec![self.settings.grpc_address.clone()]),
            server_name: self.server_name(),
            peer_id: peering.id,
            establishment_secret: peering.establishment_secret.unwrap_or_default(),
            remote: Some(Remote { datacenter: datacenter.clone(), ..Remote::default() }),
        })
    }

    fn list(&mut self) -> Reply {
        self.reject_partition()?;
        self.require_peering()?;
        self.require_permission("peering:read", "")?;
        let peerings = self.store.list().map_err(state_error)?;
        let answers: Vec<_> = peerings
            .iter()
            .map(|peering| PeeringJson::new(peering, self.streams.of(&peering.id).as_ref()))
            .collect();
        Ok(self.json_of_state(&answers))
    }

    fn one(&mut self) -> Reply {
        let name = self.request.uri().path().strip_prefix("/v1/peering/").unwrap_or_default();
        let name = percent_decoded(name);
        self.reject_partition()?;
        if name.is_empty() {
            return Err((StatusCode::BAD_REQUEST, "Must specify a name to fetch.".to_owned()));
        }
        self.require_peering()?;
        if self.request.method() == Method::DELETE {
            self.require_permission("peering:write", "")?;
            self.store.delete(&name).map_err(state_error)?;
            return Ok(empty());
        }
        self.require_permission("peering:read", "")?;
        match self.store.find(&name).map_err(state_error)? {
            Some(peering) => {
                Ok(self.json_of_state(&PeeringJson::new(&peering, self.streams.of(&peering.id).as_ref())))
            }
            None => Err((StatusCode::NOT_FOUND, format!("Peering not found for \"{name}\""))),
        }
    }

    pub(super) fn reject_partition(&self) -> Result<(), ErrorReply> {
        let given = self.parameters().any(|(name, value)| name == "partition" && !value.is_empty());
        if given {
            let text = "Invalid query parameter: \"partition\" - Partitions are a Consul Enterprise feature";
            return Err((StatusCode::BAD_REQUEST, text.to_owned()));
        }
        Ok(())
    }

    fn require_peering(&self) -> Result<(), ErrorReply> {
        if self.settings.peering {
            return Ok(());
        }
        Err(internal("peering must be enabled to use this endpoint"))
    }

    /// Returns Consul's error if the request does not have the configured ACL token. `on` follows the permission.
    pub(super) fn require_permission(&self, permission: &str, on: &str) -> Result<(), ErrorReply> {
        if self.settings.fault == Some(Fault::AclDenied) {
            let text = format!(
                "Permission denied: token with AccessorID 'b1b1b1b1-0000-0000-0000-000000000001' lacks permission \
                 '{permission}'{on}"
            );
            return Err((StatusCode::FORBIDDEN, text));
        }
        let Some(expected) = &self.settings.acl_token else { return Ok(()) };
        let given = self.request.headers().get("X-Consul-Token").and_then(|token| token.to_str().ok());
        match given.filter(|given| !given.is_empty()) {
            Some(given) if crate::token::Secret::from(given) == *expected => Ok(()),
            Some(_) => Err((StatusCode::FORBIDDEN, "ACL not found".to_owned())),
            None => Err((
                StatusCode::FORBIDDEN,
                format!(
                    "Permission denied: anonymous token lacks permission '{permission}'{on}. The anonymous token is \
                     used implicitly when a request does not specify a token."
                ),
            )),
        }
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let query = self.request.uri().query().unwrap_or_default();
        query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    /// Returns a JSON response, indented by four spaces if the request has `?pretty`.
    pub(super) fn json(&self, value: &impl Serialize) -> Response<Bytes> {
        let pretty = self.parameters().any(|(name, _)| name == "pretty");
        let mut body = Vec::new();
        let written = if pretty {
            let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
            let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut body, formatter));
            body.push(b'\n');
            written
        } else {
            serde_json::to_writer(&mut body, value)
        };
        if let Err(error) = written {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
        }
        response(StatusCode::OK, "application/json", body)
    }

    /// Returns a JSON response with the headers of Consul's blocking queries.
    pub(super) fn json_of_state(&self, value: &impl Serialize) -> Response<Bytes> {
        self.with_state(self.json(value))
    }

    fn with_state(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        let index = self.store.index().unwrap_or(1);
        for (name, value) in [
            ("X-Consul-Index", HeaderValue::from(index)),
            ("X-Consul-Knownleader", HeaderValue::from_static("true")),
            ("X-Consul-Lastcontact", HeaderValue::from_static("0")),
            ("X-Consul-Query-Backend", HeaderValue::from_static("blocking-query")),
        ] {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

pub(super) fn internal(text: &str) -> ErrorReply {
    (StatusCode::INTERNAL_SERVER_ERROR, text.to_owned())
}

#[allow(clippy::needless_pass_by_value)] // for `map_err`
pub(super) fn state_error(error: rusqlite::Error) -> ErrorReply {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("the embedded acceptor's state cannot be used: {error}"))
}

pub(super) fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
