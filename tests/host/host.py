"""The framework that is installed, the newer package or the older one, under the names that the drivers use."""

import importlib
import importlib.util
import logging
import warnings

# The host announces on every use that payload headers will move elsewhere, and logs each failure that we provoke.
warnings.simplefilter("ignore", DeprecationWarning)
logging.disable(logging.CRITICAL)

# Gateways up to 1.0.0 have the framework in their own tree, where it began.
OLDER = importlib.util.find_spec("cpex") is None
PACKAGE = "mcpgateway.plugins.framework" if OLDER else "cpex.framework"
# What an older host calls the modes that it knows.
OLDER_MODES = {"sequential": "enforce", "transform": "permissive", "disabled": "disabled"}


def part(name):
    """A module of the framework."""
    return importlib.import_module(f"{PACKAGE}.{name}")


def mode(name):
    """The host's word for a mode."""
    return OLDER_MODES[name] if OLDER else name


framework = importlib.import_module(PACKAGE)
GlobalContext = framework.GlobalContext
PluginConfig = framework.PluginConfig
PluginContext = framework.PluginContext
PluginManager = framework.PluginManager
UserContext = part("models").UserContext
PluginError = part("errors").PluginError
PluginViolationError = part("errors").PluginViolationError
GrpcExternalPlugin = part("external.grpc.client").GrpcExternalPlugin
McpExternalPlugin = part("external.mcp.client").ExternalPlugin
UnixSocketExternalPlugin = part("external.unix.client").UnixSocketExternalPlugin
messages = part("external.grpc.proto.plugin_service_pb2")
unix_protocol = part("external.unix.protocol")
prompts = part("hooks.prompts")
resources = part("hooks.resources")
tools = part("hooks.tools")

if not OLDER:
    # Importing these two registers their hooks.
    part("hooks.identity")
    part("hooks.message")
hooks = part("hooks.registry").get_hook_registry()
