//! What a user expects around the commands: completion, manual, help, variables, a configuration file, colours.

use std::process::Command;

use crate::peering::{Finished, Peering, fixture};

/// What bash offers for a line, with the cursor at its end. It hands over what it would replace, which begins after a blank
/// or a sign that breaks words; an @ stays with what follows it.
fn tab(line: &str, home: &std::path::Path) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_peering"));
    let script = r#"
        source <(peering completions bash)
        COMP_LINE="$1" COMP_POINT=${#1}
        _peering peering "${1##*[ =:]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash", line])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()))
        .env("HOME", home)
        .env("PEERING_STATE_DIR", home.join("state"))
        .current_dir(home)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{line}");
    let offered = String::from_utf8(output.stdout).unwrap();
    crate::peering::shows_no_secret(&offered, "what the Tab key shows");
    offered.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_values_files_and_names_of_peerings() {
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let import = |name: &str, earlier: Option<Finished>| {
        let run = Peering::new(["ledger", "import", "-", "-name", name]).stdin(token.clone());
        match earlier {
            Some(earlier) => run.after(earlier).run().status(0),
            None => run.run().status(0),
        }
    };
    let imported = import("west-2", Some(import("west-1", None)));
    let home = imported.home.path();
    std::fs::write(home.join("east.token"), "").unwrap();
    std::fs::write(home.join("two words.token"), "").unwrap();
    std::fs::create_dir(home.join("folder")).unwrap();
    for (line, expected) in [
        ("peering dia", &["diagnose "][..]),
        ("peering help ex", &["exported-services ", "explain ", "exit-codes "]),
        ("peering ledger ", &["import ", "verify "]),
        ("peering validate -fa", &["-fail-on "]),
        ("peering validate --fa", &["--fail-on "]),
        ("peering validate -fail-on ", &["error ", "warning ", "info "]),
        ("peering validate -fail-on=w", &["warning "]),
        ("peering validate -format s", &["sarif "]),
        (
            "peering validate -skip one-server-only,ca-expired,ca-dup",
            &["one-server-only,ca-expired,ca-duplicate "],
        ),
        ("peering validate -severity ca-expires-soon=e", &["error "]),
        ("peering generate-token -name ", &["west-1 ", "west-2 "]),
        ("peering stale @east.token -name west-2", &["west-2 "]),
        ("peering inspect @ea", &["@east.token "]),
        ("peering establish -peering-token @e", &["@east.token "]),
        ("peering establish -peering-token=@e", &["@east.token "]),
        ("peering inspect @two", &["@two\\ words.token "]),
        ("peering inspect @fo", &["@folder/"]),
        ("peering stale @east.token -snapshot l", &[]),
        ("peering dev -fault bl", &["black-hole "]),
        ("peering completions ", &["bash ", "zsh ", "fish ", "powershell "]),
        ("peering explain ca-expired", &["ca-expired "]),
        ("peering nothing -", &[]),
        ("peering man ", &[]),
    ] {
        assert_eq!(tab(line, home), expected, "{line}");
    }
    assert!(!tab("peering validate -format json -fo", home).contains(&"-format ".to_owned()), "it was given");
    assert_eq!(tab("peering ", home).len(), 18);
}

#[test]
fn completion_never_complains_and_makes_no_state() {
    for words in
        [&["__complete"][..], &["__complete", "generate-token", "-name", ""], &["__complete", "\u{1b}", ""]]
    {
        let run = Peering::new(words).run().status(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{words:?}");
        assert!(!run.home.path().join("state").exists());
    }
}

#[test]
fn every_shell_has_its_script() {
    for (shell, mark) in
        [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete -c"), ("powershell", "Register-")]
    {
        let run = Peering::new(["completions", shell]).run().status(0);
        assert!(run.stdout.contains(mark) && run.stdout.contains("__complete"), "{}", run.stdout);
    }
    Peering::new(["completions", "tcsh"]).run().status(2);
}

#[test]
fn the_manual_has_a_page_for_each_command_and_each_of_its_flags() {
    let run = Peering::new(["man", "man1"]).run().status(0);
    let pages: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(pages.len(), 20, "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(run.home.path().join(page)).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".SH \"SYNOPSIS\"\n.nf\n\\&peering"), "{page}");
        assert!(!text.contains(r"\-\-f") && !text.contains("--f"), "{page} has flags with two dashes");
        let command = page.trim_start_matches("man1/peering").trim_start_matches('-').trim_end_matches(".1");
        if command.is_empty() || command == "ledger" {
            continue;
        }
        assert!(text.contains(".SH \"EXAMPLES\"\n"), "{page} has no examples");
        let words: Vec<String> =
            command.replacen("ledger-", "ledger ", 1).split(' ').map(str::to_owned).collect();
        let help = Peering::new(["help".to_owned()].into_iter().chain(words)).run().status(0).stdout;
        for flag in
            help.lines().filter_map(|line| line.trim_start().strip_prefix('-')?.split([' ', ',']).next())
        {
            assert!(text.contains(&format!(r"\-{}", flag.replace('-', r"\-"))), "{page} lacks -{flag}");
        }
    }
    let main = std::fs::read_to_string(run.home.path().join("man1/peering.1")).unwrap();
    assert!(main.contains("EXIT STATUS") && main.contains("ENVIRONMENT"));
}

