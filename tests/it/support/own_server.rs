//! A TLS server with certificates that the embedded acceptor cannot simulate.

use std::sync::Arc;

use consul_peering::token::Token;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio_rustls::rustls;

use crate::diagnose::at;

/// A CA and a server whose certificate it signs.
pub struct OwnServer {
    root: rcgen::CertificateParams,
    key: rcgen::KeyPair,
}

impl OwnServer {
    /// Generates a CA whose certificate expires in `days_left` days.
    pub fn new(days_left: i64) -> Self {
        let mut root = rcgen::CertificateParams::default();
        root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let at = |days: i64| {
            let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
            time::OffsetDateTime::from_unix_timestamp(at.as_second()).unwrap()
        };
        (root.not_before, root.not_after) = (at(days_left - 100), at(days_left));
        Self { root, key: rcgen::KeyPair::generate().unwrap() }
    }

    /// Accepts TLS connections but sends no data. Returns `token` with the server's CA and address. `demanding` requires a
    /// client certificate.
    pub async fn serve(self, demanding: bool, token: Token) -> Token {
        let name = token.server_name.clone();
        let root = self.root.self_signed(&self.key).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec![name]).unwrap();
        let leaf = leaf.signed_by(&key, &rcgen::Issuer::new(self.root, self.key)).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if demanding {
            let roots = Arc::new(roots);
            let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(clients.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = builder.with_single_cert(vec![leaf.der().clone()], key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let tls = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let tls = tls.clone();
                tokio::spawn(async move {
                    // Read, so that the TLS alert is sent before the connection is closed.
                    if let Ok(mut stream) = tls.accept(stream).await {
                        let _ = stream.read(&mut [0; 4096]).await;
                    }
                });
            }
        });
        at(Token { ca: Some(vec![root.pem()]), ..token }, &[address])
    }
}
