//! Whether a token can still be used: evidence in, a verdict out.
//!
//! A token contains neither its local name nor a time. Nothing in it shows whether a newer token was generated, whether
//! it was used, or whether its peering was deleted. [`assess`] combines what other sources report, and never claims more
//! than they prove.

pub(crate) mod ca;
pub(crate) mod claim;
pub(crate) mod consul;
pub(crate) mod decide;
pub mod evidence;
pub(crate) mod ledger;
pub(crate) mod order;
pub(crate) mod peering;
pub(crate) mod probe;
pub(crate) mod snapshot;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod wording;

use serde::Serialize;

use crate::connectivity::probe_answer::{PeeringAnswer, SecretAnswer, may_ask_unused_secret};
use crate::observed::Observed;
use crate::token::Token;
pub use claim::{Claim, Observation, SourceName};
pub use decide::Contradiction;
use evidence::Evidence;
pub use order::NameOrder;
pub use peering::{PeeringStatus, Side};

/// The version of the JSON form of [`Staleness`].
pub const SCHEMA_VERSION: u32 = 1;

/// The output of `stale -format json`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Staleness {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// The verdict on all tokens: `current` only if each token is. Otherwise the first verdict that is neither `current`
    /// nor `undetermined`, or else `undetermined`.
    pub verdict: Verdict,
    /// One for each token, in the order given.
    pub tokens: Vec<Assessment>,
    /// The order of tokens that belong to one name, if several were given.
    pub orders: Vec<NameOrder>,
}

impl Staleness {
    /// Combines the assessments of several tokens. `ledger` is the ledger's records, oldest first.
    pub fn new(tokens: Vec<Assessment>, ledger: &[evidence::LedgerRecord]) -> Self {
        let not_current = tokens.iter().map(|token| token.verdict).filter(|it| *it != Verdict::Current);
        let verdict = not_current.min_by_key(|verdict| *verdict == Verdict::Undetermined);
        let orders = order::order(&tokens, ledger);
        Self { version: SCHEMA_VERSION, verdict: verdict.unwrap_or(Verdict::Current), tokens, orders }
    }
}

/// The staleness of one token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assessment {
    /// Where the token came from: `argument`, `@FILE` or `-`.
    pub source: String,
    /// The acceptor's ID of the peering.
    pub peer_id: String,
    /// The local name of the peering at the acceptor, if a source reported it.
    pub name: Option<String>,
    /// When the token was generated, if the ledger recorded it then.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub generated_at: Option<jiff::Timestamp>,
    /// SHA-256 of the establishment secret: identifies the token among those of its peering.
    pub secret_sha256: Option<String>,
    /// The peering with that ID, if a Consul reported it. An established peering needs no token, whatever the verdict.
    pub peering: Option<PeeringStatus>,
    /// Whether the token can still be used.
    pub verdict: Verdict,
    /// How certain the verdict is; `null` if it is undetermined.
    pub certainty: Option<Certainty>,
    /// The verdict and its reason, in one sentence.
    pub summary: String,
    /// What to do about it.
    pub remedy: String,
    /// What the sources reported; `decisive` marks what the verdict is based on.
    pub evidence: Vec<Claim>,
    /// Reports that cannot all be true.
    pub contradictions: Vec<Contradiction>,
    /// Sources that reported nothing, and why.
    pub not_checked: Vec<NotChecked>,
    /// Anything else to know about the token.
    pub warnings: Vec<String>,
}

/// Whether a token can still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is the unused token of its peering, and its CA certificates are those of the acceptor.
    Current,
    /// A newer token was generated for the same peering, or the acceptor rotated its CA without cross-signing.
    Superseded,
    /// The peering has no unused token: this one was used, or superseded by one that was.
    Spent,
    /// Its peering was deleted, or can never be established.
    Orphaned,
    /// The sources cannot settle it.
    Undetermined,
}

/// How certain a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// It follows from what a source reported.
    Proven,
    /// An event that no source recorded could make it wrong.
    Likely,
}

