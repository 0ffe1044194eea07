//! Combines claims into one verdict.
//!
//! A token passes through stages in one direction: current, then superseded or spent, then orphaned. A later stage that
//! was observed later contradicts nothing. An earlier stage that was observed later does, for example after a snapshot
//! was restored: the newer observation wins, and both are shown.

use std::cmp::Ordering;

use serde::Serialize;

use super::claim::{Claim, SourceName};
use super::{Certainty, Verdict};

/// Two claims that cannot both be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contradiction {
    /// The two sources.
    pub sources: [SourceName; 2],
    /// What each reports, and which one the verdict follows and why.
    pub message: String,
}

/// The verdict, and what it is based on.
pub(super) struct Decision {
    pub verdict: Verdict,
    pub certainty: Option<Certainty>,
    /// The index of the claim that the verdict is based on.
    pub decisive: Option<usize>,
    pub contradictions: Vec<Contradiction>,
}

pub(super) fn decide(claims: &[Claim]) -> Decision {
    let mut contradictions = Vec::new();
    for certainty in [Certainty::Proven, Certainty::Likely] {
        let mut valid: Vec<usize> = Vec::new();
        let mut in_doubt = false;
        for index in (0..claims.len()).filter(|index| claims[*index].certainty == Some(certainty)) {
            match check_ruled_out(claims, index, &mut contradictions) {
                Validity::Valid => valid.push(index),
                Validity::RuledOut => {}
                Validity::InDoubt => in_doubt = true,
            }
        }
        if !in_doubt && valid.is_empty() {
            continue;
        }
        let before = contradictions.len();
        let winner = if in_doubt { None } else { winner(claims, &valid, &mut contradictions) };
        let Some(index) = winner else {
            return Decision::undetermined(contradictions);
        };
        let verdict = claims[index].indicates.unwrap_or(Verdict::Undetermined);
        // A token that was current then may have been used since.
        if certainty == Certainty::Proven && verdict == Verdict::Current && is_likely_over(claims, index) {
            continue;
        }
        if certainty == Certainty::Proven {
            contradictions.extend(contradicted_likely_claims(claims, index));
        }
        // If only the time decided, that does not prove that the token can be used.
        let only_newer = verdict == Verdict::Current && contradictions.len() > before;
        let certainty = if only_newer { Certainty::Likely } else { certainty };
        return Decision { verdict, certainty: Some(certainty), decisive: Some(index), contradictions };
    }
    Decision::undetermined(contradictions)
}

impl Decision {
    fn undetermined(contradictions: Vec<Contradiction>) -> Self {
        Self { verdict: Verdict::Undetermined, certainty: None, decisive: None, contradictions }
    }
}

enum Validity {
    Valid,
    RuledOut,
    InDoubt,
}

const NEWER_IS_USED: &str = "the verdict follows the second, which is newer";
const UNKNOWN_ORDER: &str = "it is unknown which one is newer";

/// Checks whether a newer observation rules the claim out.
fn check_ruled_out(claims: &[Claim], index: usize, contradictions: &mut Vec<Contradiction>) -> Validity {
    let claim = &claims[index];
    let mut validity = Validity::Valid;
    for other in claims.iter().filter(|other| other.rules_out.is_some() && other.rules_out == claim.indicates)
    {
        match order(claim, other) {
            Some(Ordering::Greater) => {}
            Some(Ordering::Less) => {
                contradictions.push(contradiction(claim, other, NEWER_IS_USED));
                if !matches!(validity, Validity::InDoubt) {
                    validity = Validity::RuledOut;
                }
            }
            Some(Ordering::Equal) | None => {
                contradictions.push(contradiction(claim, other, UNKNOWN_ORDER));
                validity = Validity::InDoubt;
            }
        }
    }
    validity
}

