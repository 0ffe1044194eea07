//! `peering audit collect` never has more connections than `-jobs`, whatever servers do with them.

#[path = "../../benches/fleet/sockets.rs"]
pub mod sockets;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;
use sockets::Sockets;

use crate::audit_collect::statuses;
use crate::peering::Peering;

/// What a server does with a request, by the start of the cluster's name, and how many of them there are.
const BEHAVIORS: [(&str, usize); 7] = [
    ("answers", 20),
    ("closes-after-each-answer", 10),
    ("dead", 10),
    ("redirects", 10),
    ("silent", 2),
    ("slow", 10),
    ("trickles", 2),
];

/// A server of any number of clusters that counts its connections.
struct Counting {
    address: String,
    shared: Arc<Shared>,
}

struct Shared {
    address: String,
    sockets: Sockets,
    /// The requests for CA roots wait until there are so many.
    at_once: usize,
    waiting: Mutex<usize>,
    more_waiting: Condvar,
}

impl Counting {
    fn start(at_once: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            address: address.clone(),
            sockets: Sockets::default(),
            at_once,
            waiting: Mutex::default(),
            more_waiting: Condvar::new(),
        });
        let server = Self { address, shared: Arc::clone(&shared) };
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let (shared, held) = (Arc::clone(&shared), shared.sockets.add(&stream));
                thread::spawn(move || {
                    shared.serve(stream);
                    drop(held);
                });
            }
        });
        server
    }
}

impl Shared {
    /// Serves a connection until one side closes it.
    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(path) = read_request(&mut reader) {
            let (cluster, path) = path.trim_start_matches('/').split_once('/').unwrap();
            let headers = match cluster.rsplit_once('-').map_or(cluster, |(kind, _)| kind) {
                "closes-after-each-answer" => "Connection: close\r\n".to_owned(),
                "dead" => return,
                "redirects" => {
                    // Another origin, but the same server.
                    let port = self.address.rsplit_once(':').unwrap().1;
                    let location = format!("Location: http://localhost:{port}/answers-{cluster}/{path}\r\n");
                    let _ = write!(
                        stream,
                        "HTTP/1.1 307 Temporary Redirect\r\n{location}Content-Length: 0\r\n\r\n"
                    );
                    continue;
                }
                "silent" => continue,
                "slow" => {
                    thread::sleep(Duration::from_millis(5));
                    String::new()
                }
                "trickles" => {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
                    while stream.write_all(b" ").is_ok() {
                        thread::sleep(Duration::from_millis(5));
                    }
                    return;
                }
                _ => String::new(),
            };
            let (status, body) = self.answer(path);
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
            if stream.write_all(answer.as_bytes()).is_err() || !headers.is_empty() {
                return;
            }
        }
    }

    fn answer(&self, path: &str) -> (&'static str, &'static str) {
        match path {
            "v1/connect/ca/roots" => {
                let mut waiting = self.waiting.lock().unwrap();
                *waiting += 1;
                self.more_waiting.notify_all();
                let minute = Duration::from_mins(1);
                let is_early = |waiting: &mut usize| *waiting < self.at_once;
                drop(self.more_waiting.wait_timeout_while(waiting, minute, is_early).unwrap());
                ("200 OK", "{\"TrustDomain\":\"\",\"Roots\":[]}")
            }
            "v1/internal/acl/authorize" => ("401 Unauthorized", "ACL support disabled"),
            "v1/peerings" => ("200 OK", "[]"),
            _ => ("404 Not Found", ""),
        }
    }
}

/// Reads a request and returns its path; `None` if the client closed the connection.
fn read_request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.to_ascii_lowercase().strip_prefix("content-length:") {
            Some(value) => length = value.trim().parse().unwrap(),
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    first.split(' ').nth(1).map(str::to_owned)
}

#[test]
fn there_are_never_more_connections_than_jobs() {
    thread::scope(|scope| {
        for jobs in [1, 2, 5, 16] {
            scope.spawn(move || collect_with(jobs));
        }
    });
}

fn collect_with(jobs: usize) {
    let server = Counting::start(jobs);
    let of_kind = |(kind, count)| (0..count).map(move |number| format!("{kind}-{number:02}"));
    let names: Vec<String> = BEHAVIORS.into_iter().flat_map(of_kind).collect();
    let line = |name: &String| {
        json!({ "name": name, "http_addr": format!("{}/{name}", server.address) }).to_string()
    };
    let inventory = names.iter().map(line).collect::<Vec<_>>().join("\n");
    let jobs_text = jobs.to_string();
    let collect = ["audit", "collect", "-inventory", "-", "-jobs", &jobs_text, "-timeout", "1s"];
    let run = Peering::new().args(collect).stdin(inventory).run().status(1);
    // On a slow machine, others may take too long too.
    let is_unreachable =
        |name: &&String| ["dead", "silent", "trickles"].iter().any(|kind| name.starts_with(kind));
    for name in names.iter().filter(is_unreachable) {
        assert!(statuses(&run.stdout).contains(&format!("{name} unreachable")), "{name}: {}", run.stdout);
    }
    assert_eq!(statuses(&run.stdout).len(), names.len());
    assert_eq!(server.shared.sockets.take_most(), jobs, "-jobs {jobs}");
}

#[test]
fn a_cluster_that_does_not_answer_costs_its_timeout_only() {
    // Accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = Counting::start(1);
    let inventory = format!(
        "[contexts.silent]\nhttp_addr = '{}'\n[contexts.z]\nhttp_addr = '{}/z'\n",
        silent.local_addr().unwrap(),
        other.address
    );
    let run =
        Peering::new().args(["audit", "collect", "-inventory", "i.toml", "-jobs", "1", "-timeout", "300ms"]);
    let run = run.file("i.toml", inventory).run().status(1);
    assert!(run.stdout.contains(" took longer than 0.3 s\""), "{}", run.stdout);
    assert_eq!(statuses(&run.stdout), ["silent unreachable", "z ok"]);
}
