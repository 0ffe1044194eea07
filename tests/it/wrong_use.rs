//! How each wrong use ends: exit code and the error that people see.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;

use crate::peering::{Dev, Finished, Peering, fixture, guard};

/// A wrong use, and how to run it.
struct WrongUse {
    title: &'static str,
    command: &'static str,
    change: fn(Peering) -> Peering,
}

fn plain(peering: Peering) -> Peering {
    peering
}

const fn of(title: &'static str, command: &'static str) -> WrongUse {
    WrongUse { title, command, change: plain }
}

const fn with(title: &'static str, command: &'static str, change: fn(Peering) -> Peering) -> WrongUse {
    WrongUse { title, command, change }
}

fn token() -> String {
    std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap()
}

/// By topic, in the order of the snapshot.
const ALL: &[(&str, &[WrongUse])] = &[
    (
        "Commands and flags",
        &[
            of("No command", ""),
            of("A mistyped command", "insepct west.token"),
            of("A flag before the command", "-format json list"),
            of("A mistyped flag", "inspect -fromat json west.token"),
            of("A flag of other programs", "inspect -o json west.token"),
            of("A format as a flag", "list --json"),
            of("A flag without its value", "validate west.token -format"),
            of("A flag with an invalid value", "validate -format jsn west.token"),
            of("A boolean flag with another value", "validate -strict=maybe west.token"),
            of("A flag that is not a duration", "validate -expires-within 60days west.token"),
            of("A check that does not exist", "validate -skip ca-expird west.token"),
            of("Flags that exclude each other", "inspect -pem -field peer_id west.token"),
            of("A missing argument", "inspect"),
            of("An argument too many", "diff west.token west.token west.token"),
            of("An unknown help topic", "help formts"),
            of("A command of a group that does not exist", "ledger improt"),
        ],
    ),
    (
        "Words that Consul's commands ignore",
        &[
            of("A stray word", "read -name west extra"),
            of("Flags after a stray word", "read extra -name west"),
            of("delete refuses stray words", "delete -name west east"),
            of("A missing name", "generate-token"),
            of("A format that Consul does not have", "list -format yaml"),
        ],
    ),
    (
        "Files",
        &[
            of("A file that does not exist", "inspect wset.token"),
            of("The same with @", "inspect @wset.token"),
            of("A word that is not a file", "inspect west"),
            of("An empty file", "inspect empty.token"),
            of("A file without permission", "inspect secret.token"),
            of("A directory without files", "validate nothing"),
            of("A pattern without a match", "validate *.tokn"),
            of("A token after @", "inspect @eyJDQSI6bnVsbCwiU2VydmVyQWRkcmVzc2VzIjpb"),
            of("Standard input twice", "diff - -"),
            of("A snapshot that does not exist", "stale west.token -offline -snapshot state.snp"),
            of("A log that does not exist", "explain -log consul.lgo"),
            of("A batch that does not exist", "validate -batch tokens.txtt"),
            of("A path to search that does not exist", "find src"),
            of("A token instead of a path to search", "find eyJDQSI6bnVsbCwiU2VydmVyQWRkcmVzc2VzIjpb"),
            of("A baseline that does not exist", "find west.token -baseline known.txt"),
            of("A configuration file that does not exist", "inspect west.token -config missing.toml"),
        ],
    ),
    (
        "Texts that are not a token",
        &[
            of("A variable in single quotes", "inspect $PEERING_TOKEN"),
            of("A placeholder", "inspect <token>"),
            with("An empty pipe", "inspect -", |peering| peering.stdin("")),
            with("A PeeringAcceptor", "inspect -", |peering| {
                peering.stdin(std::fs::read(fixture("checks/not-a-token/fires.txt")).unwrap())
            }),
            with("A failed command before the pipe", "inspect -", |peering| {
                peering.stdin(
                    "Error generating peering token: Unexpected response code: 403 (Permission denied)\n",
                )
            }),
            of("An ACL token", "inspect 11111111-2222-3333-4444-555555555555"),
            of("An error message that is empty", "diagnose -error ''"),
            of("Nothing known about a text", "explain zzzz"),
        ],
    ),
    (
        "Clusters and surroundings",
        &[
            of("Nothing listens at the address", "list"),
            of("The same for stale", "stale west.token"),
            of("The same for diagnose", "diagnose west.token -http-addr 127.0.0.1:1"),
            of("The same for a peering", "diagnose -name west"),
            of("An address with an unknown scheme", "list -http-addr ftp://127.0.0.1:8500"),
            of("A port that does not exist", "list -http-addr 127.0.0.1:99999"),
            // Without HOME, the home directory is that of the user who runs the test, with a ledger perhaps.
            with("A home directory that does not exist, and no state directory", "history", |peering| {
                peering.env("HOME", "/nonexistent/home").env("PEERING_STATE_DIR", "")
            }),
            with("A reader that closed the pipe", "help", Peering::without_reader),
            with("A locale without UTF-8", "inspect west", |peering| peering.env("LANG", "C")),
        ],
    ),
];

