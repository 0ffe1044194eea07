//! Looks at everything that a diagnosis is made from.

use std::time::Duration;

use ring::rand::SystemRandom;
use tokio::time::timeout;

use super::live::Live;
use crate::cli::args::ledger_options::{Kind, LedgerOptions};
use crate::cli::env::{host, now, stderr_is_a_terminal};
use crate::connectivity::Reach;
use crate::diagnosis::DialerView;
use crate::net::consul::{Client, DialerAnswers};
use crate::net::gather::staleness::{entry, query_consul};
use crate::net::probe::{Ladder, Tell, climb_telling};
use crate::observed::Observed;
use crate::staleness::evidence::{Evidence, Responder};
use crate::staleness::{Assessment, assess};
use crate::token::Token;

/// How to look.
pub struct Look<'a> {
    /// The dialer's local name of the peering.
    pub name: Option<&'a str>,
    /// How the token was given, if it can be given so again: `@FILE`.
    pub given_as: Option<&'a str>,
    /// The address of the Consul at hand, if it was given by a flag.
    pub http_addr: Option<&'a str>,
    /// How long each step may take.
    pub patience: Duration,
    /// What was generated.
    pub ledger: &'a LedgerOptions,
    /// The Consul at hand; nothing is asked over the network without one.
    pub client: Option<&'a Client>,
}

/// What was looked at.
pub(super) struct Looks {
    pub(super) reach: Observed<Reach>,
    pub(super) staleness: Option<Assessment>,
    pub(super) dialer: Observed<DialerView>,
}

/// Looks at the servers and at the Consul at hand, at the same time.
pub(super) async fn around(look: &Look<'_>, token: Option<&Token>) -> Looks {
    let Some(client) = look.client else {
        let because = || "-offline was given".to_owned();
        return Looks {
            reach: Observed::NotChecked(because()),
            staleness: None,
            dialer: Observed::NotChecked(because()),
        };
    };
    let (reach, dialer) = tokio::join!(servers(look, token), dialer(look.patience, client));
    let staleness = match token {
        Some(token) => Some(staleness(look, token, &reach, &dialer, client).await),
        None => None,
    };
    Looks { reach, staleness, dialer }
}

async fn servers(look: &Look<'_>, token: Option<&Token>) -> Observed<Reach> {
    let Some(token) = token else {
        return Observed::NotChecked("there is no token that could be read".to_owned());
    };
    let ladder = Ladder::from(token);
    let live = stderr_is_a_terminal().then(|| Live::of(&ladder));
    let tell = live.as_ref().map_or_else(Tell::nobody, Live::tell);
    let reach = climb_telling(&ladder, look.patience, &SystemRandom::new(), &tell).await;
    drop(live);
    Observed::Value(Reach { seen_from: host(), seen_at: Some(now()), ..reach })
}

async fn dialer(patience: Duration, client: &Client) -> Observed<DialerView> {
    match client.dialer_answers(patience).await {
        Ok(answers) => Observed::Value(view(client, answers)),
        Err(error) => Observed::Failed(error.to_string()),
    }
}

fn view(client: &Client, answers: DialerAnswers) -> DialerView {
    DialerView {
        asked_at: client.address(),
        version: answers.version,
        trust_domain: answers.trust_domain,
        peering_enabled: answers.peering_enabled,
        anonymous: answers.anonymous,
        may_read: answers.may_read,
        may_write: answers.may_write,
        through_mesh_gateways: answers.through_mesh_gateways,
        peerings: answers.peerings.map(|all| all.into_iter().map(entry).collect()),
        refusals: answers.refusals,
    }
}

/// From the probes' answers, the ledger, and the Consul at hand, which may be the acceptor's.
async fn staleness(
    look: &Look<'_>,
    token: &Token,
    reach: &Observed<Reach>,
    dialer: &Observed<DialerView>,
    client: &Client,
) -> Assessment {
    let at = Some(now());
    let (peering_exists, unused_secret) = match reach.value() {
        Some(reach) => reach.answers(token, at),
        None => (Observed::default(), Observed::default()),
    };
    let elsewhere = dialer.value().is_some_and(|view| is_another_cluster(view, token));
    let ledger = match look.ledger.kind() {
        Ok(Kind::Consul) if elsewhere => {
            Observed::NotChecked("it is in the KV of this Consul, which is not the acceptor".to_owned())
        }
        Ok(kind) => look.ledger.read(kind, Ok(client)).await,
        Err(error) => Observed::NotChecked(error.message().to_owned()),
    };
    let evidence = Evidence {
        name: None,
        ledger,
        consul: match dialer {
            Observed::Failed(because) => Observed::NotChecked(because.clone()),
            // The dialer's Consul knows nothing of the acceptor's tokens.
            Observed::Value(view) if is_another_cluster(view, token) => {
                Observed::NotChecked("it is not the acceptor's".to_owned())
            }
            // It would refuse, but only after 12 seconds.
            Observed::Value(view) if view.peerings.is_none() => {
                Observed::NotChecked("its peerings cannot be read with this ACL token".to_owned())
            }
            _ => timeout(look.patience, query_consul(client, None, token, &now))
                .await
                .unwrap_or_else(|_| Observed::Failed("it did not answer in time".to_owned())),
        },
        peering_exists,
        unused_secret,
        snapshot: Observed::default(),
    };
    assess("token", token, &evidence)
}

fn is_another_cluster(view: &DialerView, token: &Token) -> bool {
    Responder::identify(view.trust_domain.as_deref(), token) == Responder::OtherCluster
}

/// The token's addresses replaced, so that a text can be shown to strangers.
pub(super) fn redacted(text: &str, token: Option<&Token>) -> String {
    let Some(token) = token else { return text.to_owned() };
    let lists = [&token.manual_server_addresses, &token.server_addresses];
    let mut addresses: Vec<&String> = lists.into_iter().flatten().flatten().collect();
    // A longer one may begin with a shorter one.
    let numbered: Vec<(String, String)> = {
        let mut numbered: Vec<(&String, usize)> = addresses.drain(..).zip(1..).collect();
        numbered.sort_by_key(|(address, _)| std::cmp::Reverse(address.len()));
        numbered.into_iter().map(|(address, number)| (address.clone(), format!("ADDRESS-{number}"))).collect()
    };
    let mut text = text.to_owned();
    for (address, place) in &numbered {
        text = text.replace(address.as_str(), place);
        if let Some((host, _)) = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()) {
            text = text.replace(host.trim_matches(['[', ']']), &format!("{place}-HOST"));
        }
    }
    text
}
