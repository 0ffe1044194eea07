//! A list of strings as Go's decoder fills it, over and over when its key is there more than once.

/// Go's slice: a shorter list leaves the longer one's memory in place, and a later `null` element shows it again.
#[derive(Debug, Default)]
pub(super) struct List {
    memory: Vec<String>,
    /// How many elements count; `None` for `null`.
    length: Option<usize>,
}

impl List {
    /// Stores an element; `None` keeps what is there.
    pub(super) fn put(&mut self, index: usize, element: Option<String>) {
        match (self.memory.get_mut(index), element) {
            (Some(place), Some(element)) => *place = element,
            (Some(_), None) => {}
            (None, element) => self.memory.push(element.unwrap_or_default()),
        }
    }

    /// Ends a list of so many elements. An empty one forgets what was there before.
    pub(super) fn end(&mut self, length: usize) {
        if length == 0 {
            self.memory = Vec::new();
        }
        self.length = Some(length);
    }

    /// The list, or `None` for `null`.
    pub(super) fn finish(mut self) -> Option<Vec<String>> {
        self.memory.truncate(self.length?);
        Some(self.memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lists: &[&[Option<&str>]]) -> Option<Vec<String>> {
        let mut list = List::default();
        for elements in lists {
            for (index, element) in elements.iter().enumerate() {
                list.put(index, element.map(str::to_owned));
            }
            list.end(elements.len());
        }
        list.finish()
    }

    #[test]
    fn a_null_element_shows_what_an_earlier_list_left() {
        assert_eq!(after(&[&[Some("a"), Some("b")], &[None]]).unwrap(), ["a"]);
        assert_eq!(
            after(&[&[Some("a"), Some("b")], &[Some("c")], &[None, None, None]]).unwrap(),
            ["c", "b", ""]
        );
        assert_eq!(after(&[&[Some("a")], &[], &[None]]).unwrap(), [""]);
    }

    #[test]
    fn a_list_that_was_never_there_is_not_an_empty_one() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[&[]]), Some(vec![]));
    }
}
