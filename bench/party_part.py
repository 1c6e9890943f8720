"""Lines 11 and 12: the relay as people run it, and clients in a program of their own."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

from figures import Figure, at_least, at_most
from tools import APP, BUILD, CannotMeasure, build

RELAY = f"{APP}/relay/lanparty-relay"
PARTY = f"{BUILD}/bench/bench_party"
PER_ROOM = 10
SPOILED_MAX = 3  # runs in a row


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Relay:
    """with Relay() as relay: one process, with room for everyone"""

    def __enter__(self):
        self.place = tempfile.TemporaryDirectory(prefix="softlan-bench-")
        os.chmod(self.place.name, 0o755)  # the relay lets go of root
        self.log = open(f"{self.place.name}/log", "w+")
        self.address = f"127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            [RELAY, "--listen", self.address, "--state-dir", f"{self.place.name}/state",
             "--max-peers", "16384", "--status-socket", f"{self.place.name}/status"],
            stdout=self.log, stderr=self.log)
        self.fingerprint = self.told(r"fingerprint=(\S+)")
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)  # thousands of goodbyes are not measured
        self.process.wait()
        self.log.close()
        self.place.cleanup()

    def told(self, pattern):
        end = time.monotonic() + 10
        while time.monotonic() < end and self.process.poll() is None:
            with open(self.log.name) as log:
                found = re.search(pattern, log.read())
            if found:
                return found[1]
            time.sleep(0.02)
        raise CannotMeasure("the relay does not start")

    def cpu(self):
        """Seconds, of all threads, by the kernel's clock of a process (CPUCLOCK_SCHED)."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident(self):
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


class Party:
    """Clients that join a relay and stay."""

    def __init__(self, relay, clients, rate):
        self.process = subprocess.Popen(
            [PARTY, relay.address, relay.fingerprint, str(clients), str(PER_ROOM), str(rate)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        told = self.process.stdout.readline()
        if not told:
            raise CannotMeasure("the clients did not join")
        self.joining = json.loads(told)

    def leave(self):
        self.process.stdin.close()
        self.process.wait()


def join(clients, rate):
    with Relay() as relay:
        before = relay.cpu()
        party = Party(relay, clients, rate)
        cpu = relay.cpu() - before
        party.leave()
    return {**party.joining, "cpu_seconds": cpu}


def stay(clients, seconds):
    settle = 12  # longer than statistics and keep-alives take to come round
    with Relay() as relay:
        rss = relay.resident()
        party = Party(relay, clients, 1000)
        time.sleep(settle)
        cpu, began = relay.cpu(), time.monotonic()
        time.sleep(seconds)
        share = (relay.cpu() - cpu) / (time.monotonic() - began)
        rss = relay.resident() - rss
        party.leave()
    return {"rss_kib": rss / clients, "cpu_share": share}


def one_run(command):
    """On a machine that others use, a probe of path MTU discovery may come too late, and one
    client in thousands is refused for it: that run is done again."""
    for _ in range(SPOILED_MAX):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True)
        if done.returncode == 0:
            return json.loads(done.stdout)
    raise CannotMeasure(f"a run failed: {done.stderr.splitlines()[0]}")


def repeated(asked, *words):
    """Each run in a process of its own, so that --wrap can wait for its turn."""
    me = [sys.executable, os.path.abspath(__file__), *map(str, words)]
    for _ in range(asked.runs):
        yield one_run(shlex.split(asked.wrap) + me)


def joins(asked):
    """Line 12."""
    full = list(repeated(asked, "join", asked.joins, 0))
    half = list(repeated(asked, "join", asked.joins, 500))
    yield Figure("12", "joins, full handshakes with client certificates, one worker",
                 "per CPU second",
                 [{"ours": run["clients"] / run["cpu_seconds"], **run} for run in full],
                 goals=(at_least(1000, "/s"),))
    yield Figure("12", "500 of them a second: from dialling to the welcome, p99", "ms",
                 [{"ours": run["p99_ms"], **run} for run in half],
                 goals=(at_most(100, "ms"),), places=1)


def crowd(asked):
    """Line 11, seen from outside."""
    runs = list(repeated(asked, "stay", 10000, asked.idle_seconds))
    yield Figure("11", "10,000 idle clients in 1,000 rooms: resident memory for each", "KiB",
                 [{"ours": run["rss_kib"]} for run in runs], goals=(at_most(36, "KiB"),),
                 places=1)
    yield Figure("11", "the same: CPU of the process", "% of a core",
                 [{"ours": 100 * run["cpu_share"]} for run in runs],
                 goals=(at_most(5, "%"),), places=2)


def prepare():
    build("bench/bench_party", "src/app/relay/lanparty-relay")


PARTS = {"joins": joins, "crowd": crowd}

if __name__ == "__main__":
    what = {"join": join, "stay": stay}[sys.argv[1]]
    print(json.dumps(what(*map(int, sys.argv[2:]))))
