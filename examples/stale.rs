//! Reports whether a token is still usable, without using it: `stale TOKEN_FILE NAME [HTTP_ADDR]`.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a separate program with a command line

use std::error::Error;

use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::gather::staleness::{PROBE_TIMEOUT, Sources};
use consul_peering::observed::Observed;
use consul_peering::{assess, decode};
use jiff::Timestamp;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (file, name) = arguments.next().zip(arguments.next()).ok_or("stale TOKEN_FILE NAME [HTTP_ADDR]")?;
    let options = Options { http_addr: arguments.next(), ..Options::default() };
    let client = Client::over_network(Config::resolve(&options, |variable| std::env::var(variable).ok())?)?;
    let token = decode(&std::fs::read(&file)?)?.token;

    let mut sources = Sources::new(Timestamp::now);
    sources.name = Some(&name);
    sources.consul = Observed::Value(&client);
    sources.probes = Observed::Value(PROBE_TIMEOUT);
    let assessment = assess(&file, &token, &sources.query(&token).await);
    println!("{:?}: {}", assessment.verdict, assessment.summary);
    Ok(())
}
