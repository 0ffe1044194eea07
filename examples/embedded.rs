//! Establishes a peering between two embedded acceptors in one process, as a test may need.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a separate program

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use consul_peering::acceptor;
use consul_peering::acceptor::{Acceptor, Settings};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Starts a cluster with one server, whose gRPC port is on loopback.
async fn cluster(directory: &std::path::Path, datacenter: &str) -> Arc<Acceptor> {
    let listener = acceptor::listen(([127, 0, 0, 1], 0).into(), None).await.expect("a free port");
    let settings = Settings {
        datacenter: datacenter.to_owned(),
        grpc_address: listener.local_addr().expect("a bound listener").to_string(),
        ..Settings::new(Timestamp::now)
    };
    let acceptor =
        Arc::new(Acceptor::open(&directory.join(datacenter), settings).expect("a writable directory"));
    tokio::spawn(acceptor::serve_grpc(listener, Arc::clone(&acceptor), std::future::pending()));
    acceptor
}

/// Sends a request to Consul's HTTP API, without a network.
async fn request(acceptor: &Arc<Acceptor>, method: &str, path: &str, body: Value) -> Value {
    let built = http::Request::builder().method(method).uri(path).body(Bytes::from(body.to_string()));
    let (acceptor, built) = (Arc::clone(acceptor), built.expect("a valid request"));
    let response = tokio::task::spawn_blocking(move || acceptor.answer(&built)).await.expect("a response");
    serde_json::from_slice(response.body()).unwrap_or(Value::Null)
}

#[tokio::main]
async fn main() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (west, east) = (cluster(directory.path(), "west").await, cluster(directory.path(), "east").await);
    let generated = request(&west, "POST", "/v1/peering/token", json!({ "PeerName": "east" })).await;
    let body = json!({ "PeerName": "west", "PeeringToken": generated["PeeringToken"] });
    request(&east, "POST", "/v1/peering/establish", body).await;
    for _ in 0..100 {
        let peering = request(&west, "GET", "/v1/peering/east", Value::Null).await;
        if peering["State"] == "ACTIVE" {
            println!("west has the peering {} as {}", peering["Name"], peering["State"]);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the peering is not ACTIVE after 5 s");
}
