//! A client of Chromium's DevTools protocol over its pipe: `{…}\0` in both directions.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use consul_peering::page;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long one answer may take. A test that waits this long has failed.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A new browser with an empty profile and one tab, without a network.
pub struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    events: Vec<Value>,
    session: Option<String>,
    last_id: u64,
    home: TempDir,
}

impl Browser {
    /// Starts Chromium. Returns nothing if it is missing.
    pub fn start() -> Option<Self> {
        let Some(program) = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find(|name| runs(name, "--version"))
        else {
            eprintln!("SKIPPED: the page in a browser: install chromium to run it");
            return None;
        };
        // A namespace without a network, where that is allowed. The browser must not find one anyway.
        let isolation = if runs("unshare", "-n true") {
            "unshare -n "
        } else if runs("unshare", "-rn true") {
            "unshare -rn "
        } else {
            ""
        };
        let home = tempfile::tempdir().unwrap();
        let flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe";
        let resolver = "--host-resolver-rules='MAP * ~NOTFOUND'";
        // Chromium reads from descriptor 3 and writes to 4.
        let script = format!(
            "exec {isolation}{program} {flags} {resolver} --user-data-dir=\"$HOME/profile\" about:blank 3<&0 4>&1 >/dev/null 2>&1"
        );
        let mut child = Command::new("/bin/sh")
            .args(["-c", &script])
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let mut browser =
            Self { child, input, messages, events: Vec::new(), session: None, last_id: 0, home };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached = browser
            .call("Target.attachToTarget", &json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Opens the page from a file, and waits until it is ready.
    pub fn open(&mut self) {
        let file = self.home.path().join("peering.html");
        std::fs::write(&file, page::HTML).unwrap();
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        self.wait_for("document.documentElement?.dataset?.ready === 'true'");
    }

    /// Calls a method, and returns its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut request = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        self.input.write_all(format!("{request}\0").as_bytes()).unwrap();
        loop {
            let mut message =
                self.messages.recv_timeout(TIMEOUT).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == json!(id) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Evaluates an expression in the page, and returns its value. Waits for a promise.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].take()
    }

    /// Evaluates an expression in the page, and returns its text.
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.evaluate(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression}: {value}")).to_owned()
    }

    /// Waits until an expression is true.
    pub fn wait_for(&mut self, condition: &str) {
        let start = std::time::Instant::now();
        while self.evaluate(condition) != json!(true) {
            assert!(start.elapsed() < TIMEOUT, "never true: {condition}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Pastes a text into a box, as the browser does: with an event that contains it. Waits until the result is drawn.
    pub fn paste(&mut self, text: &str) {
        self.evaluate("performance.clearMarks('drawn')");
        self.paste_into("box", text);
        self.wait_for("performance.getEntriesByName('drawn').length > 0");
    }

    /// Pastes a text into a box without waiting.
    pub fn paste_into(&mut self, id: &str, text: &str) {
        self.evaluate(&format!(
            "{{ const data = new DataTransfer(); data.setData('text/plain', {}); \
             document.getElementById('{id}').dispatchEvent(new ClipboardEvent('paste', \
             {{ clipboardData: data, bubbles: true, cancelable: true }})); }}",
            json!(text)
        ));
    }

    /// Sets the date with which dates are compared.
    pub fn set_date(&mut self, date: &str) {
        self.evaluate(&format!(
            "{{ const date = document.getElementById('date'); date.value = '{date}'; \
             date.dispatchEvent(new Event('change')); }}"
        ));
    }

    /// Presses and releases a key. `modifiers`: 2 is Ctrl, 8 is Shift.
    pub fn press(&mut self, key: &str, modifiers: u8) {
        self.key("keyDown", key, modifiers);
        self.key("keyUp", key, modifiers);
    }

    /// Presses or releases a key.
    pub fn key(&mut self, kind: &str, key: &str, modifiers: u8) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            "v" => (86, ""),
            other => panic!("no code for {other:?}"),
        };
        let commands = if key == "v" && modifiers == 2 { json!(["paste"]) } else { json!([]) };
        let text = if kind == "keyDown" { text } else { "" };
        self.call(
            "Input.dispatchKeyEvent",
            &json!({
                "type": kind, "key": key, "code": if key == " " { "Space" } else { key }, "text": text,
                "windowsVirtualKeyCode": code, "modifiers": modifiers, "commands": commands,
            }),
        );
    }

    /// Sets the size of the window and the theme.
    pub fn show_as(&mut self, width: u32, scheme: &str) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false }),
        );
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
    }

    /// Returns the parameters of the events with a name since the page was opened.
    pub fn events(&mut self, method: &str) -> Vec<Value> {
        // The answer to a call comes after all earlier events.
        self.evaluate("0");
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }

    /// Fails if the page threw an error or logged one.
    pub fn expect_no_errors(&mut self) {
        for event in ["Runtime.exceptionThrown", "Log.entryAdded"] {
            assert_eq!(self.events(event), Vec::<Value>::new());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runs(program: &str, arguments: &str) -> bool {
    let output = Command::new(program).args(arguments.split(' ')).output();
    output.is_ok_and(|output| output.status.success())
}
