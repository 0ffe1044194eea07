//! Contexts: which cluster a command asks, with which credentials, and `peering context`.

use std::path::Path;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::peering::{Dev, Finished, Peering};

/// ACL tokens, one per cluster.
const EAST: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const WEST: &str = "22222222-aaaa-4bbb-8ccc-000000000002";
/// The ACL token of a third cluster, in the environment.
const OTHER: &str = "33333333-aaaa-4bbb-8ccc-000000000003";

async fn run(peering: Peering) -> Finished {
    tokio::task::spawn_blocking(|| peering.run()).await.unwrap()
}

/// A Consul that answers every request with an empty list.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/peerings"))
        .respond_with(ResponseTemplate::new(200).set_body_string("[]"))
        .mount(&server)
        .await;
    server
}

/// Returns the credentials of the requests that a server received: `None` for a request without an ACL token.
async fn acl_tokens(server: &MockServer) -> Vec<Option<String>> {
    let requests = server.received_requests().await.unwrap();
    let header = |request: &wiremock::Request| {
        let token = request.headers.get("X-Consul-Token")?.to_str().unwrap();
        let password = if request.headers.contains_key("Authorization") { " and a password" } else { "" };
        Some(format!("{token}{password}"))
    };
    let tokens = requests.iter().map(header).collect();
    server.reset().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("[]"))
        .mount(server)
        .await;
    tokens
}

