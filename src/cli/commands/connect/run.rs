//! The steps of `connect`: generate, check, establish, wait.

use jiff::SignedDuration;
use serde::Serialize;
use tokio::try_join;

use super::{Arguments, Cluster, progress};
use crate::cli::commands::generate_token::if_unused::IfUnused;
use crate::cli::commands::generate_token::recording::Recording;
use crate::cli::commands::health::is_healthy;
use crate::cli::commands::wait::{Waited, too_late, wait_until};
use crate::cli::env::now;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::eprint_line;
use crate::diagnosis::GivenToken;
use crate::lint::{Reference, Severity};
use crate::net::connect::{End, Ends};
use crate::net::consul::{EstablishRequest, GenerateTokenRequest, Peering, RequestError};
use crate::net::ledger::{Ledger, Origin};
use crate::shell::quoted;
use crate::staleness::evidence::different_clock;
use crate::token::Secret;

/// A step of connecting two clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    /// Generate the token at the acceptor.
    Generate,
    /// Check the token.
    Check,
    /// Establish the peering at the dialer.
    Establish,
    /// Wait until both ends are ACTIVE and have received data.
    Wait,
}

impl Step {
    /// Describes it with its number.
    pub(super) fn described(self, ends: &Ends) -> String {
        let (acceptor, dialer) = (&ends.acceptor, &ends.dialer);
        match self {
            Self::Generate => {
                format!("step 1 of 4, generating a token for {:?} at {}", acceptor.name, acceptor.context)
            }
            Self::Check => format!("step 2 of 4, checking the token of {}", acceptor.context),
            Self::Establish => format!("step 3 of 4, establishing {:?} at {}", dialer.name, dialer.context),
            Self::Wait => "step 4 of 4, waiting for data on both ends".to_owned(),
        }
    }
}

/// How all steps ended.
pub(super) enum Outcome {
    /// Both ends are ACTIVE and have received data.
    Connected,
    /// A step failed.
    Failed(Failure),
}

/// A step that failed, or that Ctrl-C stopped.
pub(super) struct Failure {
    /// The step.
    pub(super) step: Step,
    /// Why it failed, in Consul's words if it refused; `None` if Ctrl-C stopped it.
    pub(super) message: Option<String>,
    /// What the step did to an unused token of the acceptor's name, if it generated none.
    pub(super) origin: Option<Origin>,
    /// The token, if it was generated.
    pub(super) token: Option<Secret>,
}

/// Ends with a step that failed, or was stopped, after the token was generated.
fn failed(step: Step, message: impl Into<Option<String>>, token: Secret) -> Outcome {
    Outcome::Failed(Failure { step, message: message.into(), origin: None, token: Some(token) })
}

/// Runs all steps, until Ctrl-C. The token exists in memory only.
pub(super) async fn all_steps(
    arguments: &Arguments,
    acceptor: &Cluster,
    dialer: &Cluster,
    ends: &Ends,
    ledger: Result<Ledger<'_>, String>,
    interrupt: &Interrupt,
) -> Outcome {
    progress(&format!("1 of 4: generating a token at {}", acceptor.context.name));
    let partition = acceptor.client.partition().to_owned();
    let recording = Recording::start(ledger, &acceptor.name, partition, ends.unused.state_before()).await;
    let request = GenerateTokenRequest {
        peer_name: acceptor.name.clone(),
        server_external_addresses: arguments.server_external_addresses.clone(),
        ..GenerateTokenRequest::default()
    };
    let token = match interrupt.stops(acceptor.client.generate_token(&request)).await {
        Some(Ok(generated)) => generated.peering_token,
        Some(Err(error)) => return not_generated(&error, acceptor, recording).await,
        None => return generate_stopped(acceptor, recording).await,
    };
    // The note about the replaced token is for `generate-token`.
    if let Err(reason) = recording.generated(&token, IfUnused::Keep).await {
        eprint_line(&format!("Warning: the token was generated, but {reason}"));
    }
    progress("2 of 4: checking the token");
    if let Err(message) = check(&token, ends) {
        return failed(Step::Check, message, token);
    }
    progress(&format!("3 of 4: establishing at {}", dialer.context.name));
    let request = EstablishRequest {
        peer_name: dialer.name.clone(),
        peering_token: token.clone(),
        ..EstablishRequest::default()
    };
    match interrupt.stops(dialer.client.establish(&request)).await {
        Some(Ok(())) => {}
        Some(Err(error)) => return failed(Step::Establish, error.to_string(), token),
        None => return failed(Step::Establish, None, token),
    }
    progress(&format!("4 of 4: waiting for data on both ends, for at most {} s", arguments.wait.as_secs()));
    let both = async {
        try_join!(
            wait_for_data(acceptor, &ends.acceptor, arguments),
            wait_for_data(dialer, &ends.dialer, arguments)
        )
    };
    let Some(waited) = interrupt.stops(both).await else { return failed(Step::Wait, None, token) };
    let late = match waited {
        Ok((Waited::Done, Waited::Done)) => return Outcome::Connected,
        Ok((Waited::TooLate(found), _)) => (acceptor, found),
        Ok((_, Waited::TooLate(found))) => (dialer, found),
        Err(error) => return failed(Step::Wait, error.to_string(), token),
    };
    let (cluster, found) = late;
    let message = too_late(&cluster.name, found.as_deref(), arguments.wait, "ACTIVE with data received");
    failed(Step::Wait, format!("at {}, {message}", cluster.context.name), token)
}

