//! One server on every transport at once, and the calls of a host over each: the same cases for all of them.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use plugin_sdk::{
    Map, PluginContext, PluginResult, Value,
    host::{CallError, CallOptions, ExternalPlugin, ExternalPluginConfig, HostSettings, Invoke},
};
use plugin_sdk_tests::{http::exchange, process::ServerProcess};
use serde_json::{Value as Json, json};

const SERVER: &str = env!("CARGO_BIN_EXE_fault-plugin");

/// Two instances, so that the hooks of one can block and those of the other do not.
const CONFIGURATION: &str = "plugins: [{name: Faults, kind: faults}, {name: Others, kind: faults}]";

/// The ways to a server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Transport {
    /// A message without an envelope on a Unix socket.
    Bare,
    Envelope,
    Grpc,
    Http,
    Stdio,
}

pub(crate) const TRANSPORTS: [Transport; 5] = [
    Transport::Bare,
    Transport::Envelope,
    Transport::Grpc,
    Transport::Http,
    Transport::Stdio,
];

/// A server on three transports at once.
pub(crate) struct Server {
    pub(crate) process: ServerProcess,
    grpc: u16,
    pub(crate) http: u16,
}

impl Server {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_on(SERVER, &[], settings)
    }

    /// On one core, so that the runtime has two threads.
    pub(crate) fn start_on_one_core(settings: &[(&str, &str)]) -> Self {
        Self::start_on("taskset", &["--cpu-list", "0", SERVER], settings)
    }

    fn start_on(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        // Both are held at once, so that they differ.
        let listeners = [0; 2].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
        let [grpc, http] = listeners
            .each_ref()
            .map(|listener| listener.local_addr().unwrap().port());
        drop(listeners);
        let process = ServerProcess::start_with(program, CONFIGURATION, |command| {
            command
                .args(arguments)
                .env("PLUGINS_TRANSPORT", "unix,grpc,http")
                .env("PLUGINS_GRPC_SERVER_PORT", grpc.to_string())
                .env("PLUGINS_SERVER_PORT", http.to_string())
                .env("ENABLE_METRICS", "true")
                .envs(settings.iter().copied());
        })
        .unwrap();
        Self { process, grpc, http }
    }

    /// What hosts have in their configuration to reach the server; nothing for a client of frames.
    pub(crate) fn section(&self, transport: Transport, settings: &[(&str, &str)]) -> Json {
        let mut environment = json!({"PLUGINS_CONFIG_PATH": self.process.configuration()});
        for (name, value) in settings {
            environment[name] = (*value).into();
        }
        match transport {
            Transport::Bare | Transport::Envelope => json!({"unix_socket": {"path": self.process.socket()}}),
            Transport::Grpc => json!({"grpc": {"target": format!("127.0.0.1:{}", self.grpc)}}),
            Transport::Http => json!({
                "mcp": {"proto": "STREAMABLEHTTP", "url": format!("http://localhost:{}/mcp", self.http)}
            }),
            // A server of its own, with the settings of the other.
            Transport::Stdio => json!({"mcp": {"proto": "STDIO", "cmd": [SERVER], "env": environment}}),
        }
    }

    pub(crate) fn health(&self) -> Duration {
        let started = Instant::now();
        let answer = exchange(("127.0.0.1", self.http), "GET /health", &host(), "").unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        started.elapsed()
    }

    /// The value of a counter of calls.
    pub(crate) fn counted(&self, plugin: &str, hook: &str, outcome: &str) -> u64 {
        let answer = exchange(("127.0.0.1", self.http), "GET /metrics/prometheus", &host(), "").unwrap();
        let start =
            format!("plugin_calls_total{{plugin=\"{plugin}\",hook=\"{hook}\",outcome=\"{outcome}\"}} ");
        let line = answer.body.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or_else(|| panic!("no {start} in:\n{}", answer.body))
            .parse()
            .unwrap()
    }
}

fn host() -> [(String, String); 1] {
    [("Host".to_owned(), "localhost".to_owned())]
}

pub(crate) async fn connect(name: &str, section: &Json) -> ExternalPlugin {
    let mut entry = json!({"name": name, "kind": "external"});
    let fields = section.as_object().unwrap();
    entry.as_object_mut().unwrap().extend(fields.clone());
    let entry = ExternalPluginConfig::new(&map(entry)).unwrap();
    let mut settings = HostSettings::default();
    settings.start_timeout = Duration::from_secs(60);
    ExternalPlugin::connect(entry, &settings).await.unwrap()
}

pub(crate) fn map(json: Json) -> Map {
    let Value::Object(map) = Value::from(json) else {
        panic!("no object")
    };
    map
}

pub(crate) async fn call(
    plugin: &ExternalPlugin,
    hook: &str,
    payload: Json,
) -> Result<PluginResult<Map>, CallError> {
    let mut context = PluginContext::new("request-1");
    let options = CallOptions::new().with_timeout(Duration::from_secs(60));
    plugin
        .invoke_by_name_with(hook, &map(payload), &mut context, options)
        .await
}

/// The code of the error that a call ends with; empty for a result.
pub(crate) fn code(outcome: Result<PluginResult<Map>, CallError>) -> String {
    match outcome {
        Ok(_) => String::new(),
        Err(CallError::Plugin(error)) => error.code.clone(),
        Err(error) => panic!("{error}"),
    }
}
