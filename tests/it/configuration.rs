//! Options from flags, variables and the configuration file, and colors.

use crate::peering::{Peering, fixture};

/// A token with one warning.
fn warned() -> Peering {
    let token = std::fs::read_to_string(fixture("tokens/external-addresses.txt")).unwrap();
    Peering::new().args(["validate", "-", "-now", "2026-11-24"]).stdin(token)
}

#[test]
fn a_flag_precedes_the_variable_and_the_variable_precedes_the_file() {
    let file = "[defaults]\nformat = 'json'\n\n[validate]\nfail-on = 'warning'\n";
    warned().run().status(0);
    warned().env("PEERING_FAIL_ON", "warning").run().status(1);
    warned().file("c.toml", file).env("PEERING_CONFIG", "c.toml").run().status(1);
    let run = warned().file("c.toml", file).args(["-config", "c.toml"]).env("PEERING_FAIL_ON", "error").run();
    assert!(run.status(0).stdout.starts_with('{'), "the file's format was ignored");
    let run =
        warned().file("c.toml", file).args(["-config=c.toml", "-fail-on", "error", "-format=pretty"]).run();
    assert!(run.status(0).stdout.starts_with("! standard input  accepted"), "the flags were ignored");
    // The user's own file, without -config.
    let own = warned();
    std::fs::create_dir_all(own.home().join(".config/peering")).unwrap();
    own.file(".config/peering/config.toml", file).run().status(1);
}

#[test]
fn severities_and_lists_come_from_the_file_and_from_variables() {
    let skip = "[validate]\nfail-on = 'info'\nskip = ['address-not-grpc-port', 'addresses-overridden']\n";
    warned().file("c.toml", skip).args(["-config", "c.toml"]).run().status(0);
    let both = "address-not-grpc-port,addresses-overridden";
    warned().args(["-fail-on", "info"]).env("PEERING_SKIP", both).run().status(0);
    let severity = "[severity]\naddress-not-grpc-port = 'error'\n";
    warned().file("c.toml", severity).args(["-config", "c.toml"]).run().status(1);
}

#[test]
fn the_file_sets_addresses_unless_a_consul_variable_is_set() {
    let file = "[defaults]\nhttp-addr = 'http://127.0.0.1:1'\n[diagnose]\noffline = true\n";
    let list = || Peering::new().args(["list", "-config", "c.toml"]).file("c.toml", file).without_address();
    assert!(list().run().status(1).stderr.contains("127.0.0.1:1/v1/peerings"));
    let run = list().env("CONSUL_HTTP_ADDR", "http://127.0.0.1:2").run().status(1);
    assert!(run.stderr.contains("127.0.0.1:2/v1/peerings"), "{}", run.stderr);
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let run =
        Peering::new().args(["diagnose", "-", "-config", "c.toml"]).file("c.toml", file).stdin(token).run();
    assert!(run.stdout.contains("-offline was given"), "{}", run.stdout);
}

#[test]
fn an_error_in_the_file_or_a_variable_shows_its_place_and_the_fix() {
    let error_of = |file: &str| {
        let run = warned().file("c.toml", file).args(["-config", "c.toml"]).run().status(2);
        assert_eq!(run.stdout, "");
        run.stderr
    };
    let mut all = String::new();
    for file in [
        "[validate]\nfail-on = 'warn'\n",
        "[validate]\n\nfial-on = 'error'\n",
        "[valdate]\n",
        "format = 'json'\n",
        "[severity]\nca-expird = 'error'\n",
        "[severity]\nca-expired = 'bad'\n",
        "[defaults]\ntoken = 'a-secret'\n",
        "[validate]\nformat = \n",
        "[validate]\nexpires-within = 30.5\n",
        "[defaults]\nout = 'file'\n",
    ] {
        all.push_str(&format!("{file}--\n{}\n", error_of(file)));
    }
    let run = warned().env("PEERING_FORMAT", "xml").run().status(2);
    all.push_str(&format!("PEERING_FORMAT=xml\n--\n{}\n", run.stderr));
    let run = warned().args(["-config", "nothing.toml"]).run().status(2);
    all.push_str(&format!("-config nothing.toml\n--\n{}", run.stderr));
    insta::assert_snapshot!("configuration_mistakes", all);
    // Consul's commands keep Consul's exit code.
    Peering::new().args(["list"]).file("c.toml", "[nothing]\n").args(["-config", "c.toml"]).run().status(1);
}

#[test]
fn colors_appear_on_terminals_and_on_request() {
    let is_colored = |run: Peering| run.run().stdout.contains('\u{1b}');
    assert!(!is_colored(warned()), "a pipe");
    assert!(is_colored(warned().env("CLICOLOR_FORCE", "1")));
    assert!(!is_colored(warned().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    for format in ["json", "jsonl", "sarif", "junit"] {
        assert!(!is_colored(warned().args(["-format", format]).env("CLICOLOR_FORCE", "1")), "{format}");
    }
    let on_terminal = |name: &str, value: &str| {
        // -inspect shows the token on standard error, in color.
        let words =
            ["generate-token", "-name", "west", "-http-addr=embedded", "-out", "west.token", "-inspect"];
        let run =
            Peering::new().args(words).env("TERM", "xterm").env(name, value).on_terminal().run().status(0);
        assert!(run.stderr.contains("Token for \"west\" generated"), "{}", run.stderr);
        run.stderr.contains('\u{1b}')
    };
    assert!(on_terminal("TERM", "xterm"));
    assert!(!on_terminal("TERM", "dumb"));
    assert!(!on_terminal("NO_COLOR", "1"));
}

#[test]
fn global_options_may_precede_the_command() {
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    for words in [
        &["-log-level", "debug", "-config=c.toml", "inspect", "@token", "-field", "peer_id"][..],
        &["--log-level=debug", "--config", "c.toml", "inspect", "-field", "peer_id", "@token"],
    ] {
        let run =
            Peering::new().args(words).file("token", &token).file("c.toml", "[inspect]\n").run().status(0);
        assert_eq!(run.stdout.trim().len(), 36, "{}", run.stdout);
        assert!(run.stderr.contains("read the configuration file"), "{}", run.stderr);
    }
}

/// `sarif` is a value of validate only: other commands ignore it in the variable.
#[test]
fn a_value_that_only_other_commands_have_is_ignored() {
    let run = Peering::new().args(["explain", "ca-expired"]).env("PEERING_FORMAT", "sarif").run().status(0);
    assert!(run.stdout.starts_with("ca-expired (error)"), "{}", run.stdout);
    let run = Peering::new().args(["explain", "ca-expired"]).env("PEERING_FORMAT", "srif").run().status(2);
    assert!(run.stderr.contains("for -format (set by PEERING_FORMAT)"), "{}", run.stderr);
    let run = Peering::new().args(["establish"]).env("PEERING_CHECK", "maybe").run().status(1);
    assert!(
        run.stderr.contains("for -check (set by PEERING_CHECK)\n  Fix: use true or false"),
        "{}",
        run.stderr
    );
}
