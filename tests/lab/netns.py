"""Network namespaces, the wires between them, and the programs that run in them.

A Lab owns everything it makes: namespaces carry its prefix, files are in its directory,
and close() ends and removes all of it, whatever happened before.
"""

import contextlib
import ctypes
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1

# What sanitizers print when they find something; a test whose programs do so fails.
SANITIZER = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|runtime error:|Assertion .* failed"
)


class Failed(Exception):
    """A claim did not hold; the text says which, and what was seen."""


def check(claim, what, *seen):
    if not claim:
        raise Failed(what + "".join(f"\n  {thing}" for thing in seen))


def eventually(probe, what, seconds=15.0, every=0.1):
    """What `probe` returns, as soon as it is true; Failed if that takes too long."""
    end = time.monotonic() + seconds
    last = None
    while True:
        try:
            last = probe()
            if last:
                return last
        except (Failed, KeyError, IndexError, ValueError) as problem:
            last = problem
        if time.monotonic() > end:
            raise Failed(f"not within {seconds:g} s: {what}\n  last seen: {last!r}")
        time.sleep(every)


def _end_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Program:
    """One running program; its output goes to a file named after it."""

    def __init__(self, name, words, log_path, stdin=subprocess.DEVNULL):
        self.name, self.words, self.log_path = name, words, log_path
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                words, stdin=stdin, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_end_with_parent)
        self.pid = self.process.pid
        self.expected_to_run = True

    def log(self):
        with open(self.log_path, errors="replace") as text:
            return text.read()

    def is_running(self):
        return self.process.poll() is None

    def says(self, pattern, seconds=15.0):
        """Waits for a line of its output; the match."""
        def look():
            found = re.search(pattern, self.log(), re.MULTILINE)
            if not found and not self.is_running():
                raise Failed(f"{self.name} ended with {self.process.returncode}")
            return found
        return eventually(look, f"{self.name} says {pattern!r}", seconds, 0.05)

    def stop(self, number=signal.SIGTERM, seconds=10.0):
        """Asks it to end; its exit code."""
        self.expected_to_run = False
        if self.is_running():
            self.process.send_signal(number)
        return self.ended(seconds)

    def ended(self, seconds=10.0):
        self.expected_to_run = False
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} still runs after {seconds:g} s") from None

    def kill(self):
        self.stop(signal.SIGKILL)

    def rss_kib(self):
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


class Node:
    """One namespace: a machine of the lab."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.netns = f"{lab.prefix}-{name}"
        self.resolv = f"/etc/netns/{self.netns}/resolv.conf"

    def words(self, *words):
        return ["ip", "netns", "exec", self.netns, *map(str, words)]

    def try_run(self, *words, timeout=60, stdin=None):
        return subprocess.run(self.words(*words), input=stdin, text=True, errors="replace",
                              capture_output=True, timeout=timeout,
                              preexec_fn=_end_with_parent)

    def run(self, *words, timeout=60, stdin=None):
        done = self.try_run(*words, timeout=timeout, stdin=stdin)
        check(done.returncode == 0, f"{self.name}: {' '.join(map(str, words))}: exit "
              f"{done.returncode}", done.stdout.strip(), done.stderr.strip())
        return done.stdout

    def json(self, *words):
        return json.loads(self.run(*words) or "[]")

    def ip(self, *lines):
        """Lines for ip(8), all in one go."""
        done = subprocess.run(["ip", "-n", self.netns, "-batch", "-"],
                              input="\n".join(lines) + "\n", text=True, capture_output=True)
        check(done.returncode == 0, f"{self.name}: ip: {'; '.join(lines)}", done.stderr)

    def sysctl(self, *settings):
        self.run("sysctl", "-qw", *settings)

    def start(self, name, *words, stdin=subprocess.DEVNULL):
        return self.lab.adopt(Program(name, self.words(*words),
                                      f"{self.lab.dir}/{name}.log", stdin))

    @contextlib.contextmanager
    def inside(self):
        """This thread's sockets are made in this namespace."""
        with open("/proc/self/ns/net") as home, open(f"/run/netns/{self.netns}") as there:
            self._enter(there)
            try:
                yield
            finally:
                self._enter(home)

    @staticmethod
    def _enter(namespace):
        if _libc.setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")

    def packet_socket(self, interface):
        with self.inside():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            raw.bind((interface, 0))
            return raw

    def udp_socket(self):
        with self.inside():
            return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def mac_of(self, interface):
        return self.json("ip", "-j", "link", "show", "dev", interface)[0]["address"]

    def capture(self, interface, expression):
        return Capture(self, interface, expression)


