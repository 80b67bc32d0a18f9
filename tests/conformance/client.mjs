// The client of the TypeScript SDK against a server: `http URL`, or `stdio PROGRAM CONFIGURATION`.
import assert from "node:assert/strict";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [way, server, configuration] = process.argv.slice(1);
const transport =
  way === "http"
    ? new StreamableHTTPClientTransport(new URL(server))
    : new StdioClientTransport({
        command: server,
        env: { PLUGINS_CONFIG_PATH: configuration, PLUGINS_TRANSPORT: "stdio" },
      });
const client = new Client({ name: "test", version: "1" });
await client.connect(transport);

assert.equal(client.getServerVersion().name, "MCP Plugin Server");
await client.ping();
const { tools } = await client.listTools();
assert.deepEqual(
  tools.map((tool) => tool.name),
  ["get_plugin_configs", "get_plugin_config", "invoke_hook"],
);
assert.deepEqual((await client.listPrompts()).prompts, []);
assert.deepEqual((await client.listResources()).resources, []);
assert.deepEqual((await client.listResourceTemplates()).resourceTemplates, []);

const configurations = await client.callTool({ name: "get_plugin_configs", arguments: {} });
assert.equal(configurations.structuredContent.result[0].name, "P");
const invocation = {
  hook_type: "tool_pre_invoke",
  plugin_name: "P",
  payload: { name: "search", args: { q: "crap" } },
  context: { state: {}, metadata: {}, global_context: { request_id: "r" } },
};
for (let turn = 0; turn < 3; turn++) {
  const { content, isError } = await client.callTool({ name: "invoke_hook", arguments: invocation });
  const answer = JSON.parse(content[0].text);
  assert.equal(answer.plugin_name, "P");
  assert.equal(answer.result.modified_payload.args.q, "yikes");
  assert.equal(isError, false);
}
const unknown = await client.callTool({ name: "invoke_hook", arguments: { ...invocation, plugin_name: "Q" } });
assert.match(JSON.parse(unknown.content[0].text).error.message, /^Unable to find/);
await assert.rejects(client.getPrompt({ name: "none" }), { code: -32601 });
await client.close();
