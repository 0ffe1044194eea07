//! Side by side with a real Consul: the same words to both command lines, the same exit code and the same output.
//!
//! Ignored unless asked for, since it needs a `consul`, which `CONSUL_BIN` names; it starts two agents on loopback, an
//! acceptor and a dialer.

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

/// What differs on purpose, and why. Each is shown to differ, so that none stays here that does not.
const DIFFERENCES: [(&str, &str); 9] = [
    (
        "several peer addresses",
        "`read`: Consul runs several peer server addresses together into one line; here each has its line",
    ),
    (
        "token from a file",
        "`establish`: `-peering-token @FILE` and `-peering-token -` read a file and standard input; Consul takes them \
         for the token itself",
    ),
    (
        "no boolean",
        "`CONSUL_HTTP_SSL_VERIFY` and `CONSUL_HTTP_SSL` that are no booleans are an error; Consul's client goes on",
    ),
    ("no such command", "A command that does not exist ends with 2; Consul's exit code is another"),
    (
        "404 of somebody else",
        "`read`: a 404 that is not Consul's is shown; Consul's client says that there is no peering",
    ),
    (
        "password in the address",
        "A user or a password in the address is an error that shows neither; Consul's client looks them up as a host",
    ),
    ("no address", "An address that cannot be one is an error that says so; Consul's client looks it up"),
    ("slash", "A slash that ends the address is nothing; Consul's client asks for `//v1`"),
    ("help=false", "`-help=false` and `-h=true` are help; for Consul they are a mistake"),
];

/// How much of two runs must agree.
#[derive(Clone, Copy, PartialEq)]
enum Same {
    /// Exit code and both streams, to the byte.
    All,
    /// Exit code, standard output, and the first line of standard error: usage texts are our own.
    FirstLine,
    /// The exit code: help texts are our own.
    ExitCode,
}

/// What one run left.
#[derive(Debug, PartialEq)]
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ran {
    /// What must agree.
    fn only(self, same: Same) -> Self {
        let Self { status, stdout, stderr } = self;
        match same {
            Same::All => Self { status, stdout, stderr: one_of_many(&stderr) },
            Same::FirstLine => {
                Self { status, stdout, stderr: stderr.lines().next().unwrap_or_default().to_owned() }
            }
            Same::ExitCode => Self { status, stdout: String::new(), stderr: String::new() },
        }
    }
}

/// How many attempts Consul makes in its three seconds differs from run to run: each error counts once.
fn one_of_many(stderr: &str) -> String {
    let Some((start, errors)) = stderr.split_once(" errors occurred:\n") else { return stderr.to_owned() };
    let mut lines: Vec<&str> = errors.lines().collect();
    lines.dedup();
    format!(
        "{} errors occurred:\n{}\n",
        start.trim_end_matches(|digit: char| digit.is_ascii_digit()),
        lines.join("\n")
    )
}

/// The two command lines, asking one agent.
struct Both<'a> {
    consul: &'a Path,
    address: &'a str,
    /// The differences that were shown to be some.
    shown: &'a RefCell<BTreeSet<String>>,
}

