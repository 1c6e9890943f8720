"""drive.exe, which looks at the window of its Wine prefix and clicks in it."""

import os
import re
import subprocess

from netns import Failed

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DRIVE = f"{ROOT}/build-windows/tests/drive.exe"


class Hand:
    """Answers each command with lines."""

    def __init__(self, environment):
        self.program = subprocess.Popen(
            [f"{ROOT}/tools/wine", DRIVE], env=environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self.ids = {name: int(number) for name, number in map(str.split, self.ask("ids"))}

    def ask(self, command):
        self.program.stdin.write(command + "\n")
        self.program.stdin.flush()
        lines = []
        for line in self.program.stdout:
            if line.rstrip("\r\n") == ".":
                return lines
            lines.append(line.rstrip("\r\n"))
        raise Failed(f"nobody obeys: {command}")

    def texts(self):
        """{id: (x, y, width, height, is enabled, text)}"""
        seen, last = {}, None
        for line in self.ask("texts"):
            found = re.match(r"(\d+) (-?\d+) (-?\d+) (\d+) (\d+) ([01]) (.*)", line)
            if found:
                last = int(found[1])
                seen[last] = (*map(int, found.groups()[1:5]), found[6] == "1", found[7])
        return seen

    def text(self, name, offset=0):
        return self.texts().get(self.ids[name] + offset, (0, 0, 0, 0, False, ""))[5]
