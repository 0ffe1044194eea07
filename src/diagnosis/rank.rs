//! Causes, what speaks for and against each, and their order.

use std::cmp::Reverse;

use serde::Serialize;

use super::Known;
use super::cause_text::Text;
use crate::explain;
use crate::lint::Severity;

/// One likely cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cause {
    /// Stable kebab-case name: of a known message, of a check, or of a cause that only a diagnosis can find.
    pub name: &'static str,
    /// Whether it keeps the establish from working.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// What it is, in one sentence.
    pub summary: String,
    /// How it comes about, likeliest first.
    pub why: Vec<String>,
    /// What to do.
    pub remedy: String,
    /// A command line to run next; `None` when there is none. Words in capitals are to be filled in.
    pub next: Option<String>,
    /// The addresses that it was seen at.
    pub addresses: Vec<String>,
    /// What speaks for it and against it.
    pub evidence: Vec<Evidence>,
    /// The local name, at the Consul at hand, of the peering that it is about.
    #[serde(skip)]
    name_there: Option<String>,
    #[serde(skip)]
    weight: i32,
}

/// How sure a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It may be.
    Possible,
    /// It probably is.
    Likely,
    /// It was seen, and an establish fails by it.
    Certain,
}

/// What was seen, and what it does to a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Where it was seen.
    pub seen_in: &'static str,
    /// Whether it speaks for the cause.
    pub effect: Effect,
    /// What was seen.
    pub says: String,
}

/// What evidence does to a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It speaks for it.
    Raises,
    /// It speaks against it.
    Lowers,
}

/// How much evidence weighs. A cause weighs what its evidence weighs together.
pub(super) mod weight {
    /// It was seen here and now, and nothing can work while it is so.
    pub(in crate::diagnosis) const DECIDES: i32 = 1000;
    /// It was seen here and now; the dialing servers may see otherwise.
    pub(in crate::diagnosis) const SEEN: i32 = 700;
    /// The person's error says so, and nothing that was seen since contradicts it.
    pub(in crate::diagnosis) const SAID: i32 = 400;
    /// It is so, and alone it does not make an establish fail.
    pub(in crate::diagnosis) const MAY_HURT: i32 = 100;
    /// What was seen contradicts it.
    pub(in crate::diagnosis) const CONTRADICTED: i32 = -600;
}

/// Causes while evidence is gathered.
#[derive(Debug, Default)]
pub(super) struct Causes(Vec<Cause>);

impl Causes {
    /// Adds evidence to a cause, which is made if it is not there.
    pub(super) fn add(
        &mut self,
        text: &Text,
        severity: Severity,
        weight: i32,
        evidence: Evidence,
    ) -> &mut Cause {
        let at = self.0.iter().position(|cause| cause.name == text.name).unwrap_or_else(|| {
            self.0.push(Cause {
                name: text.name,
                severity,
                certainty: Certainty::Possible,
                summary: text.summary.clone(),
                why: text.why.clone(),
                remedy: text.remedy.clone(),
                next: text.next.clone(),
                addresses: Vec::new(),
                evidence: Vec::new(),
                name_there: None,
                weight: 0,
            });
            self.0.len() - 1
        });
        let cause = &mut self.0[at];
        cause.weight += weight;
        cause.severity = cause.severity.max(severity);
        if !cause.evidence.contains(&evidence) {
            cause.evidence.push(evidence);
        }
        cause
    }

    /// The cause of that name, if something spoke for it.
    pub(super) fn find(&mut self, name: &str) -> Option<&mut Cause> {
        self.0.iter_mut().find(|cause| cause.name == name)
    }

    /// The causes that were seen somewhere.
    pub(super) fn seen_in(&mut self, place: &str) -> impl Iterator<Item = &mut Cause> {
        self.0.iter_mut().filter(move |cause| cause.evidence.iter().any(|it| it.seen_in == place))
    }

    /// Whether some cause is seen to make the establish fail.
    pub(super) fn some_is_seen(&self) -> bool {
        self.0.iter().any(|cause| cause.weight >= weight::SEEN && cause.severity == Severity::Error)
    }

    /// The likeliest first; of equally likely ones, the one that was found first: nearer to the token's text.
    pub(super) fn ranked(mut self, known: &Known<'_>) -> Vec<Cause> {
        for cause in &mut self.0 {
            cause.settle();
            cause.fill_in(known);
        }
        self.0.sort_by_key(|cause| Reverse((cause.severity, cause.weight)));
        self.0
    }
}

impl Cause {
    /// More weight, for or against it.
    pub(super) fn weigh(&mut self, weight: i32, evidence: Evidence) {
        self.weight += weight;
        self.evidence.push(evidence);
    }

    /// The local name of the peering that it is about.
    pub(super) fn about(&mut self, name: &str) {
        self.name_there = Some(name.to_owned());
    }

    /// An address that it was seen at.
    pub(super) fn at(&mut self, address: &str) {
        if !self.addresses.iter().any(|known| known == address) {
            self.addresses.push(address.to_owned());
        }
    }

    /// What is known in the command to run next. A token is generated with an address that is not known yet.
    fn fill_in(&mut self, known: &Known<'_>) {
        let Some(next) = &self.next else { return };
        let address = self.addresses.first().filter(|_| !next.contains("generate-token")).map(String::as_str);
        let mut next = explain::filled(next, self.name_there.as_deref(), address, known.given_as);
        if let (Some(at), Some(_)) = (known.http_addr, &self.name_there)
            && next.starts_with("peering ")
        {
            next = format!("{next} -http-addr {at}");
        }
        self.next = Some(next);
    }

    fn settle(&mut self) {
        self.certainty = match self.weight {
            weight::DECIDES.. => Certainty::Certain,
            weight::SAID.. => Certainty::Likely,
            _ => Certainty::Possible,
        };
        // What was seen to be otherwise now does not keep the next try from working.
        if self.weight < 0 {
            self.severity = self.severity.min(Severity::Warning);
        }
    }
}

impl Evidence {
    pub(super) fn raises(seen_in: &'static str, says: impl Into<String>) -> Self {
        Self { seen_in, effect: Effect::Raises, says: says.into() }
    }

    pub(super) fn lowers(seen_in: &'static str, says: impl Into<String>) -> Self {
        Self { seen_in, effect: Effect::Lowers, says: says.into() }
    }
}

/// The last sentence: the most likely cause, and what to do.
pub(super) fn conclusion(known: &Known<'_>, causes: &[Cause]) -> String {
    if let Some(cause) = causes.iter().find(|cause| cause.severity == Severity::Error) {
        let head = match cause.certainty {
            Certainty::Certain => "The cause",
            Certainty::Likely => "The most likely cause",
            Certainty::Possible => "A possible cause",
        };
        return format!("{head}: {} {}", sentence(&cause.summary), sentence(&cause.remedy));
    }
    let unknown = match &known.error {
        Some(said) if known.token.is_none() && said.is_empty() => {
            return "This error text is not known here. With the token there is more to look at: peering diagnose @token"
                .to_owned();
        }
        Some(said) if said.is_empty() => "The error's text is not known here. ",
        Some(_) | None => "",
    };
    let Some(reach) = known.reach.value() else {
        return format!(
            "{unknown}Nothing wrong was found in what was looked at; the way to the servers was not."
        );
    };
    format!(
        "{unknown}Nothing was found from {} that keeps this token from working. The dialing servers may see otherwise: \
         run this on one of them.",
        reach.seen_from
    )
}

/// Ends with a full stop.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