/// A run with the contexts east and west, and the address and credentials of a third cluster in the environment.
fn list(east: &MockServer, west: &MockServer, other: &MockServer) -> Peering {
    let file = format!(
        "[defaults]\nhttp-addr = '{other}'\nca-file = '/does/not/exist'\n\
         [contexts.east]\nhttp_addr = '{}'\ntoken_env = 'EAST_TOKEN'\n\
         [contexts.west]\nhttp_addr = '{}'\ntoken_file = 'west-token'\npartition = 'p1'\n",
        east.uri(),
        west.uri(),
        other = other.uri(),
    );
    Peering::new()
        .args(["list", "-config", "c.toml"])
        .file("c.toml", file)
        .file("west-token", format!(" {WEST}\n"))
        .env("EAST_TOKEN", EAST)
        .env("CONSUL_HTTP_ADDR", &other.uri())
        .env("CONSUL_HTTP_TOKEN", OTHER)
        .env("CONSUL_HTTP_AUTH", "user:password")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_selects_the_cluster_and_its_credentials_only() {
    let (east, west, other) = (server().await, server().await, server().await);
    let none = "There are no peering connections.\n";
    let tokens = async |peering: Peering| {
        run(peering).await.expect(0, none, "");
        (acl_tokens(&east).await, acl_tokens(&west).await, acl_tokens(&other).await)
    };
    let base = || list(&east, &west, &other);
    let some = |token: &str| vec![Some(token.to_owned())];
    let flag = |name: &'static str| base().args(["-context", name]);
    assert_eq!(tokens(flag("east")).await, (some(EAST), vec![], vec![]));
    assert_eq!(tokens(flag("west")).await, (vec![], some(WEST), vec![]));
    assert_eq!(tokens(base().env("PEERING_CONTEXT", "west")).await, (vec![], some(WEST), vec![]));
    // A flag wins over the variable.
    assert_eq!(tokens(flag("east").env("PEERING_CONTEXT", "west")).await, (some(EAST), vec![], vec![]));
    // A flag wins over the context.
    assert_eq!(tokens(flag("east").args(["-token", WEST])).await, (some(WEST), vec![], vec![]));
    assert_eq!(tokens(flag("east").args(["-token-file", "west-token"])).await, (some(WEST), vec![], vec![]));
    // At another address, neither the context's ACL token nor that of the environment is sent.
    assert_eq!(tokens(flag("east").args(["-http-addr", &west.uri()])).await, (vec![], vec![None], vec![]));
    let with_token = flag("east").args(["-http-addr", &west.uri(), "-token-file", "west-token"]);
    assert_eq!(tokens(with_token).await, (vec![], some(WEST), vec![]));
    // An address on the command line wins over a context that is not.
    let at_other = base().env("PEERING_CONTEXT", "east").args(["-http-addr", &other.uri(), "-ca-file="]);
    assert_eq!(tokens(at_other).await, (vec![], vec![], some(&format!("{OTHER} and a password"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_acl_token_of_a_context_does_not_follow_a_redirect_to_another_host() {
    let (east, west, other) = (MockServer::start().await, server().await, server().await);
    let target = format!("{}/v1/peerings", west.uri());
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(307).insert_header("Location", target.as_str()))
        .mount(&east)
        .await;
    run(list(&east, &west, &other).args(["-context", "east"])).await.status(0);
    assert_eq!(acl_tokens(&east).await, [Some(EAST.to_owned())]);
    assert_eq!(acl_tokens(&west).await, [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_a_leader_is_reported_although_it_answers_late() {
    let server = MockServer::start().await;
    for place in ["/v1/connect/ca/roots", "/v1/internal/acl/authorize"] {
        let late = ResponseTemplate::new(500).set_delay(std::time::Duration::from_mins(10));
        Mock::given(path(place)).respond_with(late).mount(&server).await;
    }
    let leader = ResponseTemplate::new(200).set_body_string("\"\"");
    Mock::given(path("/v1/status/leader")).respond_with(leader).mount(&server).await;
    let check =
        Peering::new().args(["context", "check", "-timeout", "5s", "-format", "json", "-config", "c.toml"]);
    let run =
        run(check.file("c.toml", format!("[contexts.a]\nhttp_addr = '{}'\n", server.uri()))).await.status(1);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["contexts"][0]["reachable"], true, "{json}");
    assert_eq!(json["contexts"][0]["problems"][0]["message"], "No cluster leader");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_partition_of_a_context_is_sent() {
    let (east, west, other) = (server().await, server().await, server().await);
    run(list(&east, &west, &other).args(["-context", "west"])).await.status(0);
    assert_eq!(west.received_requests().await.unwrap()[0].url.query(), Some("partition=p1"));
}

#[test]
fn the_file_can_select_the_context() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &["-acl-token", EAST]);
    let file = format!(
        "[defaults]\ncontext = 'east'\n[contexts.east]\nhttp_addr = '{}'\ntoken_command = ['sh', '-c', 'cat token']\n",
        dev.url
    );
    let list = || Peering::new().args(["list"]).env("PEERING_CONFIG", "c.toml").file("c.toml", &file);
    let found = list().file("token", EAST).run();
    found.expect(0, "There are no peering connections.\n", "");
    // An empty name selects none.
    let none = list().args(["-context", ""]).run().status(1);
    assert!(none.stderr.contains("127.0.0.1:1/v1/peerings"), "{}", none.stderr);
}

/// A mistake in a context, with what a command prints.
fn mistakes(files: &[&str]) -> String {
    let mut all = String::new();
    for file in files {
        let run = Peering::new().args(["context", "list", "-config", "c.toml"]).file("c.toml", file).run();
        let run = run.status(2);
        assert_eq!(run.stdout, "");
        all.push_str(&format!("{file}--\n{}\n", run.stderr));
    }
    all
}

#[test]
fn a_mistake_in_a_context_shows_its_place_and_the_fix() {
    insta::assert_snapshot!(
        "context_mistakes",
        mistakes(&[
            "[contexts.east]\ntokn_file = 'x'\n",
            "[contexts.east]\nhttp-addr = 'x'\n",
            "[contexts.east]\ntoken_env = 'X'\n",
            "[contexts.east]\nhttp_addr = 'x'\ntoken_env = 'X'\ntoken_file = 'x'\n",
            "[contexts.east]\nhttp_addr = 'x'\ntoken_command = 'vault read'\n",
            "[contexts.east]\nhttp_addr = 'ftp://x'\n",
            "[contexts.east]\nhttp_addr = 'x'\nclient_cert = 'x'\n",
            "[contexts.east]\nhttp_addr = 'x'\nlabels = ['a']\n",
            "[contexts.'a b']\nhttp_addr = 'x'\n",
            "[contexts.prod.eu]\nhttp_addr = 'x'\n",
            "[contexts]\nhttp_addr = 'x'\n",
            "[context.east]\nhttp_addr = 'x'\n",
            "[contxts.east]\nhttp_addr = 'x'\n",
            "contexts = 'east'\n",
        ])
    );
}

#[test]
fn a_secret_in_a_context_is_refused_and_not_shown() {
    let shown = mistakes(&[
        "[contexts.east]\nhttp_addr = 'x'\ntoken = 'SECRET-1'\n",
        "[contexts.east]\nhttp_addr = 'x'\nhttp_token = 'SECRET-1'\n",
        "[contexts.east]\nhttp_addr = 'x'\ntoken_env = '44444444-aaaa-4bbb-8ccc-000000000004'\n",
        "[contexts.east]\nhttp_addr = 'x'\ntoken_env = 'SECRET-1'\n",
        "[contexts.east]\nhttp_addr = 'x'\ntoken_file = '44444444-aaaa-4bbb-8ccc-000000000004'\n",
        "[contexts.east]\nhttp_addr = 'x'\ntoken_command = ['echo', '44444444-aaaa-4bbb-8ccc-000000000004']\n",
        "[contexts.east]\nhttp_addr = 'https://user:SECRET-1@x'\n",
        "[contexts.east]\nhttp_addr = 'x?token=SECRET-1'\n",
        "[contexts.east]\nhttp_addr = 'x'\n[contexts.east.labels]\npassword = 'SECRET-1'\n",
    ]);
    let printed: String = shown.split("--\n").skip(1).filter_map(|part| part.split("\n\n").next()).collect();
    assert!(!printed.contains("SECRET") && !printed.contains("44444444"), "{printed}");
    insta::assert_snapshot!("context_secrets", shown);
    // The same for a command of Consul, which keeps Consul's exit code.
    let file = "[contexts.east]\nhttp_addr = 'x'\ntoken = 'SECRET-1'\n";
    let run = Peering::new().args(["list", "-config", "c.toml"]).file("c.toml", file).run().status(1);
    assert!(!run.stderr.contains("SECRET") && run.stderr.contains("by reference"), "{}", run.stderr);
}

#[test]
fn a_context_that_cannot_be_used_is_an_error_before_any_request() {
    let file = "[contexts.east]\nhttp_addr = '127.0.0.1:1'\ntoken_env = 'EAST_TOKEN'\n\
                [contexts.west]\nhttp_addr = '127.0.0.1:1'\ntoken_file = 'nothing'\n\
                [contexts.north]\nhttp_addr = '127.0.0.1:1'\ntoken_command = ['sh', '-c', 'echo SECRET-1; echo no vault >&2; exit 2']\n\
                [contexts.south]\nhttp_addr = '127.0.0.1:1'\ntoken_command = ['no-such-program-of-ours']\n";
    let mut shown = String::new();
    for words in [
        &["list", "-context", "east"][..],
        &["list", "-context", "west"],
        &["list", "-context", "north"],
        &["list", "-context", "south"],
        &["list", "-context", "eats"],
        &["diagnose", "-name", "x", "-context", "unlike-any"],
    ] {
        let run = Peering::new().args(words).args(["-config", "c.toml"]).file("c.toml", file).run();
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (if words[0] == "list" { 1 } else { 2 }, ""),
            "{words:?}"
        );
        assert!(!run.stderr.contains("SECRET"), "{}", run.stderr);
        shown.push_str(&format!("$ peering {}\n{}", words.join(" "), run.stderr));
    }
    let run = Peering::new().args(["list", "-context", "east"]).run().status(1);
    shown.push_str(&run.stderr.replace(&run.home.path().display().to_string(), "~"));
    insta::assert_snapshot!("context_errors", shown);
}

/// A configuration file with contexts of each kind.
const CONTEXTS: &str = "\
[contexts.east]
http_addr = 'https://consul.east.example.com:8501'
ca_file = 'east-ca.pem'
token_env = 'EAST_TOKEN'
labels = { env = 'prod', region = 'us-east-1' }

[contexts.west]
http_addr = 'consul.west.example.com:8500'
token_file = '/etc/peering/west.token'

[contexts.north]
http_addr = 'http://127.0.0.1:8500'
token_command = ['vault', 'read', '-field=token', 'consul/creds/peering']
labels.env = 'dev'

[contexts.plain]
http_addr = 'embedded'
";

fn context(words: &[&str]) -> Peering {
    Peering::new().args(["context"]).args(words).args(["-config", "c.toml"]).file("c.toml", CONTEXTS)
}

#[test]
fn list_and_show_describe_contexts_and_their_tokens_source() {
    let mut shown = context(&["list"]).env("PEERING_CONTEXT", "north").run().status(0).stdout;
    for name in ["east", "west", "north"] {
        let run = context(&["show", name]).env("EAST_TOKEN", EAST).env("CONSUL_HTTP_TOKEN", OTHER);
        let run = run.env("HTTPS_PROXY", "http://user:hunter2@proxy.example.com:3128").run().status(0);
        assert!(!run.stdout.contains(EAST) && !run.stdout.contains(OTHER), "{}", run.stdout);
        assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
        shown.push_str(&format!("\n{}", run.stdout));
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    insta::assert_snapshot!("context_list_and_show", shown);
    let json = context(&["list", "-format", "json"]).run().status(0).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["contexts"][0]["name"], "east");
    assert_eq!(json["contexts"][0]["labels"], json!({ "env": "prod", "region": "us-east-1" }));
    assert_eq!(json["contexts"][1]["token_command"][0], "vault");
    let json: Value =
        serde_json::from_str(&context(&["show", "west", "-format", "json"]).run().status(0).stdout).unwrap();
    let value = |key: &str| json["values"].as_array().unwrap().iter().find(|it| it["key"] == key).unwrap();
    assert_eq!(value("http_addr")["origin"], "[contexts.west]");
    assert_eq!(value("timeout"), &json!({ "key": "timeout", "value": "300s", "origin": "default" }));
    context(&["show", "eats"]).stderr(
        "Error: unknown context \"eats\"\n  Fix: did you mean east? peering context list shows all contexts\n",
    ).status(2);
}

#[test]
fn without_contexts_the_file_to_write_is_named() {
    let run = Peering::new().args(["context", "list"]).run().status(0);
    assert_eq!(
        run.stdout.replace(run.home.path().to_str().unwrap(), "~"),
        "There are no contexts in ~/.config/peering/config.toml\n"
    );
    let run = Peering::new().args(["context", "check"]).run().status(2);
    assert!(run.stderr.contains("Fix: add a section for each cluster"), "{}", run.stderr);
}

/// Starts a server per name, and returns them with a configuration file.
fn clusters(home: &Path) -> (Vec<Dev>, String) {
    let at = |name: &str| home.join(name);
    let east = Dev::start(&at("east"), &["-acl-token", EAST]);
    let west = Dev::start(&at("west"), &["-datacenter", "dc2"]);
    let file = format!(
        "[contexts.east]\nhttp_addr = '{east}'\ntoken_env = 'EAST_TOKEN'\n\
         [contexts.anonymous]\nhttp_addr = '{east}'\n\
         [contexts.mistaken]\nhttp_addr = '{east}'\ntoken_env = 'OTHER_TOKEN'\n\
         [contexts.west]\nhttp_addr = '{west}'\n\
         [contexts.dead]\nhttp_addr = 'http://127.0.0.1:1'\n\
         [contexts.unset]\nhttp_addr = '{west}'\ntoken_env = 'UNSET_TOKEN'\n",
        east = east.url,
        west = west.url
    );
    (vec![east, west], file)
}

#[test]
fn check_reports_reachability_version_rights_and_clock_of_each_cluster() {
    let home = tempfile::tempdir().unwrap();
    let (servers, file) = clusters(home.path());
    let check = |names: &[&str]| {
        Peering::new()
            .args(["context", "check", "-config", "c.toml", "-timeout", "60s"])
            .args(names)
            .file("c.toml", &file)
            .env("EAST_TOKEN", EAST)
            .env("OTHER_TOKEN", OTHER)
            .env("CONSUL_HTTP_TOKEN", EAST)
    };
    let run = check(&["-format", "json"]).run().status(1);
    for token in [EAST, OTHER] {
        assert!(!run.stdout.contains(token) && !run.stderr.contains(token));
    }
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let of = |name: &str| json["contexts"].as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
    let problems = |name: &str| -> Vec<&str> {
        of(name)["problems"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect()
    };
    assert_eq!(json["status"], "failed");
    assert_eq!(problems("east"), Vec::<&str>::new());
    assert_eq!((&of("east")["datacenter"], &of("east")["consul_version"]), (&json!("dc1"), &json!("1.23.0")));
    assert_eq!(
        of("east")["permissions"],
        json!({ "peering_read": true, "peering_write": true, "operator_read": true })
    );
    assert!(of("east")["trust_domain"].as_str().unwrap().ends_with(".consul"));
    assert!(of("east")["clock_offset"].as_i64().unwrap().abs() < 60);
    assert_eq!(problems("anonymous"), ["cannot_read_peerings"]);
    assert_eq!(of("anonymous")["permissions"]["peering_read"], false);
    assert_eq!(problems("mistaken"), ["acl_token_unknown"]);
    assert_eq!((of("west")["status"].as_str(), of("west")["datacenter"].as_str()), (Some("ok"), Some("dc2")));
    assert_eq!((problems("dead"), of("dead")["reachable"].as_bool()), (vec!["unreachable"], Some(false)));
    assert_eq!(problems("unset"), ["unusable"]);

    check(&["east", "west"]).run().status(0);
    let one = check(&["west"]).run().status(0).stdout;
    assert!(one.starts_with("✓ The context can be used.\n"), "{one}");
    check(&["wset"]).run().status(2);
    let pretty = check(&[]).run().status(1).stdout;
    assert!(pretty.lines().all(|line| line.chars().count() <= 80), "{pretty}");
    let mut settings = insta::Settings::clone_current();
    for server in &servers {
        settings.add_filter(&regex::escape(server.url.trim_start_matches("http://")), "ADDRESS");
    }
    settings.add_filter(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID");
    settings.add_filter(r"\b[0-9a-f]{8}…", "SHORT…");
    settings.add_filter(r"\d+ ms", "N ms");
    settings.bind(|| {
        insta::assert_snapshot!("context_check", pretty);
        insta::assert_snapshot!(
            "context_check_long",
            check(&["east", "dead", "-long"]).run().status(1).stdout
        );
        insta::assert_snapshot!("context_check_short", check(&["-short"]).run().status(1).stdout);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_differs_and_a_cluster_that_is_not_consul_are_reported() {
    let (late, page) = (MockServer::start().await, MockServer::start().await);
    let roots = json!({ "TrustDomain": "11111111-2222-3333-4444-555555555555.consul", "Roots": [] });
    let date = "Fri, 27 Nov 2026 17:31:38 GMT";
    Mock::given(path("/v1/connect/ca/roots"))
        .respond_with(ResponseTemplate::new(200).set_body_json(roots))
        .mount(&late)
        .await;
    Mock::given(path("/v1/internal/acl/authorize"))
        .respond_with(
            ResponseTemplate::new(401).set_body_string("ACL support disabled").insert_header("Date", date),
        )
        .mount(&late)
        .await;
    Mock::given(path("/v1/catalog/datacenters"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!(["dc7", "dc1"])))
        .mount(&late)
        .await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string("<html>Log in</html>"))
        .mount(&page)
        .await;
    let file = format!(
        "[contexts.late]\nhttp_addr = '{}'\n[contexts.page]\nhttp_addr = '{}'\n",
        late.uri(),
        page.uri()
    );
    let check = Peering::new().args(["context", "check", "-format", "json", "-config", "c.toml"]);
    let run = run(check.file("c.toml", file)).await.status(1);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["contexts"][0]["problems"][0]["kind"], "clock_differs", "{json}");
    assert_eq!(json["contexts"][0]["datacenter"], "dc7");
    assert_eq!(json["contexts"][1]["problems"][0]["kind"], "unreachable");
    let message = json["contexts"][1]["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("it is an HTML page"), "{message}");
}

#[test]
fn next_commands_name_the_context() {
    let home = tempfile::tempdir().unwrap();
    let dev = Dev::start(home.path(), &[]);
    let file = format!("[contexts.east]\nhttp_addr = '{}'\n", dev.url);
    let at = |words: &[&str]| Peering::new().args(words).args(["-config", "c.toml"]).file("c.toml", &file);
    let run = at(&["read", "-name", "west", "-wait", "active", "-timeout", "1s", "-context", "east"]).run();
    assert!(run.status(1).stderr.ends_with("Fix: peering diagnose -name west -context east\n"));
}

#[test]
fn aliases_replace_the_names_and_addresses_of_contexts() {
    let run = context(&["list", "-redact"]).run().status(0).stdout;
    for word in ["east", "prod", "consul.west.example.com", "us-east-1"] {
        assert!(!run.contains(word), "{word}: {run}");
    }
}
