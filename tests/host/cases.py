"""Random invocations of every hook and what the model says comes of them, a line of JSON each: for hosts that are not written
in Python."""

import json
import random
import sys

from generate import Generator
from clients import delivered, host_view, received
from probe_model import Failure, Instance
from samples import HOOKS
from servers import HERE, entries

SEED = 20260131


def main(cases_per_hook):
    config = HERE / "probe.yaml"
    instances = [(Instance.from_entry(entry), entry["hooks"]) for entry in entries(config)]
    for hook in HOOKS:
        generator = Generator(random.Random(f"{SEED} {hook} in another language"))
        offered = [instance for instance, hooks in instances if hook in hooks]
        for number in range(cases_per_hook):
            instance = offered[number % len(offered)]
            payload, context = received(generator.payload(hook)), delivered(generator.context())
            before = json.loads(json.dumps(context))
            case = {"plugin": instance.name, "hook": hook, "payload": payload, "context": context}
            print(json.dumps({**case, **outcome(instance.invoke(hook, payload, before), before)}))


def outcome(expected, before):
    if isinstance(expected, Failure):
        fields = ("message", "exact", "code", "details", "mcp_error_code")
        return {"failure": {name: getattr(expected, name) for name in fields}, "after": before}
    return {"result": expected.result, "after": host_view(before, expected.context)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