impl Both<'_> {
    fn consul(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let output = Command::new(self.consul)
            .arg("peering")
            .args(arguments)
            .env_clear()
            .env("CONSUL_HTTP_ADDR", self.address)
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Ran {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn ours(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut run = Peering::new(arguments).env("CONSUL_HTTP_ADDR", self.address).shows_secrets();
        for (name, value) in environment {
            run = run.env(name, value);
        }
        let finished = run.run();
        Ran { status: finished.status, stdout: finished.stdout, stderr: finished.stderr }
    }

    /// Runs the same words with both. What they ask about moves (streams, and the order in which Consul prints
    /// metadata), so they may agree at a later look.
    fn agree(&self, arguments: &[&str], same: Same) {
        const LOOKS: usize = 30;
        let mut looks = 0;
        loop {
            let (theirs, ours) =
                (self.consul(arguments, &[]).only(same), self.ours(arguments, &[]).only(same));
            looks += 1;
            if theirs == ours {
                return;
            }
            if !matches!(arguments[0], "list" | "read" | "exported-services") || looks == LOOKS {
                assert_eq!(ours, theirs, "{arguments:?} (left: ours, right: Consul's)");
            }
        }
    }

    /// Runs the same words with both, for a difference of the list.
    #[track_caller]
    fn differ(&self, difference: &str, arguments: &[&str], environment: &[(&str, &str)]) -> (Ran, Ran) {
        self.shown.borrow_mut().insert(difference.to_owned());
        let (ours, theirs) = (self.ours(arguments, environment), self.consul(arguments, environment));
        assert_ne!(ours, theirs, "{difference} is no difference");
        (ours, theirs)
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a consul, which CONSUL_BIN names"]
async fn both_command_lines_do_the_same() {
    let consul = std::env::var_os("CONSUL_BIN").expect("CONSUL_BIN names no consul to compare with");
    let (acceptor, dialer) =
        tokio::join!(Agent::start(Path::new(&consul), "dc1"), Agent::start(Path::new(&consul), "dc2"));
    tokio::task::spawn_blocking(move || compare(Path::new(&consul), &acceptor, &dialer)).await.unwrap();
}

fn compare(consul: &Path, acceptor: &Agent, dialer: &Agent) {
    let shown = RefCell::default();
    let at_acceptor = Both { consul, address: &acceptor.address, shown: &shown };
    let at_dialer = Both { consul, address: &dialer.address, shown: &shown };
    words_that_ask_nothing(&at_acceptor);
    nothing_is_there(&at_acceptor);
    ways_to_name_an_agent(&at_acceptor);
    generated_tokens_are_alike(&at_acceptor);
    refused_tokens(&at_acceptor, &at_dialer);
    established(&at_acceptor, &at_dialer);
    exported(&at_acceptor, &at_dialer);
    intended_differences(&at_acceptor, &at_dialer, acceptor);
    deleted(&at_acceptor, &at_dialer);
    let listed = DIFFERENCES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(*shown.borrow(), listed, "(left: shown to differ, right: the list)");
}

const COMMANDS: [&str; 6] = ["generate-token", "establish", "list", "read", "delete", "exported-services"];

/// Mistakes on the command line, and help.
fn words_that_ask_nothing(both: &Both<'_>) {
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
            both.agree(&[command, "extra", "-name", "x"], Same::All);
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

/// No peering yet, nobody there, and what the community edition does not have.
fn nothing_is_there(both: &Both<'_>) {
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
        let words = [&[command], name, more].concat();
        let with = |others: &[&str], same: Same| both.agree(&[&words[..], others].concat(), same);
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

/// Addresses as people write them, and flags that name nothing.
fn ways_to_name_an_agent(both: &Both<'_>) {
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

/// Tokens of both say the same, but for the secret.
fn generated_tokens_are_alike(both: &Both<'_>) {
    let said = |ran: Ran| {
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let text = match serde_json::from_str::<Value>(&ran.stdout) {
            Ok(json) => json["PeeringToken"].as_str().unwrap().to_owned(),
            Err(_) => ran.stdout.clone(),
        };
        let shape = ran.stdout.replace(text.trim(), "TOKEN");
        guard(&text);
        let mut token = token_json(&text);
        let secret = token["EstablishmentSecret"].take();
        assert_eq!(secret.as_str().unwrap().len(), 36);
        (shape, token)
    };
    for words in [
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
        assert_eq!(said(both.ours(words, &[])), said(both.consul(words, &[])), "{words:?}");
    }
    for words in [
        &["list"][..],
        &["list", "-format=json"],
        &["read", "-name", "meta"],
        &["read", "-name=meta", "-format=json"],
    ] {
        both.agree(words, Same::All);
    }
}

fn token(both: &Both<'_>, name: &str, ours: bool) -> String {
    let words = ["generate-token", "-name", name];
    let ran = if ours { both.ours(&words, &[]) } else { both.consul(&words, &[]) };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    guard(&ran.stdout);
    ran.stdout.trim().to_owned()
}

/// The token with something else in it.
fn with_changes(token: &str, change: &dyn Fn(&mut Value)) -> String {
    let mut json = token_json(token);
    change(&mut json);
    BASE64_STANDARD.encode(json.to_string())
}

/// Tokens that cannot be used, in the same words.
fn refused_tokens(acceptor: &Both<'_>, dialer: &Both<'_>) {
    let good = token(acceptor, "refused", true);
    let changed = |change: &dyn Fn(&mut Value)| with_changes(&good, change);
    let superseded = good.clone();
    for bad in [
        "garbage".to_owned(),
        good[..good.len() / 2 / 4 * 4].to_owned(),
        changed(&|json| json["ServerAddresses"] = Value::Null),
        changed(&|json| json["PeerID"] = "".into()),
        changed(&|json| json["CA"][0] = "no certificate".into()),
        changed(&|json| json["ServerAddresses"] = serde_json::json!(["127.0.0.1:1"])),
        changed(&|json| json["EstablishmentSecret"] = "11111111-2222-3333-4444-555555555555".into()),
    ] {
        dialer.agree(&["establish", "-name", "refused", "-peering-token", &bad], Same::All);
    }
    dialer.agree(&["establish", "-name", "NO_NAME", "-peering-token", &good], Same::All);
    // In its own cluster, and once it is stale.
    acceptor.agree(&["establish", "-name", "self", "-peering-token", &good], Same::All);
    let _newer = token(acceptor, "refused", false);
    dialer.agree(&["establish", "-name", "refused", "-peering-token", &superseded], Same::All);
    dialer.agree(&["read", "-name", "refused"], Same::All);
}

/// Tokens of ours are used by Consul, and Consul's by ours.
fn established(acceptor: &Both<'_>, dialer: &Both<'_>) {
    for (name, of_ours) in [("by-consul", true), ("by-ours", false), ("ours-alone", true)] {
        let token = token(acceptor, name, of_ours);
        let words = ["establish", "-name", name, "-peering-token", &token, "-meta", "k=v"];
        let ran = if name == "by-consul" { dialer.consul(&words, &[]) } else { dialer.ours(&words, &[]) };
        let said = format!("Successfully established peering connection with {name}\n");
        assert_eq!(ran, Ran { status: 0, stdout: said, stderr: String::new() }, "{name}");
        dialer.agree(&words, Same::All); // it is spent
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
    // An established name cannot generate on the dialing side.
    dialer.agree(&["generate-token", "-name", "by-ours"], Same::All);
}

/// Services that go over a peering: Consul's own commands register and export them.
fn exported(acceptor: &Both<'_>, dialer: &Both<'_>) {
    let folder = tempfile::tempdir().unwrap();
    let entry = folder.path().join("exported.json");
    let services = ["web", "api"].map(|name| {
        let peers = ["by-consul", "by-ours"].map(|peer| serde_json::json!({ "Peer": peer }));
        serde_json::json!({ "Name": name, "Consumers": peers })
    });
    let exported =
        serde_json::json!({ "Kind": "exported-services", "Name": "default", "Services": services });
    std::fs::write(&entry, exported.to_string()).unwrap();
    for words in [
        &["services", "register", "-name=web"][..],
        &["services", "register", "-name=api"],
        &["config", "write", entry.to_str().unwrap()],
    ] {
        let output = Command::new(acceptor.consul)
            .args(words)
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

fn intended_differences(acceptor: &Both<'_>, dialer: &Both<'_>, agent: &Agent) {
    // Consul shows the servers' own addresses, of which a cluster of one server has one: the token is given a second.
    let addresses = format!("127.0.0.1:{0},localhost:{0}", agent.grpc_tls_port);
    let token = with_changes(&token(acceptor, "several", true), &|json| {
        json["ServerAddresses"] = addresses.split(',').collect();
    });
    let used = dialer.ours(&["establish", "-name", "several", "-peering-token", &token], &[]);
    assert_eq!(used.status, 0, "{}", used.stderr);
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

    let words = ["establish", "-name", "file", "-peering-token", "@/nothing/is/here"];
    let (ours, theirs) = dialer.differ("token from a file", &words, &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
    assert!(ours.stderr.contains("no such file"), "{}", ours.stderr);
    assert!(theirs.stderr.contains("illegal base64"), "{}", theirs.stderr);

    let (ours, theirs) = dialer.differ("no boolean", &["list"], &[("CONSUL_HTTP_SSL_VERIFY", "nope")]);
    assert_eq!((ours.status, theirs.status), (1, 0));

    let (ours, _) = dialer.differ("no such command", &["nope"], &[]);
    assert_eq!(ours.status, 2);

    let with_password = dialer.address.replace("://", "://user:sesame@");
    let (ours, theirs) =
        dialer.differ("password in the address", &["list", "-http-addr", &with_password], &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
    assert!(!ours.stderr.contains("sesame"), "{}", ours.stderr);
    assert!(theirs.stderr.contains("sesame"), "{}", theirs.stderr);

    let (ours, theirs) = dialer.differ("no address", &["list", "-http-addr", "127.0.0.1:99999"], &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));

    let slash = format!("{}/", dialer.address);
    let (ours, theirs) = dialer.differ("slash", &["list", "-http-addr", &slash], &[]);
    assert_eq!((ours.status, theirs.status), (0, 1));

    let (ours, theirs) = dialer.differ("help=false", &["list", "-help=false"], &[]);
    assert_eq!((ours.status, theirs.status), (0, 1));

    let elsewhere = format!("{}/ui/nowhere", dialer.address);
    let words = ["read", "-name", "x", "-http-addr", &elsewhere];
    let (ours, theirs) = dialer.differ("404 of somebody else", &words, &[]);
    assert_eq!((ours.status, theirs.status), (1, 1));
}

/// Peerings that one side deletes: the other side's are TERMINATED.
fn deleted(acceptor: &Both<'_>, dialer: &Both<'_>) {
    acceptor.agree(&["delete", "-name", "by-ours"], Same::All);
    acceptor.agree(&["delete", "--name=by-consul", "ignored"], Same::All);
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
    assert!((0..600).any(|_| is_terminated()), "the dialer was not told");
    dialer.agree(&["read", "-name", "by-ours"], Same::All);
    dialer.agree(&["list"], Same::All);
    dialer.agree(&["delete", "-name", "by-ours"], Same::All);
    dialer.agree(&["read", "-name", "by-ours"], Same::All);
}
