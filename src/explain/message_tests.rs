use super::*;
use proptest::prelude::*;

fn only(text: &str) -> Cause {
    let mut found = causes(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn a_plain_message_is_its_own_cause() {
    let cause = only("peering token peer ID value is empty\n");
    assert_eq!(cause.text, "peering token peer ID value is empty");
    assert_eq!(cause.range, 0..36);
}

#[test]
fn the_command_lines_prefix_names_operation_peering_and_status() {
    let cause = only(
        "Error establishing peering for cluster-01: Unexpected response code: 500 (cannot create a peering within the same partition (ENT) or cluster (OSS))\n",
    );
    assert_eq!(cause.operation, Some(Operation::Establish));
    assert_eq!(cause.peering.as_deref(), Some("cluster-01"));
    assert_eq!(cause.http_status, Some(500));
    assert_eq!(cause.text, "cannot create a peering within the same partition (ENT) or cluster (OSS)");
}

#[test]
fn every_item_of_a_list_of_errors_keeps_what_stands_around_the_list() {
    let text = "Error establishing peering for c: Unexpected response code: 503 (2 errors occurred:\n\
        \t* failed to exchange peering secret through address \"10.0.0.1:8503\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection refused\"\n\
        \t* failed to exchange peering secret through address \"10.0.0.2:8503\": rpc error: code = Unavailable desc = no healthy upstream\n\n)\n";
    let found = causes(text);
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
fn the_innermost_grpc_code_counts() {
    let cause = only(
        "rpc error: code = Unknown desc = 1 error occurred:\n\t* failed to exchange peering secret with \"127.0.0.33:8502\": rpc error: code = PermissionDenied desc = invalid peering establishment secret\n\n",
    );
    assert_eq!(cause.grpc_code.as_deref(), Some("PermissionDenied"));
    assert_eq!(cause.address.as_deref(), Some("127.0.0.33:8502"));
}

#[test]
fn a_log_line_is_read_through_its_quotes() {
    let cause = only(
        r#"2026-11-23T18:00:00.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name=c error="rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: failed to find Consul server for global address \\\"10.0.0.1:8300\\\"\"" peer_id=x"#,
    );
    assert_eq!(
        cause.text,
        "transport: Error while dialing: failed to find Consul server for global address \"10.0.0.1:8300\""
    );
}

#[test]
fn a_log_value_of_several_lines_loses_its_gutter() {
    let found = causes(
        "2026-11-23T18:00:00Z [ERROR] agent.http: Request error: method=POST\n  error=\n  | 1 error occurred:\n  | \t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = no healthy upstream\n  | \n",
    );
    assert!(
        found.iter().any(|cause| cause.text == "no healthy upstream" && cause.address.is_some()),
        "{found:#?}"
    );
}

#[test]
fn a_status_message_out_of_json_is_unescaped() {
    let found = causes(
        r#"Unexpected response code: 503 (2 errors occurred:\n\t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = no healthy upstream\n\t* failed to exchange peering secret through address \"b:1\": rpc error: code = Unavailable desc = no healthy upstream\n\n)"#,
    );
    let addresses: Vec<_> = found.iter().filter_map(|cause| cause.address.as_deref()).collect();
    assert_eq!(addresses, ["a:1", "b:1"]);
}

#[test]
fn the_way_to_consuls_own_api_is_told_apart() {
    let cause = only(
        "Error listing peerings: Get \"https://user:word@127.0.0.19:8501/v1/peerings?token=x\": remote error: tls: certificate required",
    );
    assert_eq!(cause.url.as_deref(), Some("https://127.0.0.19:8501/v1/peerings"));
    assert_eq!(cause.text, "remote error: tls: certificate required");
}

#[test]
fn a_truncated_paste_still_gives_its_causes() {
    let found = causes(
        "Unexpected response code: 503 (18 errors occurred:\n\t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = connection error: desc = \"error reading server pref",
    );
    assert_eq!(found[0].text, "error reading server pref");
    assert_eq!(found[0].address.as_deref(), Some("a:1"));
}

#[test]
fn a_long_hostile_text_takes_no_time() {
    let started = std::time::Instant::now();
    for part in [
        "Unexpected response code: 5 (\n",
        "rpc error: code = A desc = ",
        "1 error occurred:\n* ",
        "\"error\":\"\\",
        "(",
        "\n",
    ] {
        causes(&part.repeat(MAX_TEXT_LEN / 4 / part.len()));
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_every_range_is_in_the_text(text in "(\\PC|\n|\"|\\\\|\\(|\\)){0,200}") {
        for cause in causes(&text) {
            prop_assert!(text.get(cause.range).is_some());
        }
    }

    #[test]
    fn no_mixture_of_layers_makes_it_panic(parts in prop::collection::vec(prop::sample::select(vec![
        "Error establishing peering for ", "x: ", "Unexpected response code: ", "503 (", ")", "2 errors occurred:", "\n\t* ",
        "failed to exchange peering secret through address \"", "\": ", "rpc error: code = ", "Internal", " desc = ",
        "connection error: desc = \"", "\\\"", "\\u00e9", "\\", "Post \"http://u@h/v1?q\": ", "error=\"", "“é”", "\u{1b}[31m", "| ",
    ]), 0..24)) {
        let text = parts.concat();
        for cause in causes(&text) {
            prop_assert!(text.get(cause.range).is_some());
        }
    }
}
