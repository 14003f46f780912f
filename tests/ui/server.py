"""The real app on a port of its own, and a proxy whose connections can be cut."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`panel serve app` as a user runs it, with a database of its own."""

    def __init__(self, folder: Path, port: int | None = None, public_port: int | None = None):
        self.port, self.folder = port or free_port(), folder
        self.database = folder / "trials.db"
        self.public_port = public_port or self.port
        self.url = f"http://localhost:{self.public_port}/app"
        self.start()

    def start(self) -> None:
        """Start, and wait until it says that it listens."""
        lectures = [str(path) for path in sorted((ROOT / "dashboards").glob("*.py"))]
        command = [sys.executable, "-m", "panel", "serve", "app", *lectures]
        command += ["--port", str(self.port)]
        if self.public_port != self.port:
            for port in (self.port, self.public_port):
                command += ["--allow-websocket-origin", f"localhost:{port}"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "NEUROGYM_DB": str(self.database), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        for line in self.process.stdout:
            self.lines.append(line)
            if "app running at" in line:
                break
        else:
            pytest.fail("the server did not start:\n" + "".join(self.lines))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        self.lines.extend(self.process.stdout)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def errors(self) -> list[str]:
        """What it complained about."""
        return [line for line in self.lines if "Traceback" in line or "Error" in line]

    def rows(self, **which) -> list[dict]:
        """The trial table."""
        from neurogym.records.database import Store

        with Store(self.database) as store:
            return store.trials(**which)

    def warm(self) -> None:
        """Ask for the page once: the first session imports everything."""
        urllib.request.urlopen(f"http://localhost:{self.port}/app").read()


class Proxy:
    """Passes TCP connections on to a port, until they are cut."""

    def __init__(self, target: int):
        self.target, self.open = target, True
        self.pairs: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.open:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self.pairs += [client, server]
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(a, b), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass  # a cut connection is what the proxy is for
        finally:
            for end in (source, sink):
                end.close()

    def cut(self) -> None:
        """Break every connection, and refuse new ones until `mend`."""
        self.open = False
        for end in self.pairs:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already
        self.pairs.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self.open = True

    def close(self) -> None:
        """Stop listening."""
        self.cut()
        self.listener.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it alive."""
    server = Server(tmp_path_factory.mktemp("app"))
    server.warm()
    yield server
    server.kill()
