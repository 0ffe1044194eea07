//! Runs the `peering` command in a world of its own, and looks at everything that it prints.
//!
//! No run sees this machine's environment or state, nor the Consul that may run on it. Whatever a run prints is searched
//! for every secret that any test knows of; a test that expects one says so with [`Peering::shows_secrets`].

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

/// Secrets and tokens that no output may hold. Those of the recorded tokens are known from the start.
static SECRETS: LazyLock<Mutex<Vec<String>>> =
    LazyLock::new(|| Mutex::new(recorded_tokens().iter().flat_map(|(_, token)| secrets_of(token)).collect()));

/// Where nobody listens. Who names no Consul must not ask the one that may run on this machine.
pub const NOBODY: &str = "127.0.0.1:1";

/// The name and the text of every recorded token.
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

/// The path of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The JSON that a token encodes.
pub fn token_json(token: &str) -> serde_json::Value {
    let json = BASE64_STANDARD.decode(token.trim().replace(['\n', '\r'], "")).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// A token and the secret in it.
fn secrets_of(token: &str) -> Vec<String> {
    let mut secrets = vec![token.trim().to_owned()];
    if let Some(secret) = token_json(token)["EstablishmentSecret"].as_str()
        && !secret.is_empty()
    {
        secrets.push(secret.to_owned());
    }
    secrets
}

/// From now on, no run may show this token or its secret unasked.
pub fn guard(token: &str) {
    SECRETS.lock().unwrap().extend(secrets_of(token));
}

/// Fails if a text holds a secret that any test knows of.
#[track_caller]
pub fn shows_no_secret(text: &str, what: &str) {
    // A copy, so that a test that fails here does not spoil the list for the others.
    let secrets = SECRETS.lock().unwrap().clone();
    assert!(!secrets.iter().any(|secret| text.contains(secret)), "a secret is in {what}");
}

/// A run of `peering` to be.
pub struct Peering {
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    stdin: Vec<u8>,
    home: TempDir,
    shows_secrets: bool,
    shell: Option<String>,
    nobody_reads: bool,
    on_a_terminal: bool,
}

/// What a run left.
pub struct Finished {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
    /// The folder that it ran in, which holds its state too (`state`).
    pub home: TempDir,
}

impl Peering {
    pub fn new<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self {
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            environment: BTreeMap::from([("CONSUL_HTTP_ADDR".to_owned(), NOBODY.to_owned())]),
            stdin: Vec::new(),
            home: tempfile::tempdir().unwrap(),
            shows_secrets: false,
            shell: None,
            nobody_reads: false,
            on_a_terminal: false,
        }
    }

    /// More arguments, after the others.
    pub fn more(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Runs in the folder of an earlier run, with its state.
    pub fn after(mut self, earlier: Finished) -> Self {
        self.home = earlier.home;
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// `CONSUL_HTTP_ADDR` is not set. Only for what asks nobody, or has its address from elsewhere.
    pub fn without_an_address(mut self) -> Self {
        self.environment.remove("CONSUL_HTTP_ADDR");
        self
    }

    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.home.path().join(name), text).unwrap();
        self
    }

    /// This run exists to show a secret: do not look for any in its output. Looked at are all the same those that have
    /// no business with showing one: all but `generate-token`, and what is told `-show-secret`.
    pub fn shows_secrets(mut self) -> Self {
        self.shows_secrets = true;
        self
    }

    /// Runs by a shell, in which `"$@"` is the command: `ulimit -f 0; "$@" >&-`.
    pub fn through_shell(mut self, script: &str) -> Self {
        self.shell = Some(script.to_owned());
        self
    }

    /// Standard output is a pipe whose reader has gone.
    pub fn nobody_reads(mut self) -> Self {
        self.nobody_reads = true;
        self
    }

    /// Standard error is a terminal of 80 columns.
    pub fn on_a_terminal(mut self) -> Self {
        self.on_a_terminal = true;
        self
    }

    /// The folder that it will run in.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

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
        let (screen, terminal) = if self.on_a_terminal { Some(terminal()) } else { None }.unzip();
        let mut child = command
            .args(&self.arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.home.path())
            .env("PEERING_STATE_DIR", self.home.path().join("state"))
            .envs(&self.environment)
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(if self.nobody_reads { pipe_without_reader() } else { Stdio::piped() })
            .stderr(terminal.map_or_else(Stdio::piped, Stdio::from))
            .spawn()
            .unwrap();
        // It holds the terminal, which ends when nobody does.
        drop(command);
        let screen = screen.map(|screen| std::thread::spawn(|| shown_on(screen)));
        let mut stdin = child.stdin.take().unwrap();
        let text = self.stdin.clone();
        let writer = std::thread::spawn(move || {
            // A command that does not read its standard input closes it; that is no fault.
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

/// A `peering dev` that is running.
pub struct Dev {
    child: std::process::Child,
    /// Where it listens.
    pub url: String,
}

impl Dev {
    /// Starts one on a free port, and waits for the line that tells which.
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

    /// Stops it as Ctrl-C does; its exit code and standard error.
    pub fn interrupt(mut self) -> (i32, String) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        shows_no_secret(&stderr, "the standard error of dev");
        (self.child.wait().unwrap().code().unwrap_or(-1), stderr)
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        // A test that failed leaves it running; one that went well has ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A terminal of 80 columns: what shows on it can be read from the first, and the second is for a process.
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

/// Everything that is shown until nobody holds the terminal any more, which Linux tells as an error.
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

    /// Everything at once, so that no test forgets a stream.
    #[track_caller]
    pub fn expect(self, status: i32, stdout: &str, stderr: &str) -> Self {
        assert_eq!(
            (self.status, self.stdout.as_str(), self.stderr.as_str()),
            (status, stdout, stderr),
            "(exit code, standard output, standard error)"
        );
        self
    }

    /// The exit code, and the streams for a closer look.
    #[track_caller]
    pub fn status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}
