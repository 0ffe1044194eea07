//! A Consul with scripted answers, and a gate that holds the bytes between a dialer and an acceptor back.

use std::net::SocketAddr;

use consul_peering::token::Token;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Text that would run or hide something if it were not escaped.
pub const HOSTILE: &str = "<script>document.title='executed'</script>\
    <img src=x onerror=\"document.title='executed'\">\u{202e}\u{7}'&";

/// A Consul with a peering that it dialed at this address, with the token's CA, or without TLS. With a hostile name, all other
/// texts are hostile too.
pub async fn consul(name: &str, address: &str, token: Option<&Token>) -> MockServer {
    let server = MockServer::start().await;
    let other = |usual: &'static str| if name == HOSTILE { HOSTILE } else { usual };
    let peering = json!({
        "ID": "2b1f24ae-0000-4000-8000-000000000001",
        "Name": name,
        "State": other("FAILING"),
        "PeerID": token.map_or("2b1f24ae-0000-4000-8000-000000000002", |it| &it.peer_id),
        "PeerServerName": token.map_or(
            "server.dc1.peering.11111111-2222-3333-4444-555555555555.consul",
            |it| &it.server_name,
        ),
        "PeerServerAddresses": [address],
        "PeerCAPems": token.and_then(|it| it.ca.clone()).unwrap_or_default(),
        "StreamStatus": { "ImportedServices": [other("web")], "ExportedServices": [other("api")] },
        "Remote": { "Partition": "", "Datacenter": other("dc2") },
    });
    let agent = json!({ "Config": { "Datacenter": other("dc1"), "Version": other("2.1.0") } });
    for (at, status, body) in [
        ("/v1/connect/ca/roots", 200, json!({ "TrustDomain": "x.consul", "Roots": [] }).to_string()),
        ("/v1/internal/acl/authorize", 401, "ACL support disabled".to_owned()),
        ("/v1/peerings", 200, Value::from(vec![peering]).to_string()),
        ("/v1/agent/self", 200, agent.to_string()),
        ("/v1/status/leader", 200, json!(other("127.0.0.1:8300")).to_string()),
    ] {
        let answer = ResponseTemplate::new(status).set_body_string(body);
        Mock::given(path(at)).respond_with(answer).mount(&server).await;
    }
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(404)).with_priority(9).mount(&server).await;
    server
}

/// Accepts connections for a server, and passes their bytes on when the test permits it.
pub struct Gate {
    /// Where to connect to.
    pub address: SocketAddr,
    /// Permits the first message of the dialer with its answers: the TLS handshake.
    pub handshake: &'static Semaphore,
    /// Permits the rest.
    pub rest: &'static Semaphore,
}

impl Gate {
    /// Starts a closed gate before a server that speaks TLS.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closed = || -> &'static Semaphore { Box::leak(Box::new(Semaphore::new(0))) };
        let (handshake, rest) = (closed(), closed());
        tokio::spawn(async move {
            while let Ok((dialer, _)) = listener.accept().await {
                tokio::spawn(pass(dialer, server, handshake, rest));
            }
        });
        Self { address, handshake, rest }
    }

    /// Opens a part of the gate for all connections.
    pub fn open(part: &Semaphore) {
        part.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

async fn pass(
    mut dialer: TcpStream,
    server: SocketAddr,
    handshake: &Semaphore,
    rest: &Semaphore,
) -> std::io::Result<()> {
    let _handshake = handshake.acquire().await;
    let mut server = TcpStream::connect(server).await?;
    // The first TLS record is the ClientHello. The header of a record has 5 bytes, and ends with the length.
    let mut header = [0; 5];
    dialer.read_exact(&mut header).await?;
    let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
    dialer.read_exact(&mut hello).await?;
    server.write_all(&[&header[..], &hello].concat()).await?;
    let mut answer = [0; 4096];
    let _rest = loop {
        tokio::select! {
            permit = rest.acquire() => break permit,
            len = server.read(&mut answer) => match len? {
                0 => return Ok(()),
                len => dialer.write_all(&answer[..len]).await?,
            }
        }
    };
    copy_bidirectional(&mut dialer, &mut server).await?;
    Ok(())
}