fn run(case: &WrongUse) -> Finished {
    let words: Vec<&str> =
        case.command.split_whitespace().map(|word| if word == "''" { "" } else { word }).collect();
    let peering =
        (case.change)(Peering::new().args(words).file("west.token", token()).file("empty.token", ""));
    let peering = peering.file("secret.token", token());
    let secret = peering.home().join("secret.token");
    std::fs::set_permissions(secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    std::fs::create_dir(peering.home().join("nothing")).unwrap();
    peering.run()
}

#[test]
fn every_wrong_use_names_what_is_wrong_and_what_to_do() {
    let is_root = rustix::process::getuid().is_root();
    let mut page = String::from("Wrong use of peering, exit codes and errors\n");
    let mut count = 0;
    for (topic, cases) in ALL {
        write!(page, "\n{topic}\n").unwrap();
        for case in *cases {
            let finished = run(case);
            count += 1;
            // root reads every file.
            let stderr = if is_root && case.title == "A file without permission" {
                "Error: cannot read secret.token: permission denied\n  Fix: run the command as the user who can read it, or change its permissions\n".to_owned()
            } else {
                finished.stderr.replace(finished.home.path().to_str().unwrap(), "HOME")
            };
            let status =
                if is_root && case.title == "A file without permission" { 2 } else { finished.status };
            let first = finished.stdout.lines().next().unwrap_or_default();
            let stderr = if stderr.is_empty() { format!("{first} (standard output)") } else { stderr };
            let lines: String =
                stderr.lines().take(4).fold(String::new(), |text, line| text + "      " + line + "\n");
            write!(page, "\n  {}\n    $ peering {}\n    exit {status}\n{lines}", case.title, case.command)
                .unwrap();
        }
    }
    assert!(count >= 40, "{count}");
    insta::assert_snapshot!("wrong_use", page);
}

/// Each command asks one of the two clusters. The first line says which one, if it is not the one that was asked.
#[test]
fn the_wrong_cluster_is_the_first_line() {
    let homes = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [acceptor, dialer, other] = homes.each_ref().map(|home| Dev::start(home.path(), &[]));
    let at = |cluster: &Dev, words: &[&str]| {
        Peering::new().args(words).args(["-http-addr", &cluster.url, "-ledger=off"])
    };
    let generated = at(&acceptor, &["generate-token", "-name", "east"]).shows_secrets().run().status(0);
    let token = generated.stdout;
    guard(&token);
    let first_line = |cluster: &Dev, words: &[&str]| {
        let shown = at(cluster, words).stdin(token.clone()).run().stdout;
        // The screen is 80 columns wide.
        shown.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (acceptor_url, dialer_url, other_url) = (&acceptor.url, &dialer.url, &other.url);
    let wrong_for_stale = first_line(&other, &["stale", "-"]);
    assert!(
        wrong_for_stale.starts_with(&format!(
            "! Undetermined: {other_url} is not the accepting cluster, which generated the token; ask that one."
        )),
        "{wrong_for_stale}"
    );
    let wrong_for_diagnose = first_line(&acceptor, &["diagnose", "-"]);
    assert!(
        wrong_for_diagnose.starts_with(&format!(
            "✗ {acceptor_url} is the accepting cluster, which generated the token; ask the dialing one."
        )),
        "{wrong_for_diagnose}"
    );
    let unknown = first_line(&other, &["diagnose", "-name", "east"]);
    assert!(unknown.starts_with(&format!("✗ {other_url} has no peering named \"east\".")), "{unknown}");
    // A failed establish leaves a peering, by which the dialer is known.
    let dead = at(&dialer, &["establish", "-name", "west", "-peering-token", "-"]);
    drop(acceptor);
    dead.stdin(token.clone()).run().status(1);
    let tried = first_line(&dialer, &["stale", "-"]);
    assert!(
        tried.starts_with(&format!(
            "! Undetermined: {dialer_url} is the dialing cluster; ask the accepting one."
        )),
        "{tried}"
    );
}