/// A source that reported nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NotChecked {
    /// The source.
    pub source: SourceName,
    /// Whether it was queried.
    pub queried: bool,
    /// Why it reported nothing.
    pub reason: String,
}

/// Determines what follows from the evidence about one token. `source` is where the token came from.
pub fn assess(source: &str, token: &Token, evidence: &Evidence) -> Assessment {
    let given_name = evidence.name.as_deref();
    let mut collected = Collected::default();
    let from_ledger = evidence.ledger.value().map(|records| ledger::read(token, given_name, records));
    let (ledger, ledger_claim) =
        from_ledger.map_or_else(Default::default, |(summary, claim)| (summary, Some(claim)));
    if let Some(view) = evidence.snapshot.value() {
        let generated_at = ledger.recorded_at.filter(|_| ledger.is_generated);
        collected.claims.push(snapshot::read(token, generated_at, view));
        collected.name = view.peering.as_ref().map(|peering| peering.name.clone());
    }
    collected.claims.extend(ledger_claim);
    let (api, claims) = evidence
        .consul
        .value()
        .map(|view| consul::read(token, given_name, view, evidence.presented_trust_domain.as_deref()))
        .unwrap_or_default();
    collected.claims.extend(claims);
    let unused_secret = collected.add_probes(token, evidence);
    collected.combine(&ledger, &api, unused_secret.as_ref());
    collected.add_not_checked(evidence);
    let Collected { mut claims, mut warnings, not_checked, name, .. } = collected;
    let generated_at = ledger.recorded_at.filter(|_| ledger.is_generated);
    let reported = api.name.clone().or(name).or(ledger.name);
    if let (Some(given), Some(reported)) = (given_name, &reported)
        && given != reported
    {
        warnings.push(format!("The token belongs to {reported:?}, not to {given:?}, the name you gave."));
    }
    let clock = evidence.consul.value().and_then(wording::different_clock);
    warnings.extend(clock.clone());
    let name = reported.or_else(|| evidence.name.clone());
    let mut decision = decide::decide(&claims);
    if matches!(decision.verdict, Verdict::Current | Verdict::Undetermined)
        && let Some(claim) = untrusted_ca(token, evidence, &api)
    {
        decision.verdict = Verdict::Superseded;
        decision.certainty = claim.certainty;
        decision.decisive = Some(claims.len());
        claims.push(claim);
    }
    let peering = api.peering.as_ref().map(|(side, entry)| PeeringStatus::of(*side, entry, decision.verdict));
    if let Some(decisive) = decision.decisive {
        claims[decisive].decisive = true;
    }
    let address = evidence.consul.value().map(|view| view.address.as_str()).unwrap_or_default();
    let context = wording::Context {
        claims: &claims,
        not_checked: &not_checked,
        name: name.as_deref(),
        peering: peering.as_ref(),
        address,
        clock: clock.as_deref(),
    };
    let text = wording::Text::of(&decision, &context);
    Assessment {
        source: source.to_owned(),
        peer_id: token.peer_id.clone(),
        name,
        generated_at,
        secret_sha256: token.establishment_secret.sha256(),
        peering,
        verdict: decision.verdict,
        certainty: decision.certainty,
        summary: text.summary,
        remedy: text.remedy,
        evidence: claims,
        contradictions: decision.contradictions,
        not_checked,
        warnings,
    }
}

/// Returns the claim that the acceptor's servers are not trusted with the token: from its API, or else from a snapshot.
fn untrusted_ca(token: &Token, evidence: &Evidence, api: &consul::Summary) -> Option<Claim> {
    if let Some(trusted) = ca::is_trusted(token, &api.active_ca) {
        let observed_at = evidence.consul.value().and_then(|view| view.observed_at);
        return (!trusted).then(|| ca::not_trusted(SourceName::Consul).at(observed_at));
    }
    let view = evidence.snapshot.value().filter(|view| view.peering.is_some())?;
    let is_untrusted = ca::is_trusted(token, &view.active_ca) == Some(false);
    is_untrusted.then(|| ca::not_trusted(SourceName::Snapshot).at(view.taken_at))
}

