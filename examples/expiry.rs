//! Lists when the tokens in a directory expire, the first to expire first: `expiry DIRECTORY [DATE]`.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a separate program with a command line

use consul_peering::certificate::Certificate;
use consul_peering::gostd::pem;
use consul_peering::token::decode;
use jiff::Timestamp;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().expect("expiry DIRECTORY [DATE]");
    let now: Timestamp = match arguments.next() {
        Some(date) => format!("{date}T00:00:00Z").parse().expect("a date such as 2026-11-24"),
        None => Timestamp::now(),
    };
    let mut expiries = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let Ok(decoded) = decode(&std::fs::read(&path)?) else { continue };
        let cas = decoded.token.ca.unwrap_or_default();
        let certificates =
            cas.iter().filter_map(|ca| Certificate::from_der(&pem::decode(ca.as_bytes())?.bytes).ok());
        // During a CA rotation there are two, and one valid CA is enough.
        let Some(last) = certificates.max_by_key(|certificate| certificate.not_after) else { continue };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        expiries.push((last.not_after, last.days_left(now), name));
    }
    expiries.sort();
    for (not_after, days, name) in expiries {
        println!("{not_after}  {days:>6} days  {name}");
    }
    Ok(())
}
