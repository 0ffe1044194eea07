//! The known word that a mistyped one probably meant.

/// The longest word that can be a mistyped one, in bytes. Comparing takes a time for each letter of both.
const LONGEST: usize = 100;

/// The shortest beginning of a word that stands for it, in bytes.
const SHORTEST_BEGINNING: usize = 3;

/// The nearest of some words, if it is near enough: a third of its letters may be wrong.
pub fn nearest<'a>(mistyped: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if mistyped.len() > LONGEST {
        return None;
    }
    let mistyped = mistyped.to_lowercase();
    let begins = |word: &str| mistyped.len() >= SHORTEST_BEGINNING && word.starts_with(&mistyped);
    known
        .into_iter()
        .map(|word| {
            let distance = strsim::damerau_levenshtein(word, &mistyped);
            (if begins(word) { distance.min(1) } else { distance }, word)
        })
        .filter(|(distance, word)| *distance <= word.len().div_ceil(3))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        assert_eq!(nearest("nmae", ["name", "force"]), Some("name"));
        assert_eq!(nearest("ca-expird", ["ca-expired", "ca-expires-soon"]), Some("ca-expired"));
        assert_eq!(nearest("datacenter", ["name", "force"]), None);
        assert_eq!(nearest("generate", ["read", "generate-token"]), Some("generate-token"));
        assert_eq!(nearest("VALIDATE", ["validate"]), Some("validate"));
        let long = "a".repeat(101);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
