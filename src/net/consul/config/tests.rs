use super::*;

fn resolve(options: &Options, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::resolve(options, |name| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    })
}

fn address(flag: Option<&str>, variables: &[(&str, &str)]) -> String {
    let options = Options { http_addr: flag.map(str::to_owned), ..Options::default() };
    resolve(&options, variables).unwrap().address.base_url()
}

#[test]
fn addresses_are_parsed_like_consul() {
    for (text, url) in [
        ("10.0.0.1:8500", "http://10.0.0.1:8500"),
        ("http://10.0.0.1:8500", "http://10.0.0.1:8500"),
        ("https://consul.example:8501", "https://consul.example:8501"),
        ("https://consul.example/", "https://consul.example"),
        ("https://consul.example/a/b/", "https://consul.example/a/b"),
        ("unix:///run/consul.sock", "http://localhost"),
    ] {
        assert_eq!(address(Some(text), &[]), url, "{text}");
    }
    assert_eq!(
        Address::parse("unix:///run/consul.sock", false),
        Ok(Address::Unix("/run/consul.sock".into()))
    );
    assert_eq!(Address::parse("embedded", true), Ok(Address::Embedded));
    assert_eq!(Address::parse("ftp://x", false), Err(ConfigError::UnknownScheme("ftp".to_owned())));
}

#[test]
fn a_flag_overrides_its_variable_unless_it_is_empty() {
    let variables = [("CONSUL_HTTP_ADDR", "variable:1")];
    assert_eq!(address(Some("flag:1"), &variables), "http://flag:1");
    assert_eq!(address(Some(""), &variables), "http://variable:1");
    assert_eq!(address(None, &[("CONSUL_HTTP_ADDR", "")]), "http://localhost:8500");
}

#[test]
fn an_http_scheme_does_not_override_consul_http_ssl() {
    for (ssl, url) in
        [("true", "https://a:1"), ("1", "https://a:1"), ("false", "http://a:1"), ("0", "http://a:1")]
    {
        assert_eq!(address(Some("http://a:1"), &[("CONSUL_HTTP_SSL", ssl)]), url);
    }
    assert_eq!(address(Some("https://a:1"), &[("CONSUL_HTTP_SSL", "false")]), "https://a:1");
}

#[test]
fn verification_is_off_only_if_the_variable_is_false() {
    let skips = |value: &str| resolve(&Options::default(), &[("CONSUL_HTTP_SSL_VERIFY", value)]);
    assert!(skips("false").unwrap().tls.skip_verification);
    assert!(!skips("true").unwrap().tls.skip_verification);
    assert!(!skips("").unwrap().tls.skip_verification);
    // Consul's client turns verification off here and only logs a warning.
    assert!(matches!(skips("yes"), Err(ConfigError::NotBoolean { variable: "CONSUL_HTTP_SSL_VERIFY", .. })));
}

#[test]
fn half_a_client_certificate_is_an_error() {
    let half = Options { client_cert: Some("cert.pem".into()), ..Options::default() };
    assert_eq!(resolve(&half, &[]).unwrap_err(), ConfigError::HalfClientCertificate);
    let whole = resolve(&half, &[("CONSUL_CLIENT_KEY", "key.pem")]).unwrap();
    assert_eq!(whole.tls.client, Some(("cert.pem".into(), "key.pem".into())));
}

#[test]
fn basic_auth_splits_at_the_first_colon() {
    let auth =
        |text: &str| resolve(&Options::default(), &[("CONSUL_HTTP_AUTH", text)]).unwrap().basic_auth.unwrap();
    assert_eq!(auth("user:pass:word"), BasicAuth { user: "user".to_owned(), password: "pass:word".into() });
    assert_eq!(auth("user"), BasicAuth { user: "user".to_owned(), password: "".into() });
}

#[test]
fn debug_shows_no_token_and_no_password() {
    let options = Options { token: Some("sesame".into()), ..Options::default() };
    let config = resolve(&options, &[("CONSUL_HTTP_AUTH", "user:open")]).unwrap();
    let shown = format!("{options:?} {config:?}");
    assert!(!shown.contains("sesame") && !shown.contains("open"), "{shown}");
}
