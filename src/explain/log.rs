//! What a server log contains about peerings.

use std::collections::BTreeMap;

use serde::Serialize;

use super::log_lines::{Candidates, continues, line_at, record_start, text_of};
use super::mapped_text::MappedText;
use super::origin::{Level, Origin};
use super::{Entry, explain};
use crate::token::redact::redact;

/// Maximum length of a record, in bytes. The rest of a longer one is ignored.
pub const MAX_RECORD_LEN: usize = 64 * 1024;
/// Maximum number of peerings. Lines about further ones are counted under no name.
const MAX_PEERINGS: usize = 1000;
/// Maximum number of peer IDs whose name is remembered.
const MAX_IDS: usize = 10_000;
/// Maximum length of a name, ID or time, in bytes.
const MAX_VALUE_LEN: usize = 128;

/// What a log contains about peerings.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogReport {
    /// The number of lines that were read.
    pub lines: usize,
    /// The number of records about peerings. A record is a line with the lines that continue it.
    pub peering_records: usize,
    /// The number of errors and warnings about peerings that are unknown.
    pub unknown_records: usize,
    /// The first unknown error or warning, redacted.
    pub unknown_example: Option<String>,
    /// The messages of each peering, in the order of their first record. Lines without a name come last.
    pub peerings: Vec<PeeringLog>,
    /// Whether there are more peerings than are listed.
    pub truncated: bool,
}

/// The messages about one peering.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeeringLog {
    /// The local name of the peering, if the log contains it.
    pub name: Option<String>,
    /// The ID of the peering, if the log contains it.
    pub peer_id: Option<String>,
    /// The messages, in the order of their first record.
    pub messages: Vec<LogMessage>,
}

/// A message about a peering, and when it was logged.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogMessage {
    /// The entry.
    #[serde(flatten)]
    pub entry: &'static Entry,
    /// The entry's next command, with placeholders replaced by values from the log.
    pub command: String,
    /// The first such message, without layers. Tokens are redacted.
    pub message: String,
    /// The number of records with this message.
    pub count: usize,
    /// The time of the first record, as the log contains it.
    pub first: Option<String>,
    /// The time of the last record, as the log contains it.
    pub last: Option<String>,
}

/// Reads a log line by line, in bounded memory.
#[derive(Debug, Default)]
pub struct LogReader {
    record: String,
    report: LogReport,
    /// The name of each peer ID.
    names: BTreeMap<String, String>,
    /// The position of each group in the report, by name, or else by peer ID.
    groups: BTreeMap<(Option<String>, Option<String>), usize>,
    candidates: Candidates,
}

impl LogReader {
    /// Reads the next line, without its line end.
    pub fn push(&mut self, line: &str) {
        self.report.lines += 1;
        if !continues(line) || self.record.is_empty() {
            self.finish_record();
        } else {
            self.record.push('\n');
        }
        let room = MAX_RECORD_LEN.saturating_sub(self.record.len());
        self.record.push_str(&line[..line.floor_char_boundary(room)]);
    }

    /// Reads the next lines. Each ends with a line end.
    ///
    /// This is equal to [`Self::push`] for each line, of which it reads those that may be about a peering.
    pub fn push_lines(&mut self, lines: &[u8]) {
        let mut at = 0;
        // The record that is read may continue.
        while at < lines.len() && !self.record.is_empty() && continues(&text_of(line_at(lines, at))) {
            at = self.push_line(lines, at);
        }
        while let Some(candidate) = self.candidates.find(&lines[at..]) {
            let start = record_start(&lines[at..], candidate) + at;
            self.skip(&lines[at..start]);
            at = self.push_line(lines, start);
            while at < lines.len() && continues(&text_of(line_at(lines, at))) && !self.record.is_empty() {
                at = self.push_line(lines, at);
            }
        }
        // The last record may continue in the next lines.
        let start = at + record_start(&lines[at..], (lines.len() - at).saturating_sub(1));
        self.skip(&lines[at..start]);
        at = start;
        while at < lines.len() {
            at = self.push_line(lines, at);
        }
    }

    /// Reads the line at an offset, and returns the offset of the next one.
    fn push_line(&mut self, lines: &[u8], at: usize) -> usize {
        let line = line_at(lines, at);
        self.push(&text_of(line));
        at + line.len() + 1
    }

    /// Counts lines of complete records that are not about a peering.
    fn skip(&mut self, lines: &[u8]) {
        if !lines.is_empty() {
            self.finish_record();
            self.report.lines += memchr::memchr_iter(b'\n', lines).count();
        }
    }

