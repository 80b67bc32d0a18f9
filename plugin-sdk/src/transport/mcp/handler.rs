//! The plugins as a handler of rmcp, the official MCP SDK.

use std::{fmt, sync::Arc};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
        ContentBlock, CustomRequest, CustomResult, ErrorCode, GetPromptRequestParams, GetPromptResponse,
        Implementation, ListToolsResult, PaginatedRequestParams, PromptsCapability, ProtocolVersion,
        ReadResourceRequestParams, ReadResourceResponse, ResourcesCapability, ServerCapabilities,
        ServerConfig, Tool, ToolAnnotations, ToolsCapability,
    },
    service::{NotificationContext, RequestContext},
};
use serde_json::{Map, Value};

use super::{
    arguments::Arguments,
    tools::{DESCRIPTIONS, Description, ToolAnswer, Tools},
};
use crate::{
    dispatch::{Dispatcher, StartError, guard},
    limits::Limits,
    plugin::{BoxFuture, Plugin},
};

/// A plugin as an MCP server, for a transport of rmcp in a runtime of the author's own. [`run`](crate::run) makes a whole server by
/// itself.
///
/// It has the tools that hosts call: `get_plugin_configs`, `get_plugin_config` and `invoke_hook`. Serve it statelessly and with plain
/// JSON bodies: a Python host opens a new connection for each event stream, and does not get over the end of a session, such as
/// that of a restart.
///
/// ```no_run
/// # use plugin_sdk::prelude::*;
/// # #[plugin(hooks = [tool_pre_invoke])]
/// # #[derive(Default)]
/// # struct NoDangerousTools;
/// # impl NoDangerousTools {
/// #     async fn tool_pre_invoke(&self, _: ToolPreInvokePayload, _: &mut PluginContext) -> HookResult<ToolPreInvokePayload> {
/// #         Ok(PluginResult::allow())
/// #     }
/// # }
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// use rmcp::ServiceExt;
///
/// let handler = NoDangerousTools::default().into_mcp_handler();
/// let (client, server) = tokio::io::duplex(64 * 1024);
/// # drop(client);
/// handler.serve(server).await?.waiting().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct McpHandler {
    tools: Result<Tools, StartError>,
}

impl McpHandler {
    /// The handler of one plugin, under the name that it gives itself, with the default limits.
    pub fn of<P: Plugin>(plugin: P) -> Self {
        Self::with_limits(plugin, Limits::default())
    }

    /// The handler of one plugin. Of the limits those of a call hold here: size of an answer, nesting, time of a call.
    pub fn with_limits<P: Plugin>(plugin: P, limits: Limits) -> Self {
        let dispatcher = Dispatcher::of_plugin(plugin);
        if let Err(error) = &dispatcher {
            tracing::error!("{error}");
        }
        Self {
            tools: dispatcher.map(|dispatcher| Tools::new(Arc::new(dispatcher.with_limits(limits)))),
        }
    }

    pub(super) fn new(tools: Tools) -> Self {
        Self { tools: Ok(tools) }
    }

    /// Calls the plugin's shutdown, once the server has stopped.
    pub async fn shutdown(&self) {
        if let Ok(tools) = &self.tools {
            tools.dispatcher().shutdown().await;
        }
    }

    /// Calls a tool, until the client takes the call back. Boxed, so that rmcp's own code stays small; and nothing is left of a
    /// call that panics but an answer, since rmcp would wait for one for ever.
    fn call(
        &self,
        tool: String,
        arguments: Arguments,
        cancelled: impl Future<Output = ()> + Send + 'static,
    ) -> BoxFuture<'static, Result<ToolAnswer, ErrorData>> {
        let tools = self.tools.clone();
        Box::pin(async move {
            let tools = match tools {
                Ok(tools) => tools,
                Err(error) => return Ok(ToolAnswer::refused("", error.to_string())),
            };
            let call = guard::no_panic(async move { tools.call(&tool, arguments).await });
            tokio::select! {
                biased;
                () = cancelled => Err(ErrorData::new(REQUEST_CANCELLED, "Request cancelled", None)),
                answer = call => Ok(answer.unwrap_or_else(|panic| ToolAnswer::panicked(&panic))),
            }
        })
    }
}

/// What the Python server answers with to a request that its client took back. rmcp does not pass it on: nobody waits for it.
const REQUEST_CANCELLED: ErrorCode = ErrorCode(-32800);

impl fmt::Debug for McpHandler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("McpHandler").finish_non_exhaustive()
    }
}

