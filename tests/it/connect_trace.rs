//! The system calls of `peering connect`: the token goes to the two clusters, and to no file, argument or variable.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::peering::{Dev, guard, token_json};

/// The calls that write, or start a program.
const CALLS: &str = "trace=execve,execveat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,rename,renameat,renameat2,\
                     link,linkat,symlink,symlinkat,memfd_create";

/// A system call: its name, what its first argument is if it is a descriptor, and the texts in its arguments.
struct Call {
    name: String,
    descriptor: String,
    texts: Vec<u8>,
}

/// Runs the command under strace. Returns its standard output and its calls; `None` if strace cannot trace here.
fn trace(home: &std::path::Path, words: &[&str]) -> Option<(String, Vec<Call>)> {
    let run = Command::new("strace")
        .args(["-f", "-y", "-v", "-xx", "-s", "1000000", "-o", "trace", "-e", CALLS])
        .arg(env!("CARGO_BIN_EXE_peering"))
        .args(words)
        .args(["-config", "c.toml"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("PEERING_STATE_DIR", home.join("state"))
        .current_dir(home)
        .stdin(Stdio::null())
        .output();
    let output = match run {
        Ok(output) if !String::from_utf8_lossy(&output.stderr).contains("strace: ") => output,
        _ => {
            eprintln!("SKIPPED: strace is missing, or may not trace here");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = std::fs::read_to_string(home.join("trace")).unwrap();
    Some((String::from_utf8(output.stdout).unwrap(), lines.lines().filter_map(call).collect()))
}

/// Parses a line such as `17 write(1</dev/null>, "\x61", 1) = 1`.
fn call(line: &str) -> Option<Call> {
    let form = regex::Regex::new(r"^\d+ +(\w+)\((?:\d+<([^>]*)>)?(.*)$").unwrap();
    let found = form.captures(line)?;
    let text = regex::Regex::new(r#""((?:\\x[0-9a-f]{2})*)""#).unwrap();
    let mut texts = Vec::new();
    for text in text.captures_iter(&found[3]) {
        texts.extend(bytes(&text[1]));
        texts.push(0);
    }
    let descriptor = found.get(2).map_or("", |it| it.as_str());
    let descriptor = if descriptor.contains("\\x") {
        String::from_utf8_lossy(&bytes(descriptor)).into_owned()
    } else {
        descriptor.to_owned()
    };
    Some(Call { name: found[1].to_owned(), descriptor, texts })
}

/// Returns the bytes of `\x61\x62`.
fn bytes(escaped: &str) -> Vec<u8> {
    escaped.split("\\x").skip(1).filter_map(|digits| u8::from_str_radix(digits.get(..2)?, 16).ok()).collect()
}

/// Returns where a token, its secret or a piece of them is. The rest of a token, such as the CA, is in the ledger too.
fn places(calls: &[Call], token: &str) -> BTreeSet<String> {
    let secret = token_json(token)["EstablishmentSecret"].as_str().unwrap().to_owned();
    let json = String::from_utf8(BASE64_STANDARD.decode(token).unwrap()).unwrap();
    let start = json.find(&secret).unwrap() * 4 / 3;
    let mut parts = vec![token.to_owned(), token[..200].to_owned(), token[start + 2..start + 24].to_owned()];
    parts.push(token[start + 24..start + 46].to_owned());
    parts.push(secret.replace('-', ""));
    for shift in 0..3 {
        let encoded = BASE64_STANDARD.encode(["x".repeat(shift), secret.clone()].concat());
        parts.push(encoded[4..encoded.len() - 4].to_owned());
    }
    parts.push(secret);
    let contains = |call: &&Call| {
        parts.iter().any(|part| call.texts.windows(part.len()).any(|bytes| bytes == part.as_bytes()))
    };
    calls.iter().filter(contains).map(|call| format!("{} {}", call.name, kind(&call.descriptor))).collect()
}

/// Returns `socket` for a connection, and the name of anything else.
fn kind(descriptor: &str) -> &str {
    let is_socket = ["socket:", "TCP:", "TCPv6:"].iter().any(|start| descriptor.starts_with(start));
    if is_socket { "socket" } else { descriptor }
}

#[test]
fn the_token_is_written_to_connections_only() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let acceptor = Dev::start(&path.join("dc1"), &[]);
    let dialer = Dev::start(&path.join("dc2"), &["-datacenter", "dc2"]);
    let file = format!(
        "[contexts.east]\nhttp_addr = '{}'\n[contexts.west]\nhttp_addr = '{}'\n",
        acceptor.url, dialer.url
    );
    std::fs::write(path.join("c.toml"), file).unwrap();
    // The search finds a token that is written to a file, and one that is an argument.
    let generate = ["generate-token", "-name", "other", "-context", "east", "-out", "other.token"];
    let Some((_, calls)) = trace(path, &generate) else { return };
    let token = std::fs::read_to_string(path.join("other.token")).unwrap().trim().to_owned();
    guard(&token);
    let in_file = places(&calls, &token);
    assert!(in_file.iter().any(|place| place.starts_with("write /")), "{in_file:?}");
    let Some((_, calls)) = trace(path, &["inspect", &token]) else { return };
    assert!(places(&calls, &token).contains("execve "), "{:?}", places(&calls, &token));

    let connect = ["connect", "-acceptor", "east", "-dialer", "west", "-wait", "120s", "-timeout", "60s"];
    let Some((stdout, calls)) = trace(path, &connect) else { return };
    assert!(stdout.starts_with("✓ Connected: "), "{stdout}");
    let sent: Vec<u8> = calls.iter().flat_map(|call| call.texts.clone()).collect();
    let form = regex::bytes::Regex::new("eyJ[A-Za-z0-9+/=]{200,}").unwrap();
    let tokens: BTreeSet<&[u8]> = form.find_iter(&sent).map(|found| found.as_bytes()).collect();
    let [token] = tokens.into_iter().collect::<Vec<_>>()[..] else { panic!("not one token in the trace") };
    let token = std::str::from_utf8(token).unwrap();
    guard(token);
    let found = places(&calls, token);
    assert!(!found.is_empty() && found.iter().all(|place| place.ends_with(" socket")), "{found:?}");
}
