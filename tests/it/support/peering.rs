//! Runs the `peering` command in isolation and checks everything that it prints.
//!
//! A run does not see the environment, the state or the Consul of this machine. The output of each run is searched for
//! every secret that a test has registered. A test that expects a secret calls [`Peering::shows_secrets`].

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

/// Secrets and tokens that no output may contain. The secrets of the recorded tokens are always registered.
static SECRETS: LazyLock<Mutex<Vec<String>>> =
    LazyLock::new(|| Mutex::new(recorded_tokens().iter().flat_map(|(_, token)| secrets_of(token)).collect()));

/// An address where nothing listens. Without it, a run could query a Consul on this machine.
pub const UNUSED_ADDRESS: &str = "127.0.0.1:1";

/// Returns the name and the text of every recorded token.
pub fn recorded_tokens() -> Vec<(String, String)> {
    let mut tokens: Vec<(String, String)> = std::fs::read_dir(fixture("tokens"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    tokens.sort();
    tokens
}

/// Returns the path of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Returns the JSON that a token encodes.
pub fn token_json(token: &str) -> serde_json::Value {
    let json = BASE64_STANDARD.decode(token.trim().replace(['\n', '\r'], "")).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// Returns a token and its secret.
fn secrets_of(token: &str) -> Vec<String> {
    let mut secrets = vec![token.trim().to_owned()];
    if let Some(secret) = token_json(token)["EstablishmentSecret"].as_str()
        && !secret.is_empty()
    {
        secrets.push(secret.to_owned());
    }
    secrets
}

/// Registers a token and its secret: no later run may show them.
pub fn guard(token: &str) {
    SECRETS.lock().unwrap().extend(secrets_of(token));
}

/// Fails if a text contains a registered secret.
#[track_caller]
pub fn shows_no_secret(text: &str, what: &str) {
    // A copy, so that a failure does not poison the lock for other tests.
    let secrets = SECRETS.lock().unwrap().clone();
    assert!(!secrets.iter().any(|secret| text.contains(secret)), "a secret is in {what}");
}

/// A run of `peering`.
pub struct Peering {
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    stdin: Vec<u8>,
    home: TempDir,
    stdout: String,
    stderr: String,
    shows_secrets: bool,
    shell: Option<String>,
    without_reader: bool,
    on_terminal: bool,
}

/// The result of a run.
pub struct Finished {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    /// The directory that it ran in. It contains the state in `state`.
    pub home: TempDir,
}

impl Peering {
    pub fn new() -> Self {
        Self {
            arguments: Vec::new(),
            environment: BTreeMap::from([("CONSUL_HTTP_ADDR".to_owned(), UNUSED_ADDRESS.to_owned())]),
            stdin: Vec::new(),
            home: tempfile::tempdir().unwrap(),
            stdout: String::new(),
            stderr: String::new(),
            shows_secrets: false,
            shell: None,
            without_reader: false,
            on_terminal: false,
        }
    }

    /// Appends arguments.
    pub fn args<S: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs in the directory of an earlier run, with its state.
    pub fn after(mut self, earlier: Finished) -> Self {
        self.home = earlier.home;
        self
    }

    /// Appends one argument.
    pub fn arg(self, argument: &str) -> Self {
        self.args([argument])
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Unsets `CONSUL_HTTP_ADDR`. Only for runs that use no network or another source of the address.
    pub fn without_address(mut self) -> Self {
        self.environment.remove("CONSUL_HTTP_ADDR");
        self
    }

    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Expects this standard output. Without this, [`Self::status`] expects none.
    pub fn stdout(mut self, expected: impl Into<String>) -> Self {
        self.stdout = expected.into();
        self
    }

    /// Expects this on standard error. Without this, [`Self::status`] expects nothing.
    pub fn stderr(mut self, expected: impl Into<String>) -> Self {
        self.stderr = expected.into();
        self
    }

    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.home.path().join(name), text).unwrap();
        self
    }

    /// Allows secrets in the output. This has an effect on `generate-token` and `-show-secret` only: other commands never
    /// show one.
    pub fn shows_secrets(mut self) -> Self {
        self.shows_secrets = true;
        self
    }

    /// Runs in a shell script, in which `"$@"` is the command: `ulimit -f 0; "$@" >&-`.
    pub fn through_shell(mut self, script: &str) -> Self {
        self.shell = Some(script.to_owned());
        self
    }

    /// Makes standard output a pipe without a reader.
    pub fn without_reader(mut self) -> Self {
        self.without_reader = true;
        self
    }

    /// Makes standard error a terminal of 80 columns.
    pub fn on_terminal(mut self) -> Self {
        self.on_terminal = true;
        self
    }

    /// The directory that it will run in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs it, and checks the exit code and everything that it prints.
    #[track_caller]
    pub fn status(self, status: i32) -> Finished {
        let (stdout, stderr) = (self.stdout.clone(), self.stderr.clone());
        self.run().expect(status, &stdout, &stderr)
    }

    /// Runs it. The result is for closer checks than [`Self::status`] makes.
    pub fn run(self) -> Finished {
        let program = env!("CARGO_BIN_EXE_peering");
        let mut command = match &self.shell {
            Some(script) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", script, "sh", program]);
                command
            }
            None => Command::new(program),
        };
        let (screen, terminal) = if self.on_terminal { Some(terminal()) } else { None }.unzip();
        let mut child = command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("PEERING_STATE_DIR", self.home.path().join("state"))
            .envs(&self.environment)
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(if self.without_reader { pipe_without_reader() } else { Stdio::piped() })
            .stderr(terminal.map_or_else(Stdio::piped, Stdio::from))
            .spawn()
            .unwrap();
        // It holds a copy of the terminal, which must be closed before reading ends.
        drop(command);
        let screen = screen.map(|screen| std::thread::spawn(|| shown_on(screen)));
        let mut stdin = child.stdin.take().unwrap();
        let text = self.stdin.clone();
        let writer = std::thread::spawn(move || {
            // Fails if the command exits without reading its standard input.
            let _ = stdin.write_all(&text);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let finished = Finished {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: screen
                .map_or_else(|| String::from_utf8(output.stderr).unwrap(), |screen| screen.join().unwrap()),
            home: self.home,
        };
        let may_show = self.arguments.first().is_some_and(|command| command == "generate-token")
            || self.arguments.iter().any(|argument| argument == "-show-secret");
        if !(self.shows_secrets && may_show) {
            finished.shows_no_secret(&self.arguments);
        }
        finished
    }
}

/// A running `peering dev`.
pub struct Dev {
    child: std::process::Child,
    /// The URL of its HTTP API.
    pub url: String,
}

impl Dev {
    /// Starts it on free ports and waits until it listens.
    pub fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_peering"))
            .args(["dev", "-listen", "127.0.0.1:0", "-grpc-listen", "127.0.0.1:0"].iter().chain(arguments))
            .env_clear()
            .env("HOME", home)
            .env("PEERING_STATE_DIR", home.join("state"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, url }
    }

    /// Stops it as Ctrl-C does. Returns its exit code and standard error.
    pub fn interrupt(self) -> (i32, String) {
        self.interrupt_often(1)
    }

    /// Interrupts it this often, as Ctrl-C does. Returns its exit code and standard error.
    pub fn interrupt_often(mut self, interrupts: usize) -> (i32, String) {
        let process = rustix::process::Pid::from_child(&self.child);
        for _ in 0..interrupts {
            rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        }
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        shows_no_secret(&stderr, "the standard error of dev");
        (self.child.wait().unwrap().code().unwrap_or(-1), stderr)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // It still runs if the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Opens a terminal of 80 columns. Returns the side that reads the screen, and the side for the process.
fn terminal() -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let terminal = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&terminal, size).unwrap();
    (screen, terminal)
}

/// Reads the screen until all processes have closed the terminal, which Linux reports as an error.
fn shown_on(screen: std::os::fd::OwnedFd) -> String {
    let mut shown = Vec::new();
    let _ = std::fs::File::from(screen).read_to_end(&mut shown);
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

fn pipe_without_reader() -> Stdio {
    let (_, writer) = std::io::pipe().unwrap();
    writer.into()
}

impl Finished {
    #[track_caller]
    fn shows_no_secret(&self, arguments: &[String]) {
        let name = arguments.first().map_or("", String::as_str);
        shows_no_secret(&self.stdout, &format!("the standard output of {name}"));
        shows_no_secret(&self.stderr, &format!("the standard error of {name}"));
    }

    /// Checks the exit code, standard output and standard error.
    #[track_caller]
    pub fn expect(self, status: i32, stdout: &str, stderr: &str) -> Self {
        assert_eq!(
            (self.status, self.stdout.as_str(), self.stderr.as_str()),
            (status, stdout, stderr),
            "(exit code, standard output, standard error)"
        );
        self
    }

    /// Checks the exit code only.
    #[track_caller]
    pub fn status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}