/// Waits until one end is ACTIVE and has received data, by its own clock.
async fn wait_for_data(cluster: &Cluster, end: &End, arguments: &Arguments) -> Result<Waited, RequestError> {
    let ahead = SignedDuration::from_secs(different_clock(end.clock_offset).unwrap_or_default());
    let its_time = || now().checked_add(ahead).unwrap_or_else(|_| now());
    let is_expected = |found: Option<&Peering>| found.is_some_and(|peering| is_healthy(peering, its_time()));
    wait_until(&cluster.client, &cluster.name, arguments.wait, is_expected).await
}

async fn not_generated(error: &RequestError, acceptor: &Cluster, recording: Recording<'_>) -> Outcome {
    let origin = recording.failed(error, &acceptor.client).await;
    Outcome::Failed(Failure {
        step: Step::Generate,
        message: Some(error.to_string()),
        origin: Some(origin),
        token: None,
    })
}

/// Ends with a request for a token that was sent, and whose answer was not awaited.
async fn generate_stopped(acceptor: &Cluster, recording: Recording<'_>) -> Outcome {
    let origin = Origin::Unanswered;
    if let Err(reason) = recording.without_token(origin, &acceptor.client).await {
        eprint_line(&format!("Warning: the stopped request {reason}"));
    }
    Outcome::Failed(Failure { step: Step::Generate, message: None, origin: Some(origin), token: None })
}

/// Checks the token as the dialer's Consul does. The error is what prevents establishing with it.
fn check(token: &Secret, ends: &Ends) -> Result<(), String> {
    let reference =
        ends.dialer.answers.version.as_deref().and_then(Reference::of_version).unwrap_or_default();
    let report = GivenToken::exact(token).report(now(), reference);
    if let Some(message) = report.consul.message {
        return Err(message);
    }
    match report.findings.iter().find(|finding| finding.severity == Severity::Error) {
        Some(finding) => Err(format!("{}: {}", finding.check, finding.message)),
        None => Ok(()),
    }
}

/// What a failed step left behind at both ends.
pub(super) struct LeftBehind {
    /// What is there, one sentence or two in each.
    pub(super) lines: Vec<String>,
    /// The commands that remove it.
    pub(super) clean_up: Vec<String>,
}

/// Returns what a failed step left behind at both ends, and how to remove it.
pub(super) async fn left_behind(
    acceptor: &Cluster,
    dialer: &Cluster,
    ends: &Ends,
    failure: &Failure,
) -> LeftBehind {
    let (mut lines, mut clean_up) = (Vec::new(), Vec::new());
    // The servers may still work on a request that was stopped.
    let stopped_at = match (failure.step, &failure.message) {
        (Step::Generate, None) => Some(&acceptor.context.name),
        (Step::Establish, None) => Some(&dialer.context.name),
        _ => None,
    };
    for (cluster, end) in [(acceptor, &ends.acceptor), (dialer, &ends.dialer)] {
        let at = format!("{:?} at {}", cluster.name, cluster.context.name);
        let state = match cluster.client.read_peering(&cluster.name).await {
            Ok(None) if stopped_at == Some(&cluster.context.name) => {
                lines.push(format!("The request was sent, so the peering {at} may still appear."));
                clean_up.push(end.delete_command());
                continue;
            }
            Ok(None) => continue,
            Ok(Some(peering)) => format!("is {}", peering.state),
            Err(error) => format!("could not be read: {error}"),
        };
        if end.peering().is_some() {
            lines.push(format!("The peering {at} existed before, and {state}."));
        } else {
            lines.push(format!("Left behind: the peering {at}, which {state}."));
            clean_up.push(end.delete_command());
        }
    }
    let may_have_token = ends.acceptor.peering().is_some();
    match (failure.step, failure.origin) {
        (Step::Generate, _) if !may_have_token => {}
        (Step::Generate, Some(Origin::Refused) | None) => {}
        (Step::Generate, Some(Origin::Failed)) => lines.push(
            "An earlier unused token for this name no longer works: Consul had already stored a new secret."
                .to_owned(),
        ),
        (Step::Generate, Some(_)) => lines.push(
            "The request was sent: an earlier unused token for this name may no longer work.".to_owned(),
        ),
        (Step::Check | Step::Establish, _) => {
            lines.push("The token may be unused. It was in memory only, and no copy is left.".to_owned());
        }
        (Step::Wait, _) => lines.push("The token was used.".to_owned()),
    }
    if lines.is_empty() {
        lines.push("Nothing was left behind.".to_owned());
    }
    if failure.step == Step::Wait && !clean_up.is_empty() {
        lines.push("The peering may still become healthy. To remove it:".to_owned());
    }
    if may_have_token && matches!(failure.step, Step::Check | Step::Establish) {
        clean_up.push(format!("peering revoke -name {} {}", quoted(&acceptor.name), acceptor.flag()));
    }
    LeftBehind { lines, clean_up }
}
