//! What is said of a certificate that has expired.

use jiff::Timestamp;
use serde_json::Value;

use super::wording::{at_least, day, days_between};
use crate::cert::Certificate;

/// When, and how long ago.
pub(super) fn message(certificate: &Certificate, now: Timestamp) -> String {
    let days = days_between(certificate.not_after, now);
    format!("expired on {}, {} ago", day(certificate.not_after), at_least(days))
}

/// The same for programs.
pub(super) fn values(certificate: &Certificate, now: Timestamp) -> [(&'static str, Value); 2] {
    let days = days_between(certificate.not_after, now);
    [("not_after", certificate.not_after.to_string().into()), ("days", days.into())]
}
