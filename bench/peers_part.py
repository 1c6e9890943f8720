"""Lines 4 to 7: the whole path, beside other tunnels in the same lab. The lab is not part of
this tree: --peers names a checkout of it, and bench/peers/softlan.sh makes us a subject."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import tools
from figures import Figure, at_least_times, at_most, at_most_times, below
from tools import CannotMeasure

OURS, FLOOR = "softlan", "none"
TOOLS = ("ip", "ethtool", "iperf3", "dnsmasq", "dhclient", "cc")

HIGHER = (  # line, what, unit, where it is in a record, how much more than the best peer
    ("4", "TCP down, 1 stream", "Mbit/s", "tcp_down_1", "mbps", 1.5),
    ("4", "TCP up, 1 stream", "Mbit/s", "tcp_up_1", "mbps", 1.5),
    ("4", "TCP down, 4 streams", "Mbit/s", "tcp_down_4", "mbps", 1.5),
    ("4", "TCP up, 4 streams", "Mbit/s", "tcp_up_4", "mbps", 1.5),
    ("5", "UDP down, 100 B, at most 1 % lost", "frames/s", "udp_down_100", "pps", 2),
    ("5", "UDP down, 1200 B, at most 1 % lost", "frames/s", "udp_down_1200", "pps", 2),
)
LOWER = (
    ("6", "CPU of all programs for a GiB of TCP", "s", "tcp_down_1", "cpu_s_per_gib"),
    ("6", "CPU of all programs for a million 100 B frames", "s", "small_10k",
     "cpu_s_per_mframe"),
)


def check(asked):
    if os.geteuid() != 0:
        raise CannotMeasure("needs root (network namespaces)")
    if not os.path.exists(f"{asked.peers}/bench.py"):
        raise CannotMeasure("no peers lab: say --peers DIR")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        raise CannotMeasure(f"missing: {', '.join(missing)}")


def copy_of(lab, place):
    """The lab stays as it is; what we add and build goes into a copy."""
    copied = f"{place}/lab"
    shutil.copytree(lab, copied, ignore=shutil.ignore_patterns("results"))
    shutil.copy(f"{tools.ROOT}/bench/peers/{OURS}.sh", f"{copied}/subjects")
    subprocess.run(["bash", f"{copied}/run.sh", "--list"], stdout=subprocess.DEVNULL,
                   env=environment(place), check=True)
    return copied


def environment(place):
    return os.environ | {"PB_PREFIX": "sb", "PB_RUN": f"{place}/run", "SOFTLAN": tools.ROOT}


def run_one(asked, place, lab, subject):
    command = shlex.split(asked.wrap) + [
        sys.executable, f"{tools.ROOT}/bench/peers_lab.py", lab, subject]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment(place))
    if done.returncode:
        raise CannotMeasure(f"{subject} could not be run")
    return tools.last_object(done.stdout)


def run_all(asked):
    """One record for each subject in each round; who cannot run here is left out."""
    with tempfile.TemporaryDirectory(prefix="softlan-bench-") as place:
        os.chmod(place, 0o755)  # programs let go of root
        lab = copy_of(asked.peers, place)
        subjects = sorted(name[:-3] for name in os.listdir(f"{lab}/subjects"))
        absent, rounds = set(), []
        for number in range(asked.runs):
            order = subjects if number % 2 == 0 else subjects[::-1]
            found = {name: run_one(asked, place, lab, name)
                     for name in order if name not in absent}
            absent |= {name for name, record in found.items() if "skipped" in record}
            rounds.append({name: record for name, record in found.items()
                           if name not in absent})
    return rounds


def value(record, *path):
    for key in path:
        record = (record or {}).get(key)
    return record


def against(rounds, path, best):
    """Ours beside the best peer of the same round."""
    for found in rounds:
        peers = {name: value(record, *path) for name, record in found.items()
                 if name not in (OURS, FLOOR) and value(record, *path)}
        ours = value(found.get(OURS), *path)
        if ours and peers:
            name = best(peers, key=peers.get)
            yield {"ours": ours, "beside": peers[name], "peer": name,
                   "none": value(found.get(FLOOR), *path)}


def added_delay(rounds):
    """The same rounds with the idle round trip made what it is beyond `none`, in us."""
    for found in rounds:
        floor = value(found.get(FLOOR), "idle", "p50_ms")
        yield {name: {"added": 1000 * (value(record, "idle", "p50_ms") - floor)}
               for name, record in found.items()
               if floor and value(record, "idle", "p50_ms")}


def figure(line, what, unit, runs, goals, places):
    if not runs:
        raise CannotMeasure(f"{what}: no round with us and a peer")
    return Figure(line, what, unit, runs, "best peer", goals, places)


def peers(asked):
    check(asked)
    rounds = run_all(asked)
    for line, what, unit, *path, more in HIGHER:
        yield figure(line, what, unit, list(against(rounds, path, max)),
                     (at_least_times(more),), 0)
    for line, what, unit, *path in LOWER:
        yield figure(line, what, unit, list(against(rounds, path, min)),
                     (at_most_times(0.33),), 1)
    yield figure("7", "idle round trip added, p50", "us",
                 list(against(added_delay(rounds), ["added"], min)),
                 (at_most(200, "us"), below()), 0)


def prepare():
    tools.build(*tools.PROGRAMS)


PARTS = {"peers": peers}
