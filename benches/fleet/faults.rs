//! Plants faults into healthy clusters, and says what an audit must report for them.

use std::time::Duration;

use consul_peering::net::ledger::{Origin, Record};
use fastrand::Rng;
use jiff::SignedDuration;

use super::clusters::{Behavior, Cluster, End, Pair, VERSION, ca, uuid};

/// A finding that an audit must report: the check, the cluster, and the name of the peering, empty for a cluster's own.
pub type Expected = (&'static str, String, String);

/// A day, in the past.
const DAY: Duration = Duration::from_hours(24);

/// Plants the faults of clusters as a whole, then `of_each` faults of each kind into pairs that nothing else affects.
pub fn plant(clusters: &mut [Cluster], pairs: &[Pair], of_each: usize, rng: &mut Rng) -> Vec<Expected> {
    let mut expected = plant_in_clusters(clusters, of_each, rng);
    let mut free: Vec<Pair> = pairs
        .iter()
        .copied()
        .filter(|pair| {
            let answers = |place: (usize, usize)| clusters[place.0].behavior == Behavior::Answers;
            answers(pair.acceptor) && answers(pair.dialer)
        })
        .collect();
    rng.shuffle(&mut free);
    let mut removed = Vec::new();
    for fault in FAULTS {
        for _ in 0..of_each {
            // The last fault changes versions, once per cluster.
            let is_unchanged = |pair: &Pair| {
                [pair.acceptor, pair.dialer].iter().all(|end| clusters[end.0].version == VERSION)
            };
            let pair = free.swap_remove(free.iter().rposition(is_unchanged).expect("enough pairs"));
            let mut planted = Planted { clusters, pair, rng, removed: &mut removed, expected: &mut expected };
            fault(&mut planted);
        }
    }
    // From the end, so that positions stay right.
    removed.sort_unstable();
    for (cluster, peering) in removed.into_iter().rev() {
        clusters[cluster].peerings.remove(peering);
    }
    expected.sort();
    expected
}

/// A pair of ends, to plant one fault in.
struct Planted<'a> {
    clusters: &'a mut [Cluster],
    pair: Pair,
    rng: &'a mut Rng,
    /// Ends that do not exist in the end. They stay until all faults are planted, so that positions stay right.
    removed: &'a mut Vec<(usize, usize)>,
    expected: &'a mut Vec<Expected>,
}

