//! Each check of an audit fires on a planted problem, and on nothing else.

mod facts;
mod planted;
mod properties;
mod times;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::facts::{
    CaFact, ClusterFact, ClusterStatus, Facts, PeeringFact, RemoteFact, Role, RootFact, State, VERSION,
};
use super::{Changes, Options, Report, Status, checks, judge};
use crate::lint::{Rule, Severity};
use crate::staleness::evidence::{LedgerRecord, Lost};
use planted::{PLANTED, planted, unused};

pub(super) const ACCEPTOR_ID: &str = "afd15277-fece-df95-591e-57a171984d07";

/// When the facts of [`pair`] were read.
pub(super) fn now() -> Timestamp {
    "2026-11-27T17:57:20Z".parse().unwrap()
}

pub(super) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(super) fn ca(name: &str) -> CaFact {
    CaFact {
        sha256: format!("sha256 of the root of {name}"),
        not_before: ago(86_400),
        not_after: now() + SignedDuration::from_hours(10 * 365 * 24),
        trust_domain: Some(trust_domain(name)),
        subject_key_id: Some(format!("key of {name}")),
        authority_key_id: Some(format!("key of {name}")),
    }
}

fn trust_domain(name: &str) -> String {
    format!("{name}0000-27d4-7ae4-9e47-45790a017757.consul")
}

pub(super) fn cluster(name: &str) -> ClusterFact {
    ClusterFact {
        version: VERSION,
        cluster: name.to_owned(),
        partition: String::new(),
        observed_at: now(),
        status: ClusterStatus::Ok,
        reason: None,
        elapsed_ms: 40,
        clock_skew_ms: Some(-300),
        labels: [("team".to_owned(), "network".to_owned())].into(),
        trust_domain: Some(trust_domain(name)),
        datacenter: Some(name.to_owned()),
        consul_version: Some("1.22.7".to_owned()),
        leader: Some("10.0.0.1:8300".to_owned()),
        roots: vec![RootFact { certificate: ca(name), active: true, intermediates: Vec::new() }],
        server_addresses: Some(vec![format!("{name}.example.net:8503")]),
        gateway_addresses: Some(Vec::new()),
    }
}

/// The end of a healthy peering with `peer` at `cluster`.
pub(super) fn end(cluster: &str, peer: &str, role: Role) -> PeeringFact {
    let is_dialer = role == Role::Dialer;
    PeeringFact {
        version: VERSION,
        cluster: cluster.to_owned(),
        partition: String::new(),
        observed_at: now(),
        name: format!("to-{peer}"),
        id: if is_dialer { format!("id of {cluster} to {peer}") } else { ACCEPTOR_ID.to_owned() },
        peer_id: if is_dialer { ACCEPTOR_ID.to_owned() } else { String::new() },
        role,
        state: State::Active,
        deleted_at: None,
        last_heartbeat: Some(ago(6)),
        last_receive: Some(ago(6)),
        last_send: Some(ago(21)),
        imported_services: Vec::new(),
        exported_services: Vec::new(),
        peer_cas: vec![ca(peer)],
        peer_server_name: if is_dialer {
            format!("server.{peer}.peering.{}", trust_domain(peer))
        } else {
            String::new()
        },
        peer_addresses: if is_dialer { vec![format!("{peer}.example.net:8503")] } else { Vec::new() },
        remote: RemoteFact { datacenter: peer.to_owned(), ..RemoteFact::default() },
    }
}

/// Two clusters with a healthy peering: `dc1` is the acceptor and exports two services.
pub(super) fn pair() -> Facts {
    let mut acceptor = end("dc1", "dc2", Role::Acceptor);
    acceptor.exported_services = vec!["api".to_owned(), "web".to_owned()];
    let mut dialer = end("dc2", "dc1", Role::Dialer);
    dialer.imported_services = vec!["web".to_owned(), "api".to_owned()];
    Facts { clusters: vec![cluster("dc1"), cluster("dc2")], peerings: vec![acceptor, dialer] }
}

