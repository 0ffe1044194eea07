//! `peering ui` in a real Chromium: the printed URL, both ends of a peering, a live diagnosis, the ledger and the token page.

use consul_peering::page;
use serde_json::{Value, json};

use super::scripted::{Gate, HOSTILE, consul};
use super::{ACL_TOKEN, Ui, command};
use crate::audit_collect::{self, Pair};
use crate::browser::{Axe, Browser};
use crate::peering::{fixture, guard, shows_no_secret};
use crate::served::{Served, token};

const WIDTHS: [u32; 5] = [320, 360, 800, 1440, 1920];

/// The text of the page as a person sees it.
const TEXT: &str = "document.body.innerText";

/// The steps of a diagnosis.
const STEPS: &str = "document.getElementById('steps').innerText";

/// Whether the result of a diagnosis is there.
const HAS_RESULT: &str = "document.getElementById('result').textContent !== ''";

impl Browser {
    /// Opens the printed URL, and waits for the peerings.
    fn join(&mut self, ui: &Ui) {
        self.navigate(&ui.url());
        self.wait_for("location.pathname === '/peerings' && document.readyState === 'complete'");
    }

    /// Diagnoses the peering on the page, and waits for the result.
    fn diagnose(&mut self) {
        self.evaluate("document.getElementById('diagnose').click()");
        self.wait_for(HAS_RESULT);
    }
}

/// Generates a token at east, which the ledger records.
fn generate(ui: &Ui, name: &str) {
    let mut generate = command(&ui.home);
    let run = generate.args(["generate-token", "-context", "east", "-name", name]).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    guard(String::from_utf8(run.stdout).unwrap().trim());
}

/// Runs a test with two clusters that have peered.
fn with_pair(test: impl FnOnce(&mut Browser, &Ui)) {
    let Some(mut browser) = Browser::start_with_loopback("peering ui in a browser") else { return };
    let pair = Pair::start();
    let ui = Ui::of(&pair.contexts(), &["-context", "east,west"]);
    test(&mut browser, &ui);
}

#[test]
fn the_printed_url_leads_to_the_peerings_and_both_ends_of_one() {
    with_pair(|browser, ui| {
        browser.join(ui);
        assert_eq!(browser.text("location.href"), format!("http://{}/peerings", ui.address));
        assert_eq!(browser.evaluate("document.cookie"), "", "no script reads the cookie");
        assert!(browser.text("document.querySelector('h1').innerText").contains("All peerings work"));
        let row = browser.text("document.querySelector('#peerings ~ * tbody tr').innerText");
        for part in ["west to-east", "east to-west", "ACTIVE"] {
            assert!(row.contains(part), "{part} in {row}");
        }
        browser.follow("tbody td a");
        let ends = "[...document.querySelectorAll('.both-ends section')]";
        let texts = browser.evaluate(&format!("{ends}.map((end) => end.innerText)"));
        for (at, parts) in [["west dialer", "to-east"], ["east acceptor", "to-west"]].iter().enumerate() {
            let end = texts[at].as_str().unwrap();
            assert!(parts.iter().all(|part| end.contains(part)) && end.contains("ACTIVE"), "{end}");
        }
        let tops = format!("{ends}.map((end) => end.getBoundingClientRect().top)");
        browser.show_as(1440, "light");
        let wide = browser.evaluate(&tops);
        assert_eq!(wide[0], wide[1], "side by side");
        browser.show_as(360, "light");
        let narrow = browser.evaluate(&tops);
        assert!(narrow[0].as_f64() < narrow[1].as_f64(), "one below the other");
        browser.expect_no_errors();
    });
}

#[test]
fn the_printed_url_works_in_one_browser() {
    with_pair(|browser, ui| {
        browser.join(ui);
        let Some(mut second) = Browser::start_with_loopback("peering ui in a browser") else { return };
        second.navigate(&ui.url());
        second.wait_for("document.body?.innerText.includes('was opened already') ?? false");
        second.navigate(&format!("http://{}/peerings", ui.address));
        second.wait_for("document.body?.innerText.includes('It works in one browser') ?? false");
        assert!(!second.text(TEXT).contains("to-west"));
        browser.follow("#again");
        assert!(browser.text(TEXT).contains("to-west"), "the first browser is still in");
    });
}

