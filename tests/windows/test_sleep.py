"""A machine that goes to sleep, and wakes up: what is given back before, and made again after.

As in test_undo.py; tests/windows/powrprof.c tells of sleep, as Windows does: it waits for
whoever is told, two seconds at most, and then the machine sleeps.
"""

import functools
import re

from netns import check, eventually
from party import HOST, reaches
from prefix import own_system
from test_client import MAC, WindowsPlayer, windows_test
from test_service import NAME, Service, service_test
from test_undo import ADAPTER, PUBLIC, RELAY, WIRE, category, interface, play, route, starting

SLEEPING = [category(PUBLIC),
            route("Delete", RELAY, "192.0.2.254", WIRE),
            route("Delete", "255.255.255.255", "0.0.0.0", ADAPTER),
            *(interface(version, "mtu=1500 metric=25 automatic=1 no-defaults=0")
              for version in (4, 6))]


class Sleeper:
    """Before WindowsPlayer: a library of the system's tells of sleep."""
    doubles = "iphlpapi,powrprof"

    def _make_prefix(self):
        super()._make_prefix()
        own_system(self.prefix, "powrprof.dll")

    def sleep(self):
        """What Windows was asked for before the machine might sleep."""
        self.play("sleep")
        calls = self.calls_made()
        told, over = (max(at for at, line in enumerate(calls)
                          if line == f"- PBT_APMSUSPEND is {word}") for word in ("told", "over"))
        check(told < over, "the machine waited", *calls[told:])
        return [line for line in calls[told:over] if not line.startswith("- ")]

    def wakes(self):
        self.play("wake")


class SleepyPlayer(Sleeper, WindowsPlayer):
    pass


class SleepyService(Sleeper, Service):
    pass


sleepy_test = functools.partial(windows_test, kind=SleepyPlayer)
sleepy_service_test = functools.partial(service_test, kind=SleepyService)


def is_away(party):
    return all(room["clients"] == 0 for room in party.relay_status()["rooms"])


@sleepy_test
def test_before_sleep_all_is_given_back_and_made_again_after(party, player):
    """W-030: the same MAC, peer id and lease."""
    party.open()
    state = play(player)
    address, peer = player.dhcp(), party.peer(MAC)["peer_id"]
    check(player.journal().count("\n") == len(SLEEPING), "the journal knows",
          player.journal())
    asked = player.sleep()
    check(asked == SLEEPING, "before the machine sleeps, in this order", *asked)
    check(player.is_as_it_was(), "it sleeps as if we had never been there",
          player.play("show"))
    check(player.journal() == "", "and the journal is empty", player.journal())
    check(not player.status()["tap"]["up"], "no cable is plugged in")
    eventually(lambda: is_away(party), "the others know", 10)
    left = party.relay_program.log()
    check(re.search(r"peer left.*goes to sleep", left), "and why", left[-600:])

    before = len(player.changes())
    player.wakes()
    player.joined()
    made = lambda: player.changes()[before:]
    eventually(lambda: len(made()) == len(starting(0)), "all is made again", 20)
    check(made() == starting(state["tap_mtu"]), "as at a start", *made())
    check(party.peer(MAC)["peer_id"] == peer, "it is who it was")
    reaches(player.node, HOST)
    player.node.try_run("pkill", "-f", f"{party.lab.dir}/p1.lease")
    check(player.dhcp() == address, "its lease is the one it had")
    check(player.client.stop() == 0, "it ends cleanly")
    check(player.is_as_it_was(), "and all is as it was", player.play("show"))


@sleepy_test
def test_a_machine_that_sleeps_again_and_again_loses_nothing(party, player):
    """Sooner than the connection that was let go is closed; and told twice."""
    party.open()
    play(player)
    for _ in range(3):
        player.sleep()
        check(player.sleep() == [], "what is given back stays so")
        check(player.is_as_it_was(), "nothing of ours is left", player.play("show"))
        player.wakes()
        player.joined()
    player.take_address("10.73.42.61")
    reaches(player.node, HOST)
    check(player.client.stop() == 0, "it ends cleanly")
    check(player.is_as_it_was() and player.journal() == "", "all is as it was",
          player.play("show"), player.journal())


@sleepy_test
def test_what_windows_keeps_before_sleep_is_given_back_later(party, player):
    """Of each kind of call one fails."""
    party.open()
    for which in ("INetwork::SetCategory:2", "DeleteIpForwardEntry2:1",
                  "SetIpInterfaceEntry:4"):
        play(player, LP_FAIL=which)
        asked = player.sleep()
        check([line.rsplit(" -> ", 1)[0] for line in asked] ==
              [line.rsplit(" -> ", 1)[0] for line in SLEEPING],
              f"{which} fails, and the rest is given back", *asked)
        check(player.journal().count("\n") == 1, "what is not is written down",
              player.journal())
        player.wakes()
        player.joined()
        player.client.stop()
        if not player.is_as_it_was():
            player.connect().client.stop()
        check(player.is_as_it_was(), f"{which} failed, and in the end all is as it was",
              player.play("show"))


@sleepy_test
def test_who_ends_while_the_machine_dozes_ends_cleanly(party, player):
    party.open()
    play(player)
    player.sleep()
    check(player.client.stop() == 0, "it ends")
    check(player.is_as_it_was() and player.journal() == "", "with nothing left to give back",
          player.play("show"), player.journal())


@sleepy_test
def test_a_machine_that_is_told_to_sleep_and_does_not_is_back_after_a_while(party, player):
    """Nobody tells it that it is awake."""
    party.open()
    play(player)
    player.sleep()
    player.joined(seconds=90)


@sleepy_service_test
def test_a_windows_service_sleeps_and_wakes_up_too(party, service):
    service.install().connects()
    service.take_address("10.73.42.61")
    reaches(service.node, HOST)
    eventually(lambda: len(service.journal().splitlines()) == len(SLEEPING),
               "all is made", 20)
    asked = service.sleep()
    check(asked == SLEEPING, "before the machine sleeps, in this order", *asked)
    check(service.is_as_it_was() and service.journal() == "", "it sleeps with nothing of ours",
          service.play("show"), service.journal())
    service.wakes()
    check(service.is_joined()["room"] == "PARTY", "it is in the same room")
    reaches(service.node, HOST)
    service.ask("disconnect")
    eventually(lambda: service.status()["state"] == "idle", "it waits", 20)
    check(service.sleep() == [], "who plays nowhere has nothing to give back")
    service.wakes()
    service.connects()
    service.run("net", "stop", NAME)
    eventually(service.is_as_it_was, "all is given back", 10)
