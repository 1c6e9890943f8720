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

from hand import Hand
from netns import Failed, check
from prefix import make_prefix

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build-windows")
SHOTS = os.path.join(BUILD, "screenshots")
PIPE = r"\\.\pipe\lanparty-test"

def font(height):
    """A LOGFONT as the registry has it; the font is one that Debian has."""
    face = "Open Sans".encode("utf-16-le").ljust(64, b"\0")
    return (struct.pack("<iiiii8B", height, 0, 0, 0, 400, 0, 0, 0, 1, 0, 0, 0, 0) + face).hex()


class Picture:
    """A PPM, whose rows are three octets for each pixel."""

    def __init__(self, octets):
        head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", octets)
        check(head, "it is a picture")
        self.octets, self.pixels = octets, octets[head.end():]
        self.width, self.height = int(head[1]), int(head[2])

    def without(self, rects):
        """Itself, but for places that move: carets, curves."""
        rest = bytearray(self.pixels)
        for left, top, width, height in rects:
            left, right = max(left, 0), min(left + width, self.width)
            for row in range(max(top, 0), min(top + height, self.height)):
                at = 3 * (row * self.width + left)
                rest[at:at + 3 * (right - left)] = b"\xff" * 3 * (right - left)
        self.pixels = bytes(rest)
        return self

    def has_black(self):
        """Nothing that the window draws is quite black; what it has not drawn is."""
        planes = [int.from_bytes(self.pixels[i::3], "big") for i in range(3)]
        lit = (planes[0] | planes[1] | planes[2]).to_bytes(self.width * self.height, "big")
        return lit.count(0) > 0


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
        self.program = f"{BUILD}/src/gui/lanparty.exe"
        self.choose_looks()

    # --- programs ---------------------------------------------------------------------

    def wine(self, *words, **more):
        return subprocess.run([f"{ROOT}/tools/wine", *words], env=self.env, check=False,
                              timeout=120, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, **more)

    def install(self):
        """The window in a folder of its own, with a client that only writes down what it is
        asked; it opens pages, too."""
        home = f"{self.prefix}/drive_c/LAN Party"
        os.makedirs(home)
        for path, name in (("src/gui/lanparty.exe", "lanparty.exe"),
                           ("src/gui/help.html", "help.html"),
                           ("tests/noter.exe", "lanparty-client.exe"),
                           ("tests/noter.exe", "opener.exe")):
            shutil.copy(f"{BUILD}/{path}", f"{home}/{name}")
        self.program = f"{home}/lanparty.exe"
        command = r'"C:\LAN Party\opener.exe" "%1"'
        self.write_registry(
            (r"HKLM\Software\Classes\.html", "@=\"lanparty-page\""),
            (r"HKLM\Software\Classes\ms-settings", '"URL Protocol"=""'),
            *((rf"HKLM\Software\Classes\{kind}\shell\open\command",
               "@=" + json.dumps(command)) for kind in ("lanparty-page", "ms-settings")))

    def told(self, program):
        """How a program that only writes that down was called."""
        path = f"{self.prefix}/drive_c/LAN Party/{program}.exe.log"
        if not os.path.exists(path):
            return []
        with open(path) as lines:
            return lines.read().splitlines()

    def write_registry(self, *values):
        path = f"{self.folder}/values.reg"
        with open(path, "w", encoding="utf-16") as file:
            file.write("Windows Registry Editor Version 5.00\r\n\r\n")
            for key, value in values:
                key = key.replace("HKCU", "HKEY_CURRENT_USER").replace(
                    "HKLM", "HKEY_LOCAL_MACHINE")
                file.write(f"[{key}]\r\n{value}\r\n\r\n")
        self.wine("regedit", "/S", "Z:" + path.replace("/", "\\"))

    def choose_looks(self):
        desk, metrics = r"HKCU\Control Panel\Desktop", r"HKCU\Control Panel\Desktop\WindowMetrics"
        themes = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        octets = ",".join(re.findall("..", font(-12)))     # at 96 DPI
        self.write_registry((desk, f'"LogPixels"=dword:{self.dpi:08x}'),
                            (metrics, f'"MessageFont"=hex:{octets}'),
                            (metrics, f'"CaptionFont"=hex:{octets}'),
                            (themes, f'"AppsUseLightTheme"=dword:{0 if self.dark else 1:08x}'))

    def start_service(self):
        self.service = self.screen.start(
            "service", f"{ROOT}/tools/wine", f"{BUILD}/tests/fakeservice.exe", self.pipe,
            "Z:" + self.answers, env=self.env)

    def open(self, *words, hand=True):
        program = self.screen.start(
            "window", f"{ROOT}/tools/wine", self.program, "--status-socket", self.pipe,
            "--check-texts", "Z:" + self.texts_log.replace("/", "\\"), *words,
            env=self.env)
        if hand:
            self.open_hand()
        return program

    def open_hand(self):
        self.hand = Hand(self.env)
        self.screen.programs.append(self.hand.program)

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
        return self.hand.texts()

    def text(self, name, offset=0):
        return self.hand.text(name, offset)

    def place(self, name, offset=0):
        """(x, y, width, height), or None where it is not shown."""
        found = self.texts().get(self.hand.ids[name] + offset)
        return found and found[:4]

    def is_seen(self, name, offset=0):
        """All of it, and not only when one scrolls there."""
        place, page = self.place(name, offset), self.hand.ask("page")[0].split()
        return bool(place) and place[1] >= 0 and place[1] + place[3] <= int(page[1])

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
        self.hand.ask(f"click {self.hand.ids[name] + offset}")

    def put(self, name, text):
        self.hand.ask(f"put {self.hand.ids[name]} {text}")

    def search(self, title):
        done = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"],
                              env=self.env, capture_output=True, text=True, check=False)
        return done.stdout.split()

    def mouse(self, *words):
        """Over the window unless it is told where to."""
        if words[0] == "click":
            words = ("mousemove", "--window", self.window(), "200", "200", *words)
        subprocess.run(["xdotool", *words], env=self.env, check=True, timeout=60)

    def paste(self, name, text):
        self.hand.ask(f"paste {self.hand.ids[name]} {text}")

    def window(self):
        return next(iter(self.search("LAN Party")), None)

    def shrink(self):
        """As far as it goes; and not before the window manager has given it its first size."""
        self.wait(self.window, "the window is on the screen")
        first = self.hand.ask("page")
        self.wait(lambda: self.hand.ask("size 1 1") or self.hand.ask("page") != first,
                  "the window becomes smaller")

    def windows(self):
        """How many there are."""
        return len(self.search("LAN Party"))

    def picture(self, name, is_live=False):
        """What the window shows, once that is all that it has to show. Live: a real party,
        whose seconds and latencies no two pictures have in common."""
        seen = []

        def is_painted():
            if self.hand.ask("painted") != ["yes"]:
                return False
            texts = self.texts()
            moves = [texts[number][:4] for number in
                     {self.hand.ids["graph"], int(self.hand.ask("focus")[0])} & texts.keys()]
            seen.append(Picture(self.look_at(self.window())).without(moves))
            is_still = len(seen) > 1 and seen[-1].pixels == seen[-2].pixels
            return (is_still or is_live) and not seen[-1].has_black()

        self.wait(self.window, "the window is on the screen")
        # Twice the same: on a machine with much else to do, that takes its time.
        self.wait(is_painted, f"all of {name} is painted", 180)
        subprocess.run(["convert", "ppm:-", f"{SHOTS}/{name}.png"], input=seen[-1].octets,
                       check=True, timeout=60)

    def look_at(self, window):
        return subprocess.run(["import", "-window", window, "-depth", "8", "ppm:-"],
                              env=self.env, check=True, timeout=60, capture_output=True).stdout

    def screen_picture(self, name):
        subprocess.run(["import", "-window", "root", f"{SHOTS}/{name}.png"], env=self.env,
                       check=True, timeout=60)

    def key(self, *keys):
        subprocess.run(["xdotool", "windowfocus", "--sync", self.window(), "key",
                        "--clearmodifiers", *keys], env=self.env, check=True, timeout=60)

    def type(self, title, text):
        """Into another window of ours: a dialog."""
        self.wait(lambda: self.search(title), f"a window {title} is on the screen")
        subprocess.run(["xdotool", "windowfocus", "--sync", self.search(title)[0], "type",
                        "--clearmodifiers", "--delay", "30", text], env=self.env, check=True,
                       timeout=60)
        subprocess.run(["xdotool", "key", "Return"], env=self.env, check=True, timeout=60)

    def focus(self):
        found = int(self.hand.ask("focus")[0])
        return next((name for name, number in self.hand.ids.items() if number == found),
                    str(found))

    def nothing_is_clipped(self):
        with open(self.texts_log, errors="replace") as lines:
            told = lines.read().split("\n")
        bad = sorted({line for line in told if line.startswith(("CLIPPED", "OUTSIDE"))})
        check(any(line.startswith("fits") for line in told), "texts are measured")
        check(not bad, "every text fits its control", *bad)