#[test]
fn the_ledger_is_shown() {
    with_pair(|browser, ui| {
        browser.join(ui);
        browser.follow("nav a[href=\"/history\"]");
        assert!(browser.text(TEXT).contains("The ledger has no records."));
        generate(ui, "to-north");
        generate(ui, "to-north");
        browser.evaluate("location.reload()");
        browser.wait_for("document.querySelectorAll('tbody tr').length === 2");
        let rows = browser.evaluate("[...document.querySelectorAll('tbody tr')].map((row) => row.innerText)");
        let (newest, oldest) = (rows[0].as_str().unwrap(), rows[1].as_str().unwrap());
        assert!(newest.contains("to-north") && newest.contains("newest known"), "{newest}");
        assert!(oldest.contains("to-north") && oldest.contains("superseded by 2"), "{oldest}");
        // The new peering is the one with a problem, so it is first. Its page has its own records.
        browser.follow("nav a[href=\"/peerings\"]");
        browser.follow("#again");
        browser.follow(".rows tbody tr td a");
        let text = browser.text(TEXT);
        assert!(text.contains("Tokens in the ledger") && text.contains("superseded by 2"), "{text}");
        assert!(text.contains("PENDING"), "{text}");
    });
}

#[test]
fn the_token_page_is_that_of_the_command() {
    with_pair(|browser, ui| {
        browser.join(ui);
        browser.follow("nav a[href=\"/page\"]");
        browser.wait_for("document.documentElement.dataset.ready === 'true'");
        let responses = browser.events("Network.responseReceived");
        let is_page = |it: &&Value| it["response"]["url"].as_str().unwrap().ends_with("/page");
        let response = responses.iter().find(is_page).unwrap();
        let policy = format!("{}; frame-ancestors 'none'", page::policy());
        assert_eq!(response["response"]["headers"]["content-security-policy"], policy);
        let id = json!({ "requestId": response["requestId"] });
        assert!(browser.call("Network.getResponseBody", &id)["body"] == page::HTML, "it is the same page");
        let token = std::fs::read_to_string(fixture("tokens/two-roots.txt")).unwrap();
        browser.paste(token.trim());
        let status = browser.text("document.getElementById('status').innerText");
        assert!(status.contains("Consul accepts this token"), "{status}");
        // A worker reads a large text, which the policy of the server must allow.
        browser.paste(&"x ".repeat(200_000));
        browser.expect_no_errors();
    });
}

#[test]
fn nothing_leaves_the_server_and_no_response_contains_a_secret() {
    with_pair(|browser, ui| {
        generate(ui, "to-north");
        browser.join(ui);
        browser.follow("tbody tr:last-child td a");
        browser.diagnose();
        browser.follow("nav a[href=\"/history\"]");
        browser.follow("nav a[href=\"/page\"]");
        browser.wait_for("document.documentElement.dataset.ready === 'true'");
        let own = format!("http://{}/", ui.address);
        let requests = browser.requests();
        assert!(requests.iter().all(|url| url.starts_with(&own)), "{requests:?}");
        let responses = browser.events("Network.responseReceived");
        let mut seen: Vec<String> =
            responses.iter().map(|it| it["response"]["headers"].to_string()).collect();
        let events = browser.events("Network.eventSourceMessageReceived");
        seen.extend(events.iter().map(|it| it["data"].as_str().unwrap().to_owned()));
        assert!(seen.iter().any(|text| text.contains("\"html\":")), "the result of the diagnosis");
        // The browser drops the bodies of pages that it left, so they are requested again.
        browser.open(&format!("{own}history"));
        for path in ["", "ui.js", "ui.css", "session", "peerings", "peering?", "diagnose?", "history", "page"]
        {
            let url = requests.iter().find(|url| url[own.len()..].starts_with(path));
            let url = url.unwrap_or_else(|| panic!("{path}: {requests:?}"));
            seen.push(browser.text(&format!("fetch('{url}').then((answer) => answer.text())")));
        }
        for text in &seen {
            for token in [ACL_TOKEN, audit_collect::ACL_TOKEN] {
                assert!(!text.contains(token), "an ACL token is in {text}");
            }
            shows_no_secret(text, "a response");
        }
    });
}

