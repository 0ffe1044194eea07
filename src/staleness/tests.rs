//! Tests with recorded cases, and of rules that no recording covers.

mod established;
mod other_clusters;
mod rotated_ca;

use jiff::Timestamp;
use serde_json::Value;

use super::evidence::*;
use super::order::order;
use super::*;
use crate::connectivity::probe_answer::{Answer, Code};
use crate::observed::Observed;
use crate::token::decode;

fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/consul").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn token(text: &str) -> Token {
    decode(text.as_bytes()).unwrap().token
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_460_000 + second).unwrap()
}

fn answer(code: Code, message: &str) -> Answer {
    Answer {
        code,
        message: message.to_owned(),
        address: "127.0.0.11:8503".to_owned(),
        at: Some(second(1000)),
    }
}

/// Parses `["PERMISSION_DENIED", "text"]`, as in cases.json.
fn pair(value: &Value) -> Answer {
    answer(code(value[0].as_str().unwrap()), value[1].as_str().unwrap())
}

/// Parses `A PermissionDenied text`, as in the other recordings.
fn line(value: &Value) -> Answer {
    let mut words = value.as_str().unwrap().splitn(3, ' ').skip(1);
    answer(code(words.next().unwrap()), words.next().unwrap_or_default())
}

fn code(name: &str) -> Code {
    match name {
        "OK" => Code::Ok,
        "InvalidArgument" | "INVALID_ARGUMENT" => Code::InvalidArgument,
        "PermissionDenied" | "PERMISSION_DENIED" => Code::PermissionDenied,
        "Aborted" => Code::Aborted,
        "Internal" | "INTERNAL" => Code::Internal,
        other => panic!("{other}"),
    }
}

fn probes(a: Answer, b: Answer) -> Evidence {
    Evidence { peering_exists: Observed::Value(a), unused_secret: Observed::Value(b), ..Evidence::default() }
}

fn record(name: &str, token: &Token, at: i64) -> LedgerRecord {
    LedgerRecord {
        name: name.to_owned(),
        partition: String::new(),
        server_name: token.server_name.clone(),
        peer_id: token.peer_id.clone(),
        secret_sha256: token.establishment_secret.sha256().unwrap(),
        recorded_at: second(at),
        imported: false,
        lost: None,
    }
}