#[test]
fn pages_of_help() {
    insta::assert_snapshot!("help", Peering::new(["help"]).run().status(0).stdout);
    insta::assert_snapshot!("help_exit_codes", Peering::new(["help", "exit-codes"]).run().status(0).stdout);
    insta::assert_snapshot!("help_environment", Peering::new(["help", "environment"]).run().status(0).stdout);
    insta::assert_snapshot!("help_stale", Peering::new(["help", "stale"]).run().status(0).stdout);
    insta::assert_snapshot!("short_help_of_diff", Peering::new(["diff", "-h"]).run().status(0).stdout);
    for page in [&["help"][..], &["help", "validate"], &["validate", "-h"], &["help", "environment"]] {
        let shown = Peering::new(page).run().status(0).stdout;
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }
}

/// A token with one warning.
fn warned() -> Peering {
    let token = std::fs::read_to_string(fixture("tokens/external-addresses.txt")).unwrap();
    Peering::new(["validate", "-", "-now", "2026-11-24"]).stdin(token)
}

#[test]
fn the_flag_beats_the_variable_which_beats_the_file() {
    let file = "[defaults]\nformat = 'json'\n\n[validate]\nfail-on = 'warning'\n";
    warned().run().status(0);
    warned().env("PEERING_FAIL_ON", "warning").run().status(1);
    warned().file("c.toml", file).env("PEERING_CONFIG", "c.toml").run().status(1);
    let run =
        warned().file("c.toml", file).more(&["-config", "c.toml"]).env("PEERING_FAIL_ON", "error").run();
    assert!(run.status(0).stdout.starts_with('{'), "the file's format was not taken");
    let run =
        warned().file("c.toml", file).more(&["-config=c.toml", "-fail-on", "error", "-format=pretty"]).run();
    assert!(run.status(0).stdout.starts_with("-\n  Consul accepts"), "the flags were not taken");
    // The user's own, without being named.
    let own = warned();
    std::fs::create_dir_all(own.home().join(".config/peering")).unwrap();
    own.file(".config/peering/config.toml", file).run().status(1);
}

#[test]
fn severities_and_lists_come_from_the_file_and_from_variables() {
    let skip = "[validate]\nfail-on = 'info'\nskip = ['address-not-grpc-port', 'addresses-overridden']\n";
    warned().file("c.toml", skip).more(&["-config", "c.toml"]).run().status(0);
    let both = "address-not-grpc-port,addresses-overridden";
    warned().more(&["-fail-on", "info"]).env("PEERING_SKIP", both).run().status(0);
    let severity = "[severity]\naddress-not-grpc-port = 'error'\n";
    warned().file("c.toml", severity).more(&["-config", "c.toml"]).run().status(1);
}

#[test]
fn switches_and_addresses_come_from_the_file_where_no_variable_of_consul_is_set() {
    let file = "[defaults]\nhttp-addr = 'http://127.0.0.1:1'\n[diagnose]\noffline = true\n";
    let list = || Peering::new(["list", "-config", "c.toml"]).file("c.toml", file).without_an_address();
    assert!(list().run().status(1).stderr.contains("127.0.0.1:1/v1/peerings"));
    let run = list().env("CONSUL_HTTP_ADDR", "http://127.0.0.1:2").run().status(1);
    assert!(run.stderr.contains("127.0.0.1:2/v1/peerings"), "{}", run.stderr);
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let run = Peering::new(["diagnose", "-", "-config", "c.toml"]).file("c.toml", file).stdin(token).run();
    assert!(run.stdout.contains("-offline was given"), "{}", run.stdout);
}

