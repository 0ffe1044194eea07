//! A message that Consul printed, and the values of the layers around it.

use std::ops::Range;

use serde::Serialize;

use super::origin::Origin;

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
