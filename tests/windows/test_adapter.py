"""The adapter of a Windows client: found, chosen, made, given its address, lost.

As in test_client.py, and beside the program stand doubles of setupapi.dll and newdev.dll,
which write down every call, so that the device manager restarts and makes fake adapters.
"""

import functools
import os
import shutil
import socket

from netns import check, eventually
from party import party_test, reaches, settle
from test_client import BUILD, HERE, MAC, WindowsPlayer

OTHER_MAC = "02:00:00:00:00:99"
FIRST_ID = "{7E6B6F2A-1111-4222-8333-0123456789A0}"

DEVICES = r"HKLM\System\CurrentControlSet\Enum\ROOT\NET"
CLASS = r"HKLM\System\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}"

# What Windows is asked for, in that order: as its documentation has it.
MAKING = ["create list", "create device NET with an id", r"set property 1 root\tap0901",
          "list drivers 2", "name device", "register", "create key 1", "install driver",
          "open key 2"]
RESTARTING = ["list devices present", "params change state 3 scope 2", "restart"]


class AdapterPlayer(WindowsPlayer):
    """`adapters`: for each its words for adapter.exe; none: the driver alone is there."""

    def __init__(self, party, adapters, number=1):
        self.adapters = adapters
        super().__init__(party, number)
        self.device_calls = f"{self.home}/device-calls"

    def words(self):
        return [word for adapter in self.adapters for word in (*adapter, "+")][:-1]

    def _plug_in(self):
        for name in ("setupapi.dll", "newdev.dll"):
            shutil.copy(os.path.join(BUILD, "tests", name), self.home)
        adapter = self.machine.start(
            "adapter", *self.wine(f"{self.home}/adapter.exe", rf"Z:{self.home}/faketap.sys"
                                  .replace("/", "\\"), *self.words()))
        adapter.says("the adapter is there", 60)
        cable = self.machine.start("cable", f"{HERE}/cable.py", self.tap, MAC)
        cable.says("ready")
        self.machine.ip(f"link set dev {self.tap} netns {self.node.netns}")
        self.node.ip(f"link set dev {self.tap} up")

    def ours(self, *words, **variables):
        return self.wine(f"{self.home}/lanparty-client.exe", *words, **{
            "WINEDLLOVERRIDES": "iphlpapi,setupapi,newdev=n", "LP_SOURCE": self.address,
            "LP_CALLS": self.calls, "LP_DEVICE_CALLS": self.device_calls, **variables})

    def ask(self, *words, **variables):
        return self.machine.try_run(*self.ours(*words, **variables), timeout=60)

    def asked(self):
        """What the device manager was asked for, a line each; forgotten then."""
        if not os.path.exists(self.device_calls):
            return []
        with open(self.device_calls) as lines:
            calls = lines.read().split("\n")[:-1]
        os.unlink(self.device_calls)
        return calls

    def register(self, key, name, value):
        """As another program's installer."""
        self.machine.run(*self.wine("reg", "add", key, "/v", name, "/d", value, "/f"))

    def devices(self):
        """Those that the device manager knows because somebody made them."""
        done = self.machine.try_run(*self.wine("reg", "query", DEVICES))
        return [line.strip() for line in done.stdout.splitlines() if "\\NET\\" in line]

    def order(self, letter):
        """To the driver, see faketap.h."""
        with self.machine.inside():
            cable = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        cable.sendto(letter.encode(), ("127.0.0.1", 28673))
        cable.close()

    def listed(self):
        """The adapters there are: {id: name}."""
        done = self.ask("--list-tap-adapters")
        check(done.returncode == 0, "adapters can be listed", done.stderr)
        return dict(line.rstrip("\r").split("  ", 1)
                    for line in done.stdout.splitlines() if line.startswith("{"))


def adapter_test(*adapters):
    def decorate(test):
        @party_test(players=0)
        @functools.wraps(test)
        def run(party):
            party.players = [AdapterPlayer(party, adapters)]
            test(party, party.players[0])
        return run
    return decorate


GOOD = ("LAN party", MAC.replace(":", "").upper())


def ends_with(player, *says, options=(), **variables):
    """It ends with 1, and in a sentence that says all that."""
    client = player.start(*options, **variables)
    check(client.ended(60) == 1, "it ends with 1", client.log())
    for part in says:
        check(part in client.log(), f"it says: {part}", client.log())


# --- which one ----------------------------------------------------------------------------

@adapter_test(GOOD, ("OpenVPN TAP", "-"), ("Büro", "-", "busy"))
def test_of_several_adapters_one_must_be_named(party, player):
    """W-004, W-005: and named in whatever way people write it."""
    party.open()
    adapters = player.listed()
    check(len(adapters) == 3 and adapters[FIRST_ID] == "LAN party", "all are listed", adapters)
    check("Büro" in adapters.values(), "with the letters of their names", adapters)
    ends_with(player, "there are several TAP adapters", *adapters)
    ends_with(player, "there is no TAP adapter Wire", *adapters,
              options=("--tap-instance-id", "Wire"))
    player.connect("--tap-instance-id", FIRST_ID.strip("{}").lower())
    check(player.status()["tap"]["driver"] == "9.27.0", "status tells the driver's version",
          player.status()["tap"])


