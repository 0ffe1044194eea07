use super::*;
use crate::gostd::base64;

fn aliases() -> Aliases {
    Aliases::new(Scope::All)
}

fn shown(aliases: &Aliases, text: &str) -> String {
    aliases.in_text(text).into_owned()
}

#[test]
fn a_value_has_the_same_alias_everywhere() {
    let aliases = aliases();
    aliases.learn_address("10.1.2.3:8503");
    aliases.learn_address("lb.example.com:8503");
    aliases.learn_address("[2001:db8::7]:8503");
    aliases.learn_name("west");
    assert_eq!(
        shown(
            &aliases,
            "10.1.2.3:8503, LB.Example.com:8503: lookup lb.example.com; [2001:DB8::7]:8503 10.1.2.3."
        ),
        "ADDRESS-1:8503, HOST-1:8503: lookup HOST-1; [ADDRESS-2]:8503 ADDRESS-1."
    );
    assert_eq!(
        shown(
            &aliases,
            "Get \"https://lb.example.com:8501/v1/peering/west?partition=a\": dial tcp [::ffff:10.1.2.3]:1"
        ),
        "Get \"https://HOST-1:8501/v1/peering/NAME-1?partition=a\": dial tcp [ADDRESS-1]:1"
    );
}

#[test]
fn a_value_within_another_word_or_number_is_kept() {
    let aliases = aliases();
    aliases.learn_name("west");
    aliases.learn_address("10.1.2.3");
    for text in ["western", "west-2", "my_west", "110.1.2.3.4", "10.1.2.3.4", "West"] {
        assert_eq!(shown(&aliases, text), text);
    }
    assert_eq!(
        shown(&aliases, "\u{1b}[1mwest\u{1b}[0m, west.token"),
        "\u{1b}[1mNAME-1\u{1b}[0m, NAME-1.token"
    );
}

#[test]
fn an_ordinary_word_is_replaced_only_where_it_is_the_name() {
    let aliases = aliases();
    for name in ["a", "is", "token", "ACTIVE", "consul"] {
        aliases.learn_name(name);
    }
    aliases.learn_address("consul:8500");
    assert_eq!(
        shown(
            &aliases,
            "The peering \"a\" is ACTIVE: a token is used. peering diagnose -name is, token \"token\""
        ),
        "The peering \"NAME-1\" is ACTIVE: a token is used. peering diagnose -name NAME-2, token \"NAME-3\""
    );
    assert_eq!(shown(&aliases, "Consul at http://consul:8500"), "Consul at http://NAME-5:8500");
    assert_eq!(aliases.of_name("is"), "NAME-2");
}

#[test]
fn keys_and_states_of_json_are_kept() {
    let aliases = aliases();
    for name in ["name", "ok", "status", "ACTIVE", "blocked"] {
        aliases.learn_name(name);
    }
    let json = r#"{"status": "blocked", "peering": {"name": "status", "state": "ACTIVE"}, "check": "ok", "name": "name"}"#;
    let redacted = r#"{"status": "blocked", "peering": {"name": "NAME-3", "state": "ACTIVE"}, "check": "ok", "name": "name"}"#;
    assert_eq!(aliases.in_json(json), redacted);
}

#[test]
fn the_layout_and_the_escapes_of_json_are_kept() {
    let aliases = aliases();
    aliases.learn_name("we\"st");
    let json =
        "{\n  \"a\\u003c\": \"x\\u003cy\",\n  \"partition\":\"we\\\"st\", \"list\": [\"10.1.2.3\", {}] }\n";
    let redacted =
        "{\n  \"a\\u003c\": \"x\\u003cy\",\n  \"partition\":\"NAME-1\", \"list\": [\"ADDRESS-1\", {}] }\n";
    assert_eq!(aliases.in_json(json), redacted);
}

