//! Two embedded acceptors that peer with each other over real sockets.

use serde_json::{Value, json};

use crate::peering::{Dev, Peering};
use crate::served::{Served, token};

const TOKEN_REJECTED: &str = "a new peering token must be generated: invalid peering establishment secret";

#[tokio::test]
async fn a_token_establishes_a_peering_that_both_sides_show() {
    let west = Served::start(|_| {}).await;
    let east = Served::start(|settings| settings.datacenter = "dc2".into()).await;
    let text = west.generate("east").await;
    assert_eq!(east.establish("west", &text).await, (200, "{}".to_owned()));
    let accepted = west.wait_for("east", "ACTIVE").await;
    let dialed = east.wait_for("west", "ACTIVE").await;
    assert_eq!(accepted["Remote"]["Datacenter"], "dc2");
    assert_eq!(dialed["Remote"]["Datacenter"], "dc1");
    assert_eq!(dialed["PeerID"], accepted["ID"]);
    assert_eq!(dialed["PeerServerName"], json!(token(&text).server_name));
    assert_eq!(dialed["PeerServerAddresses"], json!([west.address.to_string()]));
    assert_eq!(dialed["PeerCAPems"], json!(token(&text).ca));
    for (served, name) in [(&west, "east"), (&east, "west")] {
        for _ in 0..1000 {
            if !served.read(name).await["StreamStatus"]["LastHeartbeat"].is_null() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let status = &served.read(name).await["StreamStatus"];
        assert!(status["LastHeartbeat"].is_string(), "{name}: {status}");
        assert!(status["LastReceive"].is_string() && status["LastSend"].is_string(), "{name}: {status}");
    }
}

#[tokio::test]
async fn used_superseded_and_orphaned_tokens_get_the_same_error() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let refused = (403, TOKEN_REJECTED.to_owned());
    let superseded = west.generate("east").await;
    let text = west.generate("east").await;
    assert_eq!(east.establish("west", &superseded).await, refused);
    assert_eq!(east.read("west").await["State"], "PENDING");
    assert_eq!(east.establish("west", &text).await.0, 200);
    assert_eq!(east.establish("west", &text).await, refused);
    assert_eq!(east.establish("other-name", &text).await, refused);
    let orphaned = west.generate("gone").await;
    west.ask("DELETE", "/v1/peering/gone", &Value::Null).await;
    assert_eq!(east.establish("gone", &orphaned).await, refused);
    west.generate("gone").await;
    assert_eq!(east.establish("gone", &orphaned).await, refused);
}

#[tokio::test]
async fn deleting_on_either_side_terminates_the_peering_on_the_other() {
    for deletes_west in [true, false] {
        let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
        assert_eq!(east.establish("west", &west.generate("east").await).await.0, 200);
        west.wait_for("east", "ACTIVE").await;
        east.wait_for("west", "ACTIVE").await;
        let (here, own, there, its) =
            if deletes_west { (&west, "east", &east, "west") } else { (&east, "west", &west, "east") };
        here.ask("DELETE", &format!("/v1/peering/{own}"), &Value::Null).await;
        here.wait_for(own, 404).await;
        there.wait_for(its, "TERMINATED").await;
    }
}

#[tokio::test]
async fn a_peering_is_failing_while_its_peer_is_down() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    assert_eq!(east.establish("west", &west.generate("east").await).await.0, 200);
    west.wait_for("east", "ACTIVE").await;
    let stopped = east.stop();
    west.wait_for("east", "FAILING").await;
    let _east = Served::over(stopped, |_| {}).await;
    west.wait_for("east", "ACTIVE").await;
}

#[tokio::test]
async fn names_and_clusters_that_cannot_peer_are_rejected_with_consuls_errors() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let text = west.generate("east").await;
    let name = token(&text).server_name;
    let same = format!(
        "cannot create a peering within the same cluster \"{name}\". Refer to the `exported-services` documentation \
         if you want to export between partitions without peering"
    );
    assert_eq!(west.establish("self", &text).await, (500, same));
    east.generate("waits").await;
    let waits =
        "cannot create peering with name: \"waits\"; there is an existing peering expecting to be dialed";
    assert_eq!(east.establish("waits", &text).await, (500, waits.to_owned()));
    assert_eq!(east.establish("west", &text).await.0, 200);
    let dialed = "cannot create peering with name: \"west\"; there is already an established peering";
    let body = json!({ "PeerName": "west" });
    assert_eq!(east.ask("POST", "/v1/peering/token", &body).await, (500, dialed.to_owned()));
}

