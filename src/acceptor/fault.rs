//! The faults that an embedded acceptor can simulate, to reproduce a failed establish.
//!
//! Each fault occurs with real servers, and a real dialer reports the same errors for it
//! (`fixtures/consul/faults.json`).

mod http;
pub(super) mod port;

use tonic::Status;

use super::server_cert::ServerCert;
use crate::net::peerstream::EXCHANGE_SECRET;

pub(super) use http::{Body, answer, whole};

/// The error of a server whose cluster has no leader.
pub(super) const NO_LEADER: &str = "No cluster leader";

/// The error of generating a token without a registered mesh gateway, after the new secret was stored.
pub(super) const NO_GATEWAY: &str =
    "servers are configured to PeerThroughMeshGateways, but no mesh gateway instances are registered";

/// The servers behind the address of [`Fault::SeveralServers`]; the last one is the leader.
const SERVERS: usize = 3;

/// A fault to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The port in tokens serves gRPC without TLS, as 8502 does since Consul 1.14.
    PlaintextPort,
    /// The port in tokens serves an HTTP API.
    HttpPort,
    /// Another CA signed the server's certificate.
    OtherCa,
    /// The server's certificate has expired.
    ExpiredLeaf,
    /// The server's certificate is not valid yet: the clocks differ.
    FutureLeaf,
    /// The server's certificate is for another name.
    OtherServerName,
    /// A load balancer presents its own certificate.
    LoadBalancer,
    /// A proxy terminates TLS with a trusted certificate, does not select `h2`, and speaks HTTP/1.
    TlsProxy,
    /// TLS does not select an application protocol, as in Consul up to 1.21.
    NoAlpn,
    /// Connections time out: packets are dropped.
    BlackHole,
    /// Connections are accepted, but the server never responds.
    Silent,
    /// Everything works, but TLS and every call take two seconds.
    Slow,
    /// Connections are accepted, then reset.
    Resets,
    /// A trusted gRPC server that is not Consul.
    NotConsul,
    /// The only reachable server is a follower.
    Follower,
    /// Every secret is rejected, as if used or superseded.
    PermissionDenied,
    /// The cluster loses its leader during every call.
    Internal,
    /// Every call exceeds the rate limit.
    RateLimited,
    /// A gRPC proxy has no server behind it.
    Unavailable,
    /// The address of a load balancer or gateway leads to two followers and the leader, in turn.
    SeveralServers,
    /// The cluster lost its quorum after it generated the token: it has no leader, and its HTTP API reads nothing.
    NoQuorum,
    /// The CA was rotated without cross-signing after the first token of a peering. A second token contains the new root.
    RotatedCa,
    /// After it generated the token, the cluster was rebuilt with empty data: a new cluster at the same address.
    Rebuilt,
    /// The ACL token has no permissions in the HTTP API.
    AclDenied,
    /// The HTTP API responds with 500: there is no leader.
    Http500,
    /// A proxy in front of the HTTP API responds with an error page.
    HtmlPage,
    /// The HTTP API's responses are truncated.
    CutBody,
    /// Generating stores a new secret and then fails: no mesh gateway is registered.
    GenerateNoGateway,
    /// Generating stores a new secret, and the connection is closed without a response.
    GenerateCut,
}

