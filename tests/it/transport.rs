//! How `peering generate-token` connects to Consul: HTTPS with generated certificates, a unix socket, a proxy.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto::ring};

use crate::peering::{Finished, Peering};

/// The token in the responses; it need not be valid.
const TOKEN: &str = "bm90IGEgdG9rZW4=";

/// A CA, and certificates of a server and a client.
pub struct Pki {
    pub ca: CertifiedIssuer<'static, KeyPair>,
    server: (rcgen::Certificate, KeyPair),
    pub client: (rcgen::Certificate, KeyPair),
}

impl Pki {
    fn new() -> Self {
        Self::of(&["localhost", "consul.example"])
    }

    /// Generates certificates for a server with these names or addresses.
    pub fn of(server_names: &[&str]) -> Self {
        Self::under(CertificateParams::new([]).unwrap(), server_names)
    }

    /// Generates certificates with these parameters of the root.
    pub fn under(mut parameters: CertificateParams, server_names: &[&str]) -> Self {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let leaf = |names: &[&str]| {
            let key = KeyPair::generate().unwrap();
            let names = names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            (CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap(), key)
        };
        let (server, client) = (leaf(server_names), leaf(&["client"]));
        Self { ca, server, client }
    }

    /// Generates a self-signed server certificate, like `openssl req -x509`.
    pub fn self_signed(server_names: &[&str]) -> Self {
        let names = server_names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut pki = Self::under(CertificateParams::new(names).unwrap(), &[]);
        let key = KeyPair::try_from(pki.ca.key().serialize_der()).unwrap();
        pki.server = (pki.ca.as_ref().clone(), key);
        pki
    }

    fn acceptor(&self, wants_client: bool) -> TlsAcceptor {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().clone()).unwrap();
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if wants_client {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.server.1.serialize_der()));
        let config = builder.with_single_cert(vec![self.server.0.der().clone()], key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Writes the PEM files into the directory of a run.
    pub fn files(&self, run: Peering) -> Peering {
        std::fs::create_dir_all(run.home().join("roots/below")).unwrap();
        run.file("ca.pem", self.ca.pem())
            .file("roots/below/ca.pem", self.ca.pem())
            .file("client.pem", self.client.0.pem())
            .file("client.key", self.client.1.serialize_pem())
    }
}

/// Answers one request with a body; returns the head of the request.
async fn answer_once(stream: impl AsyncRead + AsyncWrite + Unpin, body: &str) -> String {
    answer_once_with(stream, "200 OK", body).await
}

/// Answers one request; returns the head of the request. `status` may contain headers.
pub async fn answer_once_with(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    status: &str,
    body: &str,
) -> String {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(count) => head.extend_from_slice(&chunk[..count]),
        }
    }
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
    String::from_utf8_lossy(&head).into_owned()
}

/// Returns the response with a generated token.
fn generated() -> String {
    json!({ "PeeringToken": TOKEN }).to_string()
}

/// Starts an HTTPS server for one connection; returns its port and the head of the request.
pub async fn https(
    pki: &Pki,
    wants_client: bool,
    body: &str,
) -> (u16, tokio::task::JoinHandle<Option<String>>) {
    let body = body.to_owned();
    let (listener, acceptor) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), pki.acceptor(wants_client));
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        Some(answer_once(acceptor.accept(stream).await.ok()?, &body).await)
    });
    (port, served)
}

async fn run(run: Peering) -> Finished {
    tokio::task::spawn_blocking(|| run.run()).await.unwrap()
}

/// Without a ledger, because the response contains no valid token.
fn generate(arguments: &[&str]) -> Peering {
    Peering::new().args(["generate-token", "-name", "west", "-ledger", "off"].iter().chain(arguments))
}

