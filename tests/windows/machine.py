"""A Windows machine of one test's own: a Wine prefix, with a screen.

The prefix is a copy of the tree's template, with the system's files as links to it; so it
is there at once, and nothing that a test does reaches another test.
"""

import contextlib
import functools
import glob
import operator
import os
import re
import shutil
import subprocess
import tempfile
import time

from hand import Hand
from netns import Failed, _end_with_parent, check, eventually
from party import ROOT
from prefix import share_public

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(ROOT, "build-windows")
WINE = f"{ROOT}/tools/wine"


def link(source, target):
    os.symlink(os.path.realpath(source), target)


def copy_prefix(prefix):
    template = f"{BUILD}/wine"
    subprocess.run([WINE, "cmd", "/c", "exit"], check=True, timeout=280,
                   env=dict(os.environ, WINEPREFIX=template))
    shutil.copytree(template, prefix, symlinks=True, ignore=shutil.ignore_patterns("windows"))
    shutil.copytree(f"{template}/drive_c/windows", f"{prefix}/drive_c/windows", symlinks=True,
                    copy_function=link)
    share_public(prefix)


def is_like(one, other):
    """The same picture, but for a caret that blinks."""
    return len(one) == len(other) and sum(map(operator.ne, one, other)) < 600


class Machine:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="softlan-machine-")
        self.prefix = f"{self.home}/prefix"
        self.drive = f"{self.prefix}/drive_c"
        self.shots = f"{BUILD}/screenshots"
        self.children = []
        self.environment = dict(os.environ, WINEPREFIX=self.prefix)
        try:
            copy_prefix(self.prefix)
            self._start_screen()
        except BaseException:
            self.close()
            raise

    def _start_screen(self):
        """Any display that is free; its number comes through a pipe."""
        numbers, write = os.pipe()
        self.children.append(subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten",
             "tcp"], pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=_end_with_parent))
        os.close(write)
        with os.fdopen(numbers) as pipe:
            self.environment["DISPLAY"] = f":{pipe.readline().strip()}"
        self.children.append(self.native("openbox"))

    def native(self, *words):
        return subprocess.Popen(words, env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, preexec_fn=_end_with_parent)

    def close(self):
        subprocess.run([WINE, "--end"], env=self.environment, timeout=60, check=False)
        for child in reversed(self.children):
            child.terminate()   # so that Xvfb takes its socket with it
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- programs ---

    def run(self, *words, timeout=120):
        """Into files and not pipes, which what it leaves running would hold open."""
        with tempfile.TemporaryFile("w+", errors="replace") as said, \
                tempfile.TemporaryFile("w+", errors="replace") as complained:
            done = subprocess.run([WINE, *map(str, words)], env=self.environment,
                                  stdin=subprocess.DEVNULL, stdout=said, stderr=complained,
                                  timeout=timeout)
            for file in (said, complained):
                file.seek(0)
            done.stdout, done.stderr = said.read(), complained.read()
        return done

    def start(self, *words):
        child = subprocess.Popen([WINE, *map(str, words)], env=self.environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        self.children.append(child)
        return child

    def hand(self):
        """For the window that is open."""
        hand = Hand(self.environment)
        self.children.append(hand.program)
        return hand

    def running(self, name):
        """How many processes of this program there are in the prefix."""
        count = 0
        for process in glob.glob("/proc/[0-9]*"):
            with contextlib.suppress(OSError):
                with open(f"{process}/cmdline", "rb") as words, \
                        open(f"{process}/environ", "rb") as variables:
                    program = words.read().split(b"\0")[0].decode(errors="replace")
                    count += (program.endswith("\\" + name) and
                              f"WINEPREFIX={self.prefix}\0".encode() in variables.read())
        return count

    def rest(self):
        """Ends whatever runs, so that the registry is on disk."""
        subprocess.run([WINE, "--end"], env=self.environment, timeout=60, check=False)

    # --- what it holds ---

    def path(self, windows):
        r"""Of C:\... here, whatever the case of its letters."""
        at = self.drive
        for part in windows.removeprefix("C:\\").split("\\"):
            names = os.listdir(at) if os.path.isdir(at) else []
            at = os.path.join(at, next((name for name in names
                                        if name.lower() == part.lower()), part))
        return at

    def registry(self, key):
        """The values of a key and of those below it: {(key, name): text}."""
        key = key.replace("HKLM", "HKEY_LOCAL_MACHINE", 1)
        done = self.run("reg", "query", key, "/s")
        found, at = {}, ""
        for line in done.stdout.splitlines():
            value = re.match(r"    (.*?)    REG_(\w+)    (.*)$", line)
            if value:
                found[at, value[1]] = value[3]
            elif line.strip():
                at = line.strip()[len(key):].lstrip("\\")
        return found

    def scale(self, percent):
        """What the user chose in the settings of the display."""
        self.write(r"HKCU\Control Panel\Desktop", "LogPixels", "REG_DWORD", 96 * percent // 100)
        self.rest()     # whoever runs would not hear of it

    def write(self, key, name, kind, data):
        done = self.run("reg", "add", key, "/v", name, "/t", kind, "/d", data, "/f")
        check(done.returncode == 0, f"{key} is written", done.stdout)

    def everything(self):
        """Every file that is there, and every line of the registry; for comparing."""
        self.rest()
        files = {os.path.relpath(os.path.join(folder, name), self.drive)
                 for folder, folders, names in os.walk(self.drive)
                 for name in folders + names}
        lines, key = set(), ""
        for hive in ("system.reg", "user.reg"):
            with open(f"{self.prefix}/{hive}", errors="replace") as text:
                for line in text:
                    if line.startswith("["):
                        key = line.rsplit("]", 1)[0]
                    if line[0] in '["@':
                        lines.add((hive, key, line.strip() if line[0] != "[" else ""))
        return files, lines

    # --- its screen ---

    def key(self, *keys):
        subprocess.run(["xdotool", "key", *keys], env=self.environment, check=True)

    def picture(self, name, title):
        """Of the newest window of this title, once it stays as it is for a while."""
        os.makedirs(self.shots, exist_ok=True)
        last, same = None, 0

        def is_still():
            nonlocal last, same
            found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title],
                                   env=self.environment, text=True,
                                   capture_output=True).stdout.split()
            seen = subprocess.run(["import", "-window", found[-1], "-depth", "8", "ppm:-"],
                                  check=True, env=self.environment, capture_output=True).stdout
            same = same + 1 if last and is_like(seen, last) else 0
            last = seen
            return same >= 3

        eventually(is_still, f"{title} is still", 120)
        subprocess.run(["convert", "ppm:-", f"{self.shots}/{name}.png"], input=last, check=True)

    def windows(self):
        """The titles of what is on the screen."""
        done = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", ".",
                               "getwindowname", "%@"], env=self.environment, text=True,
                              capture_output=True)
        return done.stdout.splitlines()


def machine_test(test):
    @functools.wraps(test)
    def run(_prefix):
        machine = Machine()
        with contextlib.closing(machine):
            test(machine)
    return run


__all__ = ["BUILD", "Failed", "Machine", "ROOT", "check", "eventually", "machine_test", "time"]
