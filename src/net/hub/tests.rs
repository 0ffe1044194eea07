//! A hub's KV in memory that answers as a real Consul 2.1 was measured to, with other clients in between at any request.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;
use ring::rand::SystemRandom;
use serde_json::json;

use super::*;
use crate::audit::{ClusterFact, PeeringFact};
use crate::net::consul::{ApiRequest, ApiResponse, Config, Options, Sending, Transport};

/// The limit of Consul's values.
const LIMIT: usize = 512 * 1024;

/// The keys with their values and indexes, and the last index.
#[derive(Default)]
struct Kv {
    pairs: BTreeMap<String, (Vec<u8>, u64)>,
    index: u64,
}

impl Kv {
    fn answer(&mut self, request: &ApiRequest) -> (StatusCode, Vec<u8>) {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let key =
            percent_decode_str(path.strip_prefix("/v1/kv/").unwrap()).decode_utf8().unwrap().into_owned();
        if request.method == Method::PUT {
            let value = request.body.clone().unwrap().to_vec();
            if value.len() > LIMIT {
                return (StatusCode::PAYLOAD_TOO_LARGE, b"Request body too large".to_vec());
            }
            let index: u64 = query.strip_prefix("cas=").unwrap().parse().unwrap();
            let is_unchanged = self.pairs.get(&key).map_or(0, |(_, index)| *index) == index;
            if is_unchanged {
                self.index += 1;
                self.pairs.insert(key, (value, self.index));
            }
            return (StatusCode::OK, is_unchanged.to_string().into_bytes());
        }
        if request.method == Method::DELETE {
            self.pairs.remove(&key);
            return (StatusCode::OK, b"true".to_vec());
        }
        let body = if query.starts_with("keys") {
            let to_slash = |found: &String| match found[key.len()..].find('/') {
                Some(end) if query.contains("separator") => found[..=key.len() + end].to_owned(),
                _ => found.clone(),
            };
            let mut keys: Vec<String> =
                self.pairs.keys().filter(|it| it.starts_with(&key)).map(to_slash).collect();
            keys.dedup();
            (!keys.is_empty()).then(|| json!(keys))
        } else {
            self.pairs.get(&key).map(|(value, index)| {
                json!([{ "Key": key, "Value": crate::gostd::base64::encode(value), "ModifyIndex": index }])
            })
        };
        body.map_or((StatusCode::NOT_FOUND, Vec::new()), |body| {
            (StatusCode::OK, body.to_string().into_bytes())
        })
    }
}

/// What happens before a request instead of or besides it.
type Interruption = Box<dyn FnMut(usize) -> bool + Send>;

/// A connection to the KV. Before each request, `interrupt` gets its number; the request fails if it returns `false`.
struct Connection {
    kv: Arc<Mutex<Kv>>,
    requests: Mutex<(usize, Interruption)>,
}

impl Transport for Connection {
    fn send(&self, request: ApiRequest) -> Sending<'_> {
        Box::pin(async move {
            let mut requests = self.requests.lock().unwrap();
            requests.0 += 1;
            let number = requests.0;
            if !(requests.1)(number) {
                return Err(RequestError::Setup("killed".to_owned()));
            }
            let (status, body) = self.kv.lock().unwrap().answer(&request);
            Ok(ApiResponse { status, headers: HeaderMap::new(), body: body.into() })
        })
    }
}

fn client(kv: &Arc<Mutex<Kv>>, interrupt: impl FnMut(usize) -> bool + Send + 'static) -> Client {
    let options = Options { http_addr: Some("127.0.0.1:1".to_owned()), ..Options::default() };
    let config = Config::resolve(&options, |_| None).unwrap();
    let requests = Mutex::new((0, Box::new(interrupt) as Interruption));
    Client::with_transport(config, Box::new(Connection { kv: Arc::clone(kv), requests }))
}

/// Returns the result of work that waits for nothing.
fn done<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the KV answers at once"),
    }
}

/// The maximum length of values in most tests. Short ones are faster.
const SHORT: usize = 1000;

fn write_with(client: &Client, facts: &Facts) -> Result<Written, HubError> {
    let hub = Hub { max_value_len: SHORT, ..Hub::new(client, "peering/audit") };
    done(hub.write("east", facts, &SystemRandom::new()))
}

fn write(kv: &Arc<Mutex<Kv>>, facts: &Facts) -> Written {
    write_with(&client(kv, |_| true), facts).unwrap()
}

