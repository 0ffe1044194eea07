//! The verdict in words: one sentence, and what to do.

use super::claim::{Claim, Finding, SourceName};
use super::decide::Decision;
use super::{Certainty, NotAsked, Verdict};

pub(super) struct Words {
    pub summary: String,
    pub remedy: String,
}

pub(super) fn of(decision: &Decision, claims: &[Claim], not_asked: &[NotAsked], name: Option<&str>) -> Words {
    let decider = decision.by.map(|by| &claims[by]);
    let head = match (decision.verdict, decision.certainty) {
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
    let reason = match decider {
        Some(claim) if claim.source == SourceName::Snapshot => match claim.says.strip_prefix("it ") {
            Some(rest) => format!("the snapshot {rest}"),
            None => format!("in the snapshot, {}", claim.says.replacen(" in it", "", 1)),
        },
        Some(claim) => claim.says.clone(),
        None => undetermined(decision, claims),
    };
    Words {
        summary: format!("{head}: {reason}."),
        remedy: remedy(decision, decider, claims, not_asked, name),
    }
}

fn undetermined(decision: &Decision, claims: &[Claim]) -> String {
    let has = |finding| claims.iter().any(|claim| claim.finding == finding);
    if !decision.contradictions.is_empty() {
        return "the sources contradict each other".to_owned();
    }
    if claims.is_empty() {
        return "nothing was asked that could tell".to_owned();
    }
    if has(Finding::AnswerNotUnderstood) {
        return "the acceptor's answer is not one that this tool knows".to_owned();
    }
    if has(Finding::OtherCluster) {
        return "what was asked belongs to another cluster than the acceptor".to_owned();
    }
    if has(Finding::LayoutNotUnderstood) {
        return "the acceptor is a Consul 1.13, whose secrets this tool cannot read".to_owned();
    }
    if has(Finding::UnusedSecretExists) {
        return "the peering has an unused token, but whether it is this one cannot be told".to_owned();
    }
    if has(Finding::NewestKnown) {
        return "no newer token is known, but whether this one was used cannot be told".to_owned();
    }
    if has(Finding::PeeringExists) {
        return "its peering exists, but whether this token was used or replaced cannot be told".to_owned();
    }
    "what was asked does not tell".to_owned()
}

fn remedy(
    decision: &Decision,
    decider: Option<&Claim>,
    claims: &[Claim],
    not_asked: &[NotAsked],
    name: Option<&str>,
) -> String {
    let name = name.map_or_else(|| "NAME".to_owned(), shell_word);
    let generate = format!("`peering generate-token -name {name}`");
    match decision.verdict {
        Verdict::Current => {
            "Establish with it. It works once, and until another token is generated for the name.".to_owned()
        }
        Verdict::Superseded => format!(
            "Use the newest token of this peering. If nobody has it, generate another with {generate}, which makes that one void."
        ),
        Verdict::Spent => format!(
            "If the peering is established, there is nothing to do: it needs no token. If not, generate another with {generate}."
        ),
        Verdict::Orphaned => match decider.map(|claim| claim.finding) {
            Some(Finding::PeeringTerminated | Finding::PeeringMarkedDeleted) => format!(
                "On the acceptor, delete the peering with `consul peering delete -name {name}`, then generate another token with \
                 {generate}. A token that is generated before that can never work, though Consul generates it without a word."
            ),
            Some(Finding::PeeringDeleting) => {
                format!(
                    "Wait until the acceptor has deleted the peering, then generate another token with {generate}."
                )
            }
            // Generating another would make the new peering's token void.
            _ if claims.iter().any(|claim| claim.finding == Finding::NameHasAnotherPeerId) => format!(
                "Use the token of the re-created peering. If nobody has it, generate another with {generate}, which makes that one void."
            ),
            _ => format!(
                "Generate another token on the acceptor with {generate}. If the dialer still has a peering of the old one, delete \
                 it there first."
            ),
        },
        Verdict::Undetermined if claims.iter().any(|claim| claim.finding == Finding::AskAgain) => {
            "Ask again.".to_owned()
        }
        Verdict::Undetermined if claims.iter().any(|claim| claim.finding == Finding::LayoutNotUnderstood) => {
            format!("Try it. If Consul refuses it, generate another with {generate}.")
        }
        Verdict::Undetermined => {
            let has = |finding| claims.iter().any(|claim| claim.finding == finding);
            let was_probed =
                claims.iter().any(|claim| matches!(claim.source, SourceName::ProbeA | SourceName::ProbeB));
            let elsewhere = "Ask the acceptor: -http-addr points at another cluster. ";
            let is_silent = not_asked.iter().any(|it| it.source == SourceName::ProbeA && it.asked);
            let probe = if is_silent {
                "Ask with -probe where the token's addresses can be reached. "
            } else {
                "Ask the acceptor's servers with -probe, which does not spend the token. "
            };
            format!(
                "{}{}A snapshot of the acceptor proves it: save one there with `consul snapshot save FILE`, and give it \
                 with -snapshot FILE.",
                if has(Finding::OtherCluster) { elsewhere } else { "" },
                if was_probed { "" } else { probe },
            )
        }
    }
}

/// A name as a shell takes it.
fn shell_word(name: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}
