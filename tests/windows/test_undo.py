"""What the Windows client changes in a system, call by call, and how it gives that back.

The machine is the doubles': tests/windows/iphlpapi.c for IP helper, netlist.c for the Network
List Manager. The lines are those of calls.h, with Windows' names and numbers.
"""

import re

from netns import check, eventually
from party import settle
from test_client import windows_test

ADAPTER, WIRE, WIFI = 42, 5, 6
RELAY = "198.51.100.10"
NETWORK = "{0A5E10C0-0000-4000-8000-000000000042}"
PUBLIC, PRIVATE = 0, 1
FAILED = 31     # ERROR_GEN_FAILURE


def route(verb, to, via, index, result=0):
    return f"{verb}IpForwardEntry2 {to}/32 via {via} if={index} metric=0 -> {result}"


def interface(version, words, result=0):
    return f"SetIpInterfaceEntry IPv{version} if={ADAPTER} {words} -> {result}"


def category(number, result=0):
    return f"INetwork::SetCategory {NETWORK} {number} -> {result}"


def starting(mtu):
    return [route("Create", RELAY, "192.0.2.254", WIRE),
            *(interface(version, f"mtu={mtu} metric=1 automatic=0 no-defaults=1")
              for version in (4, 6)),
            route("Create", "255.255.255.255", "0.0.0.0", ADAPTER),
            category(PRIVATE)]


ENDING = [category(PUBLIC),
          route("Delete", RELAY, "192.0.2.254", WIRE),
          *(interface(version, "mtu=1500 metric=25 automatic=1 no-defaults=0")
            for version in (4, 6)),
          route("Delete", "255.255.255.255", "0.0.0.0", ADAPTER)]


def is_private(player):
    return any(line.startswith(f"INetwork::SetCategory {NETWORK} {PRIVATE}")
               for line in player.changes())


def play(player, gateway=True, **variables):
    """Joined, and everything done that is done at a start."""
    player.start(**variables)
    player.joined(gateway=gateway)
    eventually(lambda: is_private(player), "its network is made a private one", 20)
    return player.status()


@windows_test
def test_the_calls_of_a_start_and_a_clean_end_are_these(party, player):
    """W-012, W-014, W-017 to W-019, W-030"""
    party.open()
    state = play(player)
    check(state["route_pinned"] == "pinned", "the pin is told", state["route_pinned"])
    begun = player.changes()
    check(begun == starting(state["tap_mtu"]), "the start, in this order", *begun)
    check(player.client.stop() == 0, "Ctrl-C ends it cleanly")
    ended = player.changes()[len(begun):]
    check(ended == ENDING, "the end, in this order", *ended)
    check(player.is_as_it_was(), "the system is as it was", player.play("show"))
    left = party.relay_program.log()
    check(re.search(r"peer left.*shutting down", left), "it said goodbye", left[-600:])


@windows_test
def test_what_a_killed_windows_player_left_the_next_one_gives_back(party, player):
    party.open()
    play(player)
    player.client.kill()
    before = player.changes()
    check(not player.is_as_it_was(), "a killed program gives nothing back", *before)
    play(player)
    repaired = player.changes()[len(before):][:len(before)]
    check(repaired == [category(PUBLIC),
                       route("Delete", "255.255.255.255", "0.0.0.0", ADAPTER),
                       *(interface(version, "mtu=1500 metric=25 automatic=1 no-defaults=0")
                         for version in (6, 4)),
                       route("Delete", RELAY, "192.0.2.254", WIRE)],
          "first of all the next run gives back, the last change first", *repaired)
    check("gave back what a killed run left count=5" in player.client.log(),
          "and says so", player.client.log())
    player.client.stop()
    check(player.is_as_it_was(), "in the end the system is as it was", player.play("show"))


@windows_test
def test_whichever_call_to_windows_fails_the_system_ends_as_it_began(party, player):
    party.open()
    state = play(player)
    player.client.stop()
    names = [line.split()[0] for line in player.changes()]
    check(names.count("SetIpInterfaceEntry") == 4, "every change is counted", *names)
    each = [f"{name}:{number}" for name in dict.fromkeys(names)
            for number in range(1, names.count(name) + 1)]
    looks = ["GetIpInterfaceEntry:1", "GetIpForwardTable2:*", "GetBestRoute2:3"]
    for which in each + looks:
        client = player.start(LP_FAIL=which)
        eventually(lambda client=client: not client.is_running() or
                   player.status()["state"] == "joined", "it joins or gives up", 30)
        if client.is_running() and "SetCategory" in which:
            eventually(lambda: is_private(player), "its network was looked at", 20)
        client.stop()
        # What could not be given back is written down, and is at the next run.
        if not player.is_as_it_was():
            player.connect().client.stop()
        check(player.is_as_it_was(), f"{which} failed, and all is as it was",
              *player.changes())
    check(state["tap_mtu"] >= 1280, "IPv6 was changed, too", state["tap_mtu"])


@windows_test
def test_an_end_that_cannot_give_back_is_mended_by_the_next_start(party, player):
    party.open()
    play(player, LP_FAIL="DeleteIpForwardEntry2:*")
    player.client.stop()
    check(route("Delete", RELAY, "192.0.2.254", WIRE, FAILED) in player.changes(),
          "Windows kept the routes", *player.changes())
    check(not player.is_as_it_was(), "and they are still there", player.play("show"))
    player.connect().client.stop()
    check(player.is_as_it_was(), "the next run removes them", player.play("show"))


