//! Pages of help that are of no one command.

use std::fmt::Write;

use clap::Command;

use crate::cli::args::go_flags::Style;
use crate::cli::args::option_sources::{Origins, origins, variable_of};

/// What the exit codes mean.
const EXIT_CODES: &str = "\
Exit codes, the same in every output format

Consul's commands (generate-token, establish, list, read, delete, exported-services)
  0  done
  1  anything else, as in Consul: refused, not reached, a mistaken command line
  3  generate-token -if-unused=keep: an unused token is still out, and nothing
     was generated; so that no script stores an empty token

validate, diagnose
  0  nothing was found that is as bad as -fail-on (default: error)
  1  something was; for validate also whenever Consul refuses the token
  2  the work could not be done: usage, file, network

stale
  0  current
  1  superseded, spent, or orphaned
  2  the work could not be done
  3  undetermined; with -require proven also what is only likely

inspect
  0  shown
  1  a text cannot be decoded
  2  the work could not be done

diff
  0  both tokens are of one peering
  1  they are not
  2  the work could not be done

All others
  0  done
  1  done, and something is wrong
  2  the work could not be done
";

/// The variables that are of no one option.
const VARIABLES: [(&str, &str); 12] = [
    ("PEERING_CONFIG", "the configuration file; default: peering/config.toml in ~/.config"),
    ("PEERING_STATE_DIR", "where the ledger and the embedded acceptor are kept"),
    ("CONSUL_HTTP_ADDR", "where Consul's HTTP API is; default: http://localhost:8500"),
    ("CONSUL_HTTP_TOKEN", "the ACL token to send"),
    ("CONSUL_HTTP_TOKEN_FILE", "a file that holds it"),
    ("CONSUL_HTTP_AUTH", "user:password for HTTP basic authentication"),
    ("CONSUL_HTTP_SSL", "true: https, where the address does not say"),
    ("CONSUL_HTTP_SSL_VERIFY", "false: trust any certificate of the HTTP API; there is a warning"),
    ("CONSUL_CACERT, CONSUL_CAPATH", "PEM certificates to trust instead of the system's"),
    ("CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY", "what to show to Consul"),
    ("CONSUL_TLS_SERVER_NAME", "the name to expect in Consul's certificate"),
    ("CONSUL_NAMESPACE, CONSUL_PARTITION", "Consul Enterprise only"),
];

/// Variables that other programs know too.
const COMMON: [(&str, &str); 4] = [
    ("HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "a proxy for the HTTP API, as Go reads them"),
    ("NO_COLOR", "anything: no colours"),
    ("CLICOLOR_FORCE", "1: colours even where no terminal is"),
    ("TERM", "dumb: no colours"),
];

/// The names of the pages.
pub const NAMES: [&str; 2] = ["exit-codes", "environment"];

/// A page by its name.
pub fn page(name: &str, definition: &Command) -> Option<String> {
    match name {
        "exit-codes" => Some(EXIT_CODES.to_owned()),
        "environment" => Some(environment(definition)),
        _ => None,
    }
}

fn environment(definition: &Command) -> String {
    let mut page = "Variables that are read\n\n".to_owned();
    let row = |page: &mut String, name: &str, says: &str| {
        // What is written to a string cannot fail to be.
        let indent = " ".repeat(6);
        let options = textwrap::Options::new(80).initial_indent(&indent).subsequent_indent(&indent);
        let _ = writeln!(page, "  {name}\n{}", textwrap::fill(says, options));
    };
    for (name, says) in VARIABLES {
        row(&mut page, name, says);
    }
    page.push_str("\nDefaults of options: a flag comes first, then the variable, then the file\n\n");
    for (option, commands) in options(definition) {
        row(&mut page, &variable_of(&option), &format!("-{option} of {}", commands.join(", ")));
    }
    page.push_str("\nAs everywhere\n\n");
    for (name, says) in COMMON {
        row(&mut page, name, says);
    }
    page
}

/// Every option that has a variable, by name, and the commands that have it.
fn options(definition: &Command) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut all = std::collections::BTreeMap::<String, Vec<String>>::new();
    let mut most = 0;
    let mut take = |command: &Command, name: String| {
        most += 1;
        let style = Style::of(name.split(' ').next().unwrap_or_default());
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            if origins(style, option) == Origins::VariableAndFile {
                all.entry(option.to_owned()).or_default().push(name.clone());
            }
        }
    };
    for command in definition.get_subcommands() {
        let name = command.get_name();
        if !command.has_subcommands() {
            take(command, name.to_owned());
        }
        for within in command.get_subcommands() {
            take(within, format!("{name} {}", within.get_name()));
        }
    }
    for commands in all.values_mut() {
        if commands.len() == most {
            *commands = vec!["every command".to_owned()];
        }
    }
    all
}