#[test]
fn everything_in_a_token_is_learned() {
    let token = include_str!("../../fixtures/tokens/partition-and-locality.txt").trim();
    let json = String::from_utf8(base64::decode(token.as_bytes()).unwrap().to_vec()).unwrap();
    let aliases = aliases();
    aliases.learn_json(&json);
    let token = crate::decode(token.as_bytes()).unwrap().token;
    let shown = shown(&aliases, &token.server_name);
    let server = shown.strip_prefix("server.NAME-").unwrap_or_else(|| panic!("{shown}"));
    assert!(server.ends_with(".peering.TRUST-DOMAIN-1"), "{shown}");
    for address in token.dialed_addresses() {
        let port = address.rsplit_once(':').unwrap().1;
        let shown = aliases.in_text(address);
        let is_alias = ["ADDRESS-", "[ADDRESS-", "HOST-"].iter().any(|it| shown.starts_with(it));
        assert!(is_alias && shown.ends_with(port), "{shown}");
    }
    let ca = &token.ca.unwrap()[0];
    let certificate = Certificate::from_der(&pem::decode(ca.as_bytes()).unwrap().bytes).unwrap();
    let subject = aliases.in_text(&certificate.subject);
    assert!(subject.starts_with("CN=NAME-"), "{subject}");
    assert_eq!(aliases.in_text(&certificate.names.uris[0]), "spiffe://TRUST-DOMAIN-1");
    assert_eq!(aliases.in_text(ca).trim_end(), "<certificate>");
}

#[test]
fn values_of_an_error_message_are_learned() {
    let aliases = aliases();
    let text = "2026-11-24T00:00:00Z [ERROR] agent.server.peering: client.go:123 peer_name=north dialer_addr=x: rpc error: dial \
                tcp 127.0.0.1:8503: lookup consul.internal on 10.0.0.2:53: no such host; x509: certificate is valid for \
                a.example, server.dc9.peering.11111111-2222-3333-4444-555555555555.consul, not b.example";
    aliases.learn_text(text);
    let shown = shown(&aliases, text);
    for value in
        ["north", "127.0.0.1", "consul.internal", "10.0.0.2", "a.example", "b.example", "dc9", "1111"]
    {
        assert!(!shown.contains(value), "{value}: {shown}");
    }
    assert!(
        shown.contains("client.go:123")
            && shown.starts_with("2026-11-24T00:00:00Z [ERROR] agent.server.peering")
    );
}

#[test]
fn forms_are_recognized_and_prose_is_kept() {
    let aliases = aliases();
    assert_eq!(
        shown(
            &aliases,
            "11111111-2222-3333-4444-555555555555.consul at 192.0.2.1, fe80::1, not 2001:db8::5:"
        ),
        "TRUST-DOMAIN-1 at ADDRESS-1, ADDRESS-2, not ADDRESS-3:"
    );
    assert_eq!(
        shown(&aliases, "CN=pri-1abc.consul.ca.11111111.consul, the peering \"lone\", server.dc7.peering.x"),
        "CN=NAME-1, the peering \"NAME-2\", server.NAME-3.peering.x"
    );
    for text in [
        "RFC 5280, section 4.2.1.9",
        "10.0.0.0/8",
        "127.0.0.1:8500",
        "2026-11-27 17:31:38 UTC",
        "::1",
        "1.22.7",
        "::error file=a",
        "peering \"NAME\"",
    ] {
        assert_eq!(shown(&aliases, text), text);
    }
}

#[test]
fn with_addresses_only_names_are_kept() {
    let aliases = Aliases::new(Scope::Addresses);
    aliases.learn_json(r#"{"ServerAddresses":["lb.example.com:8503","10.0.0.1:8503"],"ServerName":"server.dc1.peering.x.consul"}"#);
    aliases.learn_name("west");
    assert_eq!(
        shown(&aliases, "west: lb.example.com:8503, 10.0.0.1, server.dc1.peering.x.consul"),
        "west: ADDRESS-1:8503, ADDRESS-2, server.dc1.peering.x.consul"
    );
}

#[test]
fn answers_are_learned_in_the_order_of_their_sources() {
    let aliases = aliases();
    aliases.learn_answer("/v1/b", br#"[{"Name":"second"}]"#);
    aliases.learn_answer("/v1/a", br#"[{"Node":"first-node","Address":"10.0.0.1"}]"#);
    assert_eq!(shown(&aliases, "first-node 10.0.0.1"), "NAME-1 ADDRESS-1");
}
