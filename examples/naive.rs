//! The baseline for benchmarks: `naive FILE` decodes every token of a file, parses its certificates and prints one line
//! per token. It has no cache and no checks.
#![allow(clippy::disallowed_methods)] // a separate program with a command line

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use serde::Deserialize;
use x509_parser::pem::parse_x509_pem;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Token {
    #[serde(rename = "CA")]
    ca: Option<Vec<String>>,
    #[allow(dead_code)]
    manual_server_addresses: Option<Vec<String>>,
    #[allow(dead_code)]
    server_addresses: Option<Vec<String>>,
    server_name: String,
    #[serde(rename = "PeerID")]
    peer_id: String,
    #[allow(dead_code)]
    establishment_secret: String,
}

fn read(line: &str) -> Result<(Token, usize), Box<dyn Error>> {
    let json = base64_simd::STANDARD.decode_to_vec(line)?;
    let token: Token = serde_json::from_slice(&json)?;
    let mut certificates = 0;
    for ca in token.ca.iter().flatten() {
        let (_, pem) = parse_x509_pem(ca.as_bytes())?;
        pem.parse_x509()?;
        certificates += 1;
    }
    Ok((token, certificates))
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("naive FILE")?;
    let mut output = BufWriter::new(io::stdout().lock());
    for line in BufReader::new(File::open(path)?).lines() {
        match read(&line?) {
            Ok((token, count)) => writeln!(output, "{} {} {count}", token.peer_id, token.server_name)?,
            Err(error) => writeln!(output, "error: {error}")?,
        }
    }
    Ok(output.flush()?)
}
