//! The known message that is most similar to an unknown text.

use std::collections::HashSet;

use super::{Area, Entry, Pattern, entries};

/// Maximum length of the text that is compared, in bytes.
const MAX_COMPARED_LEN: usize = 16 * 1024;
/// The minimum length of a word that is compared, in bytes. Shorter words are in every message.
const MIN_WORD_LEN: usize = 3;
/// The minimum part of a message's letters that the text must contain, in percent.
const MIN_SHARED_PERCENT: usize = 25;

/// Returns the most similar message and its entry, or `None` if no message shares enough words with the text.
pub fn nearest(text: &str) -> Option<(&'static Entry, String)> {
    let text = &text[..text.floor_char_boundary(MAX_COMPARED_LEN)];
    let words: HashSet<String> = words(text).collect();
    let patterns = entries()
        .iter()
        .filter(|entry| entry.area != Area::OtherSubsystems)
        .flat_map(|entry| entry.patterns.iter().map(|pattern| (*entry, Pattern::template_text(pattern))));
    let scored = patterns.filter_map(|(entry, template)| {
        let (mut shared, mut all) = (0, 0);
        for word in self::words(&template) {
            all += word.len();
            if words.contains(&word) {
                shared += word.len();
            }
        }
        (shared * 100 >= all * MIN_SHARED_PERCENT && shared > MIN_WORD_LEN)
            .then(|| (shared * shared / all.max(1), entry, template))
    });
    scored.max_by_key(|(score, ..)| *score).map(|(_, entry, template)| (entry, template))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() >= MIN_WORD_LEN)
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_text_has_a_nearest_message() {
        let nearest_name = |text| nearest(text).map(|(entry, _)| entry.name);
        assert_eq!(nearest_name("the peering establishment secret was invalid"), Some("secret-invalid"));
        assert_eq!(nearest_name("peering token's server name is empty"), Some("token-without-server-name"));
        assert_eq!(nearest_name("zzz"), None);
        assert_eq!(nearest_name(""), None);
    }
}
