//! The headers in the output of git.

/// The shortest abbreviation of a commit's name, in digits.
const MIN_COMMIT_LEN: usize = 7;

/// The longest name of a commit, in digits: SHA-256.
const MAX_COMMIT_LEN: usize = 64;

/// Where a hunk starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ranges {
    /// The number of versions that are compared with the new one: several for a merge.
    pub(super) parents: usize,
    /// The first line in the first of them.
    pub(super) old_line: u64,
    /// The first line in the new version.
    pub(super) new_line: u64,
}

/// Returns the commit that a line starts: `commit NAME`, `From NAME DATE` of a patch, or `NAME SUBJECT` of `--oneline`.
pub(super) fn commit_of(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line.get(..line.len().min(MAX_COMMIT_LEN + 16))?).ok()?;
    let rest = line.strip_prefix("commit ").or_else(|| line.strip_prefix("From ")).unwrap_or(line);
    let name = rest.split([' ', '\n', '\r']).next()?;
    let is_name = (MIN_COMMIT_LEN..=MAX_COMMIT_LEN).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_name.then(|| name.to_owned())
}

/// Returns the path in a header, without `a/` or `b/`; `None` for a version that does not exist.
pub(super) fn path_of(header: &[u8]) -> Option<String> {
    let header = header.trim_ascii_end();
    let path = match header.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
        Some(quoted) => unquote(quoted),
        // Other programs write a time after a tab.
        None => header.split(|byte| *byte == b'\t').next().unwrap_or_default().to_vec(),
    };
    let path = String::from_utf8_lossy(&path);
    if path == "/dev/null" {
        return None;
    }
    let is_prefix = |prefix: &str| ["a", "b", "c", "i", "o", "w"].contains(&prefix);
    match path.split_once('/') {
        Some((prefix, rest)) if is_prefix(prefix) => Some(rest.to_owned()),
        _ => Some(path.into_owned()),
    }
}

/// Returns the bytes of a path that git quoted as in C.
fn unquote(quoted: &[u8]) -> Vec<u8> {
    let mut path = Vec::new();
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let (true, Some(&escape)) = (byte == b'\\', rest.first()) else {
            path.push(byte);
            continue;
        };
        let number = rest.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = number.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            path.push(byte);
            rest = &rest[3..];
            continue;
        }
        path.push(match escape {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            other => other,
        });
        rest = &rest[1..];
    }
    path
}

/// Returns where a hunk starts: `@@ -1,2 +3,4 @@`. In a merge there is one range and one `@` more for each parent.
pub(super) fn ranges(line: &[u8]) -> Option<Ranges> {
    let parents =
        line.iter().take_while(|byte| **byte == b'@').count().checked_sub(1).filter(|it| *it > 0)?;
    let text =
        std::str::from_utf8(line.get(parents + 1..line.len().min(256))?.split(|byte| *byte == b'@').next()?);
    let mut ranges = text.ok()?.split_whitespace();
    let first_line = |range: &str, sign| range.strip_prefix(sign)?.split(',').next()?.parse().ok();
    let old_line = first_line(ranges.next()?, '-')?;
    let new_line = first_line(ranges.nth(parents - 1)?, '+')?;
    Some(Ranges { parents, old_line, new_line })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_read_from_all_formats() {
        let name = "3f2a1bc4d5e6f708192a3b4c5d6e7f8091a2b3c4";
        for line in
            [format!("commit {name} (HEAD -> main)\n"), format!("From {name} Mon Sep 17 00:00:00 2001\n")]
        {
            assert_eq!(commit_of(line.as_bytes()).as_deref(), Some(name));
        }
        assert_eq!(commit_of(b"3f2a1bc Add west").as_deref(), Some("3f2a1bc"));
        for line in ["commit message", "Author: a <a@b>", "deadbee-f", "From: a@b", ""] {
            assert_eq!(commit_of(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn paths_are_read_with_and_without_prefix_and_quotes() {
        let path = |header: &str| path_of(header.as_bytes());
        assert_eq!(path("b/deploy/west.env\n").as_deref(), Some("deploy/west.env"));
        assert_eq!(path("deploy/west.env\t2026-11-27\n").as_deref(), Some("deploy/west.env"));
        assert_eq!(path(r#""b/gr\303\274n \"x\".env""#).as_deref(), Some("grün \"x\".env"));
        assert_eq!(path("/dev/null\n"), None);
    }

    #[test]
    fn ranges_are_read_of_changes_and_of_merges() {
        let change = Ranges { parents: 1, old_line: 3, new_line: 5 };
        assert_eq!(ranges(b"@@ -3,2 +5 @@ fn main() {\n"), Some(change));
        let merge = Ranges { parents: 2, old_line: 1, new_line: 7 };
        assert_eq!(ranges(b"@@@ -1,2 -4,2 +7,3 @@@\n"), Some(merge));
        assert_eq!(ranges(b"@@ nothing\n"), None);
        assert_eq!(ranges(b"@ -1 +1 @\n"), None);
    }
}
