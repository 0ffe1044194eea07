//! The page in a real Chromium, from a file and without a network.

use std::time::Instant;

use consul_peering::page;
use consul_peering::token::{Remote, Secret, Token, encode};
use serde_json::json;

use super::NOW;
use crate::browser::{Axe, Browser, file_url};
use crate::peering::{Peering, fixture, recorded_tokens};

/// [`NOW`] as the field of the date writes it.
const DATE: &str = "2026-11-24T12:00:00";

/// Every size that is tested: from a small phone to a large screen.
const WIDTHS: [u32; 9] = [320, 360, 480, 640, 800, 1024, 1280, 1440, 1920];

fn token(name: &str) -> String {
    std::fs::read_to_string(fixture(&format!("tokens/{name}.txt"))).unwrap().trim().to_owned()
}

/// Returns a token whose texts all attack the page.
fn hostile_token() -> String {
    let attack =
        "<img src=x onerror=\"document.title='executed'\"><script>document.title='executed'</script>";
    encode(&Token {
        server_addresses: Some(vec![
            format!("{attack}:8503"),
            "javascript:document.title='executed':1".to_owned(),
            "\u{202e}gro.elpmaxe\u{202c}.example.com:8503".to_owned(),
            format!("{}.example.com:8503", "a".repeat(5000)),
        ]),
        server_name: format!("server.{attack}.peering.</script><svg onload=\"document.title='executed'\">"),
        peer_id: format!("'\"></span>{attack}\u{1b}[31m\u{7}"),
        establishment_secret: Secret::from(attack),
        remote: Some(Remote {
            datacenter: attack.to_owned(),
            partition: "{{constructor}}".to_owned(),
            locality: None,
        }),
        ..Token::default()
    })
    .to_string()
}

/// Opens a closed section of the page with a click, and returns its text.
fn opened(browser: &mut Browser, name: &str) -> String {
    browser.evaluate(&format!("document.querySelector('#{name}-details summary').click()"));
    browser.wait_for(&format!("document.getElementById('{name}').textContent !== ''"));
    browser.text(&format!("document.getElementById('{name}').textContent"))
}

fn status(browser: &mut Browser) -> String {
    browser.text("document.getElementById('status').textContent")
}

#[test]
fn every_recorded_token_has_the_json_of_the_command_line() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.open_page();
    browser.set_date(DATE);
    for (name, token) in recorded_tokens() {
        let token = token.trim();
        browser.paste(token);
        for command in ["inspect", "validate"] {
            let shown = opened(&mut browser, command);
            let run = Peering::new().args([command, "-format=json", "-now", NOW, "--", token]).run();
            assert_eq!(shown, run.stdout, "{command} {name}");
        }
        let body = browser.text("document.documentElement.innerText");
        crate::peering::shows_no_secret(&body, &name);
        browser.evaluate("document.getElementById('clear').click()");
        let after = browser.text("document.getElementById('main').textContent");
        assert!(!after.contains("eyJ"), "{after}");
    }
    browser.expect_no_errors();
}

#[test]
fn a_whole_session_makes_one_request_for_the_page_itself() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.open_page();
    for (_, token) in recorded_tokens() {
        browser.paste(token.trim());
    }
    browser.evaluate("document.getElementById('compare-details').open = true");
    browser.paste_into("second-box", &token("one-server"));
    browser.wait_for("document.getElementById('comparison').textContent.includes('Newer')");
    opened(&mut browser, "report");
    browser.paste(
        "rpc error: code = PermissionDenied desc = Permission denied: anonymous token lacks permission",
    );
    // A worker.
    browser.paste(&"x ".repeat(200_000));
    browser.paste(&hostile_token());
    let requests = browser.requests();
    assert!(requests.len() == 1 && requests[0].ends_with("/peering.html"), "{requests:?}");
    browser.expect_no_errors();
}

