"""The Windows client under Wine, with a fake adapter, in a party of Linux programs.

    p1: lanparty-client.exe ── faketap.sys ── cable.py ── lan0 :seat

The adapter's far side, which on Windows is the system's own network stack, is a TAP device
in a namespace of its own, the seat: there dhclient, ping and games run.
"""

import functools
import glob
import json
import os
import re
import shutil
import signal
import socket

from netns import check, eventually
from party import HOST, ROOT, Player, party_test, ping, reaches
from prefix import make_prefix, without_screen

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(ROOT, "build-windows")
MAC = "02:5a:00:00:00:01"


class WindowsPlayer(Player):
    doubles = "iphlpapi"

    def __init__(self, party, number=1):
        super().__init__(party, number)
        self.home = f"{party.lab.dir}/windows"
        self.prefix, self.calls = f"{self.home}/prefix", f"{self.home}/calls"
        os.makedirs(self.home)
        self._make_prefix()
        for path in ("src/app/client/lanparty-client.exe", "tests/iphlpapi.dll",
                     "tests/netlist.dll", "tests/machine.exe", "tests/faketap.sys",
                     "tests/adapter.exe"):
            shutil.copy(os.path.join(BUILD, path), self.home)
        self.machine, (self.node,) = self.node, party.lab.add(f"{self.name}-seat")
        self.pipe = rf"\\.\pipe\{party.lab.prefix}"
        self._plug_in()
        self.play("register", rf"Z:{self.home}/netlist.dll".replace("/", "\\"))
        self.begun = self.play("show")

    def _make_prefix(self):
        make_prefix(self.prefix)
        without_screen(self.prefix)

    def wine(self, *words, **variables):
        variables = {"WINEPREFIX": self.prefix, **variables}
        return ["env", *(f"{name}={value}" for name, value in variables.items()),
                f"{ROOT}/tools/wine", *words]

    def ours(self, *words, **variables):
        """The program under test, with the machine that tests/windows/iphlpapi.c plays."""
        return self.wine(f"{self.home}/lanparty-client.exe", *words,
                         WINEDLLOVERRIDES=f"{self.doubles}=n", LP_SOURCE=self.address,
                         LP_CALLS=self.calls, **variables)

    def play(self, *words):
        """Changes the machine that the doubles play (tests/windows/machine.c), or shows it."""
        return self.machine.run(*self.wine(f"{self.home}/machine.exe", *words))

    def _plug_in(self):
        adapter = self.machine.start(
            "adapter", *self.wine(f"{self.home}/adapter.exe", rf"Z:{self.home}/faketap.sys"
                                  .replace("/", "\\"), "LAN party", MAC.replace(":", "").upper()))
        adapter.says("the adapter is there", 60)
        cable = self.machine.start("cable", f"{HERE}/cable.py", self.tap, MAC)
        cable.says("ready")
        self.machine.ip(f"link set dev {self.tap} netns {self.node.netns}")
        self.node.ip(f"link set dev {self.tap} up")

    def start(self, *options, room="PARTY", relay="198.51.100.10", **variables):
        self.client = self.machine.start(
            self.name, *self.ours(
                "--relay", relay, "--room", room,
                "--identity", f"{self.home}/identity.json", "--virtual-mac", MAC,
                "--relay-ca-cert", f"{self.party.lab.dir}/relay.der",
                "--server-name", "lanparty-relay.local", "--status-socket", self.pipe,
                *options, **variables))
        ask = self.client.stop
        # Wine hears of SIGINT as of Ctrl-C; SIGTERM would end it unheard.
        self.client.stop = lambda number=signal.SIGINT, seconds=10.0: ask(number, seconds)
        return self.client

    def status(self):
        done = self.machine.try_run(*self.ours("--status", "--json", "--status-socket",
                                               self.pipe))
        check(done.returncode == 0, "the client answers --status", done.stderr.strip())
        return json.loads(done.stdout)

    def calls_made(self):
        """What it asked of Windows, a line each (tests/windows/calls.h)."""
        if not os.path.exists(self.calls):
            return []
        with open(self.calls) as lines:
            return lines.read().split("\n")[:-1]

    def changes(self):
        """The same, without what only looks, and what came of it."""
        return [line for line in self.calls_made() if not line.startswith("- ")]

    def is_as_it_was(self):
        return sorted(self.play("show").split("\n")) == sorted(self.begun.split("\n"))


    def journal(self):
        """What it would have to give back, were it killed now."""
        text = ""
        for folder in ("ProgramData", "users/*/AppData/Local"):
            for path in glob.glob(f"{self.prefix}/drive_c/{folder}/softlan/undo.journal"):
                with open(path) as journal:
                    text += journal.read()
        return text


def windows_test(test, kind=WindowsPlayer):
    @party_test(players=0)
    @functools.wraps(test)
    def run(party):
        party.players = [kind(party)]
        test(party, party.players[0])
    return run


@windows_test
def test_a_windows_player_gets_a_lease_and_pings(party, player):
    """W-036"""
    party.open()
    player.connect()
    address = player.dhcp()
    check(address.startswith("10.73.42."), "the lease is the party's", address)
    reaches(player.node, HOST)
    answered, output = ping(player.node, HOST, "-s", 1200, count=20, interval=0.05)
    check(answered == 20, "no ping is lost", output)


@windows_test
def test_an_adapter_that_keeps_its_address_is_told(party, player):
    """W-022: Wine's SetupAPI restarts no device."""
    party.open()
    client = player.start("--virtual-mac", "02:00:00:00:00:99")
    check(client.ended(30) == 1, "it ends with 1")
    check("disable and enable it in Network Connections" in client.log(),
          "and says what to do", client.log())


@windows_test
def test_a_second_windows_client_is_told_that_the_adapter_is_taken(party, player):
    """W-005"""
    party.open()
    first = player.connect().client
    player.pipe += "-2"
    second = player.start()
    check(second.ended(30) == 1, "it ends with 1")
    for part in ("another lanparty-client is at a party", "only one at a time",
                 "disconnect in the LAN Party window"):
        check(part in second.log(), f"and says: {part}", second.log())
    player.client = first
    player.pipe = player.pipe[:-2]
    check(player.status()["state"] == "joined", "the first one plays on")


@windows_test
def test_broadcasts_reach_a_windows_player_and_back(party, player):
    party.open()
    player.connect()
    player.take_address("10.73.42.61")
    reaches(player.node, HOST)
    seen = party.host.capture("eth0", f"ether src {MAC} and ether broadcast and udp")
    with player.node.inside():
        game = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        game.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        game.bind(("10.73.42.61", 0))
    eventually(lambda: game.sendto(b"any servers?", ("10.73.42.255", 26000)) and
               seen.lines(), "the party hears the player's broadcast", 10, 0.3)