pub(super) fn judged(facts: &Facts) -> Report {
    judge(facts, &[], &Options::new(now()))
}

/// Returns each finding as `place check: message`.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let line = |it: &super::Finding| format!("{} {}: {}", it.place(), it.check, it.message);
    report.findings.iter().map(line).collect()
}

fn record(days: i64) -> LedgerRecord {
    LedgerRecord {
        name: "to-dc2".to_owned(),
        partition: String::new(),
        server_name: String::new(),
        peer_id: ACCEPTOR_ID.to_owned(),
        secret_sha256: String::new(),
        recorded_at: ago(days * 86_400),
        imported: false,
        lost: None,
    }
}

#[test]
fn a_healthy_peering_has_no_findings() {
    let report = judged(&pair());
    assert_eq!((lines(&report), report.status, report.not_compared), (vec![], Status::Ok, 0));
    let other_end =
        report.peerings[0].other_end.as_ref().map(|it| (it.cluster.as_str(), it.peering.as_str()));
    assert_eq!(other_end, Some(("dc2", "to-dc1")));
    assert_eq!(report.clusters.iter().map(|it| it.peerings).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn an_old_unused_token_is_known_from_the_ledger() {
    let facts = planted(|_, _, acceptor, dialer| unused(acceptor, dialer));
    let found = |record: LedgerRecord| lines(&judge(&facts, &[record], &Options::new(now())));
    assert_eq!(found(record(40)), ["dc1/to-dc2 unused-token-old: the token of 40 days ago is still unused"]);
    assert_eq!(found(record(3)), ["dc1/to-dc2 pending-since: PENDING: the token of 3 days ago was not used"]);
    assert_eq!(found(record(0)), [""; 0], "the token is on its way");
    let revoked = LedgerRecord { lost: Some(Lost::Replaced), ..record(0) };
    let report = judge(&facts, &[record(40), revoked], &Options::new(now()));
    assert_eq!(lines(&report), ["dc1/to-dc2 pending-since: PENDING: no token of it was used"]);
    let active = judge(&pair(), &[record(40)], &Options::new(now()));
    assert_eq!(lines(&active), [""; 0], "whether it was used is unknown");
}

/// Two clusters that dial one peering: one was cloned, or tried a used token.
fn second_dialer(state: State) -> Facts {
    let mut facts = pair();
    let mut second = end("dc3", "dc1", Role::Dialer);
    (second.state, second.last_heartbeat, second.last_receive) = (state, None, None);
    facts.clusters.push(cluster("dc3"));
    facts.peerings.push(second);
    facts
}

#[test]
fn two_dialers_of_one_peering_are_found_once() {
    assert_eq!(
        lines(&judged(&second_dialer(State::Pending))),
        ["dc2/to-dc1 two-dialers: dc2 and dc3 dial the same peering"]
    );
    let report = judged(&second_dialer(State::Pending));
    let mut cloned = second_dialer(State::Active);
    let clone = cloned.peerings.last_mut().unwrap();
    (clone.last_heartbeat, clone.exported_services) = (Some(ago(6)), vec!["db".to_owned()]);
    assert_eq!(
        lines(&judged(&cloned)),
        ["dc2/to-dc1 two-dialers: dc2 and dc3 dial the same peering"],
        "its exports are not those of the acceptor's stream"
    );
    let marked: Vec<&str> =
        report.peerings.iter().filter(|it| it.finding != Status::Ok).map(|it| it.cluster.as_str()).collect();
    assert_eq!(marked, ["dc2", "dc3"]);
    let acceptor = report.peerings[0].other_end.as_ref().unwrap();
    assert_eq!(acceptor.cluster, "dc2", "the acceptor's stream is with the dialer whose CA it has");
}

#[test]
fn every_check_has_a_planted_problem() {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    let facts = PLANTED.iter().map(|(plant, _)| planted(*plant)).chain([second_dialer(State::Pending)]);
    for facts in facts {
        found.extend(judge(&facts, &[record(40)], &Options::new(now())).findings.iter().map(|it| it.check));
    }
    let all: BTreeSet<&str> = checks::ALL.iter().map(|rule| rule.check().name).collect();
    assert_eq!(found, all);
}

#[test]
fn checks_are_selected_like_those_of_tokens() {
    let facts = planted(|_, _, _, dialer| dialer.state = State::Failing);
    let mut options = Options::new(now());
    options.rules = options.rules.only(|check| check.name != "peering-states-differ");
    let report = judge(&facts, &[], &options);
    assert_eq!((report.findings.len(), report.skipped[0].check), (0, "peering-states-differ"));
    let mut options = Options::new(now());
    options.rules = options.rules.with_severity("peering-states-differ", Severity::Info);
    let report = judge(&facts, &[], &options);
    assert_eq!((report.findings[0].severity, report.status), (Severity::Info, Status::Info));
    assert!(!report.fails(Severity::Warning) && report.fails(Severity::Info));
}

#[test]
fn a_cross_signed_rotation_is_trusted() {
    let cross_signed = planted(|accepting, _, _, _| {
        let mut intermediate = ca("rotated");
        intermediate.authority_key_id = Some("key of dc1".to_owned());
        let old = std::mem::replace(&mut accepting.roots[0].certificate, ca("rotated"));
        accepting.roots[0].intermediates.push(intermediate);
        accepting.roots.push(RootFact { certificate: old, active: false, intermediates: Vec::new() });
    });
    assert_eq!(lines(&judged(&cross_signed)), [""; 0]);
}

/// The acceptor rotated its CA without cross-signing while the stream was open, so the dialer stores both.
fn rotated_while_open() -> Facts {
    planted(|accepting, _, _, dialer| {
        let old = std::mem::replace(&mut accepting.roots[0].certificate, ca("rotated"));
        accepting.roots.push(RootFact { certificate: old, active: false, intermediates: Vec::new() });
        dialer.peer_cas.push(ca("rotated"));
    })
}

#[test]
fn a_leader_that_uses_the_ca_from_before_a_rotation_is_the_reason_of_a_broken_stream() {
    let mut facts = rotated_while_open();
    assert_eq!(lines(&judged(&facts)), [""; 0], "the stream is open");
    let [acceptor, dialer] = &mut facts.peerings[..] else { unreachable!() };
    (acceptor.state, acceptor.last_heartbeat) = (State::Pending, None);
    (dialer.state, dialer.last_heartbeat) = (State::Failing, Some(ago(90)));
    let report = judged(&facts);
    assert_eq!(
        lines(&report),
        [
            "dc2/to-dc1 peer-ca-not-trusted: dc1 rotated its CA, and this dialer's leader still uses the old one"
        ]
    );
    let marked: Vec<Status> = report.peerings.iter().map(|it| it.finding).collect();
    assert_eq!(marked, [Status::Error, Status::Error], "both ends");
}

#[test]
fn a_copy_of_a_cluster_is_not_a_second_name_of_it() {
    let mut facts = pair();
    let copy = ClusterFact {
        cluster: "copy".to_owned(),
        leader: Some("10.9.9.9:8300".to_owned()),
        ..cluster("dc2")
    };
    let dialer = PeeringFact { cluster: "copy".to_owned(), ..facts.peerings[1].clone() };
    facts.clusters.push(copy);
    facts.peerings.push(dialer);
    assert_eq!(lines(&judged(&facts)), ["copy/to-dc1 two-dialers: copy and dc2 dial the same peering"]);
    // Without the leader it may be a second name.
    facts.clusters.last_mut().unwrap().leader = None;
    assert_eq!(lines(&judged(&facts)), [""; 0]);
}

#[test]
fn trust_domains_are_compared_without_regard_to_case() {
    let facts = planted(|accepting, _, acceptor, dialer| {
        dialer.peer_server_name = dialer.peer_server_name.to_uppercase();
        accepting.trust_domain = accepting.trust_domain.as_ref().map(|it| it.to_uppercase());
        acceptor.cluster = "gone".to_owned();
    });
    assert_eq!(judged(&facts).findings[0].check, "peering-orphaned");
}

#[test]
fn a_peering_in_another_partition_is_not_missing() {
    let facts = planted(|_, _, acceptor, dialer| {
        acceptor.remote.partition = "team".to_owned();
        dialer.cluster = "gone".to_owned();
    });
    assert_eq!(
        lines(&judged(&facts)),
        ["dc1/to-dc2 peer-not-in-inventory: its peer dc2 is not in the inventory with the partition team"]
    );
}

#[test]
fn federated_datacenters_with_one_trust_domain_are_told_apart_by_name() {
    let mut facts = pair();
    let mut secondary = cluster("dc2");
    secondary.cluster = "dc2-secondary".to_owned();
    secondary.datacenter = Some("dc9".to_owned());
    facts.clusters.push(secondary);
    assert_eq!(lines(&judged(&facts)), [""; 0]);
    facts.peerings.retain(|end| end.role == Role::Acceptor);
    assert_eq!(
        lines(&judged(&facts)),
        ["dc1/to-dc2 peering-one-sided: dc2 does not have the other end of this peering"]
    );
}

#[test]
fn two_names_of_one_cluster_are_one_cluster() {
    let mut facts = pair();
    for fact in pair().clusters {
        facts.clusters.push(ClusterFact { cluster: format!("z-{}", fact.cluster), ..fact });
    }
    for fact in pair().peerings {
        facts.peerings.push(PeeringFact { cluster: format!("z-{}", fact.cluster), ..fact });
    }
    let report = judged(&facts);
    assert_eq!((lines(&report), report.clusters.len(), report.peerings.len()), (vec![], 2, 2));
}

#[test]
fn changes_name_what_is_new_and_what_is_gone() {
    let (healthy, broken) = (judged(&pair()), judged(&planted(PLANTED[3].0)));
    let kinds =
        |changes: Changes| changes.changes.iter().map(|it| format!("{:?}", it.kind)).collect::<Vec<_>>();
    assert_eq!(kinds(Changes::between(&healthy, &broken)), ["FindingAdded", "StateChanged"]);
    assert_eq!(kinds(Changes::between(&broken, &healthy)), ["FindingResolved", "StateChanged"]);
    assert_eq!(kinds(Changes::between(&healthy, &healthy)), [""; 0]);
    let one_sided = judged(&planted(PLANTED[0].0));
    assert_eq!(kinds(Changes::between(&healthy, &one_sided)), ["FindingAdded", "PeeringRemoved"]);
    let unreachable = judged(&planted(PLANTED[17].0));
    assert_eq!(
        kinds(Changes::between(&healthy, &unreachable)),
        ["FindingAdded"],
        "its peerings are unknown, not gone"
    );
}

#[test]
fn changed_exports_are_named() {
    let exports = |names: &[&str]| {
        let mut facts = pair();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        facts.peerings[0].exported_services.clone_from(&names);
        facts.peerings[1].imported_services = names;
        judged(&facts)
    };
    let changes = Changes::between(&exports(&["api", "web"]), &exports(&["db", "web"])).changes;
    let lines: Vec<String> = changes
        .iter()
        .map(|it| format!("{} {:?} {:?} {:?}", it.cluster, it.kind, it.before, it.after))
        .collect();
    assert_eq!(lines, ["dc1 ExportsAdded None Some(\"db\")", "dc1 ExportsRemoved Some(\"api\") None"]);
    assert_eq!(Changes::between(&exports(&["web"]), &exports(&["web"])).changes, []);
}
