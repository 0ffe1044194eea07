// The programs are those of Unix.
#![cfg(unix)]

use super::*;

const UUID: &str = "695329ee-1d09-40ea-9d75-0123456789ab";

fn sh(script: &str) -> Result<Secret, CommandError> {
    sh_within(script, Duration::from_mins(2))
}

fn sh_within(script: &str, timeout: Duration) -> Result<Secret, CommandError> {
    run(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], timeout)
}

#[test]
fn the_output_is_the_token_without_the_space_around_it() {
    assert_eq!(sh(&format!("echo; echo ' {UUID} '; echo noise >&2")), Ok(Secret::from(UUID)));
}

#[test]
fn no_shell_reads_the_words() {
    let words = ["echo", "$HOME;`id`"].map(str::to_owned);
    assert_eq!(run(&words, Duration::from_mins(2)), Ok(Secret::from("$HOME;`id`")));
}

#[test]
fn a_failure_shows_status_and_standard_error_and_no_secret() {
    let error = sh(&format!(
        "echo hunter2-hunter2; echo 'permission denied for hunter2-hunter2' >&2; echo \"got {UUID}, bye\" >&2; exit 3"
    ));
    assert_eq!(
        error.unwrap_err().to_string(),
        "\"sh\" (token_command) failed with exit status: 3: permission denied for <secret> got <secret>, bye"
    );
    assert_eq!(
        sh("kill -9 $$").unwrap_err().to_string(),
        "\"sh\" (token_command) failed with signal: 9 (SIGKILL)"
    );
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let error = run(&["no-such-program-of-ours".to_owned()], Duration::from_mins(2)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot run \"no-such-program-of-ours\" (token_command): no such file or directory"
    );
}

#[test]
fn output_that_is_not_one_word_is_rejected_and_not_shown() {
    for (script, reason) in [
        ("true", "nothing"),
        ("echo ' '", "nothing"),
        ("echo hunter2; echo hunter3", "several words or lines"),
        ("printf 'hunter2\\377'", "bytes that are not UTF-8"),
        ("yes hunter2", "more than 64 KiB"),
    ] {
        let error = sh(script).unwrap_err();
        assert_eq!(error, CommandError::NotAToken { program: "sh".to_owned(), reason }, "{script}");
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
}

#[test]
fn a_program_that_does_not_end_is_killed() {
    let timeout = Duration::from_millis(50);
    let timed_out = CommandError::TimedOut { program: "sh".to_owned(), timeout };
    assert_eq!(sh_within("exec sleep 600", timeout), Err(timed_out.clone()));
    // It closed its output, and a child that it left behind has not.
    assert_eq!(sh_within("exec >&- 2>&-; exec sleep 600", timeout), Err(timed_out.clone()));
    assert_eq!(sh_within("sleep 60 & echo token", timeout), Err(timed_out));
}

#[test]
fn a_program_that_writes_a_lot_to_standard_error_is_not_blocked() {
    let error = sh("head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1").unwrap_err();
    let CommandError::Failed { stderr, .. } = error else { panic!("{error}") };
    assert_eq!(stderr.len(), MAX_STDERR_LEN);
}
