//! `peering connect`: two clusters become peers, and the token is nowhere but in memory.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{method, path, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::peering::{Dev, Finished, Peering, guard, shows_no_secret};

/// Two clusters, and contexts for them.
struct Clusters {
    file: String,
    _servers: [Dev; 2],
    _home: tempfile::TempDir,
}

impl Clusters {
    fn start(east: &[&str], west: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let east = Dev::start(&home.path().join("dc1"), east);
        let west = Dev::start(&home.path().join("dc2"), &[&["-datacenter", "dc2"], west].concat());
        let file = format!(
            "[contexts.east]\nhttp_addr = '{east}'\n[contexts.west]\nhttp_addr = '{west}'\n\
             [contexts.also-east]\nhttp_addr = '{east}'\n",
            east = east.url,
            west = west.url
        );
        Self { file, _servers: [east, west], _home: home }
    }

    fn run(&self, words: &[&str]) -> Peering {
        Peering::new().args(words).args(["-config", "c.toml"]).file("c.toml", &self.file)
    }

    fn connect(&self, words: &[&str]) -> Peering {
        self.run(&[&["connect", "-acceptor", "east", "-dialer", "west"], words].concat())
    }

    /// Returns name and state of all peerings of a cluster.
    fn peerings(&self, context: &str) -> Vec<(String, String)> {
        let run = self.run(&["list", "-format", "json", "-context", context]).run().status(0);
        let all: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        all.iter().map(|peering| (text(&peering["Name"]), text(&peering["State"]))).collect()
    }

    /// Generates an unused token for west at east.
    fn generate(&self) {
        let generate = ["generate-token", "-name", "west", "-context", "east"];
        guard(&self.run(&generate).shows_secrets().run().status(0).stdout);
    }
}

fn one(name: &str, state: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), state.to_owned())]
}

#[test]
fn two_clusters_are_connected_with_one_command() {
    let clusters = Clusters::start(&[], &[]);
    let dry = clusters.connect(&["-dry-run"]).run().status(0);
    assert!(dry.stdout.contains("  1. generate a token for \"west\" at east\n"), "{}", dry.stdout);
    assert_eq!((clusters.peerings("east"), clusters.peerings("west")), (vec![], vec![]));
    assert!(!dry.home.path().join("state").exists(), "-dry-run wrote to the ledger");

    let run = clusters.connect(&["-wait", "120s"]).run();
    let run = run.expect(
        0,
        "✓ Connected: \"west\" at east and \"east\" at west are ACTIVE and have received data\n",
        "",
    );
    assert_eq!(clusters.peerings("east"), one("west", "ACTIVE"));
    assert_eq!(clusters.peerings("west"), one("east", "ACTIVE"));
    let history = Peering::new().args(["history", "-format", "json"]).after(run).run().status(0);
    let records: Value = serde_json::from_str(&history.stdout).unwrap();
    assert_eq!(records["records"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&records["records"][0]["name"], &records["records"][0]["origin"]),
        (&json!("west"), &json!("generated"))
    );

    clusters.connect(&[]).run().expect(
        0,
        "✓ Connected: \"west\" at east and \"east\" at west are already ACTIVE\n",
        "",
    );
    // Establishing again with a new token replaces the stream's secret.
    clusters.connect(&["-force", "-wait", "120s"]).run().status(0);
}

#[test]
fn names_can_be_given() {
    let clusters = Clusters::start(&[], &[]);
    let names = ["-name-at-acceptor", "to-west", "-name-at-dialer", "to-east", "-wait", "120s"];
    clusters.connect(&names).run().status(0);
    assert_eq!(clusters.peerings("east"), one("to-west", "ACTIVE"));
    assert_eq!(clusters.peerings("west"), one("to-east", "ACTIVE"));
}

