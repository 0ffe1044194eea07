//! Searches files and directories for tokens, in parallel. The order of what is found does not depend on it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::find::report::{Searched, Unreadable};
use crate::find::{Found, Search};
use crate::gostd::os_error::os_error_text;
use crate::net::file;
use crate::platform::is_device;

/// Files that are hidden by their name, and contain settings in most cases.
const SETTINGS: &str = ".env";

/// Which files of a directory are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// Also those whose name starts with a dot. Files whose name starts with `.env` are always searched.
    pub hidden: bool,
    /// Also those that `.gitignore`, `.ignore` and the like exclude, and the directory `.git`.
    pub ignored: bool,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The tokens, in the order of the arguments, paths and lines.
    pub found: Vec<Found>,
    /// What could not be read, in the same order.
    pub unreadable: Vec<Unreadable>,
    /// How much was searched.
    pub searched: Searched,
}

impl Outcome {
    /// Adds what another search found.
    pub fn add(&mut self, other: Self) {
        self.found.extend(other.found);
        self.unreadable.extend(other.unreadable);
        self.searched.files += other.searched.files;
        self.searched.bytes += other.searched.bytes;
    }
}

/// What one thread found in one file.
enum Message {
    Searched(PathBuf, Vec<Found>),
    Unreadable(Option<PathBuf>, String),
}

/// Searches files, and all files below directories. Files that are named are searched even if they are hidden or ignored.
/// Symbolic links in directories are not followed.
pub fn search(paths: &[PathBuf], selection: Selection) -> Outcome {
    let Some((first, more)) = paths.split_first() else { return Outcome::default() };
    let mut builder = WalkBuilder::new(first);
    for path in more {
        builder.add(path);
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    builder.standard_filters(!selection.ignored).hidden(false).threads(threads);
    builder.filter_entry(move |entry| is_selected(entry, selection));
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    let (sender, messages) = channel();
    builder.build_parallel().run(|| {
        let (sender, mut search) = (sender.clone(), Search::default());
        let (files, bytes) = (&files, &bytes);
        Box::new(move |entry| {
            match entry {
                Ok(entry) if is_file(&entry) => {
                    files.fetch_add(1, Ordering::Relaxed);
                    let read = search_file(entry.path(), &mut search, &sender);
                    bytes.fetch_add(read, Ordering::Relaxed);
                }
                Ok(_) => {}
                Err(error) => send(&sender, unreadable(&error)),
            }
            WalkState::Continue
        })
    });
    drop(sender);
    let searched = Searched { files: files.into_inner(), bytes: bytes.into_inner() };
    Outcome { searched, ..in_order(paths, messages.into_iter().collect()) }
}

fn is_selected(entry: &DirEntry, selection: Selection) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_named = entry.depth() == 0;
    let is_hidden = name.starts_with('.') && !name.starts_with(SETTINGS);
    is_named || (selection.hidden || !is_hidden) && (selection.ignored || name != ".git")
}

/// Whether an entry is a file. One that was named can be a pipe too.
fn is_file(entry: &DirEntry) -> bool {
    let kind = entry.file_type();
    if entry.depth() == 0 {
        kind.is_none_or(|kind| !kind.is_dir())
    } else {
        kind.is_some_and(|kind| kind.is_file())
    }
}

fn search_file(path: &Path, search: &mut Search, sender: &Sender<Message>) -> u64 {
    let mut found = Vec::new();
    let result = open_and_search(path, search, &mut found);
    if !found.is_empty() {
        send(sender, Message::Searched(path.to_owned(), found));
    }
    result.unwrap_or_else(|error| {
        send(sender, Message::Unreadable(Some(path.to_owned()), os_error_text(&error)));
        0
    })
}

fn open_and_search(path: &Path, search: &mut Search, found: &mut Vec<Found>) -> io::Result<u64> {
    let mut file = file::open(path)?;
    if is_device(file.metadata()?.file_type()) {
        return Err(io::Error::other("a device has no end"));
    }
    // As others print it: `find .` finds files in `src`, not in `./src`.
    let shown = path.strip_prefix(".").unwrap_or(path).display().to_string();
    search.file(&shown, &mut file, found)
}

/// Searches a pipe, such as standard input. The output of `git log -p` is read as such.
pub fn search_pipe(source: &str, mut reader: impl Read) -> Outcome {
    let mut outcome = Outcome::default();
    match Search::default().pipe(source, &mut reader, &mut outcome.found) {
        Ok(bytes) => outcome.searched = Searched { files: 1, bytes },
        Err(error) => {
            outcome.unreadable.push(Unreadable { path: source.to_owned(), reason: os_error_text(&error) });
        }
    }
    outcome
}

fn send(sender: &Sender<Message>, message: Message) {
    // The receiver exists until all threads have ended.
    let _ = sender.send(message);
}

/// Returns the path and the reason of an error of the walk.
fn unreadable(error: &ignore::Error) -> Message {
    fn path_of(error: &ignore::Error) -> Option<&Path> {
        match error {
            ignore::Error::WithPath { path, .. } => Some(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
            ignore::Error::Loop { child, .. } => Some(child),
            _ => None,
        }
    }
    let reason = match error.io_error() {
        Some(error) => os_error_text(error),
        None => error.to_string(),
    };
    Message::Unreadable(path_of(error).map(Path::to_owned), reason)
}

/// Sorts what the threads found, which arrives in any order.
fn in_order(paths: &[PathBuf], messages: Vec<Message>) -> Outcome {
    let argument = |path: &Path| paths.iter().position(|argument| path.starts_with(argument));
    let mut outcome = Outcome::default();
    let mut found: Vec<(PathBuf, Vec<Found>)> = Vec::new();
    let mut unreadable = Vec::new();
    for message in messages {
        match message {
            Message::Searched(path, tokens) => found.push((path, tokens)),
            Message::Unreadable(path, reason) => unreadable.push((path, reason)),
        }
    }
    let key = |path: &Path| (argument(path), path.to_owned());
    found.sort_by_cached_key(|(path, _)| key(path));
    // A file that was named twice, or is below two of the arguments.
    found.dedup_by(|(path, _), (before, _)| path == before);
    outcome.found = found.into_iter().flat_map(|(_, tokens)| tokens).collect();
    unreadable.sort_by_cached_key(|(path, reason)| (path.as_deref().map(key), reason.clone()));
    unreadable.dedup();
    let shown = |(path, reason): (Option<PathBuf>, String)| Unreadable {
        path: path.map_or_else(String::new, |path| path.display().to_string()),
        reason,
    };
    outcome.unreadable = unreadable.into_iter().map(shown).collect();
    outcome
}