impl Fault {
    /// All faults, with names and descriptions.
    pub const ALL: [(Self, &'static str, &'static str); 29] = [
        (Self::PlaintextPort, "plaintext-port", "the port in tokens serves gRPC without TLS"),
        (Self::HttpPort, "http-port", "the port in tokens serves an HTTP API"),
        (Self::OtherCa, "other-ca", "another CA signed the server's certificate"),
        (Self::ExpiredLeaf, "expired-leaf", "the server's certificate has expired"),
        (Self::FutureLeaf, "future-leaf", "the server's certificate is not valid yet"),
        (Self::OtherServerName, "other-server-name", "the server's certificate is for another name"),
        (Self::LoadBalancer, "load-balancer", "a load balancer presents its own certificate"),
        (Self::TlsProxy, "tls-proxy", "a proxy terminates TLS, does not select h2, and speaks HTTP/1"),
        (Self::NoAlpn, "no-alpn", "TLS does not select an application protocol"),
        (Self::BlackHole, "black-hole", "connections time out because packets are dropped"),
        (Self::Silent, "silent", "connections are accepted, but the server never responds"),
        (Self::Slow, "slow", "TLS and every call take two seconds"),
        (Self::Resets, "resets", "connections are accepted, then reset"),
        (Self::NotConsul, "not-consul", "the gRPC server is not Consul"),
        (Self::Follower, "follower", "the only reachable server is a follower"),
        (Self::PermissionDenied, "permission-denied", "every secret is rejected, as if used or superseded"),
        (Self::Internal, "internal", "the cluster loses its leader during every call"),
        (Self::RateLimited, "rate-limited", "every call exceeds the rate limit"),
        (Self::Unavailable, "unavailable", "a gRPC proxy has no server behind it"),
        (
            Self::SeveralServers,
            "several-servers",
            "the address leads to two followers and the leader, in turn",
        ),
        (Self::NoQuorum, "no-quorum", "the cluster lost its quorum after it generated the token"),
        (
            Self::RotatedCa,
            "rotated-ca",
            "the CA was rotated without cross-signing after a peering's first token",
        ),
        (Self::Rebuilt, "rebuilt", "the cluster was rebuilt with empty data after it generated the token"),
        (Self::AclDenied, "acl-denied", "the ACL token has no permissions in the HTTP API"),
        (Self::Http500, "http-500", "the HTTP API responds with 500 because there is no leader"),
        (Self::HtmlPage, "html-page", "a proxy in front of the HTTP API responds with an error page"),
        (Self::CutBody, "cut-body", "the HTTP API's responses are truncated"),
        (
            Self::GenerateNoGateway,
            "generate-no-gateway",
            "generating stores a new secret, then fails: no mesh gateway",
        ),
        (Self::GenerateCut, "generate-cut", "generating stores a new secret, then the connection is closed"),
    ];

    /// Returns the fault with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, fault_name, _)| *fault_name == name).map(|(fault, ..)| fault)
    }

    /// Returns whether a connection, counted from 0, leads to a follower.
    pub(super) fn leads_to_follower(self, connection: usize) -> bool {
        match self {
            Self::Follower | Self::NoQuorum => true,
            Self::SeveralServers => connection % SERVERS + 1 < SERVERS,
            _ => false,
        }
    }

    /// Returns whether another CA than the cluster's signs the server's certificate.
    pub(super) fn has_other_ca(self) -> bool {
        matches!(self, Self::OtherCa | Self::LoadBalancer)
    }

    /// Applies the fault to a valid server certificate.
    pub(super) fn apply(self, certificate: &mut ServerCert) {
        const DAY: i64 = 24 * 60 * 60;
        match self {
            Self::ExpiredLeaf => certificate.not_after = certificate.not_before - DAY,
            Self::FutureLeaf => certificate.not_before += DAY,
            Self::OtherServerName | Self::LoadBalancer => {
                "lb.example.com".clone_into(&mut certificate.name);
                certificate.spiffe_id = None;
            }
            Self::TlsProxy | Self::NoAlpn => certificate.selects_h2 = false,
            _ => {}
        }
        certificate.not_before = certificate.not_before.min(certificate.not_after - DAY);
    }

    /// Returns the error of a call, if this fault makes calls fail.
    pub(super) fn status(self, path: &str) -> Option<Status> {
        let exchange = path == EXCHANGE_SECRET;
        Some(match self {
            Self::NotConsul => {
                let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
                Status::unimplemented(format!("unknown service {service}"))
            }
            Self::PermissionDenied if exchange => {
                Status::permission_denied("invalid peering establishment secret")
            }
            Self::Internal if exchange => {
                Status::internal("failed to persist peering secret: rpc error making call: leadership lost")
            }
            Self::Internal => Status::internal("leadership lost"),
            Self::NoQuorum if exchange => Status::unknown(NO_LEADER),
            Self::RateLimited if exchange => Status::unavailable(
                "rate limit exceeded for operation that can only be performed by the leader, try again later",
            ),
            Self::RateLimited => Status::resource_exhausted(
                "rate limit exceeded, try again later or against a different server",
            ),
            Self::Unavailable => Status::unavailable("no healthy upstream"),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_names_are_unique() {
        for (place, (fault, name, _)) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(Fault::named(name), Some(fault));
            assert!(Fault::ALL[..place].iter().all(|(_, other, _)| *other != name), "{name}");
        }
        assert_eq!(Fault::named("none"), None);
    }
}
