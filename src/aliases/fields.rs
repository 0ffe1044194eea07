//! What a JSON value is, by its key: in tokens, in Consul's answers, in the ledger and in our results.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `host:port`, a URL, or a host.
    Address,
    /// The TLS name of the acceptor's servers.
    ServerName,
    /// A trust domain.
    TrustDomain,
    /// A host name or an IP address.
    Host,
    /// A name of another kind.
    Name,
    /// Certificates in PEM.
    Certificates,
    /// A distinguished name. Checks also have a `subject`, which is a state.
    DistinguishedName,
    /// A URI, such as a SPIFFE ID.
    Uri,
    /// Base64 of JSON: a token, or a record of the ledger in Consul's KV.
    Encoded,
    /// A state, an ID or a fingerprint: never replaced.
    State,
    /// Prose, or anything else.
    Text,
}

impl Field {
    /// Returns what the value of a key is. `parent` is the key of the object that contains it.
    pub(super) fn of(parent: &str, key: &str) -> Self {
        if parent.eq_ignore_ascii_case("meta") || parent == "labels" {
            return Self::Name;
        }
        // Consul's `ServerName` is our `server_name`.
        match key.replace('_', "").to_ascii_lowercase().as_str() {
            "address"
            | "addresses"
            | "serveraddresses"
            | "manualserveraddresses"
            | "peerserveraddresses"
            | "peeraddresses"
            | "gatewayaddresses"
            | "meshgateways"
            | "remoteaddress"
            | "url"
            | "leader"
            | "lan"
            | "wan"
            | "lanipv4"
            | "wanipv4"
            | "lanipv6"
            | "wanipv6"
            | "serviceaddress"
            | "bindaddr"
            | "advertiseaddr"
            | "advertiseaddrwan" => Self::Address,
            "servername" | "peerservername" | "tlsservername" => Self::ServerName,
            "trustdomain" | "peertrustdomain" => Self::TrustDomain,
            "dns" | "ips" | "host" | "observedfrom" | "hostname" => Self::Host,
            "uris" => Self::Uri,
            "value" if key == "Value" => Self::Encoded,
            "peeringtoken" => Self::Encoded,
            "ca" | "peercapems" | "rootcert" | "intermediatecerts" => Self::Certificates,
            "subject" | "issuer" => Self::DistinguishedName,
            "node" | "nodename" | "datacenter" | "peerdatacenter" | "primarydatacenter" | "partition"
            | "region" | "zone" | "cluster" | "peercluster" | "clusters" | "services" | "peername"
            | "localname" | "user" | "peering" | "namespace" | "exportedservices" | "importedservices"
            | "others" => Self::Name,
            "name" if key == "Name" || NAMED.contains(&parent) => Self::Name,
            "status" | "state" | "verdict" | "certainty" | "severity" | "outcome" | "role" | "effect"
            | "area" | "check" | "kind" | "code" | "grpccode" | "relation" | "algorithm" | "keyusage"
            | "selfsignature" | "version" | "reference" | "alert" | "indicates" | "observation"
            | "operation" | "side" | "which" | "field" | "origin" | "level" | "ruleid" | "helpuri"
            | "informationuri" | "$schema" | "id" | "peerid" | "sha1" | "sha256" | "serial"
            | "tokensha256" | "secretsha256" | "casha256" => Self::State,
            _ => Self::Text,
        }
    }
}

/// The keys of our objects whose `name` is the name of a peering, and not of a check or a message.
const NAMED: [&str; 6] = ["peering", "peerings", "records", "orders", "captures", "tokens"];