#[test]
fn what_prevents_it_is_found_before_anything_is_changed() {
    let clusters = Clusters::start(&[], &[]);
    let refused = |words: &[&str], reason: &str| {
        let run = clusters.run(&[&["connect"], words].concat()).run().status(1);
        assert_eq!(run.stdout, "", "{words:?}");
        let text = run.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(reason), "{words:?}: {text}");
        text
    };
    refused(&["-acceptor", "east", "-dialer", "also-east"], "east and also-east are the same cluster");
    let both = ["-acceptor", "east", "-dialer", "west"];
    clusters.generate();
    refused(&both, "an unused token for \"west\" at east exists, which a new token would invalidate");
    let dry = clusters.connect(&["-dry-run"]).run().status(1);
    assert!(dry.stdout.starts_with("✗ west cannot be connected to east.\n"), "{}", dry.stdout);
    let forced = clusters.connect(&["-dry-run", "-force"]).run().status(0);
    assert!(forced.stdout.contains("-force overrides this."), "{}", forced.stdout);
    clusters.connect(&["-force", "-wait", "120s"]).run().status(0);

    // Another name at one end only.
    let other = ["-name-at-acceptor", "other"];
    refused(&[&both[..], &other].concat(), "the name \"east\" at west is in use");
    let other = ["-name-at-dialer", "other"];
    refused(
        &[&both[..], &other].concat(),
        "the name \"west\" at east is in use: its peering with dc2 is ACTIVE",
    );

    clusters.run(&["delete", "-name", "east", "-context", "west", "-wait", "60s"]).run().status(0);
    clusters
        .run(&["read", "-name", "west", "-context", "east", "-wait", "TERMINATED", "-timeout", "60s"])
        .run()
        .status(0);
    let text = refused(&both, "the peering \"west\" at east is left over: it is TERMINATED");
    assert!(text.contains("Fix delete it: peering delete -name west -context east -wait 60s"), "{text}");
    clusters.run(&["delete", "-name", "west", "-context", "east", "-wait", "60s"]).run().status(0);
    clusters.connect(&["-wait", "120s"]).run().status(0);
}

#[test]
fn a_missing_right_a_wrong_context_and_a_dead_cluster_are_named() {
    let clusters = Clusters::start(&["-acl-token", "11111111-aaaa-4bbb-8ccc-000000000001"], &[]);
    let run = clusters.connect(&[]).run().status(1);
    assert!(run.stderr.contains("the anonymous token does not have peering:write at east"), "{}", run.stderr);
    let run = clusters.run(&["connect", "-acceptor", "eats", "-dialer", "west"]).run().status(2);
    assert!(run.stderr.contains("unknown context \"eats\"\n  Fix: did you mean east?"), "{}", run.stderr);
    let file = format!("{}[contexts.dead]\nhttp_addr = '127.0.0.1:1'\n", clusters.file);
    let dead = Peering::new().args(["connect", "-acceptor", "dead", "-dialer", "west", "-config", "c.toml"]);
    let run = dead.file("c.toml", file).run().status(2);
    assert!(run.stderr.starts_with("Error: cannot ask the cluster \"dead\": Get "), "{}", run.stderr);
    assert!(run.stderr.ends_with("Nothing was changed.\n  Fix: find out why: peering context check dead\n"));
    assert_eq!(clusters.peerings("west"), vec![]);
}

/// Runs every command after `Clean up: ` in an error.
fn clean_up(clusters: &Clusters, run: &Finished) {
    let commands: Vec<&str> =
        run.stderr.lines().filter_map(|line| line.trim().strip_prefix("Clean up: peering ")).collect();
    assert!(!commands.is_empty(), "{}", run.stderr);
    for command in commands {
        clusters
            .run(&shlex::split(command).unwrap().iter().map(String::as_str).collect::<Vec<_>>())
            .run()
            .status(0);
    }
}

