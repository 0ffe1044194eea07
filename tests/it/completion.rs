//! Shell completion.

use std::process::Command;

use crate::peering::{Finished, Peering, fixture};

/// Returns what bash offers for a line with the cursor at its end. Bash passes the word to replace, which starts after a
/// space or a word break character; an @ belongs to the word.
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
    let offers = String::from_utf8(output.stdout).unwrap();
    crate::peering::shows_no_secret(&offers, "the completions");
    offers.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_values_files_and_peering_names() {
    let token = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let import = |name: &str, earlier: Option<Finished>| {
        let run = Peering::new().args(["ledger", "import", "-", "-name", name]).stdin(token.clone());
        match earlier {
            Some(earlier) => run.after(earlier).run().status(0),
            None => run.run().status(0),
        }
    };
    let imported = import("west-2", Some(import("west-1", None)));
    let home = imported.home.path();
    std::fs::write(home.join("east.token"), "").unwrap();
    std::fs::write(home.join("two words.token"), "").unwrap();
    std::fs::create_dir(home.join("foo")).unwrap();
    std::fs::create_dir_all(home.join(".config/peering")).unwrap();
    let contexts = "[contexts.east]\nhttp_addr = 'embedded'\n[contexts.west]\nhttp_addr = 'embedded'\n";
    std::fs::write(home.join(".config/peering/config.toml"), contexts).unwrap();
    for (line, expected) in [
        ("peering dia", &["diagnose "][..]),
        ("peering help ex", &["exported-services ", "explain ", "exit-codes "]),
        ("peering inspect x -field peer", &["peer_id "]),
        ("peering validate -format g", &["github "]),
        ("peering inspect ea", &[]),
        ("peering ledger ", &["import ", "verify "]),
        ("peering list -context ", &["east ", "west "]),
        ("peering list -context=w", &["west "]),
        ("peering context show e", &["east "]),
        ("peering connect -acceptor e", &["east "]),
        ("peering connect -acceptor east -dialer ", &["east ", "west "]),
        ("peering context check east ", &["east ", "west "]),
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
        ("peering inspect @fo", &["@foo/"]),
        ("peering stale @east.token -snapshot l", &[]),
        ("peering dev -fault bl", &["black-hole "]),
        ("peering completions ", &["bash ", "zsh ", "fish ", "powershell "]),
        ("peering explain ca-expired", &["ca-expired "]),
        ("peering nothing -", &[]),
        ("peering man ", &[]),
    ] {
        assert_eq!(tab(line, home), expected, "{line}");
    }
    assert!(
        !tab("peering validate -format json -fo", home).contains(&"-format ".to_owned()),
        "-format is already given"
    );
    assert_eq!(tab("peering ", home).len(), 25);
}

#[test]
fn completion_prints_no_errors_and_creates_no_state() {
    for words in
        [&["__complete"][..], &["__complete", "generate-token", "-name", ""], &["__complete", "\u{1b}", ""]]
    {
        let run = Peering::new().args(words).run().status(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{words:?}");
        assert!(!run.home.path().join("state").exists());
    }
}

#[test]
fn every_shell_has_a_script() {
    for (shell, mark) in
        [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete -c"), ("powershell", "Register-")]
    {
        let run = Peering::new().args(["completions", shell]).run().status(0);
        assert!(run.stdout.contains(mark) && run.stdout.contains("__complete"), "{}", run.stdout);
    }
    Peering::new().args(["completions", "tcsh"]).run().status(2);
}