#[test]
fn mistakes_in_the_file_and_in_variables_say_where_and_what_to_do() {
    let complaint = |file: &str| {
        let run = warned().file("c.toml", file).more(&["-config", "c.toml"]).run().status(2);
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
        "[validate]\nwarn-before = 30.5\n",
        "[defaults]\nout = 'file'\n",
    ] {
        all.push_str(&format!("{file}--\n{}\n", complaint(file)));
    }
    let run = warned().env("PEERING_FORMAT", "xml").run().status(2);
    all.push_str(&format!("PEERING_FORMAT=xml\n--\n{}\n", run.stderr));
    let run = warned().more(&["-config", "nothing.toml"]).run().status(2);
    all.push_str(&format!("-config nothing.toml\n--\n{}", run.stderr));
    insta::assert_snapshot!("configuration_mistakes", all);
    // For Consul's commands the exit code is Consul's.
    Peering::new(["list"]).file("c.toml", "[nothing]\n").more(&["-config", "c.toml"]).run().status(1);
}

#[test]
fn colours_are_shown_where_they_can_be_seen_or_are_asked_for() {
    let coloured = |run: Peering| run.run().stdout.contains('\u{1b}');
    assert!(!coloured(warned()), "a pipe");
    assert!(coloured(warned().env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(warned().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    for format in ["json", "jsonl", "sarif", "junit"] {
        assert!(!coloured(warned().more(&["-format", format]).env("CLICOLOR_FORCE", "1")), "{format}");
    }
    let on_terminal = |name: &str, value: &str| {
        // What was generated is shown on standard error, in colours.
        let words =
            ["generate-token", "-name", "west", "-http-addr=embedded", "-out", "west.token", "-inspect"];
        let run = Peering::new(words).env("TERM", "xterm").env(name, value).on_a_terminal().run().status(0);
        assert!(run.stderr.contains("Peer ID"), "{}", run.stderr);
        run.stderr.contains('\u{1b}')
    };
    assert!(on_terminal("TERM", "xterm"));
    assert!(!on_terminal("TERM", "dumb"));
    assert!(!on_terminal("NO_COLOR", "1"));
}

#[test]
fn options_of_every_command_may_stand_before_it() {
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    for words in [
        &["-log-level", "debug", "-config=c.toml", "inspect", "@token", "-field", "peer_id"][..],
        &["--log-level=debug", "--config", "c.toml", "inspect", "-field", "peer_id", "@token"],
    ] {
        let run = Peering::new(words).file("token", &token).file("c.toml", "[inspect]\n").run().status(0);
        assert_eq!(run.stdout.trim().len(), 36, "{}", run.stdout);
        assert!(run.stderr.contains("read the configuration file"), "{}", run.stderr);
    }
}

/// `sarif` is for validate alone; another command shows what it shows without the variable.
#[test]
fn a_variables_value_that_only_others_have_is_passed_over() {
    let run = Peering::new(["explain", "ca-expired"]).env("PEERING_FORMAT", "sarif").run().status(0);
    assert!(run.stdout.starts_with("ca-expired (error)"), "{}", run.stdout);
    let run = Peering::new(["explain", "ca-expired"]).env("PEERING_FORMAT", "srif").run().status(2);
    assert!(run.stderr.contains("for -format (set by PEERING_FORMAT)"), "{}", run.stderr);
    let run = Peering::new(["establish"]).env("PEERING_CHECK", "maybe").run().status(1);
    assert!(
        run.stderr.contains("for -check (set by PEERING_CHECK)\n  Fix: use true or false"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_mistyped_finds_its_neighbour() {
    for (words, near) in [
        (&["insepct"][..], "inspect"),
        (&["help", "exit-code"], "exit-codes"),
        (&["ledger", "improt"], "import"),
        (&["inspect", "-fromat", "json"], "-format"),
        // All values are listed, whether one is near or not.
        (&["validate", "-format", "jsn", "x"], "did you mean json?"),
        (&["validate", "-skip", "ca-expird", "x"], "ca-expired"),
        (&["validate", "-severity", "ca-expird=error", "x"], "ca-expired"),
        (&["explain", "ca-expird"], "ca-expired"),
        (&["generate"], "generate-token"),
        (&["-format", "json", "list"], "put flags after the command"),
    ] {
        let run = Peering::new(words).run();
        assert!(run.stderr.contains(near), "{words:?}: {}{}", run.stdout, run.stderr);
        assert_ne!(run.status, 0);
    }
}
