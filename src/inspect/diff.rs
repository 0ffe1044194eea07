//! The differences between two tokens, and what they mean.
//!
//! A token contains no time. Which of two is newer can only be inferred from its contents; see [`Newer`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::lint::{CaEntry, Reference};
use crate::token::Token;
use crate::utc;

/// The version of the JSON form of [`Comparison`].
pub const SCHEMA_VERSION: u32 = 1;

/// The comparison of two tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Where the tokens came from: `argument`, `@FILE` or `-`.
    pub sources: [String; 2],
    /// How the tokens are related.
    pub relation: Relation,
    /// Whether they belong to one peering.
    pub same_peering: bool,
    /// The relation as a sentence.
    pub summary: String,
    /// The newer token, if it can be inferred.
    pub newer: Newer,
    /// The fields that differ, in the order of a token's fields.
    pub differences: Vec<Difference>,
}

/// How two tokens are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They contain the same secret of the same peering.
    SameToken,
    /// They belong to the same peering, but their secrets differ.
    SamePeering,
    /// They belong to two peerings of one cluster.
    SameCluster,
    /// They belong to two clusters.
    OtherCluster,
    /// They belong to two peerings, of the same cluster or of two.
    OtherPeering,
    /// A peer ID is missing.
    Unknown,
}

/// The token that was generated later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Newer {
    /// The newer token.
    pub which: Which,
    /// The reason for the answer. Without a ledger it makes the answer likely, not proven.
    pub reason: String,
}

/// One of two tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
    /// Neither: they are the same token.
    Neither,
    /// It is unknown.
    Unknown,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// The field, by its name in the token.
    pub field: &'static str,
    /// The values in the first token. A secret is shown as a fingerprint.
    pub first: Vec<String>,
    /// The values in the second token.
    pub second: Vec<String>,
    /// What the difference means.
    pub meaning: String,
}

impl Comparison {
    /// Compares two tokens.
    pub fn new(sources: [String; 2], first: &Token, second: &Token) -> Self {
        let relation = Relation::of(first, second);
        let roots = [Root::all(first), Root::all(second)];
        let newer = Newer::of(relation, first, second, &roots);
        Self {
            version: SCHEMA_VERSION,
            sources,
            relation,
            same_peering: matches!(relation, Relation::SameToken | Relation::SamePeering),
            summary: relation.summary().to_owned(),
            differences: differences(relation, first, second, &roots),
            newer,
        }
    }
}

/// The place of a token among the records of a ledger that were made when tokens were generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recorded {
    /// The position of its record.
    pub position: usize,
    /// When it was generated.
    pub at: Timestamp,
}

impl Comparison {
    /// Adds what the ledger shows about tokens of one peering: which one was generated later.
    #[must_use]
    pub fn with_ledger(mut self, [first, second]: [Option<Recorded>; 2]) -> Self {
        if let (Relation::SamePeering, Some(first), Some(second)) = (self.relation, first, second) {
            let is_second = second.position > first.position;
            let (newer, older) = if is_second { (second, first) } else { (first, second) };
            self.newer = Newer {
                which: if is_second { Which::Second } else { Which::First },
                reason: format!(
                    "the ledger recorded it on {}, and the other one on {}",
                    utc::date_time(newer.at),
                    utc::date_time(older.at)
                ),
            };
        }
        self
    }
}

