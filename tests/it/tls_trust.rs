//! Which certificates `peering` trusts over HTTPS, and Consul's errors for the others, recorded from a real Consul.

use rcgen::CertificateParams;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

use crate::peering::{Finished, Peering};
use crate::transport::{Pki, answer_once_with, https};

/// Runs `list` against a server with these certificates; `-ca-file` trusts its CA.
async fn list(pki: &Pki, host: &str, arguments: &[&str]) -> (u16, Finished) {
    let (port, _served) = https(pki, false, "[]").await;
    let address = format!("https://{host}:{port}");
    let arguments = [&["list", "-http-addr", &address, "-ca-file", "ca.pem"], arguments].concat();
    let list = pki.files(Peering::new().args(arguments));
    (port, tokio::task::spawn_blocking(|| list.run()).await.unwrap())
}

fn assert_untrusted(finished: &Finished, reason: &str) {
    assert_eq!(finished.status, 1);
    let message = finished.stderr.split_once("tls: failed to verify certificate: ");
    assert_eq!(message.map(|(_, message)| message.trim_end()), Some(reason), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_about_another_name_lists_the_names_of_the_certificate() {
    let pki = Pki::of(&["consul.example", "10.0.0.5"]);
    let (_, finished) = list(&pki, "localhost", &[]).await;
    assert_untrusted(&finished, "x509: certificate is valid for consul.example, not localhost");
    let (_, finished) = list(&pki, "127.0.0.1", &[]).await;
    assert_untrusted(&finished, "x509: certificate is valid for 10.0.0.5, not 127.0.0.1");
    let (_, finished) = list(&Pki::of(&["consul.example"]), "127.0.0.1", &[]).await;
    assert_untrusted(
        &finished,
        "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_server_name_may_be_an_ip_address() {
    let pki = Pki::of(&["10.0.0.5"]);
    for host in ["localhost", "127.0.0.1"] {
        let (_, finished) = list(&pki, host, &["-tls-server-name", "10.0.0.5"]).await;
        finished.expect(0, "There are no peering connections.\n", "");
        let (_, finished) = list(&pki, host, &["-tls-server-name", "10.0.0.6"]).await;
        assert_untrusted(&finished, "x509: certificate is valid for 10.0.0.5, not 10.0.0.6");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_server_name_does_not_change_the_dialed_address() {
    let pki = Pki::of(&["localhost", "127.0.0.1"]);
    for name in ["127.0.0.1:8501", "127.0.0.1", "localhost:1", "localhost"] {
        let (port, served) = https(&pki, false, "[]").await;
        let other_host = format!("https://127.0.0.2:{port}");
        let arguments = ["list", "-http-addr", &other_host, "-ca-file", "ca.pem", "-tls-server-name", name];
        let list = pki.files(Peering::new().args(arguments));
        let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
        let error = format!("dial tcp 127.0.0.2:{port}: connect: connection refused\n");
        assert!(finished.status == 1 && finished.stderr.ends_with(&error), "{name}: {}", finished.stderr);
        assert!(!served.is_finished(), "{name}: 127.0.0.1 was dialed");
        let (_, finished) = list_by(&pki, "127.0.0.1", name).await;
        finished.expect(0, "There are no peering connections.\n", "");
    }
    let (_, finished) = list_by(&pki, "127.0.0.1", "2130706433").await;
    assert!(finished.stderr.contains("is not a valid certificate name"), "{}", finished.stderr);
}

async fn list_by(pki: &Pki, host: &str, name: &str) -> (u16, Finished) {
    list(pki, host, &["-tls-server-name", name]).await
}

/// The log shows the names of untrusted certificates too.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_escapes_control_characters() {
    let pki = Pki::of(&["a\u{1b}]0;title\u{7}\nforged"]);
    let (_, finished) = list(&pki, "localhost", &["-log-level", "error"]).await;
    assert!(finished.stderr.contains(r"a\u{1b}]0;title\u{7}\u{a}forged"), "{}", finished.stderr);
    let log = finished.stderr.lines().next().unwrap();
    assert!(!log.contains('\u{1b}') && log.ends_with(" ms=") | log.contains(" ms="), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_without_an_expiry_date_is_trusted() {
    let mut endless = CertificateParams::new([]).unwrap();
    endless.not_after = rcgen::date_time_ymd(9999, 12, 31) + Duration::seconds(86_399);
    let (_, finished) = list(&Pki::under(endless, &["localhost"]), "localhost", &[]).await;
    finished.expect(0, "There are no peering connections.\n", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_self_signed_certificate_is_trusted() {
    let pki = Pki::self_signed(&["localhost"]);
    list(&pki, "localhost", &[]).await.1.expect(0, "There are no peering connections.\n", "");
    let (_, finished) = list(&pki, "127.0.0.1", &[]).await;
    assert_untrusted(
        &finished,
        "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
    let another = Pki::self_signed(&["localhost"]);
    let (port, _served) = https(&pki, false, "[]").await;
    let address = format!("https://localhost:{port}");
    let list = another.files(Peering::new().args(["list", "-http-addr", &address, "-ca-file", "ca.pem"]));
    let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
    assert!(finished.stderr.contains("x509: certificate signed by unknown authority"), "{}", finished.stderr);
}

/// The TLS library ignores the dates of a root.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_root_is_not_trusted() {
    let mut old = CertificateParams::new([]).unwrap();
    old.not_before = OffsetDateTime::now_utc() - Duration::days(9);
    old.not_after = OffsetDateTime::now_utc() - Duration::days(2);
    let (_, finished) = list(&Pki::under(old, &["localhost"]), "localhost", &[]).await;
    let error =
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ";
    assert!(finished.status == 1 && finished.stderr.contains(error), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_client_certificates_are_those_of_go() {
    for (certificate, key, error) in [
        ("ca.pem", "client.key", "tls: private key does not match public key"),
        (
            "client.key",
            "client.pem",
            "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs \
             may have been switched",
        ),
        ("client.pem", "ca.pem", "tls: found a certificate rather than a key in the PEM for the private key"),
        ("empty.pem", "client.key", "tls: failed to find any PEM data in certificate input"),
        ("client.pem", "empty.pem", "tls: failed to find any PEM data in key input"),
        ("client.pem", "bad.pem", "tls: failed to parse private key"),
        (
            "others.pem",
            "client.key",
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the \
             following types: [A B]",
        ),
        (
            "client.pem",
            "others.pem",
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM \
             blocks of the following types: [A B]",
        ),
        ("nothing.pem", "client.key", "open nothing.pem: no such file or directory"),
    ] {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        // The files are read although plain HTTP does not use them.
        let arguments =
            ["list", "-http-addr", "127.0.0.1:1", "-client-cert", certificate, "-client-key", key];
        let list = Pki::of(&["localhost"])
            .files(Peering::new().args(arguments))
            .file("empty.pem", "")
            .file("others.pem", block("A") + &block("B"))
            .file("bad.pem", block("PRIVATE KEY"));
        let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
        finished.expect(1, "", &format!("Error connect to Consul agent: {error}\n"));
    }
}

/// Load balancers redirect so. The ACL token is sent only to the same host.
#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_from_http_to_https_is_followed_with_the_acl_token() {
    const ACL_TOKEN: &str = "11111111-2222-3333-4444-555555555555";
    let pki = Pki::of(&["localhost"]);
    for (host, follows) in [("localhost", true), ("127.0.0.1", false)] {
        let (secure, served) = https(&pki, false, "[]").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plain = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let status =
                format!("307 Temporary Redirect\r\nLocation: https://localhost:{secure}/v1/peerings");
            answer_once_with(listener.accept().await.unwrap().0, &status, "").await;
        });
        let address = format!("http://{host}:{plain}");
        let arguments = ["list", "-http-addr", &address, "-ca-file", "ca.pem", "-token", ACL_TOKEN];
        let list = pki.files(Peering::new().args(arguments));
        let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
        finished.expect(0, "There are no peering connections.\n", "");
        let head = served.await.unwrap().unwrap().to_lowercase();
        assert_eq!(head.contains(&format!("x-consul-token: {ACL_TOKEN}")), follows, "{head}");
    }
}
