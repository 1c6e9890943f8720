"""The queue engine alone (core/queue.h), beside copying the same octets: bench/queue.c."""

import shutil

from figures import Figure
from tools import BUILD, answer, build, instructions

PROGRAM = f"{BUILD}/bench/bench_queue"
FLOWS = (1, 100, 1000)


def queue(asked):
    for flows in FLOWS:
        runs = [answer(asked, [PROGRAM, str(flows), "3000000"]) for _ in range(asked.runs)]
        what = f"queue alone, {flows} flow{'s' if flows > 1 else ''}, put and pop"
        yield Figure("", what, "CPU ns per 100 B frame",
                     [{"ours": run["ns"], "beside": run["floor_ns"]} for run in runs],
                     "a copy", places=1)
        if asked.instructions and shutil.which("valgrind"):
            yield Figure("", f"{what}: the same", "instructions",
                         [{"ours": instructions([PROGRAM, str(flows), "64000"])}])


def prepare():
    build("bench/bench_queue")


PARTS = {"queue": queue}
