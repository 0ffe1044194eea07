//! The embedded acceptor's key/value store, against what a real Consul 1.23.0-dev answered to the same requests.

use bytes::Bytes;
use consul_peering::acceptor::{Acceptor, Settings};
use http::{Request, Response};

fn open(directory: &std::path::Path) -> Acceptor {
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    Acceptor::open(directory, Settings::new(move || now)).unwrap()
}

fn ask(acceptor: &Acceptor, method: &str, path: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path).body(Bytes::copy_from_slice(body.as_bytes()));
    acceptor.answer(&request.unwrap())
}

/// Indexes differ between clusters: `#` stands for each.
fn told(response: &Response<Bytes>) -> (u16, String) {
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("Index\":") {
        let (before, after) = rest.split_at(at + 7);
        shown += before;
        rest = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
        shown.push(if before.ends_with("LockIndex\":") { '0' } else { '#' });
    }
    (response.status().as_u16(), shown + rest)
}

#[test]
fn every_answer_is_the_one_that_consul_gave() {
    let folder = tempfile::tempdir().unwrap();
    let acceptor = open(folder.path());
    let pair = |key: &str, flags: u32, value: &str| {
        format!(
            "{{\"LockIndex\":0,\"Key\":\"{key}\",\"Flags\":{flags},\"Value\":{value},\"CreateIndex\":#,\
             \"ModifyIndex\":#}}"
        )
    };
    let (b, c) = (pair("a/b", 0, "\"aGVsbG8=\""), pair("a/c", 0, "\"eA==\""));
    for (method, path, body, status, answer) in [
        ("GET", "a/b", "", 404, String::new()),
        ("PUT", "a/b", "hello", 200, "true".to_owned()),
        ("GET", "a/b", "", 200, format!("[{b}]")),
        ("GET", "a/b?raw", "", 200, "hello".to_owned()),
        ("PUT", "a/b?cas=0", "x", 200, "false".to_owned()),
        ("PUT", "a/c?cas=0", "x", 200, "true".to_owned()),
        ("PUT", "a/c?cas=99", "y", 200, "false".to_owned()),
        ("PUT", "new?cas=7", "y", 200, "false".to_owned()),
        ("PUT", "a/c?cas=abc", "y", 500, "strconv.ParseUint: parsing \"abc\": invalid syntax".to_owned()),
        ("PUT", "a/c?cas", "y", 500, "strconv.ParseUint: parsing \"\": invalid syntax".to_owned()),
        ("GET", "a?recurse", "", 200, format!("[{b},{c}]")),
        ("GET", "?recurse", "", 200, format!("[{b},{c}]")),
        ("GET", "a?keys", "", 200, "[\"a/b\",\"a/c\"]".to_owned()),
        ("GET", "?keys&separator=/", "", 200, "[\"a/\"]".to_owned()),
        ("GET", "zz?recurse", "", 404, String::new()),
        ("GET", "zz?keys", "", 404, String::new()),
        ("GET", "", "", 400, "Missing key name".to_owned()),
        ("PUT", "", "x", 400, "Missing key name".to_owned()),
        ("PUT", "sp%20ace%2Fx?flags=42", "x", 200, "true".to_owned()),
        ("GET", "sp%20ace/x", "", 200, format!("[{}]", pair("sp ace/x", 42, "\"eA==\""))),
        ("PUT", "f?flags=-1", "x", 500, "strconv.ParseUint: parsing \"-1\": invalid syntax".to_owned()),
        ("DELETE", "nope", "", 200, "true".to_owned()),
        ("DELETE", "a/b?cas=1", "", 200, "false".to_owned()),
        ("DELETE", "a/b?cas=0", "", 200, "false".to_owned()),
        ("DELETE", "a/b", "", 200, "true".to_owned()),
        ("GET", "a/b", "", 404, String::new()),
        ("DELETE", "?recurse&cas=1", "", 400, "Conflicting flags: cas=1&recurse=".to_owned()),
        ("DELETE", "a?recurse", "", 200, "true".to_owned()),
        ("GET", "?keys", "", 200, "[\"sp ace/x\"]".to_owned()),
        ("POST", "a", "", 405, "method POST not allowed".to_owned()),
        ("PUT", "empty", "", 200, "true".to_owned()),
        ("GET", "empty", "", 200, format!("[{}]", pair("empty", 0, "null"))),
        (
            "GET",
            "empty?partition=foo",
            "",
            400,
            "Invalid query parameter: \"partition\" - Partitions are a Consul Enterprise feature".to_owned(),
        ),
    ] {
        let answered = ask(&acceptor, method, &format!("/v1/kv/{path}"), body);
        assert_eq!(told(&answered), (status, answer), "{method} {path}");
    }
}

#[test]
fn a_value_that_is_there_already_keeps_its_index_and_another_gets_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let acceptor = open(folder.path());
    let index = || {
        let answer = ask(&acceptor, "GET", "/v1/kv/key", "");
        let found: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        let told = answer.headers()["X-Consul-Index"].to_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(found[0]["ModifyIndex"].as_u64(), Some(told));
        told
    };
    ask(&acceptor, "PUT", "/v1/kv/key", "same");
    let first = index();
    ask(&acceptor, "PUT", "/v1/kv/key", "same");
    assert_eq!(index(), first);
    let put = ask(&acceptor, "PUT", &format!("/v1/kv/key?cas={first}"), "other");
    assert_eq!(put.body(), "true");
    assert!(index() > first);
}

#[test]
fn a_state_of_before_there_were_keys_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let database = rusqlite::Connection::open(folder.path().join("acceptor.sqlite3")).unwrap();
    database
        .execute_batch(
            "DROP TABLE kv;
            ALTER TABLE peering DROP COLUMN peer_id;
            ALTER TABLE peering DROP COLUMN peer_cas;
            ALTER TABLE peering DROP COLUMN peer_server_name;
            ALTER TABLE peering DROP COLUMN peer_server_addresses;
            ALTER TABLE peering DROP COLUMN remote_datacenter;
            PRAGMA user_version = 1;",
        )
        .unwrap();
    drop(database);
    let acceptor = open(folder.path());
    assert_eq!(ask(&acceptor, "PUT", "/v1/kv/key", "x").body(), "true");
}