class Capture:
    """tcpdump on one interface; ready when the constructor returns."""

    def __init__(self, node, interface, expression):
        name = f"tcpdump-{node.name}-{interface}-{next(node.lab.numbers)}"
        self.program = node.start(name, "tcpdump", "-i", interface, "-n", "-e", "-l",
                                  "--immediate-mode", *expression.split())
        self.program.says("listening on")

    def lines(self):
        return [line for line in self.program.log().splitlines()
                if re.match(r"\d\d:\d\d:\d\d\.", line)]

    def stop(self):
        """Ends it; the lines, one for each frame seen."""
        time.sleep(0.2)  # what was sent just now may still be on its way to tcpdump
        self.program.stop(signal.SIGINT)
        return self.lines()


class Lab:
    def __init__(self, prefix):
        self.prefix = prefix
        self.dir = tempfile.mkdtemp(prefix=f"{prefix}-")
        os.chmod(self.dir, 0o755)  # the relay gives up root
        self.nodes, self.programs = {}, []
        self.numbers = iter(range(1, 1 << 30))

    def adopt(self, program):
        self.programs.append(program)
        return program

    def add(self, *names):
        """New machines, with loopback up and nothing that delays addresses."""
        for name in names:
            node = self.nodes[name] = Node(self, name)
            os.makedirs(os.path.dirname(node.resolv), exist_ok=True)
            with open(node.resolv, "w") as resolv:
                resolv.write("options timeout:2\n")
            subprocess.run(["ip", "netns", "add", node.netns], check=True)
            node.sysctl("net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                        "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                        "net.ipv4.icmp_ratelimit=0", "net.ipv4.ping_group_range=0 2147483647")
            node.ip("link set dev lo up")
        return [self.nodes[name] for name in names]

    @staticmethod
    def wire(a, a_if, b, b_if, mtu=1500):
        """A cable. Offloads are off, so that it carries what a real one would."""
        a.ip(f"link add name {a_if} mtu {mtu} type veth peer name {b_if} mtu {mtu} "
             f"netns {b.netns}")
        for node, interface in ((a, a_if), (b, b_if)):
            Lab.offloads(node, interface, "off")
            node.ip(f"link set dev {interface} up")

    @staticmethod
    def offloads(node, interface, state):
        features = ("tx", "sg", "tso", "gso", "gro")
        node.run("ethtool", "-K", interface, *(w for f in features for w in (f, state)))

    @staticmethod
    def switch(node, *ports):
        """A switch in `node` with these interfaces as its ports."""
        node.ip("link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                "link set dev br0 up", *(f"link set dev {port} master br0" for port in ports))

    def problems(self):
        """What programs should not have done: died, or made a sanitizer speak."""
        for program in self.programs:
            if program.expected_to_run and not program.is_running():
                yield f"{program.name} ended by itself: exit {program.process.returncode}"
            found = SANITIZER.search(program.log())
            if found:
                yield f"{program.name}: {found.group(0)}"

    def close(self, keep_logs_in=None):
        for program in self.programs:
            program.expected_to_run = False
            if program.is_running():
                program.process.kill()
            program.process.wait()
        if keep_logs_in:
            shutil.copytree(self.dir, keep_logs_in, dirs_exist_ok=True,
                            ignore=lambda folder, names: [
                                name for name in names
                                if not os.path.isfile(os.path.join(folder, name))])
        remove(self.prefix)


def remove(prefix):
    """Ends and removes every namespace of this prefix, what runs there, its files."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for name in re.findall(rf"^({re.escape(prefix)}-\S+)", listed, re.MULTILINE):
        pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
        for pid in pids.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
        shutil.rmtree(f"/etc/netns/{name}", ignore_errors=True)
    for path in glob.glob(os.path.join(tempfile.gettempdir(), f"{prefix}-*")):
        shutil.rmtree(path, ignore_errors=True)


def sweep(family):
    """Removes what runs that were killed left behind: prefixes are FAMILY and a pid."""
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    left += "\n".join(os.listdir(tempfile.gettempdir()))
    for prefix in set(re.findall(rf"^({family}\d+[a-z]+)-", left, re.MULTILINE)):
        if not os.path.exists(f"/proc/{re.search(r'[0-9]+', prefix).group(0)}"):
            remove(prefix)
