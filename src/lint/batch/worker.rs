//! One worker: checks the lines of a chunk and renders the results.

use memchr::memchr;

use super::chunk::Chunk;
use super::input_line::{Line, LineError, Pair};
use super::{Settings, Summary};
use crate::lint::{Report, TokenCache, check_with_cache};

/// The result for one line.
#[derive(Debug)]
pub struct LineResult<'a> {
    /// The line's number in the input, from 1.
    pub index: u64,
    /// The report on its token, or the reason why it contains none.
    pub report: Result<Report, LineError>,
    /// Whether it fails the batch: Consul rejects the token, a finding is severe enough, or there is no token.
    pub fails: bool,
    /// For a JSON object: its other keys, quoted, with their values, as written.
    pub other_keys: Option<&'a [Pair<'a>]>,
}

pub(super) struct Worker<'a> {
    settings: &'a Settings,
    cache: TokenCache,
}

type Render<'a> = &'a dyn Fn(&LineResult<'_>, &mut Vec<u8>);

impl<'a> Worker<'a> {
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self { settings, cache: TokenCache::default() }
    }

    /// Checks the lines of a chunk, and appends the results to `rendered`.
    pub(super) fn check(&mut self, chunk: &Chunk, render: Render<'_>, rendered: &mut Vec<u8>) -> Summary {
        let mut summary = Summary { bytes: chunk.bytes_read, ..Summary::default() };
        let mut index = chunk.first_index;
        if chunk.overlong {
            let line = Line::without_token(LineError::TooLong);
            self.check_line(index, line, &mut summary, &mut |result| render(result, rendered));
        }
        let mut rest = chunk.text.filled();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match Line::parse(line) {
                Some(line) => {
                    self.check_line(index, line, &mut summary, &mut |result| render(result, rendered));
                }
                None => summary.empty += 1,
            }
            index += 1;
            rest = after;
        }
        summary
    }

    fn check_line(
        &mut self,
        index: u64,
        line: Line<'_>,
        summary: &mut Summary,
        render: &mut dyn FnMut(&LineResult<'_>),
    ) {
        let Settings { options, fail_on, .. } = self.settings;
        let report = line.token.map(|text| check_with_cache(text.bytes(), options, &mut self.cache));
        let fails = report.as_ref().map_or(true, |report| report.fails(*fail_on));
        summary.count(report.as_ref().ok(), fails);
        render(&LineResult { index, report, fails, other_keys: line.other_keys.as_deref() });
    }
}
