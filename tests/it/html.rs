//! `-format html`: reports that are one file, repeat the words of the terminal, and run and load nothing.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use insta::assert_snapshot;
use regex::Regex;
use scraper::{ElementRef, Html, Node, Selector};
use serde_json::json;

use crate::language::assert_plain;
use crate::peering::{Peering, fixture, recorded_tokens, token_json};

/// A time shortly after the facts of the recorded mesh were read.
const NOW: &str = "2026-11-27T17:57:21Z";

/// Texts that would run or load something if they were not escaped, and characters that a terminal does not show.
pub const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</style></title><svg onload=alert(1)>",
    "a\u{202e}b\u{200b}c\u{7}",
    "'&lt;`{{x}}",
];

/// The elements of reports. None of them runs or loads anything.
const ELEMENTS: &str = "a b body circle code dd desc details div dl dt footer g h1 h2 h3 head header html input label li \
    line main meta ol p path polygon rect section span style summary svg table tbody td text th thead time title tr ul";

fn facts(name: &str) -> String {
    std::fs::read_to_string(fixture("audit").join(name)).unwrap()
}

/// Returns the facts of copies of a mesh of five clusters, each with its own names, IDs and trust domains.
pub fn copies(number: usize) -> String {
    let start_of_uuid = Regex::new("[0-9a-f]{4}([0-9a-f]{4}-[0-9a-f]{4}-)").unwrap();
    let copies = (0..number).map(|copy| {
        let text = facts("broken.jsonl").replace("\"cluster\":\"", &format!("\"cluster\":\"c{copy}-"));
        start_of_uuid.replace_all(&text, format!("{copy:04x}$1")).into_owned()
    });
    copies.collect()
}

/// Returns facts without those that one cluster reported.
fn without_cluster(facts: &str, cluster: &str) -> String {
    let is_other = |line: &&str| !line.contains(&format!("\"cluster\":\"{cluster}\""));
    facts.lines().filter(is_other).flat_map(|line| [line, "\n"]).collect()
}

/// Returns facts in which one cluster could not be read anymore.
fn unreachable(facts: &str, cluster: &str) -> String {
    let own = facts
        .lines()
        .find(|line| line.contains(&format!("\"kind\":\"cluster\",\"version\":1,\"cluster\":\"{cluster}\"")));
    let own = own.unwrap().replace("\"status\":\"ok\"", "\"status\":\"unreachable\"");
    without_cluster(facts, cluster) + &own + "\n"
}

/// Returns a recorded token.
fn token(name: &str) -> String {
    recorded_tokens().into_iter().find(|(known, _)| known == name).unwrap().1
}

/// Returns facts in which names, states and messages are hostile.
pub fn hostile_facts() -> String {
    let mut text = facts("broken.jsonl");
    let places = ["\"dc31\"", "\"to-dc32\"", "\"FAILING\"", "\"dc33\"", "\"north\""];
    for (place, hostile) in places.iter().zip(HOSTILE) {
        text = text.replace(place, &json!(hostile).to_string());
    }
    text
}

/// Returns a token with hostile values.
pub fn hostile_token() -> String {
    let mut json = token_json(&token("one-server"));
    json["ServerName"] = HOSTILE[0].into();
    json["ServerAddresses"] = HOSTILE[1..].into();
    json["PeerID"] = HOSTILE[2].into();
    BASE64_STANDARD.encode(json.to_string())
}

/// Returns the run of a report, with the files that its arguments name.
fn run(arguments: &[&str]) -> Peering {
    let run = Peering::new().args(arguments).file("one.token", token("one-server"));
    let run = run.file("two.token", token("two-roots")).file("bad.token", "bm90IGEgdG9rZW4=");
    run.file("hostile.token", hostile_token())
        .file("broken.jsonl", facts("broken.jsonl"))
        .file("mesh.jsonl", facts("mesh.jsonl"))
        .file("copies.jsonl", copies(12))
        .file("many.jsonl", copies(40))
        .file("hostile.jsonl", hostile_facts())
        .file("dead.jsonl", unreachable(&facts("mesh.jsonl"), "dc34"))
        .file("partial.jsonl", without_cluster(&facts("mesh.jsonl"), "dc34"))
}