#[test]
fn a_failed_establish_names_the_cause_what_is_left_and_how_to_remove_it() {
    let clusters = Clusters::start(&["-fault", "plaintext-port"], &[]);
    let dry = clusters.connect(&["-dry-run"]).run().status(0);
    assert!(dry.stdout.contains("cannot be reached from this host"), "{}", dry.stdout);
    let run = clusters.connect(&["-timeout", "60s"]).run().status(1);
    assert_eq!(run.stdout, "");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"127\.0\.0\.1:\d+", "ADDRESS");
    // The dialer tries as often as it can in three seconds.
    settings.add_filter(r"\d+ errors? occurred", "N errors occurred");
    settings.add_filter(r#"handshake"(, …)?\)"#, "handshake\", …)");
    settings.bind(|| insta::assert_snapshot!("connect_establish_failed", run.stderr));
    assert_eq!(clusters.peerings("east"), one("west", "PENDING"));
    clean_up(&clusters, &run);
    assert_eq!((clusters.peerings("east"), clusters.peerings("west")), (vec![], vec![]));
}

#[test]
fn a_failed_generate_names_what_it_did_to_an_earlier_token() {
    let clusters = Clusters::start(&["-fault", "generate-no-gateway"], &[]);
    let run = clusters.connect(&[]).run().status(1);
    insta::assert_snapshot!("connect_generate_failed", run.stderr);
    clean_up(&clusters, &run);
    assert_eq!((clusters.peerings("east"), clusters.peerings("west")), (vec![], vec![]));
}

#[test]
fn a_peering_that_existed_before_is_not_removed() {
    let clusters = Clusters::start(&["-fault", "permission-denied"], &[]);
    clusters.generate();
    let run = clusters.connect(&["-force"]).run().status(1);
    assert!(
        run.stderr.contains("The peering \"west\" at east existed before, and is PENDING."),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("delete -name west"), "{}", run.stderr);
    assert!(run.stderr.contains("Clean up: peering revoke -name west -context east"), "{}", run.stderr);
}

/// A dialing Consul that inspects the process which sends it a token, while that process waits for the answer.
struct Inspecting {
    process: Arc<(Mutex<Option<u32>>, Condvar)>,
    home: std::path::PathBuf,
    found: Arc<Mutex<Vec<String>>>,
}

impl Respond for Inspecting {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let token = body["PeeringToken"].as_str().unwrap();
        guard(token);
        let (process, started) = &*self.process;
        let id = started.wait_while(process.lock().unwrap(), |id| id.is_none()).unwrap().unwrap();
        let mut places = vec![("the token was received".to_owned(), token.as_bytes().to_vec())];
        for name in ["cmdline", "environ"] {
            places.push((name.to_owned(), std::fs::read(format!("/proc/{id}/{name}")).unwrap()));
        }
        files_below(&self.home, &mut places);
        let secret = crate::peering::token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
        let contains =
            |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        let mut found = self.found.lock().unwrap();
        for (place, bytes) in &places {
            assert!(!bytes.is_empty() || place.starts_with("file"), "{place} is empty");
            if contains(bytes, token) || contains(bytes, &secret) {
                found.push(place.clone());
            }
        }
        found.push(format!("{} files", places.iter().filter(|(place, _)| place.starts_with("file")).count()));
        ResponseTemplate::new(200).set_body_string("{}")
    }
}

