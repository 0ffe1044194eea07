//! `-if-unused`: what `generate-token` reports before, or instead of, generating a token.

use clap::ValueEnum;

use crate::cli::output;
use crate::net::consul::Client;
use crate::net::gather::regenerate::{TIMEOUT, observe_peering};
use crate::net::ledger::{NumberedRecord, Origin};
use crate::net::regenerate::Observations;
use crate::observed::Observed;
use crate::render::pretty::printable;
use crate::staleness::evidence::PeeringState;

/// What to do if an unused token would become invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IfUnused {
    /// Generate without checking, as Consul does
    Replace,
    /// Don't generate, and exit with status 3
    Keep,
    /// Don't generate, and exit with status 1
    Fail,
}

/// Prints a note for each source that reported nothing.
pub fn note_not_checked(observations: &Observations) {
    note("the peering", &observations.peering);
    note("the ledger", &observations.records);
}

fn note<T>(source: &str, observed: &Observed<T>) {
    if let Observed::Failed(reason) | Observed::NotChecked(reason) = observed {
        output::note(&not_checked(source, reason));
    }
}

fn not_checked(source: &str, reason: &str) -> String {
    format!("Note: could not check {source}: {}", printable(reason))
}

/// Returns why no token was generated, and what to do.
pub fn unused(name: &str, certain: bool, reason: &str, newest: Option<&NumberedRecord>) -> String {
    let exists = if certain { "exists" } else { "may exist" };
    let newest =
        newest.map_or_else(String::new, |newest| format!("\n  Newest record: {}.", recorded(newest)));
    format!(
        "No token was generated for {}: an unused one {exists}, which a new one would invalidate.\n  \
         Reason: {reason}.{newest}\n  \
         What to do: use that token, or generate with -if-unused=replace.",
        printable(name)
    )
}

/// Returns why the tokens of a peering in this state can never be used, and what to do.
pub fn unusable(name: &str, state: &PeeringState) -> String {
    let name = printable(name);
    if *state == PeeringState::Deleting {
        return format!(
            "The peering {name} is being deleted: a token generated for it now can never be used.\n  \
             What to do: wait until it is deleted, then generate again."
        );
    }
    format!(
        "The peering {name} is {}: the other cluster deleted its side. Consul still generates tokens for it, but they can \
         never be used.\n  \
         What to do: delete it here (consul peering delete -name {name}), then generate again.",
        state.name()
    )
}

/// Returns the note for `-if-unused=replace`: the token before this one may have been unused.
pub fn replaced(newest: &NumberedRecord) -> String {
    format!(
        "Note: this invalidated an earlier token of the peering, if it was unused: {}. Use -if-unused=keep to check \
         before generating.",
        recorded(newest)
    )
}

/// Describes when and by whom a token was generated.
pub fn recorded(NumberedRecord { record, .. }: &NumberedRecord) -> String {
    let verb = match record.origin {
        Origin::Generated => "generated",
        Origin::Imported => "imported",
        Origin::Failed | Origin::Unanswered | Origin::Refused => "requested without an answer",
        Origin::Revoked => "revoked",
    };
    printable(&format!("{verb} {} by {} on {}", record.recorded_at, record.user, record.host))
}

/// Returns the warning that `-inspect` adds if the token can never be used.
pub async fn state_warning(client: &Client, name: &str) -> Option<String> {
    match observe_peering(client, name, TIMEOUT).await {
        Observed::Value(peering) => {
            let state = peering.map(|peering| peering.state).filter(PeeringState::is_deleted)?;
            Some(format!("Warning: {}", unusable(name, &state)))
        }
        Observed::Failed(reason) | Observed::NotChecked(reason) => Some(not_checked("the peering", &reason)),
    }
}