/// The answer to "unused secret?" that the peering has one.
struct UnusedSecretAnswer {
    observed_at: Option<jiff::Timestamp>,
}

#[derive(Default)]
struct Collected {
    /// The strongest source first.
    claims: Vec<Claim>,
    warnings: Vec<String>,
    not_checked: Vec<NotChecked>,
    name: Option<String>,
    /// Why the answer to "unused secret?" must be ignored, if it must.
    secret_answer_ignored: Option<String>,
}

impl Collected {
    /// Adds what the probes reported. Returns a value if an unused secret exists.
    fn add_probes(&mut self, token: &Token, evidence: &Evidence) -> Option<UnusedSecretAnswer> {
        let peering = evidence.peering_exists.value().map(probe::read_peering_answer);
        let exists = peering.as_ref().is_some_and(|(meaning, _)| *meaning == PeeringAnswer::Exists);
        self.claims.extend(peering.map(|(_, claim)| claim));
        let answer = evidence.unused_secret.value()?;
        if let Err(reason) = may_ask_unused_secret(token) {
            self.secret_answer_ignored = Some(reason.to_owned());
            return None;
        }
        if !exists {
            self.secret_answer_ignored =
                Some("its answer has a meaning only if the acceptor has the peering".to_owned());
            return None;
        }
        let (meaning, claim) = probe::read_secret_answer(answer);
        self.claims.push(claim);
        if meaning == SecretAnswer::TakenByOldAcceptor {
            self.warnings.push(
                "The acceptor is a Consul built before August 2022, in which peering is a preview: upgrade it."
                    .to_owned(),
            );
        }
        (meaning == SecretAnswer::UnusedExists).then_some(UnusedSecretAnswer { observed_at: answer.at })
    }

    /// Adds what follows from two sources together, and from neither alone.
    fn combine(
        &mut self,
        ledger: &ledger::Summary,
        api: &consul::Summary,
        unused_secret: Option<&UnusedSecretAnswer>,
    ) {
        if !ledger.is_newest {
            return;
        }
        match unused_secret {
            // At least two tokens were generated in that case, and the ledger has only one.
            Some(_) if ledger.is_only && api.was_used => {}
            Some(UnusedSecretAnswer { observed_at }) => self.claims.push(
                Claim::new(
                    SourceName::LedgerAndProbes,
                    Observation::SecretIsUnused,
                    "the ledger has no newer token, and the acceptor has an unused secret",
                )
                .at(*observed_at)
                .suggests(Verdict::Current),
            ),
            None if ledger.is_only && api.was_used => self.claims.push(
                Claim::new(
                    SourceName::LedgerAndConsul,
                    Observation::OnlyTokenOfUsedPeering,
                    "the ledger has no other token of this peering, and a token of it was used",
                )
                .at(api.last_heartbeat)
                .suggests(Verdict::Spent),
            ),
            None => {}
        }
    }

    fn add_not_checked(&mut self, evidence: &Evidence) {
        self.add_if_not_checked(SourceName::Snapshot, &evidence.snapshot);
        self.add_if_not_checked(SourceName::Ledger, &evidence.ledger);
        self.add_if_not_checked(SourceName::Consul, &evidence.consul);
        self.add_if_not_checked(SourceName::PeeringExists, &evidence.peering_exists);
        match self.secret_answer_ignored.take() {
            Some(reason) => {
                let source = SourceName::UnusedSecret;
                self.not_checked.push(NotChecked { source, queried: false, reason });
            }
            None => self.add_if_not_checked(SourceName::UnusedSecret, &evidence.unused_secret),
        }
    }

    fn add_if_not_checked<T>(&mut self, source: SourceName, observed: &Observed<T>) {
        let (queried, reason) = match observed {
            Observed::Value(_) => return,
            Observed::Failed(reason) => (true, reason.clone()),
            Observed::NotChecked(reason) => (false, reason.clone()),
        };
        self.not_checked.push(NotChecked { source, queried, reason });
    }
}