/// A Consul whose peering reaches an embedded acceptor through a gate.
async fn behind_a_gate() -> (wiremock::MockServer, Gate, Served) {
    let served = Served::start(|_| {}).await;
    let token = token(&served.generate("east").await);
    let gate = Gate::before(served.address).await;
    (consul("west", &gate.address.to_string(), Some(&token)).await, gate, served)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_diagnosis_shows_each_step_before_the_next_is_answered() {
    let Some(mut browser) = Browser::start_with_loopback("a live diagnosis in a browser") else { return };
    let (consul, gate, _served) = behind_a_gate().await;
    let uri = consul.uri();
    let run = tokio::task::spawn_blocking(move || {
        let ui = Ui::start(&uri);
        browser.join(&ui);
        browser.follow("tbody td a");
        browser.evaluate("document.getElementById('diagnose').focus()");
        browser.press("Enter", 0);
        let expect_no_more = |browser: &mut Browser, next: &str| {
            let shown = browser.text(STEPS);
            assert!(!shown.contains(next), "{next} before it was answered: {shown}");
            assert_eq!(browser.evaluate(HAS_RESULT), false);
            assert_eq!(browser.evaluate("document.getElementById('diagnose').disabled"), true);
        };
        browser.wait_for(&format!("{STEPS}.includes('✓ TCP') && {STEPS}.includes('TLS …')"));
        expect_no_more(&mut browser, "✓ TLS");
        Gate::open(gate.handshake);
        browser.wait_for(&format!("{STEPS}.includes('✓ TLS') && {STEPS}.includes('gRPC …')"));
        expect_no_more(&mut browser, "✓ gRPC");
        Gate::open(gate.rest);
        browser.wait_for(HAS_RESULT);
        let shown = browser.text(STEPS);
        assert!(shown.contains("✓ gRPC") && !shown.contains('…'), "{shown}");
        let answer = browser.text("document.querySelector('#result h3').innerText");
        assert!(answer.contains("west is FAILING"), "{answer}");
        assert_eq!(browser.evaluate("document.getElementById('diagnose').disabled"), false);
        browser.expect_no_errors();
    });
    run.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_it_while_a_browser_receives_events() {
    let Some(mut browser) = Browser::start_with_loopback("Ctrl-C with a browser") else { return };
    let (consul, _gate, _served) = behind_a_gate().await;
    let uri = consul.uri();
    let run = tokio::task::spawn_blocking(move || {
        let ui = Ui::start(&uri);
        browser.join(&ui);
        browser.follow("tbody td a");
        browser.evaluate("document.getElementById('diagnose').click()");
        browser.wait_for(&format!("{STEPS}.includes('TLS …')"));
        assert_eq!(ui.interrupt(), Some(0));
        browser.wait_for("document.getElementById('result').innerText.includes('ended early')");
    });
    run.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_execute_nothing_and_are_shown_as_on_a_terminal() {
    let Some(mut browser) = Browser::start_with_loopback("hostile names in a browser") else { return };
    let consul = consul(HOSTILE, &format!("{HOSTILE}:1"), None).await;
    // The name of a context has no spaces and no control characters.
    let cluster = HOSTILE.replace(' ', "/").replace('\u{7}', "");
    let contexts = format!("[contexts.{}]\nhttp_addr = '{}'\n", json!(cluster), consul.uri());
    let run = tokio::task::spawn_blocking(move || {
        let ui = Ui::of(&contexts, &[]);
        let examine = |browser: &mut Browser| {
            let shown = browser.text("document.documentElement.textContent");
            for text in ["<script>document.title='executed'</script><img src=x", "<img/src=x"] {
                assert!(shown.contains(text), "{text} in {shown}");
            }
            assert!(shown.contains("\\u{202e}\\u{7}'&"), "{shown}");
            assert!(!shown.contains(['\u{202e}', '\u{7}']), "{shown}");
            let active = "script:not([src=\"/ui.js\"]), img, iframe, object, embed, base, form, [onerror]";
            assert_eq!(browser.evaluate(&format!("document.querySelectorAll(`{active}`).length")), 0);
            assert_ne!(browser.text("document.title"), "executed");
            assert!(browser.events("Page.javascriptDialogOpening").is_empty());
        };
        browser.join(&ui);
        examine(&mut browser);
        browser.follow("tbody td a");
        browser.diagnose();
        examine(&mut browser);
        let result = browser.text("document.getElementById('result').innerText");
        assert!(result.contains("\\u{202e}\\u{7}'&"), "{result}");
        let own = format!("http://{}/", ui.address);
        let requests = browser.requests();
        assert!(requests.iter().all(|url| url.starts_with(&own)), "{requests:?}");
        browser.expect_no_errors();
    });
    run.await.unwrap();
}

/// Shows every page, and calls `examine` with each. One peering works, and one needs attention.
fn on_each_page(browser: &mut Browser, ui: &Ui, examine: impl Fn(&mut Browser, &str)) {
    generate(ui, "to-north");
    browser.join(ui);
    examine(browser, "the peerings");
    browser.follow(".rows tbody tr:last-child td a");
    examine(browser, "a peering");
    browser.diagnose();
    browser.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
    examine(browser, "a diagnosis");
    browser.follow("nav a[href=\"/history\"]");
    examine(browser, "the ledger");
    browser.open(&format!("http://{}/peering?key=x", ui.address));
    examine(browser, "a message");
}

#[test]
fn no_page_scrolls_sideways() {
    with_pair(|browser, ui| {
        on_each_page(browser, ui, |browser, what| {
            for width in WIDTHS {
                browser.show_as(width, "light");
                browser.expect_to_fit(&format!("{what} at {width} pixels"));
            }
        });
    });
}

#[test]
fn pages_are_accessible_in_light_and_dark() {
    let Some(axe) = Axe::find("accessibility of peering ui") else { return };
    with_pair(|browser, ui| {
        // The test's script, not the page's.
        browser.call("Page.setBypassCSP", &json!({ "enabled": true }));
        on_each_page(browser, ui, |browser, what| {
            for (width, scheme) in [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")] {
                browser.show_as(width, scheme);
                browser.expect_accessible(&axe, &format!("{what}, {scheme}, {width} px"));
            }
        });
    });
}

#[test]
fn the_keyboard_reaches_every_control() {
    with_pair(|browser, ui| {
        on_each_page(browser, ui, |browser, what| {
            // One of several radio buttons has the focus; the arrow keys lead to the others.
            let controls = browser.evaluate(
                "[...document.querySelectorAll('a, button, summary, input:checked, [tabindex=\"0\"]')]\
                 .filter((it) => it.checkVisibility()).map((it, at) => it.dataset.at = String(at))",
            );
            let mut reached: Vec<Value> = Vec::new();
            browser.evaluate("document.activeElement.blur(); getSelection().collapse(document.body, 0)");
            for _ in 0..100 {
                browser.press("Tab", 0);
                let at = browser.evaluate("document.activeElement.dataset.at ?? null");
                // After the last one, the focus leaves the page, or the first one has it again.
                if at.is_null() || reached.contains(&at) {
                    break;
                }
                reached.push(at);
            }
            assert_eq!(json!(reached), controls, "{what}");
        });
        // From the peerings to a diagnosis with keys only.
        browser.open(&format!("http://{}/peerings", ui.address));
        browser.evaluate("document.querySelector('tbody td a').focus()");
        browser.press("Enter", 0);
        browser
            .wait_for("document.getElementById('diagnose') !== null && document.readyState === 'complete'");
        browser.evaluate("document.getElementById('diagnose').focus()");
        browser.press(" ", 0);
        browser.wait_for(HAS_RESULT);
    });
}
