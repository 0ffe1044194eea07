use std::collections::HashMap;

use super::*;
use crate::net::consul::{Address, BasicAuth};
use crate::token::Secret;

const UUID: &str = "695329ee-1d09-40ea-9d75-0123456789ab";

fn parse(json: &str) -> Result<Context, String> {
    serde_json::from_str(json).map_err(|error: serde_json::Error| error.to_string())
}

fn with(field: &str) -> Result<Context, String> {
    parse(&format!(r#"{{"name":"east","http_addr":"east.example.com:8500",{field}}}"#))
}

fn resolved(context: &Context, flags: &Options, variables: &[(&str, &str)]) -> Result<Config, ContextError> {
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    context.config(flags, |name| variables.get(name).map(|value| (*value).to_owned()))
}

#[test]
fn a_context_has_the_fields_of_the_configuration_file() {
    let context = parse(
        r#"{"name":"east","http_addr":"https://east.example.com:8501/consul","ca_file":"ca.pem","ca_path":"cas",
            "client_cert":"c.pem","client_key":"k.pem","tls_server_name":"server.dc1.consul","partition":"p1",
            "labels":{"env":"prod","cluster":"695329ee-1d09-40ea-9d75-0123456789ab"},"token_command":["vault","read"]}"#,
    );
    let context = context.unwrap().relative_to(Path::new("/etc/peering"), None);
    let config = resolved(&Context { token: TokenSource::None, ..context.clone() }, &Options::default(), &[]);
    let config = config.unwrap();
    assert_eq!(config.address.base_url(), "https://east.example.com:8501/consul");
    assert_eq!(config.tls.ca_file.as_deref(), Some(Path::new("/etc/peering/ca.pem")));
    assert_eq!(config.tls.client, Some(("/etc/peering/c.pem".into(), "/etc/peering/k.pem".into())));
    assert_eq!(config.tls.server_name.as_deref(), Some("server.dc1.consul"));
    assert_eq!(config.partition.as_deref(), Some("p1"));
    assert_eq!(context.labels["env"], "prod");
    assert_eq!(context.token, TokenSource::Command(vec!["vault".to_owned(), "read".to_owned()]));
}

#[test]
fn relative_paths_start_at_the_file_and_a_tilde_is_the_home_directory() {
    let of = |path: &str| {
        let context = with(&format!(r#""token_command":["{path}"]"#)).unwrap();
        match context.relative_to(Path::new("/etc/peering"), Some(Path::new("/home/ann"))).token {
            TokenSource::Command(words) => words[0].clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of("vault"), "vault");
    assert_eq!(of("bin/vault"), "/etc/peering/bin/vault");
    assert_eq!(of("~/bin/vault"), "/home/ann/bin/vault");
    assert_eq!(of("/bin/vault"), "/bin/vault");
}

#[test]
fn a_secret_is_refused_and_not_repeated() {
    for field in [
        r#""token":"hunter2""#,
        r#""http_token":"hunter2""#,
        r#""acl-token":"hunter2""#,
        r#""CONSUL_HTTP_TOKEN":"hunter2""#,
        r#""http_auth":"user:hunter2""#,
        r#""password":["hunter2"]"#,
        r#""SecretID":"hunter2""#,
        r#""labels":{"token":"hunter2"}"#,
        r#""labels":{"note":"SecretID: hunter2"}"#,
        r#""token_env":"695329ee-1d09-40ea-9d75-0123456789ab""#,
        r#""token_env":"hunter2!""#,
        r#""token_env":"$hunter2""#,
        r#""token_file":" 695329ee-1d09-40ea-9d75-0123456789ab\n""#,
        r#""token_file":"X-Consul-Token: hunter2""#,
        r#""token_command":["echo","695329ee-1d09-40ea-9d75-0123456789ab"]"#,
        r#""token_command":["sh","-c","echo 695329ee-1d09-40ea-9d75-0123456789ab"]"#,
        r#""token_command":["vault","-token","hunter2"]"#,
        r#""token_command":["login","-secret-id","695329ee-1d09-40ea-9d75-0123456789ab"]"#,
        r#""client_key":"-----BEGIN PRIVATE KEY-----\nhunter2""#,
        r#""ca_file":"-----BEGIN CERTIFICATE-----\nhunter2""#,
        r#""partition":"695329ee-1d09-40ea-9d75-0123456789ab""#,
        r#""http_addr":"https://ann:hunter2@east.example.com""#,
    ] {
        let error = if field.starts_with("\"http_addr") {
            parse(&format!(r#"{{"name":"east",{field}}}"#))
        } else {
            with(field)
        };
        let error = error.unwrap_err();
        assert!(!error.contains("hunter2") && !error.contains(UUID), "{field}: {error}");
    }
    let token = include_str!("../../../fixtures/tokens/one-server.txt").trim();
    for key in ["token_file", "token_env", "tls_server_name"] {
        let error = with(&format!(r#""{key}":"{token}""#)).unwrap_err();
        assert!(error.contains("contains a secret") && !error.contains(&token[..40]), "{error}");
    }
    let error = parse(r#"{"name":"east","http_addr":"east?token=hunter2"}"#).unwrap_err();
    assert!(error.contains("contains a query") && !error.contains("hunter2"), "{error}");
}

#[test]
fn an_id_in_a_command_is_not_a_secret() {
    for words in [
        r#"["consul","acl","token","read","-accessor-id","695329ee-1d09-40ea-9d75-0123456789ab"]"#,
        r#"["login","role_id=695329ee-1d09-40ea-9d75-0123456789ab"]"#,
        r#"["pass","show","consul/east"]"#,
    ] {
        with(&format!(r#""token_command":{words}"#)).unwrap();
    }
}

#[test]
fn a_mistake_is_named_with_what_to_do() {
    for (field, error) in [
        (
            r#""tokn_file":"x""#,
            "\"tokn_file\" is not a key of a context (the keys of a context are http_addr, ",
        ),
        (
            r#""token_file":"x","token_env":"Y""#,
            "\"token_file\" and \"token_env\" cannot be used together (keep one",
        ),
        (r#""token_command":"vault read""#, "\"token_command\" is not a list of strings"),
        (r#""token_command":[]"#, "\"token_command\" is empty"),
        (r#""token_command":["vault",1]"#, "\"token_command\" is not a list of strings"),
        (r#""labels":{"a":1}"#, "\"labels\" is not a table of strings"),
        (r#""ca_file":1.5"#, "\"ca_file\" is not a string"),
        (r#""ca_file":"""#, "\"ca_file\" is empty"),
        (r#""client_key":"k.pem""#, "\"client_cert\" is missing"),
        (r#""http_addr":"x""#, "\"http_addr\" is there twice"),
    ] {
        let found = with(field).unwrap_err();
        assert!(found.starts_with(error), "{found}");
    }
    for (json, error) in [
        (r#"{"name":"east"}"#, "\"http_addr\" is missing"),
        (r#"{"http_addr":"x"}"#, "\"name\" is missing"),
        (r#"{"name":"","http_addr":"x"}"#, "the name of a context must have 1 to 253 characters"),
        (r#"{"name":"a b","http_addr":"x"}"#, "the name of a context must have 1 to 253 characters"),
        (r#"{"name":"-a","http_addr":"x"}"#, "the name of a context must have 1 to 253 characters"),
        (r#"{"name":"a","http_addr":"ftp://x"}"#, "\"http_addr\" is invalid: Unknown protocol scheme: ftp"),
        (
            r#"{"name":"a","http_addr":"x:99999"}"#,
            "\"http_addr\" is invalid: \"x:99999\" is not a valid address",
        ),
        (r#"["a"]"#, "invalid type: sequence, expected an object with the fields of a context"),
    ] {
        let found = parse(json).unwrap_err();
        assert!(found.starts_with(error), "{found}");
    }
}

#[test]
fn flags_win_over_the_context_and_the_context_over_consuls_variables() {
    let context = with(r#""partition":"p1","ca_file":"ca.pem","token_env":"EAST_TOKEN""#).unwrap();
    let variables = [
        ("EAST_TOKEN", " east-token\n"),
        ("CONSUL_HTTP_ADDR", "other:8500"),
        ("CONSUL_HTTP_TOKEN", "other-token"),
        ("CONSUL_HTTP_TOKEN_FILE", "/does/not/exist"),
        ("CONSUL_HTTP_AUTH", "user:password"),
        ("CONSUL_HTTP_SSL", "true"),
        ("CONSUL_HTTP_SSL_VERIFY", "false"),
        ("CONSUL_CACERT", "other.pem"),
        ("CONSUL_CLIENT_CERT", "other.pem"),
        ("CONSUL_TLS_SERVER_NAME", "other"),
        ("CONSUL_NAMESPACE", "other"),
        ("CONSUL_PARTITION", "other"),
        ("HTTP_PROXY", "http://proxy:3128"),
        ("PEERING_HTTP_TIMEOUT", "7s"),
    ];
    let config = resolved(&context, &Options::default(), &variables).unwrap();
    assert_eq!(config.address, Address::parse("east.example.com:8500", false).unwrap());
    assert_eq!(config.token, Some(Secret::from("east-token")));
    assert_eq!((config.basic_auth, config.namespace), (None, None));
    assert_eq!(config.partition.as_deref(), Some("p1"));
    assert_eq!(config.tls.ca_file.as_deref(), Some(Path::new("ca.pem")));
    assert_eq!((config.tls.client, config.tls.server_name), (None, None));
    assert!(!config.tls.skip_verification);
    assert_eq!(config.proxy.as_deref(), Some("http://proxy:3128"));
    assert_eq!(config.timeout.as_secs(), 7);

    let flags = Options {
        token: Some(Secret::from("flag-token")),
        partition: Some("p2".to_owned()),
        ca_path: Some("cas".into()),
        ..Options::default()
    };
    // The source of the token is not read.
    let config = resolved(&context, &flags, &[]).unwrap();
    assert_eq!(config.token, Some(Secret::from("flag-token")));
    assert_eq!(config.partition.as_deref(), Some("p2"));
    assert_eq!((config.tls.ca_file, config.tls.ca_path), (None, Some("cas".into())));
}

#[test]
fn credentials_are_not_used_at_another_address() {
    let context =
        with(r#""client_cert":"c.pem","client_key":"k.pem","ca_file":"ca.pem","token_env":"EAST_TOKEN""#)
            .unwrap();
    let variables = [("EAST_TOKEN", "east-token"), ("CONSUL_HTTP_TOKEN", "other-token")];
    let at = |address: &str| {
        let flags = Options { http_addr: Some(address.to_owned()), ..Options::default() };
        resolved(&context, &flags, &variables).unwrap()
    };
    let config = at("other.example.com:8500");
    assert_eq!((config.token, config.tls.client), (None, None));
    assert_eq!(config.tls.ca_file.as_deref(), Some(Path::new("ca.pem")));
    for same in ["", "east.example.com:8500"] {
        let config = at(same);
        assert_eq!(config.token, Some(Secret::from("east-token")), "{same:?}");
        assert!(config.tls.client.is_some());
    }
}

#[test]
fn a_token_that_cannot_be_read_is_an_error() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for (source, error) in [
        (TokenSource::Variable("EAST_TOKEN".to_owned()), "the variable EAST_TOKEN (token_env) is not set"),
        (
            TokenSource::File("/does/not/exist".into()),
            "cannot read the ACL token (token_file): open /does/not/exist: ",
        ),
        (TokenSource::File(empty.path().into()), "the file "),
    ] {
        let context = Context { token: source, ..with(r#""partition":"p1""#).unwrap() };
        let found = resolved(&context, &Options::default(), &[("EAST_TOKEN", " \n")]).unwrap_err();
        assert!(found.to_string().starts_with(error), "{found}");
        assert!(found.remedy().is_some());
    }
}

#[test]
fn a_password_is_read_from_a_file_or_a_variable_and_sent_to_its_own_address_only() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "ann:pass:word\n").unwrap();
    let of_file = with(&format!(r#""http_auth_file":{:?}"#, file.path().display().to_string())).unwrap();
    let of_variable = with(r#""http_auth_env":"EAST_AUTH""#).unwrap();
    let expected = BasicAuth { user: "ann".to_owned(), password: "pass:word".into() };
    let variables = [("EAST_AUTH", "ann:pass:word"), ("CONSUL_HTTP_AUTH", "other:password")];
    for context in [of_file, of_variable] {
        let config = resolved(&context, &Options::default(), &variables).unwrap();
        assert_eq!(config.basic_auth, Some(expected.clone()));
        let flags = Options { http_addr: Some("other.example.com:8500".to_owned()), ..Options::default() };
        assert_eq!(resolved(&context, &flags, &variables).unwrap().basic_auth, None);
    }
    let context = with(r#""http_auth_env":"EAST_AUTH""#).unwrap();
    for (value, error) in [
        ("", "the variable EAST_AUTH (http_auth_env) is not set"),
        ("hunter2", "the variable EAST_AUTH (http_auth_env) does not contain user:password"),
    ] {
        let found = resolved(&context, &Options::default(), &[("EAST_AUTH", value)]).unwrap_err();
        assert_eq!(found.to_string(), error);
        assert!(found.remedy().is_some());
    }
    let error = with(r#""http_auth":"ann:hunter2""#).unwrap_err();
    assert!(error.contains("http_auth_file") && !error.contains("hunter2"), "{error}");
    let error = with(r#""http_auth_file":"a","http_auth_env":"B""#).unwrap_err();
    assert!(error.contains("cannot be used together"), "{error}");
}