    /// Returns what the log contains.
    pub fn finish(mut self) -> LogReport {
        self.finish_record();
        let mut merged: Vec<PeeringLog> = Vec::new();
        for mut group in std::mem::take(&mut self.report.peerings) {
            if let (None, Some(id)) = (&group.name, &group.peer_id) {
                group.name = self.names.get(id).cloned();
            }
            match merged.iter_mut().find(|it| it.is_same(&group)) {
                Some(existing) => existing.merge(group),
                None => merged.push(group),
            }
        }
        merged.sort_by_key(|group| group.name.is_none() && group.peer_id.is_none());
        self.report.peerings = merged;
        self.report
    }

    fn finish_record(&mut self) {
        let record = std::mem::take(&mut self.record);
        let origin = Origin::of(&MappedText::plain(&record).whole(), Origin::default());
        if !origin.is_peering() {
            return;
        }
        self.report.peering_records += 1;
        let found = explain(&record).into_iter().next();
        let Some(found) = found else {
            if origin.level.is_some_and(|level| level <= Level::Warning) {
                self.report.unknown_records += 1;
                self.report.unknown_example.get_or_insert_with(|| shown(&record));
            }
            return;
        };
        let id = value(&record, &["peer_id", "peerID", "peerId"]);
        let name =
            value(&record, &["peer_name", "peerName", "peering", "peer"]).or_else(|| found.peering.clone());
        if let (Some(id), Some(name)) = (&id, &name)
            && self.names.len() < MAX_IDS
        {
            self.names.insert(id.clone(), name.clone());
        }
        let time = time(&record);
        let message = LogMessage {
            entry: found.entry,
            command: super::filled(&found.command, name.as_deref(), None, None),
            message: found.message,
            count: 1,
            first: time.clone(),
            last: time,
        };
        let group = PeeringLog { name, peer_id: id, messages: Vec::new() };
        self.group(group).add(message);
    }

    fn group(&mut self, group: PeeringLog) -> &mut PeeringLog {
        let groups = &mut self.report.peerings;
        let is_full = groups.len() >= MAX_PEERINGS;
        let known = self.groups.get(&group.key()).copied();
        self.report.truncated |= is_full && known.is_none();
        let group = if is_full { PeeringLog::default() } else { group };
        let index = known.unwrap_or_else(|| {
            *self.groups.entry(group.key()).or_insert_with(|| {
                groups.push(group);
                groups.len() - 1
            })
        });
        &mut groups[index]
    }
}

impl PeeringLog {
    /// Returns what groups of the same peering have in common.
    fn key(&self) -> (Option<String>, Option<String>) {
        match &self.name {
            Some(name) => (Some(name.clone()), None),
            None => (None, self.peer_id.clone()),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.name, &other.name) {
            (Some(name), Some(other)) => name == other,
            (None, None) => self.peer_id == other.peer_id,
            _ => false,
        }
    }

    fn add(&mut self, message: LogMessage) {
        match self.messages.iter_mut().find(|it| it.entry.name == message.entry.name) {
            Some(existing) => {
                existing.count += message.count;
                existing.last = message.last;
            }
            None => self.messages.push(message),
        }
    }

    fn merge(&mut self, other: Self) {
        self.peer_id = self.peer_id.take().or(other.peer_id);
        for message in other.messages {
            self.add(message);
        }
    }
}

/// Returns the value of the first key: `key=value` or `"key":"value"`.
fn value(record: &str, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| {
        record.match_indices(key).find_map(|(at, _)| {
            if record[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                return None;
            }
            let rest = &record[at + key.len()..];
            let rest = match rest.strip_prefix('=') {
                Some(rest) => rest,
                None => rest.strip_prefix('"')?.trim_start().strip_prefix(':')?.trim_start(),
            };
            let rest = rest.trim_start_matches(['\\', '"']);
            let end = rest.find(|c: char| c.is_whitespace() || "\"\\,}".contains(c)).unwrap_or(rest.len());
            (end > 0).then(|| shown(&rest[..end]))
        })
    })
}

/// Returns the time of a record as the log contains it.
fn time(record: &str) -> Option<String> {
    let by_key = || value(record, &["@timestamp", "timestamp", "time", "ts"]);
    let first = record.split_whitespace().next()?.trim_matches(['[', ']']);
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !first.contains(['-', '/', ':']) {
        return by_key();
    }
    let second = record.split_whitespace().nth(1).map(|it| it.trim_matches(['[', ']']));
    let second = second.filter(|it| {
        !first.contains(':') && it.contains(':') && it.starts_with(|c: char| c.is_ascii_digit())
    });
    Some(shown(&second.map_or_else(|| first.to_owned(), |second| format!("{first} {second}"))))
}

fn shown(text: &str) -> String {
    let redacted = redact(text);
    redacted[..redacted.floor_char_boundary(MAX_VALUE_LEN)].to_owned()
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