/// One fault for each check of peerings.
const FAULTS: [fn(&mut Planted<'_>); 16] = [
    |it| {
        it.remove_dialer();
        it.expect_at_acceptor("peering-one-sided");
    },
    |it| {
        it.remove_acceptor();
        it.expect_at_dialer("peering-orphaned");
    },
    |it| {
        it.dialer().state = "FAILING";
        it.expect_at_acceptor("peering-states-differ");
    },
    |it| {
        it.dialer().heartbeat = None;
        it.expect_at_dialer("active-without-heartbeat");
    },
    |it| {
        it.dialer().heartbeat = Some(Duration::from_mins(10));
        it.expect_at_dialer("heartbeat-old");
    },
    |it| {
        it.never_established();
        it.expect_at_acceptor("pending-since");
    },
    |it| {
        // The ledger has its token: see `unused_tokens`.
        it.never_established();
        it.expect_at_acceptor("unused-token-old");
    },
    |it| {
        it.remove_dialer();
        it.acceptor().state = "TERMINATED";
        it.expect_at_acceptor("terminated-left-behind");
    },
    |it| {
        it.remove_dialer();
        let acceptor = it.acceptor();
        (acceptor.state, acceptor.deleted) = ("DELETING", Some(DAY));
        it.expect_at_acceptor("deleting-stuck");
    },
    |it| {
        // The next cluster that answers was cloned from the dialer. The first of both reports it.
        let mut copy = it.dialer().clone();
        copy.id = uuid(it.rng);
        copy.name.push_str("-copy");
        let count = it.clusters.len();
        let clone = (1..count)
            .map(|step| (it.pair.dialer.0 + step) % count)
            .find(|cluster| {
                *cluster != it.pair.acceptor.0 && it.clusters[*cluster].behavior == Behavior::Answers
            })
            .expect("a cluster that answers");
        let copied = (clone, it.clusters[clone].peerings.len());
        it.clusters[clone].peerings.push(copy);
        it.expect("two-dialers", copied.min(it.pair.dialer));
    },
    |it| {
        it.dialer().imported.pop();
        it.expect_at_acceptor("exports-not-imported");
    },
    |it| {
        // The same key, so the acceptor's root is still trusted.
        let acceptor = &it.clusters[it.pair.acceptor.0];
        let expiring = ca(&acceptor.trust_domain, &acceptor.key, 10);
        it.dialer().peer_cas = vec![expiring];
        it.expect_at_dialer("peer-ca-expires");
    },
    |it| {
        let old = ca(&it.clusters[it.pair.acceptor.0].trust_domain, &it.clusters[it.pair.dialer.0].key, 3650);
        it.dialer().peer_cas = vec![old];
        it.expect_at_dialer("peer-ca-not-trusted");
    },
    |it| {
        it.dialer().addresses = vec!["192.0.2.7:8503".to_owned()];
        it.expect_at_dialer("peer-addresses-differ");
    },
    |it| {
        // The dialer's peer is a cluster that no context describes.
        let (trust_domain, peer_id) = (format!("{}.consul", uuid(it.rng)), uuid(it.rng));
        let foreign = ca(&trust_domain, &it.clusters[it.pair.dialer.0].key, 3650);
        it.remove_acceptor();
        let dialer = it.dialer();
        dialer.server_name = format!("server.elsewhere.peering.{trust_domain}");
        (dialer.peer_id, dialer.peer_cas) = (peer_id, vec![foreign]);
        "elsewhere".clone_into(&mut dialer.remote);
        it.expect_at_dialer("peer-not-in-inventory");
    },
    |it| {
        // Other peerings of the two clusters are up, which shows that they can peer.
        it.clusters[it.pair.acceptor.0].version = "1.20.6";
        it.clusters[it.pair.dialer.0].version = "1.23.0";
        for end in [it.pair.acceptor, it.pair.dialer] {
            let end = it.end(end);
            (end.state, end.heartbeat) = ("FAILING", Some(DAY));
        }
        it.expect_at_dialer("versions-cannot-peer");
        it.expect_at_dialer("heartbeat-old");
        it.expect_at_acceptor("heartbeat-old");
    },
];

impl Planted<'_> {
    fn end(&mut self, place: (usize, usize)) -> &mut End {
        &mut self.clusters[place.0].peerings[place.1]
    }

    fn acceptor(&mut self) -> &mut End {
        self.end(self.pair.acceptor)
    }

    fn dialer(&mut self) -> &mut End {
        self.end(self.pair.dialer)
    }

    fn remove_acceptor(&mut self) {
        self.removed.push(self.pair.acceptor);
    }

    fn remove_dialer(&mut self) {
        self.removed.push(self.pair.dialer);
    }

    fn never_established(&mut self) {
        self.remove_dialer();
        let acceptor = self.acceptor();
        (acceptor.state, acceptor.heartbeat) = ("PENDING", None);
        acceptor.peer_cas.clear();
        acceptor.remote.clear();
    }

    /// Returns the cluster and the name of an end.
    fn name(&mut self, place: (usize, usize)) -> (String, String) {
        (self.clusters[place.0].name.clone(), self.end(place).name.clone())
    }

    fn expect(&mut self, check: &'static str, place: (usize, usize)) {
        let (cluster, name) = self.name(place);
        self.expected.push((check, cluster, name));
    }

    fn expect_at_acceptor(&mut self, check: &'static str) {
        self.expect(check, self.pair.acceptor);
    }

    fn expect_at_dialer(&mut self, check: &'static str) {
        self.expect(check, self.pair.dialer);
    }
}

/// Makes clusters dead, slow, closed or late. Each is expected once, and its peerings not at all.
fn plant_in_clusters(clusters: &mut [Cluster], of_each: usize, rng: &mut Rng) -> Vec<Expected> {
    let kinds = [
        (Behavior::Dead, "cluster-unreachable", of_each * 3 / 4),
        (Behavior::Trickles, "cluster-unreachable", of_each / 4),
        (Behavior::Denies, "cluster-denied", of_each),
        (Behavior::ClockAhead(Duration::from_mins(5)), "clock-skew", of_each),
    ];
    let mut order: Vec<usize> = (0..clusters.len()).collect();
    rng.shuffle(&mut order);
    let mut expected = Vec::new();
    for (behavior, check, count) in kinds {
        for cluster in order.drain(..count) {
            clusters[cluster].behavior = behavior;
            expected.push((check, clusters[cluster].name.clone(), String::new()));
        }
    }
    expected
}

/// Returns the records that the ledger needs for the planted tokens that are unused for a long time.
pub fn unused_tokens(clusters: &[Cluster], expected: &[Expected]) -> Vec<Record> {
    let tokens = expected.iter().filter(|(check, _, _)| *check == "unused-token-old");
    let end = |(_, cluster, name): &Expected| {
        let cluster = clusters.iter().find(|it| it.name == *cluster)?;
        cluster.peerings.iter().find(|end| end.name == *name)
    };
    tokens.filter_map(end).map(record).collect()
}

/// The record of a token that was generated 40 days ago.
fn record(end: &End) -> Record {
    Record {
        recorded_at: jiff::Timestamp::now() - SignedDuration::from_hours(40 * 24),
        name: end.name.clone(),
        partition: String::new(),
        datacenter: None,
        trust_domain: None,
        peer_id: end.id.clone(),
        server_name: String::new(),
        addresses: Vec::new(),
        tls: true,
        roots: Vec::new(),
        secret_sha256: Some("5e".repeat(32)),
        token_sha256: "70".repeat(32),
        user: "ann".to_owned(),
        host: "vm".to_owned(),
        origin: Origin::Generated,
        state_before: None,
    }
}
