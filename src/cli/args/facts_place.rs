//! Where facts are: in a file, or in the KV of a hub, as `consul-kv:PREFIX/NAME`.

use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;

use super::http_options::{HubOptions, wait_for};
use crate::audit::Facts;
use crate::cli::error::CliError;
use crate::cli::out_file::{OutFile, write_parts};
use crate::cli::output::note;
use crate::net::consul::{Client, RequestError};
use crate::net::hub::{Hub, HubError, Outcome};

/// Starts a place in a hub's KV.
const KV: &str = "consul-kv:";

/// A place to write facts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactsPlace {
    File(PathBuf),
    Kv { prefix: String, name: String },
}

impl FactsPlace {
    /// Parses `consul-kv:PREFIX/NAME` or a path.
    pub fn parse(path: &Path) -> Result<Self, CliError> {
        let Some(key) = path.to_str().and_then(|text| text.strip_prefix(KV)) else {
            return Ok(Self::File(path.to_owned()));
        };
        let (prefix, name) = key.rsplit_once('/').filter(|_| is_key(key)).ok_or_else(|| {
            CliError::new(format_args!("invalid place {KV}{key}"))
                .with_remedy("use consul-kv:PREFIX/NAME, such as consul-kv:peering/audit/east")
        })?;
        Ok(Self::Kv { prefix: prefix.to_owned(), name: name.to_owned() })
    }

    /// Checks what can be checked before facts are collected.
    pub fn prepare(self, hub: &HubOptions) -> Result<FactsWriter, CliError> {
        match self {
            Self::File(path) => OutFile::prepare_shared(&path).map(FactsWriter::File),
            Self::Kv { prefix, name } => {
                let client = hub.client()?;
                let checked = wait_for(Hub::new(&client, &prefix).check(&name));
                checked.map_err(|error| unwritable(&prefix, &name, &error))?;
                Ok(FactsWriter::Kv { client, prefix, name })
            }
        }
    }
}

/// Whether a text is a place in a hub's KV.
pub fn is_kv(text: &str) -> bool {
    text.starts_with(KV)
}

/// Returns the prefix in `consul-kv:PREFIX`; `None` if the text is not one.
pub fn kv_prefix(text: &str) -> Option<Result<&str, CliError>> {
    let prefix = text.strip_prefix(KV)?;
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    Some(if is_key(prefix) {
        Ok(prefix)
    } else {
        Err(CliError::new(format_args!("invalid place {text}"))
            .with_remedy("use consul-kv:PREFIX, such as consul-kv:peering/audit"))
    })
}

/// Whether a text is a key that a URL can contain as it is.
fn is_key(text: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.trim().is_empty() && !matches!(segment, "." | "..") && !segment.contains(char::is_control)
    };
    text.split('/').all(is_segment)
}

/// A place that is prepared to receive facts.
pub enum FactsWriter {
    File(OutFile),
    Kv { client: Client, prefix: String, name: String },
}

impl FactsWriter {
    /// Writes facts.
    pub fn write(self, facts: &Facts) -> Result<(), CliError> {
        match self {
            Self::File(file) => write_parts(facts.parts_of_lines(), file),
            Self::Kv { client, prefix, name } => {
                let hub = Hub::new(&client, &prefix);
                let written = wait_for(hub.write(&name, facts, &SystemRandom::new()));
                let written = written.map_err(|error| unwritable(&prefix, &name, &error))?;
                let place = format!("{KV}{prefix}/{name}");
                if written.lost_races > 0 {
                    note(&format!(
                        "{place}: other collectors wrote it at the same time, so it was written {} times",
                        written.lost_races + 1
                    ));
                }
                match written.outcome {
                    Outcome::Replaced => {}
                    Outcome::Merged => {
                        note(&format!("{place}: newer observations of some clusters were kept"));
                    }
                    Outcome::Newer => note(&format!("{place}: the stored facts are newer and were kept")),
                }
                Ok(())
            }
        }
    }
}

/// Reads the facts of all names below a prefix.
pub fn read(prefix: &str, hub: &HubOptions, facts: &mut Facts) -> Result<(), CliError> {
    let client = hub.client()?;
    let names = wait_for(Hub::new(&client, prefix).read(facts)).map_err(|error| {
        let described = CliError::new(format_args!("cannot read {KV}{prefix}: {error}"));
        match &error {
            HubError::Consul(error) if is_denied(error) => described.with_remedy(format_args!(
                "the ACL token needs key_prefix \"{prefix}/\" {{ policy = \"read\" }}"
            )),
            HubError::Consul(RequestError::Transport { .. } | RequestError::TimedOut { .. }) => {
                described.with_remedy("check the address of the hub: -http-addr or -hub")
            }
            HubError::Incomplete(_) => described.with_remedy("collect the facts again"),
            _ => described,
        }
    })?;
    if names == 0 {
        return Err(CliError::new(format_args!("there are no facts in {KV}{prefix}"))
            .with_remedy("check the prefix: collect the facts with -out consul-kv:PREFIX/NAME"));
    }
    Ok(())
}

fn unwritable(prefix: &str, name: &str, error: &HubError) -> CliError {
    let described = CliError::new(format_args!("cannot write {KV}{prefix}/{name}: {error}"));
    match error {
        HubError::Consul(error) if is_denied(error) => described.with_remedy(format_args!(
            "the ACL token needs key_prefix \"{prefix}/{name}\" {{ policy = \"write\" }}"
        )),
        HubError::Consul(RequestError::Transport { .. } | RequestError::TimedOut { .. }) => {
            described.with_remedy("check the address of the hub: -http-addr or -hub")
        }
        HubError::NotFacts(_) | HubError::InvalidIndex { .. } => {
            described.with_remedy("use another name, or delete the key if you do not need it")
        }
        _ => described,
    }
}

fn is_denied(error: &RequestError) -> bool {
    matches!(error, RequestError::Refused { status: 403, .. })
}
