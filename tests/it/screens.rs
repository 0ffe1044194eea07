//! What people see: the answer is on the first line, and one result fits on a terminal of 80 columns and 24 rows.

use textwrap::core::display_width;

use crate::diagnose_errors;
use crate::peering::{Dev, Peering, fixture, recorded_tokens};

/// A time shortly after the recordings.
const NOW: &str = "2026-11-24T00:00:00Z";

/// Asserts that a screen fits with the prompt after it, and that its first line is an answer.
#[track_caller]
fn assert_fits(screen: &str, name: &str) {
    let lines: Vec<&str> = screen.lines().collect();
    assert!(lines.len() < 24, "{name}: {} lines\n{screen}", lines.len());
    for line in &lines {
        // The message of Consul and the path of a file stay whole.
        let has_long_word = line.split_whitespace().any(|word| word.len() > 60);
        assert!(
            display_width(line) <= 80 || has_long_word,
            "{name}: {} columns\n{line}",
            display_width(line)
        );
    }
    let first = lines.first().unwrap_or_else(|| panic!("{name}: no output"));
    assert!(first.starts_with(['✓', '!', '✗']), "{name}: {first}");
    assert!(first.split_whitespace().count() > 2, "{name}: {first}");
}

/// Returns every screen about one token.
fn screens_of(arguments: &[&str], token: &str) -> Vec<(String, String)> {
    let commands: [&[&str]; 4] = [
        &["inspect", "t", "-now", NOW],
        &["validate", "t", "-now", NOW],
        &["stale", "t", "-offline"],
        &["diagnose", "t", "-offline"],
    ];
    let screen = |command: &[&str]| {
        let run = Peering::new().args(command).args(arguments).file("t", token).run();
        (command[0].to_owned(), run.stdout)
    };
    commands.into_iter().map(screen).collect()
}

#[test]
fn every_recorded_token_fits_on_one_screen() {
    for (name, token) in recorded_tokens() {
        for (command, screen) in screens_of(&[], &token) {
            assert_fits(&screen, &format!("{command} {name}"));
            let last = screen.lines().last().unwrap();
            assert!(last.contains("peering ") || last.contains("-long"), "{command} {name}: {last}");
        }
    }
}

#[test]
fn every_damaged_token_fits_on_one_screen() {
    for entry in std::fs::read_dir(fixture("checks")).unwrap() {
        let path = entry.unwrap().path();
        let token = std::fs::read(path.join("fires.txt")).unwrap();
        for command in ["validate", "diagnose"] {
            let offline = if command == "diagnose" { &["-offline"][..] } else { &["-now", NOW][..] };
            let run = Peering::new().args([command, "@t"]).args(offline).file("t", &token).run();
            assert_fits(&run.stdout, &format!("{command} {}", path.display()));
        }
    }
}

#[test]
fn every_recorded_failure_fits_on_one_screen() {
    for (name, text) in diagnose_errors::recorded() {
        let run = Peering::new().args(["diagnose", "-offline", "-error", "-"]).stdin(text).run().status(1);
        assert_fits(&run.stdout, &name);
        assert!(run.stdout.contains("\n  Fix "), "{name}: {}", run.stdout);
    }
}

#[test]
fn every_simulated_fault_fits_on_one_screen() {
    for fault in ["plaintext-port", "expired-leaf", "load-balancer", "follower", "rebuilt", "http-port"] {
        let home = tempfile::tempdir().unwrap();
        let dev = Dev::start(home.path(), &["-fault", fault]);
        let generate = Peering::new().args(["generate-token", "-name", "east", "-http-addr", &dev.url]);
        let token = generate.shows_secrets().run().status(0).stdout;
        crate::peering::guard(&token);
        let run = Peering::new().args(["diagnose", "t", "-ledger=off"]).file("t", token).run();
        assert_fits(&run.stdout, fault);
        assert!(run.stdout.contains("ADDRESS  "), "{fault}: {}", run.stdout);
    }
}

#[test]
fn short_is_shorter_and_long_is_longer() {
    let (_, token) = recorded_tokens().swap_remove(0);
    let lines = |arguments: &[&str]| -> Vec<usize> {
        screens_of(arguments, &token).iter().map(|(_, screen)| screen.lines().count()).collect()
    };
    let (short, normal, long) = (lines(&["-short"]), lines(&[]), lines(&["-long"]));
    for index in 0..normal.len() {
        assert!(short[index] < normal[index], "{short:?} {normal:?}");
        assert!(normal[index] < long[index], "{normal:?} {long:?}");
    }
    assert_eq!(lines(&["-short", "-long"]), long);
}

#[test]
fn a_locale_without_utf_8_gets_ascii() {
    let (_, token) = recorded_tokens().swap_remove(0);
    let screen = |name: &str, value: &str| {
        Peering::new().args(["diagnose", "t", "-offline"]).file("t", &token).env(name, value).run().stdout
    };
    for (name, value) in [("LANG", "C"), ("LC_ALL", "POSIX"), ("LC_CTYPE", "en_US.ISO-8859-1")] {
        let shown = screen(name, value);
        assert!(shown.is_ascii(), "{name}={value}: {shown}");
        assert!(shown.starts_with("warn "), "{shown}");
    }
    assert!(screen("LANG", "de_DE.UTF-8").starts_with("! "));
}

#[test]
fn a_text_in_ascii_keeps_its_width() {
    let ellipsis = "x".repeat(79);
    let run = Peering::new().args(["stale", "t", "-offline", "-name", &ellipsis]).env("LANG", "C");
    let (_, token) = recorded_tokens().swap_remove(0);
    let screen = run.file("t", token).run().stdout;
    assert!(
        screen.is_ascii() && screen.lines().filter(|line| !line.contains("xxx")).all(|it| it.len() <= 80)
    );
}

