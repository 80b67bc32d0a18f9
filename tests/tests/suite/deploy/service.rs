//! The plugin as a service of its own: started as the manifests say, and asked as Kubernetes asks.

use std::{fs, path::Path};

use plugin_sdk_tests::process::{ServerProcess, free_port};
use serde_json::Value;
use tonic::transport::Endpoint;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use super::{
    kubernetes::{of_kind, variants},
    pod::{PROBES, Pod, plugin, terminate},
};
use crate::certificates::Certificates;

const PORT: &str = "PLUGINS_GRPC_SERVER_PORT";

/// The port that everything leads to: the container's, the probes', the service's.
fn port(manifests: &[Value]) -> u64 {
    let port = &plugin(manifests)["ports"][0];
    let service = &of_kind(manifests, "Service")["spec"]["ports"][0];
    assert_eq!(service["targetPort"], port["name"]);
    assert_eq!(
        of_kind(manifests, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"],
        port["name"]
    );
    port["containerPort"].as_u64().unwrap()
}

/// Asks as a probe does: 127.0.0.1 would not do, for the kubelet asks at the address of the pod.
async fn ask(server: &ServerProcess, port: u16, service: &str) -> Result<ServingStatus, String> {
    let address = format!("http://{}:{port}", address_of_this_machine());
    let channel = Endpoint::from_shared(address).unwrap().connect().await;
    let mut client = HealthClient::new(channel.map_err(|error| format!("{error}: {}", server.log()))?);
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = client.check(request).await.map_err(|status| status.to_string())?;
    Ok(answer.into_inner().status())
}

/// An address that others have, where the machine has one: no packet is sent.
fn address_of_this_machine() -> std::net::IpAddr {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let found = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    found.map_or(std::net::Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_answers_its_probes_until_it_stops() {
    let [(_, manifests), ..] = variants();
    let mut pod = Pod::new(&manifests, |_| {}, |_| {});
    assert_eq!(pod.variable(PORT), port(&manifests).to_string());
    let free = free_port().unwrap();
    pod.set(PORT, &free.to_string());
    let mut server = pod.start().unwrap();
    for probe in PROBES {
        let asked = &plugin(&manifests)[probe]["grpc"];
        assert_eq!(asked["port"].as_u64(), Some(port(&manifests)), "{probe}");
        let status = ask(&server, free, asked["service"].as_str().unwrap()).await;
        assert_eq!(status, Ok(ServingStatus::Serving), "{probe}");
    }
    assert!(
        ask(&server, free, "no.such.Service")
            .await
            .unwrap_err()
            .contains("not found")
    );
    terminate(&server);
    assert_eq!(server.wait().unwrap().code(), Some(0), "{}", server.log());
}

/// The time that a pod gets is enough for what the program does in it.
#[test]
fn nothing_is_killed_while_it_drains() {
    for (name, manifests) in variants() {
        let container = plugin(&manifests);
        let spec = &of_kind(&manifests, "Deployment")["spec"]["template"]["spec"];
        let variables = container["env"].as_array().unwrap();
        let drain = variables
            .iter()
            .find(|variable| variable["name"] == "PLUGINS_DRAIN_TIMEOUT");
        let limits = plugin_sdk::Limits::default();
        let drain = drain.map_or(limits.drain_timeout.as_secs(), |drain| {
            drain["value"].as_str().unwrap().parse().unwrap()
        });
        let sleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
            .as_u64()
            .unwrap_or(0);
        let grace = spec["terminationGracePeriodSeconds"].as_u64().unwrap();
        // First the calls, then the plugin's own shutdown.
        assert!(grace > sleep + 2 * drain, "{name}: {grace} s");
        if name.starts_with("service") {
            assert_eq!(drain, limits.call_timeout.as_secs(), "a call may take so long");
        }
    }
}

#[test]
fn with_tls_the_probes_run_the_program() {
    let [_, (_, manifests), _] = variants();
    let certificates = Certificates::make();
    let secret = |directory: &Path| {
        for (from, to) in [
            ("both.pem", "tls.crt"),
            ("both.key", "tls.key"),
            ("authority.pem", "ca.crt"),
        ] {
            fs::copy(certificates.directory().join(from), directory.join(to)).unwrap();
        }
    };
    let mut pod = Pod::new(&manifests, |_| {}, secret);
    pod.set(PORT, &free_port().unwrap().to_string());
    assert!(
        PROBES
            .iter()
            .all(|probe| plugin(&manifests)[probe]["grpc"].is_null())
    );
    let server = pod.start().unwrap();
    assert!(
        server.log().contains("TLS") || server.log().contains("tls"),
        "{}",
        server.log()
    );
    pod.assert_well();
    drop(server);
    assert_eq!(pod.probe("livenessProbe").status.code(), Some(1));

    // A certificate that is for servers alone is refused, as tls.yaml says.
    fs::copy(
        certificates.directory().join("server.pem"),
        pod.path("tls/tls.crt"),
    )
    .unwrap();
    fs::copy(
        certificates.directory().join("server.key"),
        pod.path("tls/tls.key"),
    )
    .unwrap();
    let _server = pod.start().unwrap();
    let refused = String::from_utf8(pod.probe("livenessProbe").stderr).unwrap();
    assert!(refused.contains("PLUGINS_GRPC_CLIENT_MTLS_CERTFILE"), "{refused}");
}
