//! `diagnose -bundle` and `diagnose -from`: a redacted report in one file, to send to someone else.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::aliases::Aliases;
use crate::cli::args::http_options::{HttpOptions, wait_for};
use crate::cli::args::ledger_options::LedgerOptions;
use crate::cli::args::output_format::{DocumentFormat, OutputFormat};
use crate::cli::args::paths::{expand_home, unreadable};
use crate::cli::env::now;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::out_file::OutFile;
use crate::cli::output::{note, print};
use crate::cli::redaction;
use crate::gostd::os_error::os_error_text;
use crate::net::bundle::{Bundle, Index, IndexEntry, MAX_LEN, VERSION};
use crate::net::consul::Client;
use crate::net::file;
use crate::net::ledger::history::History;
use crate::net::ledger::{Filter, Ledger};
use crate::render::pretty::{Detail, Screen};
use crate::render::{json, pretty};

/// The options of bundles.
#[derive(Debug, Args)]
pub(super) struct BundleOptions {
    /// Also write a redacted report with versions, peerings and ledger records to a .tar.zst file with mode 0600
    #[arg(long, value_name = "FILE")]
    pub bundle: Option<String>,
    /// Allow -bundle to overwrite a file
    #[arg(long, requires = "bundle")]
    force: bool,
    /// The other cluster's HTTP API, for -bundle (asked without an ACL token)
    #[arg(long, value_name = "ADDRESS", requires = "bundle")]
    peer_http_addr: Option<String>,
    /// Show the report of a bundle, without any connection
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["peering_token", "name", "error", "bundle", "offline", "reference"]
    )]
    pub from: Option<String>,
}

/// The names of the reports, and how much they show.
const REPORTS: [(&str, Detail, &str); 3] = [
    ("report.txt", Detail::Normal, "the report as diagnose shows it"),
    ("report-short.txt", Detail::Short, "the answer and the fix"),
    ("report-long.txt", Detail::Long, "the report with all evidence"),
];

/// The width of the reports, in columns.
const WIDTH: usize = 80;

/// The maximum number of ledger records, the newest.
const MAX_RECORDS: usize = 200;

/// A file that is ready to receive the bundle.
pub(super) struct Prepared<'a> {
    out: OutFile,
    aliases: &'static Aliases,
    options: &'a BundleOptions,
}

/// What a bundle is made of.
pub(super) struct Contents<'a> {
    /// The report as JSON.
    pub report: String,
    /// Renders the report.
    pub pretty: &'a dyn Fn(&Screen) -> String,
    /// How the run ends.
    pub exit: Exit,
    /// The client of the Consul at `-http-addr`, if the network is used.
    pub client: Option<&'a Client>,
    pub http: &'a HttpOptions,
    pub ledger: &'a LedgerOptions,
    pub timeout: Duration,
}

impl BundleOptions {
    /// Prepares the file before the work, if there is one.
    pub(super) fn prepare(&self) -> Result<Option<Prepared<'_>>, CliError> {
        let Some(path) = &self.bundle else { return Ok(None) };
        if path == "-" {
            return Err(
                CliError::new("a bundle cannot be written to standard output").with_remedy("name a file")
            );
        }
        let aliases = redaction::learn_only();
        self.peer_http_addr.iter().for_each(|address| aliases.learn_address(address));
        let out = OutFile::prepare(&expand_home(path), self.force)
            .map_err(|error| error.in_context("nothing was diagnosed"))?;
        Ok(Some(Prepared { out, aliases, options: self }))
    }
}