fn files_below(directory: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, files);
        } else {
            files.push((format!("file {}", path.display()), std::fs::read(&path).unwrap_or_default()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_in_no_file_argument_or_variable() {
    let home = tempfile::tempdir().unwrap();
    let (run_home, state) = (home.path().join("run"), home.path().join("dc1"));
    std::fs::create_dir_all(&run_home).unwrap();
    let acceptor = Dev::start(&state, &[]);
    let dialer = MockServer::start().await;
    let roots = json!({ "TrustDomain": "11111111-2222-3333-4444-555555555555.consul", "Roots": [] });
    for (place, answer) in [
        ("/v1/connect/ca/roots", ResponseTemplate::new(200).set_body_json(roots)),
        ("/v1/internal/acl/authorize", ResponseTemplate::new(401).set_body_string("ACL support disabled")),
        ("/v1/peerings", ResponseTemplate::new(200).set_body_string("[]")),
    ] {
        Mock::given(path(place)).respond_with(answer).mount(&dialer).await;
    }
    let (process, found) = (Arc::new((Mutex::new(None), Condvar::new())), Arc::new(Mutex::new(Vec::new())));
    let inspecting =
        Inspecting { process: Arc::clone(&process), home: run_home.clone(), found: Arc::clone(&found) };
    Mock::given(method("POST"))
        .and(path("/v1/peering/establish"))
        .respond_with(inspecting)
        .mount(&dialer)
        .await;
    let file = format!(
        "[contexts.east]\nhttp_addr = '{}'\n[contexts.west]\nhttp_addr = '{}'\n",
        acceptor.url,
        dialer.uri()
    );
    std::fs::write(run_home.join("c.toml"), file).unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let child = Command::new(env!("CARGO_BIN_EXE_peering"))
            .args(["connect", "-acceptor", "east", "-dialer", "west", "-config", "c.toml", "-wait", "1s"])
            .args(["-log-level", "debug"])
            .env_clear()
            .env("HOME", &run_home)
            .env("PEERING_STATE_DIR", run_home.join("state"))
            .env("TMPDIR", &run_home)
            .current_dir(&run_home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        *process.0.lock().unwrap() = Some(child.id());
        process.1.notify_all();
        let output = child.wait_with_output().unwrap();
        let mut files = Vec::new();
        files_below(&run_home, &mut files);
        (output, files)
    });
    let (output, files) = output.await.unwrap();
    // The configuration file and the ledger; SQLite may have files beside it.
    let found = found.lock().unwrap().clone();
    assert_eq!(found[0], "the token was received", "{found:?}");
    assert_eq!(found.len(), 2, "the token was found in {found:?}");
    assert!(found[1] != "0 files" && found[1] != "1 files", "{found:?}");
    for (place, bytes) in files {
        shows_no_secret(&String::from_utf8_lossy(&bytes), &place);
    }
    let stderr = String::from_utf8(output.stderr).unwrap();
    shows_no_secret(&stderr, "the log");
    shows_no_secret(&String::from_utf8(output.stdout).unwrap(), "standard output");
    // This dialer does not dial, so no data arrives.
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("step 4 of 4, waiting for data on both ends, failed"), "{stderr}");
    assert!(stderr.contains("Consul responded"), "the log is on: {stderr}");
}

/// Answers after Ctrl-C only: sends the signal to the process that waits for the answer.
struct Interrupting {
    process: Arc<(Mutex<Option<u32>>, Condvar)>,
}

impl Respond for Interrupting {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let (process, started) = &*self.process;
        let id = started.wait_while(process.lock().unwrap(), |id| id.is_none()).unwrap().unwrap();
        let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        // The answer comes too late.
        ResponseTemplate::new(200).set_body_string("{}").set_delay(std::time::Duration::from_mins(10))
    }
}

/// A cluster that answers what `connect` asks first. At `interrupted`, Ctrl-C is pressed.
async fn interrupted_cluster(
    interrupted: &str,
    peerings: Value,
    process: &Arc<(Mutex<Option<u32>>, Condvar)>,
) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path(interrupted))
        .respond_with(Interrupting { process: Arc::clone(process) })
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let roots = json!({ "TrustDomain": "11111111-2222-3333-4444-555555555555.consul", "Roots": [] });
    for (place, answer) in [
        ("/v1/connect/ca/roots", ResponseTemplate::new(200).set_body_json(roots)),
        ("/v1/internal/acl/authorize", ResponseTemplate::new(401).set_body_string("ACL support disabled")),
        ("/v1/peerings", ResponseTemplate::new(200).set_body_json(peerings)),
        ("/v1/peering/establish", ResponseTemplate::new(200).set_body_string("{}")),
    ] {
        Mock::given(path(place)).respond_with(answer).mount(&server).await;
    }
    let missing = ResponseTemplate::new(404).set_body_string("Peering not found for \"east\"");
    Mock::given(path_regex("^/v1/peering/(east|west)$")).respond_with(missing).mount(&server).await;
    server
}

