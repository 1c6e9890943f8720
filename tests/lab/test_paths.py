"""Paths as they are: lossy, reordering, narrow; cards with and without offloads."""

import json
import re

from netns import Lab, check, eventually
from party import GATEWAY, HOST, WAIT_MAX_US, check_live, party_test, ping, reaches, settle
from test_party import transfer

PLAYER = "10.73.42.61"


def received(output):
    return int(re.search(r"(\d+) received", output).group(1))


@party_test()
def test_two_percent_loss_with_reordering_and_duplication_is_ridden_out(party):
    """The tunnel stays, pings are lost as on the path itself, TCP gets through whole."""
    party.open()
    player = party.players[0]
    emulator = player.emulate(loss=2, reorder=2, duplicate=2, delay=5, jitter=2, seed=7)
    player.connect()
    player.dhcp()
    peer_before = party.peer(player.tap_mac())["peer_id"]
    _, output = ping(player.node, HOST, count=400, interval=0.02, timeout=60)
    check(received(output) >= 400 * 0.92, "about 4 of 100 are lost on the way there and back",
          output[-300:])
    check("DUP" not in output, "what the path doubles reaches nobody twice", output[-300:])
    transfer(party.host, HOST, player.node, 300_000)
    transfer(player.node, player.tap_address(), party.host, 300_000)
    check(party.peer(player.tap_mac())["peer_id"] == peer_before, "it is the same session")
    emulator.stop()
    fate = json.loads(emulator.log().splitlines()[-1])
    for way in ("forth", "back"):
        check(all(fate[way][what] for what in ("lost", "duplicated", "reordered")),
              "the path was as bad as said", fate)


def narrow(node, interface, other, other_interface, mtu):
    node.ip(f"link set dev {interface} mtu {mtu}")
    other.ip(f"link set dev {other_interface} mtu {mtu}")


def check_room(party, player, mtu):
    room = party.room()
    check(room["mtu"] == mtu == player.tap_mtu(), f"the room's MTU is {mtu}", room,
          player.tap_mtu())
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    for sender, target in ((player.node, HOST), (party.host, PLAYER)):
        answered, output = ping(sender, target, "-s", mtu - 28, "-M", "do")
        check(answered == 3, f"{mtu} bytes with DF reach {target}", output)
    answered, output = ping(party.host, PLAYER, "-s", 1472, "-M", "dont")
    check(answered == 3, "and 1500 without DF", output)


@party_test()
def test_a_1400_byte_path_carries_an_ordinary_room(party):
    party.open()
    player = party.players[0]
    narrow(player.nat, "wan0", party.inet, player.inet_if, 1400)
    check_room(party, player.connect(), 1280)


@party_test()
def test_a_1400_byte_path_that_says_nothing_carries_an_ordinary_room(party):
    """A black hole: too large packets vanish without an ICMP."""
    party.open()
    player = party.players[0]
    player.emulate(mtu=1400)
    check_room(party, player.connect(), 1280)


@party_test()
def test_a_gateway_on_a_1280_byte_path_makes_a_room_that_fits(party):
    """L-010, P-013"""
    party.start_dnsmasq()
    party.start_relay()
    narrow(party.router, "wan0", party.inet, "to-router", 1280)
    party.start_gateway()
    mtu = party.room()["mtu"]
    check(1100 <= mtu <= 1200, "the room's MTU is what a 1280-byte path carries", mtu)
    check_room(party, party.players[0].connect(), mtu)


@party_test()
def test_a_player_whose_path_cannot_carry_the_room_is_refused_with_both_numbers(party):
    """C-008, L-010, J-04"""
    party.open()
    player = party.players[0]
    narrow(player.nat, "wan0", party.inet, player.inet_if, 1280)
    player.start()
    player.client.says(r"1280.*\b11\d\d\b|\b11\d\d\b.*1280", 30)
    check(party.room()["clients"] == 0, "it is not in the room", party.room())
    player.client.kill()


@party_test()
def test_a_path_that_shrinks_keeps_the_session(party):
    """The player's way to the relay changes to one that carries less, but enough."""
    party.open()
    player = party.players[0].connect()
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    before = party.peer(player.tap_mac())["peer_id"]
    narrow(player.nat, "wan0", party.inet, player.inet_if, 1400)
    settle(1)
    eventually(lambda: ping(player.node, HOST, "-s", 1252, "-M", "do")[0] == 3,
               "full frames pass again", 30)
    check(party.peer(player.tap_mac())["peer_id"] == before, "it is the same session")


