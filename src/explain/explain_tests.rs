use super::*;
use proptest::prelude::*;

const TOKEN: &str = "eyJDQSI6bnVsbCwiTWFudWFsU2VydmVyQWRkcmVzc2VzIjpudWxsLCJTZXJ2ZXJBZGRyZXNzZXMiOltdfQ==";

fn names(text: &str) -> Vec<&'static str> {
    explain(text).into_iter().map(|found| found.entry.name).collect()
}

/// Replaces the placeholders of a template.
fn sample(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let close = rest[open..].find('}').map_or(rest.len(), |length| open + length + 1);
        let placeholder = &rest[open..close];
        out.push_str(match placeholder {
            "{byte}" | "{size}" | "{limit}" | "{status}" | "{length}" => "42",
            "{url}" => "http://127.0.0.1:8500/v1/peerings",
            "{host}" => "a.example",
            "{address}" => "10.0.0.1:8503",
            "{formats}" => "{json|pretty}",
            placeholder if placeholder.contains('|') => placeholder,
            _ => "something",
        });
        rest = &rest[close..];
    }
    out + rest
}

#[test]
fn every_pattern_finds_its_own_entry() {
    let mut wrong = Vec::new();
    for entry in entries() {
        for pattern in entry.patterns {
            let text = sample(&pattern.template_text());
            let found = names(&text);
            if found != [entry.name] {
                wrong.push(format!("{text}: {found:?}, not {}", entry.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_entry_is_complete() {
    let mut names = std::collections::BTreeSet::new();
    for entry in entries() {
        assert!(names.insert(entry.name), "duplicate {}", entry.name);
        assert!(
            entry.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{}",
            entry.name
        );
        assert!(entry.summary.ends_with('.') && entry.remedy.ends_with('.'), "{}", entry.name);
        assert!(
            !entry.causes.is_empty() && entry.causes.iter().all(|it| it.ends_with('.')),
            "{}",
            entry.name
        );
        assert_eq!(entry.patterns.is_empty(), entry.area == Area::Diagnosis, "{}", entry.name);
        assert!(!entry.source.is_empty(), "{}", entry.name);
        let program = entry.next.split(' ').next().unwrap();
        let programs =
            ["peering", "consul", "kubectl", "openssl", "curl", "date", "dig", "ip", "ls", "timedatectl"];
        assert!(programs.contains(&program), "{}: {}", entry.name, entry.next);
    }
}

#[test]
fn every_constant_is_in_the_catalog() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/explain/catalog");
    let constants = std::fs::read_dir(directory)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap().matches("\npub static ").count())
        .sum::<usize>();
    assert_eq!(constants, entries().len());
}

#[test]
fn entries_are_sorted_by_area() {
    let areas: Vec<_> = entries().iter().map(|entry| entry.area).collect();
    assert!(areas.is_sorted(), "{areas:?}");
}

#[test]
fn errors_of_one_kind_are_one_explanation_with_all_addresses() {
    let mut items = String::new();
    for index in 0..18 {
        let address = format!("10.0.0.{}:8503", index % 3);
        items.push_str(&[
            "\t* failed to exchange peering secret through address \"",
            &address,
            "\": rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp ",
            &address,
            ": connect: connection refused\"\n",
        ].concat());
    }
    let found = explain(&format!(
        "Error establishing peering for c: Unexpected response code: 503 (18 errors occurred:\n{items}\n)"
    ));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].entry.name, "dial-refused");
    assert_eq!(found[0].count, 18);
    assert_eq!(found[0].addresses, ["10.0.0.0:8503", "10.0.0.1:8503", "10.0.0.2:8503"]);
    assert_eq!(found[0].http_status, Some(503));
    assert_eq!(found[0].peering.as_deref(), Some("c"));
}

#[test]
fn the_address_is_found_without_layers() {
    let found = explain("dial tcp 10.0.0.1:8503: connect: connection refused");
    assert_eq!(found[0].addresses, ["10.0.0.1:8503"]);
}

#[test]
fn a_long_text_is_explained_in_linear_time() {
    let started = std::time::Instant::now();
    for part in ["x", "x ", "dial tcp ", "certificate is valid for \n"] {
        explain(&part.repeat(MAX_TEXT_LEN / part.len() + 1));
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_text_panics_and_every_range_is_valid(parts in prop::collection::vec(prop::sample::select(vec![
        "Error reading peering: ", "Unexpected response code: 503 (", ")", "2 errors occurred:", "\n\t* ", "é", "\u{1b}[1m", "“",
        "rpc error: code = Internal desc = ", "connection error: desc = \"", "\\\"", "\n", "│ ", "EOF", "i/o timeout", TOKEN,
        " is not a valid peering server address", "certificate is valid for a, not ", "Get \"http://a\": ", "PENDING",
    ]), 0..16)) {
        let text = parts.concat();
        for found in explain(&text) {
            prop_assert!(text.get(found.range.clone()).is_some());
            let shown = format!("{found:?}");
            prop_assert!(!shown.contains(&TOKEN[..24]), "{shown}");
        }
    }
}

#[test]
fn explanations_are_in_the_order_of_the_text() {
    let text = "2 errors occurred:\n\t* failed to exchange peering secret through address \"a:1\": rpc error: code = Unavailable desc = no healthy upstream\n\t* failed to exchange peering secret through address \"b:1\": rpc error: code = Unavailable desc = connection error: desc = \"error reading server preface: EOF\"\n";
    assert_eq!(names(text), ["no-healthy-upstream", "tls-port-dialed-in-plain"]);
}

#[test]
fn unknown_text_has_no_explanation() {
    for text in [
        "",
        "\n",
        "hello",
        "Error establishing peering for c: something new",
        "404",
        "peering",
        "Unexpected response code: 500",
    ] {
        assert!(explain(text).is_empty(), "{text:?}: {:?}", names(text));
    }
}

#[test]
fn the_range_is_that_of_the_message() {
    let text = "é Error establishing peering for c: Unexpected response code: 500 (peering token peer ID value is empty)";
    let found = explain(text);
    assert_eq!(&text[found[0].range.clone()], "peering token peer ID value is empty");
    assert_eq!(found[0].message, "peering token peer ID value is empty");
}

#[test]
fn a_message_wrapped_by_a_terminal_is_found() {
    assert_eq!(
        names("a new peering token must be\n  generated: invalid peering establish\n"),
        ["secret-invalid"]
    );
    assert_eq!(names("│ cannot create a peering within the\n│ same cluster"), ["same-cluster"]);
    assert_eq!(names("peering token peer I\nD value is empty"), ["token-without-peer-id"]);
}

#[test]
fn explanations_contain_no_token() {
    for text in [
        format!("flag provided but not defined: -{TOKEN}"),
        format!(
            "Error establishing peering for {TOKEN}: Unexpected response code: 500 ({TOKEN} is not a valid peer name: x)"
        ),
        format!(
            "failed to exchange peering secret through address \"{TOKEN}\": rpc error: code = Internal desc = {TOKEN}"
        ),
        format!("Post \"http://{TOKEN}@a:1/{TOKEN}?token=x\": dial tcp a:1: connect: connection refused"),
        format!("$ consul peering establish -name c -peering-token {TOKEN}\nMissing the required -name flag"),
    ] {
        let found = explain(&text);
        assert!(!found.is_empty(), "{text}");
        let shown = format!("{found:?} {}", serde_json::to_string(&found).unwrap());
        assert!(!shown.contains(&TOKEN[..24]), "{shown}");
    }
}

#[test]
fn the_next_command_contains_only_shell_safe_values() {
    assert_eq!(explain("Peering not found for \"x\"")[0].command, "peering list");
    let refused = "failed to exchange peering secret through address \"10.0.0.1:8502\": rpc error: code = Unavailable desc = connection error: desc = \"transport: authentication handshake failed: EOF\"";
    assert_eq!(explain(refused)[0].command, "openssl s_client -connect 10.0.0.1:8502 -alpn h2");
    let hostile = refused.replace("10.0.0.1:8502", "$(reboot):1");
    assert_eq!(explain(&hostile)[0].command, "openssl s_client -connect ADDRESS -alpn h2");
}

#[test]
fn the_json_keys_are_stable() {
    let found =
        serde_json::to_value(explain("failed to decode token: illegal base64 data at input byte 3")).unwrap();
    assert_eq!(found[0]["name"], "token-not-base64");
    assert_eq!(found[0]["area"], "text");
    assert_eq!(found[0]["captures"]["byte"], "3");
    assert_eq!(found[0]["range"]["start"], 0);
    for key in [
        "summary",
        "causes",
        "remedy",
        "next",
        "source",
        "command",
        "message",
        "count",
        "addresses",
        "operation",
        "peering",
    ] {
        assert!(!found[0][key].is_null() || ["operation", "peering"].contains(&key), "{key}");
    }
}

#[test]
#[allow(clippy::disallowed_methods)] // set by the developer who runs the test
fn docs_messages_md_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/messages.md");
    let page = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == page, "docs/messages.md is out of date: run UPDATE_DOCS=1 cargo test");
}
