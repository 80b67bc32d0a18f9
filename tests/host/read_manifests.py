"""The `plugin-manifest.yaml` of each project that is named, as the framework's own model reads it, and the settings that the project's
configuration has: a line of JSON each."""

import json
import sys
from pathlib import Path

import yaml
from cpex.framework.models import PluginManifest

for project in map(Path, sys.argv[1:]):
    manifest = PluginManifest.model_validate(yaml.safe_load((project / "plugin-manifest.yaml").read_text()))
    (entry,) = yaml.safe_load((project / "resources/plugins/config.yaml").read_text())["plugins"]
    print(json.dumps({"manifest": manifest.model_dump(exclude_none=True), "config": entry.get("config", {})}))