#[test]
fn color_is_set_by_the_flag_and_then_by_variables() {
    let (_, token) = recorded_tokens().swap_remove(0);
    let is_colored = |arguments: &[&str], variables: &[(&str, &str)]| {
        let run = Peering::new().args(["inspect", "t"]).args(arguments).file("t", &token);
        let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        run.run().status(0).stdout.contains('\u{1b}')
    };
    assert!(!is_colored(&[], &[]));
    assert!(is_colored(&["-color", "always"], &[]));
    assert!(is_colored(&["-color=always"], &[("NO_COLOR", "1")]));
    assert!(is_colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_colored(&["-color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(is_colored(&[], &[("PEERING_COLOR", "always")]));
}

#[test]
fn a_terminal_keeps_every_finished_step() {
    let (_, token) = recorded_tokens().into_iter().find(|(name, _)| name == "one-server").unwrap();
    let diagnose = |arguments: &[&str]| {
        let run = Peering::new().args(["diagnose", "t", "-ledger=off"]).args(arguments).file("t", &token);
        run.on_terminal().env("TERM", "xterm").run().status(1)
    };
    let run = diagnose(&[]);
    assert!(run.stderr.contains("DNS") && run.stderr.contains("TCP refused"), "{}", run.stderr);
    assert!(run.stdout.starts_with('✗'), "{}", run.stdout);
    assert_eq!(diagnose(&["-q"]).stderr, "");
    assert!(!diagnose(&["-q"]).stdout.contains("-long"));
    // It cannot redraw a line, so the table shows the steps.
    let dumb = Peering::new().args(["diagnose", "t", "-ledger=off"]).file("t", &token).on_terminal();
    let dumb = dumb.env("TERM", "dumb").run().status(1);
    assert!(dumb.stderr.is_empty() && dumb.stdout.contains("✗ refused"), "{}", dumb.stderr);
    let stale = Peering::new()
        .args(["stale", "t", "-probe"])
        .file("t", &token)
        .on_terminal()
        .env("TERM", "xterm")
        .run()
        .status(3);
    assert!(stale.stderr.contains("TCP refused"), "{}", stale.stderr);
}

#[test]
fn quiet_drops_notes_and_keeps_errors_and_results() {
    let generate = |arguments: &[&str]| {
        let run = Peering::new().args([
            "generate-token",
            "-http-addr=embedded",
            "-name",
            "west",
            "-out",
            "w.token",
        ]);
        run.args(arguments)
    };
    generate(&[]).stderr("The token was written to w.token\n").status(0);
    generate(&["-quiet"]).status(0);
    let before =
        Peering::new().args(["-q", "generate-token", "-http-addr=embedded", "-name", "w", "-out", "w.token"]);
    before.status(0);
    assert!(
        Peering::new().args(["inspect", "-q", "absent.token"]).run().status(2).stderr.starts_with("Error: ")
    );
}

#[test]
fn a_generated_token_is_introduced_with_the_command_for_the_other_cluster() {
    let generate = ["generate-token", "-http-addr=embedded", "-name", "west", "-inspect"];
    let run = Peering::new().args(generate).shows_secrets().run().status(0);
    assert!(run.stderr.starts_with("✓ Token for \"west\" generated by dc1 ("), "{}", run.stderr);
    assert!(
        run.stderr.contains("On the other cluster:  peering establish -name NAME -peering-token @FILE\n")
    );
    assert!(run.stderr.ends_with("Tip: -out west.token keeps the token out of your scrollback.\n"));
    let run = Peering::new().args(generate).args(["-out", "a b"]).run().status(0);
    assert!(run.stderr.ends_with("-peering-token '@a b'\n"), "{}", run.stderr);
}

#[test]
fn the_ledger_shows_which_of_two_tokens_is_newer() {
    let mut run = Peering::new().args(["version"]).run();
    for file in ["a", "b", "c"] {
        let generate = ["generate-token", "-http-addr=embedded", "-name", "west", "-out", file];
        run = Peering::new().args(generate).after(run).run().status(0);
    }
    let run = Peering::new().args(["diff", "b", "a"]).after(run).run().status(0);
    assert!(run.stdout.contains("\n  Newer   A: the ledger recorded it on "), "{}", run.stdout);
    let run = Peering::new().args(["stale", "a", "c", "b", "-offline"]).after(run).run().status(1);
    let rows: Vec<&str> = run.stdout.lines().collect();
    assert!(rows[0].starts_with("TOKEN  STATUS "), "{}", run.stdout);
    let first =
        |row: &str| row.split_whitespace().next().unwrap_or_default().trim_start_matches('@').to_owned();
    let tokens: Vec<String> =
        rows[1..].iter().filter(|row| !row.starts_with(' ')).take(3).map(|row| first(row)).collect();
    assert_eq!(tokens, ["c", "b", "a"], "{}", run.stdout);

    let run = Peering::new().args(["history", "-limit", "2"]).after(run).run().status(0);
    let numbers: Vec<String> = run.stdout.lines().skip(1).take(2).map(first).collect();
    assert_eq!(numbers, ["3", "2"], "{}", run.stdout);
    let run = Peering::new().args(["history", "-unused"]).after(run).run().status(0);
    assert!(run.stdout.lines().nth(1).unwrap().starts_with("3 "), "{}", run.stdout);
    assert_eq!(run.stdout.matches("superseded").count(), 0, "{}", run.stdout);
    let run = Peering::new().args(["history", "-since", "2000-01-01", "-format", "json"]).after(run).run();
    assert_eq!(run.stdout.matches("\"number\"").count(), 3);
    Peering::new().args(["history", "-since", "2100-01-01"]).after(run).run().expect(
        0,
        "The ledger has no records\n",
        "",
    );
}
