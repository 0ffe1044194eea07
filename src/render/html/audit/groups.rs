//! Groups of clusters by the start of their names, so that a picture of many clusters has blocks.

/// The maximum number of groups.
const MAX: usize = 24;

/// How many groups clusters are divided into if their names do not group them.
const BLOCKS: usize = 20;

/// Groups of clusters.
pub(super) struct Groups {
    /// The names of the groups.
    pub names: Vec<String>,
    /// The group of each cluster.
    pub of: Vec<usize>,
}

impl Groups {
    /// Groups clusters by the start of their names. All are one group if that is no help.
    pub(super) fn by_start(names: &[&str]) -> Self {
        let mut groups = Self { names: Vec::new(), of: Vec::new() };
        for name in names {
            let start = start(name);
            let known = groups.names.iter().position(|known| known == start);
            groups.of.push(known.unwrap_or_else(|| {
                groups.names.push(start.to_owned());
                groups.names.len() - 1
            }));
        }
        let is_help = (2..=MAX).contains(&groups.names.len()) && groups.names.len() * 2 <= names.len();
        if is_help { groups } else { Self { names: vec![String::new()], of: vec![0; names.len()] } }
    }

    /// Groups clusters as [`Groups::by_start`], or else in blocks of neighbors.
    pub(super) fn of_many(names: &[&str]) -> Self {
        let groups = Self::by_start(names);
        if groups.names.len() > 1 {
            return groups;
        }
        let len = names.len().div_ceil(BLOCKS).max(1);
        let block = |names: &[&str]| match names {
            [first, .., last] => format!("{first} … {last}"),
            _ => names.concat(),
        };
        Self {
            names: names.chunks(len).map(block).collect(),
            of: (0..names.len()).map(|it| it / len).collect(),
        }
    }
}

/// Returns the part of a name before the first separator, or before the digits at its end.
fn start(name: &str) -> &str {
    match name.split_once(['-', '.', '_', '/', ':', ' ']) {
        Some((start, _)) if !start.is_empty() => start,
        _ => name.trim_end_matches(|it: char| it.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_are_grouped_by_the_start_of_their_names() {
        let groups = Groups::by_start(&["edge-oslo", "hub-1", "edge-rome", "hub-2"]);
        assert_eq!((groups.names.join(" "), groups.of), ("edge hub".to_owned(), vec![0, 1, 0, 1]));
        let one = Groups::by_start(&["dc1", "dc2", "dc3"]);
        assert_eq!((one.names.len(), one.of), (1, vec![0, 0, 0]));
        let own = Groups::by_start(&["oslo", "rome", "bern"]);
        assert_eq!(own.names.len(), 1, "a group for each cluster is no help");
    }

    #[test]
    fn many_clusters_without_groups_are_divided_into_blocks() {
        let names: Vec<String> = (0..100).map(|number| format!("c{number:03}")).collect();
        let groups = Groups::of_many(&names.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((groups.names.len(), groups.names[1].as_str()), (20, "c005 … c009"));
        assert_eq!((groups.of[4], groups.of[5]), (0, 1));
    }
}
