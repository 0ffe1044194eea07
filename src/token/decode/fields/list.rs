//! A list of strings as Go's decoder fills it, once per occurrence of its key.

use zeroize::Zeroize;

/// A Go slice. A shorter list keeps the memory of a longer one, and a later `null` element makes its value visible
/// again.
#[derive(Debug, Default)]
pub(super) struct List {
    memory: Vec<String>,
    /// The number of elements; `None` for `null`.
    length: Option<usize>,
}

impl List {
    /// Stores an element. `None` keeps the current value.
    pub(super) fn put(&mut self, index: usize, element: Option<String>) {
        match (self.memory.get_mut(index), element) {
            (Some(place), Some(element)) => std::mem::replace(place, element).zeroize(),
            (Some(_), None) => {}
            (None, element) => self.memory.push(element.unwrap_or_default()),
        }
    }

    /// Ends a list with this number of elements. An empty list releases the memory.
    pub(super) fn end(&mut self, length: usize) {
        if length == 0 {
            self.memory.zeroize();
            self.memory = Vec::new();
        }
        self.length = Some(length);
    }

    /// Returns the list, or `None` for `null`.
    pub(super) fn finish(mut self) -> Option<Vec<String>> {
        let length = self.length?;
        self.memory.drain(length..).for_each(|mut text| text.zeroize());
        Some(std::mem::take(&mut self.memory))
    }
}

/// Wipes the values, which can contain a private key.
impl Drop for List {
    fn drop(&mut self) {
        self.memory.zeroize();
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
    fn a_null_element_keeps_the_value_of_an_earlier_list() {
        assert_eq!(after(&[&[Some("a"), Some("b")], &[None]]).unwrap(), ["a"]);
        assert_eq!(
            after(&[&[Some("a"), Some("b")], &[Some("c")], &[None, None, None]]).unwrap(),
            ["c", "b", ""]
        );
        assert_eq!(after(&[&[Some("a")], &[], &[None]]).unwrap(), [""]);
    }

    #[test]
    fn a_missing_list_is_different_from_an_empty_one() {
        assert_eq!(after(&[]), None);
        assert_eq!(after(&[&[]]), Some(vec![]));
    }
}
