//! A headless Chromium that a test drives over a pipe, with the DevTools protocol. It resolves no names.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long an answer may take. The machine may be busy.
const PATIENCE: Duration = Duration::from_mins(2);

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const ARGUMENTS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --remote-debugging-pipe";

/// A browser with one page.
pub struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    session: String,
    /// The events of the page since the last [`Browser::open`].
    pub events: Vec<Value>,
    // Removed when the browser ends.
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser. Without one on this machine, prints that `test` is skipped.
    pub fn start(test: &str) -> Option<Self> {
        let found = |name: &&str| {
            let paths = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&paths).any(|directory| directory.join(name).is_file())
        };
        let Some(name) = NAMES.iter().find(|name| found(name)) else {
            eprintln!("SKIPPED: {test}: install chromium to run it");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // The browser reads commands on descriptor 3 and answers on 4.
        let script = format!(
            "exec {name} {ARGUMENTS} --host-resolver-rules='MAP * ~NOTFOUND , EXCLUDE 127.0.0.1' \
             --user-data-dir='{}' about:blank 3<&0 4>&1 </dev/null >/dev/null",
            profile.path().display()
        );
        let mut process = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
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
        let (last_id, session, events) = (0, String::new(), Vec::new());
        let mut browser = Self { process, commands, messages, last_id, session, events, _profile: profile };
        let target = browser.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", &attach);
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    /// Calls a method of the protocol, and returns its result.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            command["sessionId"] = self.session.as_str().into();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        loop {
            let message = self.receive();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
        }
    }

    /// Returns the next message. Remembers events of the page.
    fn receive(&mut self) -> Value {
        let message = self.messages.recv_timeout(PATIENCE).expect("the browser answers");
        if message["method"].is_string() {
            self.events.push(message.clone());
        }
        message
    }

    /// Opens a file, and waits until it has loaded.
    pub fn open(&mut self, file: &Path) {
        self.events.clear();
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", &json!({ "url": url }));
        while self.of("Page.loadEventFired").is_empty() {
            self.receive();
        }
    }

    /// Returns the parameters of the events with this name.
    pub fn of(&self, event: &str) -> Vec<&Value> {
        self.events.iter().filter(|it| it["method"] == event).map(|it| &it["params"]).collect()
    }

    /// Evaluates an expression in the page, and waits for a promise.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", &parameters);
        assert!(result["exceptionDetails"].is_null(), "{result}");
        result["result"]["value"].clone()
    }

    /// Sets the width of the window, and whether the page is dark.
    pub fn resize(&mut self, width: u32, is_dark: bool) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        let scheme = if is_dark { "dark" } else { "light" };
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": feature }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends all its processes, so that the profile can be removed.
        self.session.clear();
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}
