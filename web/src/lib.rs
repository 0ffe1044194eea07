//! The core as a WebAssembly module: plain functions, numbers in and out, text in two buffers.
//!
//! The page writes a text at the address that [`input`] returns, calls one of the other functions, and reads that many
//! bytes at [`output`]. Both buffers are wiped. Every result is JSON or text that the core wrote.
#![allow(unsafe_code)] // `unsafe(no_mangle)` only: there is no unsafe block

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use consul_peering::{ZeroizeBuf, page};
use jiff::Timestamp;

/// A token with two CA certificates, for people who want to try the page. Its secret was used long ago.
const SAMPLE: &str = include_str!("../../fixtures/tokens/two-roots.txt");

static BUFFERS: Mutex<Option<Buffers>> = Mutex::new(None);

#[derive(Default)]
struct Buffers {
    input: ZeroizeBuf,
    output: ZeroizeBuf,
}

#[link(wasm_import_module = "page")]
unsafe extern "C" {
    /// Receives the message of a panic. The module traps after it.
    safe fn failed(message: *const u8, len: usize);
}

/// Returns the address of a buffer for a text of this many bytes.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    report_panics();
    with_buffers(|buffers| {
        buffers.input = ZeroizeBuf::from(vec![0; len]);
        buffers.input.as_mut_ptr()
    })
}

/// Returns the address of the last result.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    with_buffers(|buffers| buffers.output.as_ptr())
}

/// Wipes both buffers.
#[unsafe(no_mangle)]
pub extern "C" fn wipe() {
    with_buffers(|buffers| *buffers = Buffers::default());
}

/// Writes what the page shows of the text. Returns the length.
#[unsafe(no_mangle)]
pub extern "C" fn look(now: f64) -> usize {
    answer(|text| page::look(text, time(now)))
}

/// Writes the message with which Consul rejects the text as it is. Returns the length; 0 if Consul accepts it.
#[unsafe(no_mangle)]
pub extern "C" fn verdict() -> usize {
    answer(page::verdict)
}

/// Writes the output of `peering inspect -format json`. Returns the length.
#[unsafe(no_mangle)]
pub extern "C" fn inspect(now: f64) -> usize {
    answer(|text| page::inspect_json(text, time(now)))
}

/// Writes the output of `peering validate -format json`. Returns the length.
#[unsafe(no_mangle)]
pub extern "C" fn validate(now: f64) -> usize {
    answer(|text| page::validate_json(text, time(now)))
}

/// Writes a report in which names and addresses are replaced. Returns the length.
#[unsafe(no_mangle)]
pub extern "C" fn report(now: f64) -> usize {
    answer(|text| page::redacted_report(text, time(now)))
}

/// Writes the secret of the token with this index. Returns the length.
#[unsafe(no_mangle)]
pub extern "C" fn secret(index: usize) -> usize {
    answer(|text| page::secret(text, index))
}

/// Compares the token in the first bytes of the text with the token in the rest. Returns the length of the result.
#[unsafe(no_mangle)]
pub extern "C" fn compare(first_len: usize) -> usize {
    answer(|text| {
        let (first, second) = text.split_at(first_len);
        page::compare(first, second)
    })
}

/// Writes the sample token. Returns the length.
#[unsafe(no_mangle)]
pub extern "C" fn sample() -> usize {
    answer(|_| SAMPLE.trim_end().to_owned())
}

/// Takes the text, and keeps the result for [`output`].
fn answer(result: impl FnOnce(&[u8]) -> String) -> usize {
    let text = with_buffers(|buffers| std::mem::take(&mut buffers.input));
    let result = ZeroizeBuf::from(result(&text).into_bytes());
    let len = result.len();
    with_buffers(|buffers| buffers.output = result);
    len
}

fn with_buffers<T>(work: impl FnOnce(&mut Buffers) -> T) -> T {
    let mut buffers: MutexGuard<'_, Option<Buffers>> = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
    work(buffers.get_or_insert_default())
}

/// Returns the time of a number of milliseconds since 1970, in whole seconds as the command line uses it.
fn time(milliseconds: f64) -> Timestamp {
    #[allow(clippy::cast_possible_truncation)] // clamps
    let seconds = (milliseconds / 1000.0).floor() as i64;
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Passes the message of a panic to the page. Without this, a panic is a trap without a reason.
fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let message = panic.to_string();
            failed(message.as_ptr(), message.len());
        }));
    });
}

getrandom::register_custom_getrandom!(no_randomness);

/// The core never draws random numbers.
fn no_randomness(_: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}