#[test]
fn hostile_texts_execute_nothing_and_stay_text() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.open_page();
    let elements =
        "document.querySelectorAll('script, img, svg, iframe, a, object, embed, link, base, form').length";
    let before = browser.evaluate(elements);
    let title = browser.text("document.title");
    for text in [
        hostile_token(),
        format!(
            "{{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"stringData\":{{\"<b>\u{202e}\":\"{}\"}}}}",
            hostile_token()
        ),
        "failed to dial <img src=x onerror=document.title=1>: dial tcp 10.0.0.7:8503: i/o timeout\u{202e}"
            .to_owned(),
    ] {
        browser.paste(&text);
        assert_eq!(browser.evaluate(elements), before);
        assert_eq!(browser.text("document.title"), title);
        let body = browser.text("document.body.textContent");
        assert!(!body.contains(['\u{202e}', '\u{1b}', '\u{7}']), "hidden characters are shown escaped");
    }
    browser.paste(&hostile_token());
    let body = browser.text("document.body.textContent");
    assert!(body.contains("\\u{202e}") && body.contains("onerror"), "the texts are shown");
    browser.evaluate("document.getElementById('second-box').focus()");
    browser.paste_into("second-box", &hostile_token());
    browser.wait_for("document.getElementById('comparison').textContent.includes('same token')");
    opened(&mut browser, "inspect");
    assert_eq!((browser.evaluate(elements), browser.text("document.title")), (before, title));
    browser.expect_no_errors();
}

#[test]
fn every_control_works_by_keyboard() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.open_page();
    let focused = "((it) => it === document.body ? 'body' : it.id || it.textContent)(document.activeElement)";
    assert_eq!(browser.text(focused), "box", "the box has the focus");
    // The real clipboard: Ctrl+V.
    let url = browser.text("document.URL");
    browser.call(
        "Browser.grantPermissions",
        &json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] }),
    );
    browser.evaluate(&format!("navigator.clipboard.writeText({})", json!(token("two-roots"))));
    browser.press("v", 2);
    browser.wait_for("!document.getElementById('folded').hidden");
    assert!(status(&mut browser).contains("Consul accepts this token"), "{url}");

    // Every control can be reached. The focus starts at the top after the box is hidden.
    let mut reached = Vec::new();
    browser.evaluate("document.activeElement.blur()");
    for _ in 0..60 {
        browser.press("Tab", 0);
        let control = browser.text(focused);
        if control == "body" {
            break;
        }
        reached.push(control);
    }
    reached.dedup();
    for control in [
        "clear",
        "Hold to show",
        "Compare with another token",
        "Redacted report, safe to share",
        "date",
        "today",
    ] {
        assert!(reached.iter().any(|it| it == control), "{control} in {reached:?}");
    }
    // Nothing else can be clicked.
    let clickable = browser.evaluate(
        "[...document.querySelectorAll('button, summary, input, textarea')].filter((it) => it.checkVisibility()).length",
    );
    assert_eq!(reached.len() as u64, clickable.as_u64().unwrap(), "{reached:?}");

    // The secret is shown while the key is held.
    let secret =
        crate::peering::token_json(&token("two-roots"))["EstablishmentSecret"].as_str().unwrap().to_owned();
    let shows_secret = format!("document.body.textContent.includes('{secret}')");
    browser.evaluate(
        "[...document.querySelectorAll('button')].find((it) => it.textContent === 'Hold to show').focus()",
    );
    browser.key("keyDown", " ", 0);
    assert_eq!(browser.evaluate(&shows_secret), json!(true));
    browser.key("keyUp", " ", 0);
    assert_eq!(browser.evaluate(&shows_secret), json!(false));

    for name in ["report", "inspect", "validate"] {
        browser.evaluate(&format!("document.querySelector('#{name}-details summary').focus()"));
        browser.press("Enter", 0);
        browser.wait_for(&format!("document.getElementById('{name}').textContent.startsWith('{{')"));
    }
    browser.evaluate("document.getElementById('copy-report').focus()");
    browser.press("Enter", 0);
    browser.wait_for("document.getElementById('copied').textContent === 'Copied'");
    let copied = browser.text("navigator.clipboard.readText()");
    assert!(copied.contains("ADDRESS-1") && !copied.contains(&secret), "{copied}");

    browser.evaluate("document.querySelector('#compare-details summary').focus()");
    browser.press(" ", 0);
    browser.press("Tab", 0);
    assert_eq!(browser.text(focused), "second-box");
    browser.evaluate(&format!("navigator.clipboard.writeText({})", json!(token("one-server"))));
    browser.press("v", 2);
    browser.wait_for("document.getElementById('comparison').textContent.includes('Newer')");

    browser.set_date("2040-01-01T00:00:00");
    browser.wait_for("document.getElementById('status').textContent.includes('expired')");
    browser.evaluate("document.getElementById('today').focus()");
    browser.press("Enter", 0);
    browser.wait_for("!document.getElementById('status').textContent.includes('expired')");

    browser.evaluate("document.getElementById('clear').focus()");
    browser.press("Enter", 0);
    assert_eq!(browser.text(focused), "box");
    browser.press("Tab", 0);
    browser.press("Tab", 0);
    assert_eq!(browser.text(focused), "sample");
    browser.press("Enter", 0);
    browser.wait_for("document.getElementById('status').textContent.includes('Consul accepts this token')");
    browser.expect_no_errors();
}

