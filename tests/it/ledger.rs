//! The ledger: what is recorded survives, what is recorded is not secret, and no token is ever lost because of it.

mod if_unused;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use consul_peering::acceptor::{Acceptor, Settings};
use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::ledger::{ConsulKv, DEFAULT_PREFIX, Ledger, Origin, Record, RecordMeta, Sqlite};
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

/// A record as a command would make it of a recorded token.
fn record(name: &str, token: &str, time: &str, source: Origin) -> Record {
    let text = recorded(token);
    let circumstances = RecordMeta {
        time: time.parse().unwrap(),
        name: name.to_owned(),
        partition: String::new(),
        user: "ann".to_owned(),
        host: "ci-7".to_owned(),
        source,
        state_before: None,
    };
    Record::of(&decode(text.as_bytes()).unwrap().token, &text, circumstances)
}

fn some_record() -> Record {
    record("west", "one-server", "2026-11-24T09:00:00Z", Origin::Generated)
}

pub async fn run(run: Peering) -> Finished {
    tokio::task::spawn_blocking(|| run.run()).await.unwrap()
}

/// A Consul that answers every request for a token with this one.
async fn consul(token: &str) -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({ "PeeringToken": token }));
    Mock::given(method("POST")).and(path("/v1/peering/token")).respond_with(answer).mount(&server).await;
    server
}

/// The records of the ledger in a state directory, as `history` tells them.
fn history(state: &Path, more: &[&str]) -> Vec<Value> {
    let finished = Peering::new(["history", "-format=json"].iter().chain(more))
        .env("PEERING_STATE_DIR", state.to_str().unwrap())
        .run()
        .status(0);
    let history: Value = serde_json::from_str(&finished.stdout).unwrap();
    history["records"].as_array().unwrap().clone()
}

fn verify(state: &Path, more: &[&str]) -> Finished {
    Peering::new(["ledger", "verify"].iter().chain(more))
        .env("PEERING_STATE_DIR", state.to_str().unwrap())
        .run()
}

