//! Arguments that name files: a path, `@FILE`, a directory, a quoted pattern such as `'tokens/*.token'`, or `-`.

use std::io;
use std::path::{MAIN_SEPARATOR, Path, PathBuf, is_separator};

use glob::MatchOptions;

use super::suggest::nearest;
use crate::cli::error::CliError;
use crate::gostd::os_error::os_error_text;
use crate::net::file;
use crate::platform::{self, LIST_COMMAND};
use crate::token::redact::redact;

/// The longest argument that may be a path, in bytes: Linux's limit.
const MAX_PATH_LEN: usize = 4096;

/// The longest word that may be the name of a file that does not exist, in bytes.
const MAX_NAME_LEN: usize = 255;

/// The longest word that is taken for a path because of a dot or slash in it, in bytes.
const MAX_WORD_LEN: usize = 64;

/// The maximum number of files that one argument names.
const MAX_FILES: usize = 1000;

/// Extensions of files with tokens, documents and logs.
const EXTENSIONS: [&str; 14] = [
    "token", "tok", "txt", "json", "jsonl", "yaml", "yml", "tfstate", "b64", "base64", "env", "log", "snap",
    "out",
];

/// What an argument names.
#[derive(Debug, PartialEq, Eq)]
pub enum Named {
    /// Standard input.
    Stdin,
    /// Files, in order.
    Files(Vec<NamedFile>),
    /// Nothing: it is the text itself.
    Text,
}

/// A file that an argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// How it is shown: with the `@` that was given.
    pub source: String,
    /// Its path.
    pub path: PathBuf,
}

/// Returns what an argument names. It is an error if it looks like a path and does not exist.
pub fn find(argument: &str) -> Result<Named, CliError> {
    if argument == "-" {
        return Ok(Named::Stdin);
    }
    let (at, name) = match argument.strip_prefix('@') {
        Some(name) => ("@", name),
        None => ("", argument),
    };
    if at.is_empty() && !may_be_path(name) {
        return Ok(Named::Text);
    }
    let path = expand_home(name);
    let metadata = match platform::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) => {
            return match matches(at, &path) {
                Some(matches) => matches,
                None if at.is_empty() && !looks_like_path(name) => Ok(Named::Text),
                None => Err(unreadable(argument, &error)),
            };
        }
    };
    if metadata.is_dir() {
        return files_in(at, argument, &path);
    }
    Ok(Named::Files(vec![NamedFile { source: argument.to_owned(), path }]))
}

/// Returns the one file that an argument names; `None` for standard input.
pub fn find_one(argument: &str) -> Result<Option<PathBuf>, CliError> {
    match find(argument)? {
        Named::Stdin => Ok(None),
        Named::Text => Ok(Some(expand_home(argument))),
        Named::Files(mut files) => {
            let count = files.len();
            let file = files.pop().filter(|_| count == 1);
            file.map(|file| Some(file.path)).ok_or_else(|| {
                CliError::new(format_args!("{argument} names {count} files, and one is needed"))
                    .with_remedy("name one of them")
            })
        }
    }
}

/// The error of a file that cannot be read. `source` is how it was given.
pub fn unreadable(source: &str, error: &io::Error) -> CliError {
    let failed = CliError::new(format_args!("cannot read {}: {}", redact(source), os_error_text(error)));
    let name = source.strip_prefix('@').unwrap_or(source);
    if name.starts_with("eyJ") {
        return failed.with_remedy("remove the @ if this is a token");
    }
    match error.kind() {
        io::ErrorKind::NotFound => match similar(Path::new(name)) {
            Some(similar) => failed.with_remedy(format_args!("did you mean {similar}?")),
            None => failed
                .with_detail("Likely cause: the name is misspelled, or relative to a different directory")
                .with_remedy(format_args!("check the path with {LIST_COMMAND}")),
        },
        io::ErrorKind::PermissionDenied => {
            failed.with_remedy("run the command as the user who can read it, or change its permissions")
        }
        _ if file::is_without_writer(error) => {
            failed.with_remedy("start the program that writes to it, then run the command again")
        }
        _ if file::is_too_long(error) => failed.with_remedy("check that this is the right file"),
        _ => failed,
    }
}

/// Returns whether an argument may be a path at all.
fn may_be_path(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_PATH_LEN && !text.contains(['\n', '\0'])
}

