//! Our commands print exactly what a real `consul peering` printed with the same arguments.
//!
//! The recordings do not contain the server's answers. The text of an error comes from the recorded standard error, and
//! other answers are built so that they produce the recorded standard output.

mod answers;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Finished, Peering, fixture};
use crate::transport::{Pki, https};

/// A recorded run of `consul peering`.
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

    /// Returns the answer that produces the recorded output, or `None` if no server answered.
    fn answer(&self) -> Option<ResponseTemplate> {
        if self.exit == 0 {
            return Some(ResponseTemplate::new(200).set_body_string(self.success()));
        }
        if let Some((_, name)) = self.stderr.split_once("No peering with name ") {
            let name = name.strip_suffix(" found.\n").unwrap();
            let body = format!("Peering not found for \"{name}\"");
            return Some(ResponseTemplate::new(404).set_body_string(body));
        }
        let (_, refusal) = self.stderr.split_once("Unexpected response code: ")?;
        let (status, body) = refusal.split_once(" (")?;
        let body = body.trim_end().strip_suffix(')')?;
        Some(ResponseTemplate::new(status.parse::<u16>().unwrap()).set_body_string(body))
    }

    /// Returns the body of an answer with status 200.
    fn success(&self) -> String {
        match self.args[1].as_str() {
            "establish" => "{}".to_owned(),
            "delete" => String::new(),
            "generate-token" => {
                let token = match serde_json::from_str::<Value>(&self.stdout) {
                    Ok(answer) => answer["PeeringToken"].clone(),
                    Err(_) => Value::from(self.stdout.trim_end()),
                };
                json!({ "PeeringToken": token }).to_string()
            }
            command => answers::of_stdout(command, &self.stdout).to_string(),
        }
    }

    /// Returns the recorded standard output with sorted metadata. Consul's order is random.
    fn ordered_stdout(&self) -> String {
        let mut lines: Vec<String> = self.stdout.split('\n').map(str::to_owned).collect();
        for line in &mut lines {
            if let Some((row, meta)) = line.rsplit_once("  ")
                && self.args[1] == "list"
            {
                let mut pairs: Vec<&str> = meta.split(',').collect();
                pairs.sort_unstable();
                *line = format!("{row}  {}", pairs.join(","));
            }
        }
        if let Some(first) = lines.iter().position(|line| line == "Meta:") {
            let rest = &mut lines[first + 1..];
            let count = rest.iter().take_while(|line| line.starts_with("    ")).count();
            rest[..count].sort_unstable();
        }
        lines.join("\n")
    }

    /// Runs the same arguments against a server, whose address replaces the recorded one.
    fn replay(&self, server: &str) -> Finished {
        let here = |text: &str| {
            ["127.0.0.11:8500", "127.0.0.12:8500", "127.0.0.13:8500", "127.0.0.14:8500"]
                .iter()
                .fold(text.to_owned(), |text, recorded| text.replace(recorded, server))
        };
        let arguments = self.args.iter().skip(1).map(|argument| here(argument));
        let mut run = Peering::new()
            .args(arguments)
            .file("tokfile", "11111111-2222-3333-4444-555555555555\n")
            .shows_secrets();
        for (name, value) in &self.env {
            run = run.env(name, &here(value));
        }
        run.run()
    }

    /// Whether it uses HTTPS with a Consul that requires a client certificate.
    fn is_https(&self) -> bool {
        self.name.starts_with("https-")
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_command_prints_the_same_as_consul() {
    let recordings = Recording::all();
    assert_eq!(recordings.len(), 54, "every recorded run is replayed");
    for recording in recordings {
        if recording.is_https() {
            replay_over_https(recording).await;
        } else {
            replay_over_http(recording).await;
        }
    }
}

async fn replay_over_http(recording: Recording) {
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
    assert_eq!(finished.stdout, recording.ordered_stdout(), "{name}");
    let expected = recording.stderr.replace("127.0.0.11:8500", &address);
    // Consul ignores words without a warning.
    let ours: String =
        finished.stderr.split_inclusive('\n').filter(|line| !line.starts_with("Warning: ignored")).collect();
    assert_eq!(first_line(&ours), first_line(&expected), "{name}");
    let requests = server.received_requests().await.unwrap();
    if recording.answer().is_some() {
        let [request] = &requests[..] else { panic!("{name}: {} requests", requests.len()) };
        assert_eq!(sent(request), expected_request(&recording), "{name}");
    } else {
        // HTTPS to a plaintext port is not a request.
        assert!(requests.is_empty(), "{name} sent a request");
    }
}

/// The server requires a client certificate, like the recorded one.
async fn replay_over_https(recording: Recording) {
    let pki = Pki::of(&["127.0.0.1", "server.dc9.consul"]);
    let body = if recording.exit == 0 { recording.success() } else { "[]".to_owned() };
    let (port, _served) = https(&pki, true, &body).await;
    let here = format!("127.0.0.1:{port}");
    let mut run = Peering::new().args(&recording.args[1..]);
    std::fs::create_dir(run.home().join("tls")).unwrap();
    run = run
        .file("tls/consul-agent-ca.pem", pki.ca.pem())
        .file("tls/dc9-client-consul-0.pem", pki.client.0.pem())
        .file("tls/dc9-client-consul-0-key.pem", pki.client.1.serialize_pem());
    for (name, value) in &recording.env {
        run = run.env(name, &value.replace("127.0.0.19:8501", &here));
    }
    let finished = tokio::task::spawn_blocking(|| run.run()).await.unwrap();
    let name = &recording.name;
    assert_eq!(finished.status, recording.exit, "{name}: {}", finished.stderr);
    assert_eq!(finished.stdout, recording.ordered_stdout(), "{name}");
    let expected = recording.stderr.replace("127.0.0.19:8501", &here);
    if expected.contains("certificate required") || expected.contains(": write tcp ") {
        // The server rejects a client without a certificate after the handshake. The client sees the alert or a closed
        // connection, whichever comes first: the recordings contain three outcomes of the same cause.
        let (start, _) = expected.split_once("/v1/peerings\": ").unwrap();
        assert!(finished.stderr.starts_with(start), "{name}: {}", finished.stderr);
        let outcomes = ["remote error: tls: certificate required", "broken pipe", "connection reset", "EOF"];
        assert!(
            outcomes.iter().any(|outcome| finished.stderr.contains(outcome)),
            "{name}: {}",
            finished.stderr
        );
    } else {
        assert_eq!(finished.stderr, expected, "{name}");
    }
}

/// Returns a request as a value to compare.
fn sent(request: &wiremock::Request) -> Value {
    json!({
        "method": request.method.as_str(),
        "path": request.url.path(),
        "query": request.url.query(),
        "token": request.headers.get("X-Consul-Token").map(|token| token.to_str().unwrap()),
        "body": serde_json::from_slice::<Value>(&request.body).unwrap_or_default(),
    })
}

fn expected_request(recording: &Recording) -> Value {
    let after = |flag: &str| {
        let at = recording.args.iter().position(|argument| argument.trim_start_matches('-') == flag)?;
        recording.args.get(at + 1).cloned()
    };
    let name = after("name").unwrap_or_default();
    let (method, path) = match recording.args[1].as_str() {
        "generate-token" => ("POST", "/v1/peering/token".to_owned()),
        "establish" => ("POST", "/v1/peering/establish".to_owned()),
        "list" => ("GET", "/v1/peerings".to_owned()),
        "delete" => ("DELETE", format!("/v1/peering/{name}")),
        _ => ("GET", format!("/v1/peering/{name}")),
    };
    let mut body = Value::Null;
    if method == "POST" {
        body = json!({ "PeerName": name });
        if let Some(token) = after("peering-token") {
            body["PeeringToken"] = token.into();
        }
        if let Some((key, value)) = after("meta").as_deref().and_then(|pair| pair.split_once('=')) {
            body["Meta"] = json!({ key: value });
        }
        if let Some(partition) = after("partition") {
            body["Partition"] = partition.into();
        }
    }
    let token = after("token")
        .or_else(|| after("token-file").map(|_| "11111111-2222-3333-4444-555555555555".to_owned()))
        .or_else(|| recording.env.get("CONSUL_HTTP_TOKEN").cloned());
    json!({
        "method": method,
        "path": path,
        "query": after("partition").map(|partition| format!("partition={partition}")),
        "token": token,
        "body": body,
    })
}