fn named(verdict: Verdict) -> String {
    serde_json::to_value(verdict).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn recorded_cases_have_the_expected_verdicts_from_probes_and_ledger() {
    let cases = fixture("staleness/cases.json");
    let cases = cases.as_array().unwrap();
    let ledger: Vec<LedgerRecord> = cases
        .iter()
        .map(|case| {
            let at = case["generated"].as_i64().unwrap();
            record(case["name"].as_str().unwrap(), &token(case["token"].as_str().unwrap()), at)
        })
        .collect();
    let mut compared = 0;
    for case in cases {
        let token = token(case["token"].as_str().unwrap());
        let answers = &case["probes"];
        let probed =
            || probes(pair(&answers["open_random_stream_secret"]), pair(&answers["exchange_empty_secret"]));
        let known = || Observed::Value(ledger.clone());
        let columns = [
            ("probes", probed()),
            ("ledger", Evidence { ledger: known(), ..Evidence::default() }),
            ("ledger+probes", Evidence { ledger: known(), ..probed() }),
        ];
        for (column, evidence) in columns {
            let assessment = assess("argument", &token, &evidence);
            assert_eq!(
                named(assessment.verdict),
                case["expected"][column].as_str().unwrap(),
                "{} ({}), {column}: {assessment:#?}",
                case["name"],
                case["why"]
            );
            assert_eq!(assessment.contradictions, [], "{}, {column}", case["name"]);
            let proven = !matches!(assessment.verdict, Verdict::Current | Verdict::Undetermined);
            assert_eq!(assessment.certainty == Some(Certainty::Proven), proven, "{}, {column}", case["name"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 39);
}

#[test]
fn recorded_cases_of_other_consuls_have_the_expected_verdicts_from_probes() {
    let mut compared = 0;
    for version in ["v1.13", "v1.14", "v1.20", "v2.1"] {
        for case in fixture(&format!("versions/{version}/cases.json")).as_array().unwrap() {
            let token = token(case["token"].as_str().unwrap());
            let evidence = probes(line(&case["probes"][0]), line(&case["probes"][1]));
            let assessment = assess("argument", &token, &evidence);
            assert_eq!(
                named(assessment.verdict),
                case["expected"]["probes"].as_str().unwrap(),
                "{version} {} ({})",
                case["name"],
                case["why"]
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 32);
}

/// The tokens of the name that became TERMINATED: the used one, the unusable one, and the one after the deletion.
fn terminated() -> (Vec<Token>, Value) {
    let recorded = fixture("staleness/terminated.json");
    let tokens = recorded.as_array().unwrap().iter().filter_map(|step| {
        let body: Value = serde_json::from_str(step["response"]["body"].as_str()?).ok()?;
        Some(token(body["PeeringToken"].as_str()?))
    });
    (tokens.collect(), recorded)
}

fn step<'a>(recorded: &'a Value, name: &str) -> &'a Value {
    recorded.as_array().unwrap().iter().find(|step| step["name"] == name).unwrap()
}

fn entry(body: &str) -> Entry {
    let value: Value = serde_json::from_str(body).unwrap();
    Entry {
        id: value["ID"].as_str().unwrap().to_owned(),
        name: value["Name"].as_str().unwrap().to_owned(),
        state: PeeringState::from_name(value["State"].as_str().unwrap()),
        peer_id: value["PeerID"].as_str().map(str::to_owned),
        last_heartbeat: None,
        has_remote: !value["Remote"]["Datacenter"].as_str().unwrap_or_default().is_empty()
            || !value["PeerCAPems"].is_null(),
    }
}

fn acceptor(named: Named) -> ConsulView {
    ConsulView {
        observed_at: Some(second(1000)),
        trust_domain: Some("945d0751-4020-19b5-9e48-55fd8516c7a3.consul".to_owned()),
        named: Some(named),
        ..ConsulView::default()
    }
}

fn api(name: &str, view: ConsulView) -> Evidence {
    Evidence { name: Some(name.to_owned()), consul: Observed::Value(view), ..Evidence::default() }
}

#[test]
fn a_token_generated_for_a_terminated_peering_is_orphaned() {
    let (tokens, recorded) = terminated();
    assert_eq!(tokens.len(), 3);
    let body =
        step(&recorded, "read-acceptor-terminated-after-generate")["response"]["body"].as_str().unwrap();
    for token in &tokens[..2] {
        let assessment = assess("argument", token, &api("stillborn", acceptor(Named::Found(entry(body)))));
        assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Orphaned, Some(Certainty::Proven)));
        assert!(assessment.remedy.contains("consul peering delete -name stillborn"), "{}", assessment.remedy);
    }
    let answers = &step(&recorded, "probes")["answers"];
    for (token, at) in [(&tokens[1], 0), (&tokens[0], 2)] {
        let assessment = assess("argument", token, &probes(line(&answers[at]), line(&answers[at + 1])));
        assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Orphaned, Some(Certainty::Proven)));
    }
    // After the deletion the name has another peer ID.
    let another = Entry {
        id: tokens[2].peer_id.clone(),
        name: "stillborn".to_owned(),
        state: PeeringState::Pending,
        peer_id: None,
        last_heartbeat: None,
        has_remote: false,
    };
    let assessment =
        assess("argument", &tokens[1], &api("stillborn", acceptor(Named::Found(another.clone()))));
    assert_eq!(assessment.verdict, Verdict::Orphaned);
    let assessment = assess("argument", &tokens[2], &api("stillborn", acceptor(Named::Found(another))));
    assert_eq!(assessment.verdict, Verdict::Undetermined);
}

fn case(name: &str, place: usize) -> Token {
    let cases = fixture("staleness/cases.json");
    let of_name: Vec<&Value> = cases.as_array().unwrap().iter().filter(|case| case["name"] == name).collect();
    token(of_name[place]["token"].as_str().unwrap())
}

#[test]
fn the_acceptors_api_proves_orphans_and_nothing_else() {
    let http = fixture("staleness/http.json");
    for (name, place, expected) in [
        ("fresh", 0, Verdict::Undetermined),
        ("twice", 0, Verdict::Undetermined),
        ("used", 0, Verdict::Undetermined),
        ("rotated", 1, Verdict::Undetermined),
        ("exch", 0, Verdict::Undetermined),
        ("gone", 0, Verdict::Orphaned),
        ("reborn", 0, Verdict::Orphaned),
        ("reborn", 1, Verdict::Undetermined),
    ] {
        let response = &step(&http, &format!("read-{name}"))["response"];
        let named = match response["status"].as_i64() {
            Some(200) => Named::Found(entry(response["body"].as_str().unwrap())),
            _ => Named::NotFound,
        };
        let assessment = assess("argument", &case(name, place), &api(name, acceptor(named)));
        assert_eq!(assessment.verdict, expected, "{name}");
    }
}

