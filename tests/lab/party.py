"""A LAN party, the internet, and players far away.

    p1 ── wire1 ── nat1 ──┐                      ┌── router (DHCP, DNS, NAT)
    p2 ── wire2 ── nat2 ──┼── inet ──────────────┘        │
             relay ───────┘                              lan, a switch ── host
                                                          └── gw (the gateway's PC)

The party's LAN is 10.73.42.0/24 and fd73:42::/64. The gateway's PC has one wire: it is
both in the party and, through the party's router, on the internet. wire1 and wire2 are
plain cables until emulate() puts tests/lab/linkem into them. Addresses as RFC 5737 and
3849 give them to documentation.
"""

import contextlib
import functools
import json
import os
import re
import time

from netns import Failed, Lab, check, eventually

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

RELAY, RELAY_V6 = "198.51.100.10", "2001:db8:1::10"
ROUTER, GATEWAY, HOST = "10.73.42.1", "10.73.42.2", "10.73.42.10"
HOST_V6 = "fd73:42::10"
ROOM = "PARTY"

MASQUERADE = """
table ip nat {
    chain postrouting {
        type nat hook postrouting priority srcnat
        oifname "wan0" %s
    }
}
"""


def build_dir():
    return os.environ.get("LAB_BUILD", os.path.join(ROOT, "build-asan"))


def program(name):
    return os.path.join(build_dir(), "src", "app", name, f"lanparty-{name}")


def tool(name):
    return os.path.join(build_dir(), "tests", name)