/// Shows the page empty, with tokens and a message, everything open, and calls `examine` with each.
fn on_each_view(browser: &mut Browser, examine: impl Fn(&mut Browser, &str)) {
    browser.open_page();
    examine(browser, "the empty page");
    for name in ["two-roots", "external-addresses", "external-address-without-port", "hostile"] {
        browser.paste(&if name == "hostile" { hostile_token() } else { token(name) });
        browser.paste_into("second-box", &token("one-server"));
        browser.wait_for("document.getElementById('comparison').textContent !== ''");
        browser.evaluate("document.querySelectorAll('details').forEach((it) => { it.open = true; })");
        browser.wait_for("document.getElementById('validate').textContent !== ''");
        examine(browser, name);
    }
    browser.paste("failed dial: dial tcp 10.0.0.7:8503: i/o timeout");
    examine(browser, "a message");
}

#[test]
fn no_size_scrolls_sideways() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.show_as(360, "light");
    on_each_view(&mut browser, |browser, what| {
        for width in WIDTHS {
            browser.show_as(width, "light");
            let shown = browser.evaluate("document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(shown <= u64::from(width), "{what}: {shown} px in {width} px");
        }
    });
}

#[test]
fn each_kind_of_text_gets_its_answer() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.open_page();
    browser.set_date(DATE);
    let two = format!("{}\n{}\n", token("one-server"), token("three-servers"));
    let secret = format!("kind: Secret\napiVersion: v1\nstringData:\n  token: {}\n", token("one-server"));
    for (text, expected) in [
        (token("one-server"), "Consul accepts this token"),
        (token("external-address-without-port"), "Consul rejects this token"),
        (format!("\"{}\"", token("one-server")), "this page removed quotation marks around the token"),
        (token("one-server")[..900].to_owned(), "in the middle of the token"),
        (two, "Token 2 of 2"),
        (secret, "a Kubernetes Secret"),
        ("x509: certificate signed by unknown authority".to_owned(), "What to do"),
        ("the peering establishment secret was invalid".to_owned(), "secret-invalid"),
        ("d0e6d6c5-9d3c-4c3e-8ff1-5a9f2a3e3a11".to_owned(), "UUID"),
    ] {
        browser.paste(&text);
        let shown = browser.text("document.body.innerText");
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
    // An empty paste, such as of an image, changes nothing.
    browser.evaluate("document.getElementById('clear').click()");
    browser.paste_into("box", "");
    assert_eq!(status(&mut browser), "");
    browser.expect_no_errors();
}

#[test]
fn a_large_text_is_read_in_a_worker_and_lists_are_capped() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    browser.open_page();
    let many = Token {
        server_addresses: Some((0..30_000).map(|index| format!("host-{index}.example.com:8503")).collect()),
        peer_id: "1".to_owned(),
        ..Token::default()
    };
    browser.evaluate("performance.clearMarks('drawn')");
    browser.paste_into("box", &encode(&many));
    assert_eq!(status(&mut browser), "Reading a large text…");
    browser.wait_for("performance.getEntriesByName('drawn').length > 0");
    let shown = browser.text("document.getElementById('result').innerText");
    assert!(shown.contains("… and 29,800 more addresses"), "{}", &shown[shown.len() - 500..]);
    let elements = browser.evaluate("document.querySelectorAll('*').length").as_u64().unwrap();
    assert!(elements < 2000, "{elements} elements");
    // A new text replaces one that is still read.
    browser.paste_into("box", &encode(&many));
    browser.paste(&token("one-server"));
    assert!(status(&mut browser).contains("Consul accepts this token"));
    browser.expect_no_errors();
}