impl ServerHandler for McpHandler {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::default();
        let mut tools = ToolsCapability::default();
        tools.list_changed = Some(false);
        let mut prompts = PromptsCapability::default();
        prompts.list_changed = Some(false);
        let mut resources = ResourcesCapability::default();
        resources.list_changed = Some(false);
        resources.subscribe = Some(false);
        capabilities.tools = Some(tools);
        // There are none, but some clients ask for them.
        capabilities.prompts = Some(prompts);
        capabilities.resources = Some(resources);
        let version = env!("CARGO_PKG_VERSION");
        ServerConfig::new(capabilities)
            // What a client is answered that asks for a version that is not known, as the Python server answers it.
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_server_info(Implementation::new("MCP Plugin Server", version))
            .with_instructions("External plugin server for ContextForge")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(
            DESCRIPTIONS.iter().map(tool).collect(),
        ))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        DESCRIPTIONS.iter().find(|known| known.name == name).map(tool)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Arguments::of_map(request.arguments.unwrap_or_default());
        let answer = self
            .call(request.name.into_owned(), arguments, context.ct.cancelled_owned())
            .await?;
        Ok(CallToolResponse::Complete(result(answer)))
    }

    /// There are no prompts.
    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let message = format!("Unknown prompt: {}", shortened(&request.name));
        Err(ErrorData::invalid_params(message, None))
    }

    /// There are no resources.
    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let message = format!("Unknown resource: {}", shortened(&request.uri));
        let data = serde_json::json!({ "uri": request.uri });
        Err(ErrorData::invalid_params(message, Some(data)))
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Err(method_not_found("completion/complete"))
    }

    /// What is none of rmcp's requests. A `tools/call` that is ill-formed is among them, and is a matter of the tool: an error of
    /// JSON-RPC makes hosts end the connection.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if request.method != "tools/call" {
            return Err(method_not_found(&request.method));
        }
        let is_legacy = context
            .protocol_version()
            .is_none_or(|version| version.has_initialize());
        let answer = match ill_formed_call(request.params) {
            Ok((tool, arguments)) => self.call(tool, arguments, context.ct.cancelled_owned()).await?,
            Err(problem) => ToolAnswer::refused("", problem),
        };
        let mut result = result(answer);
        if is_legacy {
            // Clients of older versions don't know it.
            result.result_type = None;
        }
        serde_json::to_value(result)
            .map(CustomResult)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }

    async fn on_initialized(&self, _: NotificationContext<RoleServer>) {}
}

fn method_not_found(method: &str) -> ErrorData {
    let message = format!("Method not found: {}", shortened(method));
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None)
}

/// The largest part of what a client sent that is repeated to it.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

/// What can be made of the parameters of a `tools/call` that rmcp does not take.
fn ill_formed_call(params: Option<Value>) -> Result<(String, Arguments), String> {
    let Some(Value::Object(mut params)) = params else {
        return Err("tools/call: params must be an object with name and arguments".to_owned());
    };
    let tool = match params.remove("name") {
        Some(Value::String(tool)) => tool,
        Some(_) => return Err("tools/call: name must be a string".to_owned()),
        None => return Err("tools/call: name is missing: give the name of a tool".to_owned()),
    };
    let arguments = match params.remove("arguments") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(arguments)) => arguments,
        Some(_) => return Err(format!("{}: arguments must be an object", shortened(&tool))),
    };
    Ok((tool, Arguments::of_map(arguments)))
}

fn tool(description: &Description) -> Tool {
    let schema = |text: &str| Arc::new(serde_json::from_str(text).unwrap_or_default());
    let mut tool = Tool::new(
        description.name,
        description.text,
        schema(description.input_schema),
    )
    .with_title(description.title);
    if let Some(output_schema) = description.output_schema {
        tool = tool.with_raw_output_schema(schema(output_schema));
    }
    let annotations = ToolAnnotations::with_title(description.title).read_only(description.read_only);
    tool.with_annotations(if description.read_only {
        annotations.idempotent(true).open_world(false)
    } else {
        // A hook decides; it may well write to a database of its own.
        annotations.destructive(false).idempotent(false).open_world(true)
    })
}

fn result(answer: ToolAnswer) -> CallToolResult {
    let content = answer.texts.into_iter().map(ContentBlock::text).collect();
    let mut result = if answer.is_error {
        CallToolResult::error(content)
    } else {
        CallToolResult::success(content)
    };
    result.structured_content = answer
        .structured
        .and_then(|structured| serde_json::from_str(&structured).ok());
    result
}
