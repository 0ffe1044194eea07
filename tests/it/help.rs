//! Help texts, the manual, and suggestions for mistyped names.

use crate::peering::Peering;

#[test]
fn the_manual_describes_every_flag_of_every_command() {
    let run = Peering::new().args(["man", "man1"]).run().status(0);
    let pages: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(pages.len(), 32, "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(run.home.path().join(page)).unwrap();
        let date = text.split('"').nth(1).unwrap();
        assert!(date.len() == 10 && date.starts_with("20"), "{page}: {date}");
        assert!(text.contains(".SH NAME") && text.contains(".SH \"SYNOPSIS\"\n.nf\n\\&peering"), "{page}");
        assert!(!text.contains(r"\-\-f") && !text.contains("--f"), "{page} has flags with two dashes");
        let command = page.trim_start_matches("man1/peering").trim_start_matches('-').trim_end_matches(".1");
        let groups = ["audit", "context", "ledger"];
        if command.is_empty() || ["context", "ledger"].contains(&command) {
            continue;
        }
        assert!(text.contains(".SH \"EXAMPLES\"\n"), "{page} has no examples");
        let of_group = groups.iter().find(|group| command.starts_with(&format!("{group}-")));
        let words: Vec<String> = match of_group.and(command.split_once('-')) {
            Some((group, within)) => vec![group.to_owned(), within.to_owned()],
            None => vec![command.to_owned()],
        };
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

/// Returns the words of every command.
fn commands() -> Vec<Vec<String>> {
    let overview = Peering::new().args(["help"]).run().status(0).stdout;
    let names = |help: &str| -> Vec<String> {
        let rows =
            help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let rows = rows.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        rows.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    };
    let mut all = Vec::new();
    for name in names(&overview) {
        let within = names(&Peering::new().args([&name, "-h"]).run().status(0).stdout);
        all.extend(within.into_iter().map(|it| vec![name.clone(), it]));
        all.push(vec![name]);
    }
    all
}

#[test]
fn the_short_help_of_every_command_fits_in_a_terminal() {
    let all = commands();
    assert!(all.len() > 18, "{all:?}");
    for words in all {
        let help = Peering::new().args(&words).args(["-h"]).run().status(0).stdout;
        assert!(help.lines().count() <= 24, "{words:?}:\n{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{words:?}:\n{help}");
        assert!(help.contains("\nHTTP API and common options: peering help http\n"), "{words:?}:\n{help}");
        assert!(
            help.ends_with(&format!("Full help with examples: peering help {}\n", words.join(" "))),
            "{help}"
        );
    }
    let overview = Peering::new().args(["-h"]).run().status(0).stdout;
    assert!(overview.lines().count() <= 34, "{overview}");
}

#[test]
fn help_says_which_cluster_is_meant() {
    for (command, cluster) in [
        ("generate-token", "accepting"),
        ("stale", "accepting"),
        ("establish", "dialing"),
        ("diagnose", "dialing"),
    ] {
        for arguments in [[command, "-h"], ["help", command]] {
            let help = Peering::new().args(arguments).run().status(0).stdout;
            assert!(help.contains(&format!("-http-addr is the {cluster} cluster")), "{help}");
        }
    }
}

#[test]
fn every_topic_has_a_page() {
    for topic in ["http", "options", "formats", "exit-codes", "environment", "checks", "help"] {
        let page = Peering::new().args(["help", topic]).run().status(0).stdout;
        assert!(page.lines().count() > 5, "{topic}: {page}");
    }
}

#[test]
fn the_manual_is_shown_without_a_directory() {
    let page = Peering::new().args(["man"]).run().status(0).stdout;
    assert!(page.starts_with(".TH peering 1 \"20"), "{page}");
    assert!(page.contains("Looking at a token never uses it"), "{page}");
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
        (&["inspect", "-o", "json", "x"], "did you mean -format?"),
        (&["list", "--json"], "did you mean -format json?"),
        (&["validate", "-v", "x"], "did you mean -log-level debug?"),
        (&["stale", "--version"], "did you mean peering -version?"),
        (&["validate", "-warn-before", "60d", "x"], "did you mean -expires-within?"),
    ] {
        let run = Peering::new().args(words).run();
        assert!(run.stderr.contains(near), "{words:?}: {}{}", run.stdout, run.stderr);
        assert_ne!(run.status, 0);
    }
}