/// Returns whether a text is more likely a path than a token or a message.
fn looks_like_path(text: &str) -> bool {
    if text.starts_with("eyJ") || text.contains("://") || text.contains(char::is_whitespace) {
        return false;
    }
    let text = text.replace(MAIN_SEPARATOR, "/");
    let is_absolute = Path::new(&text).is_absolute();
    if is_absolute || ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start)) {
        // A token's base64 may start with a slash after its start was cut off.
        return text.len() <= MAX_NAME_LEN;
    }
    let is_name = |character: char| character.is_ascii_alphanumeric() || "._/-".contains(character);
    let is_word = text.len() <= MAX_WORD_LEN && text.contains(['.', '/']) && text.chars().all(is_name);
    is_word && !text.contains("...") || has_known_extension(&text)
}

/// Returns whether a text ends like the name of a file with a token, a document or a log.
fn has_known_extension(text: &str) -> bool {
    let extension = Path::new(text).extension().and_then(|extension| extension.to_str());
    let is_known = extension.is_some_and(|extension| EXTENSIONS.contains(&extension.to_lowercase().as_str()));
    text.len() <= MAX_NAME_LEN && is_known
}

/// Returns the files that match a pattern; `None` if the path is not a pattern.
fn matches(at: &str, path: &Path) -> Option<Result<Named, CliError>> {
    let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']) && !text.contains(' '))?;
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let found = glob::glob_with(pattern, options).ok()?;
    let files = found.flatten().filter(|path| path.is_file()).take(MAX_FILES + 1).collect();
    Some(match named(at, files) {
        Ok(Named::Files(files)) if files.is_empty() => {
            Err(CliError::new(format_args!("no file matches {at}{pattern}")).with_remedy(format_args!(
                "check the pattern with {LIST_COMMAND}; it skips names that start with a dot"
            )))
        }
        other => other,
    })
}

/// Returns the files of a directory, sorted by name. Hidden files, backups and what is not a file are skipped, and so are
/// directories in it.
fn files_in(at: &str, argument: &str, directory: &Path) -> Result<Named, CliError> {
    let entries = std::fs::read_dir(directory).map_err(|error| unreadable(argument, &error))?;
    let mut files = Vec::new();
    let mut has_directories = false;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(argument, &error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        has_directories |= path.is_dir();
        if path.is_file() {
            files.push(path);
        }
        if files.len() > MAX_FILES {
            break;
        }
    }
    files.sort();
    if files.is_empty() {
        let failed = CliError::new(format_args!("the directory {argument} contains no files"));
        return Err(if has_directories {
            let base = argument.trim_end_matches(is_separator);
            failed.with_remedy(format_args!("for files in directories below it, use '{base}/**/*'"))
        } else {
            failed.with_remedy("check the path; hidden files are skipped")
        });
    }
    named(at, files)
}

fn named(at: &str, files: Vec<PathBuf>) -> Result<Named, CliError> {
    if files.len() > MAX_FILES {
        return Err(CliError::new(format_args!("more than {MAX_FILES} files"))
            .with_remedy("name fewer files, or check one token per line with validate -batch"));
    }
    let files = files.into_iter().map(|path| NamedFile { source: format!("{at}{}", path.display()), path });
    Ok(Named::Files(files.collect()))
}

/// Returns the file in the same directory whose name is most similar.
fn similar(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> = entries
        .flatten()
        .take(MAX_FILES)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|it| !it.starts_with('.'))
        .collect();
    let similar = nearest(name, names.iter().map(String::as_str))?;
    Some(parent.map_or_else(|| similar.to_owned(), |parent| parent.join(similar).display().to_string()))
}

/// Expands `~/`, which no shell does in quotes or after an `@`.
pub fn expand_home(path: &str) -> PathBuf {
    let in_home = path.strip_prefix('~').and_then(|rest| rest.strip_prefix(is_separator));
    match (in_home, std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_a_token_and_from_a_message() {
        for text in ["west.token", "./west", "/tmp/west", "~/west", "a/b.yaml", "west.tokn", "tokens/west"] {
            assert!(looks_like_path(text), "{text}");
        }
        for text in
            ["west", "eyJDQSI6.json", "https://a/b.json", "no such file a.json", "abc...xyz", "$TOKEN"]
        {
            assert!(!looks_like_path(text), "{text}");
        }
    }
}
