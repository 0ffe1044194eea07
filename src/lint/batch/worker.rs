//! One worker: checks the lines of a chunk and renders the results.

use memchr::memchr;

use super::chunk::Chunk;
use super::input_line::{Line, LineError, Pair};
use super::{Settings, Summary};
use crate::lint::{Report, TokenCache, check_with_cache, isolate};

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
        Self { settings, cache: TokenCache::new(settings.options.clone()) }
    }

    /// Checks the lines of a chunk, and appends the results to `rendered`.
    pub(super) fn check(&mut self, chunk: &Chunk, render: Render<'_>, rendered: &mut Vec<u8>) -> Summary {
        let mut summary = Summary { bytes: chunk.bytes_read, ..Summary::default() };
        let mut index = chunk.first_index;
        if chunk.overlong {
            self.check_line(
                index,
                || Some(Line::without_token(LineError::TooLong)),
                &mut summary,
                render,
                rendered,
            );
        }
        let mut rest = chunk.text.filled();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            self.check_line(index, || Line::parse(line), &mut summary, render, rendered);
            index += 1;
            rest = after;
        }
        summary
    }

    /// Checks one line. A panic costs this line only: its result is an error.
    fn check_line<'l>(
        &mut self,
        index: u64,
        parse: impl FnOnce() -> Option<Line<'l>>,
        summary: &mut Summary,
        render: Render<'_>,
        rendered: &mut Vec<u8>,
    ) {
        let start = rendered.len();
        let Self { settings: Settings { options, fail_on, .. }, cache } = self;
        let checked = isolate(|| {
            let line = parse()?;
            let report = line.token.map(|text| check_with_cache(text.bytes(), cache));
            let fails = report.as_ref().map_or(true, |report| report.fails(*fail_on));
            let mut result = LineResult { index, report, fails, other_keys: line.other_keys.as_deref() };
            render(&result, rendered);
            summary.count(result.report.as_ref().ok(), fails);
            if let Ok(Report { decoded: Ok(decoded), contains_private_key: true, .. }) = &mut result.report {
                decoded.token.wipe_private_keys();
            }
            Some(())
        });
        match checked {
            Ok(None) => summary.empty += 1,
            Ok(Some(())) => {}
            Err(error) => {
                *cache = TokenCache::new(options.clone());
                rendered.truncate(start);
                render(
                    &LineResult { index, report: Err(error.into()), fails: true, other_keys: None },
                    rendered,
                );
                summary.count(None, true);
                summary.internal_errors += 1;
            }
        }
    }
}
