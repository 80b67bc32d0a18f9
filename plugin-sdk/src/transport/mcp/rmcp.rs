//! The handler for a server of rmcp, the official MCP SDK.

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ErrorCode, ListToolsResult,
        PaginatedRequestParams, ResultType, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    descriptions::{DESCRIPTIONS, Description},
    handler::McpHandler,
    methods::initialized,
};
use crate::protocol::{
    code::REQUEST_CANCELLED,
    mcp::{method::CALL_TOOL, revision::LATEST_HANDSHAKE},
};

/// For a server of rmcp.
///
/// Serve it without sessions and with plain JSON bodies: a Python host opens a new connection for each event stream, and can't
/// go on after the end of a session, such as that of a restart. The arguments of a call reach it as rmcp has read them.
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
impl ServerHandler for McpHandler {
    fn get_info(&self) -> ServerConfig {
        serde_json::from_str(&initialized(LATEST_HANDSHAKE))
            .unwrap_or_else(|_| ServerConfig::new(ServerCapabilities::default()))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools: Result<_, ErrorData> = DESCRIPTIONS.iter().map(tool).collect();
        tools.map(ListToolsResult::with_all_items)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        let description = DESCRIPTIONS.iter().find(|known| known.name == name)?;
        tool(description).ok()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let params = json!({"name": request.name, "arguments": request.arguments});
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": CALL_TOOL, "params": params}).to_string();
        let answer = tokio::select! {
            biased;
            // rmcp does not send it, because its client no longer waits.
            () = context.ct.cancelled() => {
                return Err(ErrorData::new(ErrorCode(REQUEST_CANCELLED), "Request cancelled", None));
            }
            answer = self.handle(message.into()) => answer.unwrap_or_default(),
        };
        match serde_json::from_slice(&answer).map_err(|error| internal(&error))? {
            Answer {
                result: Some(mut result),
                ..
            } => {
                result.result_type = Some(ResultType::COMPLETE);
                Ok(CallToolResponse::Complete(result))
            }
            Answer { error, .. } => {
                Err(error.unwrap_or_else(|| ErrorData::internal_error("no answer", None)))
            }
        }
    }
}

/// A message that answers a request.
#[derive(Deserialize)]
struct Answer {
    result: Option<CallToolResult>,
    error: Option<ErrorData>,
}

fn tool(description: &Description) -> Result<Tool, ErrorData> {
    serde_json::from_str(&description.to_json()).map_err(|error| internal(&error))
}

fn internal(error: &serde_json::Error) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
