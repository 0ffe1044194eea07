//! What `generate-token` looks at before it generates, and what it says of what it found.

use std::time::Duration;

use clap::ValueEnum;
use ring::rand::SystemRandom;
use tokio::time::timeout;

use crate::cli::env::eprint_line;
use crate::connectivity::probe_answer::SecretAnswer;
use crate::net::consul::Client;
use crate::net::ledger::{Entry, Ledger, Of, Origin};
use crate::net::peerstream::Trust;
use crate::net::probe::{ProbeTarget, trace_until_answered};
use crate::net::regenerate::{Decision, LedgerLook, Looks, PeeringLook, SecretLook, decide, is_stillborn};
use crate::observed::Observed;
use crate::render::pretty::printable;
use crate::staleness::evidence::LEDGER_OFF;

/// How long all looks may take together.
pub const BUDGET: Duration = Duration::from_secs(1);

/// What to do if an unused token would become worthless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IfUnused {
    /// Generate, as Consul does; nothing is looked at before
    Replace,
    /// Generate nothing, and exit with 3
    Keep,
    /// Generate nothing, and exit with 1
    Fail,
}

/// Looks at everything that can be looked at in time, and decides. The second value is the state of the peering, for the
/// ledger.
pub async fn look(
    client: &Client,
    ledger: &Result<Ledger<'_>, String>,
    name: &str,
    partition: &str,
) -> (Decision, Option<String>) {
    let mut peering = PeeringLook::Unknown(format!("no answer within {} s", BUDGET.as_secs()));
    let mut records = LedgerLook::Unknown(format!("no answer within {} s", BUDGET.as_secs()));
    let mut secret = SecretLook::NotAsked("there was no time for it".to_owned());
    let looking = async {
        peering = look_at_peering(client, name).await;
        records = look_into_ledger(ledger, &peering, name, partition).await;
        secret = ask_for_unused_secret(&peering, &records).await;
    };
    // What was found out before the time was up, counts.
    let _ = timeout(BUDGET, looking).await;
    let looks = Looks { peering, ledger: records, secret };
    tell_what_is_unknown(&looks);
    let state = match &looks.peering {
        PeeringLook::Absent => Some("NONE".to_owned()),
        PeeringLook::Present { state, .. } => Some(state.clone()),
        PeeringLook::Unknown(_) => None,
    };
    (decide(&looks), state)
}

async fn look_at_peering(client: &Client, name: &str) -> PeeringLook {
    match client.read_peering(name).await {
        Ok(None) => PeeringLook::Absent,
        Ok(Some(peering)) => PeeringLook::Present { id: peering.id, state: peering.state },
        Err(error) => PeeringLook::Unknown(error.to_string()),
    }
}

/// By peer ID where it is known, for two acceptors may know the same name.
async fn look_into_ledger(
    ledger: &Result<Ledger<'_>, String>,
    peering: &PeeringLook,
    name: &str,
    partition: &str,
) -> LedgerLook {
    let ledger = match ledger {
        Ok(Ledger::Off) => return LedgerLook::Unknown(LEDGER_OFF.to_owned()),
        // A database cannot be left in the middle when the time is up: it must know how long it may wait.
        Ok(Ledger::Sqlite(ledger)) => &Ledger::Sqlite(ledger.clone().patient_for(BUDGET / 2)),
        Ok(ledger) => ledger,
        Err(reason) => return LedgerLook::Unknown(reason.clone()),
    };
    let of = match peering {
        PeeringLook::Present { id, .. } => Of::PeerId(id),
        PeeringLook::Absent => return LedgerLook::Known(Vec::new()),
        PeeringLook::Unknown(_) => Of::Name(name, partition),
    };
    match ledger.records_of(of).await {
        Ok(entries) => LedgerLook::Known(entries),
        Err(error) => LedgerLook::Unknown(error.to_string()),
    }
}

