//! A plugin as a service in a tonic server that somebody else has set up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use plugin_sdk::{Limits, grpc::GrpcService, prelude::*};
use plugin_sdk_proto::cpex::{
    GetPluginConfigRequest, GetPluginConfigResponse, GetPluginConfigsRequest, GetPluginConfigsResponse,
};
use plugin_sdk_tests::{
    faults::Faults,
    messages::{Answer, fault, invoke},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::{
    Code,
    transport::{Server, server::TcpIncoming},
};

use super::client::{Address, Client};

/// A server of the author's own, which stops when the test is over.
struct Mounted {
    address: Address,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Mounted {
    /// Serves the plugin under both of its names.
    async fn serve(service: &GrpcService) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::Tcp(listener.local_addr().unwrap().to_string());
        let (stop, stopped) = oneshot::channel();
        let router = Server::builder()
            .add_service(service.clone())
            .add_service(service.for_older_hosts());
        let server = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            let serve = router.serve_with_incoming_shutdown(TcpIncoming::from(listener), stopped);
            serve.await.unwrap();
        });
        Self {
            address,
            stop: Some(stop),
            server,
        }
    }

    async fn stop(mut self) {
        drop(self.stop.take());
        self.server.await.unwrap();
    }
}

const INVOKE: [&str; 2] = [
    "/cpex.PluginService/InvokeHook",
    "/mcpgateway.plugins.PluginService/InvokeHook",
];

#[tokio::test]
async fn both_services_answer() {
    let mounted = Mounted::serve(&Faults.into_grpc_service()).await;
    let client = Client::connect(&mounted.address).await;
    for path in INVOKE {
        let call = async |request: Vec<u8>| client.invoke_of(path, &request).await.unwrap();
        assert_eq!(
            call(fault("echo", &json!({"n": 1}))).await,
            Answer::Result(json!({"continue_processing": true, "metadata": {"args": {"n": 1}}})),
        );
        assert_eq!(call(fault("error", &json!({}))).await.code(), "E42");
        assert_eq!(call(fault("panic", &json!({}))).await.code(), "PLUGIN_PANIC");
        let unknown = call(invoke("tool_pre_invoke", "Nobody", &json!({"name": "n"}))).await;
        assert!(
            matches!(&unknown, Answer::Error { message, .. } if message.contains("Nobody")),
            "{unknown:?}"
        );
    }
    let status = client
        .invoke_of("/cpex.PluginService/Nothing", &fault("echo", &json!({})))
        .await;
    assert_eq!(status.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn its_limits_are_kept() {
    let mut limits = Limits::default();
    limits.call_timeout = Duration::from_millis(100);
    limits.max_message_size = 64 * 1024;
    let service = GrpcService::new(Faults)
        .with_limits(limits)
        .with_max_reply_size(10_000);
    let mounted = Mounted::serve(&service).await;
    let client = Client::connect(&mounted.address).await;
    for path in INVOKE {
        let call = async |name, args| client.invoke_of(path, &fault(name, &args)).await;
        assert_eq!(
            call("wait-forever", json!({})).await.unwrap().code(),
            "PLUGIN_TIMEOUT"
        );
        assert_eq!(
            call("big", json!({"size": 11_000})).await.unwrap().code(),
            "MESSAGE_TOO_LARGE"
        );
        assert!(call("big", json!({"size": 9_000})).await.unwrap().is_allow());
        let status = call("wait", json!({"text": "x".repeat(65 * 1024)}))
            .await
            .unwrap_err();
        assert!(status.message().contains("65"), "{status:?}");
        assert!(
            call("wait", json!({"text": "x".repeat(5_000)}))
                .await
                .unwrap()
                .is_allow()
        );
    }
}

/// A plugin with a mode that older hosts know by another name.
#[plugin(
    kind = "watched",
    description = "Tells when it is shut down",
    hooks = [tool_pre_invoke],
    mode = transform,
    on_shutdown = stopped
)]
#[derive(Default)]
struct Watched(Arc<AtomicBool>);

impl Watched {
    async fn tool_pre_invoke(
        &self,
        _payload: ToolPreInvokePayload,
        _context: &mut PluginContext,
    ) -> HookResult<ToolPreInvokePayload> {
        Ok(PluginResult::allow())
    }

    async fn stopped(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn each_service_reports_modes_by_the_names_of_its_hosts() {
    let mounted = Mounted::serve(&Watched::default().into_grpc_service()).await;
    let client = Client::connect(&mounted.address).await;
    for (one, every, mode) in [
        (
            "/cpex.PluginService/GetPluginConfig",
            "/cpex.PluginService/GetPluginConfigs",
            "transform",
        ),
        (
            "/mcpgateway.plugins.PluginService/GetPluginConfig",
            "/mcpgateway.plugins.PluginService/GetPluginConfigs",
            "permissive",
        ),
    ] {
        let name = "watched".to_owned();
        let found: GetPluginConfigResponse = client.call(one, GetPluginConfigRequest { name }).await.unwrap();
        let listed: GetPluginConfigsResponse = client.call(every, GetPluginConfigsRequest {}).await.unwrap();
        assert!(found.found);
        for config in [found.config.unwrap(), listed.configs[0].clone()] {
            let field = |name: &str| config.fields[name].kind.clone().unwrap();
            assert_eq!(
                field("mode"),
                prost_types::value::Kind::StringValue(mode.to_owned())
            );
            assert_eq!(
                field("name"),
                prost_types::value::Kind::StringValue("Watched".to_owned())
            );
        }
    }
}

#[tokio::test]
async fn the_plugin_is_shut_down_when_its_author_says_so() {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let service = Watched(Arc::clone(&is_stopped)).into_grpc_service();
    let mounted = Mounted::serve(&service).await;
    let client = Client::connect(&mounted.address).await;
    let request = invoke("tool_pre_invoke", "Watched", &json!({"name": "n"}));
    assert!(client.invoke(&request).await.unwrap().is_allow());
    mounted.stop().await;
    assert!(!is_stopped.load(Ordering::SeqCst), "nobody asked for it");
    service.shutdown().await;
    assert!(is_stopped.load(Ordering::SeqCst));
}
