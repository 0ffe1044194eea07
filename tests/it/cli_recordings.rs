//! What a real `consul peering` printed, and what ours prints to the same words.
//!
//! The answers behind each recorded run were not kept: a refusal is taken from the run's own standard error, and an
//! answer is made from which the recorded standard output follows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Finished, Peering, fixture};

/// A run of Consul's command line.
#[derive(Deserialize)]
struct Recording {
    name: String,
    env: BTreeMap<String, String>,
    args: Vec<String>,
    exit: i32,
    stdout: String,
    stderr: String,
}

impl Recording {
    fn all() -> Vec<Self> {
        serde_json::from_slice(&std::fs::read(fixture("consul/cli.json")).unwrap()).unwrap()
    }

    /// The answer that made Consul's command line print what it printed; `None` if nobody was there to answer.
    fn answer(&self) -> Option<ResponseTemplate> {
        if self.exit == 0 {
            let token = match serde_json::from_str::<Value>(&self.stdout) {
                Ok(answer) => answer["PeeringToken"].clone(),
                Err(_) => Value::from(self.stdout.trim_end()),
            };
            return Some(ResponseTemplate::new(200).set_body_json(json!({ "PeeringToken": token })));
        }
        let (_, refusal) = self.stderr.split_once("Unexpected response code: ")?;
        let (status, body) = refusal.split_once(" (")?;
        let body = body.trim_end().strip_suffix(')')?;
        Some(ResponseTemplate::new(status.parse::<u16>().unwrap()).set_body_string(body))
    }

    /// Runs the same words against a server that answers so. The recorded Consul's address becomes the server's.
    fn replay(&self, server: &str) -> Finished {
        let here = |text: &str| {
            ["127.0.0.11:8500", "127.0.0.13:8500"]
                .iter()
                .fold(text.to_owned(), |text, recorded| text.replace(recorded, server))
        };
        let arguments = self.args.iter().skip(1).map(|argument| here(argument));
        let mut run =
            Peering::new(arguments).file("tokfile", "11111111-2222-3333-4444-555555555555\n").shows_secrets();
        for (name, value) in &self.env {
            run = run.env(name, &here(value));
        }
        run.run()
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn generate_token_prints_what_consul_prints() {
    let recordings: Vec<Recording> =
        Recording::all().into_iter().filter(|recording| recording.args[1] == "generate-token").collect();
    assert_eq!(recordings.len(), 22, "every recorded run of generate-token is replayed");
    for recording in recordings {
        let server = MockServer::start().await;
        if let Some(answer) = recording.answer() {
            Mock::given(any()).respond_with(answer).mount(&server).await;
        }
        let address = server.address().to_string();
        let (finished, recording) = tokio::task::spawn_blocking({
            let address = address.clone();
            move || (recording.replay(&address), recording)
        })
        .await
        .unwrap();
        let name = &recording.name;
        assert_eq!(finished.status, recording.exit, "{name}: {}", finished.stderr);
        assert_eq!(finished.stdout, recording.stdout, "{name}");
        let expected = recording.stderr.replace("127.0.0.11:8500", &address);
        assert_eq!(first_line(&finished.stderr), first_line(&expected), "{name}");
        let requests = server.received_requests().await.unwrap();
        if recording.answer().is_some() {
            let [request] = &requests[..] else { panic!("{name}: {} requests", requests.len()) };
            assert_eq!(asked(request), expected_request(&recording), "{name}");
        } else {
            // The run that speaks HTTPS to a plain port is no request at all.
            assert!(requests.is_empty(), "{name} asked although it had nothing to ask");
        }
    }
}

/// What was asked, as one comparable value.
fn asked(request: &wiremock::Request) -> Value {
    json!({
        "method": request.method.as_str(),
        "path": request.url.path(),
        "query": request.url.query(),
        "token": request.headers.get("X-Consul-Token").map(|token| token.to_str().unwrap()),
        "body": serde_json::from_slice::<Value>(&request.body).unwrap(),
    })
}

fn expected_request(recording: &Recording) -> Value {
    let after = |flag: &str| {
        let at = recording.args.iter().position(|argument| argument.trim_start_matches('-') == flag)?;
        recording.args.get(at + 1).cloned()
    };
    let mut body = json!({ "PeerName": after("name").unwrap() });
    if let Some(partition) = after("partition") {
        body["Partition"] = partition.into();
    }
    let token = after("token")
        .or_else(|| after("token-file").map(|_| "11111111-2222-3333-4444-555555555555".to_owned()))
        .or_else(|| recording.env.get("CONSUL_HTTP_TOKEN").cloned());
    json!({
        "method": "POST",
        "path": "/v1/peering/token",
        "query": after("partition").map(|partition| format!("partition={partition}")),
        "token": token,
        "body": body,
    })
}
