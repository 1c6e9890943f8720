#!/usr/bin/env python3
"""Fails when a page says what the tree does not: paths, options, requirements, names.

    check-docs.py ROOT PROGRAM...     the programs as built; they are asked for --help
"""
import pathlib
import re
import subprocess
import sys

# Where a page may mean a path from; requirements.md speaks of tests only.
BASES = ("", "src", "tests")
SUFFIXES = ".c .h .def .py .md .sh .hex .msg .conf .service .build .ini".split()
BUILD = re.compile(r"build\b|~|/")  # not of the tree: made, or the system's

# Options that stand in our pages but are other programs'.
FOREIGN = {"--now": "systemctl", "--kind": "tests/run-all", "--lab": "tests/run-all",
           "--check-texts": "lanparty.exe, which does not run here"}

# Files whose tests have another name, and why. A part of a module is tested with it.
TESTED_IN = {
    "core/queue_flow.c": "unit/test_queue.c",
    "core/relay_room.c": "unit/test_relay_admit.c",
    "core/relay_send.c": "unit/test_relay_control.c",
    "core/relay_view.c": "unit/test_relay.c",
    "core/repair_fragment.c": "unit/test_repair.c",
    "core/repair_icmp.c": "unit/test_repair.c",
    "core/repair_mss.c": "unit/test_repair.c",
    "runtime/port.c": "unit/test_driver.c",
    "os/linux/bpf_call.c": "unit/test_steer.c",
    "os/linux/errors.c": "unit/test_files.c",
    "os/linux/link.c": "unit/test_lan_pick.c",
    "os/linux/net_describe.c": "unit/test_net.c",
    "os/linux/rtnl.c": "unit/test_net.c",
    "os/sockaddr.c": "unit/test_udp.c",
    "os/linux/udp_cmsg.c": "unit/test_udp.c",
    "os/windows/adapter_device.c": "windows/test_adapter.py",
    "os/windows/clock.c": "unit/test_clock.c",
    "os/windows/errors.c": "windows/test_files.c",
    "os/windows/iface.c": "windows/test_client.py",
    "os/windows/net_chores.c": "windows/test_net.c",
    "os/windows/net_describe.c": "windows/test_net.c",
    "os/windows/net_routes.c": "windows/test_net.c",
    "os/windows/profile.c": "windows/test_net.c",
    "os/windows/random.c": "unit/test_random.c",
    "os/windows/tap.c": "windows/test_adapter.py",
    "os/windows/tap_io.c": "windows/test_adapter.py",
    "os/windows/service_manager.c": "windows/test_service.py",
    "os/windows/session.c": "windows/test_end.py",
    "os/windows/text.c": "windows/test_files.c",
    "os/windows/udp_cmsg.c": "windows/test_udp.c",
    "os/windows/winsock.c": "windows/test_udp.c",
    "os/linux/vnet.c": "unit/test_tap.c",
    "runtime/describe_uplink.c": "unit/test_uplink.c",
    "runtime/options_file.c": "unit/test_options.c",
    "runtime/options_help.c": "unit/test_options.c",
    "runtime/options_value.c": "unit/test_options.c",
    # A connection does nothing without its endpoint.
    "quic/aead_evp.c": "unit/test_aead.c",
    "quic/aead_mb.c": "unit/test_aead.c",
    "quic/aead_mb_none.c": "unit/test_aead.c",
    "quic/conn.c": "unit/test_endpoint.c",
    "quic/conn_end.c": "unit/test_endpoint.c",
    "quic/conn_write.c": "unit/test_endpoint.c",
    "quic/handshake.c": "unit/test_tls.c",
    # What is drawn is looked at as a whole.
    "gui/windows/asker.c": "windows/test_gui.py",
    "gui/windows/bar.c": "windows/test_gui.py",
    "gui/windows/buffer.c": "windows/test_gui.py",
    "gui/windows/check.c": "windows/test_gui.py",
    "gui/windows/export.c": "windows/test_gui.py",
    "gui/windows/layout.c": "windows/test_gui.py",
    "gui/windows/main.c": "windows/test_gui.py",
    "gui/windows/manager.c": "windows/test_gui.py",
    "gui/windows/open.c": "windows/test_gui.py",
    "gui/windows/page.c": "windows/test_gui.py",
    "gui/windows/paint.c": "windows/test_gui.py",
    "gui/windows/settings.c": "windows/test_gui.py",
    "gui/windows/fill.c": "windows/test_gui.py",
    "gui/windows/theme.c": "windows/test_gui.py",
    "gui/windows/tray.c": "windows/test_gui.py",
    "gui/windows/widgets.c": "windows/test_gui.py",
    "gui/windows/window.c": "windows/test_gui.py",
    # These join engines to a real wire or adapter, and only the lab has both.
    "runtime/bridge_frames.c": "lab/test_size.py",
    "runtime/bridge_status.c": "lab/test_more.py",
    "runtime/seat.c": "lab/test_orders.py",
    "runtime/player_net.c": "lab/test_routes.py",
    "runtime/player_status.c": "lab/test_more.py",
}
MAX_LINES = 800


