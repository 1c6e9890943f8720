"""An evening with the Windows client: downloads, games, a relay that restarts, crashes,
sleep. As in test_client.py."""

import os
import signal

from netns import check, eventually
from party import HOST, reaches, settle
from test_client import MAC, windows_test

PLAYER = "10.73.42.61"


def playing(party, player):
    party.open()
    player.connect()
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    return player


def octets(server, client, address, *options):
    """iperf3's own count of what arrived; of UDP it counts packets."""
    number = next(client.lab.numbers)
    listener = server.start(f"iperf3-{number}", "iperf3", "-s", "-1", "--forceflush")
    listener.says("listening")
    result = client.json("iperf3", "-c", address, "-t", 2, "-J", *options)
    check("error" not in result, "iperf3 runs", result.get("error"))
    listener.ended(10)
    end = result["end"]
    if "-u" in options:
        return 1000 * (end["sum"]["packets"] - end["sum"]["lost_packets"])
    return end["sum_received"]["bytes"]


@windows_test
def test_a_windows_player_downloads_and_uploads(party, player):
    """W-010: TCP and UDP, both ways."""
    playing(party, player)
    for options in ((), ("-R",), ("-u", "-b", "2M", "-l", 1000),
                    ("-u", "-b", "2M", "-l", 1000, "-R")):
        arrived = octets(party.host, player.node, HOST, *options)
        check(arrived > 100_000, f"iperf3 {' '.join(map(str, options))} carries data", arrived,
              player.status()["counters"], party.gateway_status()["counters"])


@windows_test
def test_doom_finds_a_server_from_a_windows_player(party, player):
    """F-7, W-036: a real game."""
    party.open()
    player.connect()
    player.dhcp()
    party.host.start("doom", "/usr/games/chocolate-server", "-privateserver")
    def search():
        done = player.node.try_run("env", "HOME=/tmp", "/usr/games/chocolate-doom",
                                   "-localsearch", timeout=30)
        return HOST in done.stdout and done.stdout
    eventually(search, "chocolate-doom -localsearch finds the server", 30)


@windows_test
def test_a_windows_player_comes_back_when_the_relay_restarts(party, player):
    """W-035"""
    playing(party, player)
    party.relay_program.stop()
    party.start_relay()
    reaches(player.node, HOST, seconds=20)
    check(player.status()["state"] == "joined", "it is in the room again")


@windows_test
def test_a_killed_windows_player_takes_its_place_again(party, player):
    """W-002: the same address by DHCP, the same peer id."""
    party.open()
    player.connect()
    address, peer = player.dhcp(), party.peer(MAC)["peer_id"]
    player.node.try_run("pkill", "-f", f"{party.lab.dir}/p1.lease")
    player.client.kill()
    player.connect()
    check(player.dhcp() == address, "it gets the same address")
    check(party.peer(MAC)["peer_id"] == peer, "and is who it was")


@windows_test
def test_a_windows_player_who_slept_comes_back_as_who_it_was(party, player):
    """Longer than the relay waits for anybody."""
    playing(party, player)
    before = party.peer(MAC)["peer_id"]
    threads = [int(pid) for pid in os.listdir(f"/proc/{player.client.pid}/task")]
    check(len(threads) > 1, "it is the program itself", threads)
    player.client.process.send_signal(signal.SIGSTOP)
    eventually(lambda: party.room()["clients"] == 0, "the relay gives the player up", 45, 0.5)
    player.client.process.send_signal(signal.SIGCONT)
    player.client.says("this machine slept", 10)
    reaches(player.node, HOST, seconds=5)
    check(party.peer(MAC)["peer_id"] == before, "as who it was")
    check(player.is_as_it_was() is False, "its adapter is still the party's")


@windows_test
def test_a_windows_player_whose_network_was_gone_is_back_in_a_moment(party, player):
    playing(party, player)
    before = party.peer(MAC)["peer_id"]
    player.machine.ip("link set dev eth0 down")
    settle(8)
    player.machine.ip("link set dev eth0 up",
                      f"route replace default via {player.net}.1 metric 100")
    reaches(player.node, HOST, seconds=5)
    check(party.peer(MAC)["peer_id"] == before, "as who it was")
