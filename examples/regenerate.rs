//! Reports whether generating a token would invalidate an unused one: `regenerate NAME [HTTP_ADDR]`.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a separate program with a command line

use std::error::Error;

use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::gather::regenerate::{TIMEOUT, observe};
use consul_peering::net::ledger::Ledger;
use consul_peering::net::regenerate::decide;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().ok_or("regenerate NAME [HTTP_ADDR]")?;
    let options = Options { http_addr: arguments.next(), ..Options::default() };
    let client = Client::over_network(Config::resolve(&options, |variable| std::env::var(variable).ok())?)?;

    // A program can wait longer than the default, which is for people.
    let observations = observe(&client, &Ledger::Off, &name, client.partition(), 10 * TIMEOUT).await;
    println!("{:?}", decide(&observations));
    Ok(())
}
