use proptest::prelude::*;

use super::*;

fn report(log: &str) -> LogReport {
    let mut reader = LogReader::default();
    log.lines().for_each(|line| reader.push(line));
    reader.finish()
}

const LOG: &str = "2024-03-05T10:00:00.000Z [ERROR] agent.server.raft: failed to heartbeat to: peer=192.0.2.21:8300 error=\"dial tcp 192.0.2.21:8300: connect: connection refused\"\n\
    2024-03-05T10:00:01.000Z [ERROR] agent.server.peering: error managing peering stream: peer_name=east peer_id=11111111-2222-3333-4444-555555555555 error=\"rpc error: code = Unavailable desc = connection error: desc = \\\"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection refused\\\"\"\n\
    2024-03-05T10:00:02.000Z [ERROR] agent.server.peering: error managing peering stream: peer_id=11111111-2222-3333-4444-555555555555 error=\"rpc error: code = Unavailable desc = connection error: desc = \\\"transport: Error while dialing: dial tcp 10.0.0.1:8503: connect: connection refused\\\"\"\n\
    {\"@level\":\"warn\",\"@message\":\"did not find peer in stream tracker; cannot populate\",\"@module\":\"agent.grpc-api.peering\",\"@timestamp\":\"2024-03-05T10:00:03Z\",\"peerID\":\"99999999-2222-3333-4444-555555555555\"}\n\
    2024-03-05T10:00:04.000Z [ERROR] agent.http: Request error: method=POST url=/v1/peering/establish error=\n  | 1 error occurred:\n  | \t* failed to exchange peering secret through address \"a:1\": rpc error: code = PermissionDenied desc = invalid peering establishment secret\n\
    2024-03-05T10:00:05.000Z [WARN] agent.server.peering: something new\n";

#[test]
fn a_log_is_grouped_by_peering() {
    let report = report(LOG);
    assert_eq!((report.lines, report.peering_records, report.unknown_records), (8, 5, 1));
    let groups: Vec<_> = report
        .peerings
        .iter()
        .map(|group| {
            let messages: Vec<_> = group.messages.iter().map(|it| (it.entry.name, it.count)).collect();
            (group.name.as_deref(), messages)
        })
        .collect();
    assert_eq!(
        groups,
        [
            (Some("east"), vec![("dial-refused", 2)]),
            (None, vec![("not-in-stream-tracker", 1)]),
            (None, vec![("secret-invalid", 1)]),
        ]
    );
    let refused = &report.peerings[0].messages[0];
    assert_eq!(refused.first.as_deref(), Some("2024-03-05T10:00:01.000Z"));
    assert_eq!(refused.last.as_deref(), Some("2024-03-05T10:00:02.000Z"));
    assert_eq!(report.peerings[1].messages[0].first.as_deref(), Some("2024-03-05T10:00:03Z"));
}

proptest! {
    #[test]
    fn blocks_of_lines_have_the_result_of_their_lines(
        lines in prop::collection::vec(prop::sample::select(vec![
            "", "\r", "  peer_name=east", "\tinvalid peering stream secret", "│ peer", ") x", "  x", "plain",
            "[INFO] agent: plain", "[WARN] agent.server.PEERING: something new", "  2024-01-01 [ERROR] peering token",
            "[ERROR] agent.server.peering: x: peer_name=east error=\"invalid peering stream secret\"",
            "{\"@level\":\"warn\",\"@module\":\"agent.peering\",\"@message\":\"did not find peer in stream tracker\"}",
        ]), 0..24),
        ends in prop::collection::vec(0..24_usize, 0..4),
    ) {
        let mut by_line = LogReader::default();
        for line in &lines {
            by_line.push(line.trim_end_matches('\r'));
        }
        let mut by_block = LogReader::default();
        let mut ends = ends;
        ends.sort_unstable();
        let mut read = 0;
        for end in ends.into_iter().chain([lines.len()]) {
            let end = end.min(lines.len());
            let block: String = lines[read..end].iter().flat_map(|line| [*line, "\n"]).collect();
            by_block.push_lines(block.as_bytes());
            read = end;
        }
        let json = |reader: LogReader| serde_json::to_string(&reader.finish()).unwrap();
        prop_assert_eq!(json(by_block), json(by_line));
    }
}

#[test]
fn the_memory_is_bounded() {
    let mut reader = LogReader::default();
    for index in 0..3 * MAX_PEERINGS {
        reader.push(&format!(
            "[ERROR] agent.server.peering: x: peer_name=p{index} error=\"invalid peering stream secret\""
        ));
        reader.push(&format!("  | {}", "x".repeat(1000)));
    }
    let report = reader.finish();
    assert_eq!(report.peerings.len(), MAX_PEERINGS + 1);
    assert!(report.truncated);
    assert_eq!(report.peerings[MAX_PEERINGS].messages[0].count, 2 * MAX_PEERINGS);
}
