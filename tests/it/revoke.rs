//! `peering revoke`: the unused token of a name becomes invalid, and the peering stays as it is.

use serde_json::Value;

use crate::peering::{Dev, Finished, Peering, guard};

/// A cluster that generates tokens, and one that uses them.
struct Clusters {
    acceptor: Dev,
    dialer: Dev,
    _home: tempfile::TempDir,
}

impl Clusters {
    fn start(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let acceptor = Dev::start(&home.path().join("dc1"), arguments);
        let dialer = Dev::start(&home.path().join("dc2"), &["-datacenter", "dc2"]);
        Self { acceptor, dialer, _home: home }
    }

    fn at_acceptor(&self, words: &[&str]) -> Peering {
        Peering::new().args(words).args(["-http-addr", &self.acceptor.url])
    }

    /// Generates a token for west and returns it.
    fn generate(&self) -> String {
        let run = self.at_acceptor(&["generate-token", "-name", "west"]).shows_secrets().run().status(0);
        guard(&run.stdout);
        run.stdout
    }

    fn establish(&self, token: &str) -> Finished {
        let words = ["establish", "-name", "east", "-peering-token", "-", "-wait", "60s"];
        Peering::new().args(words).args(["-http-addr", &self.dialer.url]).stdin(token).run()
    }

    fn revoke(&self, words: &[&str]) -> Peering {
        self.at_acceptor(&[&["revoke", "-name", "west"], words].concat())
    }

    fn state(&self) -> Value {
        let run = self.at_acceptor(&["read", "-name", "west", "-format", "json"]).run().status(0);
        let peering: Value = serde_json::from_str(&run.stdout).unwrap();
        peering["State"].clone()
    }
}

#[test]
fn a_revoked_token_is_rejected_and_the_stream_stays_up() {
    let clusters = Clusters::start(&[]);
    clusters.establish(&clusters.generate()).status(0);
    let unused = clusters.generate();
    let dry = clusters.revoke(&["-dry-run"]).run().status(0);
    assert!(dry.stdout.ends_with("Nothing was changed (-dry-run).\n"), "{}", dry.stdout);
    assert_eq!(dry.stderr, "");

    let run = clusters.revoke(&[]).run().status(0);
    assert_eq!(run.stdout, "Revoked the unused token for west\n");
    assert!(
        run.stderr.contains("Reason: the acceptor has an unused secret for this peering."),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("The peering is ACTIVE and stays as it is."), "{}", run.stderr);
    let refused = clusters.establish(&unused).status(1);
    assert!(refused.stderr.contains("403"), "{}", refused.stderr);
    assert_eq!(clusters.state(), "ACTIVE");
    clusters.at_acceptor(&["read", "-name", "west", "-require", "healthy"]).run().status(0);

    // Now there is nothing to revoke, by the ledger and by the acceptor.
    let again = clusters.revoke(&[]).after(run).run().status(1);
    assert!(
        again.stderr.contains("has no unused token, because the ledger's newest record is revoked"),
        "{}",
        again.stderr
    );
    assert_eq!(again.stdout, "");
}

