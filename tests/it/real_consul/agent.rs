//! A real Consul agent on free ports of loopback.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use consul_peering::net::consul::{Client, Config, Options};

/// A Consul in development mode. Dropping it ends the process.
pub struct Agent {
    child: Child,
    /// Its HTTP API, `http://host:port`.
    pub address: String,
    /// The port for gRPC over TLS.
    pub grpc_tls_port: u16,
}

impl Agent {
    /// Starts one, and waits until it answers requests for peerings.
    pub async fn start(consul: &Path, datacenter: &str) -> Self {
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
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut agent = Self { child, address: format!("http://127.0.0.1:{http}"), grpc_tls_port: ports[2] };
        agent.wait_until_ready().await;
        agent
    }

    /// Waits for a leader, a CA, and the agent's own entry in the catalog, which provides the addresses of tokens.
    async fn wait_until_ready(&mut self) {
        let options = Options { http_addr: Some(self.address.clone()), ..Options::default() };
        let client = Client::over_network(Config::resolve(&options, |_| None).unwrap()).unwrap();
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the agent ended: {status}");
            }
            if client.ca_roots().await.is_ok_and(|roots| !roots.roots.is_empty())
                && client.list_peerings().await.is_ok()
            {
                return;
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
    }
}

/// Returns free ports. All are bound at the same time, so that they differ.
fn free_ports() -> [u16; 6] {
    let listeners = [(); 6].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