/// Probe B: whether the acceptor has an unused secret for the peering. It takes a record of the ledger to reach it: its
/// addresses, server name and roots, and a datacenter, without which the acceptor may be so old that asking is no
/// question (Consul 1.13).
async fn ask_for_unused_secret(peering: &PeeringLook, ledger: &LedgerLook) -> SecretLook {
    let not_asked = |because: &str| SecretLook::NotAsked(because.to_owned());
    let (PeeringLook::Present { id, .. }, LedgerLook::Known(entries)) = (peering, ledger) else {
        return not_asked("it takes the peering and a record of the ledger");
    };
    let Some(record) = entries.last().map(|entry| &entry.record).filter(|record| record.peer_id == *id)
    else {
        return not_asked("the ledger knows no token of this peering");
    };
    if record.datacenter.is_none() {
        return not_asked("a Consul as old as 1.13 may take the question for an exchange");
    }
    let trust = if record.tls {
        let cas = record.roots.iter().map(|root| pem(&root.der)).collect();
        Trust::Tls { cas, server_name: record.server_name.clone() }
    } else {
        Trust::Plaintext
    };
    let target = ProbeTarget {
        addresses: record.addresses.clone(),
        field: "ServerAddresses",
        not_dialed: Vec::new(),
        trust,
        peer_id: id.clone(),
        has_remote: true,
    };
    let connectivity = trace_until_answered(&target, BUDGET, &SystemRandom::new()).await;
    match connectivity.answers(None).1 {
        Observed::Value(answer) => match SecretAnswer::of(answer.code, &answer.message) {
            SecretAnswer::UnusedExists => SecretLook::Unused,
            SecretAnswer::NoneUnused => SecretLook::Spent,
            _ => SecretLook::NotAsked(answer.message),
        },
        Observed::Failed(reason) | Observed::NotChecked(reason) => SecretLook::NotAsked(reason),
    }
}

/// A root of the ledger as a token holds it.
fn pem(der: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n")
}

fn tell_what_is_unknown(looks: &Looks) {
    if let PeeringLook::Unknown(reason) = &looks.peering {
        eprint_line(&format!("Note: could not look at the peering: {}", printable(reason)));
    }
    if let LedgerLook::Unknown(reason) = &looks.ledger {
        eprint_line(&format!("Note: could not look into the ledger: {}", printable(reason)));
    }
}

/// Why no token was generated.
pub fn reason(name: &str, certain: bool, because: &str, newest: Option<&Entry>) -> String {
    let exists = if certain { "exists" } else { "may exist" };
    let told = newest.map_or_else(String::new, |newest| format!("\n  The newest known: {}.", told(newest)));
    format!(
        "No token was generated for {}: an unused one {exists}, and would become worthless.\n  \
         Why: {because}.{told}\n  \
         What to do: use that one, or generate with -if-unused=replace.",
        printable(name)
    )
}

/// What a peering in such a state means for every token of its name.
pub fn stillborn(name: &str, state: &str) -> String {
    let name = printable(name);
    if state == "DELETING" {
        return format!(
            "The peering {name} is being deleted: a token generated for it now can never work.\n  \
             What to do: wait until it is gone, then generate again."
        );
    }
    format!(
        "The peering {name} is {}: the other cluster deleted its side. Consul still generates tokens for it, which can \
         never work.\n  \
         What to do: delete it here (consul peering delete -name {name}), then generate again.",
        printable(state)
    )
}

/// The default's note: the token before this one may have been unused.
pub fn replaced(newest: &Entry) -> String {
    format!(
        "Note: an earlier token of this peering is worthless now if it was not used yet: {}. -if-unused=keep looks \
         before it generates.",
        told(newest)
    )
}

fn told(entry: &Entry) -> String {
    let record = &entry.record;
    let verb = match record.source {
        Origin::Generated => "generated",
        Origin::Imported => "imported",
    };
    printable(&format!("{verb} {} by {} on {}", record.time, record.user, record.host))
}

/// What `-inspect` adds: whether the peering is in a state in which its tokens cannot work.
pub async fn state_note(client: &Client, name: &str) -> Option<String> {
    let state = match timeout(BUDGET, client.read_peering(name)).await {
        Ok(Ok(Some(peering))) => peering.state,
        Ok(Ok(None)) => return None,
        Ok(Err(error)) => {
            return Some(format!("Note: could not look at the peering: {}", printable(&error.to_string())));
        }
        Err(_) => return Some("Note: could not look at the peering: no answer in time".to_owned()),
    };
    is_stillborn(&state).then(|| format!("Warning: {}", stillborn(name, &state)))
}
