//! Tests of the whole command line against its examples and the documents.

use super::*;

/// Returns every command with the words that call it.
fn commands(definition: &clap::Command) -> Vec<(Vec<String>, clap::Command)> {
    let mut all = Vec::new();
    for command in definition.get_subcommands() {
        let path = vec![command.get_name().to_owned()];
        for within in command.get_subcommands() {
            all.push((vec![path[0].clone(), within.get_name().to_owned()], within.clone()));
        }
        if !command.is_subcommand_required_set() {
            all.push((path, command.clone()));
        }
    }
    all
}

/// Returns the words after `peering` in a line of shell.
fn peering_words(line: &str) -> Option<Vec<String>> {
    let words = shlex::split(line.split(" #").next()?)?;
    let from = words.iter().position(|word| word == "peering" || word.ends_with("(peering"))?;
    let ends = ["|", "&", "<", ">", ">>", "2>&1", ";"];
    let words = words.into_iter().skip(from + 1).take_while(|word| !ends.contains(&word.as_str()));
    Some(words.map(|word| word.trim_end_matches(')').to_owned()).collect())
}

/// Normalizes the words after `peering`.
fn normalized(definition: &clap::Command, words: &[String]) -> Result<Vec<OsString>, String> {
    let name = words.first().ok_or("no command")?;
    let command = definition.find_subcommand(name).ok_or(format!("unknown command {name}"))?;
    let is_within = |word: &&String| {
        command.has_subcommands() && (command.is_subcommand_required_set() || !word.starts_with('-'))
    };
    let (command, path) = match words.get(1).filter(is_within) {
        Some(within) => {
            (command.find_subcommand(within).ok_or(format!("unknown command {name} {within}"))?, 2)
        }
        None => (command, 1),
    };
    let (called, rest) = words.split_at(path);
    let rest: Vec<OsString> = rest.iter().map(OsString::from).collect();
    let rest =
        args::go_flags::normalize(command, Style::of(name), &rest).map_err(|error| error.to_string())?;
    Ok(called.iter().map(OsString::from).chain(rest.words).collect())
}

/// Parses the words after `peering`.
fn parse(definition: &clap::Command, words: &[String]) -> Result<(), String> {
    if words == ["help"] {
        return Ok(());
    }
    let words = std::iter::once("peering".into()).chain(normalized(definition, words)?);
    super::parse(definition.clone(), words).map(drop).map_err(|error| error.to_string())
}

#[test]
fn every_example_of_every_command_parses() {
    let definition = definition();
    for (path, command) in commands(&definition) {
        let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<Vec<String>> = help.lines().filter_map(peering_words).collect();
        let own = |example: &Vec<String>| example.starts_with(&path);
        assert!(examples.iter().any(own), "{path:?} has no example of its own: {help}");
        for example in examples {
            parse(&definition, &example).unwrap_or_else(|error| panic!("{example:?}: {error}"));
        }
    }
}

/// Also the commands of `consul peering`, because ours have the same flags.
#[test]
fn the_next_command_of_every_explanation_parses() {
    let definition = definition();
    let mut count = 0;
    for entry in crate::explain::entries() {
        for words in entry.next.lines().filter_map(peering_words) {
            parse(&definition, &words)
                .unwrap_or_else(|error| panic!("{}: {}: {error}", entry.name, entry.next));
            count += 1;
        }
        let named = entry.next.matches("peering ").count();
        assert_eq!(
            entry.next.lines().filter_map(peering_words).count(),
            named,
            "{}: {}",
            entry.name,
            entry.next
        );
    }
    assert!(count > 50, "{count}");
}

/// Prose may leave out required arguments.
#[test]
fn every_command_and_flag_in_the_documents_exists() {
    let definition = definition();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = regex::Regex::new("`(peering [a-z][^`]*)`").unwrap();
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    let mut count = 0;
    for page in pages.chain(["README.md", "SECURITY.md"].map(|name| root.join(name))) {
        let text = std::fs::read_to_string(&page).unwrap();
        for found in named.captures_iter(&text) {
            let line = found[1].replace('\n', " ");
            // Consul's messages also start with "peering".
            let Some(command) = peering_words(&line)
                .filter(|words| words[0] != "token" && crate::explain::explain(&line).is_empty())
            else {
                continue;
            };
            let is_help = command[0] == "help"
                && command
                    .get(1)
                    .is_none_or(|it| it == "COMMAND" || help::help_topics::page(it, &definition).is_some());
            // The last flag may lack its value.
            let known = normalized(&definition, &command)
                .or_else(|_| normalized(&definition, &[&command[..], &["VALUE".to_owned()]].concat()));
            assert!(is_help || known.is_ok(), "{}: {command:?}: {known:?}", page.display());
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn a_variable_of_ours_has_the_name_of_its_option() {
    use args::option_sources::Sources;
    for (path, command) in commands(&definition()) {
        for option in command.get_arguments() {
            if let (Some(name), Sources::VariableThenFile(variable)) =
                (option.get_long(), Sources::of(option))
            {
                let expected = format!("PEERING_{}", name.to_uppercase().replace('-', "_"));
                assert_eq!(variable, expected, "{path:?}");
            }
        }
    }
}