fn read_with(client: &Client) -> Result<String, HubError> {
    let mut facts = Facts::default();
    done(Hub::new(client, "peering/audit").read(&mut facts))?;
    Ok(facts.to_lines())
}

fn read(kv: &Arc<Mutex<Kv>>) -> String {
    read_with(&client(kv, |_| true)).unwrap()
}

/// The facts of clusters, each read at a second, with so many peerings.
fn facts(clusters: &[(&str, i64)], peerings: usize) -> Facts {
    let mut facts = Facts::default();
    for (cluster, second) in clusters {
        let at = jiff::Timestamp::from_second(*second).unwrap().to_string();
        let fact = json!({ "version": 1, "cluster": cluster, "observed_at": at, "status": "ok" });
        facts.clusters.push(serde_json::from_value::<ClusterFact>(fact).unwrap());
        for number in 0..peerings {
            let fact = json!({
                "version": 1, "cluster": cluster, "observed_at": at, "name": format!("peer-{number}"),
                "id": format!("{second}-{number}"), "role": "acceptor", "state": "ACTIVE",
            });
            facts.peerings.push(serde_json::from_value::<PeeringFact>(fact).unwrap());
        }
    }
    facts
}

/// Facts of a cluster that need three parts.
fn long(second: i64) -> Facts {
    let facts = facts(&[("east", second)], 5);
    assert_eq!(facts.to_lines().len().div_ceil(SHORT), 3);
    facts
}

/// Fails if a value is too long, or a part belongs to no index.
fn check_values(kv: &Arc<Mutex<Kv>>) {
    let kv = kv.lock().unwrap();
    let index = String::from_utf8(kv.pairs["peering/audit/east"].0.clone()).unwrap();
    for (key, (value, _)) in kv.pairs.iter().filter(|(key, _)| key.contains("/parts/")) {
        assert!(value.len() <= SHORT, "{key} has {} bytes", value.len());
        assert!(index.contains(key.as_str()), "{key} is not in use");
    }
}

#[test]
fn each_value_is_shorter_than_512_kb() {
    let kv = Arc::default();
    let facts = facts(&[("east", 1)], 2700);
    done(Hub::new(&client(&kv, |_| true), "peering/audit").write("east", &facts, &SystemRandom::new()))
        .unwrap();
    let lengths: Vec<usize> = kv.lock().unwrap().pairs.values().map(|(value, _)| value.len()).collect();
    assert!(lengths.len() > 3 && lengths.iter().all(|length| *length < 512_000), "{lengths:?}");
    assert!(read(&kv) == facts.to_lines());
}

#[test]
fn short_facts_are_one_value_and_long_ones_parts() {
    let kv = Arc::default();
    let short = facts(&[("east", 1), ("west", 2)], 0);
    assert_eq!(write(&kv, &short), Written { lost_races: 0, outcome: Outcome::Replaced });
    assert_eq!(kv.lock().unwrap().pairs["peering/audit/east"].0, short.to_lines().into_bytes());
    assert_eq!(read(&kv), short.to_lines());
    for second in [10, 20] {
        write(&kv, &long(second));
        assert_eq!(kv.lock().unwrap().pairs.len(), 4, "an index and three parts");
        check_values(&kv);
        assert_eq!(read(&kv), long(second).to_lines());
    }
    write(&kv, &facts(&[("east", 30)], 0));
    assert_eq!(kv.lock().unwrap().pairs.len(), 1);
}

#[test]
fn an_older_observation_never_replaces_a_newer_one() {
    let kv = Arc::default();
    let outcome = |facts: &Facts| write(&kv, facts).outcome;
    assert_eq!(outcome(&facts(&[("east", 50), ("west", 60)], 1)), Outcome::Replaced);
    assert_eq!(outcome(&facts(&[("east", 40), ("west", 40)], 2)), Outcome::Newer);
    assert_eq!(read(&kv), facts(&[("east", 50), ("west", 60)], 1).to_lines());
    // Of each cluster, the newer one.
    assert_eq!(outcome(&facts(&[("east", 55), ("west", 55)], 1)), Outcome::Merged);
    assert_eq!(read(&kv), facts(&[("east", 55), ("west", 60)], 1).to_lines());
    // A cluster that is no longer collected goes, unless it was read after this run started.
    assert_eq!(outcome(&facts(&[("north", 57)], 1)), Outcome::Merged);
    assert_eq!(read(&kv), facts(&[("north", 57), ("west", 60)], 1).to_lines());
    assert_eq!(outcome(&facts(&[("north", 70)], 1)), Outcome::Replaced);
    assert_eq!(read(&kv), facts(&[("north", 70)], 1).to_lines());
}

