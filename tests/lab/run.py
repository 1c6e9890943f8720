#!/usr/bin/env python3
"""Runs the lab's tests: each function test_* of tests/lab/test_*.py, in its own process
with namespaces of its own.

    run.py [--build DIR] [--tests DIR] [--logs DIR] [--jobs N] [WORD...]

WORDs pick tests whose names contain one of them. A test's name is the sentence it proves;
it gets a prefix for its namespaces and cleans up after itself. One that fails beside others
is run again, alone, and says so: on a full machine a player may rightly give up, but a test
that fails twice has found something. Ends with "N passed, N failed".
"""

import argparse
import concurrent.futures
import glob
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
FAMILY = "sl"            # of namespace prefixes: sl1234a belongs to process 1234
TEST_SECONDS = 300       # after which a test is ended and has failed
AGAIN_MAX = 3            # tests run again: when more fail, that is no bad moment


def all_tests(folder):
    for path in sorted(glob.glob(os.path.join(folder, "test_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for name, function in vars(module).items():
            if name.startswith("test_") and function.__module__ == module.__name__:
                yield f"{module.__name__}.{name}"


def sentence(test):
    return test.split(".test_")[1].replace("_", " ")


def interrupted(*_):
    """Ends the test, so that it cleans up; that is not interrupted again."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit(1)


def run_one(test, prefix, logs):
    """In the child: the test itself. Failed tests leave their programs' logs in `logs`."""
    import netns
    module, name = test.split(".")
    function = getattr(importlib.import_module(module), name)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    try:
        function(prefix)
        return 0
    except netns.Failed as failure:
        print(failure)
    except subprocess.TimeoutExpired as late:
        print(f"took too long: {late}")
    except Exception:
        traceback.print_exc(file=sys.stdout)
    for path in sorted(glob.glob(os.path.join(logs, "*.log"))):
        with open(path, errors="replace") as log:
            tail = log.read()[-1500:].strip()
        if tail:
            print(f"--- {os.path.basename(path)}\n{tail}")
    return 1


class Runner:
    def __init__(self, folder, logs):
        self.folder, self.logs = folder, logs
        self.children, self.stopping = set(), False

    def run(self, test, number):
        """(test, passed, seconds, what it printed)"""
        prefix = f"{FAMILY}{os.getpid()}{letters(number)}"
        logs = os.path.join(self.logs, test)
        shutil.rmtree(logs, ignore_errors=True)
        started = time.monotonic()
        if self.stopping:
            return test, False, 0.0, "not run: interrupted"
        child = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--one", test, "--prefix", prefix,
             "--logs", logs, "--tests", self.folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", env=dict(os.environ, LAB_LOGS=logs))
        self.children.add(child)
        try:
            output, _ = child.communicate(timeout=TEST_SECONDS)
        except subprocess.TimeoutExpired:
            child.terminate()
            output, _ = child.communicate()
            output += f"\nended after {TEST_SECONDS} s"
        self.children.discard(child)
        import netns
        netns.remove(prefix)
        return test, child.returncode == 0, time.monotonic() - started, output

    def stop(self, *_):
        self.stopping = True
        for child in list(self.children):
            child.terminate()


def letters(number):
    return (letters(number // 26 - 1) if number >= 26 else "") + chr(97 + number % 26)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--build", default=os.path.join(HERE, "../../build-asan"))
    words.add_argument("--tests", default=HERE)
    words.add_argument("--logs")
    words.add_argument("--jobs", type=int, default=3)
    words.add_argument("--list", action="store_true")
    words.add_argument("--one", help=argparse.SUPPRESS)
    words.add_argument("--prefix", default=f"{FAMILY}{os.getpid()}x", help=argparse.SUPPRESS)
    words.add_argument("words", nargs="*")
    asked = words.parse_args()
    os.environ["LAB_BUILD"] = build = os.path.abspath(
        os.environ.get("LAB_BUILD") if asked.one else asked.build)
    folder = os.path.abspath(asked.tests)
    sys.path.insert(0, folder)
    logs = os.path.abspath(asked.logs or os.path.join(build, "lab-logs"))
    if asked.one:
        return run_one(asked.one, asked.prefix, logs)

    tests = [test for test in all_tests(folder)
             if not asked.words or any(word in test for word in asked.words)]
    if asked.list:
        print("\n".join(map(sentence, tests)))
        return 0
    if os.geteuid() != 0:
        print("the lab makes network namespaces and needs root", file=sys.stderr)
        return 1
    return run_all(tests, folder, logs, asked.jobs)


def run_all(tests, folder, logs, jobs):
    import netns
    netns.sweep(FAMILY)
    runner = Runner(folder, logs)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, runner.stop)
    failed = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(runner.run, test, number)
                   for number, test in enumerate(tests)]
        for done in concurrent.futures.as_completed(running):
            result = done.result()
            tell(*result, "FAILED" if jobs == 1 else "failed", logs)
            failed += [] if result[1] else [result[0]]
    if jobs > 1 and len(failed) <= AGAIN_MAX:
        failed = [test for number, test in enumerate(failed, len(tests))
                  if not tell(*runner.run(test, number), "FAILED", logs, ", alone")]
    else:
        for test in failed:
            print(f"lab  FAILED           {sentence(test)}")
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed or not tests else 0


def tell(test, ok, seconds, output, bad, logs, how=""):
    """Prints what came out; true when the test passed."""
    print(f"lab  {'ok    ' if ok else bad} {seconds:6.1f} s  {sentence(test)}{how}", flush=True)
    if not ok:
        print(re.sub("^", "       ", output.rstrip(), flags=re.MULTILINE),
              f"\n       logs: {os.path.join(logs, test)}", flush=True)
    return ok


if __name__ == "__main__":
    sys.exit(main())
