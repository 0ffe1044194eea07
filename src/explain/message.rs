//! A message that Consul printed, and the values of the layers around it.

use std::ops::Range;

use serde::Serialize;

use super::mapped_text::Piece;
use super::origin::{Origin, Subsystem};
use crate::token::redact::redact;

/// Maximum length of a name or address from a layer, in bytes.
const MAX_VALUE_LEN: usize = 512;

/// The operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `consul peering generate-token`
    Generate,
    /// `consul peering establish`
    Establish,
    /// `consul peering list`
    List,
    /// `consul peering read` or `exported-services`
    Read,
    /// `consul peering delete`
    Delete,
    /// The command could not connect to an agent.
    Connect,
}

/// An innermost message, and the values of the layers around it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// The operation in the command line's prefix.
    pub operation: Option<Operation>,
    /// The local name of the peering in the command line's prefix.
    pub peering: Option<String>,
    /// The URL of the HTTP API, without user and query, if the request did not reach Consul.
    pub url: Option<String>,
    /// The HTTP status of the API's response.
    pub http_status: Option<u16>,
    /// The peering server address in `failed to exchange peering secret through address`.
    pub address: Option<String>,
    /// The innermost gRPC status code, such as `Unavailable`.
    pub grpc_code: Option<String>,
    /// The message without layers. Tokens are redacted.
    pub text: String,
    /// The byte range of the message in the original text.
    pub range: Range<usize>,
    /// The part of Consul and the end of the connection that the message comes from.
    #[serde(skip)]
    pub origin: Origin,
    /// The number of messages before this one that are its details. It matters only if none of them is known.
    #[serde(skip)]
    pub details: usize,
}

/// The values of the layers around a message, as the text contains them. They may contain a token.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around<'t> {
    pub(super) operation: Option<Operation>,
    pub(super) peering: Option<&'t str>,
    pub(super) url: Option<&'t str>,
    pub(super) http_status: Option<u16>,
    pub(super) address: Option<&'t str>,
    pub(super) grpc_code: Option<&'t str>,
    pub(super) origin: Origin,
}

/// A layer that selects patterns by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    GrpcCode,
    HttpStatus,
    Subsystem(Subsystem),
    Accepted,
    Forwarded,
}

impl Around<'_> {
    /// Whether a layer is there.
    pub(super) fn contains(&self, layer: Layer) -> bool {
        match layer {
            Layer::GrpcCode => self.grpc_code.is_some(),
            Layer::HttpStatus => self.http_status.is_some(),
            Layer::Subsystem(subsystem) => self.origin.subsystem == Some(subsystem),
            Layer::Accepted => self.origin.accepted,
            Layer::Forwarded => self.origin.forwarded,
        }
    }

    /// Whether there are no layers that select a pattern by themselves.
    pub(super) fn is_plain(&self) -> bool {
        let origin = &self.origin;
        let is_elsewhere = origin.accepted || origin.forwarded || origin.other_subsystem().is_some();
        self.grpc_code.is_none() && self.http_status.is_none() && !is_elsewhere
    }
}

/// A message without layers, in the text that it was found in. It may contain a token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'t> {
    pub(super) text: Piece<'t>,
    /// The piece whose range in the original text is that of the message.
    pub(super) place: Piece<'t>,
    pub(super) around: Around<'t>,
    /// See [`Message::details`].
    pub(super) details: usize,
}

impl Found<'_> {
    /// Returns the message, of which `text` is the redacted text.
    pub(super) fn with_text(&self, text: String) -> Message {
        let around = self.around;
        Message {
            operation: around.operation,
            peering: around.peering.and_then(value),
            url: around.url.and_then(|url| value(&public_url(url))),
            http_status: around.http_status,
            address: self.address(),
            grpc_code: around.grpc_code.and_then(value),
            text,
            range: self.place.range(),
            origin: around.origin,
            details: self.details,
        }
    }

    /// Returns [`Message::address`].
    pub(super) fn address(&self) -> Option<String> {
        self.around.address.and_then(value)
    }
}

/// Returns a value of a layer with tokens redacted, or `None` if it is empty.
fn value(text: &str) -> Option<String> {
    let text = redact(&text[..text.floor_char_boundary(MAX_VALUE_LEN)]).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Returns a URL without user, password, query and fragment, which may contain a secret.
fn public_url(url: &str) -> String {
    let url = &url[..url.find(['?', '#']).unwrap_or(url.len())];
    let Some(host) = url.find("://").map(|at| at + 3) else { return url.to_owned() };
    let path = url[host..].find('/').map_or(url.len(), |length| host + length);
    let after_user = url[host..path].rfind('@').map_or(host, |at| host + at + 1);
    format!("{}{}", &url[..host], &url[after_user..])
}
