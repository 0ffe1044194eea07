//! The verdict as text: one sentence, and what to do.

use super::claim::{Claim, Observation, SourceName};
use super::decide::Decision;
use super::evidence::{self, ConsulView};
use super::{Certainty, NotChecked, PeeringStatus, Verdict};
use crate::explain;
use crate::shell;

pub(super) struct Text {
    pub summary: String,
    pub remedy: String,
}

/// What a verdict is worded with.
pub(super) struct Context<'a> {
    pub claims: &'a [Claim],
    pub not_checked: &'a [NotChecked],
    /// The local name at the acceptor.
    pub name: Option<&'a str>,
    pub peering: Option<&'a PeeringStatus>,
    /// The address of the Consul that answered.
    pub address: &'a str,
    /// That its clock differs from this host's.
    pub clock: Option<&'a str>,
}

/// Returns that the clock of a Consul differs from this host's, if it does.
pub(super) fn different_clock(view: &ConsulView) -> Option<String> {
    let offset = evidence::different_clock(view.clock_offset)?;
    let direction = if offset > 0 { "ahead of" } else { "behind" };
    Some(format!(
        "The clock of the Consul at {} is {} s {direction} this host's: a valid certificate can look expired or not yet valid.",
        view.address,
        offset.abs()
    ))
}

impl Text {
    pub(super) fn of(decision: &Decision, context: &Context<'_>) -> Self {
        let Context { claims, not_checked, name, peering, .. } = *context;
        let decisive = decision.decisive.map(|index| &claims[index]);
        let verdict = match (decision.verdict, decision.certainty) {
            (Verdict::Undetermined, _) => "Undetermined",
            (Verdict::Current, Some(Certainty::Likely)) => "Likely current",
            (Verdict::Superseded, Some(Certainty::Likely)) => "Likely superseded",
            (Verdict::Spent, Some(Certainty::Likely)) => "Likely spent",
            (Verdict::Orphaned, Some(Certainty::Likely)) => "Likely orphaned",
            (Verdict::Current, _) => "Current",
            (Verdict::Superseded, _) => "Superseded",
            (Verdict::Spent, _) => "Spent",
            (Verdict::Orphaned, _) => "Orphaned",
        };
        let reason = match decisive {
            Some(claim) => claim.message.clone(),
            None => undetermined_reason(decision, context),
        };
        let remedy = match peering.filter(|peering| !peering.needs_token) {
            Some(peering) => established(peering, decision.verdict),
            None => remedy(decision, decisive, claims, not_checked, name),
        };
        Self { summary: format!("{verdict}: {reason}."), remedy }
    }
}

/// Returns what to do about a peering that is or was established. Another token would not help.
fn established(peering: &PeeringStatus, verdict: Verdict) -> String {
    let first = match peering.state.as_str() {
        "ACTIVE" => "Do nothing: the peering works.".to_owned(),
        "ESTABLISHING" => "Wait until the peering is ACTIVE. If it stays ESTABLISHING, run `peering diagnose` with this token on the dialing \
                            cluster."
            .to_owned(),
        _ => "Make the acceptor's servers reachable for the dialer, and don't delete the peering. To find out why they are \
              not, run `peering diagnose` with this token on the dialing cluster."
            .to_owned(),
    };
    match verdict {
        Verdict::Current => {
            format!("{first} This unused token would only replace the secret of its connection.")
        }
        _ => first,
    }
}

fn undetermined_reason(decision: &Decision, context: &Context<'_>) -> String {
    const REASONS: [(Observation, &str); 8] = [
        (Observation::RateLimited, "the acceptor rejects calls because of a rate limit"),
        (Observation::UnrecognizedAnswer, "this tool does not recognize the acceptor's answer"),
        (
            Observation::NewerTokenPossible,
            "the answer to a later request for a token was lost, which may have invalidated this one",
        ),
        (
            Observation::UnusedSecretExists,
            "the peering has an unused token, which may or may not be this one",
        ),
        (
            Observation::UnsupportedSnapshot,
            "the acceptor is a Consul 1.13, whose secrets this tool cannot read",
        ),
        (Observation::OtherCluster, "the sources checked belong to a cluster that is not the acceptor"),
        (Observation::NewestKnown, "the ledger has no newer token, but this one may have been used"),
        (Observation::PeeringExists, "its peering exists, but this token may have been used or superseded"),
    ];
    let claims = context.claims;
    if !decision.contradictions.is_empty() {
        return "the sources contradict each other".to_owned();
    }
    if let Some(reason) = wrong_cluster(context).or_else(|| wrong_clock(context)) {
        return reason;
    }
    if claims.is_empty() {
        return "no source was checked that could settle it".to_owned();
    }
    let reason = REASONS.into_iter().find(|(observation, _)| observed(claims, *observation));
    reason.map_or("the sources checked cannot settle it", |(_, reason)| reason).to_owned()
}

/// A snapshot can be of another cluster too.
fn reported_by_api(claims: &[Claim], observation: Observation) -> bool {
    claims.iter().any(|claim| claim.source == SourceName::Consul && claim.observation == observation)
}

/// Returns that the wrong cluster was asked, or one that does not exist.
fn wrong_cluster(context: &Context<'_>) -> Option<String> {
    let Context { claims, address, .. } = *context;
    let is_dialer = [Observation::TriedByDialer, Observation::UsedByDialer];
    if !address.is_empty() && is_dialer.iter().any(|it| reported_by_api(claims, *it)) {
        return Some(format!("{address} is the dialing cluster; ask the accepting one"));
    }
    if !address.is_empty() && reported_by_api(claims, Observation::OtherCluster) {
        return Some(format!(
            "{address} is not the accepting cluster, which generated the token; ask that one"
        ));
    }
    let nothing_listens = explain::refused_address(failure_of_api(context.not_checked)?)?;
    Some(format!("nothing listens on {nothing_listens}; ask the accepting cluster"))
}