def iperf(party, server, address, client, *options):
    """Mbit/s that arrived."""
    listener = server.start(f"iperf3-{next(party.lab.numbers)}", "iperf3", "-s", "-1",
                            "--forceflush")
    listener.says("listening")
    result = client.json("iperf3", "-c", address, "-t", 3, "-J", *options)
    listener.ended()
    return result["end"]["sum_received"]["bits_per_second"] / 1e6


@party_test()
def test_offloads_on_or_off_make_no_difference_but_speed(party):
    """G-010's traps: partial checksums and super-frames on the gateway's card."""
    player = party.open().players[0].connect()
    address = player.dhcp()
    for state in ("off", "on"):
        for node, interface in ((party.host, "eth0"), (party.lan, "p-host"), (party.lan, "p-gw"),
                                (party.gw, "eth0"), (party.router, "eth0"),
                                (party.lan, "p-router")):
            Lab.offloads(node, interface, state)
        transfer(player.node, address, party.host, 1_000_000)
        transfer(party.host, HOST, player.node, 1_000_000)
        transfer(player.node, address, party.gw, 1_000_000)
        transfer(party.gw, "10.73.42.2", player.node, 1_000_000)
        for options in ((), ("-R",)):
            speed = iperf(party, party.host, HOST, player.node, *options)
            check(speed > 5, f"iperf3 {' '.join(options)} with offloads {state}: more than a "
                  "crawl", f"{speed:.1f} Mbit/s")
    counters = party.gateway_status()["counters"]
    check(counters.get("segmented") and counters.get("checksummed"),
          "the card's unfinished work was really met", counters)


def every_octet_arrives(party, mtu):
    """Super-frames everywhere: at the host, at the gateway's own, on the adapter."""
    for node, interface in ((party.host, "eth0"), (party.lan, "p-host"), (party.lan, "p-gw"),
                            (party.gw, "eth0")):
        Lab.offloads(node, interface, "on")
    player = party.open("--room-mtu", mtu).players[0].connect()
    player.take_address(PLAYER)
    check(player.tap_mtu() == mtu, "the TAP has the room's MTU", player.tap_mtu())
    reaches(player.node, HOST)
    for other, address in ((party.host, HOST), (party.gw, GATEWAY)):
        for payload in (None, mtu - 28):
            transfer(player.node, PLAYER, other, 3_000_000, payload)
            transfer(other, address, player.node, 3_000_000, payload)
    ours, theirs = player.status()["counters"], party.gateway_status()["counters"]
    for name, counters in (("player", ours), ("gateway", theirs)):
        check(counters.get("segmented"), f"the {name} cut super-frames", counters)
        check(counters.get("glued"), f"the {name} glued segments", counters)


@party_test()
def test_every_octet_arrives_in_a_room_of_576(party):
    every_octet_arrives(party, 576)


@party_test()
def test_every_octet_arrives_in_a_room_of_1134(party):
    every_octet_arrives(party, 1134)


@party_test()
def test_every_octet_arrives_in_a_room_of_1280(party):
    every_octet_arrives(party, 1280)


@party_test()
def test_every_octet_arrives_in_a_room_of_1380(party):
    every_octet_arrives(party, 1380)


@party_test()
def test_what_waits_for_a_narrow_path_is_seen_in_the_status(party):
    """Our own queue holds what 4 Mbit/s cannot carry, and says how long; the relay hears it."""
    party.open()
    player = party.players[0]
    player.emulate(rate=4e6, queue=100_000, delay=5)
    player.connect()
    player.dhcp()
    transfer(party.host, HOST, player.node, 1_500_000)
    live = player.status()["live"]
    check(0 < live["queue_p99_us"] <= WAIT_MAX_US, "its datagrams waited", live)
    check(live["stamps_heard"] > 0, "relay and player tell each other of the two ways", live)
    check_live(live)
    eventually(lambda: party.peer(player.tap_mac())["reported"].get("queue_p99_us", 0) > 0,
               "the relay knows that they waited", 25)


@party_test()
def test_pings_pass_beside_a_download(party):
    player = party.open().players[0].connect()
    player.dhcp()
    server = party.host.start("iperf3-server", "iperf3", "-s", "-1", "--forceflush")
    server.says("listening")
    download = player.node.start("iperf3-download", "iperf3", "-c", HOST, "-R", "-t", 6)
    settle(1)
    answered, output = ping(player.node, HOST, count=200, interval=0.02)
    check(answered >= 196, "nearly every ping is answered", output[-300:])
    check(download.ended(20) == 0 and server.ended() == 0, "the download went well")
