//! Judging is total, and independent of the order of the facts.

use proptest::prelude::*;

use super::*;

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Acceptor), Just(Role::Dialer)]
}

fn state() -> impl Strategy<Value = State> {
    let names = ["PENDING", "ESTABLISHING", "ACTIVE", "FAILING", "DELETING", "TERMINATED", "UNDEFINED"];
    prop::sample::select(names.to_vec()).prop_map(State::from_name)
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["dc1", "dc2", "dc3", "", "DC1"]).prop_map(str::to_owned)
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (-40_i64..90).prop_map(ago),
        any::<i32>().prop_map(|seconds| ago(i64::from(seconds))),
        Just(Timestamp::MIN),
        Just(Timestamp::MAX)
    ]
}

prop_compose! {
    fn any_cluster()(
        name in name(),
        at in time(),
        status in prop::sample::select(vec![ClusterStatus::Ok, ClusterStatus::Unreachable, ClusterStatus::Denied]),
        skew in prop::option::of(any::<i64>()),
        trust in prop::option::of(name()),
        datacenter in prop::option::of(name()),
        version in prop::option::of(prop::sample::select(vec!["1.20", "2.1.0", "", "x.y", "99999999999.1"])),
        active: bool,
    ) -> ClusterFact {
        let mut fact = cluster(&name);
        (fact.observed_at, fact.status, fact.clock_skew_ms) = (at, status, skew);
        fact.trust_domain = trust.map(|it| trust_domain(&it));
        fact.datacenter = datacenter;
        fact.consul_version = version.map(str::to_owned);
        fact.roots[0].active = active;
        fact
    }
}

prop_compose! {
    fn any_peering()(
        (cluster, peer, role, state) in (name(), name(), role(), state()),
        (at, deleted, heartbeat, receive, expiry) in
            (time(), prop::option::of(time()), prop::option::of(time()), prop::option::of(time()), time()),
        (id, peer_id) in (0..4_u8, 0..4_u8),
        exported in prop::collection::vec("[a-c]", 0..3),
        imported in prop::collection::vec("[a-c]", 0..3),
        used: bool,
    ) -> PeeringFact {
        let mut fact = end(&cluster, &peer, role);
        (fact.state, fact.observed_at, fact.deleted_at) = (state, at, deleted);
        (fact.last_heartbeat, fact.last_receive) = (heartbeat, receive);
        fact.id = id.to_string();
        fact.peer_id = if peer_id == 3 { String::new() } else { peer_id.to_string() };
        (fact.exported_services, fact.imported_services) = (exported, imported);
        fact.peer_cas[0].not_after = expiry;
        if !used {
            fact.peer_cas.clear();
            fact.remote = RemoteFact::default();
        }
        fact
    }
}

prop_compose! {
    fn any_facts()(
        clusters in prop::collection::vec(any_cluster(), 0..6),
        peerings in prop::collection::vec(any_peering(), 0..12),
    ) -> Facts {
        Facts { clusters, peerings }
    }
}

proptest! {
    #[test]
    fn any_facts_in_any_order_have_one_report(
        (facts, shuffled) in any_facts().prop_flat_map(|facts| {
            let shuffled = (Just(facts.clusters.clone()).prop_shuffle(), Just(facts.peerings.clone()).prop_shuffle());
            (Just(facts), shuffled)
        }),
        at in time(),
    ) {
        let options = Options::new(at);
        let report = judge(&facts, &[record(40)], &options);
        let (clusters, peerings) = shuffled;
        let mut twice = Facts { clusters, peerings };
        prop_assert_eq!(&judge(&twice, &[record(40)], &options), &report);
        twice.clusters.extend(facts.clusters.clone());
        twice.peerings.extend(facts.peerings.clone());
        prop_assert_eq!(&judge(&twice, &[record(40)], &options), &report, "duplicates change nothing");
        prop_assert!(Changes::between(&report, &report).changes.is_empty());
    }

    #[test]
    fn facts_that_were_written_and_read_have_the_same_report(facts in any_facts()) {
        let mut read = Facts::default();
        read.read_lines("facts", facts.to_lines().as_bytes()).unwrap();
        prop_assert_eq!(judged(&read), judged(&facts));
        prop_assert_eq!(read.to_lines(), facts.to_lines());
    }

    #[test]
    fn any_text_is_read_or_rejected(text: Vec<u8>) {
        let _ = Facts::default().read_lines("facts", &*text);
    }
}
