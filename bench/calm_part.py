"""Lines 8 to 10: a download and a game over one slow link, in virtual time: bench/links.c.
Another seed in each run: other losses, another order of what happens at once. The real programs
over an emulated link are bench/calm's, which needs root and minutes."""

from figures import Figure, Goal, at_least, at_most
from tools import BUILD, CannotMeasure, answer, build

PROGRAM = f"{BUILD}/bench/bench_links"
SECONDS = 15  # of virtual time, after the streams have settled
RATES = (5, 20, 100)  # Mbit/s
WAYS = (("down", {}), ("up", {"down": 0}))
CROWDS = {
    "two players' streams": {"tunnels": 2},
    "a storm of UDP of 40 Mbit/s in the game's own tunnel": {"flood": 40},
    "streams both ways": {"both": 1},
}
FLOWS = (("a game, 60/s of 80 B", {"game_rate": 60, "game_size": 80}),
         ("a voice, 50/s of 160 B", {"game_rate": 50, "game_size": 160}))
NONE_LOST = Goal("none lost", lambda run: run["ours"], lambda lost: lost == 0)


def measure(asked, **options):
    words = [f"{name}={value}" for name, value in options.items()]
    found = [answer(asked, [PROGRAM, f"seed={1 + number}", f"seconds={SECONDS}", *words])
             for number in range(asked.runs)]
    if any(run["p99"] < 0 for run in found):
        raise CannotMeasure("none of the game's packets came back")
    return found


def figure(line, what, unit, runs, value, goal, places):
    return Figure(line, f"{what} (virtual time)", unit,
                  [{"ours": value(run), **run} for run in runs], goals=(goal,), places=places)


def added(run):
    return run["p99"] - run["idle_p99"]


def delay(line, what, runs):
    return figure(line, f"{what}: round trip added, p99", "ms", runs, added,
                  at_most(5, "ms"), 1)


def loss(line, what, runs):
    return figure(line, f"{what}: lost, of the game", "packets", runs,
                  lambda run: run["game_lost"], NONE_LOST, 0)


def calm(asked):
    """Lines 8 and 9: the game is also line 8's ping."""
    for rate in RATES:
        for way, options in WAYS:
            runs = measure(asked, rate=rate, **options)
            what = f"four streams {way}, {rate} Mbit/s"
            yield delay("8, 9", what, runs)
            yield figure("8", f"{what}: goodput", "% of the link", runs,
                         lambda run: 100 * run["goodput"], at_least(85, "%"), 1)
            yield loss("9", what, runs)


def crowded(asked):
    """Line 10, as far as one link has it. The relay's limits on a storm and CAM refresh are
    tests/sim/sim_crowded.c."""
    for crowd, options in CROWDS.items():
        for flow, character in FLOWS:
            runs = measure(asked, rate=20, **options, **character)
            what = f"{flow}, beside {crowd}, 20 Mbit/s"
            yield delay("10", what, runs)
            yield loss("10", what, runs)


def prepare():
    build("bench/bench_links")


PARTS = {"calm": calm, "crowded": crowded}