impl Relation {
    fn of(first: &Token, second: &Token) -> Self {
        if first.peer_id.is_empty() || second.peer_id.is_empty() {
            return Self::Unknown;
        }
        if first.peer_id == second.peer_id {
            let same = first.establishment_secret == second.establishment_secret;
            return if same { Self::SameToken } else { Self::SamePeering };
        }
        match (first.trust_domain(), second.trust_domain()) {
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(other) => Self::SameCluster,
            (Some(_), Some(_)) => Self::OtherCluster,
            _ => Self::OtherPeering,
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::SameToken => {
                "The same token: both contain the same secret of the same peering. It can be used once."
            }
            Self::SamePeering => {
                "Two tokens of the same peering: at most one is usable, the one that was generated last."
            }
            Self::SameCluster => {
                "Tokens of two peerings of one cluster: for two local names, or for one name whose peering was deleted and created again."
            }
            Self::OtherCluster => "Tokens of two clusters: their trust domains differ.",
            Self::OtherPeering => "Tokens of two peerings: they belong to one cluster or to two.",
            Self::Unknown => "Unknown relation: a peer ID is missing.",
        }
    }
}

/// The compared parts of a CA certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Root {
    shown: String,
    id: String,
    not_before: Option<Timestamp>,
}

impl Root {
    fn all(token: &Token) -> Vec<Self> {
        token.ca.iter().flatten().map(|entry| Self::of(entry)).collect()
    }

    fn of(entry: &str) -> Self {
        match CaEntry::parse(entry, Reference::default()).certificate {
            Ok(certificate) => Self {
                shown: format!(
                    "{}, valid from {} (SHA-256 {}…)",
                    certificate.subject,
                    utc::date_time(certificate.not_before),
                    certificate.sha256.get(..16).unwrap_or_default()
                ),
                not_before: Some(certificate.not_before),
                id: certificate.sha256,
            },
            Err(error) => {
                Self { shown: format!("unreadable: {error}"), id: entry.to_owned(), not_before: None }
            }
        }
    }
}

impl Newer {
    fn of(relation: Relation, first: &Token, second: &Token, roots: &[Vec<Root>; 2]) -> Self {
        let newer = |which, reason: &str| Self { which, reason: reason.to_owned() };
        match relation {
            Relation::SameToken => {
                return newer(Which::Neither, "both are the same token");
            }
            Relation::OtherCluster => {
                return newer(Which::Unknown, "tokens of different clusters have no order");
            }
            Relation::OtherPeering => {
                return newer(Which::Unknown, "they may belong to different clusters");
            }
            Relation::Unknown => return newer(Which::Unknown, "a peer ID is missing"),
            Relation::SamePeering | Relation::SameCluster => {}
        }
        let newest = |roots: &[Root]| roots.iter().filter_map(|root| root.not_before).max();
        let by_root = match (newest(&roots[0]), newest(&roots[1])) {
            (Some(one), Some(other)) if one > other => Which::First,
            (Some(one), Some(other)) if one < other => Which::Second,
            _ => Which::Unknown,
        };
        let by_format = match (&first.remote, &second.remote) {
            (Some(_), None) => Which::First,
            (None, Some(_)) => Which::Second,
            _ => Which::Unknown,
        };
        match (by_root, by_format) {
            (Which::Unknown, Which::Unknown) => newer(
                Which::Unknown,
                "a token contains no time, and nothing else shows the order. `peering stale A B` shows it if the tokens are in the \
                 ledger, or with -snapshot",
            ),
            (root, Which::Unknown) => {
                newer(root, "likely: it contains a newer CA certificate than the other token")
            }
            (Which::Unknown, format) => newer(
                format,
                "likely: it contains Remote, which Consul writes since 1.14, and the other token does not",
            ),
            (root, format) if root == format => {
                newer(root, "likely: its CA certificate and its format are newer")
            }
            _ => newer(Which::Unknown, "the CA certificates and the formats contradict each other"),
        }
    }
}

