//! Help topics that do not belong to one command.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::Command;

use super::layout::hanging;
use super::shared_options;
use crate::checks;
use crate::cli::args::option_sources::Sources;
use crate::cli::env::now;
use crate::cli::output::screen;
use crate::render::pretty::{self, Detail};

const EXIT_CODES: &str = "\
Exit codes, the same in every output format

Consul's commands (generate-token, establish, list, read, delete,
exported-services)
  0  done
  1  any failure, as in Consul
  3  generate-token -if-unused=keep: an unused token exists, and no token was
     generated (so that no script stores an empty token)

validate, diagnose
  0  no finding of the severity -fail-on (default: error) or higher
  1  findings; validate: also if Consul rejects a token
  2  the work could not be done (usage, file, network)

connect, revoke, context check
  0  connected, now or already; the token was revoked; all contexts can be used
  1  something prevents it, or a step failed; nothing was revoked; a context has
     a problem
  2  the work could not be done

find
  0  no token was found, or only those in -baseline
  1  a token was found
  2  a file or directory could not be read

stale
  0  current
  1  superseded, spent or orphaned
  2  the work could not be done
  3  undetermined; with -require proven, also likely

inspect
  0  all tokens were decoded
  1  a token cannot be decoded
  2  the work could not be done

diff
  0  both tokens belong to the same peering
  1  they do not
  2  the work could not be done

Other commands
  0  done
  1  done, with findings
  2  the work could not be done
";

/// Variables that are not the default of one option.
const VARIABLES: [(&str, &str); 13] = [
    ("PEERING_CONFIG", "configuration file; default: peering/config.toml in ~/.config"),
    ("PEERING_STATE_DIR", "directory of the ledger and of the embedded acceptor's state"),
    (
        "PEERING_HTTP_TIMEOUT",
        "how long one request to the HTTP API may take, between 1s and 3600s; default: 300s. With -watch, use 20s or more",
    ),
    ("CONSUL_HTTP_ADDR", "address of Consul's HTTP API; default: http://localhost:8500"),
    ("CONSUL_HTTP_TOKEN", "ACL token to send"),
    ("CONSUL_HTTP_TOKEN_FILE", "file that contains the ACL token"),
    ("CONSUL_HTTP_AUTH", "user:password for HTTP basic authentication"),
    ("CONSUL_HTTP_SSL", "true: use HTTPS if the address has no scheme"),
    ("CONSUL_HTTP_SSL_VERIFY", "false: do not verify the certificate of the HTTP API; prints a warning"),
    (
        "CONSUL_CACERT, CONSUL_CAPATH",
        "PEM file or directory of CA certificates to trust instead of the system's",
    ),
    ("CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY", "PEM files of the client certificate and its key"),
    ("CONSUL_TLS_SERVER_NAME", "name to expect in Consul's certificate"),
    ("CONSUL_NAMESPACE, CONSUL_PARTITION", "namespace and admin partition (Consul Enterprise only)"),
];

/// Variables that other programs read too.
const COMMON: [(&str, &str); 4] = [
    ("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "proxy for the HTTP API, read as Go reads them"),
    ("NO_COLOR", "any value: no colors"),
    ("CLICOLOR_FORCE", "1: colors even without a terminal"),
    ("TERM", "dumb: no colors"),
];

const FORMATS: &str = "\
Output formats (-format)

Consul's commands (generate-token, list, read, exported-services)
  pretty  as Consul prints it (default)
  json    Consul's JSON, with Consul's keys

inspect, stale, diagnose, diff, explain, history
  pretty  text for people, as wide as the terminal (default)
  json    one document; its schema is stable, see docs/json.md
  yaml    the same fields as YAML

validate
  pretty  text for people (default)
  line    FILE: SEVERITY: CHECK: MESSAGE, one line for each finding
  github  workflow annotations of GitHub Actions
  json    one document for all tokens
  jsonl   one JSON object per token
  sarif   SARIF 2.1.0, for code scanning
  junit   JUnit XML, for CI

find
  pretty  text for people (default)
  json    one document
  jsonl   one JSON object per token
  sarif   SARIF 2.1.0, for code scanning
  github  workflow annotations of GitHub Actions

validate -batch
  pretty  one line for each token that fails, and a summary (default)
  jsonl   one JSON object per token

Exit codes are the same in every format: peering help exit-codes
";

const HELP: &str = "\
How to get help

  peering                    all commands
  peering COMMAND -h         options of a command, on one screen
  peering help COMMAND       full help with examples
  peering help http          HTTP API options and common options
  peering help formats       output formats
  peering help exit-codes    exit codes
  peering help environment   environment variables
  peering help checks        the checks of validate
  peering explain TEXT       what a check or a message from Consul means
  peering man                the manual page
";

/// The names of the topics.
pub const NAMES: [&str; 6] = ["http", "formats", "exit-codes", "environment", "checks", "help"];

/// Returns the text of a topic.
pub fn page(name: &str, definition: &Command) -> Option<String> {
    match name {
        "http" | "options" => Some(shared_options(definition)),
        "formats" => Some(FORMATS.to_owned()),
        "help" | "-h" | "-help" | "--help" => Some(HELP.to_owned()),
        "checks" => Some(checks()),
        "exit-codes" => Some(EXIT_CODES.to_owned()),
        "environment" => Some(environment(definition)),
        _ => None,
    }
}

fn checks() -> String {
    let checks = pretty::list_of_all(&checks::all().collect::<Vec<_>>(), &[], &screen(Detail::Normal, now()));
    format!("{checks}\nExplain one: peering explain CHECK\n")
}

fn environment(definition: &Command) -> String {
    let mut page =
        "Environment variables\n\nWith -context NAME, no CONSUL_* variable has an effect.\n\n".to_owned();
    let row = |page: &mut String, name: &str, text: &str| {
        // Writing to a string does not fail.
        let _ = write!(page, "  {name}\n{}", hanging(text, 6, 80));
    };
    for (name, text) in VARIABLES {
        row(&mut page, name, text);
    }
    page.push_str("\nDefaults of options. The order is: flag, variable, configuration file.\n\n");
    for (variable, (option, commands)) in variables(definition) {
        row(&mut page, &variable, &format!("-{option} of {}", commands.join(", ")));
    }
    page.push_str("\nShared with other programs\n\n");
    for (name, text) in COMMON {
        row(&mut page, name, text);
    }
    page
}

/// Returns every variable of ours, its option, and the commands that have the option.
fn variables(definition: &Command) -> BTreeMap<String, (String, Vec<String>)> {
    let mut all = BTreeMap::<String, (String, Vec<String>)>::new();
    let mut count = 0;
    let mut add = |command: &Command, name: String| {
        count += 1;
        for argument in command.get_arguments() {
            if let (Some(option), Sources::VariableThenFile(variable)) =
                (argument.get_long(), Sources::of(argument))
            {
                all.entry(variable).or_insert_with(|| (option.to_owned(), Vec::new())).1.push(name.clone());
            }
        }
    };
    for command in definition.get_subcommands() {
        let name = command.get_name();
        if !command.has_subcommands() || !command.is_subcommand_required_set() {
            add(command, name.to_owned());
        }
        for within in command.get_subcommands() {
            add(within, format!("{name} {}", within.get_name()));
        }
    }
    for (_, commands) in all.values_mut() {
        if commands.len() == count {
            *commands = vec!["every command".to_owned()];
        }
    }
    all
}