#[test]
fn the_list_of_peerings_shows_the_name() {
    let http = fixture("staleness/http.json");
    let list: Vec<Value> =
        serde_json::from_str(step(&http, "peerings")["response"]["body"].as_str().unwrap()).unwrap();
    let listed: Vec<Entry> = list.iter().map(|value| entry(&value.to_string())).collect();
    let view = ConsulView { named: None, listed: Some(listed), ..acceptor(Named::NotFound) };
    let evidence = Evidence { consul: Observed::Value(view.clone()), ..Evidence::default() };
    let fresh = assess("argument", &case("fresh", 0), &evidence);
    assert_eq!((fresh.name.as_deref(), fresh.verdict), (Some("fresh"), Verdict::Undetermined));
    assert_eq!(assess("argument", &case("gone", 0), &evidence).verdict, Verdict::Orphaned);
    // A wrong name does not mean that the peering was deleted.
    let mistyped = api("frehs", ConsulView { named: Some(Named::NotFound), ..view });
    let assessment = assess("argument", &case("fresh", 0), &mistyped);
    assert_eq!((assessment.name.as_deref(), assessment.verdict), (Some("fresh"), Verdict::Undetermined));
    assert!(assessment.evidence.iter().any(|claim| claim.observation == Observation::PeeringHasAnotherName));
}

#[test]
fn a_404_of_another_cluster_proves_nothing() {
    for trust_domain in [Some("3c5ece39-582a-f969-1379-a6b9c55d1aee.consul".to_owned()), None] {
        let view = ConsulView { trust_domain, ..acceptor(Named::NotFound) };
        let assessment = assess("argument", &case("gone", 0), &api("gone", view));
        assert_eq!(assessment.verdict, Verdict::Undetermined);
    }
}

#[test]
fn a_dialers_entry_shows_whether_a_token_was_used_or_rejected() {
    let http = fixture("http.json");
    let token = case("used", 0);
    for (recorded, observation) in [
        ("read-dialer-after-failed-establish", Observation::TriedByDialer),
        ("read-dialer-active", Observation::UsedByDialer),
    ] {
        let mut entry = entry(step(&http, recorded)["response"]["body"].as_str().unwrap());
        entry.peer_id = Some(token.peer_id.clone());
        let view =
            ConsulView { trust_domain: Some("another.consul".to_owned()), ..acceptor(Named::Found(entry)) };
        let evidence = api("used", view);
        let assessment = assess("argument", &token, &evidence);
        assert_eq!(assessment.evidence[0].observation, observation, "{recorded}");
        assert_eq!(assessment.verdict, Verdict::Undetermined, "{recorded}");
        let ledger = Observed::Value(vec![record("used", &token, 1)]);
        let assessment = assess("argument", &token, &Evidence { ledger, ..evidence });
        let expected =
            if observation == Observation::UsedByDialer { Verdict::Spent } else { Verdict::Undetermined };
        assert_eq!(assessment.verdict, expected, "{recorded}");
        assert_ne!(assessment.certainty, Some(Certainty::Proven), "{recorded}");
    }
}

fn snapshot(token: &Token, unused: UnusedSecret, taken_at: i64) -> Observed<SnapshotView> {
    Observed::Value(SnapshotView {
        index: 183,
        taken_at: Some(second(taken_at)),
        trust_domain: token.trust_domain().map(str::to_owned),
        peering: Some(SnapshotPeering { name: "twice".to_owned(), state: PeeringState::Pending, unused }),
        dialed_as: None,
        active_ca: Vec::new(),
    })
}

fn held(token: &Token) -> UnusedSecret {
    UnusedSecret::Held(token.establishment_secret.clone())
}

const UNUSED: (Code, &str) = (Code::PermissionDenied, "invalid peering establishment secret");
const NONE_UNUSED: (Code, &str) =
    (Code::Internal, "invalid establishment secret: peering was already established");

