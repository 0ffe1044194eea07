//! Ends that were read at different times: only what cannot have changed in between is a finding.

use super::*;

fn after(seconds: i64) -> Timestamp {
    ago(-seconds)
}

fn read_at(facts: &mut Facts, cluster: &str, at: Timestamp) {
    facts.clusters.iter_mut().filter(|it| it.cluster == cluster).for_each(|it| it.observed_at = at);
    facts.peerings.iter_mut().filter(|it| it.cluster == cluster).for_each(|it| it.observed_at = at);
}

fn end_of<'f>(facts: &'f mut Facts, cluster: &str) -> &'f mut PeeringFact {
    facts.peerings.iter_mut().find(|it| it.cluster == cluster).unwrap()
}

#[test]
fn ends_that_were_read_far_apart_are_not_compared() {
    let mut facts = pair();
    end_of(&mut facts, "dc2").imported_services.clear();
    let mut one_sided = pair();
    one_sided.peerings.retain(|it| it.cluster == "dc1");
    for facts in [&mut facts, &mut one_sided] {
        read_at(facts, "dc2", ago(61));
        let report = judged(facts);
        assert_eq!((lines(&report), report.not_compared), (vec![], 1));
    }
    let mut options = Options::new(now());
    options.compare_within = SignedDuration::from_mins(5);
    let report = judge(&one_sided, &[], &options);
    assert_eq!((report.findings[0].check, report.not_compared), ("peering-one-sided", 0));
}

#[test]
fn a_stream_that_opened_between_two_readings_is_no_contradiction() {
    let mut facts = pair();
    let down = end_of(&mut facts, "dc2");
    (down.state, down.last_heartbeat) = (State::Failing, Some(ago(7)));
    // The dialer was read first. The acceptor's first heartbeat of a new stream arrives 15 s after it opens.
    read_at(&mut facts, "dc1", after(30));
    for (heartbeat, expected) in [(14, 1), (15, 0), (29, 0)] {
        end_of(&mut facts, "dc1").last_heartbeat = Some(after(heartbeat));
        let found = judged(&facts).findings.iter().filter(|it| it.check == "peering-states-differ").count();
        assert_eq!(found, expected, "{heartbeat}");
    }
}

#[test]
fn a_stream_that_broke_between_two_readings_is_no_contradiction() {
    let mut facts = pair();
    let down = end_of(&mut facts, "dc2");
    (down.state, down.last_heartbeat) = (State::Failing, Some(after(20)));
    read_at(&mut facts, "dc2", after(40));
    // A broken stream shows after 25 s.
    for (heartbeat, expected) in [(-15, 1), (-10, 1), (-20, 1)] {
        end_of(&mut facts, "dc1").last_heartbeat = Some(after(40 - 30 - heartbeat));
        let found = judged(&facts).findings.iter().filter(|it| it.check == "peering-states-differ").count();
        assert_eq!(found, expected, "{heartbeat}");
    }
    end_of(&mut facts, "dc1").last_heartbeat = Some(after(14));
    let names: Vec<_> = judged(&facts).findings.iter().map(|it| it.check).collect();
    assert_eq!(names, ["heartbeat-old"], "the end that is FAILING, without a contradiction");
}

#[test]
fn a_stream_that_was_opened_again_reports_the_last_heartbeat_of_the_broken_one() {
    let mut facts = pair();
    for end in &mut facts.peerings {
        (end.last_heartbeat, end.last_receive, end.last_send) = (Some(ago(90)), Some(ago(4)), Some(ago(4)));
    }
    assert_eq!(lines(&judged(&facts)), [""; 0]);
    // The next one is due after 15 s.
    end_of(&mut facts, "dc2").last_receive = Some(ago(22));
    assert_eq!(lines(&judged(&facts)), ["dc2/to-dc1 heartbeat-old: ACTIVE: no heartbeat for 1 min"]);
}

