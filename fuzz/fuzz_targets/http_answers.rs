//! Reads responses of Consul's HTTP API over a real connection.
#![no_main]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{LazyLock, Mutex};
use std::thread;

use consul_peering::explain::explain;
use consul_peering::net::consul::{Client, Config, GenerateTokenRequest, Options};
use consul_peering::net::ledger::Record;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

/// No redirects: the client would connect to arbitrary addresses.
const STATUSES: [u16; 8] = [200, 200, 200, 400, 403, 404, 429, 500];

static RESPONSE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

static SERVER: LazyLock<SocketAddr> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            // Requests are small enough for one read.
            while matches!(connection.read(&mut [0; 4096]), Ok(1..)) {
                let response = RESPONSE.lock().unwrap().clone();
                if connection.write_all(&response).is_err() {
                    break;
                }
            }
        }
    });
    address
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let options = Options { http_addr: Some(SERVER.to_string()), ..Options::default() };
    Client::over_network(Config::resolve(&options, |_| None).unwrap()).unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    let [endpoint, status, body @ ..] = bytes else { return };
    let status = STATUSES[usize::from(*status) % STATUSES.len()];
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
    *RESPONSE.lock().unwrap() = [head.as_bytes(), body].concat();
    let client = &*CLIENT;
    let error = RUNTIME.block_on(async {
        match endpoint % 7 {
            0 => client.generate_token(&GenerateTokenRequest::default()).await.map(|it| debug(&it)),
            1 => client.read_peering("west").await.map(|it| debug(&it)),
            2 => client.list_peerings().await.map(|it| debug(&it)),
            3 => client.ca_roots().await.map(|it| debug(&it)),
            4 => client.read_keys("a/").await.map(|it| debug(&it)),
            5 => client.list_keys("a/").await.map(|it| debug(&it)),
            _ => client.put_key("a/b", Vec::new(), 1).await.map(|it| debug(&it)),
        }
    });
    if let Err(error) = error {
        let error = error.to_string();
        assert!(error.len() <= 1024 + 4 * body.len());
        let _ = explain(&error);
    }
    // As a record of the ledger.
    if let Ok(record) = serde_json::from_slice::<Record>(body) {
        let again = serde_json::to_vec(&record).unwrap();
        assert_eq!(serde_json::from_slice::<Record>(&again).unwrap(), record);
    }
});

fn debug(value: &impl std::fmt::Debug) {
    drop(format!("{value:?}"));
}
