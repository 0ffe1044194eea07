//! Embedded acceptors in this process that serve gRPC.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use consul_peering::acceptor;
use consul_peering::acceptor::{Acceptor, Settings};
use consul_peering::connectivity::Connectivity;
use consul_peering::net::probe::{ConnectionBudget, ProbeTarget, Progress, trace_until_answered};
use consul_peering::token::{Token, decode};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::peering::guard;

/// The timeout of a step where every server answers: long enough for a busy machine.
pub const TIMEOUT: Duration = Duration::from_mins(2);

/// An embedded acceptor that serves gRPC.
pub struct Served {
    acceptor: Arc<Acceptor>,
    /// The address of the gRPC server.
    pub address: SocketAddr,
    directory: Arc<TempDir>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Served {
    /// Starts a server of a new cluster.
    pub async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(Arc::new(tempfile::tempdir().unwrap()), change).await
    }

    /// Starts another server of the same cluster.
    pub async fn beside(&self, change: impl FnOnce(&mut Settings)) -> Self {
        Self::over(Arc::clone(&self.directory), change).await
    }

    /// Stops the server and returns the directory of its state.
    pub fn stop(self) -> Arc<TempDir> {
        Arc::clone(&self.directory)
    }

    /// Starts a server with an existing state.
    pub async fn over(directory: Arc<TempDir>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(jiff::Timestamp::now);
        change(&mut settings);
        let listener = acceptor::listen(SocketAddr::from(([127, 0, 0, 1], 0)), settings.fault).await.unwrap();
        let address = listener.local_addr().unwrap();
        settings.grpc_address = address.to_string();
        let acceptor = Arc::new(Acceptor::open(directory.path(), settings).unwrap());
        let served = Arc::clone(&acceptor);
        let server = tokio::spawn(async move {
            acceptor::serve_grpc(listener, served, std::future::pending()).await.unwrap();
        });
        Self { acceptor, address, directory, server }
    }

    /// Sends a request to the HTTP API and returns status and body.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        let acceptor = Arc::clone(&self.acceptor);
        let response = tokio::task::spawn_blocking(move || acceptor.answer(&request)).await.unwrap();
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    }

    /// Returns the snapshot: `GET /v1/snapshot`.
    pub async fn snapshot(&self) -> Bytes {
        let acceptor = Arc::clone(&self.acceptor);
        let request = Request::builder().uri("/v1/snapshot").body(Bytes::new()).unwrap();
        tokio::task::spawn_blocking(move || acceptor.answer(&request)).await.unwrap().into_body()
    }

    /// Generates a token for a name.
    pub async fn generate(&self, name: &str) -> String {
        let (status, body) = self.ask("POST", "/v1/peering/token", &json!({ "PeerName": name })).await;
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let token = body["PeeringToken"].as_str().unwrap().to_owned();
        guard(&token);
        token
    }

    /// Establishes a peering with a token, which uses it up.
    pub async fn establish(&self, name: &str, token: &str) -> (u16, String) {
        let body = json!({ "PeerName": name, "PeeringToken": token });
        self.ask("POST", "/v1/peering/establish", &body).await
    }

    /// Reads a peering: `GET /v1/peering/:name`.
    pub async fn read(&self, name: &str) -> Value {
        let (status, body) = self.ask("GET", &format!("/v1/peering/{name}"), &Value::Null).await;
        if status == 200 { serde_json::from_str(&body).unwrap() } else { json!({ "State": status }) }
    }

    /// Waits until a peering has a state; the number 404 waits until it does not exist.
    pub async fn wait_for(&self, name: &str, state: impl Into<Value>) -> Value {
        let state = state.into();
        for _ in 0..3000 {
            let peering = self.read(name).await;
            if peering["State"] == state {
                return peering;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{name} is not {state}: {}", self.read(name).await);
    }
}

/// Decodes a token.
pub fn token(text: &str) -> Token {
    decode(text.as_bytes()).unwrap().token
}

/// Asks both questions about a token.
pub async fn ask_about(token: &Token) -> Connectivity {
    ask_within(token, TIMEOUT).await
}

/// Asks both questions about a token. `timeout` is that of each step.
pub async fn ask_within(token: &Token, timeout: Duration) -> Connectivity {
    trace_until_answered(
        &ProbeTarget::from(token),
        timeout,
        &ring::rand::SystemRandom::new(),
        &ConnectionBudget::default(),
        &Progress::none(),
    )
    .await
}
