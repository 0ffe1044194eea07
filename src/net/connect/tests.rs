use super::*;
use crate::net::consul::{Permissions, Remote};
use crate::net::regenerate::ObservedPeering;
use crate::observed::Observed;
use crate::staleness::evidence::PeeringState;

const ALL: Permissions = Permissions { peering_read: true, peering_write: true, operator_read: true };

fn end(context: &str, name: &str, version: &str) -> End {
    End {
        context: context.to_owned(),
        address: format!("http://{context}:8500"),
        partition: String::new(),
        name: name.to_owned(),
        answers: AgentAnswers {
            trust_domain: Some(format!("{context}.consul")),
            version: Some(version.to_owned()),
            permissions: Some(ALL),
            ..AgentAnswers::default()
        },
        clock_offset: Some(0),
        peerings: Some(Vec::new()),
    }
}

/// The acceptor east and the dialer west, with free names.
fn free() -> Ends {
    let not_checked = || Observed::NotChecked(String::new());
    Ends {
        acceptor: end("east", "west", "2.1.0"),
        dialer: end("west", "east", "2.1.0"),
        unused: Observations {
            peering: Observed::Value(None),
            records: Observed::NotChecked(String::new()),
            unused_secret: not_checked(),
        },
        unreachable: Ok(Vec::new()),
    }
}

fn peering(name: &str, state: &str, peer_id: &str) -> Peering {
    Peering {
        id: format!("id-of-{name}"),
        name: name.to_owned(),
        state: state.to_owned(),
        peer_id: peer_id.to_owned(),
        ..Peering::default()
    }
}

/// Returns the messages, whether each can be forced, and whether the clusters are connected already.
fn found(ends: &Ends) -> (Vec<(String, bool)>, bool) {
    let plan = plan(ends);
    let obstacles = plan.obstacles.into_iter().map(|it| (it.message, it.can_be_forced)).collect();
    (obstacles, plan.already_connected)
}

#[track_caller]
fn one(ends: &Ends, message: &str, can_be_forced: bool) {
    assert_eq!(found(ends), (vec![(message.to_owned(), can_be_forced)], false));
}

#[test]
fn free_names_at_two_clusters_are_no_obstacle() {
    assert_eq!(plan(&free()), Plan::default());
}

#[test]
fn the_same_cluster_and_partition_is_an_obstacle() {
    let mut ends = free();
    ends.dialer.answers.trust_domain = Some("EAST.consul".to_owned());
    ends.acceptor.partition = "default".to_owned();
    one(
        &ends,
        "east and west are the same cluster: both have the trust domain EAST.consul"
            .replace("EAST", "east")
            .as_str(),
        false,
    );
    // Two partitions of one cluster can be peered.
    ends.dialer.partition = "p1".to_owned();
    assert_eq!(found(&ends).0, []);
}

#[test]
fn versions_that_cannot_peer_are_an_obstacle() {
    let mut ends = free();
    ends.acceptor.answers.version = Some("1.21.3".to_owned());
    one(
        &ends,
        "Consul 2.1.0 at west cannot dial Consul 1.21.3 at east: its TLS selects no ALPN protocol",
        true,
    );
    ends.dialer.answers.version = Some("1.20.0".to_owned());
    assert_eq!(found(&ends).0, []);
    ends.dialer.answers.version = None;
    assert_eq!(
        plan(&ends).notes,
        ["The versions of both clusters were not compared: that needs agent:read."]
    );
}

#[test]
fn missing_rights_and_disabled_peering_are_obstacles() {
    let mut ends = free();
    ends.acceptor.answers.permissions = Some(Permissions { peering_write: false, ..ALL });
    one(&ends, "the ACL token does not have peering:write at east", false);
    ends.acceptor.answers.permissions = Some(ALL);
    ends.dialer.answers.permissions = Some(Permissions { peering_read: false, ..ALL });
    ends.dialer.answers.anonymous = true;
    ends.dialer.peerings = None;
    one(&ends, "the anonymous token does not have peering:read at west", false);
    let mut ends = free();
    ends.dialer.answers.peering_enabled = Some(false);
    one(&ends, "peering is disabled at west (peering.enabled = false)", false);
    let mut ends = free();
    ends.acceptor.answers.refusals = vec!["ACL not found".to_owned()];
    one(&ends, "the cluster east does not know the ACL token of its context", false);
}

#[test]
fn a_peering_that_is_up_on_both_ends_is_connected() {
    let mut ends = free();
    ends.acceptor.peerings = Some(vec![peering("west", "ACTIVE", "")]);
    ends.dialer.peerings = Some(vec![peering("east", "ACTIVE", "id-of-west")]);
    assert_eq!(found(&ends), (vec![], true));
    // Another peering of the dialer has the name.
    ends.dialer.peerings = Some(vec![peering("east", "ACTIVE", "other")]);
    let (obstacles, already) = found(&ends);
    assert_eq!((obstacles.len(), already), (2, false), "{obstacles:?}");
}

