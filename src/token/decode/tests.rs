use ::base64::prelude::{BASE64_STANDARD, Engine};
use proptest::prelude::*;

use super::*;

fn of_json(json: impl AsRef<[u8]>) -> Result<Decoded, DecodeError> {
    decode(BASE64_STANDARD.encode(json).as_bytes())
}

fn observations(json: impl AsRef<[u8]>) -> Vec<Observation> {
    of_json(json).unwrap().observations
}

#[test]
fn a_token_of_consul_1_13_has_no_remote() {
    let token = of_json(r#"{"CA":null,"ServerAddresses":["h:1"],"PeerID":"p"}"#).unwrap().token;
    assert_eq!(token.remote, None);
    assert_eq!(token.manual_server_addresses, None);
    assert_eq!(token.server_addresses.unwrap(), ["h:1"]);
}

#[test]
fn an_empty_text_never_reaches_the_decoder() {
    let error = decode(b"").unwrap_err();
    assert_eq!(error.message, "PeeringToken is required in the payload when establishing a peering.");
    assert_eq!(decode(b"\n").unwrap_err().message, "unexpected end of JSON input");
}

#[test]
fn an_error_has_a_stage_and_an_offset() {
    let parts = |error: DecodeError| (error.stage, error.offset, error.field);
    assert_eq!(parts(decode(b"e3 0=").unwrap_err()), (Stage::Base64, 2, None));
    assert_eq!(parts(of_json(b"{\xFF").unwrap_err()), (Stage::Utf8, 1, None));
    assert_eq!(parts(of_json("{é").unwrap_err()), (Stage::Json, 1, None));
    assert_eq!(parts(of_json("[]").unwrap_err()), (Stage::Field, 0, None));
    let remote = of_json(r#"{"remote": {"Datacenter": 5}}"#).unwrap_err();
    assert_eq!(
        remote.message,
        "json: cannot unmarshal number into Go struct field PeeringTokenRemote.Remote.Datacenter of type string"
    );
    assert_eq!(parts(remote), (Stage::Field, 26, Some("Remote.Datacenter".into())));
}

#[test]
fn a_syntax_error_is_reported_before_a_type_error() {
    assert_eq!(of_json(r#"{"CA":5,}"#).unwrap_err().stage, Stage::Json);
    let first = of_json(r#"{"CA":[5,true],"CA":[],"PeerID":{"x":[1]}}"#).unwrap_err();
    assert_eq!(
        first.message,
        "json: cannot unmarshal number into Go struct field PeeringToken.CA of type string"
    );
}

#[test]
fn the_last_duplicate_key_wins_but_null_keeps_a_text() {
    let json =
        r#"{"PeerID":"a","peerid":"b","PEERID":null,"Remote":{"Datacenter":"d"},"Remote":{"Partition":"p"}}"#;
    let token = of_json(json).unwrap().token;
    assert_eq!(token.peer_id, "b");
    let remote = token.remote.unwrap();
    assert_eq!((remote.datacenter.as_str(), remote.partition.as_str()), ("d", "p"));
}

#[test]
fn irregularities_that_consul_ignores_are_observed() {
    assert_eq!(
        observations(r#"{"x":1,"peerID":"","PeerID":"","Remote":{"zone":[],"Locality":{"zOne":null}}}"#),
        [
            Observation::UnknownField { path: "x".into(), offset: 2 },
            Observation::FieldCase { path: "peerID".into(), expected: "PeerID", offset: 8 },
            Observation::DuplicateField { path: "PeerID".into(), offset: 20 },
            Observation::UnknownField { path: "Remote.zone".into(), offset: 42 },
            Observation::FieldCase { path: "Remote.Locality.zOne".into(), expected: "Zone", offset: 64 },
        ]
    );
    assert_eq!(observations(r#"{"\u0043A":null}"#), []);
    assert_eq!(
        observations(b"{\"CA\":[\"\",\"a\xFF\"]}"),
        [Observation::ReplacedText { path: "CA[1]".into(), offset: 12 }]
    );
    assert_eq!(
        decode(b"e3\n1=\r\n").unwrap().observations,
        [Observation::LineBreaks { offset: 2, count: 3 }, Observation::TrailingBits { offset: 3 }]
    );
}

#[test]
fn no_depth_overflows_the_stack() {
    let nested = |depth| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(of_json(nested(9_999)).is_ok());
    assert_eq!(of_json(nested(10_000)).unwrap_err().message, "invalid character '[' exceeded max depth");
    assert!(of_json(nested(1_000_000)).is_err());
}

#[test]
fn no_error_contains_the_secret() {
    for json in [r#"{"EstablishmentSecret":"hunter2","EstablishmentSecret":["hunter2"]}"#, r#"["hunter2"]"#] {
        assert!(!format!("{:?}", of_json(json)).contains("hunter2"));
    }
    assert!(!format!("{:?}", of_json(r#"{"EstablishmentSecret":"hunter2"}"#)).contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_rejected(text: Vec<u8>) {
        let _ = decode(&text);
    }

    #[test]
    fn any_decoded_bytes_are_read_or_rejected(json: Vec<u8>) {
        let _ = of_json(json);
    }
}

#[test]
fn a_million_observations_are_counted_and_only_the_first_are_listed() {
    let json = format!("{{{}\"\":0}}", "\"\":0,".repeat(500_000));
    let observations = observations(json);
    assert_eq!(observations.len(), MAX_OBSERVATIONS + 1);
    assert_eq!(observations[0], Observation::UnknownField { path: String::new(), offset: 2 });
    let count = 500_001 - MAX_OBSERVATIONS;
    assert_eq!(
        observations[MAX_OBSERVATIONS],
        Observation::Truncated { kind: ObservationKind::UnknownField, count }
    );
    assert_eq!(observations[MAX_OBSERVATIONS].to_string(), "499901 more unknown fields (not listed)");
}