fn differences(relation: Relation, first: &Token, second: &Token, roots: &[Vec<Root>; 2]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut compare = |field, first: Vec<String>, second: Vec<String>, meaning: &dyn Fn() -> String| {
        if first != second {
            let meaning = meaning();
            differences.push(Difference { field, first, second, meaning });
        }
    };
    let ids = |roots: &[Root]| roots.iter().map(|root| root.id.clone()).collect::<BTreeSet<_>>();
    if roots[0].iter().map(|root| &root.id).ne(roots[1].iter().map(|root| &root.id)) {
        let shown = |roots: &[Root]| roots.iter().map(|root| root.shown.clone()).collect();
        compare("CA", shown(&roots[0]), shown(&roots[1]), &|| {
            ca_meaning(relation, &ids(&roots[0]), &ids(&roots[1]))
        });
    }
    let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    for (field, one, other) in [
        ("ManualServerAddresses", &first.manual_server_addresses, &second.manual_server_addresses),
        ("ServerAddresses", &first.server_addresses, &second.server_addresses),
    ] {
        compare(field, list(one), list(other), &|| addresses_meaning(first, second));
    }
    let text = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    compare("ServerName", text(&first.server_name), text(&second.server_name), &|| {
        if relation == Relation::OtherCluster {
            "The trust domains differ: the tokens are from two clusters, or the cluster was bootstrapped again.".to_owned()
        } else {
            "The name of the servers changed: the datacenter was renamed, or Consul was upgraded from 1.13."
                .to_owned()
        }
    });
    compare("PeerID", text(&first.peer_id), text(&second.peer_id), &|| {
        "Two peerings. If both have the same local name, the peering was deleted and created again, and older tokens are invalid."
            .to_owned()
    });
    let secret = |token: &Token| {
        token
            .establishment_secret
            .sha256()
            .map(|sum| format!("SHA-256 {}…", sum.get(..16).unwrap_or_default()))
            .into_iter()
            .collect()
    };
    compare("EstablishmentSecret", secret(first), secret(second), &|| {
        if relation == Relation::SamePeering {
            "The peering's token was generated again, which invalidated the older token if it was unused."
                .to_owned()
        } else {
            "Expected: every token has its own secret.".to_owned()
        }
    });
    let remote = |token: &Token| -> Vec<String> {
        let shown = token.remote.iter().map(|remote| {
            let place = remote.locality.as_ref().map_or_else(String::new, |locality| {
                format!(", region {:?}, zone {:?}", locality.region, locality.zone)
            });
            format!("datacenter {:?}, partition {:?}{place}", remote.datacenter, remote.partition)
        });
        shown.collect()
    };
    compare("Remote", remote(first), remote(second), &|| match (&first.remote, &second.remote) {
        (None, _) | (_, None) => {
            "Consul 1.13 wrote the token without Remote, and a later version wrote the other one.".to_owned()
        }
        _ => "The acceptor's datacenter, partition or locality differs.".to_owned(),
    });
    differences
}

fn ca_meaning(relation: Relation, first: &BTreeSet<String>, second: &BTreeSet<String>) -> String {
    let text = if first == second {
        "The same certificates in another order, which makes no difference to Consul."
    } else if first.is_empty() || second.is_empty() {
        "The dialer uses TLS with one token, and plain text with the other."
    } else if matches!(relation, Relation::OtherCluster | Relation::OtherPeering | Relation::Unknown) {
        "Each cluster has its own CA."
    } else if first.is_disjoint(second) {
        "The acceptor's CA was rotated in between: the acceptor's certificate no longer chains to the CA in the older token."
    } else {
        "The acceptor's CA was being rotated when one token was generated. The certificate in both tokens works."
    };
    text.to_owned()
}

fn addresses_meaning(first: &Token, second: &Token) -> String {
    let (one, other) = (first.dialed_addresses(), second.dialed_addresses());
    let sets = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    let text = if one == other {
        "The dialer dials the same addresses with both tokens."
    } else if sets(one) == sets(other) {
        "The same addresses in another order: the dialer tries them in order."
    } else if sets(one).is_disjoint(&sets(other)) {
        "The dialer dials different addresses. Only those that still lead to the acceptor work."
    } else {
        "Servers were added or removed in between. Dialing the address of a removed server takes time."
    };
    text.to_owned()
}
