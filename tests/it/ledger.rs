//! The ledger: records survive crashes and contain no secrets, and ledger errors never lose a token.

mod if_unused;
mod requests;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use consul_peering::acceptor::{Acceptor, Settings};
use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::ledger::{
    ConsulKv, DEFAULT_PREFIX, Filter, Ledger, Origin, Record, RecordMeta, Sqlite,
};
use consul_peering::token::decode;
use insta::assert_snapshot;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Dev, Finished, Peering, guard, recorded_tokens, token_json};

pub fn recorded(name: &str) -> String {
    let (_, token) = recorded_tokens().into_iter().find(|(known, _)| known == name).unwrap();
    guard(&token);
    token.trim().to_owned()
}

/// Makes the record of a recorded token.
fn record(name: &str, token: &str, time: &str, origin: Origin) -> Record {
    let text = recorded(token);
    let meta = RecordMeta {
        recorded_at: time.parse().unwrap(),
        name: name.to_owned(),
        partition: String::new(),
        user: "ann".to_owned(),
        host: "ci-7".to_owned(),
        origin,
        state_before: None,
    };
    Record::of(&decode(text.as_bytes()).unwrap().token, &text, meta)
}

fn sample_record() -> Record {
    record("west", "one-server", "2026-11-24T09:00:00Z", Origin::Generated)
}

pub async fn run(run: Peering) -> Finished {
    tokio::task::spawn_blocking(|| run.run()).await.unwrap()
}

/// A Consul that returns this token to every request for one.
async fn consul(token: &str) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "PeeringToken": token }));
    Mock::given(method("POST")).and(path("/v1/peering/token")).respond_with(answer).mount(&server).await;
    server
}

/// The records of the ledger in a state directory, as `history` shows them.
fn history(state: &Path, more: &[&str]) -> Vec<Value> {
    let finished = Peering::new()
        .args(["history", "-format=json"].iter().chain(more))
        .env("PEERING_STATE_DIR", state.to_str().unwrap())
        .run()
        .status(0);
    let history: Value = serde_json::from_str(&finished.stdout).unwrap();
    history["records"].as_array().unwrap().clone()
}

fn verify(state: &Path, more: &[&str]) -> Finished {
    Peering::new()
        .args(["ledger", "verify"].iter().chain(more))
        .env("PEERING_STATE_DIR", state.to_str().unwrap())
        .run()
}