class Player:
    """A machine behind its own NAT, with the client once connect() was called."""

    def __init__(self, party, number):
        self.party, self.number = party, number
        self.name = f"p{number}"
        self.wan = f"203.0.113.{4 * number - 2}"    # the NAT's address on the internet
        self.net = f"192.168.{76 + number}"
        self.address = f"{self.net}.2"
        self.client = self.capture_file = None
        self.tap = "lan0"
        self._cable()

    def _cable(self):
        lab, inet = self.party.lab, self.party.inet
        self.node, self.wire, self.nat = lab.add(
            self.name, f"wire{self.number}", f"nat{self.number}")
        lab.wire(self.node, "eth0", self.wire, "near")
        lab.wire(self.wire, "far", self.nat, "lan0")
        lab.switch(self.wire, "near", "far")
        uplink = f"to-nat{self.number}"
        lab.wire(self.nat, "wan0", inet, uplink)
        self.inet_if = uplink
        base, v6 = 4 * self.number - 3, 76 + self.number
        inet.ip(f"addr add 203.0.113.{base}/30 dev {uplink}",
                f"addr add 2001:db8:{v6}:1::1/64 dev {uplink}",
                f"route add 2001:db8:{v6}::/64 via 2001:db8:{v6}:1::2")
        self.nat.ip(f"addr add {self.wan}/30 dev wan0", f"addr add {self.net}.1/24 dev lan0",
                    f"route add default via 203.0.113.{base}",
                    f"addr add 2001:db8:{v6}:1::2/64 dev wan0",
                    f"addr add 2001:db8:{v6}::1/64 dev lan0",
                    f"route add default via 2001:db8:{v6}:1::1")
        self.nat.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.translate("masquerade")
        # A desktop's default route has a metric; DHCP's on the TAP would win over it.
        self.node.ip(f"addr add {self.address}/24 dev eth0",
                     f"route add default via {self.net}.1 metric 100",
                     f"addr add 2001:db8:{v6}::2/64 dev eth0",
                     f"route add default via 2001:db8:{v6}::1 metric 100")

    def translate(self, how):
        """How the player's NAT translates; new connections only, as on a real one."""
        self.nat.try_run("nft", "flush", "ruleset")
        self.nat.run("nft", "-f", "-", stdin=MASQUERADE % how)

    def forget_translations(self):
        """What a NAT does when it restarts: every mapping is gone."""
        uplink = f"203.0.113.{4 * self.number - 3}"
        self.nat.ip("link set dev wan0 down", "link set dev wan0 up",
                    f"route replace default via {uplink}")

    def emulate(self, **character):
        """Puts linkem into the player's cable: emulate(loss=2, delay=10)."""
        self.wire.ip("link set dev near nomaster", "link set dev far nomaster")
        options = [word for name, value in character.items()
                   for word in (f"--{name}", value)]
        emulator = self.wire.start(f"linkem{self.number}", tool("linkem"), "near", "far",
                                   *options)
        emulator.says("ready")
        return emulator

    # --- the client ---------------------------------------------------------------------

    def start(self, *options, room=ROOM, relay=RELAY):
        """Starts the client and does not wait."""
        self.client = self.party.start(
            self.node, "client", self.name, "--relay", relay, "--room", room,
            "--tap", self.tap, *options)
        return self.client

    def connect(self, *options, **more):
        """Starts the client and waits until it is in the room, gateway and all."""
        self.start(*options, **more)
        self.joined()
        return self

    def status(self):
        return self.party.status(self.node, "client", self.name)

    def joined(self, seconds=60.0, gateway=True):
        def look():
            status = self.status()
            return (status["state"] == "joined" and
                    (status["gateway_present"] or not gateway) and status)
        return eventually(look, f"{self.name} is in the room", seconds)

    # --- the adapter --------------------------------------------------------------------

    def dhcp(self, seconds=30):
        """A lease by dhclient (or udhcpc) on the TAP; the address."""
        script = os.path.join(HERE, "dhcp-script")
        lease = f"{self.party.lab.dir}/{self.name}.lease"
        log = f"{self.party.lab.dir}/{self.name}-dhcp.log"
        if self.node.try_run("which", "dhclient").returncode == 0:
            words = ["dhclient", "-1", "-4", "-v", "-sf", script, "-lf", lease, "-pf",
                     f"{lease}.pid", "-cf", os.path.join(HERE, "dhclient.conf"),
                     "-e", f"LAB_RESOLV={self.node.resolv}", self.tap]
        else:
            words = ["env", f"LAB_RESOLV={self.node.resolv}", "udhcpc", "-f", "-q", "-n",
                     "-i", self.tap, "-s", script]
        done = self.node.try_run(*words, timeout=seconds)
        with open(log, "w") as text:
            text.write(done.stdout + done.stderr)
        check(done.returncode == 0, f"{self.name} gets a lease", done.stderr[-600:])
        return self.tap_address()

    def tap_address(self):
        found = self.node.json("ip", "-j", "-4", "addr", "show", "dev", self.tap)
        return found[0]["addr_info"][0]["local"]

    def tap_mac(self):
        return self.node.mac_of(self.tap)

    def tap_mtu(self):
        return self.node.json("ip", "-j", "link", "show", "dev", self.tap)[0]["mtu"]

    def take_address(self, address):
        """An address by hand, where a test is not about DHCP."""
        self.node.ip(f"addr replace {address}/24 dev {self.tap}")
        return self