class Checker:
    def __init__(self, root, programs):
        self.root, self.complaints = root, []
        self.options = {path.name: options_of(path) for path in programs}
        self.names = {path.name for top in ("src", "tests", "tools", "docs", "packaging")
                      for path in (root / top).rglob("*")}
        self.pages = [root / f"{name}.md" for name in
                      ("README", "ARCHITECTURE", "HACKING", "TESTING", "SECURITY", "CHANGELOG")]
        self.pages += sorted((root / "docs").rglob("*.md"))

    def complain(self, path, number, what):
        self.complaints.append(f"{path.relative_to(self.root)}:{number}: {what}")

    def lines(self, *paths):
        """(path, number, line)"""
        for path in paths:
            for number, line in enumerate(path.read_text().split("\n"), 1):
                yield path, number, line

    # --- paths ------------------------------------------------------------------------

    def exists(self, text, beside):
        if "/" not in text:
            return text in self.names or (self.root / text).exists()
        return any(next((self.root / base).glob(text + end), None) or (beside / text).exists()
                   for base in BASES for end in ("", ".*"))

    def looks_like_a_path(self, text):
        if not re.fullmatch(r"[\w.*-]*[\w*-](/[\w.*-]+)*/?", text) or BUILD.match(text):
            return False
        first = text.split("/")[0]
        return (text.endswith(tuple(SUFFIXES)) or text.endswith("/") or
                "/" in text and any((self.root / base / first).exists() for base in BASES))

    def check_paths(self):
        for path, number, line in self.lines(*self.pages):
            for text in re.findall(r"`([^`]+)`", line):
                if self.looks_like_a_path(text) and not self.exists(text, path.parent):
                    self.complain(path, number, f"there is no {text}")
            for link in re.findall(r"\]\(([^)#:]+)\)", line):
                if not (path.parent / link).exists():
                    self.complain(path, number, f"the link to {link} leads nowhere")

    # --- options ----------------------------------------------------------------------

    def check_options(self):
        units = sorted((self.root / "packaging/systemd").glob("*.service"))
        everyones = set().union(*self.options.values(), FOREIGN)
        for path, number, line in self.lines(*self.pages, *units):
            known, program = everyones, "no program of ours"
            for word in re.findall(r"(?<![\w/-])(lanparty-\w+|--[a-z][\w-]*)", line):
                if word in self.options:
                    known, program = self.options[word] | set(FOREIGN), word
                elif word.startswith("--") and word not in known:
                    self.complain(path, number, f"{program} has no option {word}")
        for path, number, line in self.lines(*sorted((self.root / "packaging/etc").iterdir())):
            key = re.match(r"#?([a-z][a-z-]*) =", line)
            if key and f"--{key[1]}" not in self.options[f"lanparty-{path.stem}"]:
                self.complain(path, number, f"lanparty-{path.stem} has no option {key[1]}")

    # --- requirements -----------------------------------------------------------------

    def check_requirements(self):
        page = self.root / "docs/requirements.md"
        rows = 0
        for path, number, line in self.lines(page):
            row = re.match(r"\| ([A-Z]-\d+) \| ([^|]+) \| ([^|]+) \|$", line)
            if not row:
                if re.match(r"\| [A-Z]-\d", line):
                    self.complain(path, number, "a row has an ID and two cells")
                continue
            rows += 1
            ident, what, shown = row.groups()
            if shown == "none" and "**not built**" not in what:
                self.complain(path, number, f"{ident} is shown nowhere")
            self.check_tests_of(path, number, ident, re.findall(r"`([^`]+)`", shown))
        if rows == 0:
            self.complain(page, 1, "there are no rows")

    def check_tests_of(self, path, number, ident, tokens):
        """After the name of a test file, names of tests in it; none if it cites the ID."""
        content, file, named = None, None, True
        for token in [*tokens, "tests/end.c"]:
            if re.match(r"(unit|sim|lab|windows|tests)/.*\.(c|py)$", token):
                if file and not named and ident not in content:
                    self.complain(path, number, f"{file} says nothing of {ident}")
                test = self.root / "tests" / token
                content = test.read_text() if test.exists() else None
                file, named = token if content else None, False
            elif content and re.fullmatch(r"[a-z]\w+", token):
                named = True
                if not re.search(rf"(TEST\(|def ){token}\(?\)?", content):
                    self.complain(path, number, f"{file} has no test {token}")

    # --- names of the protocol --------------------------------------------------------

    def check_protocol(self):
        said = (self.root / "docs/protocol.md").read_text()
        rules = (  # file, what to look for, how the page says it
            ("src/core/reasons.def", r'REASON\(\w+, (?!FORWARDED)\w+, "(\w+)"', r"`{}`"),
            ("src/wire/message.c", r'\[LP_(?:REJECT|MESSAGE|ROLE|MODE)_\w+\] = "([\w-]+)"',
             r'[`"]{}[`"]'),
            ("src/core/close.h", r"LP_CLOSE_(\w+ = \d+)", None),
        )
        for name, pattern, wanted in rules:
            found = 0
            for path, number, line in self.lines(self.root / name):
                for text in re.findall(pattern, line):
                    found += 1
                    how = (wanted or "{}").format(text)
                    if wanted is None:
                        word, code = text.lower().split(" = ")
                        how = rf"\| {code} \| {word} \|"
                    if not re.search(how, said):
                        self.complain(path, number, f"docs/protocol.md says nothing of {text}")
            if found == 0:
                self.complain(self.root / name, 1, "the names are not found any more")

    # --- sources ----------------------------------------------------------------------

    def check_sources(self):
        src, tests = self.root / "src", self.root / "tests"
        files = sorted([*src.rglob("*.[ch]"), *src.rglob("*.def")])
        for path, number, line in self.lines(*files):
            if "\t" in line:
                self.complain(path, number, "a tab")
            if line != line.rstrip():
                self.complain(path, number, "blanks at the end")
            if number == MAX_LINES + 2:     # the last "line" is what follows the last "\n"
                self.complain(path, number, f"over {MAX_LINES} lines: two ideas in one file")
        for path in files:
            name = str(path.relative_to(src))
            folder = "windows" if name.startswith("os/windows/") else "unit"
            own = tests / f"{folder}/test_{path.stem}.c"
            if path.suffix != ".c" or name.startswith("app/"):
                continue
            if name in TESTED_IN and own.exists():
                self.complain(path, 1, f"has tests of its own: tools/check-docs.py need not say "
                              f"{TESTED_IN[name]}")
            elif not own.exists() and not (tests / TESTED_IN.get(name, own.name)).exists():
                self.complain(path, 1, f"has no tests/{folder}/{own.name}, and tools/check-docs.py "
                              "does not say where it is tested")
        for name in sorted(set(TESTED_IN) - {str(path.relative_to(src)) for path in files}):
            self.complain(self.root / "tools/check-docs.py", 1, f"there is no src/{name}")


def options_of(program):
    text = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    found = set(re.findall(r"^  (--[a-z][\w-]*)", text, re.MULTILINE))
    return found | set(re.findall(r"\(or\s+(--[\w-]+)\)", text)) | {"--man"}


def main(root, programs):
    checker = Checker(pathlib.Path(root).resolve(), [pathlib.Path(one) for one in programs])
    checker.check_paths()
    checker.check_options()
    checker.check_requirements()
    checker.check_protocol()
    checker.check_sources()
    print("\n".join(checker.complaints) or f"{len(checker.pages)} pages tell the truth")
    return 1 if checker.complaints else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    sys.exit(main(sys.argv[1], sys.argv[2:]))
