"""One subject of the peers lab, once: what lines 4 to 7 need, in less than a minute.

    python3 bench/peers_lab.py LAB SUBJECT

LAB is a copy of the comparison lab; its own bench.py knows how to measure, this chooses what.
Prints one JSON object. Needs root.
"""

import json
import subprocess
import sys
import time

LAB, SUBJECT = sys.argv[1:]
sys.path.insert(0, LAB)

import bench as lab  # noqa: E402

LIMIT_S = 85
TCP = {"tcp_down_1": (1, True), "tcp_up_1": (1, False), "tcp_down_4": (4, True),
       "tcp_up_4": (4, False)}


def wait_for_ping():
    end = time.monotonic() + 15
    while lab.ping("player", lab.HOST_IP, 20, 20000)["received"] == 0:
        if time.monotonic() > end:
            raise RuntimeError("no ping through the tunnel")


def tcp(subject, streams, down):
    with lab.Cpu(subject) as cpu:
        found = lab.tcp_result(lab.tcp(2, streams, down, None, 0.5))
    found["cpu_s_per_gib"] = cpu.total / (found["bytes"] / 2 ** 30)
    return found


def small(subject):
    """10,000 frames of 100 B a second."""
    with lab.Cpu(subject) as cpu:
        found = lab.udp_trial(True, 100, 10000, 2.0)
    found["cpu_s_per_mframe"] = cpu.total / (found["received"] / 1e6)
    return found


def measure(subject, quick, out):
    def step(name, do, *words):
        try:
            out[name] = do(*words)
        except (RuntimeError, subprocess.TimeoutExpired, ValueError, ZeroDivisionError) as why:
            out.setdefault("errors", {})[name] = str(why)[:300]

    out["join"] = lab.start_lease_and_join(subject)
    wait_for_ping()
    step("idle", lab.ping, "player", lab.HOST_IP, 400, 5000)
    server = subprocess.Popen(lab.ns("host", "iperf3", "-s"), stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.2)
        for name, words in TCP.items():
            step(name, tcp, subject, *words)
    finally:
        server.terminate()
        server.wait()
    step("udp_down_100", lab.udp_max, True, 100, 0.6, 1)
    step("udp_down_1200", lab.udp_max, True, 1200, 0.6, 1)
    step("small_10k", small, subject)


lab.measure = measure
print(json.dumps(lab.run_subject(SUBJECT, True, LIMIT_S)))
