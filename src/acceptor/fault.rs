//! What an embedded acceptor can be told to do wrong, so that a failed establish can be made on purpose.
//!
//! Each fault is one that people meet with real servers, and a real dialer says of it what it says of those
//! (`fixtures/consul/faults.json`).

mod http;
pub(super) mod port;

use tonic::Status;

use super::server_cert::Leaf;
use crate::net::peerstream::EXCHANGE_SECRET;

pub(super) use http::answer;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The port of tokens speaks gRPC without TLS, as 8502 does since Consul 1.14.
    PlaintextPort,
    /// The port of tokens is that of an HTTP API.
    HttpPort,
    /// Another CA signed the server's certificate.
    OtherCa,
    /// The server's certificate has expired.
    ExpiredLeaf,
    /// The server's certificate is not valid yet: the clocks are apart.
    FutureLeaf,
    /// The server's certificate is made out to another name.
    OtherServerName,
    /// A load balancer answers with a certificate of its own.
    LoadBalancer,
    /// A proxy ends TLS with a trusted certificate, selects no `h2` and speaks HTTP/1.
    TlsProxy,
    /// gRPC over TLS without an application protocol, as Consul's own until 1.21 or so.
    NoAlpn,
    /// Connections are never made: packets are dropped.
    BlackHole,
    /// Connections are accepted, and nothing is ever said.
    Silent,
    /// Everything works, and TLS and every call take two seconds.
    Slow,
    /// Connections are accepted and reset.
    Resets,
    /// gRPC over TLS that is trusted, but not Consul's.
    NotConsul,
    /// The only server that is reached does not lead its cluster.
    Follower,
    /// Every secret is refused, as one that was used or superseded.
    PermissionDenied,
    /// The cluster loses its leader in the middle of each call.
    Internal,
    /// Every call is one too many.
    RateLimited,
    /// A proxy that speaks gRPC has no server behind it.
    Unavailable,
    /// The HTTP API denies everything to the ACL token.
    AclDenied,
    /// The HTTP API answers 500: there is no leader.
    Http500,
    /// A proxy's error page stands before the HTTP API.
    HtmlPage,
    /// The HTTP API's answers are cut off in the middle.
    CutBody,
}

impl Fault {
    /// All of them, with their names and what they are.
    pub const ALL: [(Self, &'static str, &'static str); 23] = [
        (Self::PlaintextPort, "plaintext-port", "the tokens' port speaks gRPC without TLS"),
        (Self::HttpPort, "http-port", "the tokens' port is that of an HTTP API"),
        (Self::OtherCa, "other-ca", "another CA signed the server's certificate"),
        (Self::ExpiredLeaf, "expired-leaf", "the server's certificate has expired"),
        (Self::FutureLeaf, "future-leaf", "the server's certificate is not valid yet"),
        (Self::OtherServerName, "other-server-name", "the server's certificate is made out to another name"),
        (Self::LoadBalancer, "load-balancer", "a load balancer shows a certificate of its own"),
        (Self::TlsProxy, "tls-proxy", "a proxy ends TLS, selects no h2 and speaks HTTP/1"),
        (Self::NoAlpn, "no-alpn", "TLS selects no application protocol"),
        (Self::BlackHole, "black-hole", "connections are never made, for packets are dropped"),
        (Self::Silent, "silent", "connections are accepted, and nothing is ever said"),
        (Self::Slow, "slow", "TLS and every call take two seconds"),
        (Self::Resets, "resets", "connections are accepted and reset"),
        (Self::NotConsul, "not-consul", "a gRPC server that is not Consul's"),
        (Self::Follower, "follower", "the only server that is reached does not lead its cluster"),
        (Self::PermissionDenied, "permission-denied", "every secret is refused, as one that was superseded"),
        (Self::Internal, "internal", "the cluster loses its leader in the middle of each call"),
        (Self::RateLimited, "rate-limited", "every call is one too many"),
        (Self::Unavailable, "unavailable", "a gRPC proxy has no server behind it"),
        (Self::AclDenied, "acl-denied", "the HTTP API denies everything to the ACL token"),
        (Self::Http500, "http-500", "the HTTP API answers 500, for there is no leader"),
        (Self::HtmlPage, "html-page", "a proxy's error page stands before the HTTP API"),
        (Self::CutBody, "cut-body", "the HTTP API's answers are cut off in the middle"),
    ];

    /// The fault of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(fault, ..)| fault)
    }

    /// Whether another CA than the cluster's signs the server's certificate.
    pub(super) fn has_other_ca(self) -> bool {
        matches!(self, Self::OtherCa | Self::LoadBalancer)
    }

    /// Spoils a certificate that would be good.
    pub(super) fn spoil(self, leaf: &mut Leaf) {
        const DAY: i64 = 24 * 60 * 60;
        match self {
            Self::ExpiredLeaf => leaf.until = leaf.from - DAY,
            Self::FutureLeaf => leaf.from += DAY,
            Self::OtherServerName | Self::LoadBalancer => {
                "lb.example.com".clone_into(&mut leaf.name);
                leaf.spiffe_id = None;
            }
            Self::TlsProxy | Self::NoAlpn => leaf.selects_h2 = false,
            _ => {}
        }
        leaf.from = leaf.from.min(leaf.until - DAY);
    }

    /// What a call is answered with in place of the true answer.
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
    fn every_fault_is_found_by_its_name_and_the_names_differ() {
        for (place, (fault, name, _)) in Fault::ALL.into_iter().enumerate() {
            assert_eq!(Fault::named(name), Some(fault));
            assert!(Fault::ALL[..place].iter().all(|(_, other, _)| *other != name), "{name}");
        }
        assert_eq!(Fault::named("none"), None);
    }
}
