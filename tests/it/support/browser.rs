//! A headless Chromium that a test drives over a pipe, with the DevTools protocol: `{…}\0` in both directions. It has no
//! network, or reaches only 127.0.0.1.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long an answer may take. The machine may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const ARGUMENTS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --disable-dev-shm-usage --remote-debugging-pipe";

/// A browser with an empty profile and one page.
pub struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    session: Option<String>,
    /// The events since the last [`Browser::navigate`].
    events: Vec<Value>,
    /// Removed when the browser ends.
    home: TempDir,
}

impl Browser {
    /// Starts a browser without a network. Without a browser on this machine, prints that `test` is skipped.
    pub fn start(test: &str) -> Option<Self> {
        // A namespace without a network, where that is allowed. The browser must not find one anyway.
        let isolation = ["unshare -n", "unshare -rn", ""].into_iter().find(|isolation| {
            isolation.split_once(' ').is_none_or(|(program, flags)| runs(program, &format!("{flags} true")))
        });
        Self::start_with(test, isolation.unwrap_or_default(), "MAP * ~NOTFOUND")
    }

    /// Starts a browser that reaches servers at 127.0.0.1, and finds no other host.
    pub fn start_with_loopback(test: &str) -> Option<Self> {
        Self::start_with(test, "", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    }

    fn start_with(test: &str, isolation: &str, hosts: &str) -> Option<Self> {
        let Some(name) = NAMES.into_iter().find(|name| runs(name, "--version")) else {
            eprintln!("SKIPPED: {test}: install chromium to run it");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        // The browser reads commands on descriptor 3 and answers on 4.
        let script = format!(
            "exec {isolation} {name} {ARGUMENTS} --host-resolver-rules='{hosts}' \
             --user-data-dir=\"$HOME/profile\" about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1"
        );
        let mut process = Command::new("sh")
            .args(["-c", &script])
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        let (last_id, session, events) = (0, None, Vec::new());
        let mut browser = Self { process, commands, messages, last_id, session, events, home };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach);
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Returns a directory for files that it opens.
    pub fn directory(&self) -> &Path {
        self.home.path()
    }

    /// Calls a method of the protocol, and returns its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls a method of the protocol, and returns its result, or the browser's error.
    fn try_call(&mut self, method: &str, parameters: &Value) -> Result<Value, Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let mut message = self.receive(method);
            if message["id"] == json!(id) {
                let error = message["error"].take();
                return if error.is_null() { Ok(message["result"].take()) } else { Err(error) };
            }
        }
    }

    /// Returns the next message, and remembers it if it is an event.
    fn receive(&mut self, awaited: &str) -> Value {
        let message = self.messages.recv_timeout(PATIENCE);
        let message = message.unwrap_or_else(|error| panic!("{awaited}: {error}"));
        if message["method"].is_string() {
            self.events.push(message.clone());
        }
        message
    }

    /// Leads the page to a URL, without waiting.
    pub fn navigate(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", &json!({ "url": url }));
    }

    /// Opens a URL, and waits until it has loaded.
    pub fn open(&mut self, url: &str) {
        self.navigate(url);
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            self.receive("the page loads");
        }
    }

    /// Evaluates an expression in the page, and returns its value. Waits for a promise.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Evaluates an expression in the page, or returns the browser's error, for example because another page opens.
    fn try_evaluate(&mut self, expression: &str) -> Result<Value, Value> {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut result = self.try_call("Runtime.evaluate", &parameters)?;
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        Ok(result["result"]["value"].take())
    }

    /// Evaluates an expression in the page, and returns its text.
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.evaluate(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression}: {value}")).to_owned()
    }

    /// Waits until an expression is true, also while another page opens.
    pub fn wait_for(&mut self, condition: &str) {
        let start = Instant::now();
        while self.try_evaluate(condition) != Ok(json!(true)) {
            assert!(start.elapsed() < PATIENCE, "never true: {condition}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Clicks on a link, and waits for its page.
    pub fn follow(&mut self, selector: &str) {
        // The page may be gone before the answer.
        let click = format!("window.isOld = true; document.querySelector(`{selector}`).click()");
        let _ = self.try_evaluate(&click);
        self.wait_for("!window.isOld && document.readyState === 'complete'");
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

    /// Sets the width of the window and the color scheme: `light` or `dark`.
    pub fn show_as(&mut self, width: u32, scheme: &str) {
        let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": feature }));
    }

    /// Returns the parameters of the events with a name since the page was opened.
    pub fn events(&mut self, method: &str) -> Vec<Value> {
        // The answer to a call comes after all earlier events.
        self.evaluate("0");
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }

    /// Returns the URLs of the requests since the page was opened, without those to parts of the page itself: workers, and
    /// images with which the browser draws its own controls.
    pub fn requests(&mut self) -> Vec<String> {
        let requests = self.events("Network.requestWillBeSent");
        let urls = requests.iter().filter_map(|it| it["request"]["url"].as_str());
        urls.filter(|url| !url.starts_with("blob:") && !url.starts_with("data:")).map(str::to_owned).collect()
    }

    /// Fails if the content is wider than the window.
    pub fn expect_to_fit(&mut self, what: &str) {
        let too_wide =
            self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(too_wide, 0, "{what}");
    }

    /// Fails if the page threw an error or logged one.
    pub fn expect_no_errors(&mut self) {
        for event in ["Runtime.exceptionThrown", "Log.entryAdded"] {
            assert_eq!(self.events(event), Vec::<Value>::new());
        }
    }

    /// Fails if axe-core finds that the page is hard to use for someone.
    pub fn expect_accessible(&mut self, axe: &Axe, what: &str) {
        if self.evaluate("typeof axe") == "undefined" {
            self.evaluate(&format!("{};0", axe.0));
        }
        let violations = self.evaluate(
            "axe.run(document, { resultTypes: ['violations'] }).then((found) => found.passes.length < 10 ? 'too few rules ran' : \
             found.violations.map((it) => [it.id, it.nodes.map((node) => [node.html.slice(0, 200), node.failureSummary])]))",
        );
        assert_eq!(violations, json!([]), "{what}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends all its processes, so that its directory can be removed.
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}

/// The script of axe-core.
pub struct Axe(String);

impl Axe {
    /// Reads it from the file that AXE_JS names. Without that, prints that `test` is skipped.
    pub fn find(test: &str) -> Option<Self> {
        let Ok(file) = std::env::var("AXE_JS") else {
            eprintln!("SKIPPED: {test}: set AXE_JS to axe-core's axe.min.js to run it");
            return None;
        };
        Some(Self(std::fs::read_to_string(file).unwrap()))
    }
}

/// Returns the URL of a file.
pub fn file_url(file: &Path) -> String {
    format!("file://{}", file.display())
}

fn runs(program: &str, arguments: &str) -> bool {
    let output = Command::new(program).args(arguments.split(' ')).output();
    output.is_ok_and(|output| output.status.success())
}