/// Returns that the clock is to blame for a certificate.
fn wrong_clock(context: &Context<'_>) -> Option<String> {
    let is_blamed = |it: &NotChecked| {
        it.source == SourceName::PeeringExists
            && it.reason.contains("certificate has expired or is not yet valid")
    };
    let clock = context.clock.filter(|_| context.not_checked.iter().any(is_blamed))?;
    Some(clock.trim_end_matches('.').replacen("The", "the", 1))
}

fn failure_of_api(not_checked: &[NotChecked]) -> Option<&str> {
    let failed = not_checked.iter().find(|it| it.source == SourceName::Consul && it.queried);
    failed.map(|it| it.reason.as_str())
}

fn observed(claims: &[Claim], observation: Observation) -> bool {
    claims.iter().any(|claim| claim.observation == observation)
}

fn remedy(
    decision: &Decision,
    decisive: Option<&Claim>,
    claims: &[Claim],
    not_checked: &[NotChecked],
    name: Option<&str>,
) -> String {
    let name = name.map_or_else(|| "NAME".to_owned(), shell::quoted);
    let generate = format!("`peering generate-token -name {name}`");
    match decision.verdict {
        Verdict::Current if decisive.is_some_and(|claim| claim.source == SourceName::Snapshot) => {
            "Establish the peering with it, unless it was used, or another token was generated, after the snapshot was taken. \
             Restoring this snapshot on the acceptor makes the token valid again."
                .to_owned()
        }
        Verdict::Current => {
            "Establish the peering with it. It works once, until another token is generated for the name."
                .to_owned()
        }
        Verdict::Superseded
            if decisive.is_some_and(|claim| claim.observation == Observation::NewerTokenLost) =>
        {
            format!(
                "If the peering is established, do nothing. If not, fix the error of the failed request, then generate another \
                 token with {generate}. The failed request returned none."
            )
        }
        Verdict::Superseded if decisive.is_some_and(|claim| claim.observation == Observation::Revoked) => {
            format!(
                "If the peering is established, do nothing. If not, generate another token with {generate}. None is unused now."
            )
        }
        Verdict::Superseded
            if decisive.is_some_and(|claim| claim.observation == Observation::CaNotTrusted) =>
        {
            format!("Generate another token with {generate}: it contains the new CA.")
        }
        Verdict::Superseded => format!(
            "If the peering is established, do nothing: it needs no token. If not, use the newest token of this peering. If it is lost, generate another with {generate}, which invalidates it."
        ),
        Verdict::Spent => format!(
            "If the peering is established, do nothing: it needs no token. If not, generate another with {generate}."
        ),
        Verdict::Orphaned => match decisive.map(|claim| claim.observation) {
            Some(Observation::PeeringTerminated | Observation::PeeringMarkedDeleted) => format!(
                "On the acceptor, delete the peering with `consul peering delete -name {name}`, then generate another \
                 token with {generate}. Consul also generates a token before the deletion, but that token never works."
            ),
            Some(Observation::PeeringDeleting) => {
                format!(
                    "Wait until the acceptor has deleted the peering, then generate another token with {generate}."
                )
            }
            // Generating another token would invalidate that of the new peering.
            _ if observed(claims, Observation::NameHasAnotherPeerId) => format!(
                "Use the token of the re-created peering. If it is lost, generate another with {generate}, which \
                 invalidates it."
            ),
            _ => format!(
                "Generate another token on the acceptor with {generate}. If the dialer still has a peering from this \
                 token, delete it there first."
            ),
        },
        Verdict::Undetermined if observed(claims, Observation::ConcurrentChange) => {
            "Run the command again.".to_owned()
        }
        Verdict::Undetermined if observed(claims, Observation::UnsupportedSnapshot) => {
            format!("Try to establish with it. If Consul rejects it, generate another with {generate}.")
        }
        Verdict::Undetermined => settle(claims, not_checked),
    }
}

/// Returns how to get the evidence that is missing.
fn settle(claims: &[Claim], not_checked: &[NotChecked]) -> String {
    let is_probe = |source| matches!(source, SourceName::PeeringExists | SourceName::UnusedSecret);
    let was_probed = claims.iter().any(|claim| is_probe(claim.source));
    let is_silent = not_checked.iter().any(|it| it.source == SourceName::PeeringExists && it.queried);
    let failure = failure_of_api(not_checked).unwrap_or_default();
    if observed(claims, Observation::RateLimited) || failure.contains("rate limit exceeded") {
        return "Wait, then run the command again. If it persists, check limits.request_limits on the acceptor.".to_owned();
    }
    let mut text = String::new();
    let dialer = [Observation::OtherCluster, Observation::TriedByDialer, Observation::UsedByDialer];
    if dialer.iter().any(|it| reported_by_api(claims, *it)) || explain::refused_address(failure).is_some() {
        text += "Set -http-addr to the accepting cluster. ";
    }
    if is_silent {
        text += "To find out why the servers gave no answer, run `peering diagnose` with this token. ";
    } else if !was_probed {
        text += "Query the acceptor's servers with -probe, which does not use the token. ";
    }
    text + "A snapshot of the acceptor settles it: save one there with `consul snapshot save FILE`, and pass it with \
            -snapshot FILE."
}
