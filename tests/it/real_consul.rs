//! Comparison with a real Consul: both command lines get the same arguments and must have the same output and exit code.
//!
//! Ignored by default, because it needs a `consul` binary (`CONSUL_BIN`). It starts two agents on loopback, an acceptor and a
//! dialer.

mod agent;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::peering::{Peering, guard, token_json};
use agent::Agent;

/// Intended differences and their reasons. The test checks that each of them exists.
const DIFFERENCES: [(&str, &str); 10] = [
    (
        "several peer addresses",
        "`read`: Consul prints all peer server addresses in one line; this tool prints one per line",
    ),
    (
        "token from a file",
        "`establish`: `-peering-token @FILE` and `-peering-token -` read a file and standard input; Consul reads them as \
         the token itself",
    ),
    (
        "not a boolean",
        "`CONSUL_HTTP_SSL_VERIFY` and `CONSUL_HTTP_SSL` that are not booleans are an error; Consul's client ignores them",
    ),
    ("unknown command", "An unknown command exits with status 2; Consul's exit code differs"),
    (
        "404 from another server",
        "`read`: a 404 that is not from Consul is an error; Consul's client reports that there is no peering",
    ),
    (
        "password in the address",
        "A user or a password in the address is an error that shows neither; Consul's client resolves them as a host",
    ),
    ("invalid address", "An invalid address is an error; Consul's client resolves it"),
    ("slash", "A slash at the end of the address is ignored; Consul's client requests `//v1`"),
    (
        "delete with other words",
        "`delete` with a word that is not a flag deletes nothing; Consul ignores the word",
    ),
    ("help=false", "`-help=false` and `-h=true` show help; for Consul they are an error"),
];

/// What must be the same in two runs.
#[derive(Clone, Copy, PartialEq)]
enum Same {
    /// Exit code and both streams, byte for byte. This tool adds a line with the fix, and a warning about ignored words.
    All,
    /// Exit code, standard output, and the first line of standard error: usage texts differ.
    FirstLine,
    /// Exit code: help texts differ.
    ExitCode,
}

/// The result of one run.
#[derive(Debug, PartialEq)]
struct Output {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Output {
    /// Keeps only what must be the same.
    fn only(self, same: Same) -> Self {
        let Self { status, stdout, stderr } = self;
        match same {
            Same::All => {
                Self { status, stdout, stderr: without_repeated_errors(&without_additions(&stderr)) }
            }
            Same::FirstLine => {
                let stderr = without_additions(&stderr).lines().next().unwrap_or_default().to_owned();
                Self { status, stdout, stderr }
            }
            Same::ExitCode => Self { status, stdout: String::new(), stderr: String::new() },
        }
    }
}

/// Removes the lines that this tool adds to Consul's errors.
fn without_additions(stderr: &str) -> String {
    let is_added = |line: &&str| line.starts_with("  Fix: ") || line.starts_with("Warning: ignored ");
    stderr.split_inclusive('\n').filter(|line| !is_added(line)).collect()
}

/// Keeps one of each error, because the number of attempts that Consul makes in three seconds varies.
fn without_repeated_errors(stderr: &str) -> String {
    let Some((start, errors)) = stderr.split_once(" errors occurred:\n") else { return stderr.to_owned() };
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.dedup();
    format!(
        "{} errors occurred:\n{}\n",
        start.trim_end_matches(|digit: char| digit.is_ascii_digit()),
        lines.join("\n")
    )
}

/// The two command lines, querying one agent.
struct Both<'a> {
    consul: &'a Path,
    address: &'a str,
    /// The differences that were found.
    found: &'a RefCell<BTreeSet<String>>,
}

