//! `-wait`, `-require` and `diagnose` without arguments, against embedded acceptors that serve both sides.

use crate::peering::{Dev, Finished, Peering};

fn token(acceptor: &Dev) -> String {
    let run =
        Peering::new().args(["generate-token", "-name", "east", "-ledger=off", "-http-addr", &acceptor.url]);
    let token = run.shows_secrets().run().status(0).stdout;
    crate::peering::guard(&token);
    token
}

fn on(cluster: &Dev, arguments: &[&str], stdin: &str) -> Finished {
    Peering::new().args(arguments).args(["-http-addr", &cluster.url]).stdin(stdin).run()
}

const ESTABLISH: [&str; 6] = ["establish", "-name", "west", "-peering-token", "-", "-wait"];

#[test]
fn each_command_waits_until_the_peering_is_as_expected() {
    let (home, other_home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (acceptor, dialer) = (Dev::start(home.path(), &[]), Dev::start(other_home.path(), &[]));
    let token = token(&acceptor);
    on(&acceptor, &["read", "-name", "east", "-require", "healthy"], "").status(1);
    let run = on(&acceptor, &["read", "-name", "east", "-wait", "active", "-timeout", "1s"], "").status(1);
    assert_eq!(
        run.stderr,
        format!(
            "Error: the peering \"east\" is PENDING after 1 s, not ACTIVE\n  Fix: peering diagnose -name \
             east -http-addr {}\n",
            acceptor.url
        )
    );
    let run = on(&dialer, &[&ESTABLISH[..], &["2m", "-ledger=off"]].concat(), &token).status(0);
    assert_eq!(run.stdout, "Successfully established peering connection with west\n");
    for (cluster, name) in [(&acceptor, "east"), (&dialer, "west")] {
        on(cluster, &["read", "-name", name, "-wait", "ACTIVE", "-timeout", "2m"], "").status(0);
        on(cluster, &["read", "-name", name, "-require", "healthy"], "").status(0);
        let run = on(cluster, &["diagnose", "-ledger=off"], "").status(0);
        assert!(
            run.stdout.contains(&format!("{name} is ACTIVE (last heard just now) and works.\n")),
            "{}",
            run.stdout
        );
    }
    on(&dialer, &["delete", "-name", "west", "-wait", "2m"], "").status(0);
    let run = on(&dialer, &["read", "-name", "west"], "").status(1);
    assert_eq!(run.stderr, "No peering with name west found.\n");
    let run = on(&dialer, &["diagnose"], "").status(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "This cluster has no peerings.\n"));
}

#[test]
fn a_peering_without_data_is_diagnosed() {
    let (home, other_home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let acceptor = Dev::start(home.path(), &["-fault", "follower"]);
    let dialer = Dev::start(other_home.path(), &[]);
    let run = on(&dialer, &[&ESTABLISH[..], &["1s", "-ledger=off"]].concat(), &token(&acceptor)).status(1);
    assert_eq!(run.stdout, "Successfully established peering connection with west\n");
    assert!(run.stderr.starts_with("Error: the peering \"west\" is "), "{}", run.stderr);
    assert!(run.stderr.contains("follower"), "{}", run.stderr);
    let run = on(&dialer, &["diagnose", "-format", "json", "-ledger=off"], "").status(1);
    let list: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(list["diagnoses"][0]["source"], "west");
    assert_eq!(list["diagnoses"][0]["diagnosis"]["causes"][0]["name"], "peer-is-follower");
}

/// A failed establish leaves a peering that is not healthy; one that waits for its first dialer is.
#[test]
fn list_and_read_hint_at_the_diagnosis_on_a_terminal() {
    let (home, other_home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let acceptor = Dev::start(home.path(), &["-fault", "plaintext-port"]);
    let dialer = Dev::start(other_home.path(), &[]);
    let token = token(&acceptor);
    on(&dialer, &["establish", "-name", "west", "-peering-token", "-"], &token).status(1);
    let on_terminal = |cluster: &Dev, words: &[&str]| {
        Peering::new().args(words).args(["-http-addr", &cluster.url]).on_terminal().run().status(0).stderr
    };
    let url = &dialer.url;
    assert_eq!(
        on_terminal(&dialer, &["list"]),
        format!("Some peerings are not healthy. To find out why: peering diagnose -http-addr {url}\n")
    );
    assert_eq!(
        on_terminal(&dialer, &["read", "-name", "west"]),
        format!("To find out why: peering diagnose -name west -http-addr {url}\n")
    );
    assert_eq!(on_terminal(&acceptor, &["list"]), "");
    assert_eq!(on_terminal(&acceptor, &["read", "-name", "east"]), "");
    // Consul's commands print what Consul prints in a pipe.
    assert_eq!(on(&dialer, &["list"], "").status(0).stderr, "");
}
