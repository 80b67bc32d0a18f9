//! The battery against the servers in Python. Where they differ from the model it is listed here, with what they do instead.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{super::connect_with, cases, difference, entries, invoke};
use crate::{
    host::transports::servers::{Program, Server},
    installation::Failed,
};

/// A defect: changes a case to what a server answers, and says whether it shows in that case.
struct Defect {
    what: &'static str,
    is_on: fn(&str) -> bool,
    shows: fn(&mut Json) -> bool,
}

const DEFECTS: [Defect; 6] = [
    Defect {
        what: "fields of a payload that their models don't know are lost",
        is_on: everywhere,
        shows: |case| {
            let mut shows = false;
            for part in ["/result/modified_payload", "/result/metadata/payload"] {
                if let Some(Json::Object(payload)) = case.pointer_mut(part) {
                    shows |= payload.remove("x_future").is_some();
                }
            }
            shows
        },
    },
    Defect {
        what: "a denial loses everything but its violation and its telemetry",
        is_on: everywhere,
        shows: |case| {
            if case["result"]["continue_processing"] != false {
                return false;
            }
            let Json::Object(result) = &mut case["result"] else {
                return false;
            };
            let headers = result.remove("http_headers").is_some();
            let delay = result.remove("retry_delay_ms").is_some();
            let metadata = result.insert("metadata".to_owned(), json!({}));
            headers || delay || metadata != Some(json!({}))
        },
    },
    Defect {
        what: "the content of a resource must be there, even if it is nothing",
        is_on: everywhere,
        shows: |case| {
            let shows = case["hook"] == "resource_post_fetch" && case["payload"].get("content").is_none();
            shows && fails(case, "content\n  Field required", "")
        },
    },
    Defect {
        what: "protobuf takes no times of Python",
        is_on: over_protobuf,
        shows: |case| {
            let chain = case.pointer("/result/modified_payload/delegation_update/chain");
            let shows = chain.is_some_and(|chain| *chain != json!([]));
            shows
                && fails(
                    case,
                    "unexpected type <class 'datetime.datetime'>",
                    "INTERNAL_ERROR",
                )
        },
    },
    Defect {
        what: "protobuf takes no sets of Python",
        is_on: over_protobuf,
        shows: |case| {
            let shows = case["hook"] == "identity_resolve"
                && case.pointer("/result/modified_payload/subject").is_some();
            shows && fails(case, "unexpected type <class 'frozenset'>", "INTERNAL_ERROR")
        },
    },
    Defect {
        what: "the details of an error are lost",
        is_on: |transport| transport == "unix",
        shows: |case| {
            let details = case.pointer_mut("/failure/details");
            details.is_some_and(|details| std::mem::replace(details, json!({})) != json!({}))
        },
    },
];

fn everywhere(_: &str) -> bool {
    true
}

fn over_protobuf(transport: &str) -> bool {
    matches!(transport, "unix" | "grpc")
}

/// The server fails, and the context stays as it was.
fn fails(case: &mut Json, message: &str, code: &str) -> bool {
    case["result"] = Json::Null;
    case["failure"] =
        json!({"message": message, "exact": false, "code": code, "details": {}, "mcp_error_code": -32603});
    case["after"] = case["context"].clone();
    true
}

/// A case as a server in Python answers it; the defects that show go into `seen`.
fn as_in_python(case: &Json, transport: &str, seen: &mut BTreeSet<&'static str>) -> Json {
    let mut case = case.clone();
    for defect in DEFECTS {
        if (defect.is_on)(transport) && (defect.shows)(&mut case) {
            seen.insert(defect.what);
        }
    }
    case
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_in_python_answer_as_the_model_says_but_for_known_defects() -> Result<(), Failed> {
    let Some(cases) = cases()? else {
        return Ok(());
    };
    let (_, entries) = entries();
    for transport in ["unix", "grpc", "http", "stdio"] {
        let server = match transport {
            "unix" => Server::unix(Program::PythonProbe),
            "grpc" => Server::grpc_tcp(Program::PythonProbe),
            "http" => Server::http_tcp(Program::PythonProbe, &[]),
            _ => Server::stdio(Program::PythonProbe),
        };
        let server = server.unwrap();
        let mut plugins = BTreeMap::new();
        for name in entries.keys() {
            plugins.insert(name.as_str(), connect_with(name, server.section()).await.unwrap());
        }
        let mut seen = BTreeSet::new();
        for (number, case) in cases.iter().enumerate() {
            let plugin = &plugins[case["plugin"].as_str().unwrap()];
            let expected = as_in_python(case, transport, &mut seen);
            let difference = difference(&expected, invoke(plugin, case, number % 2 == 0).await);
            assert_eq!(difference, None, "{transport}: {case}");
        }
        for defect in DEFECTS {
            let is_seen = seen.contains(defect.what);
            assert_eq!(is_seen, (defect.is_on)(transport), "{transport}: {}", defect.what);
        }
    }
    Ok(())
}
