//! The handler for a server of rmcp, the official MCP SDK.

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorCode, Implementation,
        ListToolsResult, PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig, Tool,
        ToolsCapability,
    },
    service::{NotificationContext, RequestContext},
};
use serde_json::json;

use super::{
    descriptions::{DESCRIPTIONS, Description},
    handler::McpHandler,
};

/// What the Python server answers with to a request that its client cancelled. rmcp does not send it, because its client no longer waits.
const REQUEST_CANCELLED: ErrorCode = ErrorCode(-32800);

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
        let mut tools = ToolsCapability::default();
        tools.list_changed = Some(false);
        let mut capabilities = ServerCapabilities::default();
        capabilities.tools = Some(tools);
        ServerConfig::new(capabilities)
            .with_protocol_version(ProtocolVersion::V_2025_11_25)
            .with_server_info(Implementation::new(
                "MCP Plugin Server",
                env!("CARGO_PKG_VERSION"),
            ))
            .with_instructions("External plugin server for ContextForge")
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
        let arguments = json!(request.arguments.unwrap_or_default()).to_string();
        let call = self.tools().call(&request.name, arguments.into());
        let answer = tokio::select! {
            biased;
            () = context.ct.cancelled() => return Err(ErrorData::new(REQUEST_CANCELLED, "Request cancelled", None)),
            answer = call => answer,
        };
        let texts = answer.texts.into_iter().map(ContentBlock::text).collect();
        let mut result = if answer.is_error {
            CallToolResult::error(texts)
        } else {
            CallToolResult::success(texts)
        };
        let structured = answer.structured;
        result.structured_content = structured.and_then(|structured| serde_json::from_str(&structured).ok());
        Ok(CallToolResponse::Complete(result))
    }

    async fn on_initialized(&self, _: NotificationContext<RoleServer>) {}
}

fn tool(description: &Description) -> Result<Tool, ErrorData> {
    serde_json::from_str(&description.to_json())
        .map_err(|error| ErrorData::internal_error(error.to_string(), None))
}
