"""Server processes of the binding of this run."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import yaml

from bindings import OVER_PIPES, listening

HERE = Path(__file__).parent
READY_SECONDS = 20


class Program:
    """A program with the settings of a server."""

    def __init__(self, program, settings):
        self.command = [program]
        self.environment = {**os.environ, **settings}

    def print(self, *arguments):
        """What the program prints when it is run with the server's settings and these arguments."""
        return subprocess.run(
            [*self.command, *arguments], env=self.environment, capture_output=True, text=True, check=True, timeout=20
        ).stdout


class ListeningServer(Program):
    """A plugin server process that hosts connect to."""

    def __init__(self, program, config, path, **environment):
        self.address, variables = listening(path)
        super().__init__(program, {"PLUGINS_CONFIG_PATH": str(config), **variables, **environment})
        self._log = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=self.environment,
        )
        # A server that never gets ready is killed, which ends the read below.
        watchdog = threading.Timer(READY_SECONDS, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        if line != "READY\n":
            self._process.kill()
            status = self._process.wait()
            raise RuntimeError(f"server said {line!r} instead of READY and ended with {status}:\n{self.log()}")

    @property
    def id(self):
        return self._process.pid

    def log(self):
        self._log.seek(0)
        return self._log.read()[-4000:]

    def stop(self, how=signal.SIGTERM):
        """Ends the process and returns its exit status; SIGTERM must be enough to end it within ten seconds."""
        self._process.send_signal(how)
        try:
            return self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"server was still running 10 s after {how.name}:\n{self.log()}") from None
        finally:
            self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.stop()


class SpawnedServer(Program):
    """The command from which each host starts a server of its own, after one start that ends when its input does."""

    def __init__(self, program, config, _path, **environment):
        settings = {"PLUGINS_CONFIG_PATH": str(config), **environment}
        super().__init__(program, settings)
        self.address = {"cmd": self.command, "env": settings}
        # The host says nothing about the transport: the server finds it out.
        tried = subprocess.run(
            self.command, input="", capture_output=True, text=True, timeout=READY_SECONDS, env=self.environment
        )
        if tried.returncode or tried.stdout:
            raise RuntimeError(f"server said {tried.stdout!r} and ended with {tried.returncode}:\n{tried.stderr}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


Server = SpawnedServer if OVER_PIPES else ListeningServer


@contextlib.contextmanager
def socket_directory():
    """A private directory with a short path, since the path of a Unix socket has little room."""
    with tempfile.TemporaryDirectory(prefix="host-", dir="/tmp") as directory:
        yield Path(directory)


def entries(config):
    """The `plugins` list of a server's configuration file."""
    return yaml.safe_load(Path(config).read_text())["plugins"]