/// Returns the arguments of reports, each of another kind.
pub fn reports() -> Vec<Vec<&'static str>> {
    let validate = ["validate", "-now", "2026-11-24"];
    let judge = ["audit", "judge", "-now", NOW];
    let diagnose = ["diagnose", "-offline"];
    let stale = ["stale", "-offline"];
    let with = |start: &[&'static str], rest: &[&'static str]| [start, rest].concat();
    vec![
        with(&validate, &["one.token"]),
        with(&validate, &["one.token", "bad.token", "two.token"]),
        with(&validate, &["hostile.token"]),
        with(&stale, &["one.token"]),
        with(&stale, &["one.token", "two.token"]),
        with(&diagnose, &["one.token"]),
        with(&diagnose, &["hostile.token"]),
        with(&diagnose, &["one.token", "-error", HOSTILE[1]]),
        with(&["diagnose", "-timeout", "300ms"], &["hostile.token"]),
        with(&judge, &["mesh.jsonl"]),
        with(&judge, &["broken.jsonl"]),
        with(&judge, &["partial.jsonl"]),
        with(&judge, &["copies.jsonl"]),
        with(&judge, &["many.jsonl"]),
        with(&judge, &["hostile.jsonl"]),
    ]
}

/// Returns a report.
pub fn html(arguments: &[&str]) -> String {
    run(arguments).args(["-format", "html"]).run().stdout
}

fn select<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

/// Returns the text of an element in one line.
fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text of a report as a person reads it: a line for each block. A picture is its title and description.
fn as_text(html: &str) -> String {
    fn write(element: ElementRef<'_>, text: &mut String) {
        for child in element.children() {
            match child.value() {
                Node::Text(part) => text.push_str(part),
                Node::Element(_) => {
                    let child = ElementRef::wrap(child).unwrap();
                    match child.value().name() {
                        "style" | "title" | "meta" | "input" => {}
                        "svg" => {
                            let parts = child.children().filter_map(ElementRef::wrap);
                            let described = parts.filter(|it| ["title", "desc"].contains(&it.value().name()));
                            let described: Vec<String> = described.map(text_of).collect();
                            text.push_str(&format!("\n[picture: {}]\n", described.join(" – ")));
                        }
                        name => {
                            let is_block =
                                !["a", "b", "code", "span", "time", "td", "th", "dd"].contains(&name);
                            text.push_str(if is_block { "\n" } else { "" });
                            write(child, text);
                            text.push_str(match name {
                                "td" | "th" => " | ",
                                "dt" => ": ",
                                "h2" => "\n",
                                _ if is_block => "\n",
                                _ => "",
                            });
                        }
                    }
                }
                _ => {}
            }
        }
    }
    let document = Html::parse_document(html);
    let mut text = String::new();
    write(document.root_element(), &mut text);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n") + "\n"
}

#[test]
fn a_report_reads_like_the_terminal() {
    let version = Regex::new(r"peering \d+\.\d+\.\d+").unwrap();
    let now = Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC").unwrap();
    let shown = |arguments: &[&str]| {
        let text = as_text(&html(arguments));
        version.replace(&text, "peering VERSION").into_owned()
    };
    assert_snapshot!("validate", shown(&["validate", "one.token", "bad.token", "-now", "2026-11-24"]));
    assert_snapshot!("audit", shown(&["audit", "judge", "broken.jsonl", "-now", NOW]));
    let without_time = |text: String| now.replace_all(&text, "TIME").into_owned();
    assert_snapshot!("stale", without_time(shown(&["stale", "one.token", "-offline"])));
    let error = "a new peering token must be generated: invalid peering establishment secret";
    assert_snapshot!(
        "diagnose",
        without_time(shown(&["diagnose", "one.token", "-offline", "-error", error]))
    );
}

#[test]
fn reports_are_plain() {
    let own = reports()
        .into_iter()
        .filter(|it| !it.iter().any(|word| HOSTILE.contains(word) || word.starts_with("hostile")));
    let texts: Vec<(String, String)> = own.map(|it| (it.join(" "), as_text(&html(&it)))).collect();
    assert_plain(texts, 10);
}

#[test]
fn a_dead_cluster_is_a_row_and_a_column() {
    let report = html(&["audit", "judge", "dead.jsonl", "-now", NOW]);
    let document = Html::parse_document(&report);
    let titles: Vec<String> =
        select(&document, "svg.grid g.one-end title").into_iter().map(text_of).collect();
    assert_eq!(titles.len(), 3, "{titles:?}");
    assert!(titles.iter().all(|title| title.contains("dc34") && !title.contains("unknown")), "{titles:?}");
}

