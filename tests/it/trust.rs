//! Whose certificates `peering` believes over HTTPS, and what it says of the others: Consul's words, measured on a real one.

use rcgen::CertificateParams;
use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;

use crate::peering::{Finished, Peering};
use crate::transport::{Pki, answer_once_with, https};

/// Asks a server of these certificates, which are believed by `ca.pem`.
async fn list(pki: &Pki, host: &str, arguments: &[&str]) -> (u16, Finished) {
    let (port, _served) = https(pki, false, "[]").await;
    let address = format!("https://{host}:{port}");
    let words = [&["list", "-http-addr", &address, "-ca-file", "ca.pem"], arguments].concat();
    let list = pki.files(Peering::new(words));
    (port, tokio::task::spawn_blocking(|| list.run()).await.unwrap())
}

fn refused(finished: &Finished, words: &str) {
    assert_eq!(finished.status, 1);
    let said =
        finished.stderr.split_once("tls: failed to verify certificate: ").map(|(_, said)| said.trim_end());
    assert_eq!(said, Some(words), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_other_names_is_told_with_those_that_it_has() {
    let pki = Pki::of(&["consul.example", "10.0.0.5"]);
    let (_, finished) = list(&pki, "localhost", &[]).await;
    refused(&finished, "x509: certificate is valid for consul.example, not localhost");
    let (_, finished) = list(&pki, "127.0.0.1", &[]).await;
    refused(&finished, "x509: certificate is valid for 10.0.0.5, not 127.0.0.1");
    let (_, finished) = list(&Pki::of(&["consul.example"]), "127.0.0.1", &[]).await;
    refused(
        &finished,
        "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
}

/// The name to expect is no place to go to.
#[tokio::test(flavor = "multi_thread")]
async fn an_ip_address_may_be_the_name_to_expect() {
    let pki = Pki::of(&["10.0.0.5"]);
    for host in ["localhost", "127.0.0.1"] {
        let (_, finished) = list(&pki, host, &["-tls-server-name", "10.0.0.5"]).await;
        finished.expect(0, "There are no peering connections.\n", "");
        let (_, finished) = list(&pki, host, &["-tls-server-name", "10.0.0.6"]).await;
        refused(&finished, "x509: certificate is valid for 10.0.0.5, not 10.0.0.6");
    }
}

/// However it is written: to a URL they are addresses.
#[tokio::test(flavor = "multi_thread")]
async fn the_name_to_expect_is_never_where_one_goes() {
    let pki = Pki::of(&["localhost", "127.0.0.1"]);
    for name in ["127.0.0.1:8501", "127.0.0.1", "localhost:1", "localhost"] {
        let (port, served) = https(&pki, false, "[]").await;
        let elsewhere = format!("https://127.0.0.2:{port}");
        let words = ["list", "-http-addr", &elsewhere, "-ca-file", "ca.pem", "-tls-server-name", name];
        let list = pki.files(Peering::new(words));
        let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
        let told = format!("dial tcp 127.0.0.2:{port}: connect: connection refused\n");
        assert!(finished.status == 1 && finished.stderr.ends_with(&told), "{name}: {}", finished.stderr);
        assert!(!served.is_finished(), "{name}: it went to 127.0.0.1");
        let (_, finished) = list_by(&pki, "127.0.0.1", name).await;
        finished.expect(0, "There are no peering connections.\n", "");
    }
    let (_, finished) = list_by(&pki, "127.0.0.1", "2130706433").await;
    assert!(finished.stderr.contains("is not a valid certificate name"), "{}", finished.stderr);
}

async fn list_by(pki: &Pki, host: &str, name: &str) -> (u16, Finished) {
    list(pki, host, &["-tls-server-name", name]).await
}

/// What a certificate says of itself is logged before anybody is believed.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_drives_no_terminal_either() {
    let pki = Pki::of(&["a\u{1b}]0;title\u{7}\nforged"]);
    let (_, finished) = list(&pki, "localhost", &["-log-level", "error"]).await;
    assert!(finished.stderr.contains(r"a\u{1b}]0;title\u{7}\u{a}forged"), "{}", finished.stderr);
    let log = finished.stderr.lines().next().unwrap();
    assert!(!log.contains('\u{1b}') && log.ends_with(" ms=") | log.contains(" ms="), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_without_an_end_is_believed() {
    let mut endless = CertificateParams::new([]).unwrap();
    endless.not_after = rcgen::date_time_ymd(9999, 12, 31) + Duration::seconds(86_399);
    let (_, finished) = list(&Pki::under(endless, &["localhost"]), "localhost", &[]).await;
    finished.expect(0, "There are no peering connections.\n", "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_signed_itself_is_believed_when_it_is_named() {
    let pki = Pki::of_one(&["localhost"]);
    list(&pki, "localhost", &[]).await.1.expect(0, "There are no peering connections.\n", "");
    let (_, finished) = list(&pki, "127.0.0.1", &[]).await;
    refused(
        &finished,
        "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
    let another = Pki::of_one(&["localhost"]);
    let (port, _served) = https(&pki, false, "[]").await;
    let address = format!("https://localhost:{port}");
    let list = another.files(Peering::new(["list", "-http-addr", &address, "-ca-file", "ca.pem"]));
    let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
    assert!(finished.stderr.contains("x509: certificate signed by unknown authority"), "{}", finished.stderr);
}

/// Our own library would believe it for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_root_has_its_dates_too() {
    let mut old = CertificateParams::new([]).unwrap();
    old.not_before = OffsetDateTime::now_utc() - Duration::days(9);
    old.not_after = OffsetDateTime::now_utc() - Duration::days(2);
    let (_, finished) = list(&Pki::under(old, &["localhost"]), "localhost", &[]).await;
    let words =
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time ";
    assert!(finished.status == 1 && finished.stderr.contains(words), "{}", finished.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_that_cannot_be_one_is_refused_in_gos_words() {
    for (certificate, key, words) in [
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
        // They are read although nothing needs them.
        let words_of_run =
            ["list", "-http-addr", "127.0.0.1:1", "-client-cert", certificate, "-client-key", key];
        let list = Pki::of(&["localhost"])
            .files(Peering::new(words_of_run))
            .file("empty.pem", "")
            .file("others.pem", block("A") + &block("B"))
            .file("bad.pem", block("PRIVATE KEY"));
        let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
        finished.expect(1, "", &format!("Error connect to Consul agent: {words}\n"));
    }
}

/// As a load balancer does it. The token goes on to the same host, over TLS that is verified.
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
        let words = ["list", "-http-addr", &address, "-ca-file", "ca.pem", "-token", ACL_TOKEN];
        let list = pki.files(Peering::new(words));
        let finished = tokio::task::spawn_blocking(|| list.run()).await.unwrap();
        finished.expect(0, "There are no peering connections.\n", "");
        let head = served.await.unwrap().unwrap().to_lowercase();
        assert_eq!(head.contains(&format!("x-consul-token: {ACL_TOKEN}")), follows, "{head}");
    }
}