/// Runs `connect` until it interrupts itself. Returns the exit code, standard output and standard error.
async fn connect_interrupted(
    acceptor: &str,
    dialer: &str,
    words: &[&str],
    process: Arc<(Mutex<Option<u32>>, Condvar)>,
) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let file =
        format!("[contexts.east]\nhttp_addr = '{acceptor}'\n[contexts.west]\nhttp_addr = '{dialer}'\n");
    std::fs::write(home.path().join("c.toml"), file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_peering"));
    command.args(["connect", "-acceptor", "east", "-dialer", "west", "-config", "c.toml", "-timeout", "60s"]);
    command.args(words).env_clear().env("HOME", home.path()).current_dir(home.path());
    let output = tokio::task::spawn_blocking(move || {
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        *process.0.lock().unwrap() = Some(child.id());
        process.1.notify_all();
        child.wait_with_output().unwrap()
    });
    let output = output.await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    shows_no_secret(&stdout, "standard output");
    shows_no_secret(&stderr, "standard error");
    (output.status.code(), stdout, stderr)
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_names_the_step_what_is_left_behind_and_how_to_clean_up() {
    let process = || Arc::new((Mutex::new(None), Condvar::new()));
    let state = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(state.path(), &[]);

    let id = process();
    let dialer = interrupted_cluster("/v1/peering/establish", json!([]), &id).await;
    let (code, stdout, stderr) = connect_interrupted(&acceptor.url, &dialer.uri(), &[], id).await;
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    insta::assert_snapshot!("connect_interrupted_at_establish", stderr);

    // The peering at the acceptor exists by now, and is not removed.
    let id = process();
    let dialer = interrupted_cluster("/v1/peering/east", json!([]), &id).await;
    let words = ["-force", "-format", "json"];
    let (code, stdout, stderr) = connect_interrupted(&acceptor.url, &dialer.uri(), &words, id).await;
    assert_eq!(code, Some(2), "{stderr}");
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&document["status"], &document["failure"]["step"], &document["failure"]["message"]),
        (&json!("interrupted"), &json!("wait"), &Value::Null)
    );
    let left = document["failure"]["left_behind"].to_string();
    assert!(left.contains("The peering \\\"west\\\" at east existed before, and is PENDING."), "{left}");

    let id = process();
    let mute = interrupted_cluster("/v1/peering/token", json!([]), &id).await;
    let (code, stdout, stderr) = connect_interrupted(&mute.uri(), &acceptor.url, &[], id).await;
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    insta::assert_snapshot!("connect_interrupted_at_generate", stderr);

    let id = process();
    let mute = interrupted_cluster("/v1/peerings", json!([]), &id).await;
    let (code, _, stderr) = connect_interrupted(&mute.uri(), &acceptor.url, &[], id).await;
    assert_eq!(
        (code, stderr.as_str()),
        (Some(2), "Error: interrupted while checking both clusters\n  Nothing was changed.\n")
    );
}

#[test]
fn json_says_what_was_done() {
    let clusters = Clusters::start(&[], &[]);
    let run = |words: &[&str], status: i32| -> Value {
        let run = clusters.connect(&[words, &["-format", "json"]].concat()).run().status(status);
        assert_eq!(run.stderr, "", "{words:?}");
        serde_json::from_str(&run.stdout).unwrap()
    };
    let dry = run(&["-dry-run"], 0);
    assert_eq!((&dry["version"], &dry["status"]), (&json!(1), &json!("can_connect")));
    assert_eq!(dry["dialer"]["datacenter"], "dc2");
    assert_eq!(run(&["-wait", "120s"], 0)["status"], "connected");
    assert_eq!(run(&[], 0)["status"], "already_connected");
    let blocked = run(&["-name-at-dialer", "other"], 1);
    assert_eq!((&blocked["status"], &blocked["failure"]), (&json!("blocked"), &Value::Null));
    let message = blocked["obstacles"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("the name \"west\" at east is in use"), "{message}");

    let clusters = Clusters::start(&["-fault", "generate-no-gateway"], &[]);
    let run = clusters.connect(&["-format", "json"]).run().status(1);
    let failed: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&failed["status"], &failed["failure"]["step"]), (&json!("failed"), &json!("generate")));
    assert_eq!(failed["failure"]["clean_up"], json!(["peering delete -name west -context east -wait 60s"]));
}