#[test]
fn the_first_words_are_the_answer_of_the_terminal() {
    let mut checked = 0;
    for arguments in reports() {
        let pretty = run(&arguments).run().stdout;
        let pretty = pretty.split_whitespace().collect::<Vec<_>>().join(" ");
        let report = html(&arguments);
        let first = as_text(&report).lines().next().unwrap().to_owned();
        let first = first.split_whitespace().collect::<Vec<_>>().join(" ");
        if pretty.starts_with(['✓', '!', '✗']) {
            assert!(pretty.starts_with(&first), "{arguments:?}\n{first}\n{pretty}");
            checked += 1;
        } else {
            // Several tokens are a table without an answer.
            assert_eq!(arguments[..2], ["stale", "-offline"]);
        }
    }
    assert!(checked >= 12, "{checked}");
}

#[test]
fn a_report_is_valid_and_runs_and_loads_nothing() {
    let allowed: BTreeSet<&str> = ELEMENTS.split_whitespace().collect();
    for arguments in reports() {
        let report = html(&arguments);
        let document = Html::parse_document(&report);
        assert_eq!(document.errors, Vec::<String>::new(), "{arguments:?}");
        for element in select(&document, "*") {
            let name = element.value().name();
            assert!(allowed.contains(name), "{arguments:?}: {name}");
            for (attribute, value) in element.value().attrs() {
                assert!(
                    !attribute.starts_with("on") && attribute != "style" && attribute != "src",
                    "{attribute}"
                );
                assert!(attribute != "href" || value.starts_with('#'), "{value}");
            }
        }
        for target in select(&document, "a") {
            let id = &target.attr("href").unwrap()[1..];
            assert_eq!(select(&document, &format!("[id=\"{id}\"]")).len(), 1, "{arguments:?}: {id}");
        }
        let style = select(&document, "style")[0].text().collect::<String>();
        assert!(!style.contains("url(") && !style.contains("@import"), "the style loads nothing");
        let policy =
            select(&document, "meta[http-equiv=Content-Security-Policy]")[0].attr("content").unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
        let expected = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            BASE64_STANDARD.encode(digest)
        );
        assert_eq!(policy, expected, "{arguments:?}");
    }
}

#[test]
fn hostile_text_is_shown_as_on_the_terminal() {
    for arguments in reports().iter().filter(|it| it.iter().any(|word| word.starts_with("hostile"))) {
        let report = html(arguments);
        let text = as_text(&report);
        assert!(text.contains(r"a\u{202e}b\u{200b}c\u{7}"), "{arguments:?}\n{text}");
        let is_hidden = |it: char| it.is_control() && it != '\n' || "\u{202e}\u{200b}".contains(it);
        assert!(!report.contains(is_hidden), "{arguments:?}");
    }
    let report = html(&["audit", "judge", "hostile.jsonl", "-now", NOW]);
    for hostile in &HOSTILE[..3] {
        assert!(as_text(&report).contains(hostile), "{hostile}");
    }
}

