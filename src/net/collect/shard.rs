//! A part of an inventory, for several collectors that share the work.

use std::str::FromStr;

use ring::digest::{SHA256, digest};

/// One of several shards, written `I/N` with `I` from 1. A cluster belongs to the shard that its name selects, so the shards
/// need not know of each other, and a new cluster moves no other one.
///
/// The first eight bytes of the SHA-256 digest of the name, as a big-endian number, modulo `N`, plus 1, is `I`. This stays the
/// same on every machine and in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// Returns whether a cluster belongs to this shard.
    pub fn contains(self, name: &str) -> bool {
        let digest = digest(&SHA256, name.as_bytes());
        let start = digest.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        start % self.count + 1 == self.index
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers =
            text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("not a shard: use I/N with I from 1 to N, such as 3/20"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_belongs_to_one_shard_for_ever() {
        let of = |name: &str, count: u64| {
            let shards = (1..=count).map(|index| format!("{index}/{count}").parse::<Shard>().unwrap());
            shards
                .enumerate()
                .filter(|(_, shard)| shard.contains(name))
                .map(|(index, _)| index + 1)
                .collect::<Vec<_>>()
        };
        for number in 0..200 {
            assert_eq!(of(&format!("c{number}"), 20).len(), 1);
        }
        // printf %s dc1 | sha256sum: 66a9ee1b164d5480…, which is 12 modulo 20.
        assert_eq!([of("dc1", 20), of("dc2", 20), of("c0417", 20), of("dc1", 1)], [[13], [15], [3], [1]]);
        let sizes = (1..=20).map(|index| {
            let shard: Shard = format!("{index}/20").parse().unwrap();
            (0..1000).filter(|number| shard.contains(&format!("c{number:04}"))).count()
        });
        assert!(sizes.into_iter().all(|size| (20..90).contains(&size)));
    }

    #[test]
    fn a_shard_has_a_number_from_one() {
        for text in ["", "1", "0/2", "3/2", "1/0", "-1/2", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
