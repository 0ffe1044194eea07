//! Files that are not what an option expects: without an end, without a reader or writer, huge, or directories.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::builder::ValueHint;
use consul_peering::cli;

use crate::peering::{Peering, fixture};

/// The memory that a run may use, in KiB: less than the longest of these files.
const MAX_MEMORY: u32 = 1024 * 1024;

/// A kind of file.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Endless,
    /// A pipe into which another process writes without an end.
    Pipe,
    /// A named pipe that no process opens for writing.
    WithoutWriter,
    Directory,
    Sparse,
    Absent,
    /// Without the permission to read it, unless the test runs as root.
    Unreadable,
    Empty,
    Loop,
    Invalid,
}

use Kind::{Absent, Directory, Empty, Endless, Invalid, Loop, Pipe, Sparse, Unreadable, WithoutWriter};

/// Creates such a file in a directory and returns its path.
fn create(kind: Kind, directory: &Path) -> PathBuf {
    let path = directory.join("unlucky");
    match kind {
        Endless => return PathBuf::from("/dev/zero"),
        Absent => {}
        Directory => fs::create_dir(&path).unwrap(),
        Empty => fs::write(&path, "").unwrap(),
        Invalid => fs::write(&path, [0xff; 100]).unwrap(),
        Unreadable => {
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        }
        WithoutWriter => named_pipe(&path),
        Loop => std::os::unix::fs::symlink("unlucky", &path).unwrap(),
        Sparse => fs::File::create(&path).unwrap().set_len(10 << 30).unwrap(),
        Pipe => {
            named_pipe(&path);
            let writer = path.clone();
            std::thread::spawn(move || {
                // Ends when the reader is gone.
                if let Ok(mut pipe) = fs::OpenOptions::new().write(true).open(writer) {
                    while pipe.write_all(&[b'x'; 4096]).is_ok() {}
                }
            });
        }
    }
    path
}

fn named_pipe(path: &Path) {
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

/// The words of a run, and a variable.
type Place = (&'static [&'static str], Option<(&'static str, &'static str)>);

/// Every place for a file, with `FILE` for the path.
const PLACES: [Place; 23] = [
    (&["list", "-config=FILE"], None),
    (&["list"], Some(("PEERING_CONFIG", "FILE"))),
    (&["list", "-token-file=FILE"], None),
    (&["list"], Some(("CONSUL_HTTP_TOKEN_FILE", "FILE"))),
    (&["list", "-http-addr=https://127.0.0.1:1", "-ca-file=FILE"], None),
    (&["list", "-http-addr=https://127.0.0.1:1", "-ca-path=FILE"], None),
    (&["list", "-http-addr=https://127.0.0.1:1", "-client-cert=FILE", "-client-key=FILE"], None),
    (&["inspect", "@FILE"], None),
    (&["validate", "@FILE"], None),
    (&["diff", "@FILE", "@FILE"], None),
    (&["stale", "@FILE", "-offline"], None),
    (&["stale", "@token", "-offline", "-snapshot=FILE"], None),
    (&["diagnose", "@token", "-offline", "-error=@FILE"], None),
    (&["establish", "-name=west", "-peering-token=@FILE"], None),
    (&["ledger", "import", "-name=west", "@FILE"], None),
    (&["find", "token", "-baseline=FILE"], None),
    (&["validate", "-batch=FILE"], None),
    (&["explain", "@FILE"], None),
    (&["explain", "-log=FILE"], None),
    (&["diagnose", "-from=FILE"], None),
    (&["audit", "-inventory=FILE"], None),
    (&["audit", "judge", "FILE"], None),
    (&["audit", "judge", "/dev/null", "-diff=FILE"], None),
];

#[test]
fn no_kind_of_file_breaks_an_option() {
    // Most of the time is waiting for a writer.
    std::thread::scope(|scope| {
        for place in PLACES {
            scope.spawn(move || {
                for kind in [
                    Endless,
                    Pipe,
                    WithoutWriter,
                    Directory,
                    Sparse,
                    Absent,
                    Unreadable,
                    Empty,
                    Loop,
                    Invalid,
                ] {
                    try_file(place, kind);
                }
            });
        }
    });
}