#[test]
fn every_picture_has_words_and_every_state_a_sign() {
    let mut states = BTreeSet::new();
    for arguments in reports().iter().filter(|it| it[0] == "audit") {
        let report = html(arguments);
        let document = Html::parse_document(&report);
        for picture in select(&document, "svg") {
            assert_eq!(picture.attr("role"), Some("img"));
            let children: Vec<ElementRef<'_>> = picture.children().filter_map(ElementRef::wrap).collect();
            let names: Vec<&str> = children.iter().take(2).map(|it| it.value().name()).collect();
            assert_eq!(names, ["title", "desc"], "{arguments:?}");
            assert!(children.iter().take(2).all(|it| !text_of(*it).is_empty()), "{arguments:?}");
        }
        for cell in select(&document, "svg.grid g") {
            let state = cell.attr("class").unwrap();
            states.insert(state.to_owned());
            let of = |selector| text_of(cell.select(&Selector::parse(selector).unwrap()).next().unwrap());
            let (title, sign) = (of("title"), of("text"));
            assert!(title.contains(" dials "), "{title}");
            let expected = match state {
                "broken" => '✗',
                "attention" => '!',
                "one-end" => '–',
                "works" => '✓',
                other => panic!("{other}"),
            };
            assert!(sign.starts_with(expected), "{state}: {sign}");
        }
        for picture in select(&document, "svg.grid") {
            let region = ElementRef::wrap(picture.parent().unwrap()).unwrap();
            let after = region.next_siblings().find_map(ElementRef::wrap).unwrap();
            assert_eq!(after.value().name(), "details", "the same as a table");
        }
        for sign in select(&document, ".sign") {
            assert!(sign.attr("aria-label").is_some_and(|label| !label.is_empty()), "{arguments:?}");
        }
    }
    let expected = ["attention", "broken", "one-end", "works"];
    assert_eq!(states.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn only_few_clusters_are_drawn_on_a_circle() {
    let circles = |file| {
        let report = html(&["audit", "judge", file, "-now", NOW]);
        select(&Html::parse_document(&report), ".circle svg").len()
    };
    assert_eq!([circles("mesh.jsonl"), circles("copies.jsonl"), circles("many.jsonl")], [1, 0, 0]);
}

#[test]
fn a_filter_shows_the_rows_of_its_check() {
    let report = html(&["audit", "judge", "broken.jsonl", "-now", NOW]);
    let document = Html::parse_document(&report);
    let style = select(&document, "style")[0].text().collect::<String>();
    let filters = select(&document, ".filters input");
    assert!(filters.len() >= 4, "{}", filters.len());
    for label in select(&document, ".filters label") {
        let text = text_of(label);
        let (name, number) = text.rsplit_once(' ').unwrap();
        let rows = match name {
            "all" => select(&document, ".rows tbody tr").len(),
            "problems" => select(&document, ".rows tbody tr:not(.no-problem)").len(),
            check => select(&document, &format!(".rows tbody tr.{check}")).len(),
        };
        assert_eq!(number, rows.to_string(), "{name}");
        assert!(name == "all" || style.contains(&format!("#show-{name}:checked~.rows ")), "{name}");
    }
}

#[test]
fn redacted_names_do_not_change_the_style() {
    let words = facts("broken.jsonl").replace("\"dc31\"", "\"grid\"").replace("\"dc32\"", "\"table-1\"");
    let run = Peering::new().args(["audit", "judge", "words.jsonl", "-now", NOW, "-redact"]);
    let run = run.args(["-format", "html", "-out", "report.html"]).file("words.jsonl", words).run();
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (1, "", ""));
    let report = std::fs::read_to_string(run.home.path().join("report.html")).unwrap();
    let document = Html::parse_document(&report);
    let style = select(&document, "style")[0].text().collect::<String>();
    let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
    assert!(report.contains(&BASE64_STANDARD.encode(digest)), "the policy allows the style");
    let text = as_text(&report);
    assert!(!text.contains("table-1") && text.contains("NAME-"), "{text}");
}

#[test]
fn several_tokens_that_cannot_be_read_are_in_the_report() {
    let run = Peering::new().args(["validate", "gone.token", "-format", "html"]).run();
    assert_eq!(run.status, 2);
    assert!(as_text(&run.stdout).starts_with("✗ gone.token: "), "{}", as_text(&run.stdout));
}

#[test]
fn several_diagnoses_name_their_tokens() {
    let run = Peering::new().args(["diagnose", "tokens/", "-offline", "-format", "html"]);
    std::fs::create_dir(run.home().join("tokens")).unwrap();
    let run =
        run.file("tokens/a.token", token("one-server")).file("tokens/b.token", "bm90IGEgdG9rZW4=").run();
    let text = as_text(&run.stdout);
    assert!(text.starts_with("! tokens/a.token: No problem found"), "{text}");
    assert!(text.contains("\n✗ tokens/b.token: "), "{text}");
}

#[test]
fn changes_and_bundles_have_no_html() {
    let run = run(&["audit", "judge", "broken.jsonl", "-diff", "mesh.jsonl", "-format", "html"]).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("use -format pretty, json or yaml"), "{}", run.stderr);
    let run = Peering::new().args(["diagnose", "-from", "b.tar.zst", "-format", "html"]).run();
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("use -format pretty, json or yaml"), "{}", run.stderr);
}
