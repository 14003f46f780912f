"""`neurogym serve`: the app on a port, who is let in, and under which names it is reached."""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

LOCAL = ("localhost", "127.0.0.1")
PATIENCE = 10  # s that workers have to end
EXAMPLES = """\
examples:
  neurogym serve --open
  neurogym serve --tasks my_tasks.py
  neurogym serve --address 0.0.0.0 --port 8080 --db study.db
  neurogym serve --address 0.0.0.0 --password-file secret.txt --allow-origin lab.example.org
  neurogym serve --prefix /tasks --workers 2 --db postgresql+psycopg://lab@localhost/trials
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `neurogym serve` takes, but for the database."""
    parser.add_argument("--port", type=_port, default=5006, help="(%(default)s)")
    parser.add_argument(
        "--address",
        default="127.0.0.1",
        help="where to listen: this computer alone (%(default)s), or 0.0.0.0 for the network too",
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="another name under which browsers reach the server; * for any; can be repeated",
    )
    parser.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="open the app in a browser",
    )
    parser.add_argument(
        "--tasks",
        action="append",
        default=[],
        metavar="FILE",
        help="a Python file or module with tasks, agents or wrappers of your own; can be repeated",
    )
    _guard_arguments(parser)
    parser.add_argument(
        "--prefix", default="", metavar="PATH", help="what stands before /app, behind a proxy"
    )
    parser.add_argument(
        "--workers", type=_workers, default=1, metavar="N",
        help="processes that serve together; not on Windows (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--certificate", nargs=2, metavar=("FILE", "KEY"), help="serve https with these PEM files"
    )
    parser.add_argument(
        "--allow-frame", action="append", default=[], metavar="ORIGIN",
        help="a site whose pages may show ours in a frame; can be repeated",
    )  # fmt: skip


def _guard_arguments(parser: argparse.ArgumentParser) -> None:
    """Who may see the studio. At an address that others reach it asks for a token, unless told."""
    guard = parser.add_mutually_exclusive_group()
    guard.add_argument(
        "--token", help="what the studio asks for; one is made up where others can reach it"
    )
    guard.add_argument(
        "--password-file", metavar="FILE", help="a file whose first line the studio asks for"
    )
    guard.add_argument(
        "--no-auth", action="store_true", help="let everyone in who reaches the address"
    )


def whole(text: str, low: int, high: int) -> int:
    """An integer of the command line."""
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"{text!r}: expected an integer from {low} to {high}")
    return int(text)


def _port(text: str) -> int:
    return whole(text, 1, 65535)


def _workers(text: str) -> int:
    return whole(text, 1, 64)


def run(arguments: argparse.Namespace) -> int:
    """Serve until it is stopped; the exit code."""
    from neurogym.records.database import database_url

    folder = app_folder()
    if importlib.util.find_spec("panel") is None:
        raise ImportError("serve needs Panel: pip install 'neurogym[app]'")
    env = dict(os.environ)
    if arguments.db:
        database_url(arguments.db)
        env["NEUROGYM_DB"] = arguments.db
    if arguments.tasks:
        env["NEUROGYM_TASKS"] = ",".join(map(tasks_source, arguments.tasks))
    if arguments.workers > 1 and os.name != "posix":
        raise ValueError("--workers: more than one is not possible on this system")
    if any(not re.fullmatch(r"https?://[\w.:*-]+", origin) for origin in arguments.allow_frame):
        raise ValueError(f"--allow-frame {arguments.allow_frame[-1]}: expected https://NAME")
    env["NEUROGYM_FRAMES"] = " ".join(arguments.allow_frame)
    token = _token(arguments)
    if token:
        env["NEUROGYM_TOKEN"] = token
    _check_free(arguments.address, arguments.port)
    hosts = _hosts(arguments.address)
    command = _panel_command(arguments, folder, hosts)
    if token:
        command += ["--auth-module", str(folder / "auth.py")]
    address = _say_where(arguments, folder.name, hosts, token)
    if arguments.open and not token:
        command += ["--show"]
    elif arguments.open:
        opens = threading.Thread(target=_open, args=(address, arguments.port), daemon=True)
        opens.start()
    return _run(command, env)


def _open(address: str, port: int) -> None:
    """Open a browser at an address, which holds the token, once the server listens."""
    late = time.monotonic() + 60
    while time.monotonic() < late:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                webbrowser.open(address)
                return
        time.sleep(0.2)


def _token(arguments: argparse.Namespace) -> str:
    """What the studio asks for; nothing where it is open."""
    if arguments.password_file:
        path = Path(arguments.password_file)
        if not path.is_file():
            raise ValueError(f"--password-file {path}: there is no such file")
        first = next(iter(path.read_text("utf-8").splitlines()), "").strip()
        if not first:
            raise ValueError(f"--password-file {path}: its first line is empty")
        return first
    if arguments.token is not None:
        if not arguments.token.strip():
            raise ValueError("--token: expected a text; --no-auth lets everyone in")
        return arguments.token.strip()
    return "" if arguments.no_auth or arguments.address in LOCAL else secrets.token_urlsafe(18)


