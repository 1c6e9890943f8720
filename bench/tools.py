"""What every part needs: the built programs, and a command's answer."""

import json
import os
import shlex
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = f"{ROOT}/build-release"
APP = f"{BUILD}/src/app"


class CannotMeasure(Exception):
    """Not here: the sentence says why."""


def build(*targets):
    subprocess.run([f"{ROOT}/tools/build", "release", *targets], check=True)


def answer(asked, command):
    """One JSON object, the last line that `command` prints."""
    done = subprocess.run(shlex.split(asked.wrap) + command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise CannotMeasure(f"{os.path.basename(command[0])} failed with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])