/// Returns the index of the claim that no other defeats, the newest of those that agree.
fn winner(claims: &[Claim], valid: &[usize], contradictions: &mut Vec<Contradiction>) -> Option<usize> {
    let mut loses = vec![false; claims.len()];
    for (position, first) in valid.iter().enumerate() {
        for second in &valid[position + 1..] {
            let (a, b) = (&claims[*first], &claims[*second]);
            match weigh(a, b) {
                Outcome::Agree => {}
                Outcome::First => loses[*second] = true,
                Outcome::Second => loses[*first] = true,
                Outcome::FirstDespite => {
                    loses[*second] = true;
                    contradictions.push(contradiction(b, a, NEWER_IS_USED));
                }
                Outcome::SecondDespite => {
                    loses[*first] = true;
                    contradictions.push(contradiction(a, b, NEWER_IS_USED));
                }
                Outcome::Undecided => {
                    loses[*first] = true;
                    loses[*second] = true;
                    contradictions.push(contradiction(a, b, UNKNOWN_ORDER));
                }
            }
        }
    }
    let undefeated = valid.iter().copied().filter(|index| !loses[*index]);
    // The first of equally new claims: the strongest source comes first.
    undefeated.rev().max_by_key(|index| claims[*index].observed_at)
}

enum Outcome {
    Agree,
    First,
    Second,
    FirstDespite,
    SecondDespite,
    Undecided,
}

fn weigh(a: &Claim, b: &Claim) -> Outcome {
    let (Some(first), Some(second)) = (a.indicates, b.indicates) else { return Outcome::Agree };
    if first == second {
        return Outcome::Agree;
    }
    match stage(first).cmp(&stage(second)) {
        // Superseded and spent can both be true; superseded is more specific.
        Ordering::Equal if first == Verdict::Superseded => Outcome::First,
        Ordering::Equal => Outcome::Second,
        Ordering::Less => match order(a, b) {
            Some(Ordering::Less) => Outcome::Second,
            Some(Ordering::Greater) => Outcome::FirstDespite,
            _ if first == Verdict::Current => Outcome::Undecided,
            _ => Outcome::Second,
        },
        Ordering::Greater => match order(a, b) {
            Some(Ordering::Greater) => Outcome::First,
            Some(Ordering::Less) => Outcome::SecondDespite,
            _ if second == Verdict::Current => Outcome::Undecided,
            _ => Outcome::First,
        },
    }
}

/// Returns the stage that a verdict belongs to: 0 is the first.
fn stage(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Undetermined | Verdict::Current => 0,
        Verdict::Superseded | Verdict::Spent => 1,
        Verdict::Orphaned => 2,
    }
}

fn order(a: &Claim, b: &Claim) -> Option<Ordering> {
    Some(a.observed_at?.cmp(&b.observed_at?))
}

/// Whether a later stage is likely, and was observed later.
fn is_likely_over(claims: &[Claim], index: usize) -> bool {
    let later = |claim: &Claim| order(claim, &claims[index]) == Some(Ordering::Greater);
    claims.iter().any(|claim| {
        claim.certainty == Some(Certainty::Likely)
            && claim.indicates.is_some_and(|verdict| stage(verdict) > 0)
            && later(claim)
    })
}

/// Returns the claims that are only likely and contradict the proven one. They lose, but are shown.
fn contradicted_likely_claims(claims: &[Claim], index: usize) -> Vec<Contradiction> {
    let proven = &claims[index];
    let contradicting = claims.iter().filter(|claim| {
        claim.certainty == Some(Certainty::Likely)
            && matches!(weigh(claim, proven), Outcome::FirstDespite | Outcome::Undecided)
    });
    contradicting
        .map(|claim| contradiction(claim, proven, "the second is proven, the first only likely"))
        .collect()
}

fn contradiction(first: &Claim, second: &Claim, resolution: &str) -> Contradiction {
    Contradiction {
        sources: [first.source, second.source],
        message: format!(
            "{}: {}. {}: {}. Both cannot be true; {resolution}",
            first.source.label(),
            first.message,
            second.source.label(),
            second.message
        ),
    }
}
