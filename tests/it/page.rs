//! The page that `peering page` writes: its policy, its script, its size, and that its JSON is that of the command line.
//!
//! `browser` drives a real Chromium, and `module` runs the module in node. Both are skipped where the program is missing.

mod browser;
mod module;
mod pasting;
mod sources;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use consul_peering::page;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::peering::{Peering, fixture, recorded_tokens};

/// The time of all tests here: between the dates in the recorded tokens.
pub const NOW: &str = "2026-11-24T12:00:00Z";

/// The largest page, in bytes.
const MAX_LEN: usize = 600_000;

/// Returns the text between two parts of the page.
fn between<'p>(page: &'p str, start: &str, end: &str) -> &'p str {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("the page contains {start}"));
    rest.split_once(end).unwrap().0
}

fn script() -> &'static str {
    between(page::HTML, "<script id=\"code\">", "</script>")
}

#[test]
fn the_command_writes_the_page() {
    let run = Peering::new().arg("page").run();
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(run.stdout == page::HTML);
    assert!(run.stdout.len() <= MAX_LEN, "{} bytes", run.stdout.len());
}

#[test]
fn a_terminal_gets_no_page() {
    let script = "script -qec \"$0 page\" /dev/null </dev/null";
    let run = Peering::new().through_shell(&script.replace("$0", "$1")).run();
    if run.status == 127 {
        eprintln!("SKIPPED: `peering page` on a terminal: install script (util-linux) to run it");
        return;
    }
    assert!(run.stdout.contains("Fix: write it to a file: peering page > peering.html"), "{}", run.stdout);
}

#[test]
fn the_policy_allows_this_script_and_this_style_only() {
    let policy = between(page::HTML, "Content-Security-Policy\" content=\"", "\"");
    let hash = |text: &str| BASE64_STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let style = between(page::HTML, "<style>", "</style>");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; script-src 'sha256-{}' 'wasm-unsafe-eval'; style-src 'sha256-{}'; worker-src blob:; \
             connect-src 'none'; base-uri 'none'; form-action 'none'",
            hash(script()),
            hash(style)
        )
    );
    assert_eq!(page::HTML.matches("<script").count(), 2, "the module and the script");
    assert!(script().contains(&format!("MODULE_SHA256 = \"{}\"", module::sha256())));
}

#[test]
fn the_page_has_no_code_that_sends_or_navigates_or_parses_html() {
    for word in [
        "location",
        "open(",
        "RTC",
        "fetch",
        "import",
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "href",
        "XMLHttp",
        "WebSocket",
        "WebTransport",
        "EventSource",
        "sendBeacon",
        "eval",
        "Function(",
        "setAttribute(\"on",
        "cookie",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "caches",
        "serviceWorker",
        "document.write",
        "createContextual",
        "src",
        "http",
        "submit",
        "DOMParser",
        "setHTML",
        "iframe",
        "window.name",
        "BroadcastChannel",
    ] {
        assert!(!script().contains(word), "the script contains {word:?}");
    }
    let rest = page::HTML.replace(script(), "");
    for word in
        ["http:", "https:", "href=", "src=", "url(", "@import", "<form", "<iframe", "<a ", "style=\"", " on"]
    {
        let text = rest.replace(between(page::HTML, "id=\"module\">", "</script>"), "");
        let attributes =
            text.split('<').filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag).collect::<String>();
        let where_ = if word == " on" { attributes } else { text };
        assert!(!where_.contains(word), "the page contains {word:?}");
    }
}

#[test]
fn json_equals_that_of_the_command_line() {
    let now = NOW.parse().unwrap();
    let secret = std::fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let mut texts: Vec<String> =
        recorded_tokens().into_iter().map(|(_, token)| token.trim().to_owned()).collect();
    texts.push(format!("\"{}\"", secret.trim()));
    texts.push(format!("{{\"PeeringToken\":\"{}\"}}", secret.trim()));
    texts.push(format!("{}\n{}", texts[0], texts[1]));
    texts.extend([
        "d0e6d6c5-9d3c-4c3e-8ff1-5a9f2a3e3a11".to_owned(),
        "eyJDQSI6".to_owned(),
        "not a token at all".to_owned(),
    ]);
    for text in texts {
        for (command, ours) in [
            ("inspect", page::inspect_json(text.as_bytes(), now)),
            ("validate", page::validate_json(text.as_bytes(), now)),
        ] {
            let run = Peering::new().args([command, "-format=json", "-now", NOW, "--", &text]).run();
            // A text without a token is no result of `inspect`, but its document is.
            assert_eq!(ours, run.stdout, "{command} {}", &text[..20]);
        }
    }
}

#[test]
fn findings_are_beside_what_they_are_about() {
    for (name, place, check) in [
        ("two-roots", "/authorities/findings/0", "ca-several-roots"),
        ("two-roots", "/dialed/list/0/findings/0", "address-loopback"),
        ("external-address-without-port", "/ignored/findings/0", "addresses-overridden"),
        ("external-address-without-port", "/dialed/list/0/findings/0", "address-invalid"),
    ] {
        let token = std::fs::read_to_string(fixture(&format!("tokens/{name}.txt"))).unwrap();
        let view: Value =
            serde_json::from_str(&page::look(token.trim().as_bytes(), NOW.parse().unwrap())).unwrap();
        let view = &view["tokens"][0];
        assert_eq!(view["findings"], json!([]), "{name}: none is about the whole token");
        let found = view["contents"].pointer(place).unwrap_or_else(|| panic!("{place}: {view}"));
        assert_eq!(found["check"], check, "{name}");
    }
}

#[test]
fn the_redacted_report_contains_no_name_and_no_secret() {
    for (name, token) in recorded_tokens() {
        let report = page::redacted_report(token.as_bytes(), NOW.parse().unwrap());
        let json = crate::peering::token_json(&token);
        for hidden in ["/EstablishmentSecret", "/ServerName", "/ServerAddresses/0"] {
            let value = json.pointer(hidden).and_then(|it| it.as_str()).filter(|it| !it.is_empty());
            let value = value.map(|value| value.rsplit_once(':').map_or(value, |(host, _)| host));
            assert!(value.is_none_or(|value| !report.contains(value)), "{name}: {hidden} is in {report}");
        }
        assert!(report.contains("ADDRESS-1") || report.contains("HOST-1"), "{name}: {report}");
    }
}

#[test]
fn what_the_page_shows_contains_no_secret() {
    for (name, token) in recorded_tokens() {
        let view = page::look(token.as_bytes(), NOW.parse().unwrap());
        crate::peering::shows_no_secret(&view, &name);
        // Any 24 digits of the base64 of the secret contain enough of it.
        let secret =
            crate::peering::token_json(&token)["EstablishmentSecret"].as_str().unwrap_or_default().to_owned();
        if !secret.is_empty() {
            assert_eq!(page::secret(token.as_bytes(), 0), secret);
            for shift in 0..3 {
                let encoded = BASE64_STANDARD.encode(&secret[shift..]);
                assert!(!view.contains(&encoded[..24]), "{name}");
            }
        }
    }
}