@windows_test
def test_a_route_to_the_relay_that_was_there_is_used_and_stays(party, player):
    """W-015, W-038"""
    party.open()
    player.play("add", f"{RELAY}/32", "192.0.2.254", WIRE, 3)
    player.begun = player.play("show")
    state = play(player)
    check(state["route_pinned"] == "found", "it is told", state["route_pinned"])
    check("a host route to the relay was there already" in player.client.log(),
          "also in the log", player.client.log())
    player.client.stop()
    check(not any(RELAY in line for line in player.changes()), "nothing was done to it",
          *player.changes())
    check(player.is_as_it_was(), "and it is still there", player.play("show"))


@windows_test
def test_a_pin_that_somebody_removes_is_set_again(party, player):
    """W-016"""
    party.open()
    play(player)
    player.play("remove", f"{RELAY}/32", WIRE)
    eventually(lambda: player.changes().count(starting(0)[0]) == 2,
               "it is pinned again", 10)
    player.client.stop()
    check(player.is_as_it_was(), "the system is as it was", player.play("show"))


@windows_test
def test_the_pin_moves_when_the_machine_moves(party, player):
    """W-014, W-016: from the cable to a hotspot."""
    party.open()
    play(player)
    player.play("cable", WIFI, 1)
    player.play("add", "0.0.0.0/0", "172.20.10.1", WIFI, 0)
    player.play("cable", WIRE, 0)
    moved = [route("Delete", RELAY, "192.0.2.254", WIRE),
             route("Create", RELAY, "172.20.10.1", WIFI)]
    eventually(lambda: player.changes()[-2:] == moved, "the old pin goes, the new one comes",
               10)
    check(player.status()["state"] == "joined", "and the tunnel stays")
    player.client.stop()
    check(RELAY not in player.play("show"), "neither is left", player.play("show"))


@windows_test
def test_a_default_route_that_comes_all_the_same_is_removed_and_told(party, player):
    """W-019, D-014"""
    party.open()
    play(player)
    check("default routes: switched off" in player.client.log(),
          "that they had been on is told", player.client.log())
    player.play("add", "0.0.0.0/0", "10.73.42.1", ADAPTER, 0)
    gone = f"DeleteIpForwardEntry2 0.0.0.0/0 via 10.73.42.1 if={ADAPTER} metric=0 -> 0"
    eventually(lambda: gone in player.changes(), "it is removed", 10)
    player.client.says("TAP received default route, removed it")
    check(player.status()["default_routes_removed"] == 1, "and counted")
    player.client.stop()
    check(player.is_as_it_was(), "the system is as it was", player.play("show"))


@windows_test
def test_a_network_that_may_not_be_private_is_told_and_left_alone(party, player):
    party.open()
    play(player, LP_DENIED="1")
    eventually(lambda: "public_network" in
               [row["code"] for row in player.status()["health"]], "it is told", 20)
    row = next(row for row in player.status()["health"] if row["code"] == "public_network")
    check("Private" in row["remedy"] and row["detail"], "with what to do", row)
    player.client.stop()
    check(player.is_as_it_was(), "the system is as it was", player.play("show"))


@windows_test
def test_what_a_person_sets_meanwhile_stays(party, player):
    """Nobody's choice of a network's category is overruled twice, nor undone."""
    party.open()
    play(player)
    player.play("category", PUBLIC)
    settle(6)       # it looks every five seconds
    player.client.stop()
    kept = [line for line in player.changes() if "SetCategory" in line]
    check(kept == [category(PRIVATE)], "it was set once, and not again", *kept)


@windows_test
def test_broadcasts_that_leave_by_another_adapter_are_told(party, player):
    """Windows' own route wins where another adapter's metric is as low."""
    party.open()
    player.play("remove", "255.255.255.255/32", WIRE)
    player.play("add", "255.255.255.255/32", "0.0.0.0", ADAPTER, 256)
    player.play("add", "255.255.255.255/32", "0.0.0.0", WIFI, 0)
    player.play("cable", WIFI, 1)
    play(player)
    player.play("address", ADAPTER, "10.73.42.51/24")
    eventually(lambda: "broadcast_elsewhere" in
               [row["code"] for row in player.status()["health"]], "it is told", 20)
    row = next(row for row in player.status()["health"]
               if row["code"] == "broadcast_elsewhere")
    check(row["detail"] == "by Wi-Fi", "with that adapter's name", row)


@windows_test
def test_an_overlap_is_told_with_the_name_that_people_see(party, player):
    """W-033"""
    party.open()
    player.play("address", WIRE, "10.73.42.7/24")
    play(player)
    player.play("address", ADAPTER, "10.73.42.51/24")
    eventually(lambda: "the other network is on Ethernet" in
               [row["detail"] for row in player.status()["health"]], "it is told", 20)


@windows_test
def test_a_lease_is_asked_for_when_the_gateway_comes_late(party, player):
    """W-035: a DHCP client that heard nobody waits for minutes."""
    party.start_relay()
    play(player, gateway=False)
    renewed = f"IpRenewAddress if={ADAPTER} -> 0"
    check(renewed not in player.changes(), "Windows itself asks at the start",
          *player.changes())
    settle(6)       # which it does for some seconds
    party.start_gateway()
    eventually(lambda: renewed in player.changes(), "and we when the gateway is there", 20)
    player.client.says("the party was asked for an address, and answered")
