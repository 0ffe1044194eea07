//! A thousand clusters that peer with each other, generated from a seed: what each of them answers.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyIdMethod, KeyPair, SanType};
use time::OffsetDateTime;

/// A cluster.
#[derive(Clone)]
pub struct Cluster {
    pub name: String,
    pub datacenter: String,
    pub trust_domain: String,
    pub version: &'static str,
    pub key: Arc<KeyPair>,
    pub root: String,
    pub behavior: Behavior,
    pub peerings: Vec<End>,
}

/// How a cluster answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behavior {
    /// As it should.
    Answers,
    /// Its clock is ahead.
    ClockAhead(Duration),
    /// It closes the connection.
    Dead,
    /// It refuses to list peerings after twelve seconds, as Consul does.
    Denies,
    /// It sends one byte of the answer per second.
    Trickles,
}

/// A peering as one of its two clusters reports it.
#[derive(Clone)]
pub struct End {
    pub name: String,
    pub id: String,
    /// On the dialer, the acceptor's ID.
    pub peer_id: String,
    pub state: &'static str,
    /// The age of the last heartbeat; `None` if none has arrived.
    pub heartbeat: Option<Duration>,
    /// How long ago the peering was deleted.
    pub deleted: Option<Duration>,
    pub peer_cas: Vec<String>,
    pub server_name: String,
    pub addresses: Vec<String>,
    pub imported: Vec<String>,
    pub exported: Vec<String>,
    pub remote: String,
}

/// The version of Consul that clusters run.
pub const VERSION: &str = "1.22.7";

/// Each cluster dials the next ones, in a circle.
pub const DIALED: usize = 25;

/// Both ends of a peering: the positions of the acceptor's and the dialer's end.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    pub acceptor: (usize, usize),
    pub dialer: (usize, usize),
}

/// Generates clusters that have no fault, and the pairs of ends.
pub fn generate(count: usize, rng: &mut Rng) -> (Vec<Cluster>, Vec<Pair>) {
    let mut clusters: Vec<Cluster> = (0..count).map(|number| cluster(number, rng)).collect();
    let mut pairs = Vec::new();
    for dialer in 0..count {
        for step in 1..=DIALED {
            let acceptor = (dialer + step) % count;
            let (id, exported) = (uuid(rng), services(rng));
            let accepting = end(&clusters[dialer], &id, "", &exported);
            let dialing = End {
                server_name: format!(
                    "server.{}.peering.{}",
                    clusters[acceptor].datacenter, clusters[acceptor].trust_domain
                ),
                addresses: vec![address(acceptor)],
                imported: exported,
                exported: Vec::new(),
                ..end(&clusters[acceptor], &uuid(rng), &id, &[])
            };
            pairs.push(Pair {
                acceptor: (acceptor, clusters[acceptor].peerings.len()),
                dialer: (dialer, clusters[dialer].peerings.len()),
            });
            clusters[acceptor].peerings.push(accepting);
            clusters[dialer].peerings.push(dialing);
        }
    }
    (clusters, pairs)
}

/// The address of a cluster's only server.
pub fn address(cluster: usize) -> String {
    format!("10.{}.{}.1:8503", cluster / 250, cluster % 250)
}

fn cluster(number: usize, rng: &mut Rng) -> Cluster {
    let trust_domain = format!("{}.consul", uuid(rng));
    let key = Arc::new(KeyPair::generate().expect("a key"));
    Cluster {
        name: format!("c{number:04}"),
        datacenter: format!("dc{number:04}"),
        root: ca(&trust_domain, &key, 3650),
        key,
        trust_domain,
        version: VERSION,
        behavior: Behavior::Answers,
        peerings: Vec::new(),
    }
}

/// One end of a peering with a cluster.
fn end(peer: &Cluster, id: &str, peer_id: &str, exported: &[String]) -> End {
    End {
        name: format!("to-{}", peer.datacenter),
        id: id.to_owned(),
        peer_id: peer_id.to_owned(),
        state: "ACTIVE",
        heartbeat: Some(Duration::from_secs(7)),
        deleted: None,
        peer_cas: vec![peer.root.clone()],
        server_name: String::new(),
        addresses: Vec::new(),
        imported: Vec::new(),
        exported: exported.to_vec(),
        remote: peer.datacenter.clone(),
    }
}

fn services(rng: &mut Rng) -> Vec<String> {
    (0..rng.usize(1..8)).map(|number| format!("service-{number}")).collect()
}

/// A random UUID in Consul's format.
pub fn uuid(rng: &mut Rng) -> String {
    let value = rng.u128(..);
    let hex = format!("{value:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A root like that of Consul's built-in CA, valid for a number of days.
pub fn ca(trust_domain: &str, key: &KeyPair, days: i64) -> String {
    let mut parameters = CertificateParams::default();
    let now = OffsetDateTime::now_utc();
    parameters.not_before = now - time::Duration::days(1);
    parameters.not_after = now + time::Duration::days(days);
    parameters.subject_alt_names =
        vec![SanType::URI(format!("spiffe://{trust_domain}").try_into().expect("ASCII"))];
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.use_authority_key_identifier_extension = true;
    parameters.key_identifier_method = KeyIdMethod::Sha256;
    parameters.self_signed(key).expect("a certificate").pem().replace("\r\n", "\n")
}
