"""Loads gateways' files with the host's own loader, and says of each which plugins are in it."""

import sys

from host import part

loader = part("loader.config").ConfigLoader
for path in sys.argv[1:]:
    plugins = loader.load_config(path).plugins
    assert plugins, f"{path} has no plugins"
    print(", ".join(plugin.name for plugin in plugins))