fn exists(at: i64, b: (Code, &str)) -> Evidence {
    let a =
        Answer { at: Some(second(at)), ..answer(Code::PermissionDenied, "invalid peering stream secret") };
    probes(a, Answer { at: Some(second(at)), ..answer(b.0, b.1) })
}

#[test]
fn a_newer_observation_wins_over_an_older_snapshot() {
    let token = case("twice", 0);
    let newer = Evidence { snapshot: snapshot(&token, held(&token), 10), ..exists(20, NONE_UNUSED) };
    let assessment = assess("argument", &token, &newer);
    assert_eq!((assessment.verdict, &assessment.contradictions[..]), (Verdict::Spent, &[][..]));

    // The reverse is impossible, unless a snapshot was restored, so it is never proven.
    let older = Evidence { snapshot: snapshot(&token, held(&token), 30), ..exists(20, NONE_UNUSED) };
    let assessment = assess("argument", &token, &older);
    assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Current, Some(Certainty::Likely)));
    assert_eq!(assessment.contradictions.len(), 1);

    let same = Evidence { snapshot: snapshot(&token, held(&token), 20), ..exists(20, NONE_UNUSED) };
    let assessment = assess("argument", &token, &same);
    assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Undetermined, None));
    assert_eq!(assessment.contradictions.len(), 1);
}

#[test]
fn a_heartbeat_after_a_snapshot_with_the_secret_means_that_the_token_was_used() {
    let token = case("twice", 0);
    let verdict = |at: i64| {
        let found = Entry {
            name: "twice".to_owned(),
            id: token.peer_id.clone(),
            peer_id: Some("the dialer's".to_owned()),
            state: PeeringState::Active,
            last_heartbeat: Some(second(at)),
            has_remote: true,
        };
        let evidence = Evidence {
            snapshot: snapshot(&token, held(&token), 10),
            ledger: Observed::Value(vec![record("twice", &token, 1)]),
            ..api("twice", acceptor(Named::Found(found)))
        };
        let assessment = assess("argument", &token, &evidence);
        (assessment.verdict, assessment.certainty)
    };
    assert_eq!(verdict(20), (Verdict::Spent, Some(Certainty::Likely)));
    assert_eq!(verdict(5).0, Verdict::Current);
}

#[test]
fn a_newer_unused_secret_contradicts_a_snapshot_without_one() {
    let token = case("twice", 0);
    let evidence = Evidence { snapshot: snapshot(&token, UnusedSecret::None, 10), ..exists(20, UNUSED) };
    let assessment = assess("argument", &token, &evidence);
    assert_eq!((assessment.verdict, assessment.contradictions.len()), (Verdict::Undetermined, 1));
    let evidence = Evidence { snapshot: snapshot(&token, UnusedSecret::None, 30), ..exists(20, UNUSED) };
    assert_eq!(assess("argument", &token, &evidence).verdict, Verdict::Spent);
}

#[test]
fn a_snapshot_older_than_the_token_shows_nothing_about_it() {
    let (older, newer) = (case("twice", 0), case("twice", 1));
    let ledger = || Observed::Value(vec![record("twice", &older, 1), record("twice", &newer, 20)]);
    let evidence =
        Evidence { snapshot: snapshot(&newer, held(&older), 10), ledger: ledger(), ..Evidence::default() };
    let assessment = assess("argument", &newer, &evidence);
    assert_eq!(assessment.verdict, Verdict::Undetermined);
    assert_eq!(assessment.evidence[0].observation, Observation::SnapshotIsOlder);
    // The older token was current when the snapshot was taken, but no longer is.
    let assessment = assess("argument", &older, &evidence);
    assert_eq!((assessment.verdict, assessment.contradictions.len()), (Verdict::Superseded, 0));
    // A probe shows that there is still an unused one: the ledger's newest.
    let evidence =
        Evidence { snapshot: snapshot(&newer, held(&older), 10), ledger: ledger(), ..exists(30, UNUSED) };
    let assessment = assess("argument", &newer, &evidence);
    assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Current, Some(Certainty::Likely)));
}

#[test]
fn a_proven_verdict_wins_over_a_likely_one_and_the_contradiction_is_shown() {
    let (older, newer) = (case("twice", 0), case("twice", 1));
    let evidence = Evidence {
        ledger: Observed::Value(vec![record("twice", &older, 1)]),
        snapshot: snapshot(&older, held(&newer), 10),
        ..exists(20, UNUSED)
    };
    let assessment = assess("argument", &older, &evidence);
    assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Superseded, Some(Certainty::Proven)));
    assert_eq!(assessment.contradictions.len(), 1, "{assessment:#?}");
}

