"""One line of the table: what was measured run by run, beside what, and what it should be."""

import statistics


class Goal:
    """A limit on something that follows from a run."""

    def __init__(self, words, value_of, is_enough):
        self.words, self.value_of, self.is_enough = words, value_of, is_enough

    def found(self, runs):
        return [self.value_of(run) for run in runs]

    def is_met(self, runs):
        return self.is_enough(statistics.median(self.found(runs)))


def ratio(run):
    return run["ours"] / run["beside"]


def at_most(limit, unit):
    return Goal(f"at most {limit} {unit}", lambda run: run["ours"], lambda it: it <= limit)


def at_least(limit, unit):
    return Goal(f"at least {limit} {unit}", lambda run: run["ours"], lambda it: it >= limit)


def at_most_times(limit):
    return Goal(f"at most {limit} x", ratio, lambda it: it <= limit)


def at_least_times(limit):
    return Goal(f"at least {limit} x", ratio, lambda it: it >= limit)


def below():
    return Goal("below it", ratio, lambda it: it < 1)


class Figure:
    """`runs` hold "ours", and "beside" where there is something to compare with (the floor or
    the best peer of the same run), both in `unit`."""

    def __init__(self, line, what, unit, runs, beside="", goals=(), places=0):
        self.line, self.what, self.unit, self.runs = line, what, unit, runs
        self.beside, self.goals, self.places = beside, goals, places

    def spread(self, values, places):
        middle = statistics.median(values)
        if len(values) == 1:
            return f"{middle:,.{places}f}"
        return (f"{middle:,.{places}f} ({min(values):,.{places}f} to "
                f"{max(values):,.{places}f})")

    def cells(self):
        ours = self.spread([run["ours"] for run in self.runs], self.places)
        beside = times = ""
        if self.beside:
            middle = statistics.median(run["beside"] for run in self.runs)
            name = self.runs[0].get("peer", self.beside)
            beside = f"{name} {middle:,.{self.places}f}"
            times = self.spread([ratio(run) for run in self.runs], 2)
        met = "yes" if all(goal.is_met(self.runs) for goal in self.goals) else "**no**"
        return (self.line, f"{self.what}, {self.unit}", ours, beside, times,
                ", ".join(goal.words for goal in self.goals), met if self.goals else "")

    def as_json(self):
        return {"line": self.line, "what": self.what, "unit": self.unit, "runs": self.runs,
                "beside": self.beside,
                "goals": [{"words": goal.words, "found": goal.found(self.runs),
                           "met": goal.is_met(self.runs)} for goal in self.goals]}


class Unmeasured:
    """A line that this machine cannot answer, and why."""

    def __init__(self, line, what, why):
        self.line, self.what, self.why = line, what, why

    def cells(self):
        return self.line, self.what, f"not measured: {self.why}", "", "", "", ""

    def as_json(self):
        return {"line": self.line, "what": self.what, "not_measured": self.why}


HEAD = ("| # | what | softlan | beside | ratio | reach | met |\n"
        "| --- | --- | --- | --- | --- | --- | --- |")


def as_row(figure):
    return "| " + " | ".join(figure.cells()) + " |"