#[test]
fn servers_that_restarted_do_not_contradict_the_other_end() {
    for (cluster, state) in [("dc1", State::Pending), ("dc2", State::Pending), ("dc2", State::Establishing)] {
        let mut facts = pair();
        let restarted = end_of(&mut facts, cluster);
        (restarted.state, restarted.last_heartbeat, restarted.last_receive) = (state, None, None);
        let names: Vec<_> = judged(&facts).findings.iter().map(|it| it.check).collect();
        assert_eq!(names, ["pending-since"], "{cluster}");
    }
}

#[test]
fn a_new_stream_has_no_heartbeat_yet() {
    let silent = |receive: Option<i64>, send: Option<i64>| {
        let mut facts = pair();
        for cluster in ["dc1", "dc2"] {
            let end = end_of(&mut facts, cluster);
            end.last_heartbeat = None;
            (end.last_receive, end.last_send) = (receive.map(ago), send.map(ago));
        }
        lines(&judged(&facts)).len()
    };
    assert_eq!(silent(Some(3), Some(3)), 0);
    assert_eq!(silent(Some(19), Some(4)), 0);
    assert_eq!(silent(Some(300), Some(4)), 2, "it sends heartbeats, and receives none");
    assert_eq!(silent(None, None), 2);
    // The other end has a heartbeat of the stream that was open before this end restarted.
    let mut facts = pair();
    let end = end_of(&mut facts, "dc1");
    (end.last_heartbeat, end.last_receive) = (None, Some(ago(3)));
    assert_eq!(lines(&judged(&facts)), [""; 0]);
    // The other end had a heartbeat since, so the stream is not new.
    let end = end_of(&mut facts, "dc1");
    end.last_receive = Some(ago(19));
    assert_eq!(
        lines(&judged(&facts)),
        ["dc1/to-dc2 active-without-heartbeat: ACTIVE, but no heartbeat has arrived"]
    );
}

#[test]
fn the_zero_time_of_go_is_no_heartbeat() {
    let mut facts = pair();
    let zero = Some("0001-01-01T00:00:00Z".parse().unwrap());
    let end = end_of(&mut facts, "dc1");
    (end.last_heartbeat, end.last_receive, end.last_send) = (zero, zero, zero);
    assert_eq!(
        lines(&judged(&facts)),
        ["dc1/to-dc2 active-without-heartbeat: ACTIVE, but no heartbeat has arrived"]
    );
}

#[test]
fn only_the_newest_observation_of_a_cluster_counts() {
    let mut older = pair();
    read_at(&mut older, "dc1", ago(3600));
    read_at(&mut older, "dc2", ago(3600));
    end_of(&mut older, "dc1").state = State::Failing;
    let mut deleted = end("dc1", "dc7", Role::Acceptor);
    (deleted.observed_at, deleted.id) = (ago(3600), "deleted since".to_owned());
    let mut facts = pair();
    facts.clusters.append(&mut older.clusters);
    facts.peerings.append(&mut older.peerings);
    facts.peerings.push(deleted);
    assert_eq!(judged(&facts), judged(&pair()));
}

#[test]
fn a_cluster_that_is_unreachable_now_keeps_its_trust_domain() {
    let mut facts = pair();
    facts.peerings.retain(|it| it.cluster == "dc1");
    let newest = facts.clusters.iter_mut().find(|it| it.cluster == "dc2").unwrap();
    let mut older = newest.clone();
    older.observed_at = ago(600);
    (newest.status, newest.trust_domain, newest.datacenter) = (ClusterStatus::Unreachable, None, None);
    newest.roots.clear();
    facts.clusters.push(older);
    let names = |facts: &Facts| judged(facts).findings.iter().map(|it| it.check).collect::<Vec<_>>();
    assert_eq!(names(&facts), ["cluster-unreachable"]);
    // Another peer is not in the inventory, because all clusters in it are known.
    facts.peerings[0].peer_cas = vec![ca("dc7")];
    assert_eq!(names(&facts), ["cluster-unreachable", "peer-not-in-inventory"]);
    // It may be the unreachable cluster if that one was never read.
    facts.clusters.pop();
    assert_eq!(names(&facts), ["cluster-unreachable"]);
}
