//! Two tokens side by side.

use serde::Serialize;

use super::text::value;
use super::token::level;
use crate::inspect::diff::{Comparison, Difference, Relation, Which};
use crate::render::json;
use crate::render::mark::Mark;
use crate::token::Token;
use crate::token::given::{Given, Undecodable};
use crate::token::recover::recover;

/// How many values of a field are shown.
const MAX_VALUES: usize = 10;

/// What the page shows of two tokens.
#[derive(Debug, Default, Serialize)]
struct ComparisonView {
    level: &'static str,
    mark: &'static str,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    newer: Option<String>,
    differences: Vec<DifferenceView>,
}

#[derive(Debug, Serialize)]
struct DifferenceView {
    field: &'static str,
    meaning: String,
    first: Vec<String>,
    second: Vec<String>,
}

/// Compares two tokens. Returns what the page shows, as JSON.
pub fn compare(first: &[u8], second: &[u8]) -> String {
    let view = match (token(first, "the first text"), token(second, "the second text")) {
        (Ok(first), Ok(second)) => ComparisonView::of(&first, &second),
        (Err(error), _) | (_, Err(error)) => ComparisonView {
            level: level(Mark::Warning),
            mark: Mark::Warning.symbol(),
            summary: format!("The tokens cannot be compared: {error}."),
            ..ComparisonView::default()
        },
    };
    json::render(&view)
}

/// Returns the one token in a text.
fn token(text: &[u8], place: &str) -> Result<Token, String> {
    let given = super::given(text).map_err(|too_long| too_long.message(place))?;
    let [Given { text, .. }] = &given[..] else {
        return Err(format!("{place} contains {} tokens, and one is needed", given.len()));
    };
    let recovered = recover(text);
    recovered
        .map(|it| it.decoded.token)
        .map_err(|(error, repairs)| value(&Undecodable::new(text, place, &error, &repairs).message))
}

impl ComparisonView {
    fn of(first: &Token, second: &Token) -> Self {
        let sources = ["first".to_owned(), "second".to_owned()];
        let comparison = Comparison::new(sources, first, second);
        let newer = match comparison.newer.which {
            Which::First => "the first",
            Which::Second => "the second",
            Which::Neither => "neither",
            Which::Unknown => "unknown",
        };
        let mark = match comparison.relation {
            Relation::SameToken | Relation::SamePeering => Mark::Ok,
            Relation::Unknown => Mark::Warning,
            Relation::SameCluster | Relation::OtherCluster | Relation::OtherPeering => Mark::Failure,
        };
        Self {
            level: level(mark),
            mark: mark.symbol(),
            summary: comparison.summary,
            newer: Some(format!("Newer: {newer} ({})", comparison.newer.reason)),
            differences: comparison.differences.iter().map(DifferenceView::of).collect(),
        }
    }
}

impl DifferenceView {
    fn of(difference: &Difference) -> Self {
        let values = |list: &[String]| list.iter().take(MAX_VALUES).map(|it| value(it)).collect::<Vec<_>>();
        Self {
            field: difference.field,
            meaning: value(&difference.meaning),
            first: values(&difference.first),
            second: values(&difference.second),
        }
    }
}
