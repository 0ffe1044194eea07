//! "Did you mean …?"

/// The longest word that gets a suggestion, in bytes. The time to compare grows with the product of the lengths.
const MAX_LEN: usize = 100;

/// The length from which a prefix of a word counts as that word, in bytes.
const MIN_PREFIX_LEN: usize = 3;

/// Returns the candidate that is most similar to a mistyped word. At most a third of its characters may differ.
pub fn nearest<'a>(mistyped: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if mistyped.len() > MAX_LEN {
        return None;
    }
    let mistyped = mistyped.to_lowercase();
    let is_prefix_of = |word: &str| mistyped.len() >= MIN_PREFIX_LEN && word.starts_with(&mistyped);
    candidates
        .into_iter()
        .map(|word| {
            let distance = strsim::damerau_levenshtein(word, &mistyped);
            (if is_prefix_of(word) { distance.min(1) } else { distance }, word)
        })
        .filter(|(distance, word)| *distance <= word.len().div_ceil(3))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_mistyped_word_gets_the_most_similar_candidate() {
        assert_eq!(nearest("nmae", ["name", "force"]), Some("name"));
        assert_eq!(nearest("ca-expird", ["ca-expired", "ca-expires-soon"]), Some("ca-expired"));
        assert_eq!(nearest("datacenter", ["name", "force"]), None);
        assert_eq!(nearest("generate", ["read", "generate-token"]), Some("generate-token"));
        assert_eq!(nearest("VALIDATE", ["validate"]), Some("validate"));
        let long = "a".repeat(101);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
