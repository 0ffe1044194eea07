//! What the person's error says, beside what is seen now.

use super::Known;
use super::cause_text::Text;
use super::rank::{Causes, Evidence, weight};
use super::staleness;
use super::staleness::SAYS_STALE;
use crate::explain::{Area, Explanation, catalog};
use crate::lint::Severity;
use crate::staleness::{Certainty, Verdict};

/// Where it was seen.
const SEEN_IN: &str = "the error";

pub(super) fn look(known: &Known<'_>, causes: &mut Causes) {
    let Some(said) = &known.error else { return };
    let seen = causes.some_is_seen();
    for explanation in said {
        let evidence = Evidence::raises(SEEN_IN, said_text(explanation));
        if superseded(known, explanation, causes) {
            continue;
        }
        if let Some(stale) = refined_by_verdict(known, explanation)
            && let Some(cause) = causes.find(stale)
        {
            cause.weigh(weight::SAID, evidence);
            continue;
        }
        let mut text = Text::of(explanation.entry);
        if explanation.command != explanation.entry.next {
            text.next = Some(explanation.command.clone());
        }
        let confirmed = causes.find(explanation.entry.name).is_some();
        let cause = causes.add(&text, Severity::Error, weight::SAID, evidence);
        for address in &explanation.addresses {
            cause.at(address);
        }
        if confirmed {
            continue;
        }
        if SAYS_STALE.contains(&explanation.entry) && is_current(known, Some(Certainty::Likely)) {
            let says = "no newer token is known, and the acceptor holds an unused secret: either the error is of another \
                        token, or a newer one was generated that the ledger did not see";
            cause.weigh(-weight::MAY_HURT, Evidence::lowers("now", says));
        } else if let Some(now) = contradiction(known, explanation) {
            cause.weigh(weight::CONTRADICTED, Evidence::lowers("now", now));
        } else if seen {
            cause.weigh(-weight::MAY_HURT, Evidence::lowers("now", "something else is seen to be wrong"));
        }
    }
}

/// The secret was refused, and the acceptor holds an unused one: it is another token's. Tells whether that was so.
fn superseded(known: &Known<'_>, explanation: &Explanation, causes: &mut Causes) -> bool {
    let undetermined = known.staleness.as_ref().is_some_and(|it| it.verdict == Verdict::Undetermined);
    let holds_one = || {
        let ways = known.reach.value().map(|reach| reach.ways.iter()).into_iter().flatten();
        ways.filter_map(|way| way.unused_secret.passed()).any(|status| status.code == "PermissionDenied")
    };
    if explanation.entry != &catalog::SECRET_INVALID || !undetermined || !holds_one() {
        return false;
    }
    let text = Text::of(&catalog::TOKEN_SUPERSEDED);
    causes
        .add(&text, Severity::Error, weight::SAID, Evidence::raises(SEEN_IN, said_text(explanation)))
        .weigh(
            weight::MAY_HURT,
            Evidence::raises("the acceptor", "it holds an unused secret, so not this token's"),
        );
    true
}

/// The cause that the error is a weaker word for, when the token's staleness is known.
fn refined_by_verdict(known: &Known<'_>, explanation: &Explanation) -> Option<&'static str> {
    let verdict = known.staleness.as_ref()?.verdict;
    SAYS_STALE
        .contains(&explanation.entry)
        .then(|| staleness::entry(verdict).map(|entry| entry.name))
        .flatten()
}

fn is_current(known: &Known<'_>, certainty: Option<Certainty>) -> bool {
    let staleness = known.staleness.as_ref();
    staleness.is_some_and(|it| it.verdict == Verdict::Current && it.certainty == certainty)
}

/// What is seen now that was otherwise when the error came.
fn contradiction(known: &Known<'_>, explanation: &Explanation) -> Option<String> {
    let entry = explanation.entry;
    if matches!(entry.area, Area::Text | Area::Token)
        && known.report.is_some_and(|report| report.consul.accepted)
    {
        return Some("the token that was given is accepted: the error is of another text".to_owned());
    }
    if SAYS_STALE.contains(&entry) && is_current(known, Some(Certainty::Proven)) {
        return Some("this token is current: the error is of another one".to_owned());
    }
    if !matches!(entry.area, Area::Connectivity | Area::Tls) || explanation.url.is_some() {
        return None;
    }
    let reach = known.reach.value()?;
    let dialed = || reach.ways.iter().filter(|way| way.dialed);
    let said_of = |address: &str| {
        explanation.addresses.is_empty() || explanation.addresses.iter().any(|it| it == address)
    };
    if !explanation.addresses.is_empty() && !dialed().any(|way| said_of(&way.address)) {
        return Some("the error names an address that is not in this token".to_owned());
    }
    let mut of_them = dialed().filter(|way| said_of(&way.address)).peekable();
    of_them.peek()?;
    of_them.all(|way| way.peering_exists.passed().is_some()).then(|| {
        format!("it answers now, seen from {}; the dialing servers may see otherwise", reach.seen_from)
    })
}

fn said_text(explanation: &Explanation) -> String {
    match explanation.count {
        1 => explanation.text.clone(),
        count => format!("{} ({count} times)", explanation.text),
    }
}
