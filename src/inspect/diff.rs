//! What differs between two tokens, and what that means.
//!
//! A token holds no time, so which of two is newer can only be guessed from what Consul writes into it: see [`Newer`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::lint::context::CaEntry;
use crate::token::Token;

/// The version of the JSON form of [`Comparison`].
pub const SCHEMA_VERSION: u32 = 1;

/// Two tokens side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// Where the tokens came from: `argument`, `@FILE` or `-`.
    pub sources: [String; 2],
    /// How they belong together.
    pub relation: Relation,
    /// Whether they belong to one peering.
    pub same_peering: bool,
    /// The same in a sentence.
    pub summary: String,
    /// Which is newer, as far as can be known.
    pub newer: Newer,
    /// What differs, in the order of a token's fields.
    pub differences: Vec<Difference>,
}

/// How two tokens belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They hold the same secret of the same peering.
    SameToken,
    /// They were generated for the same peering, one after the other.
    SamePeering,
    /// They are of two peerings of one cluster.
    SameCluster,
    /// They are of two clusters.
    OtherCluster,
    /// They are of two peerings; whether of one cluster cannot be told.
    OtherPeering,
    /// One has no peer ID.
    Unknown,
}

/// Which of two tokens was generated later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Newer {
    /// Which.
    pub which: Which,
    /// Why, or why it cannot be told. Reasons are likely, never a proof.
    pub because: String,
}

/// One of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
    /// Neither: they were generated at once.
    Neither,
    /// It cannot be told.
    Unknown,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Difference {
    /// The field, by its name in the token.
    pub field: &'static str,
    /// What the first token has; of a secret only a fingerprint.
    pub first: Vec<String>,
    /// What the second has.
    pub second: Vec<String>,
    /// What it means.
    pub meaning: String,
}

impl Comparison {
    /// Compares two tokens.
    pub fn of(sources: [String; 2], first: &Token, second: &Token) -> Self {
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
                "The same token: both hold the same secret of the same peering, which works once."
            }
            Self::SamePeering => {
                "Two tokens of the same peering: at most one of them works, the one that was generated last."
            }
            Self::SameCluster => {
                "Tokens of two peerings of one cluster: of two local names, or of one that was deleted and created again."
            }
            Self::OtherCluster => "Tokens of two clusters: their trust domains differ.",
            Self::OtherPeering => "Tokens of two peerings; whether of one cluster cannot be told.",
            Self::Unknown => "Whether they belong to one peering cannot be told: a peer ID is missing.",
        }
    }
}

/// One CA certificate, as far as it is compared.
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
        match CaEntry::read(entry).certificate {
            Ok(certificate) => Self {
                shown: format!(
                    "{}, valid from {} (SHA-256 {}…)",
                    certificate.subject,
                    certificate.not_before.strftime("%Y-%m-%d %H:%M:%S UTC"),
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
        let told = |which, because: &str| Self { which, because: because.to_owned() };
        match relation {
            Relation::SameToken => {
                return told(Which::Neither, "the secret is the same: they are one token");
            }
            Relation::OtherCluster => {
                return told(Which::Unknown, "tokens of different clusters have no order");
            }
            Relation::OtherPeering => {
                return told(Which::Unknown, "whether they are of one cluster cannot be told");
            }
            Relation::Unknown => return told(Which::Unknown, "one of them has no peer ID"),
            Relation::SamePeering | Relation::SameCluster => {}
        }
        let youngest = |roots: &[Root]| roots.iter().filter_map(|root| root.not_before).max();
        let by_root = match (youngest(&roots[0]), youngest(&roots[1])) {
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
            (Which::Unknown, Which::Unknown) => told(
                Which::Unknown,
                "nothing in them tells: a token holds no time. `peering stale A B` tells if the ledger knows them, and with a snapshot \
                 of the acceptor for certain",
            ),
            (root, Which::Unknown) => {
                told(root, "likely: it holds a CA certificate that is newer than any in the other")
            }
            (Which::Unknown, format) => {
                told(format, "likely: it has Remote, which Consul writes since 1.14, and the other has not")
            }
            (root, format) if root == format => {
                told(root, "likely: its CA certificate and its format are newer than the other's")
            }
            _ => told(Which::Unknown, "its CA certificate and its format say opposite things"),
        }
    }
}

fn differences(relation: Relation, first: &Token, second: &Token, roots: &[Vec<Root>; 2]) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |field, first: Vec<String>, second: Vec<String>, meaning: &dyn Fn() -> String| {
        if first != second {
            let meaning = meaning();
            found.push(Difference { field, first, second, meaning });
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
            "The trust domains differ: two clusters, or one that was bootstrapped anew.".to_owned()
        } else {
            "The servers answer to another name: the datacenter was renamed, or Consul upgraded from 1.13."
                .to_owned()
        }
    });
    compare("PeerID", text(&first.peer_id), text(&second.peer_id), &|| {
        "Two peerings. If both are of one local name, it was deleted and created again: tokens from before do not work."
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
            "Generated one after the other for the same name: the later made the earlier void.".to_owned()
        } else {
            "As it must be: every token has its own.".to_owned()
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
        (None, _) | (_, None) => "Consul 1.13 wrote the one without, a later one the other.".to_owned(),
        _ => "The acceptors tell another place of themselves.".to_owned(),
    });
    found
}

fn ca_meaning(relation: Relation, first: &BTreeSet<String>, second: &BTreeSet<String>) -> String {
    let text = if first == second {
        "The same certificates in another order: no difference to Consul."
    } else if first.is_empty() || second.is_empty() {
        "With the one the dialer uses TLS, with the other it does not."
    } else if matches!(relation, Relation::OtherCluster | Relation::OtherPeering | Relation::Unknown) {
        "Each cluster has its own CA."
    } else if first.is_disjoint(second) {
        "The acceptor's CA was rotated between them: the older token's CA no longer proves who the acceptor is."
    } else {
        "A rotation of the acceptor's CA was in progress when one of them was generated: the certificate in both serves."
    };
    text.to_owned()
}

fn addresses_meaning(first: &Token, second: &Token) -> String {
    let (one, other) = (first.dialed_addresses(), second.dialed_addresses());
    let sets = |list: &[String]| list.iter().cloned().collect::<BTreeSet<_>>();
    let text = if one == other {
        "The dialer dials the same addresses with both."
    } else if sets(one) == sets(other) {
        "The same addresses in another order: the dialer tries them in that order."
    } else if sets(one).is_disjoint(&sets(other)) {
        "The dialer dials other addresses altogether: only those that still lead to the acceptor work."
    } else {
        "Servers came or went between them: addresses of servers that are gone cost the dialer time."
    };
    text.to_owned()
}