#[test]
fn another_collector_at_any_time_loses_nothing() {
    for (ours, theirs) in [(100, 200), (200, 100)] {
        let mut lost = 0;
        for position in 1.. {
            let kv = Arc::default();
            write(&kv, &long(1));
            let (shared, seen) = (Arc::clone(&kv), Arc::new(Mutex::new(0)));
            let count = Arc::clone(&seen);
            let interrupted = client(&kv, move |number| {
                *count.lock().unwrap() = number;
                if number == position {
                    write(&shared, &long(theirs));
                }
                true
            });
            let written = write_with(&interrupted, &long(ours)).unwrap();
            if *seen.lock().unwrap() < position {
                assert!(position > 10);
                break;
            }
            lost += written.lost_races;
            check_values(&kv);
            assert_eq!(read(&kv), long(200).to_lines(), "request {position}");
        }
        assert!(lost > 0, "some races were lost");
    }
}

#[test]
fn a_killed_collector_leaves_whole_facts_and_the_next_one_removes_its_parts() {
    let old = long(1).to_lines();
    let mut results = Vec::new();
    for position in 1.. {
        let kv = Arc::default();
        write(&kv, &long(1));
        let killed = write_with(&client(&kv, move |number| number < position), &long(2));
        let found = read(&kv);
        assert!(found == old || found == long(2).to_lines(), "request {position}");
        results.push(found == old);
        write(&kv, &long(3));
        check_values(&kv);
        if killed.is_ok() {
            break;
        }
    }
    // The old facts until the index is written, the new ones from then on.
    let first_new = results.iter().position(|is_old| !is_old);
    assert_eq!(first_new, Some(results.len() - 1), "{results:?}");
}

#[test]
fn a_reader_gets_the_whole_facts_of_one_collector() {
    for position in 1..12 {
        let kv = Arc::default();
        write(&kv, &long(1));
        let shared = Arc::clone(&kv);
        let interrupted = client(&kv, move |number| {
            if number == position {
                write(&shared, &long(2));
            }
            true
        });
        let found = read_with(&interrupted).unwrap();
        assert!(found == long(1).to_lines() || found == long(2).to_lines(), "request {position}");
    }
}

#[test]
fn missing_and_changed_parts_are_errors_and_can_be_replaced() {
    for change in [None, Some(b"{}\n".to_vec())] {
        let kv = Arc::default();
        write(&kv, &long(1));
        let part = kv.lock().unwrap().pairs.keys().rfind(|key| key.contains("/parts/")).unwrap().clone();
        match change {
            Some(value) => drop(kv.lock().unwrap().pairs.insert(part.clone(), (value, 99))),
            None => drop(kv.lock().unwrap().pairs.remove(&part)),
        }
        let error = read_with(&client(&kv, |_| true)).unwrap_err().to_string();
        assert_eq!(error, format!("the part {part} is missing or damaged"));
        write(&kv, &long(2));
        assert_eq!(read(&kv), long(2).to_lines());
        check_values(&kv);
    }
}

#[test]
fn other_values_are_neither_read_nor_replaced() {
    for value in [
        "hello",
        "{\"kind\":\"parts\",\"version\":2}",
        "{\"kind\":\"parts\",\"version\":1}",
        "{\"kind\":\"parts\",\"version\":1,\"parts\":[{\"key\":\"vault/secret\",\"sha256\":\"\"}]}",
    ] {
        let kv: Arc<Mutex<Kv>> = Arc::default();
        kv.lock().unwrap().pairs.insert("peering/audit/east".to_owned(), (value.into(), 7));
        let client = client(&kv, |_| true);
        assert!(read_with(&client).is_err(), "{value}");
        assert!(write_with(&client, &facts(&[("east", 1)], 1)).is_err(), "{value}");
        assert_eq!(kv.lock().unwrap().pairs["peering/audit/east"].0, value.as_bytes());
    }
    // An empty value is an empty file, and a directory of Consul's page is not facts.
    let kv: Arc<Mutex<Kv>> = Arc::default();
    for key in ["peering/audit/", "peering/audit/east", "peering/audit/below/west", "peering/audited"] {
        kv.lock().unwrap().pairs.insert(key.to_owned(), (Vec::new(), 7));
    }
    assert_eq!(read(&kv), "");
    assert_eq!(write(&kv, &facts(&[("east", 1)], 1)).outcome, Outcome::Replaced);
    assert_eq!(read(&kv), facts(&[("east", 1)], 1).to_lines());
}