#[tokio::test]
async fn addresses_are_tried_in_turn_for_three_seconds() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut faulty = token(&west.generate("east").await);
    faulty.server_addresses = Some(vec![closed.to_string()]);
    let started = std::time::Instant::now();
    let (status, text) = east.establish("west", &consul_peering::token::encode(&faulty)).await;
    assert!(started.elapsed().as_secs() >= 3);
    assert_eq!(status, 503);
    let line = format!(
        "\t* failed to exchange peering secret through address \"{closed}\": rpc error: code = Unavailable desc = \
         connection error: desc = \"transport: Error while dialing: dial tcp {closed}: connect: connection refused\""
    );
    let attempts = text.lines().filter(|it| *it == line).count();
    // A busy machine makes fewer attempts. No machine makes more than 18: there are 170 ms between two of them.
    assert!((1..=18).contains(&attempts), "{text}");
    let head = if attempts == 1 { "1 error occurred:" } else { &format!("{attempts} errors occurred:") };
    assert_eq!(text, format!("{head}\n{}\n\n", vec![line; attempts].join("\n")));
    // A good address after it is reached in the same round.
    faulty.server_addresses = Some(vec![closed.to_string(), west.address.to_string()]);
    assert_eq!(east.establish("west", &consul_peering::token::encode(&faulty)).await.0, 200);
}

#[test]
fn tokens_of_dev_contain_the_port_for_dialers() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let generated = Peering::new()
        .args(["generate-token", "-name", "east", "-http-addr", &dev.url])
        .shows_secrets()
        .run()
        .status(0);
    let address = crate::peering::token_json(&generated.stdout)["ServerAddresses"][0].clone();
    let address = address.as_str().unwrap();
    assert_ne!(address, "127.0.0.1:8503");
    assert!(std::net::TcpStream::connect(address).is_ok());
    let (status, stderr) = dev.interrupt();
    assert_eq!(status, 0, "{stderr}");
    assert!(stderr.contains(&format!("Serving dialers on {address}\n")), "{stderr}");
}

#[tokio::test]
async fn keys_are_set_only_if_their_index_is_the_expected_one() {
    let west = Served::start(|_| {}).await;
    let put = async |path: &str, value: Value| west.ask("PUT", &format!("/v1/kv/{path}"), &value).await;
    let get = async |path: &str| west.ask("GET", &format!("/v1/kv/{path}"), &Value::Null).await;
    let delete = async |path: &str| west.ask("DELETE", &format!("/v1/kv/{path}"), &Value::Null).await;
    let (yes, no) = ((200, "true".to_owned()), (200, "false".to_owned()));
    assert_eq!(get("a/b").await, (404, String::new()));
    assert_eq!(put("a/b?cas=0", json!(1)).await, yes);
    assert_eq!(put("a/b?cas=0", json!(2)).await, no);
    let entry: Value = serde_json::from_str(&get("a/b").await.1).unwrap();
    let index = entry[0]["ModifyIndex"].as_u64().unwrap();
    assert_eq!(
        entry,
        json!([{ "LockIndex": 0, "Key": "a/b", "Flags": 0, "Value": "MQ==", "CreateIndex": index, "ModifyIndex": index }])
    );
    assert_eq!(put(&format!("a/b?cas={}", index + 1), json!(2)).await, no);
    assert_eq!(put(&format!("a/b?cas={index}"), json!(2)).await, yes);
    assert_eq!(get("a/b?raw").await.1, "2");
    assert_eq!(put("a/c/d", json!(3)).await, yes);
    assert_eq!(get("a/?keys").await.1, r#"["a/b","a/c/d"]"#);
    assert_eq!(get("a/?keys&separator=/").await.1, r#"["a/b","a/c/"]"#);
    let below: Value = serde_json::from_str(&get("a/?recurse").await.1).unwrap();
    assert_eq!(below.as_array().unwrap().len(), 2);
    assert_eq!(get("zz?keys").await.0, 404);
    assert_eq!(delete(&format!("a/b?cas={index}")).await, no);
    assert_eq!(delete("a/b").await, yes);
    assert_eq!(delete("a/?recurse").await, yes);
    assert_eq!(get("?keys").await, (200, "[]".to_owned()));
    assert_eq!(put("", json!(1)).await, (400, "Missing key name".to_owned()));
    let wrong = "strconv.ParseUint: parsing \"abc\": invalid syntax";
    assert_eq!(put("x?cas=abc", json!(1)).await, (500, wrong.to_owned()));
}

#[tokio::test]
async fn the_files_of_a_snapshot_match_their_checksums() {
    let (west, east) = (Served::start(|_| {}).await, Served::start(|_| {}).await);
    let unused = west.generate("unused").await;
    let used = west.generate("used").await;
    assert_eq!(east.establish("west", &used).await.0, 200);
    west.wait_for("used", "ACTIVE").await;
    let archive = west.snapshot().await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("state.snap"), archive).unwrap();
    let unpacked = std::process::Command::new("sh")
        .args(["-c", "tar -xzf state.snap && sha256sum -c SHA256SUMS"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&unpacked.stdout), "meta.json: OK\nstate.bin: OK\n");
    let state = std::fs::read(directory.path().join("state.bin")).unwrap();
    let holds = |text: &str| state.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(token(&unused).establishment_secret.expose()));
    assert!(!holds(token(&used).establishment_secret.expose()));
    assert!(holds(&token(&used).peer_id));
}