impl Both<'_> {
    fn consul(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let output = Command::new(self.consul)
            .arg("peering")
            .args(arguments)
            .env_clear()
            .env("CONSUL_HTTP_ADDR", self.address)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Output {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn ours(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut run = Peering::new().args(arguments).env("CONSUL_HTTP_ADDR", self.address).shows_secrets();
        for (name, value) in environment {
            run = run.env(name, value);
        }
        let finished = run.run();
        Output { status: finished.status, stdout: finished.stdout, stderr: finished.stderr }
    }

    /// Runs both with the same arguments. Streams and the order of metadata change, so reading commands are retried.
    fn agree(&self, arguments: &[&str], same: Same) {
        const MAX_ATTEMPTS: usize = 30;
        let mut attempts = 0;
        loop {
            let (theirs, ours) =
                (self.consul(arguments, &[]).only(same), self.ours(arguments, &[]).only(same));
            attempts += 1;
            if theirs == ours {
                return;
            }
            if !matches!(arguments[0], "list" | "read" | "exported-services") || attempts == MAX_ATTEMPTS {
                assert_eq!(ours, theirs, "{arguments:?} (left: ours, right: Consul's)");
            }
        }
    }

    /// Runs both with the same arguments, and checks an intended difference.
    #[track_caller]
    fn differ(&self, difference: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (Output, Output) {
        self.found.borrow_mut().insert(difference.to_owned());
        let (ours, theirs) = (self.ours(arguments, environment), self.consul(arguments, environment));
        assert_ne!(ours, theirs, "{difference}: there is no difference");
        (ours, theirs)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a consul binary, set CONSUL_BIN"]
async fn both_command_lines_have_the_same_output() {
    let consul = std::env::var_os("CONSUL_BIN").expect("set CONSUL_BIN to a consul binary");
    let (acceptor, dialer) =
        tokio::join!(Agent::start(Path::new(&consul), "dc1"), Agent::start(Path::new(&consul), "dc2"));
    tokio::task::spawn_blocking(move || compare(Path::new(&consul), &acceptor, &dialer)).await.unwrap();
}

fn compare(consul: &Path, acceptor: &Agent, dialer: &Agent) {
    let found = RefCell::default();
    let at_acceptor = Both { consul, address: &acceptor.address, found: &found };
    let at_dialer = Both { consul, address: &dialer.address, found: &found };
    commands_without_requests(&at_acceptor);
    without_peerings(&at_acceptor);
    agent_addresses(&at_acceptor);
    generated_tokens_are_alike(&at_acceptor);
    rejected_tokens(&at_acceptor, &at_dialer);
    established(&at_acceptor, &at_dialer);
    exported(&at_acceptor, &at_dialer);
    intended_differences(&at_acceptor, &at_dialer);
    deleted(&at_acceptor, &at_dialer);
    let listed = DIFFERENCES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(*found.borrow(), listed, "(left: differences found, right: the list)");
}

const COMMANDS: [&str; 6] = ["generate-token", "establish", "list", "read", "delete", "exported-services"];

/// Errors on the command line, and help.
fn commands_without_requests(both: &Both<'_>) {
    for command in COMMANDS {
        for help in ["-h", "-help", "--help"] {
            both.agree(&[command, help], Same::ExitCode);
        }
        for mistake in
            [&["-nope"][..], &["-name"], &["---name", "x"], &["-=x"], &["-http-addr"], &["-format"]]
        {
            both.agree(&[&[command], mistake].concat(), Same::FirstLine);
        }
        both.agree(&[command, "-name", "x", "-stale"], Same::FirstLine);
        if command != "list" {
            both.agree(&[command], Same::All);
            both.agree(&[command, "-name", ""], Same::All);
            if command != "delete" {
                both.agree(&[command, "extra", "-name", "x"], Same::All);
            }
        }
        if !matches!(command, "delete" | "establish") {
            both.agree(&[command, "-name=zzz", "-format", "yaml"], Same::FirstLine);
            both.agree(&[command, "-format="], Same::FirstLine);
        }
    }
    both.agree(&["establish", "-name", "x"], Same::All);
    both.agree(&["establish", "-name", "x", "-peering-token="], Same::All);
    for command in ["establish", "generate-token"] {
        both.agree(&[command, "-name", "x", "-meta", "noeq"], Same::FirstLine);
    }
}

/// Commands without peerings, without a server, and with features of Enterprise.
fn without_peerings(both: &Both<'_>) {
    for format in ["pretty", "json"] {
        both.agree(&["list", "-format", format], Same::All);
        both.agree(&["list", "-format", format, "ignored"], Same::All);
        for command in ["read", "exported-services"] {
            both.agree(&[command, "-name", "zzz", "-format", format], Same::All);
            both.agree(&[command, "--name=zzz", &format!("--format={format}")], Same::All);
        }
    }
    both.agree(&["delete", "-name", "zzz"], Same::All);
    for (command, more) in [
        ("generate-token", &[][..]),
        ("establish", &["-peering-token", "garbage"]),
        ("list", &[]),
        ("read", &[]),
        ("delete", &[]),
        ("exported-services", &[]),
    ] {
        let name: &[&str] = if command == "list" { &[] } else { &["-name", "zzz"] };
        let arguments = [&[command], name, more].concat();
        let with = |others: &[&str], same: Same| both.agree(&[&arguments[..], others].concat(), same);
        with(&["-partition", "team-a"], Same::All);
        with(&["-http-addr", "127.0.0.1:1"], Same::All);
        with(&["-http-addr", "gopher://127.0.0.1:1"], Same::All);
        with(&["-http-addr", &format!("https://{}", both.address.trim_start_matches("http://"))], Same::All);
        with(&["-client-cert", "nothing.pem"], Same::All);
        with(&["-token-file", "/nothing/is/here"], Same::All);
        with(&["-token", "11111111-2222-3333-4444-555555555555", "-http-addr", "127.0.0.1:1"], Same::All);
    }
    both.agree(&["list", "-token", "11111111-2222-3333-4444-555555555555"], Same::All);
    both.agree(&["generate-token", "-name", "CLI_1"], Same::All);
    both.agree(&["generate-token", "-name", "-"], Same::All);
}

/// Addresses in all forms, and empty flags.
fn agent_addresses(both: &Both<'_>) {
    let port = both.address.rsplit_once(':').unwrap().1;
    for address in [
        &format!(":{port}"),
        &format!("http://:{port}"),
        &format!("localhost:{port}"),
        ":1",
        "http://",
        "https://",
        "::1:1",
        "[::1]:1",
        "http://[::1]:1/v9",
        "127.0.0.1",
        "https://127.0.0.1",
        "[::1]",
        "localhost:",
        &format!("{}/nowhere", both.address),
    ] {
        both.agree(&["list", "-http-addr", address], Same::All);
    }
    for name in ["-token-file", "-ca-file", "-ca-path", "-client-cert", "-client-key"] {
        both.agree(&["list", name, ""], Same::All);
        both.agree(&["list", &format!("{name}=")], Same::All);
        both.agree(&["list", name, "/nothing/is/here"], Same::All);
    }
    both.agree(&["list", "-token-file", "/"], Same::All);
    both.agree(&["list", "-ca-file", "/"], Same::All);
    for token in ["a\nb", "\u{1}", "\u{e9}", " "] {
        both.agree(&["list", "-token", token], Same::All);
        both.agree(&["generate-token", "-name", "x", "-token", token, "-format", "x"], Same::FirstLine);
    }
}

/// Tokens of both are the same, except for the secret.
fn generated_tokens_are_alike(both: &Both<'_>) {
    let decoded = |output: Output| {
        assert_eq!((output.status, without_additions(&output.stderr).as_str()), (0, ""));
        let text = match serde_json::from_str::<Value>(&output.stdout) {
            Ok(json) => json["PeeringToken"].as_str().unwrap().to_owned(),
            Err(_) => output.stdout.clone(),
        };
        let shape = output.stdout.replace(text.trim(), "TOKEN");
        guard(&text);
        let mut token = token_json(&text);
        let secret = token["EstablishmentSecret"].take();
        assert_eq!(secret.as_str().unwrap().len(), 36);
        (shape, token)
    };
    for arguments in [
        &["generate-token", "-name", "west"][..],
        &["generate-token", "--name=west", "-format=json"],
        &["generate-token", "-name", "west", "-format", "pretty", "ignored"],
        &["generate-token", "-name", "meta", "-meta", "env=prod", "-meta", "a=b=c", "-meta", "empty="],
        &[
            "generate-token",
            "-name",
            "outside",
            "-server-external-addresses",
            "lb.example:8503,10.0.0.1:8503",
        ],
    ] {
        assert_eq!(decoded(both.ours(arguments, &[])), decoded(both.consul(arguments, &[])), "{arguments:?}");
    }
    for arguments in [
        &["list"][..],
        &["list", "-format=json"],
        &["read", "-name", "meta"],
        &["read", "-name=meta", "-format=json"],
    ] {
        both.agree(arguments, Same::All);
    }
}

fn token(both: &Both<'_>, name: &str, ours: bool) -> String {
    let arguments = ["generate-token", "-name", name];
    let output = if ours { both.ours(&arguments, &[]) } else { both.consul(&arguments, &[]) };
    assert_eq!(output.status, 0, "{}", output.stderr);
    guard(&output.stdout);
    output.stdout.trim().to_owned()
}

/// Changes the JSON of a token.
fn with_changes(token: &str, change: &dyn Fn(&mut Value)) -> String {
    let mut json = token_json(token);
    change(&mut json);
    BASE64_STANDARD.encode(json.to_string())
}

/// Tokens that cannot be used: the errors are the same.
fn rejected_tokens(acceptor: &Both<'_>, dialer: &Both<'_>) {
    let good = token(acceptor, "refused", true);
    let changed = |change: &dyn Fn(&mut Value)| with_changes(&good, change);
    let superseded = good.clone();
    for bad in [
        "garbage".to_owned(),
        good[..good.len() / 2 / 4 * 4].to_owned(),
        changed(&|json| json["ServerAddresses"] = Value::Null),
        changed(&|json| json["PeerID"] = "".into()),
        changed(&|json| json["CA"][0] = "not a certificate".into()),
        changed(&|json| json["ServerAddresses"] = serde_json::json!(["127.0.0.1:1"])),
        changed(&|json| json["EstablishmentSecret"] = "11111111-2222-3333-4444-555555555555".into()),
    ] {
        dialer.agree(&["establish", "-name", "refused", "-peering-token", &bad], Same::All);
    }
    dialer.agree(&["establish", "-name", "NO_NAME", "-peering-token", &good], Same::All);
    // In its own cluster, and after it was superseded.
    acceptor.agree(&["establish", "-name", "self", "-peering-token", &good], Same::All);
    let _newer = token(acceptor, "refused", false);
    dialer.agree(&["establish", "-name", "refused", "-peering-token", &superseded], Same::All);
    dialer.agree(&["read", "-name", "refused"], Same::All);
}

/// Each command line establishes peerings with tokens of the other.
fn established(acceptor: &Both<'_>, dialer: &Both<'_>) {
    for (name, is_ours) in [("by-consul", true), ("by-ours", false), ("ours-alone", true)] {
        let token = token(acceptor, name, is_ours);
        let arguments = ["establish", "-name", name, "-peering-token", &token, "-meta", "k=v"];
        let output =
            if name == "by-consul" { dialer.consul(&arguments, &[]) } else { dialer.ours(&arguments, &[]) };
        let expected = format!("Successfully established peering connection with {name}\n");
        assert_eq!(output, Output { status: 0, stdout: expected, stderr: String::new() }, "{name}");
        dialer.agree(&arguments, Same::All); // the token is spent
    }
    for both in [acceptor, dialer] {
        both.agree(&["list"], Same::All);
        both.agree(&["list", "-format=json"], Same::All);
        for name in ["by-consul", "by-ours", "ours-alone"] {
            both.agree(&["read", "-name", name], Same::All);
            both.agree(&["read", "-name", name, "-format", "json"], Same::All);
            both.agree(&["exported-services", "-name", name], Same::All);
            both.agree(&["exported-services", "-name", name, "-format", "json"], Same::All);
        }
    }
    // The dialer cannot generate a token for an established name.
    dialer.agree(&["generate-token", "-name", "by-ours"], Same::All);
}

/// Exported services, which Consul's own commands register and export.
fn exported(acceptor: &Both<'_>, dialer: &Both<'_>) {
    let directory = tempfile::tempdir().unwrap();
    let entry = directory.path().join("exported.json");
    let services = ["web", "api"].map(|name| {
        let peers = ["by-consul", "by-ours"].map(|peer| serde_json::json!({ "Peer": peer }));
        serde_json::json!({ "Name": name, "Consumers": peers })
    });
    let exported =
        serde_json::json!({ "Kind": "exported-services", "Name": "default", "Services": services });
    std::fs::write(&entry, exported.to_string()).unwrap();
    for arguments in [
        &["services", "register", "-name=web"][..],
        &["services", "register", "-name=api"],
        &["config", "write", entry.to_str().unwrap()],
    ] {
        let output = Command::new(acceptor.consul)
            .args(arguments)
            .env_clear()
            .env("CONSUL_HTTP_ADDR", acceptor.address)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    for name in ["by-consul", "by-ours", "ours-alone"] {
        for format in ["pretty", "json"] {
            acceptor.agree(&["exported-services", "-name", name, "-format", format], Same::All);
            for both in [acceptor, dialer] {
                both.agree(&["read", "-name", name, "-format", format], Same::All);
                both.agree(&["list", "-format", format], Same::All);
            }
        }
    }
    assert_eq!(acceptor.ours(&["exported-services", "-name", "by-ours"], &[]).stdout, "api\nweb\n");
}

fn intended_differences(acceptor: &Both<'_>, dialer: &Both<'_>) {
    // A peering that was not established keeps the addresses of its token; then those of the acceptor's servers replace
    // them, and there is one server.
    let addresses = "127.0.0.1:1,localhost:1";
    let token = with_changes(&token(acceptor, "several", true), &|json| {
        json["ServerAddresses"] = addresses.split(',').collect();
    });
    let used = dialer.ours(&["establish", "-name", "several", "-peering-token", &token], &[]);
    assert_eq!(used.status, 1, "{}", used.stderr);
    let (ours, theirs) = dialer.differ("several peer addresses", &["read", "-name", "several"], &[]);
    assert!(
        ours.stdout.contains(&format!("    {}\nImported", addresses.replace(',', "\n    "))),
        "{}",
        ours.stdout
    );
    assert!(
        theirs.stdout.contains(&format!("    {}\nImported", addresses.replace(',', "    "))),
        "{}",
        theirs.stdout
    );

    let arguments = ["establish", "-name", "file", "-peering-token", "@/nothing/is/here"];
    let (ours, theirs) = dialer.differ("token from a file", &arguments, &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
    assert!(ours.stderr.contains("no such file"), "{}", ours.stderr);
    assert!(theirs.stderr.contains("illegal base64"), "{}", theirs.stderr);

    let (ours, theirs) = dialer.differ("not a boolean", &["list"], &[("CONSUL_HTTP_SSL_VERIFY", "nope")]);
    assert_eq!((ours.status, theirs.status), (1, 0));

    let (ours, _) = dialer.differ("unknown command", &["nope"], &[]);
    assert_eq!(ours.status, 2);

    let with_password = dialer.address.replace("://", "://user:sesame@");
    let (ours, theirs) =
        dialer.differ("password in the address", &["list", "-http-addr", &with_password], &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
    assert!(!ours.stderr.contains("sesame"), "{}", ours.stderr);
    assert!(theirs.stderr.contains("sesame"), "{}", theirs.stderr);

    let (ours, theirs) = dialer.differ("invalid address", &["list", "-http-addr", "127.0.0.1:99999"], &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));

    let slash = format!("{}/", dialer.address);
    let (ours, theirs) = dialer.differ("slash", &["list", "-http-addr", &slash], &[]);
    assert_eq!((ours.status, theirs.status), (0, 1));

    let (ours, theirs) = dialer.differ("help=false", &["list", "-help=false"], &[]);
    assert_eq!((ours.status, theirs.status), (0, 1));

    let arguments = ["delete", "extra", "-name", "x"];
    let (ours, theirs) = dialer.differ("delete with other words", &arguments, &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
    assert!(ours.stderr.contains("nothing was deleted"), "{}", ours.stderr);

    let elsewhere = format!("{}/ui/nowhere", dialer.address);
    let arguments = ["read", "-name", "x", "-http-addr", &elsewhere];
    let (ours, theirs) = dialer.differ("404 from another server", &arguments, &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
}

/// Peerings that one side deletes become TERMINATED on the other side.
fn deleted(acceptor: &Both<'_>, dialer: &Both<'_>) {
    acceptor.agree(&["delete", "-name", "by-ours"], Same::All);
    acceptor.agree(&["delete", "--name=by-consul"], Same::All);
    for both in [acceptor, dialer] {
        for name in ["by-ours", "by-consul"] {
            both.agree(&["read", "-name", name], Same::All);
            both.agree(&["read", "-name", name, "-format", "json"], Same::All);
            both.agree(&["exported-services", "-name", name], Same::All);
        }
        both.agree(&["list"], Same::All);
        both.agree(&["list", "-format", "json"], Same::All);
    }
    let is_terminated = || dialer.ours(&["read", "-name", "by-ours"], &[]).stdout.contains("TERMINATED");
    assert!((0..600).any(|_| is_terminated()), "the dialer did not notice the deletion");
    dialer.agree(&["read", "-name", "by-ours"], Same::All);
    dialer.agree(&["list"], Same::All);
    dialer.agree(&["delete", "-name", "by-ours"], Same::All);
    dialer.agree(&["read", "-name", "by-ours"], Same::All);
}
