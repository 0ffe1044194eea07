//! Help texts, the manual, and suggestions for mistyped names.

use crate::peering::Peering;

#[test]
fn the_manual_describes_every_flag_of_every_command() {
    let run = Peering::new().args(["man", "man1"]).run().status(0);
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
        let help = Peering::new().args(["help".to_owned()].into_iter().chain(words)).run().status(0).stdout;
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
fn help_pages() {
    insta::assert_snapshot!("help", Peering::new().args(["help"]).run().status(0).stdout);
    insta::assert_snapshot!(
        "help_exit_codes",
        Peering::new().args(["help", "exit-codes"]).run().status(0).stdout
    );
    insta::assert_snapshot!(
        "help_environment",
        Peering::new().args(["help", "environment"]).run().status(0).stdout
    );
    insta::assert_snapshot!("help_options", Peering::new().args(["help", "options"]).run().status(0).stdout);
    insta::assert_snapshot!("help_stale", Peering::new().args(["help", "stale"]).run().status(0).stdout);
    insta::assert_snapshot!("short_help_of_diff", Peering::new().args(["diff", "-h"]).run().status(0).stdout);
    for page in [
        &["help"][..],
        &["help", "validate"],
        &["validate", "-h"],
        &["help", "environment"],
        &["help", "options"],
    ] {
        let shown = Peering::new().args(page).run().status(0).stdout;
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }
}

#[test]
fn a_mistyped_name_gets_a_suggestion() {
    for (words, near) in [
        (&["insepct"][..], "inspect"),
        (&["help", "exit-code"], "exit-codes"),
        (&["ledger", "improt"], "import"),
        (&["inspect", "-fromat", "json"], "-format"),
        (&["validate", "-format", "jsn", "x"], "did you mean json?"),
        (&["validate", "-skip", "ca-expird", "x"], "ca-expired"),
        (&["validate", "-severity", "ca-expird=error", "x"], "ca-expired"),
        (&["explain", "ca-expird"], "ca-expired"),
        (&["generate"], "generate-token"),
        (&["-format", "json", "list"], "put flags after the command"),
    ] {
        let run = Peering::new().args(words).run();
        assert!(run.stderr.contains(near), "{words:?}: {}{}", run.stdout, run.stderr);
        assert_ne!(run.status, 0);
    }
}