#[test]
fn a_name_in_use_at_the_acceptor_is_an_obstacle() {
    let mut ends = free();
    let in_use = Peering {
        remote: Remote { datacenter: "dc3".to_owned(), ..Remote::default() },
        ..peering("west", "ACTIVE", "")
    };
    ends.acceptor.peerings = Some(vec![in_use.clone()]);
    one(&ends, "the name \"west\" at east is in use: its peering with dc3 is ACTIVE", false);
    // After a restart of the acceptor.
    ends.acceptor.peerings = Some(vec![Peering { state: "PENDING".to_owned(), ..in_use.clone() }]);
    one(&ends, "the name \"west\" at east is in use: its peering with dc3 is PENDING", false);
    ends.acceptor.peerings = Some(vec![peering("west", "ACTIVE", "id")]);
    one(&ends, "the name \"west\" at east belongs to a peering that this cluster dialed", false);
    // Establishing again over one's own peering that is down is Consul's way to repair it.
    ends.acceptor.peerings = Some(vec![Peering { state: "FAILING".to_owned(), ..in_use }]);
    ends.dialer.peerings = Some(vec![peering("east", "FAILING", "id-of-west")]);
    one(&ends, "the name \"west\" at east is in use: its peering with dc3 is FAILING", true);
}

#[test]
fn a_name_in_use_at_the_dialer_is_an_obstacle() {
    let mut ends = free();
    ends.dialer.peerings = Some(vec![peering("east", "PENDING", "")]);
    one(
        &ends,
        "the name \"east\" at west is in use: this cluster generated a token for it, and waits to be dialed",
        false,
    );
    ends.dialer.peerings = Some(vec![peering("east", "ACTIVE", "other")]);
    one(&ends, "the name \"east\" at west is in use: its peering is ACTIVE", false);
    // What an earlier attempt left behind is used again.
    ends.acceptor.peerings = Some(vec![peering("west", "PENDING", "")]);
    ends.dialer.peerings = Some(vec![peering("east", "PENDING", "id-of-west")]);
    assert_eq!(found(&ends).0, []);
}

#[test]
fn a_peering_that_was_deleted_on_the_other_side_is_left_over() {
    for state in ["TERMINATED", "DELETING"] {
        for at_acceptor in [true, false] {
            let mut ends = free();
            let end = if at_acceptor { &mut ends.acceptor } else { &mut ends.dialer };
            end.peerings = Some(vec![peering(&end.name, state, "")]);
            let plan = plan(&ends);
            assert!(plan.is_blocked(true), "{state}");
            let command = if at_acceptor { "-name west -context east" } else { "-name east -context west" };
            let remedy = &plan.obstacles[0].remedy;
            assert!(remedy.ends_with(&format!("peering delete {command} -wait 60s")), "{remedy}");
        }
    }
}

#[test]
fn an_unused_token_is_an_obstacle_that_can_be_forced() {
    let mut ends = free();
    ends.acceptor.peerings = Some(vec![peering("west", "PENDING", "")]);
    ends.unused.peering = Observed::Value(Some(ObservedPeering {
        id: "id-of-west".to_owned(),
        state: PeeringState::Pending,
        is_dialer: false,
        has_remote: false,
    }));
    ends.unused.unused_secret = Observed::Value(true);
    one(
        &ends,
        "an unused token for \"west\" at east exists, which a new token would invalidate: the acceptor has an unused secret \
         for this peering",
        true,
    );
    let plan = plan(&ends);
    assert!(plan.is_blocked(false) && !plan.is_blocked(true));
    ends.unused.unused_secret = Observed::Value(false);
    assert_eq!(found(&ends).0, []);
}

#[test]
fn a_name_that_consul_rejects_is_an_obstacle() {
    for name in ["prod.eu", "West", "-west", "west-", "a b", "", &"x".repeat(65)] {
        let mut ends = free();
        ends.acceptor.name = name.to_owned();
        let plan = plan(&ends);
        assert_eq!(plan.obstacles.len(), 1, "{name}");
        assert_eq!(plan.obstacles[0].remedy, "choose another name with -name-at-acceptor");
    }
    for name in ["w", "west-1", "1-west", &"x".repeat(64)] {
        let mut ends = free();
        ends.dialer.name = name.to_owned();
        assert_eq!(plan(&ends).obstacles, [], "{name}");
    }
}

#[test]
fn a_cluster_that_refuses_requests_is_an_obstacle() {
    let mut ends = free();
    ends.dialer.answers.refusals = vec!["No cluster leader".to_owned()];
    one(&ends, "the cluster west refuses requests: No cluster leader", false);
}

#[test]
fn a_clock_that_differs_is_a_note() {
    let mut ends = free();
    ends.dialer.clock_offset = Some(-600);
    assert_eq!(
        plan(&ends).notes,
        [
            "the clock of west is 600 s behind this host's: certificates may count as expired, or as not valid yet"
        ]
    );
}

#[test]
fn other_peerings_and_unreachable_addresses_are_notes() {
    let mut ends = free();
    let other = Peering {
        peer_server_name: "server.dc1.peering.EAST.consul".to_owned(),
        ..peering("old-east", "FAILING", "other")
    };
    ends.dialer.peerings = Some(vec![other]);
    ends.unreachable = Ok(vec![("10.0.0.1:8503".to_owned(), "connection refused".to_owned())]);
    let plan = plan(&ends);
    assert_eq!(plan.obstacles, []);
    assert_eq!(
        plan.notes,
        [
            "west already has a peering with east: \"old-east\" is FAILING",
            "10.0.0.1:8503 cannot be reached from this host (connection refused); the servers of west dial it",
        ]
    );
}
