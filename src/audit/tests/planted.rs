//! Problems that are planted into the facts of a healthy peering, each with all findings that it causes.

use super::*;

/// Changes the facts of the acceptor's cluster, the dialer's cluster, the acceptor's end and the dialer's end.
pub(super) type Plant = fn(&mut ClusterFact, &mut ClusterFact, &mut PeeringFact, &mut PeeringFact);

pub(super) fn planted(plant: Plant) -> Facts {
    let mut facts = pair();
    let Facts { clusters, peerings } = &mut facts;
    let ([acceptor, dialer], [acceptor_end, dialer_end]) = (&mut clusters[..], &mut peerings[..]) else {
        unreachable!()
    };
    plant(acceptor, dialer, acceptor_end, dialer_end);
    // Renaming the cluster of an end removes it.
    facts.peerings.retain(|end| end.cluster != "gone");
    facts.clusters.retain(|cluster| cluster.cluster != "gone");
    facts
}

pub(super) fn unused(end: &mut PeeringFact, other: &mut PeeringFact) {
    end.state = State::Pending;
    end.peer_cas.clear();
    end.remote = RemoteFact::default();
    (end.last_heartbeat, end.last_receive, end.last_send) = (None, None, None);
    end.exported_services.clear();
    other.cluster = "gone".to_owned();
}

/// Each problem with all findings that it causes.
pub(super) const PLANTED: &[(Plant, &[&str])] = &[
    (
        |_, _, _, dialer| dialer.cluster = "gone".to_owned(),
        &["dc1/to-dc2 peering-one-sided: dc2 does not have the other end of this peering"],
    ),
    (
        |_, _, acceptor, _| acceptor.cluster = "gone".to_owned(),
        &["dc2/to-dc1 peering-orphaned: dc1 has no peering with the ID afd15277-fece-df95-591e-57a171984d07"],
    ),
    (
        |_, dialing, _, dialer| {
            dialing.cluster = "gone".to_owned();
            dialer.cluster = "gone".to_owned();
        },
        &["dc1/to-dc2 peer-not-in-inventory: its peer dc2 is not in the inventory"],
    ),
    (
        |_, _, _, dialer| dialer.state = State::Failing,
        &["dc1/to-dc2 peering-states-differ: ACTIVE here, but FAILING at dc2"],
    ),
    (
        |_, _, acceptor, dialer| {
            acceptor.state = State::Terminated;
            dialer.state = State::Failing;
            dialer.last_heartbeat = Some(ago(9000));
        },
        &[
            "dc1/to-dc2 peering-states-differ: TERMINATED here, but FAILING at dc2",
            "dc2/to-dc1 heartbeat-old: FAILING: no heartbeat for 2 h",
            "dc1/to-dc2 terminated-left-behind: the other cluster deleted this peering",
        ],
    ),
    (
        |_, _, acceptor, _| {
            (acceptor.last_heartbeat, acceptor.last_receive) = (None, Some(ago(300)));
        },
        &["dc1/to-dc2 active-without-heartbeat: ACTIVE, but no heartbeat has arrived"],
    ),
    (
        |_, _, acceptor, _| acceptor.last_heartbeat = Some(ago(46)),
        &["dc1/to-dc2 heartbeat-old: ACTIVE: no heartbeat for 45 s"],
    ),
    (
        |_, _, acceptor, dialer| {
            acceptor.state = State::Failing;
            dialer.state = State::Failing;
        },
        &[
            "dc1/to-dc2 heartbeat-old: FAILING: no heartbeat for 5 s",
            "dc2/to-dc1 heartbeat-old: FAILING: no heartbeat for 5 s",
        ],
    ),
    (
        |_, _, acceptor, dialer| unused(acceptor, dialer),
        &["dc1/to-dc2 pending-since: PENDING: no token of it was used"],
    ),
    (
        |_, _, acceptor, dialer| {
            (acceptor.state, acceptor.last_heartbeat, acceptor.last_receive) = (State::Pending, None, None);
            dialer.last_heartbeat = Some(ago(14));
        },
        &["dc1/to-dc2 pending-since: PENDING: the dialer has not connected again"],
    ),
    (
        |_, _, acceptor, dialer| {
            acceptor.state = State::Terminated;
            dialer.cluster = "gone".to_owned();
        },
        &["dc1/to-dc2 terminated-left-behind: dc2 deleted this peering"],
    ),
    (
        |_, _, acceptor, _| (acceptor.state, acceptor.deleted_at) = (State::Deleting, Some(ago(9000))),
        &["dc1/to-dc2 deleting-stuck: DELETING for 2 h"],
    ),
    (
        |_, _, _, dialer| dialer.imported_services = vec!["web".to_owned()],
        &["dc1/to-dc2 exports-not-imported: dc2 does not import api"],
    ),
    (
        |_, dialing, acceptor, _| {
            let expires_at = now() + SignedDuration::from_hours(11 * 24);
            acceptor.peer_cas[0].not_after = expires_at;
            dialing.roots[0].certificate.not_after = expires_at;
        },
        &["dc1/to-dc2 peer-ca-expires: the peer's CA expires on 2026-12-08 17:57:20 UTC"],
    ),
    (
        |accepting, _, _, _| accepting.roots[0].certificate = ca("rotated"),
        &["dc2/to-dc1 peer-ca-not-trusted: it trusts another CA than dc1 uses"],
    ),
    (
        |_, _, _, dialer| dialer.peer_addresses.push("192.0.2.7:8503".to_owned()),
        &["dc2/to-dc1 peer-addresses-differ: 192.0.2.7:8503: not a server or mesh gateway of dc1"],
    ),
    (
        |accepting, dialing, acceptor, dialer| {
            accepting.consul_version = Some("1.20.2+ent".to_owned());
            dialing.consul_version = Some("2.1.0-dev".to_owned());
            (acceptor.state, acceptor.last_heartbeat) = (State::Deleting, None);
            (dialer.state, dialer.last_heartbeat) = (State::Establishing, None);
        },
        &[
            "dc2/to-dc1 versions-cannot-peer: Consul 2.1.0-dev cannot dial dc1, which runs 1.20.2+ent",
            "dc2/to-dc1 pending-since: ESTABLISHING: the dialer has not opened the stream",
        ],
    ),
    (
        |_, dialing, _, dialer| {
            (dialing.status, dialing.reason) =
                (ClusterStatus::Unreachable, Some("connection refused".to_owned()));
            dialer.cluster = "gone".to_owned();
        },
        &["dc2 cluster-unreachable: connection refused"],
    ),
    (
        |accepting, _, acceptor, _| {
            (accepting.status, accepting.trust_domain) = (ClusterStatus::Denied, None);
            accepting.roots.clear();
            acceptor.cluster = "gone".to_owned();
        },
        &["dc1 cluster-denied: peering:read is missing"],
    ),
    (
        |accepting, _, acceptor, _| {
            accepting.clock_skew_ms = Some(-3_600_000);
            for at in [&mut acceptor.last_heartbeat, &mut acceptor.last_receive, &mut acceptor.last_send] {
                *at = at.map(|at| at - SignedDuration::from_hours(1));
            }
        },
        &["dc1 clock-skew: its clock is 1 h behind this host's"],
    ),
];

#[test]
fn each_planted_problem_is_found_and_nothing_else() {
    for (plant, expected) in PLANTED {
        assert_eq!(lines(&judged(&planted(*plant))), *expected);
    }
}
