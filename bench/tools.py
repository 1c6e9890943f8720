"""What every part needs: the built programs, and a command's answer."""

import json
import os
import re
import shlex
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = f"{ROOT}/build-release"
APP = f"{BUILD}/src/app"
PROGRAMS = tuple(f"src/app/{name}/lanparty-{name}" for name in ("relay", "gateway", "client"))


class CannotMeasure(Exception):
    """Not here: the sentence says why."""


def build(*targets):
    subprocess.run([f"{ROOT}/tools/build", "release", *targets], check=True)


def last_object(text):
    """The JSON object on the last line."""
    return json.loads(text.strip().splitlines()[-1])


def answer(asked, command):
    done = subprocess.run(shlex.split(asked.wrap) + command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise CannotMeasure(f"{os.path.basename(command[0])} failed with {done.returncode}")
    return last_object(done.stdout)


def instructions(command):
    """For each frame, within the program's counted_turn alone. Not taking turns with others:
    what else the machine does does not change it."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         "--toggle-collect=counted_turn*", *command], capture_output=True, check=True, text=True)
    total = int(re.search(r"Collected : (\d+)", done.stderr)[1])
    return total / last_object(done.stdout)["frames"]