#[test]
fn the_same_name_in_another_cluster_is_ignored() {
    let token = case("fresh", 0);
    let mut elsewhere = record("fresh", &case("used", 0), 5);
    elsewhere.server_name = "server.dc1.peering.3c5ece39-582a-f969-1379-a6b9c55d1aee.consul".to_owned();
    let ledger = Observed::Value(vec![record("fresh", &token, 1), elsewhere]);
    let assessment = assess("argument", &token, &Evidence { ledger, ..Evidence::default() });
    assert_eq!(assessment.verdict, Verdict::Undetermined);
}

#[test]
fn an_imported_token_may_be_older_or_newer_than_others() {
    let (one, two) = (case("twice", 0), case("twice", 1));
    let imported = |token: &Token, at| LedgerRecord { imported: true, ..record("twice", token, at) };
    let assessed = |ledger| {
        let evidence = Evidence { ledger: Observed::Value(ledger), ..exists(30, UNUSED) };
        assess("argument", &one, &evidence).verdict
    };
    // A token generated after the import is newer than the imported one.
    assert_eq!(assessed(vec![imported(&one, 1), record("twice", &two, 2)]), Verdict::Superseded);
    assert_eq!(assessed(vec![record("twice", &one, 1), imported(&two, 2)]), Verdict::Undetermined);
    assert_eq!(assessed(vec![record("twice", &two, 1), imported(&one, 2)]), Verdict::Undetermined);
    assert_eq!(assessed(vec![imported(&one, 2)]), Verdict::Current);
}

#[test]
fn an_unrecognized_answer_is_shown_and_decides_nothing() {
    let token = case("used", 0);
    for (code, message) in [
        (Code::PermissionDenied, "RBAC: access denied"),
        (Code::Internal, "unable to authorize connection"),
        (Code::Other(14), "no healthy upstream"),
        (Code::FailedPrecondition, "something else"),
    ] {
        let a = answer(code, message);
        let assessment = assess("argument", &token, &probes(a.clone(), answer(NONE_UNUSED.0, NONE_UNUSED.1)));
        assert_eq!(assessment.verdict, Verdict::Undetermined, "{message}");
        assert!(assessment.evidence[0].message.contains(message), "{message}");
        let assessment = assess("argument", &token, &exists(10, (code, message)));
        assert_eq!(assessment.verdict, Verdict::Undetermined, "{message}");
        assert!(assessment.evidence[1].message.contains(message), "{message}");
    }
}

#[test]
fn an_acceptor_that_accepts_an_empty_secret_is_old_and_the_token_is_spent() {
    let assessment = assess("argument", &case("used", 0), &exists(10, (Code::Ok, "")));
    assert_eq!((assessment.verdict, assessment.certainty), (Verdict::Spent, Some(Certainty::Proven)));
    assert_eq!(assessment.warnings.len(), 1);
    let concurrent =
        exists(10, (Code::Internal, "failed to write peering secret: invalid establishment secret"));
    let assessment = assess("argument", &case("used", 0), &concurrent);
    assert_eq!(
        (assessment.verdict, assessment.remedy.as_str()),
        (Verdict::Undetermined, "Run the command again.")
    );
}

#[test]
fn without_sources_the_verdict_is_undetermined_and_all_are_not_checked() {
    let assessment = assess("argument", &case("fresh", 0), &Evidence::default());
    assert_eq!((assessment.verdict, assessment.not_checked.len()), (Verdict::Undetermined, 5));
}

#[test]
fn tokens_of_one_name_are_ordered() {
    let tokens = [case("three", 0), case("three", 2), case("three", 1), case("fresh", 0)];
    let ledger: Vec<LedgerRecord> =
        [(0, 1), (2, 2), (1, 3)].iter().map(|(place, at)| record("three", &tokens[*place], *at)).collect();
    let assessed: Vec<Assessment> =
        tokens.iter().map(|token| assess("argument", token, &Evidence::default())).collect();
    let known = order(&assessed, &ledger);
    assert_eq!(
        (known.len(), &known[0].newest_first[..], known[0].newest_is_known),
        (1, &[1, 2, 0][..], true)
    );
    let unknown = order(&assessed, &[]);
    assert!(!unknown[0].newest_is_known);
}