class Party:
    def __init__(self, prefix, players=1):
        self.lab = Lab(prefix)
        self.relay_program = self.gateway_program = None
        with contextlib.ExitStack() as undo:
            undo.callback(self.lab.close)
            self._build(players)
            undo.pop_all()

    def _build(self, players):
        lab = self.lab
        (self.inet, self.relay, self.router, self.lan, self.host, self.gw) = lab.add(
            "inet", "relay", "router", "lan", "host", "gw")
        self.inet.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        lab.wire(self.inet, "to-relay", self.relay, "eth0")
        lab.wire(self.inet, "to-router", self.router, "wan0")
        self.inet.ip("addr add 198.51.100.1/24 dev to-relay",
                     "addr add 2001:db8:1::1/64 dev to-relay",
                     "addr add 192.0.2.1/24 dev to-router")
        self.relay.ip(f"addr add {RELAY}/24 dev eth0", "route add default via 198.51.100.1",
                      f"addr add {RELAY_V6}/64 dev eth0",
                      "route add default via 2001:db8:1::1")
        self._build_lan()
        self.players = [Player(self, number) for number in range(1, players + 1)]

    def _build_lan(self):
        lab = self.lab
        for node, port in ((self.router, "p-router"), (self.host, "p-host"),
                           (self.gw, "p-gw")):
            lab.wire(node, "eth0", self.lan, port)
        lab.switch(self.lan, "p-router", "p-host", "p-gw")
        self.router.sysctl("net.ipv4.ip_forward=1")
        self.router.ip(f"addr add {ROUTER}/24 dev eth0", "addr add fd73:42::1/64 dev eth0",
                       "addr add 192.0.2.2/24 dev wan0", "route add default via 192.0.2.1")
        self.router.run("nft", "-f", "-", stdin=MASQUERADE % "masquerade")
        for node, address in ((self.gw, GATEWAY), (self.host, HOST)):
            node.ip(f"addr add {address}/24 dev eth0", f"route add default via {ROUTER}")
        self.host.ip(f"addr add {HOST_V6}/64 dev eth0")

    # --- services of the party --------------------------------------------------------

    def start_dnsmasq(self, *options):
        dnsmasq = self.router.start(
            "dnsmasq", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
            "--log-facility=-", "--log-dhcp", "--pid-file=", "--user=root", "--no-resolv",
            "--no-hosts", "--no-ping", "--bind-interfaces", "--interface=eth0",
            "--domain=party.lan", "--local=/party.lan/", "--dhcp-authoritative",
            f"--host-record=host.party.lan,{HOST}",
            "--dhcp-range=10.73.42.50,10.73.42.99,1h",
            "--enable-ra", "--dhcp-range=fd73:42::,ra-only", "--ra-param=eth0,60,0",
            f"--dhcp-leasefile={self.lab.dir}/leases", *options)
        dnsmasq.says("started")
        return dnsmasq

    # --- our programs --------------------------------------------------------------------

    def start(self, node, kind, name, *options):
        """A gateway or client called `name`, which trusts the relay by its certificate."""
        where = f"{self.lab.dir}/{name}"
        trust = [] if any(str(word).startswith(("--relay-fingerprint", "--relay-ca-cert"))
                          for word in options) else [
            "--relay-ca-cert", f"{self.lab.dir}/relay.der",
            "--server-name", "lanparty-relay.local"]
        return node.start(name, program(kind), "--identity", f"{where}.json",
                          "--status-socket", f"{where}.sock", *trust, *options)

    def start_relay(self, *options, under=()):
        """`under`: a command that runs the relay, with less rights, say."""
        relay = self.relay_program = self.relay.start(
            "relay", *under, program("relay"), "--listen", "443/udp",
            "--state-dir", f"{self.lab.dir}/relay-state",
            "--dev-cert-der-out", f"{self.lab.dir}/relay.der",
            "--status-socket", f"{self.lab.dir}/relay.sock", *options)
        relay.says(r"sha256:[0-9a-f]{64}")
        eventually(lambda: os.path.exists(f"{self.lab.dir}/relay.der"),
                   "the relay writes its certificate")
        eventually(self.relay_status, "the relay answers --status")
        return relay

    def fingerprint(self):
        return self.relay_program.says(r"sha256:[0-9a-f]{64}").group(0)

    def start_gateway(self, *options, relay=RELAY, room=ROOM, wait=True):
        if not any(word in ("--interface", "--iface") for word in options):
            options += ("--interface", "eth0")
        self.gateway_program = self.start(self.gw, "gateway", "gw", "--relay", relay,
                                          "--room", room, *options)
        if wait:
            self.gateway_joined()
        return self.gateway_program

    def open(self, *relay_options, dnsmasq=True, under=()):
        """The party begins: router, relay, gateway."""
        if dnsmasq:
            self.start_dnsmasq()
        self.start_relay(*relay_options, under=under)
        self.start_gateway()
        return self

    def end(self):
        """Asks every program of ours to end, players first; each must exit with 0."""
        ours = [player.client for player in self.players]
        for one in [*ours, self.gateway_program, self.relay_program]:
            if one and one.is_running():
                code = one.stop()
                check(code == 0, f"{one.name} exits with 0 when asked to end, not {code}")

    # --- what they say -------------------------------------------------------------------

    def status(self, node, kind, name):
        done = node.try_run(program(kind), "--status", "--json", "--status-socket",
                            f"{self.lab.dir}/{name}.sock")
        check(done.returncode == 0, f"{name} answers --status", done.stderr.strip())
        return json.loads(done.stdout)

    def relay_status(self):
        return self.status(self.relay, "relay", "relay")

    def gateway_status(self):
        return self.status(self.gw, "gateway", "gw")

    def gateway_joined(self, seconds=20.0):
        return eventually(
            lambda: self.gateway_status()["state"] == "joined" and self.gateway_status(),
            "the gateway is in the room", seconds)

    def room(self, code=ROOM):
        for room in self.relay_status()["rooms"]:
            if room["room"] == code:
                return room
        raise Failed(f"the relay has no room {code}")

    def peer(self, mac=None, room=ROOM):
        """What the relay knows of a client (by MAC), or of the gateway."""
        for peer in self.room(room)["peers"]:
            if peer.get("mac") == mac if mac else peer["role"] == "gateway":
                return peer
        raise Failed(f"{mac or 'the gateway'} is not in room {room}")

    def relay_counts(self, name):
        return self.relay_status()["counters"].get(name, 0)

    # --- what the LAN sees ----------------------------------------------------------------

    def port_of(self, mac):
        """The switch's port behind which this address is; None if it does not know."""
        for entry in self.lan.json("bridge", "-j", "fdb", "show", "br", "br0"):
            if entry["mac"] == mac and entry.get("state") != "permanent":
                return entry["ifname"]
        return None


