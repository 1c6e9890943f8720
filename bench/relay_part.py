"""Lines 1, 2, 3, 13 and 14, and half of 11: the relay in virtual time, bench/relay.c."""

import shutil

from figures import Figure, at_least, at_most, at_most_times
from tools import BUILD, answer, build, instructions

PROGRAM = f"{BUILD}/bench/bench_relay"
FLOOR = "plain UDP"

CASES = {  # line, what it is, what it should cost
    "many-100": ("1", "relay, 128 clients taking turns, 100 B", (at_most_times(1.6),)),
    "trains-100": ("2", "relay, two busy peers, 100 B", (at_most_times(6), at_most(600, "ns"))),
    "coalesced-100": ("3", "relay, two busy peers, 12 x 100 B per packet",
                      (at_most(250, "ns"),)),
    "trains-1200": ("", "relay, two busy peers, 1200 B", ()),
    "game-100": ("", "relay, 128 clients, 60 frames/s each, 100 B", ()),
}
ROOMS = (64, 256, 1024)
PER_FRAME = "CPU ns per forwarded frame"
COUNTED = ("trains-100", "coalesced-100")  # the others take minutes under valgrind


def measure(asked, case, runs=None):
    return [answer(asked, [PROGRAM, case, str(asked.seconds)])
            for _ in range(runs or asked.runs)]


def as_runs(found):
    return [{"ours": run["ns"], "beside": run["floor_ns"], **run} for run in found]


def per_frame(asked, case):
    line, what, goals = CASES[case]
    yield Figure(line, what, PER_FRAME, as_runs(measure(asked, case)), FLOOR, goals)
    if case in COUNTED and asked.instructions and shutil.which("valgrind"):
        yield Figure("", f"{what}: the same", "instructions", 
                     [{"ours": instructions([PROGRAM, case, "1", "relay-only"])}])


def broadcasts(asked):
    """Line 14. Beside line 1's own cost, measured again here."""
    limit = measure(asked, "many-100")
    for room in ROOMS:
        found = measure(asked, f"broadcast-{room}")
        runs = [{"ours": run["ns"], "beside": many["ns"], "plain_ns": run["floor_ns"],
                 "lost": run["lost"]} for run, many in zip(found, limit)]
        yield Figure("14", f"broadcast in a room of {room}", "CPU ns per receiver", runs,
                     "line 1", (at_most_times(1),))


def workers(asked):
    """Line 13. Beside one worker with all of it to do. One client in eight knows nothing of
    lanes and arrives at the wrong worker: it is handed over."""
    case, few = "workers-100", "clients=32,workers"
    pairs = [[answer(asked, [PROGRAM, f"{case},workers={count}", str(asked.seconds),
                             "relay-only"]) for count in (2, 1)] for _ in range(asked.runs)]
    yield Figure("13", "two workers, 16 rooms of 8 taking turns, 100 B", PER_FRAME,
                 [{"ours": two["ns"], "beside": one["ns"], "lost": two["lost"]}
                  for two, one in pairs], "one worker", (at_most_times(1.1),))
    if asked.instructions and shutil.which("valgrind"):
        two, one = (instructions([PROGRAM, f"{case},{few}={count}", "1", "relay-only"])
                    for count in (2, 1))
        yield Figure("13", "the same with 4 rooms", "instructions",
                     [{"ours": two, "beside": one}], "one worker", (at_most_times(1.1),))
    yield Figure("13", "16 of their 128 clients dial the wrong worker: handed over",
                 "connections", [{"ours": two["handed_over"]} for two, _ in pairs],
                 goals=(at_least(16, "connections"),))
    yield Figure("13", "of the frames then sent, packets that crossed workers", "packets",
                 [{"ours": two["crossed"], "frames": two["frames"]} for two, _ in pairs],
                 goals=(at_most(0, "packets"),))


def idle(asked):
    """Line 11, by the worker's own heap and turns."""
    runs = [answer(asked, [PROGRAM, "idle", str(asked.idle_seconds)])
            for _ in range(asked.runs)]
    yield Figure("11", "10,000 idle clients in 1,000 rooms: heap for each", "KiB",
                 [{"ours": run["heap_per_client"] / 1024} for run in runs],
                 goals=(at_most(36, "KiB"),), places=1)
    yield Figure("11", "the same: CPU in virtual time", "% of a core",
                 [{"ours": 100 * run["cpu_share"]} for run in runs],
                 goals=(at_most(5, "%"),), places=2)


SWEEP = [f"many-100,clients={n}" for n in (2, 8, 32, 128, 512, 1024)] + \
        [f"many-100,clients=128,room={n}" for n in (2, 8, 32)] + \
        [f"many-100,len={n}" for n in (64, 300, 600, 1200, 1294)]


def sweep(asked):
    """How the cost grows with clients, rooms and frame size."""
    for case in SWEEP:
        words = case.replace(",", ", ").replace("many-100", "taking turns")
        yield Figure("", words, PER_FRAME, as_runs(measure(asked, case)), FLOOR)


def prepare():
    build("bench/bench_relay")


PARTS = {case: (lambda asked, case=case: per_frame(asked, case)) for case in CASES}
PARTS |= {"broadcast": broadcasts, "workers": workers, "idle": idle, "sweep": sweep}
