"""Many players at once: how soon a page is there and an answer is saved, and what it costs.

  python -m tests.benchmarks.load                        # 200 players within a minute
  python -m tests.benchmarks.load --players 50 --within 10 --play 20 --task GoNogo-v0
  python -m tests.benchmarks.load --players 500 --workers 2 --db postgresql+psycopg://localhost/trials

Each player does what a browser does: it loads the page and its files, opens the socket, gets trials
and sends a record every 2.5 s, in other files' words docs/player.md. CPU is the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import websocket_connect

from neurogym.records.database import Store
from tests.ui.server import ROOT, free_port

EVERY = 2.5  # s between a player's records
KINDS = {"float32", "float64", "uint8", "uint16", "int32", "int64"}


def revive(value):
    """Arrays come as text."""
    if value.get("array") in KINDS:
        return np.frombuffer(base64.b64decode(value["data"]), value["array"])
    return value


def played(trial, action=1):
    """The record of a trial in which a key is pressed in the third step of the window."""
    _, states, actions = trial["shape"]
    at, state, total, outcome, response, pressed = trial["window"][0] + 3, 0, 0.0, 0, None, []
    for k in range(trial["T"]):
        given = action if k == at else 0
        if given:
            pressed.append([k, given])
        i = (int(trial["kind"][k]) * states + state) * actions + given
        total += float(trial["reward"][i])
        outcome = int(trial["outcome"][i])
        response = int(trial["response"][i]) or response
        state = int(trial["next"][i])
        if trial["ends"][i]:
            break
    onset = 1000.25
    key = onset + 3 * trial["dt"] + 3.5 if response else None
    shown = [[name, onset + trial["dt"] * a, trial["dt"] * (b - a)]
             for name, a, b in trial["periods"]]  # fmt: skip
    return dict(
        type="record", uid=trial["uid"], index=trial["index"], attempt=trial["attempt"],
        onset_ms=onset, key_ms=key, rt_ms=key and key - onset, origin_ms=1.7e12, frames=90,
        late_frames=0, refresh_hz=60.0, flags={}, periods=shown, actions=pressed,
        response=response, outcome=outcome, reward=total,
    )  # fmt: skip


class Player:
    """A browser that opens the page and plays on."""

    def __init__(self, base, query):
        self.base, self.query = base, query
        self.opened, self.acks, self.sent = None, [], {}
        self.saved, self.refused, self.queue, self.config = set(), [], [], None

    async def open(self, client):
        """Load what a browser loads, and greet."""
        began = time.perf_counter()
        page = (await client.fetch(f"{self.base}/play?{self.query}")).body.decode()
        files = re.findall(r'(?:href|src|data-look)="(neurogym/[^"]+)"', page)
        for file in files:
            await client.fetch(f"{self.base}/{file}", headers={"Accept-Encoding": "gzip"})
        self.socket = await websocket_connect(
            f"{self.base.replace('http', 'ws')}/neurogym/socket", max_message_size=1 << 24
        )
        key = secrets.token_hex(16)
        await self.say(dict(type="ready", key=key, address=f"?{self.query}", run=None))
        while not self.queue:
            self.hear(await self.socket.read_message())
        self.opened = time.perf_counter() - began

    async def say(self, message):
        await self.socket.write_message(json.dumps(message))

    def hear(self, text):
        message = json.loads(text, object_hook=revive)
        if message["type"] == "config":
            self.config = message
        elif message["type"] == "trial":
            self.queue.append(message)
        elif message["type"] == "ack":
            self.acks.append(time.perf_counter() - self.sent[message["uid"]])
            (self.refused.append if message.get("refused") else self.saved.add)(message["uid"])

    async def play(self, until):
        """Send a record now and then until a time; then wait for the last acknowledgements."""

        async def listen():
            while (text := await self.socket.read_message()) is not None:
                self.hear(text)

        listening = asyncio.ensure_future(listen())
        await asyncio.sleep(EVERY * np.random.default_rng().random())
        while time.perf_counter() < until and self.queue:
            record = {**played(self.queue.pop(0)), "run": self.config["run"]}
            record["address"] = self.config["address"]
            self.sent[record["uid"]] = time.perf_counter()
            await self.say(record)
            await asyncio.sleep(EVERY * (0.8 + 0.4 * np.random.default_rng().random()))
        while len(self.acks) < len(self.sent):
            await asyncio.sleep(0.05)
        self.socket.close()
        await listening


def figures(values, scale=1000):
    """Median, 99th percentile and greatest, in ms."""
    low, high, most = np.quantile(values, [0.5, 0.99, 1.0]) * scale
    return f"p50 {low:8.1f}   p99 {high:8.1f}   max {most:8.1f} ms"


class Served:
    """`neurogym serve` with its workers, and what they cost."""

    def __init__(self, db, workers):
        self.db, self.port = db, free_port()
        command = [sys.executable, "-m", "neurogym", "serve", "--port", str(self.port), "--db", db]
        self.process = subprocess.Popen(
            [*command, "--workers", str(workers)], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.lines, ready = [], 0
        for line in self.process.stdout:
            self.lines.append(line)
            ready += "Starting Bokeh server with process" in line
            if ready == workers:
                break
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with self.process.stdout:
            self.lines.extend(self.process.stdout)

    def processes(self):
        """Ids of the command's process and of all below it."""
        found = [self.process.pid]
        for pid in found:
            found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def cpu(self):
        """Seconds."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                  for pid in self.processes()]  # fmt: skip
        return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """kB."""
        told = [Path(f"/proc/{pid}/status").read_text() for pid in self.processes()]
        return sum(int(re.search(r"VmRSS:\s+(\d+)", each)[1]) for each in told)

    def rows(self):
        """The trial table."""
        with Store(self.db) as store:
            return store.trials()

    def stop(self):
        """End it as Ctrl-C does; all of its processes must be gone."""
        alive = self.processes()
        self.process.terminate()
        self.process.wait(timeout=60)
        self.reader.join()
        left = [pid for pid in alive if Path(f"/proc/{pid}").exists()]
        assert not left, f"processes that outlive the server: {left}"


async def crowd(server, players, within, play):
    """Players come within some seconds and play for some; returns them and costs."""
    AsyncHTTPClient.configure(None, max_clients=1000)
    client = AsyncHTTPClient()
    gap, kB = within / len(players), server.memory()
    costs = dict(cpu=server.cpu())

    async def one(k, player):
        await asyncio.sleep(gap * k)
        await player.open(client)

    await asyncio.gather(*(one(k, player) for k, player in enumerate(players)))
    costs |= dict(open=server.cpu() - costs["cpu"], memory=server.memory() - kB)
    before, until = server.cpu(), time.perf_counter() + play
    await asyncio.gather(*(player.play(until) for player in players))
    costs["records"] = server.cpu() - before
    return costs


def main():
    """Run a crowd against a server of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--players", type=int, default=200)
    parser.add_argument("--within", type=float, default=60, help="s in which they come")
    parser.add_argument("--play", type=float, default=60, help="s for which they play")
    parser.add_argument("--task", default="PerceptualDecisionMaking-v0")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--db", help="a database URL (an SQLite file of its own)")
    told = parser.parse_args()
    query = f"task={told.task}&trials=200&view=play"
    with tempfile.TemporaryDirectory() as folder:
        server = Served(told.db or f"{folder}/trials.db", told.workers)
        try:
            base = f"http://localhost:{server.port}"
            warm = [Player(base, query) for _ in range(4 * told.workers)]
            asyncio.run(crowd(server, warm, 0, 3))
            known = len(server.rows())
            players = [Player(base, query) for _ in range(told.players)]
            costs = asyncio.run(crowd(server, players, told.within, told.play))
            rows = server.rows()[known:]
        finally:
            server.stop()
    sent = [uid for player in players for uid in player.sent]
    stored = Counter(row["uid"] for row in rows)
    n, records = len(players), len(sent)
    print(f"{n} players of {told.task} within {told.within:g} s, {records} records")
    print(f"opened  {figures([player.opened for player in players])}")
    print(f"saved   {figures([ack for player in players for ack in player.acks])}")
    print(f"CPU     {costs['open'] / n * 1000:.1f} ms to open, "
          f"{costs['records'] / records * 1000:.1f} ms a record")  # fmt: skip
    print(f"memory  {costs['memory'] / n:.0f} kB a player")
    print(f"lost {len(set(sent) - set(stored))}, doubled {sum(k > 1 for k in stored.values())}, "
          f"refused {sum(len(player.refused) for player in players)}")  # fmt: skip
    errors = [line for line in server.lines if "Traceback" in line or "Error" in line]
    print("errors of the server:", errors or "none")


if __name__ == "__main__":
    main()
