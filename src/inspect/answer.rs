//! The words of a verdict, which the screens and the page share.

use crate::counted::{count, counted};
use crate::lint::{Acceptance, Severity};

/// How many digits of a fingerprint identify a token.
pub(crate) const FINGERPRINT_LEN: usize = 8;

/// Returns Consul's verdict without its message and without a final period.
pub(crate) fn sentence(consul: &Acceptance, is_repaired: bool) -> String {
    let verb = if consul.accepted { "accepts" } else { "rejects" };
    let subject = if is_repaired { "the repaired token" } else { "this token" };
    format!("Consul {verb} {subject}")
}

/// Returns `1 error, 2 warnings, 1 info`; nothing without findings.
pub(crate) fn counts(severities: impl Iterator<Item = Severity>) -> String {
    let severities: Vec<Severity> = severities.collect();
    let number_of = |severity| severities.iter().filter(|it| **it == severity).count();
    [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")]
        .into_iter()
        .map(|(severity, name)| (number_of(severity), name))
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| match name {
            "info" => format!("{number} info"),
            _ => counted(count(number), name),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns the start and the end of a SHA-256.
pub(crate) fn short_sha256(sha256: &str) -> String {
    match (sha256.get(..FINGERPRINT_LEN), sha256.get(sha256.len().saturating_sub(4)..)) {
        (Some(start), Some(end)) => format!("{start}…{end}"),
        _ => sha256.to_owned(),
    }
}
