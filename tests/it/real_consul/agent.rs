//! A real Consul agent on free ports of loopback.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use consul_peering::net::consul::{Client, Config, Options};

/// How often to start an agent: another process may take one of its ports first.
const MAX_STARTS: usize = 5;

/// A Consul in development mode. Dropping it ends the process; if the test failed, prints what the agent printed.
pub struct Agent {
    child: Child,
    /// What it prints.
    log: tempfile::NamedTempFile,
    /// Its HTTP API, `http://host:port`.
    pub address: String,
}

impl Agent {
    /// Starts one, and waits until it answers requests for peerings.
    pub async fn start(consul: &Path, datacenter: &str) -> Self {
        for _ in 1..MAX_STARTS {
            let mut agent = Self::launch(consul, datacenter);
            if agent.is_ready().await {
                return agent;
            }
            assert!(agent.printed().contains("address already in use"), "the agent ended");
        }
        let mut agent = Self::launch(consul, datacenter);
        assert!(agent.is_ready().await, "the agent ended");
        agent
    }

    fn launch(consul: &Path, datacenter: &str) -> Self {
        let log = tempfile::NamedTempFile::new().unwrap();
        let appended = std::fs::OpenOptions::new().append(true).open(log.path()).unwrap();
        let ports = free_ports();
        let [http, grpc, grpc_tls, server, serf_lan, serf_wan] = ports.map(|port| port.to_string());
        let child = Command::new(consul)
            .args(["agent", "-dev", "-datacenter", datacenter, "-node", datacenter])
            .args(["-bind", "127.0.0.1", "-client", "127.0.0.1", "-dns-port", "-1"])
            .args(["-http-port", &http, "-grpc-port", &grpc, "-grpc-tls-port", &grpc_tls])
            .args(["-server-port", &server, "-serf-lan-port", &serf_lan, "-serf-wan-port", &serf_wan])
            .args(["-hcl", "connect { enabled = true } peering { enabled = true }"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(appended.try_clone().unwrap())
            .stderr(appended)
            .spawn()
            .unwrap();
        Self { child, log, address: format!("http://127.0.0.1:{http}") }
    }

    fn printed(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log.path()).unwrap_or_default()).into_owned()
    }

    /// Waits for a leader, a CA, and the agent's own entry in the catalog, which provides the addresses of tokens. Returns
    /// `false` if the agent ended.
    async fn is_ready(&mut self) -> bool {
        let options = Options { http_addr: Some(self.address.clone()), ..Options::default() };
        let client = Client::over_network(Config::resolve(&options, |_| None).unwrap()).unwrap();
        let serving = format!("Starting server: address={} ", self.address.trim_start_matches("http://"));
        for _ in 0..600 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            // Another agent of this test may have the port.
            if self.printed().contains(&serving)
                && client.ca_roots().await.is_ok_and(|roots| !roots.roots.is_empty())
                && client.list_peerings().await.is_ok()
            {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the agent at {} does not answer", self.address);
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("What the agent at {} printed:\n{}", self.address, self.printed());
        }
    }
}

/// Returns free ports. All are bound at the same time, so that they differ.
fn free_ports() -> [u16; 6] {
    let listeners = [(); 6].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
