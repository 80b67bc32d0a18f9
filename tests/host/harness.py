"""What the drivers share: strict comparison, and the report at the end."""

import asyncio
import math
import sys
import time
import traceback

from bindings import OVER_MCP

# A driver that hangs ends by itself, so that its servers end with it.
DRIVER_SECONDS = 200


def differences(expected, actual, place=""):
    """Every place where two JSON values differ. Numbers are compared as doubles, which is what a protobuf transport
    makes of them, sign included; over MCP integers stay integers. None is equal to a boolean."""
    if isinstance(expected, (set, frozenset, tuple)):
        expected = sorted(expected) if isinstance(expected, (set, frozenset)) else list(expected)
    if isinstance(actual, (set, frozenset, tuple)):
        actual = sorted(actual) if isinstance(actual, (set, frozenset)) else list(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            where = f"{place}.{key}" if place else str(key)
            if key not in actual:
                yield f"{where}: missing, should be {shown(expected[key])}"
            elif key not in expected:
                yield f"{where}: should be absent, is {shown(actual[key])}"
            else:
                yield from differences(expected[key], actual[key], where)
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            yield f"{place}: should have {len(expected)} items, has {len(actual)}"
        for index, (left, right) in enumerate(zip(expected, actual)):
            yield from differences(left, right, f"{place}[{index}]")
    elif not same_scalar(expected, actual):
        yield f"{place}: should be {shown(expected)}, is {shown(actual)}"


def same_scalar(expected, actual):
    numbers = (int, float)
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, numbers) and isinstance(actual, numbers):
        if OVER_MCP and type(expected) is not type(actual):
            return False
        return expected == actual if OVER_MCP and isinstance(expected, int) else same_double(expected, actual)
    return expected == actual


def same_double(expected, actual):
    return float(expected) == float(actual) and math.copysign(1, expected) == math.copysign(1, actual)


def shown(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


class Report:
    """Counts cases and collects what went wrong, so that one run shows every failure."""

    SHOWN_PER_GROUP = 5

    def __init__(self):
        self._passed = 0
        self._failed = 0

    def group(self, name):
        return Group(self, name)

    def left_out(self, name, why):
        """What does not apply to this run must not look like what passed."""
        print(f"{name}: left out, {why}", flush=True)

    def finish(self):
        """Prints the last line and ends the process with the verdict."""
        if self._failed:
            print(f"{self._failed} cases FAILED, {self._passed} passed", flush=True)
            sys.exit(1)
        print(f"{self._passed} cases passed", flush=True)

    def add(self, group):
        self._passed += group.passed
        self._failed += len(group.failures)


class Group:
    """The cases of one behaviour: prints one line when it ends, and its failures under it."""

    def __init__(self, report, name):
        self._report = report
        self._name = name
        self._started = time.monotonic()
        self.passed = 0
        self.failures = []

    def check(self, case, problems):
        """Counts one case, which passed if `problems` (an iterable of lines) is empty."""
        problems = list(problems)
        if problems:
            self.failures.append(case + "".join(f"\n      {problem}" for problem in problems[:8]))
        else:
            self.passed += 1

    def equal(self, case, expected, actual):
        self.check(case, differences(expected, actual))

    def true(self, case, condition, otherwise="not so"):
        self.check(case, [] if condition else [str(otherwise)])

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is not None and isinstance(error, Exception):
            place = "".join(traceback.format_exception(kind, error, trace)[-4:]).rstrip()
            self.failures.append("broke off: " + place.replace("\n", "\n      "))
        seconds = time.monotonic() - self._started
        verdict = f"{len(self.failures)} FAILED" if self.failures else "ok"
        print(f"{self._name}: {self.passed} cases, {verdict} ({seconds:.1f} s)", flush=True)
        for failure in self.failures[: Report.SHOWN_PER_GROUP]:
            print(f"    {failure}", flush=True)
        hidden = len(self.failures) - Report.SHOWN_PER_GROUP
        if hidden > 0:
            print(f"    … and {hidden} more", flush=True)
        self._report.add(self)
        return isinstance(error, Exception)


def run(main):
    """Runs a driver's coroutine with a fresh report."""
    report = Report()
    try:
        asyncio.run(asyncio.wait_for(main(report), DRIVER_SECONDS))
    except TimeoutError:
        sys.exit(f"FAILED: still running after {DRIVER_SECONDS} s")
    report.finish()
