//! Whether a token is still the one that works: evidence in, a verdict out.
//!
//! A token holds neither its local name nor a time, so nothing in it tells whether a newer one was generated, whether it
//! was used, or whether its peering is gone. [`assess`] puts together what other sources tell, and never says more than
//! they prove.

pub(crate) mod claim;
pub(crate) mod consul;
pub(crate) mod decide;
pub mod evidence;
pub(crate) mod ledger;
pub(crate) mod order;
pub(crate) mod probe;
pub(crate) mod snapshot;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wording;

use serde::Serialize;

use crate::connectivity::probe_answer::{PeeringAnswer, SecretAnswer};
use crate::observed::Observed;
pub use claim::{Claim, Finding, SourceName};
pub use decide::Contradiction;
use evidence::Evidence;
pub use order::{NameOrder, order};

use crate::token::Token;

/// The version of the JSON form of [`Staleness`].
pub const SCHEMA_VERSION: u32 = 1;

/// What `stale -format json` prints.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Staleness {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// One for each token, in the order given.
    pub tokens: Vec<Assessment>,
    /// Tokens that belong to one name, the newest first, when several were given.
    pub orders: Vec<NameOrder>,
}

/// What is known of one token's staleness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assessment {
    /// Where the token came from: `argument`, `@FILE` or `-`.
    pub source: String,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The local name of the peering at the acceptor, if something told it.
    pub name: Option<String>,
    /// SHA-256 of the establishment secret: tells tokens of a peering apart without showing any.
    pub secret_sha256: Option<String>,
    /// Whether it is still the one.
    pub verdict: Verdict,
    /// How sure that is; `null` when undetermined.
    pub certainty: Option<Certainty>,
    /// The verdict and its reason, in one sentence.
    pub summary: String,
    /// What to do about it.
    pub remedy: String,
    /// What the sources say; `decided` marks what the verdict rests on.
    pub evidence: Vec<Claim>,
    /// What cannot all be true.
    pub contradictions: Vec<Contradiction>,
    /// What there was no answer from, and why.
    pub not_asked: Vec<NotAsked>,
    /// What else a person should know.
    pub warnings: Vec<String>,
}

/// Whether a token is still the one that works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is the one unused token of its name.
    Current,
    /// A newer token was generated for the same peering.
    Superseded,
    /// The peering has no unused token: this one was used, or replaced by one that was.
    Spent,
    /// Its peering was deleted, or can never be established again.
    Orphaned,
    /// It cannot be told.
    Undetermined,
}

/// How sure a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It follows from what a source saw.
    Proven,
    /// Something that no source saw could make it wrong.
    Likely,
}

/// A source that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotAsked {
    /// Which.
    pub source: SourceName,
    /// Whether it was asked at all.
    pub asked: bool,
    /// Why there is no answer.
    pub because: String,
}

/// Tells what follows from the evidence about one token. `origin` is where the token came from.
pub fn assess(origin: &str, token: &Token, evidence: &Evidence) -> Assessment {
    let mut gathered = Gathered::default();
    let given = evidence.name.as_deref();
    let from_ledger = evidence.ledger.value().map(|records| ledger::read(token, given, records));
    let (in_ledger, ledger_claim) =
        from_ledger.map_or_else(Default::default, |(known, claim)| (known, Some(claim)));
    if let Some(view) = evidence.snapshot.value() {
        let generated_at = in_ledger.recorded_at.filter(|_| in_ledger.seen_generated);
        gathered.claims.push(snapshot::read(token, generated_at, view));
        gathered.name = view.peering.as_ref().map(|peering| peering.name.clone());
    }
    gathered.claims.extend(ledger_claim);
    let at_consul = evidence.consul.value().map(|view| consul::read(token, given, view));
    let (at_consul, claims) = at_consul.unwrap_or_default();
    gathered.claims.extend(claims);
    if at_consul.ca_rotated {
        gathered.warnings.push(
            "The acceptor uses none of the CA certificates in this token any more: a dialer would not trust it. \
             Generate another token."
                .to_owned(),
        );
    }
    let unused_exists = gathered.take_probes(token, evidence);
    gathered.combine(&in_ledger, &at_consul, unused_exists);
    gathered.note_unasked(evidence);
    let Gathered { mut claims, mut warnings, not_asked, name, .. } = gathered;
    let found = at_consul.name.or(name).or(in_ledger.name);
    if let (Some(given), Some(found)) = (given, &found)
        && given != found
    {
        warnings.push(format!("The token is of {found:?}, and not of {given:?}, the name that was given."));
    }
    let name = found.or_else(|| evidence.name.clone());
    let decision = decide::decide(&claims);
    for claim in &mut claims {
        claim.decided = false;
    }
    if let Some(by) = decision.by {
        claims[by].decided = true;
    }
    let words = wording::of(&decision, &claims, &not_asked, name.as_deref());
    Assessment {
        source: origin.to_owned(),
        peer_id: token.peer_id.clone(),
        name,
        secret_sha256: token.establishment_secret.sha256(),
        verdict: decision.verdict,
        certainty: decision.certainty,
        summary: words.summary,
        remedy: words.remedy,
        evidence: claims,
        contradictions: decision.contradictions,
        not_asked,
        warnings,
    }
}