#[test]
fn fifty_processes_at_once_leave_fifty_records() {
    let state = tempfile::tempdir().unwrap();
    let processes: Vec<_> = (0..50)
        .map(|number| {
            let peering = Peering::new(["generate-token", "-http-addr=embedded"])
                .env("PEERING_STATE_DIR", state.path().to_str().unwrap())
                .shows_secrets();
            let peering = peering.more(&["-name", &format!("name-{}", number % 7)]);
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
    let newest = records.iter().filter(|record| record["standing"]["verdict"] == "newest").count();
    assert_eq!(newest, 7, "one a name");
    verify(state.path(), &[]).status(0);
}

/// Not a test: what the next one starts, and kills.
#[test]
#[ignore = "runs until it is killed"]
fn writes_until_it_is_killed() {
    let Ok(directory) = std::env::var("LEDGER_TO_WRITE") else { return };
    let ledger = Sqlite::within(Path::new(&directory));
    let record = some_record();
    loop {
        let entry = ledger.record(&record).unwrap();
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "written {}", entry.number).unwrap();
        stdout.flush().unwrap();
    }
}

#[test]
fn a_kill_at_any_moment_loses_nothing_that_was_reported_as_written() {
    let mut state = tempfile::tempdir().unwrap();
    let mut written = 0;
    for round in 0..60_u64 {
        // A new ledger now and then, so that some kills come while it is made.
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
        // Most kills come in the middle of writing, however slow this machine is; some come while it begins.
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
        assert!(records >= last, "round {round}: {last} were reported, {records} are there");
        verify(state.path(), &[]).status(0);
    }
    assert!(written >= 40, "only {written} were reported");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_written_never_loses_the_token() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let mut told = String::new();
    for case in ["corrupt", "newer", "a directory", "not below a directory", "cannot be made", "full"] {
        let mut peering = Peering::new(["generate-token", "-name", "west"])
            .env("CONSUL_HTTP_ADDR", &server.uri())
            .shows_secrets();
        let state = peering.home().join("state");
        std::fs::create_dir(&state).unwrap();
        let file = state.join("ledger.sqlite3");
        match case {
            "corrupt" => {
                std::fs::write(&file, "this is no database, and long enough to look like one".repeat(99))
            }
            "newer" => {
                let database = rusqlite::Connection::open(&file).unwrap();
                database.pragma_update(None, "user_version", 99).unwrap();
                Ok(())
            }
            "a directory" => std::fs::create_dir(&file),
            "not below a directory" => {
                std::fs::remove_dir(&state).unwrap();
                std::fs::write(&state, "")
            }
            "cannot be made" => {
                peering = peering.env("PEERING_STATE_DIR", "/proc/nowhere");
                Ok(())
            }
            _ => {
                // A file size limit of zero is a full disk for this process alone.
                peering = peering.through_shell("trap '' XFSZ; ulimit -f 0; exec \"$@\"");
                Ok(())
            }
        }
        .unwrap();
        let finished = run(peering).await;
        assert_eq!((finished.status, finished.stdout.trim()), (0, token.as_str()), "{case}");
        let stderr = finished.stderr.replace(finished.home.path().to_str().unwrap(), "HOME");
        told += &format!("# {case}\n{stderr}");
    }
    assert_snapshot!("unwritable", told);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_and_the_file_are_the_same_whether_or_not_it_can_be_recorded() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let peering = Peering::new(["generate-token", "-name", "west", "-out", "t"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .env("PEERING_STATE_DIR", "/proc/nowhere");
    let finished = run(peering).await.status(0);
    assert_eq!(std::fs::read_to_string(finished.home.path().join("t")).unwrap().trim(), token);
    assert!(finished.stderr.starts_with("The token was written to t\nWarning: "), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consul_that_refuses_its_kv_is_a_warning() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let peering = Peering::new(["generate-token", "-name", "west", "-ledger", "consul"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets();
    // It answers 404 with no text to what it does not know, and true to nothing.
    let finished = run(peering).await.status(0);
    assert_eq!(finished.stdout.trim(), token);
    assert!(finished.stderr.starts_with("Warning: the token was generated, but is not in the ledger: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn off_records_nothing_and_a_wrong_word_generates_nothing() {
    let token = recorded("one-server");
    let server = consul(&token).await;
    let peering = |ledger: &str| {
        Peering::new(["generate-token", "-name", "west"])
            .env("CONSUL_HTTP_ADDR", &server.uri())
            .env("PEERING_LEDGER", ledger)
            .shows_secrets()
    };
    let finished = run(peering("off")).await.expect(0, &format!("{token}\n"), "");
    assert!(!finished.home.path().join("state").exists());
    let asked = server.received_requests().await.unwrap().len();
    run(peering("postgres")).await.expect(
        1,
        "",
        "Error: unknown ledger \"postgres\" (from -ledger, PEERING_LEDGER or the configuration file)\n  \
         Fix: use sqlite, consul or off\n",
    );
    assert_eq!(server.received_requests().await.unwrap().len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_in_the_database_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let token = recorded("one-server");
    let secret = token_json(&token)["EstablishmentSecret"].as_str().unwrap().to_owned();
    let server = consul(&token).await;
    let peering = Peering::new(["generate-token", "-name", "west"])
        .env("CONSUL_HTTP_ADDR", &server.uri())
        .shows_secrets();
    let finished = run(peering).await.expect(0, &format!("{token}\n"), "");
    let state = finished.home.path().join("state");
    assert_eq!(state.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    for file in std::fs::read_dir(&state).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        assert!(!holds(&bytes, &secret) && !holds(&bytes, &token), "{}", file.display());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    let records = history(&state, &[]);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["peer_id"], token_json(&token)["PeerID"]);
}

fn holds(bytes: &[u8], text: &str) -> bool {
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
fn clients_that_write_to_the_kv_at_once_lose_nothing_and_nothing_there_is_secret() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let processes: Vec<_> = (0..12)
        .map(|_| {
            let peering = Peering::new(["generate-token", "-name", "west", "-ledger=consul"])
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
    assert!(verify(home.path(), &consul).status(0).stdout.starts_with("12 records, "));
    let acceptor = acceptor(&home.path().join("state"));
    let pairs: Value = serde_json::from_slice(&ask(&acceptor, "GET", "/v1/kv/?recurse", "")).unwrap();
    let pairs = pairs.as_array().unwrap();
    assert_eq!(pairs.len(), 13, "the records, and which is the last");
    for pair in pairs {
        assert!(pair["Key"].as_str().unwrap().starts_with("peering/ledger/"));
        let value =
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, pair["Value"].as_str().unwrap());
        let value = value.unwrap();
        for token in &tokens {
            let secret = token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
            assert!(!holds(&value, token) && !holds(&value, &secret));
        }
    }
}

#[tokio::test]
async fn the_kv_ledger_goes_on_after_a_writer_that_was_killed_and_tells_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let client = client(home.path());
    let ledger = Ledger::ConsulKv(ConsulKv::below(&client, "/team/ledger/"));
    for number in 1..=3 {
        let entry = ledger.record(&some_record()).await.unwrap().unwrap();
        assert_eq!(entry.number, number);
    }
    let other = acceptor(home.path());
    let note = |number: u64| {
        let records = ask(&other, "GET", "/v1/kv/team/ledger/records/?recurse", "");
        let records: Vec<Value> = serde_json::from_slice(&records).unwrap();
        let value = records[usize::try_from(number).unwrap() - 1]["Value"].as_str().unwrap().to_owned();
        let value = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, value).unwrap();
        let record: Value = serde_json::from_slice(&value).unwrap();
        json!({"version": 1, "number": number, "hash": record["hash"]}).to_string()
    };
    // A writer was killed before it noted which record is the last; then the note itself was lost.
    ask(&other, "PUT", "/v1/kv/team/ledger/last", &note(1));
    assert_eq!(ledger.record(&some_record()).await.unwrap().unwrap().number, 4);
    ask(&other, "DELETE", "/v1/kv/team/ledger/last", "");
    assert_eq!(ledger.record(&some_record()).await.unwrap().unwrap().number, 5);
    let whole = ledger.verify().await.unwrap();
    assert_eq!((whole.records, whole.faults), (5, vec![]));

    ask(&other, "DELETE", "/v1/kv/team/ledger/records/000000000002", "");
    ask(&other, "DELETE", "/v1/kv/team/ledger/records/000000000005", "");
    let faults: Vec<String> = ledger.verify().await.unwrap().faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["record 2 is missing", "record 5 is missing"]);
    // What is gone stays gone: its number is not given again.
    assert_eq!(ledger.record(&some_record()).await.unwrap().unwrap().number, 6);
    ask(&other, "PUT", "/v1/kv/team/ledger/last", "{\"version\":2,\"number\":1,\"hash\":\"\"}");
    let error = ledger.record(&some_record()).await.unwrap_err().to_string();
    assert_eq!(error, "the ledger team/ledger has version 2; this tool knows up to 1");
}

#[tokio::test]
async fn more_records_than_fit_one_page_come_back_in_order() {
    let home = tempfile::tempdir().unwrap();
    let client = client(home.path());
    let ledger = Ledger::ConsulKv(ConsulKv::below(&client, DEFAULT_PREFIX));
    for _ in 0..203 {
        ledger.record(&some_record()).await.unwrap();
    }
    let numbers: Vec<u64> = ledger.records(None).await.unwrap().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=203).collect::<Vec<_>>());
    assert_eq!(ledger.verify().await.unwrap().faults, []);
}

#[test]
fn the_log_of_many_short_processes_stays_short() {
    let state = tempfile::tempdir().unwrap();
    for _ in 0..100 {
        Sqlite::within(state.path()).record(&some_record()).unwrap();
    }
    let log = state.path().join("ledger.sqlite3-wal").metadata().unwrap().len();
    assert!(log < 512 * 1024, "{log} bytes");
    assert_eq!(history(state.path(), &[]).len(), 100);
}

#[test]
fn history_tells_every_record_and_which_took_its_place() {
    let state = tempfile::tempdir().unwrap();
    let ledger = Sqlite::within(state.path());
    for (name, token, time, source) in [
        ("west", "one-server", "2026-11-24T09:00:00Z", Origin::Generated),
        ("west", "same-name-regenerated", "2026-11-24T10:00:00Z", Origin::Generated),
        ("far", "consul-1.13", "2026-11-24T11:00:00Z", Origin::Imported),
        ("west", "after-delete-and-recreate", "2026-11-25T09:00:00Z", Origin::Generated),
    ] {
        ledger.record(&record(name, token, time, source)).unwrap();
    }
    let shown = |arguments: &[&str]| {
        let peering = Peering::new(["history"].iter().chain(arguments))
            .env("PEERING_STATE_DIR", state.path().to_str().unwrap());
        peering.run().status(0).stdout
    };
    assert_snapshot!("history_pretty", shown(&[]));
    assert_snapshot!("history_json", shown(&["-name=far", "-format", "json"]));
    assert_snapshot!("history_yaml", shown(&["-name=far", "-format", "yaml"]));
    assert_eq!(shown(&["-name=nobody"]), "The ledger has no token for \"nobody\"\n");
}

#[test]
fn a_ledger_that_was_never_written_is_empty_and_is_not_made_by_reading() {
    let finished = Peering::new(["history"]).run().expect(0, "The ledger knows of no token\n", "");
    assert!(!finished.home.path().join("state").exists());
    let finished = Peering::new(["ledger", "verify"]).after(finished).run();
    finished.expect(0, "0 records\nThe ledger is whole\n", "");
    Peering::new(["history", "-ledger=off"]).run().expect(
        2,
        "",
        "Error: the ledger is off\n  \
         Fix: set -ledger, PEERING_LEDGER or ledger in the configuration file to sqlite or consul\n",
    );
}

#[test]
fn an_imported_token_is_recorded_once() {
    let token = recorded("one-server");
    let import = |text: &str| Peering::new(["ledger", "import", "-", "-name", "west"]).stdin(text);
    let first = import(&token).run().expect(0, "Recorded as number 1\n", "");
    let wrapped = format!("{}\n{}\n", &token[..76], &token[76..]);
    let second = import(&wrapped).after(first).run().expect(0, "Recorded already, as number 1\n", "");
    let other = Peering::new(["ledger", "import", "-name=east", &token]).after(second).run();
    let other = other.expect(0, "Recorded as number 2\n", "");
    let records = history(&other.home.path().join("state"), &["-name=west"]);
    assert_eq!((records.len(), &records[0]["source"]), (1, &json!("imported")));
    let nothing = import("hello").after(other).run().status(1);
    assert!(
        nothing.stderr.starts_with("Error: cannot decode the token from standard input"),
        "{}",
        nothing.stderr
    );
    let nameless = Peering::new(["ledger", "import", &token]).run().status(2);
    assert!(nameless.stderr.contains("Error: -name is missing"), "{}", nameless.stderr);
}

/// It does not say when it was generated, and may be older than those before it.
#[test]
fn an_imported_token_makes_the_order_of_its_peering_unknown() {
    let generate = |ledger: &str| {
        Peering::new(["generate-token", "-name", "west", "-http-addr", "embedded", "-ledger", ledger])
            .shows_secrets()
    };
    let older = generate("off").run().status(0);
    let text = older.stdout.clone();
    let newer = generate("sqlite").after(older).run().status(0);
    let alone = history(&newer.home.path().join("state"), &[]);
    assert_eq!(alone[0]["standing"]["verdict"], "newest");
    let imported =
        Peering::new(["ledger", "import", "-", "-name", "west"]).stdin(text).after(newer).run().status(0);
    let records = history(&imported.home.path().join("state"), &[]);
    let standings: Vec<_> = records.iter().map(|record| &record["standing"]["verdict"]).collect();
    assert_eq!(standings, ["not_known", "not_known"]);
}

#[test]
fn verify_finds_what_was_changed_or_is_gone() {
    let spoil = |statements: &str| {
        let state = tempfile::tempdir().unwrap();
        let ledger = Sqlite::within(state.path());
        for _ in 0..5 {
            ledger.record(&some_record()).unwrap();
        }
        let database = rusqlite::Connection::open(ledger.path()).unwrap();
        let direct = database.execute_batch(statements);
        assert!(direct.is_err(), "records are only ever added");
        database.execute_batch("DROP TRIGGER records_never_change; DROP TRIGGER records_never_go;").unwrap();
        database.execute_batch(statements).unwrap();
        verify(state.path(), &[]).status(1).stdout.lines().skip(1).collect::<Vec<_>>().join("\n")
    };
    for (statements, found) in [
        (
            "UPDATE record SET record = replace(record, 'ann', 'bob') WHERE number = 3",
            "Wrong: record 3 was changed: it does not follow from the one before",
        ),
        ("DELETE FROM record WHERE number = 2", "Wrong: record 2 is missing"),
        ("DELETE FROM record WHERE number = 5", "Wrong: record 5 is missing"),
        (
            "DELETE FROM record",
            "Wrong: record 1 is missing\nWrong: record 2 is missing\nWrong: record 3 is missing\n\
          Wrong: record 4 is missing\nWrong: record 5 is missing",
        ),
    ] {
        assert_eq!(spoil(statements), found, "{statements}");
    }
}

#[test]
fn the_commands_within_ledger_are_found_explained_and_told_apart() {
    let help = Peering::new(["ledger", "import", "-help"]).run().status(0);
    assert!(help.stdout.contains("Usage: peering ledger import [OPTIONS]"), "{}", help.stdout);
    let long = Peering::new(["help", "ledger", "import"]).run().status(0);
    assert!(long.stdout.contains("Usage: peering ledger import [OPTIONS]"), "{}", long.stdout);
    Peering::new(["ledger", "imprt"]).run().expect(
        2,
        "",
        "Error: unknown command \"imprt\"\n  Fix: did you mean import? peering ledger -help lists all commands\n",
    );
    let group = Peering::new(["ledger"]).run().status(2);
    assert!(group.stderr.contains("Usage: peering ledger [OPTIONS] COMMAND"), "{}", group.stderr);
    Peering::new(["ledger", "verify", "-x"]).run().expect(
        2,
        "",
        "Error: unknown flag -x\n  Fix: peering ledger verify -help lists all flags\n",
    );
}
