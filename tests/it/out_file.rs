//! `generate-token -out`: what it writes to.

use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};

use crate::peering::Peering;

#[test]
fn out_writes_to_regular_files_only() {
    let generate = |out: &str| {
        Peering::new().args([
            "generate-token",
            "-name",
            "west",
            "-http-addr",
            "embedded",
            "-force",
            "-out",
            out,
        ])
    };
    let refused = |run: Peering, reason: &str| {
        let finished = run.run().status(1);
        assert_eq!(
            (finished.stdout.as_str(), finished.stderr.contains(reason)),
            ("", true),
            "{}",
            finished.stderr
        );
        assert!(finished.stderr.starts_with("Error: no token was generated: "), "{}", finished.stderr);
        finished
    };
    refused(generate("/dev/null"), "not a regular file");
    let null = std::fs::metadata("/dev/null").unwrap();
    assert!(null.file_type().is_char_device());

    let run = generate("pipe");
    let pipe = run.home().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let finished = refused(run, "not a regular file");
    assert!(std::fs::symlink_metadata(finished.home.path().join("pipe")).unwrap().file_type().is_fifo());

    let run = generate("link");
    symlink("nowhere", run.home().join("link")).unwrap();
    refused(run, "broken symbolic link: no such file or directory");

    // What a link leads to is overwritten, for its owner only.
    let run = generate("link").file("real", "old");
    symlink("real", run.home().join("link")).unwrap();
    let finished = run.run().status(0);
    let real = finished.home.path().join("real");
    assert!(finished.home.path().join("link").is_symlink());
    assert!(std::fs::read_to_string(&real).unwrap().starts_with("eyJ"));
    assert_eq!(std::fs::metadata(&real).unwrap().mode() & 0o777, 0o600);

    let printed = generate("-").shows_secrets().run().status(0);
    assert!(printed.stdout.starts_with("eyJ"), "{}", printed.stdout);
    assert!(!printed.home.path().join("-").exists());
}
