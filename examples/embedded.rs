//! A peering between two embedded acceptors in one process, as a test of yours may want: generate, establish, look.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a program of its own

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use consul_peering::acceptor;
use consul_peering::acceptor::{Acceptor, Settings};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A cluster of one server, with its dialers' port on loopback.
async fn cluster(folder: &std::path::Path, datacenter: &str) -> Arc<Acceptor> {
    let listener = acceptor::listen(([127, 0, 0, 1], 0).into(), None).await.expect("a free port");
    let settings = Settings {
        datacenter: datacenter.to_owned(),
        grpc_address: listener.local_addr().expect("it listens").to_string(),
        ..Settings::new(Timestamp::now)
    };
    let acceptor =
        Arc::new(Acceptor::open(&folder.join(datacenter), settings).expect("a folder to write to"));
    tokio::spawn(acceptor::serve_grpc(listener, Arc::clone(&acceptor), std::future::pending()));
    acceptor
}

/// A request of Consul's HTTP API, without a network.
async fn ask(acceptor: &Arc<Acceptor>, method: &str, path: &str, body: Value) -> Value {
    let request = http::Request::builder().method(method).uri(path).body(Bytes::from(body.to_string()));
    let (acceptor, request) = (Arc::clone(acceptor), request.expect("a request"));
    let answer = tokio::task::spawn_blocking(move || acceptor.answer(&request)).await.expect("an answer");
    serde_json::from_slice(answer.body()).unwrap_or(Value::Null)
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (west, east) = (cluster(folder.path(), "west").await, cluster(folder.path(), "east").await);
    let generated = ask(&west, "POST", "/v1/peering/token", json!({ "PeerName": "east" })).await;
    let request = json!({ "PeerName": "west", "PeeringToken": generated["PeeringToken"] });
    ask(&east, "POST", "/v1/peering/establish", request).await;
    for _ in 0..100 {
        let peering = ask(&west, "GET", "/v1/peering/east", Value::Null).await;
        if peering["State"] == "ACTIVE" {
            println!("west has the peering {} as {}", peering["Name"], peering["State"]);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the peering did not come up");
}
