"""The window under Wine, on a screen of its own: a service that says what the test wants, a
hand that clicks (drive.c), and pictures of what a player would see."""

import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

from netns import Failed, check
from prefix import make_prefix

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build-windows")
SHOTS = os.path.join(BUILD, "screenshots")
PIPE = r"\\.\pipe\lanparty-test"

# src/gui/windows/window.h
IDS = dict(headline=100, sentence=101, where=102, card_title=103, card_text=106, card_fix=109,
           card_more=112, relay=114, relay_fault=115, room=117, room_fault=118, fingerprint=120,
           fingerprint_fault=121, act=122, latency=124, graph=125, fact=126, fact_value=130,
           peers_label=134, peers=135, details=139, turn=141, copy=142, export=143, note=144)


def font(height):
    """A LOGFONT as the registry has it; the font is one that Debian has."""
    face = "Open Sans".encode("utf-16-le").ljust(64, b"\0")
    return (struct.pack("<iiiii8B", height, 0, 0, 0, 400, 0, 0, 0, 1, 0, 0, 0, 0) + face).hex()


class Hand:
    """drive.exe, which answers each command with lines."""

    def __init__(self, program):
        self.program = program

    def ask(self, command):
        self.program.stdin.write(command + "\n")
        self.program.stdin.flush()
        lines = []
        for line in self.program.stdout:
            if line.rstrip("\r\n") == ".":
                return lines
            lines.append(line.rstrip("\r\n"))
        raise Failed(f"nobody obeys: {command}")


class Screen:
    """Xvfb with a window manager; Wine draws on it."""

    def __init__(self, folder, width=2200, height=1700):
        self.programs, self.folder = [], folder
        read, write = os.pipe()
        self.start("xvfb", "Xvfb", "-displayfd", str(write), "-screen", "0",
                   f"{width}x{height}x24", "-nolisten", "tcp", pass_fds=[write])
        os.close(write)
        with os.fdopen(read) as answer:
            self.display = f":{answer.readline().strip()}"
        self.env = dict(os.environ, DISPLAY=self.display)
        self.start("openbox", "openbox", env=self.env)

    def start(self, name, *words, **more):
        with open(f"{self.folder}/{name}.log", "w") as log:
            more.setdefault("stdout", log)
            self.programs.append(subprocess.Popen(words, stderr=log, **more))
        return self.programs[-1]

    def close(self):
        for program in reversed(self.programs):
            program.terminate()
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()


