//! Many claims, one verdict.
//!
//! A token's life goes one way: current, then superseded or spent, then orphaned. So a later stage that was seen later
//! contradicts nothing. An earlier stage that was seen later does, for example after a snapshot was restored: the newer
//! observation wins, and both are shown.

use std::cmp::Ordering;

use serde::Serialize;

use super::claim::{Claim, SourceName};
use super::{Certainty, Verdict};

/// Two claims that cannot both be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contradiction {
    /// One side.
    pub between: SourceName,
    /// The other.
    pub and: SourceName,
    /// What each says, and which was believed and why.
    pub says: String,
}

/// The verdict, and what it rests on.
pub(super) struct Decision {
    pub verdict: Verdict,
    pub certainty: Option<Certainty>,
    /// The claim that decided, by its place.
    pub by: Option<usize>,
    pub contradictions: Vec<Contradiction>,
}

pub(super) fn decide(claims: &[Claim]) -> Decision {
    let mut contradictions = Vec::new();
    for certainty in [Certainty::Proven, Certainty::Likely] {
        let all: Vec<usize> =
            (0..claims.len()).filter(|at| claims[*at].certainty == Some(certainty)).collect();
        let mut standing: Vec<usize> = Vec::new();
        let mut in_doubt = false;
        for at in all {
            match ruled_out(claims, at, &mut contradictions) {
                Fate::Stands => standing.push(at),
                Fate::Overruled => {}
                Fate::InDoubt => in_doubt = true,
            }
        }
        if !in_doubt && standing.is_empty() {
            continue;
        }
        let before = contradictions.len();
        let winner = if in_doubt { None } else { winner(claims, &standing, &mut contradictions) };
        let Some(by) = winner else {
            return Decision { verdict: Verdict::Undetermined, certainty: None, by: None, contradictions };
        };
        let verdict = claims[by].points_to.unwrap_or(Verdict::Undetermined);
        // What was current then may be used up now: that is what tokens are for.
        if certainty == Certainty::Proven && verdict == Verdict::Current && is_likely_over(claims, by) {
            continue;
        }
        if certainty == Certainty::Proven {
            contradictions.extend(likely_otherwise(claims, by));
        }
        // The time alone made it win: that is no proof that the token works.
        let shaken = verdict == Verdict::Current && contradictions.len() > before;
        let certainty = if shaken { Certainty::Likely } else { certainty };
        return Decision { verdict, certainty: Some(certainty), by: Some(by), contradictions };
    }
    Decision { verdict: Verdict::Undetermined, certainty: None, by: None, contradictions }
}

enum Fate {
    Stands,
    Overruled,
    InDoubt,
}

/// Whether something that was seen later cannot be if the claim is true.
fn ruled_out(claims: &[Claim], at: usize, contradictions: &mut Vec<Contradiction>) -> Fate {
    let claim = &claims[at];
    let mut fate = Fate::Stands;
    for other in claims.iter().filter(|other| other.rules_out.is_some() && other.rules_out == claim.points_to)
    {
        match order(claim, other) {
            Some(Ordering::Greater) => {}
            Some(Ordering::Less) => {
                contradictions.push(contradiction(claim, other, "the second was seen later and is believed"));
                if !matches!(fate, Fate::InDoubt) {
                    fate = Fate::Overruled;
                }
            }
            Some(Ordering::Equal) | None => {
                contradictions.push(contradiction(claim, other, "which was seen later cannot be told"));
                fate = Fate::InDoubt;
            }
        }
    }
    fate
}

/// The claim that stands against every other, the newest of those that agree.
fn winner(claims: &[Claim], standing: &[usize], contradictions: &mut Vec<Contradiction>) -> Option<usize> {
    let mut loses = vec![false; claims.len()];
    for (place, first) in standing.iter().enumerate() {
        for second in &standing[place + 1..] {
            let (a, b) = (&claims[*first], &claims[*second]);
            match weigh(a, b) {
                Outcome::Agree => {}
                Outcome::First => loses[*second] = true,
                Outcome::Second => loses[*first] = true,
                Outcome::FirstDespite => {
                    loses[*second] = true;
                    contradictions.push(contradiction(b, a, "the second was seen later and is believed"));
                }
                Outcome::SecondDespite => {
                    loses[*first] = true;
                    contradictions.push(contradiction(a, b, "the second was seen later and is believed"));
                }
                Outcome::Undecided => {
                    loses[*first] = true;
                    loses[*second] = true;
                    contradictions.push(contradiction(a, b, "which was seen later cannot be told"));
                }
            }
        }
    }
    let unbeaten = standing.iter().copied().filter(|at| !loses[*at]);
    // Of equally new ones the first: the sources stand in the order of their strength.
    unbeaten.rev().max_by_key(|at| claims[*at].observed_at)
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
    let (Some(first), Some(second)) = (a.points_to, b.points_to) else { return Outcome::Agree };
    if first == second {
        return Outcome::Agree;
    }
    match stage(first).cmp(&stage(second)) {
        // Superseded and spent can both be true; superseded says more.
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

/// How far a token is on its way.
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

/// Whether a later stage is likely, and was seen later.
fn is_likely_over(claims: &[Claim], by: usize) -> bool {
    let later = |claim: &Claim| order(claim, &claims[by]) == Some(Ordering::Greater);
    claims.iter().any(|claim| {
        claim.certainty == Some(Certainty::Likely)
            && claim.points_to.is_some_and(|verdict| stage(verdict) > 0)
            && later(claim)
    })
}

/// What is only likely loses against what is proven, but is told when it says otherwise.
fn likely_otherwise(claims: &[Claim], by: usize) -> Vec<Contradiction> {
    let proven = &claims[by];
    let otherwise = claims.iter().filter(|claim| {
        claim.certainty == Some(Certainty::Likely)
            && matches!(weigh(claim, proven), Outcome::FirstDespite | Outcome::Undecided)
    });
    otherwise
        .map(|claim| contradiction(claim, proven, "the second is proven, the first only likely"))
        .collect()
}

fn contradiction(first: &Claim, second: &Claim, which: &str) -> Contradiction {
    Contradiction {
        between: first.source,
        and: second.source,
        says: format!(
            "{} says: {}. {} says: {}. They cannot both be: {which}",
            first.source.words(),
            first.says,
            second.source.words(),
            second.says
        ),
    }
}
