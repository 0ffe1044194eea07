//! Checks tokens: Consul's verdict, and the problems that Consul does not report.
//!
//! [`check`] takes a token's text to its [`Report`]. It opens no connection and reads no clock: the time is one of the
//! [`Options`].

mod acceptance;
pub mod batch;
mod cache;
mod context;
mod finding;
mod isolate;
mod private_keys;
mod reference;
mod report;
mod results;
mod rule;
mod rule_set;
pub mod rules;

pub use acceptance::{Acceptance, Refusal};
pub use cache::TokenCache;
pub use context::{AddressEntry, CaEntry, CaError, Context, MAX_EXAMINED_CAS, Misread, UnexaminedCas};
pub use finding::{Finding, Severity, Values};
pub use isolate::{InternalError, isolate};
pub use private_keys::KeyPlace;
pub use reference::Reference;
pub use report::{Report, SkippedCheck, Status, UnreadableInput, ValidatedToken};
pub use rule::{Area, Check, Findings, Rule, Subject, TokenCheck};
pub use rule_set::RuleSet;

use jiff::{SignedDuration, Timestamp};

use crate::token::{DecodeError, Decoded};
use cache::{Cache, NoCache};
use results::Results;

/// How long before its expiry a certificate is reported, unless the user chooses another time: 30 days.
pub const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How to check a token.
#[derive(Debug, Clone)]
pub struct Options {
    /// The current time.
    pub now: Timestamp,
    /// How long before its expiry a certificate is reported.
    pub warn_before: SignedDuration,
    /// The checks to run, with their severities.
    pub rules: RuleSet,
    /// The Consul whose verdict is reported.
    pub reference: Reference,
}

impl Options {
    /// Returns the options for all checks at a time, with [`WARN_BEFORE`] and the newest Consul.
    pub fn new(now: Timestamp) -> Self {
        Self { now, warn_before: WARN_BEFORE, rules: RuleSet::all(), reference: Reference::default() }
    }

    /// Changes the Consul whose verdict is reported.
    #[must_use]
    pub fn with_reference(self, reference: Reference) -> Self {
        Self { reference, ..self }
    }
}

/// Decodes a token's text as Consul does, and checks the result.
pub fn check(text: &[u8], options: &Options) -> Report {
    report_on(text, NoCache.decode(text), options, &mut NoCache)
}

/// Does the same as [`check`] with the options of the cache, and reuses work between tokens.
pub fn check_with_cache(text: &[u8], cache: &mut TokenCache) -> Report {
    let TokenCache { options, memory } = cache;
    let decoded = memory.decode(text);
    report_on(text, decoded, options, memory)
}

/// Does the same as [`check`] for a text that was already decoded.
pub fn check_decoded(text: &[u8], decoded: Decoded, options: &Options) -> Report {
    report_on(text, Ok(decoded), options, &mut NoCache)
}

fn report_on(
    text: &[u8],
    decoded: Result<Decoded, DecodeError>,
    options: &Options,
    cache: &mut impl Cache,
) -> Report {
    let mut context = Context::new(text, decoded.as_ref(), options, cache);
    let consul = context.acceptance(options.reference);
    let Results { findings, passed, skipped } = options.rules.run(&context, cache);
    context.wipe_private_keys();
    let Context { ca_entries, unexamined, private_keys, .. } = context;
    Report {
        decoded,
        ca_entries,
        unexamined_cas: unexamined.count,
        contains_private_key: !private_keys.is_empty(),
        consul,
        findings,
        passed,
        skipped,
    }
}
