//! The search for tokens: what it finds does not depend on how much it reads at once.
#![no_main]

use std::io::{self, Read};

use consul_peering::find::{Found, Search};
use libfuzzer_sys::fuzz_target;

/// Reads a few bytes at a time.
struct Slow<'a> {
    rest: &'a [u8],
    step: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.step.min(buffer.len());
        self.rest.read(&mut buffer[..len])
    }
}

/// Returns what can be compared: the places and fingerprints, or the error.
fn shown(found: &[Found], result: io::Result<u64>) -> (Vec<String>, Result<u64, String>) {
    let found =
        found.iter().map(|found| format!("{:?} {} {}", found.place, found.encodings, found.fingerprint));
    (found.collect(), result.map_err(|error| error.to_string()))
}

fuzz_target!(|input: &[u8]| {
    let Some((step, text)) = input.split_first() else { return };
    let (mut search, mut at_once, mut slowly) = (Search::default(), Vec::new(), Vec::new());
    let result = search.file("file", &mut &text[..], &mut at_once);
    let expected = shown(&at_once, result);
    let mut reader = Slow { rest: text, step: usize::from(*step) + 1 };
    let result = search.file("file", &mut reader, &mut slowly);
    assert_eq!(shown(&slowly, result), expected);
    let _ = search.pipe("-", &mut &text[..], &mut Vec::new());
});
