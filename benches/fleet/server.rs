//! Serves the HTTP API of all clusters on one port: `http://127.0.0.1:PORT/c0417` is the address of the cluster `c0417`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::clusters::{Behavior, Cluster, End, address};
use super::sockets::Sockets;

/// How long each answer takes.
const LATENCY: Duration = Duration::from_millis(20);

/// How long Consul takes to refuse a list of peerings.
const DENIAL: Duration = Duration::from_secs(12);

/// All clusters, by name.
pub type Fleet = HashMap<String, (usize, Cluster)>;

type Body = BoxBody<Bytes, Infallible>;

/// Serves until the runtime ends.
pub async fn serve(listener: TcpListener, fleet: Arc<RwLock<Arc<Fleet>>>, sockets: Arc<Sockets>) {
    while let Ok((stream, _)) = listener.accept().await {
        let stream = stream.into_std().expect("a socket");
        let held = sockets.add(&stream);
        let fleet = Arc::clone(&fleet.read().expect("not poisoned"));
        tokio::spawn(async move {
            connection(TcpStream::from_std(stream).expect("a socket"), fleet).await;
            drop(held);
        });
    }
}

async fn connection(stream: TcpStream, fleet: Arc<Fleet>) {
    let service = service_fn(|request| respond(&fleet, request));
    let served =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A client that gives up breaks its connection.
    let _ = served.await;
}

/// Answers a request. An error closes the connection.
async fn respond(fleet: &Fleet, request: Request<Incoming>) -> Result<Response<Body>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_start_matches('/');
    let (name, path) = path.split_once('/').unwrap_or((path, ""));
    let Some((number, cluster)) = fleet.get(name) else { return Ok(response(StatusCode::NOT_FOUND, "")) };
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    tokio::time::sleep(LATENCY).await;
    let now = Timestamp::now();
    match cluster.behavior {
        Behavior::Dead => return Err(std::io::ErrorKind::ConnectionReset.into()),
        Behavior::Trickles => return Ok(trickle()),
        Behavior::Denies if path == "v1/peerings" => {
            tokio::time::sleep(DENIAL).await;
            return Ok(response(
                StatusCode::FORBIDDEN,
                "Permission denied: token lacks permission 'peering:read'",
            ));
        }
        Behavior::Denies | Behavior::Answers | Behavior::ClockAhead(_) => {}
    }
    let Some(answer) = answer(*number, cluster, path, &body, now) else {
        return Ok(response(StatusCode::NOT_FOUND, "Not found"));
    };
    let mut response = response(StatusCode::OK, answer.to_string());
    if let Behavior::ClockAhead(ahead) = cluster.behavior {
        let date = (now + ahead).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(header::DATE, date.parse().expect("ASCII"));
    }
    Ok(response)
}

/// Returns the answer to a request, as Consul's HTTP API gives it.
fn answer(number: usize, cluster: &Cluster, path: &str, body: &[u8], now: Timestamp) -> Option<Value> {
    let address = address(number);
    let host = address.trim_end_matches(":8503");
    Some(match path {
        "v1/agent/self" => json!({
            "Config": {"Datacenter": cluster.datacenter, "Version": cluster.version, "Server": true, "NodeName": "server-1"},
        }),
        "v1/status/leader" => json!(format!("{host}:8300")),
        "v1/catalog/datacenters" => json!([cluster.datacenter]),
        "v1/catalog/service/consul" => json!([{
            "Address": host, "Datacenter": cluster.datacenter, "ServiceMeta": {"grpc_tls_port": "8503"},
        }]),
        "v1/internal/federation-states/mesh-gateways" => json!({}),
        "v1/internal/acl/authorize" => {
            let asked: Vec<Value> = serde_json::from_slice(body).ok()?;
            Value::Array(asked.into_iter().map(|asked| allowed(asked, cluster.behavior)).collect())
        }
        "v1/connect/ca/roots" => json!({
            "ActiveRootID": "01", "TrustDomain": cluster.trust_domain,
            "Roots": [{"ID": "01", "RootCert": cluster.root, "IntermediateCerts": null, "Active": true}],
        }),
        "v1/peerings" => {
            Value::Array(cluster.peerings.iter().map(|end| peering(end, cluster, now)).collect())
        }
        _ => return None,
    })
}

fn allowed(mut asked: Value, behavior: Behavior) -> Value {
    asked["Allow"] = json!(behavior != Behavior::Denies);
    asked
}

fn peering(end: &End, cluster: &Cluster, now: Timestamp) -> Value {
    let ahead = match cluster.behavior {
        Behavior::ClockAhead(ahead) => ahead,
        _ => Duration::ZERO,
    };
    let ago = |age: Option<Duration>| match age {
        Some(age) => json!((now + ahead - SignedDuration::try_from(age).expect("a short time")).to_string()),
        None => json!("0001-01-01T00:00:00Z"),
    };
    let mut peering = json!({
        "ID": end.id,
        "Name": end.name,
        "State": end.state,
        "PeerCAPems": end.peer_cas,
        "StreamStatus": {
            "ImportedServices": end.imported,
            "ExportedServices": end.exported,
            "LastHeartbeat": ago(end.heartbeat),
            "LastReceive": ago(end.heartbeat),
            "LastSend": ago(end.heartbeat),
        },
        "CreateIndex": 18,
        "ModifyIndex": 31,
        "Remote": {"Partition": "", "Datacenter": end.remote},
    });
    if !end.peer_id.is_empty() {
        peering["PeerID"] = json!(end.peer_id);
        peering["PeerServerName"] = json!(end.server_name);
        peering["PeerServerAddresses"] = json!(end.addresses);
    }
    if end.deleted.is_some() {
        peering["DeletedAt"] = ago(end.deleted);
    }
    peering
}

fn response(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(text.into()).boxed());
    *response.status_mut() = status;
    response
}

/// An answer that never ends: one byte per second.
fn trickle() -> Response<Body> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        // Fails when the client gives up.
        while sender.send(Ok(Frame::data(Bytes::from_static(b" ")))).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    Response::new(StreamBody::new(ReceiverStream::new(receiver)).boxed())
}