@adapter_test(("OpenVPN TAP", "-", "busy"), GOOD)
def test_any_adapter_is_the_first_that_opens(party, player):
    party.open()
    ends_with(player, "another program has the adapter", "adapter create",
              options=("--tap", "OpenVPN TAP"))
    player.connect("--tap-instance-id", "any")
    check(player.status()["tap"]["name"] == "LAN party", "the busy one is passed over",
          player.status()["tap"])


# --- making one ---------------------------------------------------------------------------

@adapter_test()
def test_without_an_adapter_one_of_our_own_is_made_and_removed_again(party, player):
    party.open()
    player.connect()
    calls = player.asked()
    check(calls[:len(MAKING)] == MAKING, "made as Windows documents it", *calls)
    check(calls[len(MAKING):] == RESTARTING, "and restarted once, to take its address", *calls)
    check(player.status()["tap"]["name"] == "LAN party", "with a name that people understand",
          player.status()["tap"])
    check(player.client.stop() == 0, "it ends cleanly")
    check(player.asked() == [], "ours keeps its address: nothing is restarted at the end")
    player.connect()
    check(player.asked() == [], "and the next start takes it as it is")
    player.client.stop()
    done = player.ask("adapter", "remove")
    check(done.returncode == 0 and "1 removed" in done.stdout, "it is removed", done.stderr)
    check(player.asked() == ["list devices", "params 5", "remove"],
          "as the device manager does it")
    check(player.listed() == {}, "there is none left")


@adapter_test()
def test_whichever_call_fails_no_half_made_adapter_stays(party, player):
    for number in range(1, 2 + len(MAKING)):
        done = player.ask("adapter", "create", LP_DEVICE_FAIL=number)
        calls = player.asked()
        if not any(line.endswith(" fails") for line in calls):
            break
        check(done.returncode == 1 and "cannot make an adapter" in done.stderr,
              f"call {number} fails, and it says so", done.stderr, *calls)
        left = calls.count("register") - calls.count("remove")
        check(left == 0, f"call {number} fails, and no device stays", *calls)
        settle(1)   # Windows may be late with its id
        check(player.listed() == {} and player.devices() == [], "nor an adapter", *calls)
        check(player.journal() == "", "and nothing is owed", player.journal())
    check(number == 1 + len(MAKING), "each call failed once", number)
    check(done.returncode == 0 and len(player.listed()) == 1, "without a failure there is one",
          done.stderr)


@adapter_test()
def test_a_missing_driver_is_named_with_where_to_get_it(party, player):
    party.open()
    ends_with(player, "the TAP driver is missing", "build.openvpn.net", LP_NO_DRIVER=1)
    check("register" not in player.asked(), "nothing was made")
    done = player.ask("adapter", "create", LP_NEEDS_REBOOT=1)
    check(done.returncode == 1 and "restart it, then try again" in done.stderr,
          "one that works only after a restart is not left half made", done.stderr)
    check("remove" in player.asked(), "it is removed")
    check(player.devices() == [], "for good", *player.devices())


@adapter_test()
def test_what_a_killed_run_was_making_is_removed(party, player):
    """Killed before each call from which on something lasts; by `repair`, or the next start."""
    party.open()
    for number in range(1 + MAKING.index("register"), 1 + len(MAKING)):
        done = player.ask("adapter", "create", LP_DEVICE_KILL=number)
        calls = player.asked()
        check(done.returncode != 0 and calls == MAKING[:number - 1],
              f"it is killed before call {number}", done.stderr, *calls)
        check(player.journal() == "device ROOT\\NET\\0000\n",
              "the journal knows what was begun", player.journal())
        done = player.ask("repair")
        check(done.returncode == 0 and
              "gave back what a killed run left: 1 change" in done.stdout,
              f"call {number}: repair says so", done.stdout, done.stderr)
        check("remove" in player.asked() or number == 1 + MAKING.index("register"),
              "what was registered is removed")
        check(player.devices() == [] and player.journal() == "", "and nothing is left",
              player.journal())
    player.ask("adapter", "create", LP_DEVICE_KILL=len(MAKING))
    check(len(player.devices()) == 1, "half an adapter is there", *player.devices())
    player.asked()
    player.connect()
    check("gave back what a killed run left count=1" in player.client.log(),
          "the next start removes it", player.client.log())
    check(len(player.devices()) == 1 and len(player.listed()) == 1, "and makes a whole one",
          *player.devices())