#[tokio::test(flavor = "multi_thread")]
async fn https_trusts_the_named_roots() {
    let pki = Pki::new();
    let post = |port: u16| {
        format!(
            "Error generating peering token for west: Post \"https://localhost:{port}/v1/peering/token\": "
        )
    };
    for (arguments, variables, refusal) in [
        (&["-ca-file", "ca.pem"][..], &[][..], None),
        (&["-ca-path", "roots"], &[], None),
        (&[], &[("CONSUL_CACERT", "ca.pem")], None),
        (&[], &[("CONSUL_CAPATH", "roots")], None),
        (&[], &[("CONSUL_HTTP_SSL_VERIFY", "false")], None),
        (&["-ca-file", "ca.pem", "-tls-server-name", "consul.example"], &[], None),
        (&["-ca-file", "ca.pem"], &[("CONSUL_TLS_SERVER_NAME", "consul.example")], None),
        (&[], &[], Some("tls: failed to verify certificate: x509: certificate signed by unknown authority")),
        (
            &["-ca-file", "ca.pem", "-tls-server-name", "other.example"],
            &[],
            Some(
                "tls: failed to verify certificate: x509: certificate is valid for localhost, consul.example, \
                 not other.example",
            ),
        ),
    ] {
        let (port, served) = https(&pki, false, &generated()).await;
        let mut peering = pki.files(generate(arguments));
        // CONSUL_HTTP_SSL makes a bare address HTTPS.
        peering =
            peering.env("CONSUL_HTTP_ADDR", &format!("localhost:{port}")).env("CONSUL_HTTP_SSL", "true");
        for (name, value) in variables {
            peering = peering.env(name, value);
        }
        let finished = run(peering).await;
        match refusal {
            None => {
                finished.expect(0, &format!("{TOKEN}\n"), "");
                let head = served.await.unwrap().unwrap().to_lowercase();
                assert!(head.contains(&format!("host: localhost:{port}")), "{head}");
            }
            Some(refusal) => {
                finished.expect(1, "", &format!("{}{refusal}\n", post(port)));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_presented_if_the_server_requires_one() {
    let pki = Pki::new();
    let shown = ["-ca-file", "ca.pem", "-client-cert", "client.pem", "-client-key", "client.key"];
    for (arguments, status) in [(&shown[..], 0), (&shown[..2], 1)] {
        let (port, _served) = https(&pki, true, &generated()).await;
        let address = format!("https://localhost:{port}");
        let finished = run(pki.files(generate(arguments)).env("CONSUL_HTTP_ADDR", &address)).await;
        let finished = finished.status(status);
        if status == 1 {
            // The error depends on what is read first, as in Consul.
            let errors =
                ["remote error: tls: certificate required", "broken pipe", "connection reset", "EOF"];
            assert!(errors.iter().any(|error| finished.stderr.contains(error)), "{}", finished.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_boolean_variable_is_an_error() {
    for variable in ["CONSUL_HTTP_SSL_VERIFY", "CONSUL_HTTP_SSL"] {
        run(generate(&[]).env(variable, "no")).await.expect(
            1,
            "",
            &format!(
                "Error connect to Consul agent: {variable} is \"no\", not a boolean: set it to true or false\n"
            ),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_is_supported() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("consul.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let served =
        tokio::spawn(async move { answer_once(listener.accept().await.unwrap().0, &generated()).await });
    let address = format!("unix://{}", socket.display());
    run(generate(&["-http-addr", &address])).await.expect(0, &format!("{TOKEN}\n"), "");
    assert!(served.await.unwrap().starts_with("POST /v1/peering/token HTTP/1.1\r\n"));
    run(generate(&["-http-addr", "unix:///nowhere/consul.sock"])).await.expect(
        1,
        "",
        "Error generating peering token for west: Post \"http://localhost/v1/peering/token\": \
         dial unix /nowhere/consul.sock: connect: no such file or directory\n",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_host_means_localhost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!(":{}", listener.local_addr().unwrap().port());
    let served =
        tokio::spawn(async move { answer_once(listener.accept().await.unwrap().0, &generated()).await });
    run(generate(&["-http-addr", &address])).await.expect(0, &format!("{TOKEN}\n"), "");
    assert!(served.await.unwrap().starts_with("POST /v1/peering/token HTTP/1.1\r\n"));
}

/// The errors are those of a real Consul, except for the last two, which Consul's client resolves as host names.
#[tokio::test(flavor = "multi_thread")]
async fn errors_of_invalid_addresses_are_those_of_consul() {
    for (arguments, message) in [
        (
            &["-http-addr", ":1"][..],
            "Error generating peering token for west: Post \"http://:1/v1/peering/token\": \
             dial tcp :1: connect: connection refused",
        ),
        (
            &["-http-addr", "http://"],
            "Error generating peering token for west: Post \"http:///v1/peering/token\": \
             http: no Host in request URL",
        ),
        (
            &["-http-addr", "127.0.0.1:1", "-token", "two\nlines"],
            "Error generating peering token for west: Post \"http://127.0.0.1:1/v1/peering/token\": \
             net/http: invalid header field value for \"X-Consul-Token\"",
        ),
        (
            &["-token-file", "/"],
            "Error connect to Consul agent: Error loading token file / : read /: is a directory",
        ),
        (
            &["-http-addr", "http://user:sesame@127.0.0.1:1"],
            "Error connect to Consul agent: the address contains a user or a password before an @: \
             set CONSUL_HTTP_AUTH instead",
        ),
        (
            &["-http-addr", "127.0.0.1:85000"],
            "Error connect to Consul agent: \"127.0.0.1:85000\" is not a valid address: \
             the port is greater than 65535. Use host:port, such as 127.0.0.1:8500",
        ),
    ] {
        run(generate(arguments)).await.expect(1, "", &format!("{message}\n"));
    }
}

/// Scripts give empty flags if a variable is empty.
#[tokio::test(flavor = "multi_thread")]
async fn empty_flags_count_as_not_given() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { answer_once(listener.accept().await.unwrap().0, &generated()).await });
    let empty = ["-token-file", "", "-ca-file=", "-ca-path", "", "-client-cert=", "-client-key", ""];
    run(generate(&[&empty[..], &["-http-addr", &address]].concat())).await.expect(
        0,
        &format!("{TOKEN}\n"),
        "",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_used_except_for_loopback_addresses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap().to_string();
    let served =
        tokio::spawn(async move { answer_once(listener.accept().await.unwrap().0, &generated()).await });
    let peering = generate(&["-http-addr", "consul.invalid:8500"]).env("HTTP_PROXY", &proxy);
    run(peering).await.expect(0, &format!("{TOKEN}\n"), "");
    let head = served.await.unwrap();
    assert!(head.starts_with("POST http://consul.invalid:8500/v1/peering/token HTTP/1.1\r\n"), "{head}");
}
