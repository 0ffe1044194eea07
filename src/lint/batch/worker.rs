//! One worker: judges a chunk of lines and renders the results.

use memchr::memchr;

use super::cache::{CaEntries, Strings};
use super::chunk::Chunk;
use super::input_line::{Line, LineFault, Pair};
use super::{Settings, Summary};
use crate::ZeroizeBuf;
use crate::lint::context::Context;
use crate::lint::report::Report;
use crate::token::{Token, decode_with_cache};

/// What came of one line.
#[derive(Debug)]
pub struct LineResult<'a> {
    /// The line's number in the input, from 1.
    pub index: u64,
    /// What is said of its token, or why it holds none.
    pub verdict: Result<Verdict<'a>, LineFault>,
    /// Whether it counts as failing.
    pub fails: bool,
    /// For a JSON object: its other keys in quotes with their values, as written.
    pub beside: Option<&'a [Pair<'a>]>,
}

/// What is said of a token.
#[derive(Debug)]
pub struct Verdict<'a> {
    /// Consul's word and our findings.
    pub report: Report,
    /// The token, if its text could be decoded.
    pub token: Option<&'a Token>,
}

pub(super) struct Worker<'a> {
    settings: &'a Settings,
    /// For the JSON of one token after the other.
    json: ZeroizeBuf,
    strings: Strings,
    ca_entries: CaEntries,
}

type Render<'a> = &'a dyn Fn(&LineResult<'_>, &mut Vec<u8>);

impl<'a> Worker<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            json: ZeroizeBuf::default(),
            strings: Strings::default(),
            ca_entries: CaEntries::default(),
        }
    }

    /// Judges the lines of a chunk, and adds the results to `rendered`.
    pub(super) fn judge(&mut self, chunk: &Chunk, render: Render<'_>, rendered: &mut Vec<u8>) -> Summary {
        let mut summary = Summary { bytes: chunk.taken, ..Summary::default() };
        let mut index = chunk.first_index;
        if chunk.overlong {
            unreadable(index, LineFault::TooLong, None, &mut summary, &mut |judged| render(judged, rendered));
        }
        let mut rest = chunk.text.filled();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.line(index, line, &mut summary, &mut |judged| render(judged, rendered));
            index += 1;
            rest = after;
        }
        summary
    }

    fn line(
        &mut self,
        index: u64,
        line: &[u8],
        summary: &mut Summary,
        render: &mut dyn FnMut(&LineResult<'_>),
    ) {
        let Some(Line { token, beside }) = Line::read(line) else {
            summary.blank += 1;
            return;
        };
        let beside = beside.as_deref();
        let text = match token {
            Ok(text) => text,
            Err(fault) => return unreadable(index, fault, beside, summary, render),
        };
        let Settings { selection, fail_on, now, warn_before, .. } = self.settings;
        let decoded = decode_with_cache(text.bytes(), &mut self.json, &mut self.strings);
        let ca_entries = &mut self.ca_entries;
        let facts = Context::gather(text.bytes(), decoded.as_ref(), *now, *warn_before, |entry| {
            ca_entries.read(entry)
        });
        let report = Report::of(&facts, selection);
        let fails = report.fails(*fail_on);
        summary.count(&report, fails);
        let verdict = Ok(Verdict { report, token: facts.token() });
        render(&LineResult { index, verdict, fails, beside });
    }
}

fn unreadable(
    index: u64,
    fault: LineFault,
    beside: Option<&[Pair<'_>]>,
    summary: &mut Summary,
    render: &mut dyn FnMut(&LineResult<'_>),
) {
    summary.count_unreadable();
    render(&LineResult { index, verdict: Err(fault), fails: true, beside });
}