@adapter_test()
def test_an_adapter_of_the_same_name_that_works_is_left_alone(party, player):
    """Names are given again: it is somebody else's."""
    player.ask("adapter", "create", LP_DEVICE_KILL=1 + MAKING.index("register"))
    check(r"ROOT\NET\0000" in player.journal(), "a name was noted", player.journal())
    player.register(DEVICES + r"\0000", "HardwareID", r"root\tap0901")
    player.register(CLASS + r"\7042", "ComponentId", r"root\tap0901")
    player.asked()
    done = player.ask("repair")
    check(done.returncode == 0, "there is nothing left to do", done.stderr)
    check("remove" not in player.asked(), "it is not removed")
    check(player.devices() != [] and player.journal() == "", "and owed no more",
          player.journal())


# --- its address --------------------------------------------------------------------------

@adapter_test(("OpenVPN TAP", "02AABBCCDDEE"))
def test_a_foreign_adapter_takes_our_address_and_gets_its_own_back(party, player):
    """W-007, W-022"""
    party.open()
    player.connect()
    check(player.asked() == RESTARTING, "restarted once")
    reaches_from_seat(player)
    check(player.client.stop() == 0, "it ends cleanly")
    check(player.asked() == RESTARTING, "and once more, to have its own again")
    player.connect()
    player.asked()
    player.client.kill()
    check(player.asked() == [], "a killed run gives nothing back")
    client = player.start("--tap-instance-id", "Wire")
    check(client.ended(60) == 1 and "killed run left" in client.log(), "the next one does",
          client.log())
    check(player.asked() == RESTARTING, "also the address")


@adapter_test(("LAN party", "-"))
def test_whichever_call_of_a_restart_fails_is_told(party, player):
    party.open()
    for number in range(1, 1 + len(RESTARTING)):
        ends_with(player, "cannot restart the adapter", "disable and enable it",
                  LP_DEVICE_FAIL=number)
        calls = player.asked()
        check(any(line.endswith(" fails") for line in calls), "a call failed", *calls)
    ends_with(player, "cannot restart the adapter", LP_NEEDS_REBOOT=1)


@adapter_test(("LAN party", "-", "deaf"))
def test_an_adapter_that_keeps_its_address_is_told_and_left_as_it_was(party, player):
    """W-022"""
    party.open()
    ends_with(player, "keeps the address 00:ff:12:34:56:78", f"where {MAC} is needed",
              "disable and enable it")
    check(player.asked() == 2 * RESTARTING, "what was written is taken back")


@adapter_test((*GOOD, "cut"))
def test_an_adapter_that_refuses_its_cable_is_told(party, player):
    party.open()
    ends_with(player, "does not let its cable be plugged in", "disable and enable it")


@adapter_test((*GOOD, "old"))
def test_a_driver_that_is_too_old_is_told(party, player):
    party.open()
    ends_with(player, "has the TAP driver 9.9.2, which is too old", "9.21 or later")


# --- while it runs ------------------------------------------------------------------------

def reaches_from_seat(player):
    player.take_address("10.73.42.61")
    reaches(player.node, "10.73.42.10")


@adapter_test(GOOD)
def test_an_adapter_that_is_removed_while_it_runs_is_told(party, player):
    """W-026"""
    party.open()
    player.connect()
    reaches_from_seat(player)
    player.order("g")
    check(player.client.ended(30) == 1, "it ends with 1")
    check("did something remove or disable it" in player.client.log(), "and says at what",
          player.client.log())
    check(player.is_as_it_was(), "the system is as it was", *player.changes())


@adapter_test(GOOD)
def test_an_adapter_that_slept_carries_frames_again(party, player):
    """The driver ends every read when the machine falls asleep, and nobody plugs the cable."""
    party.open()
    player.connect()
    reaches_from_seat(player)
    player.order("s")
    settle(2)
    player.order("w")
    reaches(player.node, "10.73.42.10", seconds=5)
    check(player.status()["state"] == "joined", "it is joined all the while")


@adapter_test(GOOD)
def test_an_adapter_that_never_wakes_up_is_told(party, player):
    party.open()
    player.connect()
    player.order("s")
    check(player.client.ended(30) == 1, "it ends with 1")
    check("did something remove or disable it" in player.client.log(), "and says at what",
          player.client.log())


@adapter_test(GOOD)
def test_the_cable_can_be_pulled_and_plugged_in_again(party, player):
    """Reads that ended with the media begin again with it."""
    party.open()
    player.connect()
    reaches_from_seat(player)
    party.relay_program.kill()
    eventually(lambda: player.status()["state"] != "joined", "the client notices", 45, 0.5)
    eventually(lambda: not player.status()["tap"]["up"], "its cable is pulled", 30, 0.5)
    party.start_relay()
    player.joined(60)
    reaches(player.node, "10.73.42.10", seconds=10)