#[test]
fn fifty_concurrent_processes_add_fifty_records() {
    let state = tempfile::tempdir().unwrap();
    let processes: Vec<_> = (0..50)
        .map(|number| {
            let peering = Peering::new()
                .args(["generate-token", "-http-addr=embedded"])
                .env("PEERING_STATE_DIR", state.path().to_str().unwrap())
                .shows_secrets();
            let peering = peering.args(["-name", &format!("name-{}", number % 7)]);
            std::thread::spawn(move || peering.run())
        })
        .collect();
    for process in processes {
        let finished = process.join().unwrap().status(0);
        assert_eq!(finished.stderr, "");
    }
    let records = history(state.path(), &[]);
    let numbers: Vec<u64> = records.iter().map(|record| record["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    let newest = records.iter().filter(|record| record["status"] == "newest").count();
    assert_eq!(newest, 7, "one per name");
    verify(state.path(), &[]).status(0);
}

/// Not a test, but the process that the next test starts and kills.
#[test]
#[ignore = "runs until it is killed"]
fn writes_until_it_is_killed() {
    let Ok(directory) = std::env::var("LEDGER_TO_WRITE") else { return };
    let ledger = Sqlite::in_directory(Path::new(&directory));
    let record = sample_record();
    loop {
        let added = ledger.add(&record).unwrap();
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "written {}", added.number).unwrap();
        stdout.flush().unwrap();
    }
}

#[test]
fn a_killed_process_loses_no_record_that_it_reported() {
    let mut state = tempfile::tempdir().unwrap();
    let mut written = 0;
    for round in 0..60_u64 {
        // Some kills happen while a new ledger is created.
        if round % 6 == 0 {
            state = tempfile::tempdir().unwrap();
        }
        let mut writers: Vec<_> = (0..2)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args(["ledger::writes_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
                    .env("LEDGER_TO_WRITE", state.path())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let mut lines: Vec<_> = writers
            .iter_mut()
            .map(|writer| BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok))
            .collect();
        let number = |line: String| line.strip_prefix("written ")?.parse::<u64>().ok();
        let mut reported = Vec::new();
        // Most kills happen while the process writes, even on a slow machine, and some while it starts.
        if round % 3 > 0 {
            reported.extend(lines[0].by_ref().find_map(number));
        }
        std::thread::sleep(Duration::from_micros(round * 1777 % 20_000));
        for writer in &mut writers {
            writer.kill().unwrap();
        }
        for lines in lines {
            reported.extend(lines.filter_map(number));
        }
        for writer in &mut writers {
            writer.wait().unwrap();
        }
        written += reported.len();
        let records = history(state.path(), &[]).len() as u64;
        let last = reported.iter().copied().max().unwrap_or_default();
        assert!(records >= last, "round {round}: {last} were reported, but there are {records}");
        verify(state.path(), &[]).status(0);
    }
    assert!(written >= 40, "only {written} were reported");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_written_never_loses_the_token() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let mut output = String::new();
    for case in ["corrupt", "newer", "older", "a directory", "parent is a file", "cannot be created", "full"]
    {
        let mut peering = Peering::new()
            .args(["generate-token", "-name", "west"])
            .env("CONSUL_HTTP_ADDR", &server.uri())
            .shows_secrets();
        let state = peering.home().join("state");
        std::fs::create_dir(&state).unwrap();
        let file = state.join("ledger.sqlite3");
        match case {
            "corrupt" => {
                std::fs::write(&file, "this is not a database, but long enough to be one".repeat(99))
            }
            "newer" => {
                let database = rusqlite::Connection::open(&file).unwrap();
                database.pragma_update(None, "user_version", 99).unwrap();
                Ok(())
            }
            "older" => {
                let database = rusqlite::Connection::open(&file).unwrap();
                database.execute_batch("CREATE TABLE record (hash TEXT); PRAGMA user_version = 1").unwrap();
                Ok(())
            }
            "a directory" => std::fs::create_dir(&file),
            "parent is a file" => {
                std::fs::remove_dir(&state).unwrap();
                std::fs::write(&state, "")
            }
            "cannot be created" => {
                peering = peering.env("PEERING_STATE_DIR", "/proc/nowhere");
                Ok(())
            }
            _ => {
                // A file size limit of zero acts like a full disk for this process only.
                peering = peering.through_shell("trap '' XFSZ; ulimit -f 0; exec \"$@\"");
                Ok(())
            }
        }
        .unwrap();
        let finished = run(peering).await;
        assert_eq!((finished.status, finished.stdout.trim()), (0, token.as_str()), "{case}");
        let stderr = finished.stderr.replace(finished.home.path().to_str().unwrap(), "HOME");
        output += &format!("# {case}\n{stderr}");
    }
    assert_snapshot!("unwritable", output);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_error_changes_neither_the_exit_code_nor_the_file() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let peering = Peering::new()
        .args(["generate-token", "-name", "west", "-out", "t"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .env("PEERING_STATE_DIR", "/proc/nowhere");
    let finished = run(peering).await.status(0);
    assert_eq!(std::fs::read_to_string(finished.home.path().join("t")).unwrap().trim(), token);
    assert!(finished.stderr.starts_with("The token was written to t\nWarning: "), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consul_that_rejects_kv_requests_causes_a_warning() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let peering = Peering::new()
        .args(["generate-token", "-name", "west", "-ledger", "consul"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets();
    // The server returns 404 without a body to all other requests.
    let finished = run(peering).await.status(0);
    assert_eq!(finished.stdout.trim(), token);
    assert!(finished.stderr.starts_with("Warning: the token was generated, but is not in the ledger: "));
}

/// Consul may have stored the record before the connection was lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_the_kv_means_that_the_token_may_not_be_recorded() {
    let token = recorded("one-server");
    for (answer, expected) in [
        (ResponseTemplate::new(504).set_body_string("gateway timeout"), "may not be in the ledger: "),
        (ResponseTemplate::new(200).set_body_string("tru"), "may not be in the ledger: "),
        (ResponseTemplate::new(403).set_body_string("Permission denied"), "is not in the ledger: "),
    ] {
        let server = consul(&token).await;
        Mock::given(method("PUT")).respond_with(answer).mount(&server).await;
        let peering = Peering::new()
            .args(["generate-token", "-name", "west", "-ledger", "consul"])
            .env("CONSUL_HTTP_ADDR", &server.uri())
            .shows_secrets();
        let finished = run(peering).await.status(0);
        let expected = format!("Warning: the token was generated, but {expected}");
        assert!(finished.stderr.starts_with(&expected), "{}", finished.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ledger_off_records_nothing_and_an_invalid_value_generates_nothing() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let peering = |ledger: &str| {
        Peering::new()
            .args(["generate-token", "-name", "west"])
            .env("CONSUL_HTTP_ADDR", &server.uri())
            .env("PEERING_LEDGER", ledger)
            .shows_secrets()
    };
    let finished = run(peering("off")).await.expect(0, &format!("{token}\n"), "");
    assert!(!finished.home.path().join("state").exists());
    let requests = server.received_requests().await.unwrap().len();
    run(peering("postgres")).await.expect(
        1,
        "",
        "Error: unknown ledger \"postgres\" (from -ledger, PEERING_LEDGER or the configuration file)\n  \
         Fix: use sqlite, consul or off\n",
    );
    assert_eq!(server.received_requests().await.unwrap().len(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_contains_no_secret_and_only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let token = recorded("one-server");
    let secret = token_json(&token)["EstablishmentSecret"].as_str().unwrap().to_owned();
    let server = consul(&token).await;
    let peering = Peering::new()
        .args(["generate-token", "-name", "west"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets();
    let finished = run(peering).await.expect(0, &format!("{token}\n"), "");
    let state = finished.home.path().join("state");
    assert_eq!(state.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for file in std::fs::read_dir(&state).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        assert!(!contains(&bytes, &secret) && !contains(&bytes, &token), "{}", file.display());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    let records = history(&state, &[]);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["peer_id"], token_json(&token)["PeerID"]);
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn acceptor(directory: &Path) -> Acceptor {
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    Acceptor::open(directory, Settings::new(move || now)).unwrap()
}

fn client(directory: &Path) -> Client {
    let options = Options { http_addr: Some("embedded".to_owned()), ..Options::default() };
    Client::with_transport(Config::resolve(&options, |_| None).unwrap(), Box::new(acceptor(directory)))
}

fn ask(acceptor: &Acceptor, method: &str, path: &str, body: &str) -> Bytes {
    let request = http::Request::builder().method(method).uri(path);
    acceptor.answer(&request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()).into_body()
}

#[test]
fn concurrent_clients_lose_no_record_in_the_kv_and_store_no_secret() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let processes: Vec<_> = (0..12)
        .map(|_| {
            let peering = Peering::new()
                .args(["generate-token", "-name", "west", "-ledger=consul"])
                .env("CONSUL_HTTP_ADDR", &dev.url)
                .shows_secrets();
            std::thread::spawn(move || peering.run())
        })
        .collect();
    let tokens: Vec<String> = processes
        .into_iter()
        .map(|process| process.join().unwrap().status(0))
        .map(|finished| {
            assert_eq!(finished.stderr, "");
            guard(&finished.stdout);
            finished.stdout.trim().to_owned()
        })
        .collect();
    let consul = ["-ledger=consul", "-http-addr", &dev.url];
    assert_eq!(history(home.path(), &consul).len(), 12);
    assert!(verify(home.path(), &consul).status(0).stdout == "The ledger is intact (12 records)\n");
    let acceptor = acceptor(&home.path().join("state"));
    let pairs: Value = serde_json::from_slice(&ask(&acceptor, "GET", "/v1/kv/?recurse", "")).unwrap();
    let pairs = pairs.as_array().unwrap();
    assert_eq!(pairs.len(), 13, "the records, and the last number");
    for pair in pairs {
        assert!(pair["Key"].as_str().unwrap().starts_with("peering/ledger/"));
        let value =
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, pair["Value"].as_str().unwrap());
        let value = value.unwrap();
        for token in &tokens {
            let secret = token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
            assert!(!contains(&value, token) && !contains(&value, &secret));
        }
    }
}

#[tokio::test]
async fn the_kv_ledger_survives_a_killed_writer_and_reports_problems() {
    let home = tempfile::tempdir().unwrap();
    let client = client(home.path());
    let ledger = Ledger::ConsulKv(ConsulKv::new(&client, "/team/ledger/"));
    let add = async || ledger.add(&sample_record()).await.unwrap().unwrap().number;
    for number in 1..=3 {
        assert_eq!(add().await, number);
    }
    let other = acceptor(home.path());
    // A writer was killed before it wrote the last number; then the last number itself was lost.
    ask(&other, "PUT", "/v1/kv/team/ledger/last", "{\"version\":2,\"number\":1}");
    assert_eq!(add().await, 4);
    ask(&other, "DELETE", "/v1/kv/team/ledger/last", "");
    assert_eq!(add().await, 5);
    let verification = ledger.verify().await.unwrap();
    assert_eq!((verification.records, verification.problems), (5, vec![]));

    ask(&other, "DELETE", "/v1/kv/team/ledger/records/000000000002", "");
    ask(&other, "PUT", "/v1/kv/team/ledger/records/000000000003", "{\"version\":2,\"record\":{}}");
    ask(&other, "DELETE", "/v1/kv/team/ledger/records/000000000005", "");
    let problems = ledger.verify().await.unwrap().problems;
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "record 2 is missing",
            "record 3 is invalid: missing field `recorded_at` at line 1 column 2",
            "record 5 is missing"
        ]
    );
    let error = ledger.records(Filter::All).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot read record 3 of the ledger: missing field"), "{error}");
    // The number of a missing record is not used again.
    assert_eq!(add().await, 6);
    for (version, expected) in [
        (
            3,
            "the ledger team/ledger has schema version 3, but this version of peering supports at most 2: upgrade peering",
        ),
        (
            1,
            "the ledger team/ledger has schema version 1, from before the first release, which this version of peering \
             cannot read: move it away to start a new ledger",
        ),
    ] {
        ask(&other, "PUT", "/v1/kv/team/ledger/last", &json!({"version": version, "number": 1}).to_string());
        assert_eq!(ledger.add(&sample_record()).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn several_pages_of_records_are_read_in_order() {
    let home = tempfile::tempdir().unwrap();
    let client = client(home.path());
    let ledger = Ledger::ConsulKv(ConsulKv::new(&client, DEFAULT_PREFIX));
    for _ in 0..203 {
        ledger.add(&sample_record()).await.unwrap();
    }
    let numbers: Vec<u64> = ledger.records(Filter::All).await.unwrap().iter().map(|it| it.number).collect();
    assert_eq!(numbers, (1..=203).collect::<Vec<_>>());
    assert_eq!(ledger.verify().await.unwrap().problems, []);
}

#[test]
fn a_copy_of_the_database_alone_has_all_records() {
    let state = tempfile::tempdir().unwrap();
    for _ in 0..100 {
        Sqlite::in_directory(state.path()).add(&sample_record()).unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(state.path().join("ledger.sqlite3"), copy.path().join("ledger.sqlite3")).unwrap();
    assert_eq!(history(copy.path(), &[]).len(), 100);
    assert_eq!(history(state.path(), &[]).len(), 100);
}

#[test]
fn history_shows_each_record_and_its_status() {
    let state = tempfile::tempdir().unwrap();
    let ledger = Sqlite::in_directory(state.path());
    for (name, token, time, origin) in [
        ("west", "one-server", "2026-11-24T09:00:00Z", Origin::Generated),
        ("west", "same-name-regenerated", "2026-11-24T10:00:00Z", Origin::Generated),
        ("far", "consul-1.13", "2026-11-24T11:00:00Z", Origin::Imported),
        ("west", "after-delete-and-recreate", "2026-11-25T09:00:00Z", Origin::Generated),
    ] {
        ledger.add(&record(name, token, time, origin)).unwrap();
    }
    let output = |arguments: &[&str]| {
        let peering = Peering::new()
            .args(["history"].iter().chain(arguments))
            .env("PEERING_STATE_DIR", state.path().to_str().unwrap());
        peering.run().status(0).stdout
    };
    let age = regex::Regex::new(r"UTC  \d+ (days|years)").unwrap();
    assert_snapshot!("history_pretty", age.replace_all(&output(&[]), "UTC  [AGE]"));
    let age = regex::Regex::new(r"\(\d+ (days|years) ago\)").unwrap();
    assert_snapshot!("history_long", age.replace_all(&output(&["-long"]), "([AGE] ago)"));
    assert_snapshot!("history_json", output(&["-name=far", "-format", "json"]));
    assert_snapshot!("history_yaml", output(&["-name=far", "-format", "yaml"]));
    assert_eq!(output(&["-name=missing"]), "The ledger has no records of \"missing\"\n");
}

#[test]
fn reading_does_not_create_a_ledger() {
    let finished = Peering::new().args(["history"]).stdout("The ledger has no records\n").status(0);
    assert!(!finished.home.path().join("state").exists());
    let finished = Peering::new().args(["ledger", "verify"]).after(finished).run();
    finished.expect(0, "The ledger is intact (0 records)\n", "");
    Peering::new()
        .args(["history", "-ledger=off"])
        .stderr(
            "Error: the ledger is off\n  \
         Fix: set -ledger, PEERING_LEDGER or ledger in the configuration file to sqlite or consul\n",
        )
        .status(2);
}

#[test]
fn an_imported_token_is_recorded_once() {
    let token = recorded("one-server");
    let import = |text: &str| Peering::new().args(["ledger", "import", "-", "-name", "west"]).stdin(text);
    let first = import(&token).stdout("Recorded as number 1\n").status(0);
    let wrapped = format!("{}\n{}\n", &token[..76], &token[76..]);
    let second = import(&wrapped).after(first).stdout("Already recorded as number 1\n").status(0);
    let other = Peering::new().args(["ledger", "import", "-name=east", &token]).after(second).run();
    let other = other.expect(0, "Recorded as number 2\n", "");
    let records = history(&other.home.path().join("state"), &["-name=west"]);
    assert_eq!((records.len(), &records[0]["origin"]), (1, &json!("imported")));
    let nothing = import("hello").after(other).run().status(1);
    assert!(
        nothing.stderr.starts_with("Error: cannot decode the token from standard input"),
        "{}",
        nothing.stderr
    );
    let peer_id = "93c1687c-b386-e919-73b8-252a9bb5621f";
    let as_name = Peering::new().args(["ledger", "import", &token, "-name", peer_id]).run().status(2);
    assert!(
        as_name.stderr.contains("-name is a UUID") && !as_name.stderr.contains(peer_id),
        "{}",
        as_name.stderr
    );
    let nameless = Peering::new().args(["ledger", "import", &token]).run().status(2);
    assert!(nameless.stderr.contains("Error: -name is missing"), "{}", nameless.stderr);
}

#[test]
fn importing_a_token_makes_the_order_of_its_peering_unknown() {
    let generate = |ledger: &str| {
        Peering::new()
            .args(["generate-token", "-name", "west", "-http-addr", "embedded", "-ledger", ledger])
            .shows_secrets()
    };
    let older = generate("off").run().status(0);
    let text = older.stdout.clone();
    let newer = generate("sqlite").after(older).run().status(0);
    let alone = history(&newer.home.path().join("state"), &[]);
    assert_eq!(alone[0]["status"], "newest");
    let imported = Peering::new()
        .args(["ledger", "import", "-", "-name", "west"])
        .stdin(text)
        .after(newer)
        .run()
        .status(0);
    let records = history(&imported.home.path().join("state"), &[]);
    let statuses: Vec<_> = records.iter().map(|record| &record["status"]).collect();
    assert_eq!(statuses, ["undetermined", "undetermined"]);
}

#[test]
fn verify_reports_invalid_and_missing_records() {
    let damage = |statements: &str| {
        let state = tempfile::tempdir().unwrap();
        let ledger = Sqlite::in_directory(state.path());
        for _ in 0..5 {
            ledger.add(&sample_record()).unwrap();
        }
        let database = rusqlite::Connection::open(ledger.path()).unwrap();
        let error = database.execute_batch(statements).unwrap_err();
        assert_eq!(error.to_string(), "records are only added");
        database
            .execute_batch("DROP TRIGGER records_are_not_updated; DROP TRIGGER records_are_not_deleted;")
            .unwrap();
        database.execute_batch(statements).unwrap();
        verify(state.path(), &[]).status(1).stdout
    };
    for (statements, expected) in [
        (
            "UPDATE record SET record = replace(record, 'c51a', 'c51b') WHERE number = 3",
            "The ledger is damaged (5 records)\n  record 3 is invalid: the CA certificate \
             c51b4d8e000c7ed4d19089cd865b20d8ea48e4f27f33afff4c075b2aed32da8f has another SHA-256\n",
        ),
        (
            "UPDATE record SET record = '{}' WHERE number = 1",
            "The ledger is damaged (5 records)\n  record 1 is invalid: missing field `recorded_at` at line 1 column 2\n",
        ),
        ("DELETE FROM record WHERE number = 2", "The ledger is damaged (4 records)\n  record 2 is missing\n"),
        ("DELETE FROM record WHERE number = 5", "The ledger is damaged (4 records)\n  record 5 is missing\n"),
        ("DELETE FROM record", "The ledger is damaged (0 records)\n  records 1 to 5 are missing\n"),
    ] {
        assert_eq!(damage(statements), expected, "{statements}");
    }
}

#[test]
fn verify_notices_a_lost_or_damaged_write_ahead_log() {
    let add = |ledger: &Sqlite, count: usize| {
        for _ in 0..count {
            ledger.add(&sample_record()).unwrap();
        }
    };
    for damage in ["lost", "damaged", "truncated"] {
        let state = tempfile::tempdir().unwrap();
        let ledger = Sqlite::in_directory(state.path());
        add(&ledger, 2);
        // The log cannot be emptied while another process reads it.
        let reader = rusqlite::Connection::open(ledger.path()).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        let count = "SELECT count(*) FROM record";
        assert_eq!(reader.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 2);
        add(&ledger, 3);
        assert_eq!(verify(state.path(), &[]).status(0).stdout, "The ledger is intact (5 records)\n");

        let copy = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(state.path()).unwrap() {
            let from = entry.unwrap().path();
            let name = from.file_name().unwrap().to_str().unwrap();
            let mut bytes = std::fs::read(&from).unwrap();
            if name.ends_with("-wal") {
                assert!(bytes.len() > 4096, "the records are in the log");
                match damage {
                    "lost" => continue,
                    "damaged" => bytes[100..4000].fill(0x55),
                    _ => bytes.truncate(4000),
                }
            }
            // The index of the log is for the processes that have it open.
            if !name.ends_with("-shm") {
                std::fs::write(copy.path().join(name), bytes).unwrap();
            }
        }
        drop(reader);
        let expected = "The ledger is damaged (2 records)\n  records 3 to 5 are missing\n";
        assert_eq!(verify(copy.path(), &[]).status(1).stdout, expected, "{damage}");
        // The numbers of the lost records are not used again.
        let added = Sqlite::in_directory(copy.path()).add(&sample_record()).unwrap();
        assert_eq!(added.number, 6);
        let expected = "The ledger is damaged (3 records)\n  records 3 to 5 are missing\n";
        assert_eq!(verify(copy.path(), &[]).status(1).stdout, expected, "{damage}");
    }
}

#[test]
fn verify_reports_a_damaged_database() {
    let state = tempfile::tempdir().unwrap();
    let ledger = Sqlite::in_directory(state.path());
    for _ in 0..50 {
        ledger.add(&sample_record()).unwrap();
    }
    let database = rusqlite::Connection::open(ledger.path()).unwrap();
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(database);
    let mut bytes = std::fs::read(ledger.path()).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    std::fs::write(ledger.path(), bytes).unwrap();
    let finished = verify(state.path(), &[]).status(1);
    assert!(finished.stdout.contains("  the database is damaged: "), "{}", finished.stdout);
}

#[test]
fn subcommands_have_help_and_suggestions() {
    let help = Peering::new().args(["ledger", "import", "-help"]).run().status(0);
    assert!(help.stdout.contains("Usage: peering ledger import [OPTIONS]"), "{}", help.stdout);
    let long = Peering::new().args(["help", "ledger", "import"]).run().status(0);
    assert!(long.stdout.contains("Usage: peering ledger import [OPTIONS]"), "{}", long.stdout);
    let error = "Error: unknown command \"imprt\"\n  \
                 Fix: did you mean import? peering ledger -h lists all commands\n";
    Peering::new().args(["ledger", "imprt"]).stderr(error).status(2);
    let group = Peering::new().args(["ledger"]).run().status(2);
    assert!(group.stderr.contains("Usage: peering ledger [OPTIONS] COMMAND"), "{}", group.stderr);
    Peering::new()
        .args(["ledger", "verify", "-x"])
        .stderr("Error: unknown flag -x\n  Fix: peering ledger verify -h shows the usage\n")
        .status(2);
}