fn try_file((words, variable): Place, kind: Kind) {
    // A pipe has one reader, and a log may be as long as it likes.
    if matches!(kind, Pipe) && (words[0] == "diff" || words.contains(&"-client-key=FILE")) {
        return;
    }
    let token = fs::read_to_string(fixture("tokens/one-server.txt")).unwrap();
    let run = Peering::new().file("token", &token);
    let path = create(kind, run.home()).to_str().unwrap().to_owned();
    let words = words.iter().map(|word| word.replace("FILE", &path));
    let run = run.args(words.clone()).through_shell(&format!("ulimit -v {MAX_MEMORY}; exec \"$@\""));
    let run =
        variable.into_iter().fold(run, |run, (name, value)| run.env(name, &value.replace("FILE", &path)));
    let started = Instant::now();
    let finished = run.run();
    let what = format!("{kind:?}: {:?} {variable:?}", words.clone().collect::<Vec<_>>());
    // A signal or an abort has no exit code.
    assert!((0..=3).contains(&finished.status), "{what}: {}: {}", finished.status, finished.stderr);
    assert!(!finished.stderr.contains("internal error"), "{what}: {}", finished.stderr);
    assert!(finished.stdout.len() + finished.stderr.len() < 20_000, "{what}: {}", finished.stderr);
    assert!(started.elapsed() < Duration::from_mins(1), "{what}: {:?}", started.elapsed());
    let is_directory_of_certificates = words.clone().any(|word| word.starts_with("-ca-path="));
    if matches!(kind, WithoutWriter) && !is_directory_of_certificates {
        let shown = finished.stdout + &finished.stderr;
        assert!(shown.contains("no program writes to this pipe"), "{what}: {shown}");
    }
}

/// The number of places above grows with the options that take a file.
#[test]
fn every_option_that_takes_a_file_is_tried() {
    let mut names: Vec<String> = Vec::new();
    let definition = cli::definition();
    let within = definition.get_subcommands().flat_map(clap::Command::get_subcommands);
    for command in definition.get_subcommands().chain(within) {
        for option in command.get_arguments() {
            let is_file = option
                .get_value_names()
                .is_some_and(|names| names.iter().any(|name| ["FILE", "DIRECTORY"].contains(&name.as_str())));
            if is_file || option.get_value_hint() == ValueHint::FilePath {
                names.extend(option.get_long().map(str::to_owned));
            }
        }
    }
    names.sort();
    names.dedup();
    // These write: see out_file.rs, bundle.rs and find.rs.
    names.retain(|name| !["out", "bundle", "facts", "write-baseline"].contains(&name.as_str()));
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        let option = format!("-{name}=FILE");
        assert!(PLACES.iter().any(|(words, _)| words.contains(&option.as_str())), "{option} is not tried");
    }
}

#[test]
fn every_file_is_read_through_the_bounded_reader() {
    // Those that read a stream of any length, piece by piece, and those of the bounded reader itself.
    let streams = [
        "src/net/file.rs",
        "src/net/consul/file.rs",
        "src/net/find_files.rs",
        "src/net/snapshot/source.rs",
        "src/cli/commands/batch/source.rs",
        "src/cli/commands/explain.rs",
        "src/cli/commands/audit/judge.rs",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut directories = vec![root.join("src")];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                directories.push(path);
            } else if !name.contains("tests") && path.extension().is_some_and(|extension| extension == "rs") {
                files += 1;
                let source = fs::read_to_string(&path).unwrap();
                let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
                let code: Vec<&str> = code.lines().filter(|line| !line.trim().starts_with("//")).collect();
                let reads = [
                    "File::open(",
                    "open_file(",
                    "file::open(",
                    "fs::read(",
                    "fs::read_to_string(",
                    "read_to_end(",
                    "read_to_string(",
                ];
                let found = code.iter().find(|line| reads.iter().any(|read| line.contains(read)));
                let is_bounded = |line: &&str| line.contains("file::read_to_end(") || line.contains(".take(");
                let found = found.filter(|line| !is_bounded(line));
                assert!(found.is_none() || streams.contains(&&*name), "{name}: {found:?}");
            }
        }
    }
    assert!(files > 200, "{files}");
}