impl Prepared<'_> {
    /// Writes the bundle, and prints what is in it.
    pub(super) fn write(self, contents: &Contents<'_>) -> Result<(), CliError> {
        let clusters = self.clusters(contents);
        let ledger = ledger_records(contents);
        let json = |value: &serde_json::Value| {
            let text = json::render(value);
            self.aliases.learn_json(&text);
            self.aliases.in_json(&text)
        };
        // All names must be known before the first text is redacted.
        self.aliases.learn_json(&contents.report);
        self.aliases.learn_json(&json!(clusters).to_string());
        let versions = json!({
            "tool": env!("CARGO_PKG_VERSION"),
            "clusters": clusters.iter().map(|it| json!({ "given_by": it.given_by, "version": it.version })).collect::<Vec<_>>(),
        });
        let mut files = vec![(
            "report.json",
            "the report as JSON, as diagnose -format json",
            self.aliases.in_json(&contents.report),
        )];
        for (name, detail, summary) in REPORTS {
            let screen = Screen {
                width: WIDTH,
                ascii: false,
                detail,
                hints: true,
                now: now(),
                aliases: Some(self.aliases),
            };
            let text = anstream::adapter::strip_str(&(contents.pretty)(&screen)).to_string();
            files.push((name, summary, self.aliases.in_text(&text).into_owned()));
        }
        files.push((
            "versions.json",
            "the versions of this tool and of both clusters' Consul",
            json(&versions),
        ));
        files.push((
            "peerings.json",
            "the peerings as both clusters' Consul reports them",
            json(&json!(clusters)),
        ));
        files.push((
            "ledger.json",
            "the newest records of the ledger, as history -format json",
            json(&ledger),
        ));
        let entries = files.iter().map(|(name, summary, _)| IndexEntry {
            name: (*name).to_owned(),
            summary: (*summary).to_owned(),
        });
        let index = Index {
            version: VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: now(),
            redacted: true,
            exit_code: contents.exit.code(),
            files: entries.collect(),
        };
        let listed: Vec<String> =
            index.files.iter().map(|it| format!("  {:<18}{}", it.name, it.summary)).collect();
        let files = files.into_iter().map(|(name, _, text)| (name.to_owned(), text)).collect();
        let path = self.out.path().display().to_string();
        let packed = Bundle { index, files }.pack();
        packed.and_then(|packed| self.out.write(&packed)).map_err(|error| {
            CliError::new(format_args!("cannot write the bundle {path}: {}", os_error_text(&error)))
        })?;
        note(&format!(
            "\nWrote {path}. Aliases such as ADDRESS-1 replace the addresses and names in it:\n{}\n\
             Read it before you send it: peering diagnose -from {path} -long",
            listed.join("\n")
        ));
        Ok(())
    }

    /// Asks both clusters for their versions and peerings.
    fn clusters(&self, contents: &Contents<'_>) -> Vec<Cluster> {
        let own = match contents.client {
            Some(client) => Cluster::ask("http_addr", client, contents.timeout),
            None => Cluster::not_asked("http_addr", "-offline was given"),
        };
        let peer = match &self.options.peer_http_addr {
            None => Cluster::not_asked("peer_http_addr", "-peer-http-addr was not given"),
            Some(_) if contents.client.is_none() => {
                Cluster::not_asked("peer_http_addr", "-offline was given")
            }
            Some(address) => match contents.http.client_without_token(address) {
                Ok(client) => Cluster::ask("peer_http_addr", &client, contents.timeout),
                Err(error) => Cluster::not_asked("peer_http_addr", error.message()),
            },
        };
        vec![own, peer]
    }
}

/// What one cluster's Consul reports.
#[derive(Serialize)]
struct Cluster {
    /// The option with its address.
    given_by: &'static str,
    address: Option<String>,
    version: Option<String>,
    trust_domain: Option<String>,
    peerings: Option<serde_json::Value>,
    /// Its errors, or why it was not asked.
    errors: Vec<String>,
}

impl Cluster {
    fn ask(given_by: &'static str, client: &Client, timeout: Duration) -> Self {
        let address = Some(client.address());
        match wait_for(client.dialer_answers(timeout)) {
            Ok(answers) => Self {
                given_by,
                address,
                version: answers.version,
                trust_domain: answers.trust_domain,
                peerings: answers.peerings.map(|peerings| json!(peerings)),
                errors: answers.refusals,
            },
            Err(error) => Self { address, ..Self::not_asked(given_by, &error.to_string()) },
        }
    }

    fn not_asked(given_by: &'static str, reason: &str) -> Self {
        let errors = vec![reason.to_owned()];
        Self { given_by, address: None, version: None, trust_domain: None, peerings: None, errors }
    }
}

/// Returns the newest records of the ledger, or why there are none.
fn ledger_records(contents: &Contents<'_>) -> serde_json::Value {
    let read = || {
        let kind = contents.ledger.kind().map_err(|error| error.message().to_owned())?;
        match contents.ledger.open(kind, contents.client)? {
            Ledger::Off => Err("the ledger is off".to_owned()),
            ledger => wait_for(ledger.records(Filter::All)).map_err(|error| error.to_string()),
        }
    };
    match read() {
        Ok(mut records) => {
            records.drain(..records.len().saturating_sub(MAX_RECORDS));
            json!(History::of(records))
        }
        Err(reason) => json!({ "error": reason }),
    }
}

/// Shows the report of a bundle. The exit code is that of the diagnosis.
pub(super) fn show(path: &str, format: DocumentFormat, detail: Detail) -> Result<Exit, CliError> {
    let Some(format) = format.without_html() else {
        return Err(CliError::new("a bundle cannot be shown in this format")
            .with_remedy("use -format pretty, json or yaml"));
    };
    let packed =
        file::read(Path::new(&expand_home(path)), MAX_LEN).map_err(|error| unreadable(path, &error))?;
    let unusable = |error: &dyn std::fmt::Display| {
        CliError::new(format_args!(
            "cannot read the bundle {path}: {}",
            pretty::printable(&error.to_string())
        ))
        .with_remedy("use the file that peering diagnose -bundle FILE wrote; a copy may be incomplete")
    };
    let bundle = Bundle::unpack(&packed).map_err(|error| unusable(&error))?;
    let name = match format {
        OutputFormat::Pretty => {
            REPORTS.iter().find(|(_, shown, _)| *shown == detail).map_or("report.txt", |it| it.0)
        }
        OutputFormat::Json | OutputFormat::Yaml => "report.json",
    };
    let text = bundle.file(name).map_err(|error| unusable(&error))?;
    if format == OutputFormat::Pretty {
        // A bundle may come from a stranger.
        print(&text.split('\n').map(pretty::printable).collect::<Vec<_>>().join("\n"))?;
    } else {
        let report: serde_json::Value = serde_json::from_str(text).map_err(|error| unusable(&error))?;
        format.print_json(text, &report)?;
    }
    Ok(Exit::of_code(bundle.index.exit_code))
}