# What waits longer is dropped (src/core/queue.h); a histogram's figures are rounded up.
WAIT_MAX_US = 100_000 * 5 // 4


def check_live(live):
    """`live` of a status, for a connection that carries frames: src/core/gauges.def."""
    for name in ("rtt_us", "rtt_min_us", "cwnd", "packets_sent", "reads", "sends"):
        check(live[name] > 0, f"{name} is known", live)
    for name in ("packets_per_read", "packets_per_send", "frames_per_packet"):
        check(1 <= live[f"{name}_p50"] <= live[f"{name}_p99"], f"{name} is 1 or more", live)
    check(live["queue_p50_us"] <= live["queue_p99_us"] <= WAIT_MAX_US,
          "nothing waited longer than it may", live)
    check(live["rtt_min_us"] <= live["rtt_us"], "the shortest round trip is short", live)
    check(live["packets_lost"] <= live["packets_sent"], "what was lost had been sent", live)
    check(live["control_late"] <= live["packets_sent"], "what came late had been sent", live)
    check((live["queue_datagrams"] > 0) == (live["queue_octets"] > 0),
          "what waits has a length", live)
    check(live["in_flight"] >= 0, "what is on its way is counted", live)


def ping(node, address, *options, count=3, interval=0.2, wait=1, timeout=60):
    """(answered, lost percent, output)"""
    done = node.try_run("ping", "-n", "-c", count, "-i", interval, "-W", wait, *options,
                        address, timeout=timeout)
    answered = re.search(r"(\d+) received", done.stdout)
    return (int(answered.group(1)) if answered else 0), done.stdout + done.stderr


def reaches(node, address, *options, seconds=10.0):
    """Pings until one is answered; Failed if none is in time."""
    return eventually(lambda: ping(node, address, *options, count=1)[0] > 0,
                      f"{node.name} reaches {address} {' '.join(map(str, options))}",
                      seconds)


def settle(seconds=1.0):
    """Time for something that must not happen to happen."""
    time.sleep(seconds)


def party_test(players=1):
    """A test gets a Party of its own. Afterwards, every program of ours that still runs
    must end cleanly when asked, and none may have crashed."""
    def decorate(test):
        @functools.wraps(test)
        def run(prefix):
            party, logs = Party(prefix, players), os.environ.get("LAB_LOGS")
            try:
                test(party)
                party.end()
                problems = list(party.lab.problems())
                check(not problems, "every program behaves", *problems)
                logs = None
            finally:
                party.lab.close(keep_logs_in=logs)
        return run
    return decorate
