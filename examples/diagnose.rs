//! Finds out why a peering cannot be established, without using the token: `diagnose TOKEN_FILE [HTTP_ADDR]`.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // a separate program with a command line

use std::error::Error;

use consul_peering::diagnose;
use consul_peering::diagnosis::GivenToken;
use consul_peering::net::consul::{Client, Config, Options};
use consul_peering::net::gather::diagnosis::{Request, Sources, gather};
use jiff::Timestamp;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let token =
        GivenToken::new(std::fs::read(arguments.next().ok_or("diagnose TOKEN_FILE [HTTP_ADDR]")?)?.into());
    let options = Options { http_addr: arguments.next(), ..Options::default() };
    let client = Client::over_network(Config::resolve(&options, |variable| std::env::var(variable).ok())?)?;

    let sources = Sources::new(Some(&client), Timestamp::now, "this-host");
    let request = Request { token: Some(&token), ..Request::default() };
    let diagnosis = diagnose(gather(&sources, request).await);
    for cause in &diagnosis.causes {
        println!("{}: {}", cause.name, cause.remedy);
    }
    println!("{}", diagnosis.conclusion);
    Ok(())
}