class Gui:
    """On a screen and in a prefix that others made and go on to use; else it makes
    its own."""

    def __init__(self, dpi=96, dark=False, pipe=PIPE, screen=None, prefix=None):
        self.folder = tempfile.mkdtemp(prefix="lanparty-gui-")
        self.answers, self.is_guest = f"{self.folder}/answers", prefix is not None
        self.prefix = prefix or f"{self.folder}/prefix"
        os.makedirs(self.answers)
        os.makedirs(SHOTS, exist_ok=True)
        self.dpi, self.dark, self.pipe = dpi, dark, pipe
        if not self.is_guest:
            make_prefix(self.prefix)
        self.screen = screen or Screen(self.folder)
        self.env = dict(self.screen.env, WINEPREFIX=self.prefix)
        self.texts_log = f"{self.folder}/texts.log"
        self.choose_looks()

    # --- programs ---------------------------------------------------------------------

    def wine(self, *words, **more):
        return subprocess.run([f"{ROOT}/tools/wine", *words], env=self.env, check=False,
                              timeout=120, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, **more)

    def choose_looks(self):
        desk, metrics = r"HKCU\Control Panel\Desktop", r"HKCU\Control Panel\Desktop\WindowMetrics"
        themes = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        path = f"{self.folder}/looks.reg"
        with open(path, "w", encoding="utf-16") as file:
            octets = ",".join(re.findall("..", font(-12)))     # at 96 DPI
            file.write("Windows Registry Editor Version 5.00\r\n\r\n")
            for key, value in ((desk, f'"LogPixels"=dword:{self.dpi:08x}'),
                               (metrics, f'"MessageFont"=hex:{octets}'),
                               (metrics, f'"CaptionFont"=hex:{octets}'),
                               (themes, f'"AppsUseLightTheme"=dword:{0 if self.dark else 1:08x}')):
                file.write(f"[{key.replace('HKCU', 'HKEY_CURRENT_USER')}]\r\n{value}\r\n\r\n")
        self.wine("regedit", "/S", "Z:" + path.replace("/", "\\"))

    def start_service(self):
        self.service = self.screen.start(
            "service", f"{ROOT}/tools/wine", f"{BUILD}/tests/fakeservice.exe", self.pipe,
            "Z:" + self.answers, env=self.env)

    def open(self, *words, hand=True):
        program = self.screen.start(
            "window", f"{ROOT}/tools/wine", f"{BUILD}/src/gui/lanparty.exe", "--status-socket",
            self.pipe, "--check-texts", "Z:" + self.texts_log.replace("/", "\\"), *words,
            env=self.env)
        if hand:
            self.hand = Hand(self.screen.start(
                "hand", f"{ROOT}/tools/wine", f"{BUILD}/tests/drive.exe", env=self.env,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"))
        return program

    def close(self):
        if self.is_guest:
            self.hand.ask("end")
        else:
            self.wine("wineboot", "--kill")
            self.screen.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and os.environ.get("LAB_LOGS"):     # what was seen when it failed
            os.makedirs(os.environ["LAB_LOGS"], exist_ok=True)
            subprocess.run(["import", "-window", "root", f"{os.environ['LAB_LOGS']}/screen.png"],
                           env=self.env, check=False, timeout=60)
        self.close()

    # --- what the service says --------------------------------------------------------

    def answer(self, request, answer):
        path = f"{self.answers}/{request}.json"
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(answer, file, ensure_ascii=False)
        os.replace(path + ".new", path)

    def requests(self):
        path = f"{self.answers}/requests"
        if not os.path.exists(path):
            return []
        with open(path) as lines:
            return [json.loads(line) for line in lines]

    # --- what is seen -----------------------------------------------------------------

    def texts(self):
        """{id: (x, y, width, height, is enabled, text)}"""
        seen, last = {}, None
        for line in self.hand.ask("texts"):
            found = re.match(r"(\d+) (-?\d+) (-?\d+) (\d+) (\d+) ([01]) (.*)", line)
            if found:
                last = int(found[1])
                seen[last] = (*map(int, found.groups()[1:5]), found[6] == "1", found[7])
        return seen

    def text(self, name, offset=0):
        return self.texts().get(IDS[name] + offset, (0, 0, 0, 0, False, ""))[5]

    def has(self, sentence):
        return any(sentence in one[5] for one in self.texts().values())

    def wait(self, truth, sentence, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if truth():
                return
            time.sleep(0.2)
        raise Failed("\n".join([f"never so: {sentence}", *map(str, self.texts().items())]))

    def sees(self, sentence):
        self.wait(lambda: self.has(sentence), f"the window says: {sentence}")

    def click(self, name, offset=0):
        self.hand.ask(f"click {IDS[name] + offset}")

    def put(self, name, text):
        self.hand.ask(f"put {IDS[name]} {text}")

    def search(self, title):
        done = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"],
                              env=self.env, capture_output=True, text=True, check=False)
        return done.stdout.split()[0] if done.stdout.split() else None

    def paste(self, name, text):
        self.hand.ask(f"paste {IDS[name]} {text}")

    def window(self):
        return self.search("LAN Party")

    def picture(self, name):
        self.wait(self.window, "the window is on the screen")
        time.sleep(0.7)     # let it finish drawing
        subprocess.run(["import", "-window", self.window(), f"{SHOTS}/{name}.png"],
                       env=self.env, check=True, timeout=60)

    def screen_picture(self, name):
        subprocess.run(["import", "-window", "root", f"{SHOTS}/{name}.png"], env=self.env,
                       check=True, timeout=60)

    def key(self, *keys):
        subprocess.run(["xdotool", "windowfocus", "--sync", self.window(), "key",
                        "--clearmodifiers", *keys], env=self.env, check=True, timeout=60)

    def type(self, title, text):
        """Into another window of ours: a dialog."""
        self.wait(lambda: self.search(title), f"a window {title} is on the screen")
        subprocess.run(["xdotool", "windowfocus", "--sync", self.search(title), "type",
                        "--clearmodifiers", "--delay", "30", text], env=self.env, check=True,
                       timeout=60)
        subprocess.run(["xdotool", "key", "Return"], env=self.env, check=True, timeout=60)

    def focus(self):
        found = int(self.hand.ask("focus")[0])
        return next((name for name, number in IDS.items() if number == found), str(found))

    def nothing_is_clipped(self):
        with open(self.texts_log, errors="replace") as lines:
            told = lines.read().split("\n")
        bad = sorted({line for line in told if line.startswith(("CLIPPED", "OUTSIDE"))})
        check(any(line.startswith("fits") for line in told), "texts are measured")
        check(not bad, "every text fits its control", *bad)
