//! The embedded acceptor's KV store, compared with the responses of a real Consul 1.23.0-dev to the same requests.

use bytes::Bytes;
use consul_peering::acceptor::{Acceptor, Settings};
use http::{Request, Response};

fn open(directory: &std::path::Path) -> Acceptor {
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    Acceptor::open(directory, Settings::new(move || now)).unwrap()
}

fn send(acceptor: &Acceptor, method: &str, path: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(path).body(Bytes::copy_from_slice(body.as_bytes()));
    acceptor.answer(&request.unwrap())
}

/// Returns status and body, with `#` for each index: they differ between clusters.
fn without_indexes(response: &Response<Bytes>) -> (u16, String) {
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("Index\":") {
        let (before, after) = rest.split_at(at + 7);
        shown += before;
        rest = after.trim_start_matches(|character: char| character.is_ascii_digit());
        shown.push(if before.ends_with("LockIndex\":") { '0' } else { '#' });
    }
    (response.status().as_u16(), shown + rest)
}

#[test]
fn responses_equal_those_of_a_real_consul() {
    let directory = tempfile::tempdir().unwrap();
    let acceptor = open(directory.path());
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
        let response = send(&acceptor, method, &format!("/v1/kv/{path}"), body);
        assert_eq!(without_indexes(&response), (status, answer), "{method} {path}");
    }
}

#[test]
fn writing_the_same_value_keeps_the_index_and_another_value_changes_it() {
    let directory = tempfile::tempdir().unwrap();
    let acceptor = open(directory.path());
    let index = || {
        let answer = send(&acceptor, "GET", "/v1/kv/key", "");
        let found: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        let index = answer.headers()["X-Consul-Index"].to_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(found[0]["ModifyIndex"].as_u64(), Some(index));
        index
    };
    send(&acceptor, "PUT", "/v1/kv/key", "same");
    let first = index();
    send(&acceptor, "PUT", "/v1/kv/key", "same");
    assert_eq!(index(), first);
    let put = send(&acceptor, "PUT", &format!("/v1/kv/key?cas={first}"), "other");
    assert_eq!(put.body(), "true");
    assert!(index() > first);
}

#[test]
fn a_state_of_version_1_is_migrated() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let database = rusqlite::Connection::open(directory.path().join("acceptor.sqlite3")).unwrap();
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
    let acceptor = open(directory.path());
    assert_eq!(send(&acceptor, "PUT", "/v1/kv/key", "x").body(), "true");
}