/// Probe B saw that the peering has an unused secret.
struct UnusedSeen {
    at: Option<jiff::Timestamp>,
}

#[derive(Default)]
struct Gathered {
    /// The strongest source first.
    claims: Vec<Claim>,
    warnings: Vec<String>,
    not_asked: Vec<NotAsked>,
    name: Option<String>,
    b_is_void: Option<String>,
}

impl Gathered {
    /// What the probes say; the answer, if it is that an unused secret exists.
    fn take_probes(&mut self, token: &Token, evidence: &Evidence) -> Option<UnusedSeen> {
        let a = evidence.peering_exists.value().map(probe::read_a);
        let exists = a.as_ref().is_some_and(|(meaning, _)| *meaning == PeeringAnswer::Exists);
        self.claims.extend(a.map(|(_, claim)| claim));
        let answer = evidence.unused_secret.value()?;
        if let Err(because) = crate::connectivity::probe_answer::may_ask_unused_secret(token) {
            self.b_is_void = Some(because.to_owned());
            return None;
        }
        if !exists {
            self.b_is_void = Some(
                "its answer means something only once probe A has shown that the peering exists".to_owned(),
            );
            return None;
        }
        let (meaning, claim) = probe::read_b(answer);
        self.claims.push(claim);
        if meaning == SecretAnswer::TakenByOldAcceptor {
            self.warnings.push(
                "The acceptor is a Consul from before August 2022, whose peering is a preview: upgrade it."
                    .to_owned(),
            );
        }
        (meaning == SecretAnswer::UnusedExists).then_some(UnusedSeen { at: answer.at })
    }

    /// What follows from two sources together, and from neither alone.
    #[allow(clippy::needless_pass_by_value)] // it is used up here
    fn combine(&mut self, ledger: &ledger::Known, consul: &consul::Known, unused: Option<UnusedSeen>) {
        let was_used = consul.was_used;
        if !ledger.is_newest {
            return;
        }
        match unused {
            // Two tokens at least were generated then, and the ledger knows one.
            Some(_) if ledger.is_only && was_used => {}
            Some(UnusedSeen { at }) => self.claims.push(
                Claim::new(
                    SourceName::LedgerAndProbes,
                    Finding::SecretIsUnused,
                    "the ledger knows of no newer token, and the acceptor holds an unused secret",
                )
                .at(at)
                .suggests(Verdict::Current),
            ),
            None if ledger.is_only && was_used => self.claims.push(
                Claim::new(
                    SourceName::LedgerAndConsul,
                    Finding::OnlyTokenOfUsedPeering,
                    "the ledger knows of no other token of this peering, and one was used",
                )
                .at(consul.heard_at)
                .suggests(Verdict::Spent),
            ),
            None => {}
        }
    }

    fn note_unasked(&mut self, evidence: &Evidence) {
        self.note(SourceName::Snapshot, &evidence.snapshot);
        self.note(SourceName::Ledger, &evidence.ledger);
        self.note(SourceName::Consul, &evidence.consul);
        self.note(SourceName::ProbeA, &evidence.peering_exists);
        match self.b_is_void.take() {
            Some(because) => {
                self.not_asked.push(NotAsked { source: SourceName::ProbeB, asked: false, because });
            }
            None => self.note(SourceName::ProbeB, &evidence.unused_secret),
        }
    }

    fn note<T>(&mut self, name: SourceName, source: &Observed<T>) {
        let (asked, because) = match source {
            Observed::Value(_) => return,
            Observed::Failed(because) => (true, because.clone()),
            Observed::NotChecked(because) => (false, because.clone()),
        };
        self.not_asked.push(NotAsked { source: name, asked, because });
    }
}
