use super::super::message::Operation;
use super::*;
use proptest::prelude::*;

fn only(text: &str) -> Message {
    let mut found = messages(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn text_without_layers_is_one_message() {
    let message = only("peering token peer ID value is empty\n");
    assert_eq!(message.text, "peering token peer ID value is empty");
    assert_eq!(message.range, 0..36);
}

#[test]
fn the_prefix_of_the_command_line_contains_operation_and_peering() {
    let message = only(
        "Error establishing peering for cluster-01: Unexpected response code: 500 (cannot create a peering within the same partition (ENT) or cluster (OSS))\n",
    );
    assert_eq!(message.operation, Some(Operation::Establish));
    assert_eq!(message.peering.as_deref(), Some("cluster-01"));
    assert_eq!(message.http_status, Some(500));
    assert_eq!(message.text, "cannot create a peering within the same partition (ENT) or cluster (OSS)");
}

#[test]
fn every_item_of_a_list_has_the_values_of_the_layers_around_the_list() {
    let text = "Error establishing peering for c: Unexpected response code: 503 (2 errors occurred:\n\
        \t* failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection refused\"\n\
        \t* failed to exchange peering secret through address \"10.0.0.2:8503\": rpc error: code = Unavailable desc = no healthy upstream\n\n)\n";
    let found = messages(text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].address.as_deref(), Some("10.0.0.1:8503"));
    assert_eq!(
        found[0].text,
        "transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection refused"
    );
    assert_eq!(&text[found[0].range.clone()], found[0].text);
    assert_eq!(found[1].grpc_code.as_deref(), Some("Unavailable"));
    assert_eq!(found[1].http_status, Some(503));
    assert_eq!(found[1].text, "no healthy upstream");
}

#[test]
fn the_innermost_grpc_code_wins() {
    let message = only(
        "rpc error: code = Unknown desc = 1 error occurred:\n\t* failed to exchange peering secret with \"127.0.0.33:8502\": rpc error: code = PermissionDenied desc = invalid peering establishment secret\n\n",
    );
    assert_eq!(message.grpc_code.as_deref(), Some("PermissionDenied"));
    assert_eq!(message.address.as_deref(), Some("127.0.0.33:8502"));
}

#[test]
fn the_quotes_of_a_log_line_are_removed() {
    let found = messages(
        r#"2026-11-23T18:00:00.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name=c error="rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: failed to find Consul server for global address \\\"10.0.0.1:8300\\\"\"" peer_id=x"#,
    );
    assert_eq!(
        found[0].text,
        "transport: Error while dialing: failed to find Consul server for global address \"10.0.0.1:8300\""
    );
    // The text around the value follows it.
    let around: Vec<_> = found[1..].iter().map(|message| message.text.as_str()).collect();
    assert_eq!(around, ["peer_id=x", "agent.server.peering: error managing peering stream: peer_name=c"]);
}

#[test]
fn the_gutter_of_a_multiline_log_value_is_removed() {
    let found = messages(
        "2026-11-23T18:00:00Z [ERROR] agent.http: Request error: method=POST\n  error=\n  | 1 error occurred:\n  | \t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = no healthy upstream\n  | \n",
    );
    assert!(
        found.iter().any(|message| message.text == "no healthy upstream" && message.address.is_some()),
        "{found:#?}"
    );
}

#[test]
fn a_message_copied_from_json_is_unescaped() {
    let found = messages(
        r#"Unexpected response code: 503 (2 errors occurred:\n\t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = no healthy upstream\n\t* failed to exchange peering secret through address \"b:1\": rpc error: code = Unavailable desc = no healthy upstream\n\n)"#,
    );
    let addresses: Vec<_> = found.iter().filter_map(|message| message.address.as_deref()).collect();
    assert_eq!(addresses, ["a:1", "b:1"]);
}

#[test]
fn errors_before_the_http_api_contain_the_url() {
    let message = only(
        "Error listing peerings: Get \"https://user:password@127.0.0.19:8501/v1/peerings?token=x\": remote error: tls: certificate required",
    );
    assert_eq!(message.url.as_deref(), Some("https://127.0.0.19:8501/v1/peerings"));
    assert_eq!(message.text, "remote error: tls: certificate required");
}

#[test]
fn truncated_text_is_split_into_messages() {
    let found = messages(
        "Unexpected response code: 503 (18 errors occurred:\n\t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = connection error: desc = \"error reading server pref",
    );
    assert_eq!(found[0].text, "error reading server pref");
    assert_eq!(found[0].address.as_deref(), Some("a:1"));
}

#[test]
fn long_adversarial_text_is_split_in_linear_time() {
    let started = std::time::Instant::now();
    for part in [
        "Unexpected response code: 5 (\n",
        "rpc error: code = A desc = ",
        "1 error occurred:\n* ",
        "\"error\":\"\\",
        "(",
        "\n",
    ] {
        messages(&part.repeat(MAX_TEXT_LEN / 4 / part.len()));
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_text_panics_and_every_range_is_valid(text in "(\\PC|\n|\"|\\\\|\\(|\\)){0,200}") {
        for message in messages(&text) {
            prop_assert!(text.get(message.range).is_some());
        }
    }

    #[test]
    fn no_combination_of_layers_panics(parts in prop::collection::vec(prop::sample::select(vec![
        "Error establishing peering for ", "x: ", "Unexpected response code: ", "503 (", ")", "2 errors occurred:", "\n\t* ",
        "failed to exchange peering secret through address \"", "\": ", "rpc error: code = ", "Internal", " desc = ",
        "connection error: desc = \"", "\\\"", "\\u00e9", "\\", "Post \"http://u@h/v1?q\": ", "error=\"", "“é”", "\u{1b}[31m", "| ",
    ]), 0..24)) {
        let text = parts.concat();
        for message in messages(&text) {
            prop_assert!(text.get(message.range).is_some());
        }
    }
}

#[test]
fn a_token_after_an_empty_body_is_redacted() {
    let token = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxsLCJTZXJ2ZXJBZGRyZXNzZXMiOltdfQ==";
    let status = "Unexpected response code: 503 (";
    for text in
        [format!("{status}{status}){token})"), format!("{status}){token}"), format!("{status}) {token}")]
    {
        let found = messages(&text);
        assert!(!found.is_empty() && found.iter().all(|message| !message.text.contains(token)), "{found:?}");
    }
}
