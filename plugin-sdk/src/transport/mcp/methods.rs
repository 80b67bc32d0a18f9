//! The methods of MCP that a plugin server has, and what each answers.

use bytes::Bytes;

use super::{
    call::HookCall,
    descriptions::{DESCRIPTIONS, Description},
    tools::{Prepared, Tools},
};
use crate::protocol::{
    code,
    mcp::{
        answer::Answer,
        error::{Data, MessageError, shortened},
        members::{Object, is_object, string},
        method,
        params::ClientInfo,
        request::Request,
        revision::{Revision, VERSIONS, negotiated},
    },
};

/// What becomes of a request.
pub(super) enum Work {
    /// It is answered.
    Done(Answer),
    /// A hook is called.
    Hook(HookCall),
}

/// A request with what its method needs.
struct Asked<'a> {
    tools: &'a Tools,
    /// The message that the request is in.
    message: &'a Bytes,
    request: &'a Request<'a>,
    revision: Revision,
}

type Method = fn(&Asked<'_>) -> Work;

const METHODS: [(&str, Method); 9] = [
    (method::CALL_TOOL, call_tool),
    (method::LIST_TOOLS, list_tools),
    (method::INITIALIZE, initialize),
    (method::DISCOVER, discover),
    (method::PING, ping),
    // There are none of these, but some clients ask for them.
    (method::LIST_PROMPTS, |asked| asked.list("prompts", "")),
    (method::LIST_RESOURCES, |asked| asked.list("resources", "")),
    (method::LIST_RESOURCE_TEMPLATES, |asked| {
        asked.list("resourceTemplates", "")
    }),
    // Revision 2026-07-28 says which error this is (SEP-2164).
    (method::READ_RESOURCE, read_resource),
];

impl Tools {
    /// Answers a request, or finds the hook that it calls.
    pub(super) fn take(&self, message: &Bytes, request: &Request<'_>, revision: Revision) -> Work {
        let asked = Asked {
            tools: self,
            message,
            request,
            revision,
        };
        let method = METHODS.iter().find(|(name, _)| *name == request.method);
        match method {
            Some((_, method)) => method(&asked),
            None => asked.method_not_found(),
        }
    }
}

const CAPABILITIES: &str = r#"{"tools":{"listChanged":false},"prompts":{"listChanged":false},"resources":{"subscribe":false,"listChanged":false}}"#;
const SERVER_INFO: &str = concat!(
    r#"{"name":"MCP Plugin Server","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""}"#
);
const INSTRUCTIONS: &str = "External plugin server for ContextForge";
/// How long a client may keep a result, which revisions without a handshake want to be told: it has to ask again.
const NOT_CACHED: &str = r#""resultType":"complete","ttlMs":0,"cacheScope":"private""#;

fn initialize(asked: &Asked<'_>) -> Work {
    if !asked.request.is_handshake() {
        return asked.method_not_found();
    }
    let params = &asked.request.params;
    let ClientInfo { name, version } = params.client_info.map(Object::members).unwrap_or_default();
    let requested = params.protocol_version.and_then(string);
    let problem = if requested.is_none() {
        "protocolVersion must be a string"
    } else if !params.capabilities.is_some_and(is_object) {
        "capabilities must be an object"
    } else if name.and_then(string).is_none() || version.and_then(string).is_none() {
        "clientInfo must be an object with name and version, which are strings"
    } else {
        ""
    };
    let Some(requested) = requested.filter(|_| problem.is_empty()) else {
        let message = format!("Validation error: initialize: {problem}");
        return asked.refused(MessageError::new(code::INVALID_PARAMS, message));
    };
    asked.result(&initialized(negotiated(&requested)))
}

/// The result of a handshake that agrees on this version.
pub(super) fn initialized(version: &str) -> String {
    format!(
        r#"{{"protocolVersion":"{version}","capabilities":{CAPABILITIES},"serverInfo":{SERVER_INFO},"instructions":"{INSTRUCTIONS}"}}"#
    )
}

fn discover(asked: &Asked<'_>) -> Work {
    let versions = VERSIONS.join("\",\"");
    asked.result(&format!(
        r#"{{"supportedVersions":["{versions}"],"capabilities":{CAPABILITIES},"instructions":"{INSTRUCTIONS}",{NOT_CACHED},"_meta":{{"io.modelcontextprotocol/serverInfo":{SERVER_INFO}}}}}"#
    ))
}

fn ping(asked: &Asked<'_>) -> Work {
    match asked.revision {
        Revision::Handshake => asked.result("{}"),
        Revision::Stateless => asked.method_not_found(),
    }
}

fn list_tools(asked: &Asked<'_>) -> Work {
    let tools: Vec<_> = DESCRIPTIONS.iter().map(Description::to_json).collect();
    asked.list("tools", &tools.join(","))
}

fn call_tool(asked: &Asked<'_>) -> Work {
    let Asked {
        tools,
        message,
        request,
        revision,
    } = *asked;
    match tools.prepare(message, &request.params) {
        Prepared::Answered(answer) => Work::Done(Answer::of_tool(&request.id, &answer, revision)),
        Prepared::Hook(invoke_hook) => Work::Hook(HookCall {
            id: request.id.clone(),
            revision,
            request: invoke_hook,
        }),
    }
}

fn read_resource(asked: &Asked<'_>) -> Work {
    let uri = asked.request.params.uri.and_then(string).unwrap_or_default();
    let uri = shortened(&uri);
    let message = format!("Unknown resource: {uri}");
    asked.refused(MessageError::new(code::INVALID_PARAMS, message).with_data(Data::Resource { uri }))
}

impl Asked<'_> {
    fn result(&self, result: &str) -> Work {
        Work::Done(Answer::of_result(&self.request.id, result))
    }

    fn list(&self, name: &str, items: &str) -> Work {
        match self.revision {
            Revision::Handshake => self.result(&format!(r#"{{"{name}":[{items}]}}"#)),
            Revision::Stateless => self.result(&format!(r#"{{"{name}":[{items}],{NOT_CACHED}}}"#)),
        }
    }

    fn refused(&self, error: MessageError) -> Work {
        Work::Done(error.with_id(Some(self.request.id.clone())).into())
    }

    fn method_not_found(&self) -> Work {
        let message = format!("Method not found: {}", shortened(&self.request.method));
        self.refused(MessageError::new(code::METHOD_NOT_FOUND, message))
    }
}