#[test]
fn the_ledger_and_stale_know_that_a_token_was_revoked() {
    let clusters = Clusters::start(&[]);
    let generated =
        clusters.at_acceptor(&["generate-token", "-name", "west", "-out", "west.token"]).run().status(0);
    guard(&std::fs::read_to_string(generated.home.path().join("west.token")).unwrap());
    let run = clusters.revoke(&[]).after(generated).run().status(0);
    assert!(run.stderr.contains("Newest record: generated 20"), "{}", run.stderr);
    assert!(run.stderr.contains("The peering stays PENDING"), "{}", run.stderr);
    let history = Peering::new().args(["history", "-format", "json"]).after(run).run().status(0);
    let records: Value = serde_json::from_str(&history.stdout).unwrap();
    let of = |field: &str| {
        records["records"].as_array().unwrap().iter().map(|it| it[field].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("origin"), ["generated", "revoked"]);
    assert_eq!(of("status"), ["superseded", "no_token"]);
    assert_eq!(of("token_sha256")[1], "");
    let stale =
        clusters.at_acceptor(&["stale", "west.token", "-name", "west"]).after(history).run().status(1);
    assert!(stale.stdout.starts_with("✗ Superseded: "), "{}", stale.stdout);
    // A token of this name can be generated without invalidating another.
    let keep = ["generate-token", "-name", "west", "-if-unused=keep", "-out", "new.token"];
    clusters.at_acceptor(&keep).after(stale).run().status(0);
}

#[test]
fn without_an_unused_token_nothing_is_done_unless_forced() {
    let clusters = Clusters::start(&[]);
    let used = clusters.generate();
    clusters.establish(&used).status(0);
    let run = clusters.revoke(&[]).run().status(1);
    assert_eq!(
        run.stderr,
        "Error: nothing was revoked: \"west\" has no unused token, because the acceptor has no unused secret for this \
         peering\n  Fix: to generate and discard a token anyway, add -force\n"
    );
    let run = clusters.revoke(&["-force"]).run().status(0);
    assert!(
        run.stderr.contains("Reason: -force was given, although no unused token is known."),
        "{}",
        run.stderr
    );
    assert_eq!(clusters.state(), "ACTIVE");
}

#[test]
fn no_peering_is_created_and_the_wrong_side_is_named() {
    let clusters = Clusters::start(&[]);
    for force in [&[][..], &["-force"]] {
        let run = clusters.revoke(force).run().status(1);
        assert!(run.stderr.starts_with("Error: there is no peering \"west\""), "{}", run.stderr);
    }
    let list = clusters.at_acceptor(&["list"]).run().status(0).stdout;
    assert_eq!(list, "There are no peering connections.\n");

    clusters.establish(&clusters.generate()).status(0);
    let at_dialer = ["revoke", "-name", "east", "-force", "-http-addr", &clusters.dialer.url];
    let run = Peering::new().args(at_dialer).run().status(1);
    assert!(run.stderr.contains("another cluster generates the tokens of \"east\""), "{}", run.stderr);
}

#[test]
fn a_terminated_peering_must_be_deleted_instead() {
    let clusters = Clusters::start(&[]);
    clusters.establish(&clusters.generate()).status(0);
    let delete = ["delete", "-name", "east", "-wait", "60s", "-http-addr", &clusters.dialer.url];
    Peering::new().args(delete).run().status(0);
    let wait = ["read", "-name", "west", "-wait", "TERMINATED", "-timeout", "60s"];
    clusters.at_acceptor(&wait).run().status(0);
    let run = clusters.revoke(&["-force"]).run().status(1);
    let fix = format!(
        "  Fix: delete it: peering delete -name west -http-addr {} -wait 60s\n",
        clusters.acceptor.url
    );
    assert!(run.stderr.contains("is TERMINATED") && run.stderr.ends_with(&fix), "{}", run.stderr);
}

#[test]
fn a_request_that_fails_after_the_new_secret_was_stored_has_revoked_the_token() {
    let home = tempfile::tempdir().unwrap();
    let acceptor = Dev::start(home.path(), &[]);
    let at = |words: &[&str], url: &str| Peering::new().args(words).args(["-http-addr", url]);
    let generated = at(&["generate-token", "-name", "west", "-out", "t"], &acceptor.url).run().status(0);
    guard(&std::fs::read_to_string(generated.home.path().join("t")).unwrap());
    acceptor.interrupt();
    let broken = Dev::start(home.path(), &["-fault", "generate-no-gateway"]);
    let run = at(&["revoke", "-name", "west"], &broken.url).after(generated).run().status(0);
    assert_eq!(run.stdout, "Revoked the unused token for west\n");
    let history = Peering::new().args(["history"]).after(run).run().status(0).stdout;
    assert!(history.contains("request failed") && history.contains("superseded by 2"), "{history}");
}

#[test]
fn without_the_right_to_read_nothing_is_revoked_unless_forced() {
    let token = "11111111-aaaa-4bbb-8ccc-000000000001";
    let clusters = Clusters::start(&["-acl-token", token]);
    let run = clusters.revoke(&[]).run().status(1);
    assert!(run.stderr.contains("cannot check the peering \"west\""), "{}", run.stderr);
    // Consul refuses it in the end.
    let run = clusters.revoke(&["-force"]).run().status(2);
    assert!(
        run.stderr.contains("Permission denied") && run.stderr.contains("Nothing was changed."),
        "{}",
        run.stderr
    );
    Peering::new().args(["revoke"]).run().status(2);
    Peering::new().args(["revoke", "-name", ""]).run().status(2);
}

#[test]
fn json_says_what_was_done() {
    let clusters = Clusters::start(&[]);
    let run = |words: &[&str], status: i32| -> Value {
        let run = clusters.revoke(&[words, &["-format", "json"]].concat()).run().status(status);
        assert_eq!(run.stderr, "", "{words:?}");
        serde_json::from_str(&run.stdout).unwrap()
    };
    let missing = run(&[], 1);
    assert_eq!((&missing["status"], &missing["peering_state"]), (&"not_revoked".into(), &Value::Null));
    assert_eq!(missing["reason"], "there is no peering \"west\", so no token of it can be used");
    clusters.generate();
    let dry = run(&["-dry-run"], 0);
    assert_eq!((&dry["status"], &dry["peering_state"]), (&"would_revoke".into(), &"PENDING".into()));
    let revoked = run(&[], 0);
    assert_eq!((&revoked["version"], &revoked["status"]), (&1.into(), &"revoked".into()));
    assert_eq!(revoked["reason"], "the acceptor has an unused secret for this peering");
}