def _say_where(arguments: argparse.Namespace, name: str, hosts: Sequence[str], token: str) -> str:
    """Print the addresses of the studio and of those who take part; returns the studio's first."""
    scheme = "https" if arguments.certificate else "http"
    prefix = _prefix(arguments)
    shown = f"?{urlencode({'token': token})}" if token and not arguments.password_file else ""
    studio = [f"{scheme}://{host}:{arguments.port}{prefix}/{name}{shown}" for host in hosts]
    print(*studio, sep="\n", flush=True)
    if arguments.address in LOCAL:
        return studio[0]
    last = f"{scheme}://{hosts[-1]}:{arguments.port}{prefix}/play?task=GoNogo"
    print(f"Those who take part need no token: {last}", flush=True)
    if not token:
        print("Everyone who reaches these addresses sees all data (--no-auth).", flush=True)
    return studio[0]


def _prefix(arguments: argparse.Namespace) -> str:
    path = arguments.prefix.strip("/")
    return f"/{path}" if path else ""


def app_folder() -> Path:
    """Where the app lies; ImportError where it does not."""
    spec = importlib.util.find_spec("app")
    places = spec.submodule_search_locations if spec else None
    folder = Path(next(iter(places))) if places else None
    if folder is None or not (folder / "main.py").is_file():
        where = f" in {folder}" if folder else ""
        raise ImportError(f"the app is not installed: there is no app/main.py{where}")
    return folder


def _panel_command(arguments: argparse.Namespace, folder: Path, hosts: Sequence[str]) -> list[str]:
    origins = [f"{host}:{arguments.port}" for host in dict.fromkeys([*hosts, arguments.address])]
    for origin in arguments.allow_origin:
        origins.append(origin if ":" in origin or origin == "*" else f"{origin}:{arguments.port}")
    command = [sys.executable, "-m", "panel", "serve", str(folder), "--num-threads", "4"]
    command += ["--address", arguments.address, "--port", str(arguments.port)]
    for origin in origins:
        command += ["--allow-websocket-origin", origin]
    if prefix := _prefix(arguments):
        command += ["--prefix", prefix, "--use-xheaders"]
    if arguments.certificate:
        certificate, key = map(_readable, arguments.certificate)
        command += ["--ssl-certfile", certificate, "--ssl-keyfile", key]
    if arguments.workers > 1:
        command += ["--num-procs", str(arguments.workers)]
    return command


def _readable(file: str) -> str:
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise ValueError(f"--certificate {file}: there is no such file")
    return str(path)


def _hosts(address: str) -> list[str]:
    """Names under which a server that listens at an address is reached, as far as we can know."""
    if address in LOCAL:
        return [address, *(host for host in LOCAL if host != address)]
    if address != "0.0.0.0":
        return [address]
    name = socket.gethostname().lower()
    return list(dict.fromkeys([*LOCAL, name, *_own_addresses(name)]))


def _own_addresses(name: str) -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; it picks the outward interface
            found.append(probe.getsockname()[0])
        except OSError:  # no network: this computer is all there is
            return []
    try:
        found += socket.gethostbyname_ex(name)[2]
    except OSError:  # a name that the network does not know
        return found
    return found


def _check_free(address: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise OSError(f"cannot listen at {address}:{port}: {error.strerror}") from error


def _run(command: Sequence[str], env: dict[str, str]) -> int:
    """Run a server, with all of its workers, to its end; what stops this process stops them."""
    alone = os.name == "posix"  # in a group of processes of its own
    with subprocess.Popen(command, env=env, start_new_session=alone) as child:

        def stop(number: int = signal.SIGTERM, *_: object) -> None:
            if alone:
                os.killpg(child.pid, number)
            else:
                child.terminate()

        before = signal.signal(signal.SIGTERM, stop)
        try:
            code = child.wait()
        except KeyboardInterrupt:
            stop(signal.SIGINT)
            code = child.wait()
        finally:
            signal.signal(signal.SIGTERM, before)
            if alone:
                _end(child.pid)
    return code if code >= 0 else 128 - code


def _end(group: int) -> None:
    """Wait until all processes of a group are gone; those that stay too long are killed."""
    late = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < late:
            os.killpg(group, signal.SIGTERM)
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # macOS says the latter
        return  # all are gone


def tasks_source(given: str) -> str:
    """A file's full path, or a module's name; an error here says more than one in the server."""
    if "," in given:
        raise ValueError(f"--tasks {given}: expected a name without a comma")
    if Path(given).suffix != ".py":
        if importlib.util.find_spec(given.partition(".")[0]) is None:
            raise ValueError(f"--tasks {given}: expected a .py file or a module that is installed")
        return given
    path = Path(given).expanduser().resolve()
    if not path.is_file():
        raise ValueError(f"--tasks {given}: there is no such file")
    return str(path)
