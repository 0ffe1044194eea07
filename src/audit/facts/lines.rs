//! Facts as JSON lines: read from any files, written in one form.

use std::borrow::Cow;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{ClusterFact, Facts, PeeringFact, VERSION};

/// The maximum length of a line, in bytes. `/dev/zero` is one line without an end.
pub const MAX_LINE_LEN: u64 = 16 * 1024 * 1024;

/// A line of facts.
#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Line<'a> {
    /// A cluster at one time.
    Cluster(&'a ClusterFact),
    /// A peering at one time, as one of its two clusters reports it.
    Peering(&'a PeeringFact),
}

/// The start of a line of facts that was read. The version is checked before anything else: a newer form may differ in any way.
#[derive(Deserialize)]
struct Start<'a> {
    version: Option<u32>,
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
}

/// A line that is not a fact.
#[derive(Debug, Error)]
#[error("{source_name}:{line}: {reason}")]
pub struct FactsError {
    /// The file.
    pub source_name: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Facts {
    /// Reads JSON lines, and adds their facts. Empty lines are ignored. Fails at the first line that is not a fact.
    pub fn read_lines(&mut self, source_name: &str, input: impl BufRead) -> Result<(), FactsError> {
        let mut input = input;
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let error = |reason: String| FactsError { source_name: source_name.to_owned(), line, reason };
            let read = io::Read::take(&mut input, MAX_LINE_LEN).read_until(b'\n', &mut text);
            let length = read.map_err(|failure| error(failure.to_string()))?;
            if length == 0 {
                break;
            }
            if length as u64 == MAX_LINE_LEN && text.last() != Some(&b'\n') {
                return Err(error("the line is longer than 16 MiB, so it is not a fact".to_owned()));
            }
            if !text.trim_ascii().is_empty() {
                self.add_line(&text).map_err(error)?;
            }
        }
        Ok(())
    }

    fn add_line(&mut self, text: &[u8]) -> Result<(), String> {
        // Shows where the line is damaged, but nothing of it.
        let damaged = |error: &serde_json::Error| match error.classify() {
            serde_json::error::Category::Data => format!("not a fact of an audit: {}", field_problem(error)),
            _ => format!("not JSON, or truncated (column {})", error.column()),
        };
        let Start { version, kind } = serde_json::from_slice(text).map_err(|error| damaged(&error))?;
        match version {
            Some(VERSION) => {}
            Some(version) => {
                return Err(format!(
                    "version {version} of facts is not supported: this program reads version {VERSION}"
                ));
            }
            None => return Err("not a fact of an audit: it has no version".to_owned()),
        }
        // An enum with a tag would be read into a tree first.
        match kind.as_deref() {
            Some("cluster") => {
                self.clusters.push(serde_json::from_slice(text).map_err(|error| damaged(&error))?);
            }
            Some("peering") => {
                self.peerings.push(serde_json::from_slice(text).map_err(|error| damaged(&error))?);
            }
            Some(_) => {
                return Err("not a fact of an audit: a field has an unexpected type or value".to_owned());
            }
            None => return Err("not a fact of an audit: missing field `kind`".to_owned()),
        }
        Ok(())
    }

    /// Returns the facts as JSON lines, in an order that depends only on the facts: each cluster, then its peerings.
    pub fn to_lines(&self) -> String {
        let mut facts: Vec<_> =
            self.clusters.iter().map(|fact| (cluster_key(fact), Line::Cluster(fact))).collect();
        facts.extend(self.peerings.iter().map(|fact| (peering_key(fact), Line::Peering(fact))));
        facts.sort_unstable();
        facts.dedup();
        let mut lines = String::new();
        for (_, fact) in &facts {
            lines.push_str(&to_line(fact));
            lines.push('\n');
        }
        lines
    }
}

type Key<'a> = (&'a str, &'a str, jiff::Timestamp, bool, &'a str);

fn cluster_key(fact: &ClusterFact) -> Key<'_> {
    (&fact.cluster, &fact.partition, fact.observed_at, false, "")
}

fn peering_key(fact: &PeeringFact) -> Key<'_> {
    (&fact.cluster, &fact.partition, fact.observed_at, true, &fact.name)
}

fn to_line(line: &Line<'_>) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// Returns what is wrong with the fields of a line. Only the names of fields are shown: the line may be anything.
fn field_problem(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let end = message.rfind(" at line ").unwrap_or(message.len());
    let is_name_only = message.starts_with("missing field");
    if is_name_only {
        message[..end].to_owned()
    } else {
        "a field has an unexpected type or value".to_owned()
    }
}