#[test]
fn a_failure_of_the_module_is_reported_and_the_next_text_is_read() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    // The first call after this fails as a panic does.
    let fails = "const { Instance } = WebAssembly; let left = 1; WebAssembly.Instance = class { constructor(...all) { \
                 const { exports } = new Instance(...all); this.exports = { ...exports, look: (...numbers) => { \
                 if (window.fails && left-- > 0) throw new WebAssembly.RuntimeError('unreachable'); \
                 return exports.look(...numbers); } }; } };";
    browser.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": fails }));
    browser.open_page();
    browser.evaluate("window.fails = true");
    browser.paste_into("box", &token("one-server"));
    browser.wait_for("document.getElementById('status').textContent.includes('This page failed')");
    assert!(status(&mut browser).contains("unreachable"));
    browser.paste(&token("one-server"));
    assert!(status(&mut browser).contains("Consul accepts this token"));
}

#[test]
fn a_changed_module_is_not_run() {
    let Some(mut browser) = Browser::start("the page in a browser") else { return };
    let change = "new MutationObserver(() => { const module = document.getElementById('module'); \
                  if (module && !module.dataset.seen && document.getElementById('code')) { module.dataset.seen = 1; } }) \
                  .observe(document, { childList: true, subtree: true }); \
                  const { digest } = SubtleCrypto.prototype; SubtleCrypto.prototype.digest = function (name, bytes) { \
                  new Uint8Array(bytes)[bytes.byteLength - 1] ^= 1; return digest.call(this, name, bytes); };";
    browser.call("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": change }));
    let file = tempfile::Builder::new().suffix(".html").tempfile().unwrap();
    std::fs::write(file.path(), page::HTML).unwrap();
    browser.navigate(&file_url(file.path()));
    browser.wait_for("document.getElementById('status')?.textContent.includes('cannot start') ?? false");
    assert!(status(&mut browser).contains("the module in this file was changed"));
}

#[test]
fn axe_finds_no_violations_in_light_and_dark() {
    let Some(axe) = Axe::find("accessibility of the page") else { return };
    let Some(mut browser) = Browser::start("accessibility of the page") else { return };
    for scheme in ["light", "dark"] {
        for width in [360, 1440] {
            browser.show_as(width, scheme);
            on_each_view(&mut browser, |browser, what| {
                browser.expect_accessible(&axe, &format!("{what}, {scheme}, {width} px"));
            });
        }
    }
}

/// Prints how long the page takes. Run it on a quiet machine:
/// `cargo test --test it page::browser::times -- --ignored --nocapture`
#[test]
#[ignore = "prints times, which depend on the machine"]
fn times_of_ten_new_browsers() {
    let mut ready = Vec::new();
    let mut painted = Vec::new();
    for _ in 0..10 {
        let Some(mut browser) = Browser::start("the page in a browser") else { return };
        browser.open_page();
        ready.push(browser.evaluate("performance.getEntriesByName('ready')[0].startTime").as_f64().unwrap());
        browser.call(
            "Browser.grantPermissions",
            &json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] }),
        );
        browser.evaluate(&format!("navigator.clipboard.writeText({})", json!(token("two-roots"))));
        browser.evaluate(
            "window.painted = new Promise((done) => document.addEventListener('paste', () => { const start = performance.now(); \
             const check = () => performance.getEntriesByName('drawn').length ? requestAnimationFrame(() => \
             setTimeout(() => done(performance.now() - start))) : setTimeout(check); check(); }, true)); 0",
        );
        let start = Instant::now();
        browser.press("v", 2);
        painted.push(browser.evaluate("window.painted").as_f64().unwrap());
        assert!(start.elapsed().as_secs() < 60);
    }
    for (what, times) in [("navigation to ready", &mut ready), ("paste to painted", &mut painted)] {
        times.sort_by(f64::total_cmp);
        println!(
            "{what}: median {:.0} ms ({:.0} to {:.0})",
            times[times.len() / 2],
            times[0],
            times[times.len() - 1]
        );
    }
}
