//! The values that have an alias.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use super::ordinary::is_ordinary;
use super::{Kind, Scope};
use crate::token::shown::MAX_SHOWN_LEN;

/// A value with its alias.
#[derive(Debug)]
pub(super) struct Entry {
    /// One spelling of the value.
    pub(super) value: String,
    /// Its alias.
    pub(super) alias: String,
    /// Whether it is an ordinary word, which is the value in marked places only.
    pub(super) is_ordinary: bool,
    kind: Kind,
}

/// All values that have an alias.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The values by their first word in lower case, the longest first.
    by_first_word: HashMap<String, Vec<Entry>>,
    /// The alias of each value.
    aliases: HashMap<String, String>,
    /// How many aliases of each kind there are.
    counts: HashMap<Kind, usize>,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS",
            Self::Host => "HOST",
            Self::TrustDomain => "TRUST-DOMAIN",
            Self::Name => "NAME",
        }
    }
}

impl Known {
    /// Adds a value if it is new. A host that is an IP address counts as an address.
    pub(super) fn learn(&mut self, scope: Scope, kind: Kind, value: &str) {
        let value = value.trim();
        let ip = value.split('%').next().and_then(|it| it.parse::<IpAddr>().ok());
        let kind = match (kind, scope) {
            (Kind::Host, _) if ip.is_some() => Kind::Address,
            (Kind::Host, Scope::Addresses) => Kind::Address,
            (Kind::TrustDomain | Kind::Name, Scope::Addresses) => return,
            (kind, _) => kind,
        };
        if value.is_empty() || self.aliases.contains_key(value) {
            return;
        }
        let canonical = match ip {
            Some(ip) => ip.to_canonical().to_string(),
            None if kind == Kind::Name => value.to_owned(),
            None => value.trim_end_matches('.').to_ascii_lowercase(),
        };
        let alias = match self.aliases.get(&canonical) {
            Some(alias) => alias.clone(),
            None => self.new_alias(kind),
        };
        self.add(kind, &canonical, &alias);
        self.add(kind, value, &alias);
        if let Some(long) = ip.and_then(as_ipv6) {
            self.add(kind, &long, &alias);
        }
        let cluster = canonical.strip_suffix(".consul").filter(|_| kind == Kind::TrustDomain);
        if let Some(cluster) = cluster.filter(|cluster| cluster.len() > 8) {
            self.add(kind, cluster, &alias);
        }
    }

    /// Returns the alias of a whole value.
    pub(super) fn alias_of(&self, value: &str) -> Option<&str> {
        let alias = self.aliases.get(value).or_else(|| {
            let entry = self.at(value, 0)?;
            (entry.value.len() == value.len()).then_some(&entry.alias)
        });
        alias.map(String::as_str)
    }

    /// Returns the longest known value that starts at an offset of a text and ends at the end of a word.
    pub(super) fn at(&self, text: &str, start: usize) -> Option<&Entry> {
        let rest = &text[start..];
        let entries = self.by_first_word.get(&first_word(rest).to_ascii_lowercase())?;
        entries
            .iter()
            .find(|entry| entry.starts(rest) && entry.is_whole(&text[..start], &rest[entry.value.len()..]))
    }

    fn new_alias(&mut self, kind: Kind) -> String {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        format!("{}-{count}", kind.prefix())
    }

    fn add(&mut self, kind: Kind, value: &str, alias: &str) {
        if self.aliases.insert(value.to_owned(), alias.to_owned()).is_some() {
            return;
        }
        let is_word = kind == Kind::Name || kind == Kind::Host && !value.contains('.');
        let is_ordinary = is_word && is_ordinary(value);
        // As it is shown if it is very long, with control characters, or in XML.
        let shortened = &value[..value.floor_char_boundary(MAX_SHOWN_LEN)];
        let escaped: String = value.chars().map(escaped).collect();
        let in_xml =
            value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let mut spellings = vec![value.to_owned(), shortened.to_owned(), escaped, in_xml];
        spellings.dedup();
        for value in spellings {
            let first = first_word(&value).to_ascii_lowercase();
            let entries = self.by_first_word.entry(first).or_default();
            let at = entries.partition_point(|it| it.value.len() >= value.len());
            entries.insert(at, Entry { value, alias: alias.to_owned(), is_ordinary, kind });
        }
    }
}

impl Entry {
    fn starts(&self, text: &str) -> bool {
        text.get(..self.value.len()).is_some_and(|start| {
            if self.kind == Kind::Name {
                start == self.value
            } else {
                start.eq_ignore_ascii_case(&self.value)
            }
        })
    }

    /// Whether the value is not a part of a longer word or number.
    fn is_whole(&self, before: &str, after: &str) -> bool {
        let ends_in_word = self.value.chars().next_back().is_some_and(is_word);
        if ends_in_word && after.starts_with(is_word) {
            return false;
        }
        let is_digit = |it: Option<char>| it.is_some_and(|it| it.is_ascii_digit());
        let continues = after.strip_prefix('.').is_some_and(|rest| is_digit(rest.chars().next()));
        let is_continued = before.strip_suffix('.').is_some_and(|rest| is_digit(rest.chars().next_back()));
        self.kind != Kind::Address || !(continues || is_continued)
    }

    /// Whether the value is a host or an address, after which a port may follow.
    pub(super) fn is_host(&self) -> bool {
        matches!(self.kind, Kind::Address | Kind::Host)
    }
}

/// Returns the word at the start of a text, or the first character if there is no word.
pub(super) fn first_word(text: &str) -> &str {
    let end = text.find(|it| !is_word(it)).unwrap_or(text.len());
    if end > 0 { &text[..end] } else { &text[..text.chars().next().map_or(0, char::len_utf8)] }
}

pub(super) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_')
}

fn escaped(character: char) -> String {
    if character.is_control() { character.escape_unicode().to_string() } else { character.to_string() }
}

/// Returns how an IPv4 address is written as an IPv6 address.
fn as_ipv6(ip: IpAddr) -> Option<String> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => Some(ip.to_ipv6_mapped()).map(|ip: Ipv6Addr| ip.to_string()),
        IpAddr::V6(_) => None,
    }
}
