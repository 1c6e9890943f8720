"""Frames of the LAN that do not fit the room's MTU are repaired honestly."""

import re

import frames
from netns import check, eventually
from party import HOST, HOST_V6, party_test, ping, reaches, settle
from test_party import transfer

PLAYER = "10.73.42.61"
ROOM_MTU = 1280


def joined_with_address(party, *gateway_options):
    party.start_dnsmasq()
    party.start_relay()
    party.start_gateway(*gateway_options)
    player = party.players[0].connect()
    player.take_address(PLAYER)
    check(player.tap_mtu() == ROOM_MTU, "the TAP has the room's MTU", player.tap_mtu())
    reaches(player.node, HOST)
    return player


@party_test()
def test_a_1500_byte_ping_without_df_reaches_the_player_and_is_answered(party):
    joined_with_address(party)
    answered, output = ping(party.host, PLAYER, "-s", 1472, "-M", "dont", count=5)
    check(answered == 5, "five of five are answered", output)
    check(party.gateway_status()["counters"]["fragmented"] >= 5, "the gateway cut them")


@party_test()
def test_a_df_ping_hears_which_mtu_fits(party):
    joined_with_address(party)
    _, output = ping(party.host, PLAYER, "-s", 1472, "-M", "do", count=3)
    check(re.search(rf"mtu ?= ?{ROOM_MTU}", output), "fragmentation needed, and the MTU", output)
    answered, output = ping(party.host, PLAYER, "-s", ROOM_MTU - 28, "-M", "do")
    check(answered == 3, "what just fits is answered", output)
    check(party.gateway_status()["counters"]["too_big_sent"] >= 1, "the gateway said so")


@party_test()
def test_an_ipv6_host_hears_packet_too_big(party):
    player = joined_with_address(party)
    player.node.ip(f"addr add fd73:42::61/64 dev {player.tap}")
    reaches(party.host, "fd73:42::61")
    _, output = ping(party.host, "fd73:42::61", "-s", 1452, "-M", "do", count=3)
    check(re.search(rf"mtu ?= ?{ROOM_MTU}", output), "packet too big, and the MTU", output)
    route = party.host.run("ip", "-6", "route", "get", "fd73:42::61")
    check(f"mtu {ROOM_MTU}" in route, "the host's stack has learned it", route)


@party_test()
def test_tcp_segments_are_clamped_both_ways(party):
    player = joined_with_address(party)
    # As a player's machine whose stack believes in 1500 would say.
    player.node.ip(f"route add {HOST}/32 dev {player.tap} advmss 1460")
    segment = ROOM_MTU - 40
    for sender, target, receiver, at in (
            (player.node, HOST, party.host, "eth0"),
            (party.host, PLAYER, player.node, player.tap)):
        capture = receiver.capture(at, f"tcp[tcpflags] & tcp-syn != 0 and dst {target}")
        sender.try_run("bash", "-c", f"exec 3<>/dev/tcp/{target}/9", timeout=10)
        sizes = [int(size) for line in capture.stop() for size in re.findall(r"mss (\d+)", line)]
        check(sizes and set(sizes) == {segment}, f"SYNs to {target} say {segment}", sizes)
    check(party.gateway_status()["counters"]["mss_clamped"] >= 1, "it is counted")
    transfer(player.node, PLAYER, party.host, 300_000)
    transfer(party.host, HOST, player.node, 300_000)


@party_test()
def test_a_udp_answer_larger_than_the_room_arrives(party):
    """What games' servers send in one datagram: 3000 octets, in IP fragments of 1500."""
    joined_with_address(party)
    answered, output = ping(party.host, PLAYER, "-s", 3000, "-M", "dont", count=5)
    check(answered == 5, "fragments are cut again and put together", output)
    answered, output = ping(party.players[0].node, HOST, "-s", 3000, count=5)
    check(answered == 5, "and the other way", output)


@party_test()
def test_oversize_drop_switches_repair_off(party):
    joined_with_address(party, "--oversize", "drop")
    answered, output = ping(party.host, PLAYER, "-s", 1472, "-M", "dont")
    check(answered == 0, "nothing is cut", output)
    _, output = ping(party.host, PLAYER, "-s", 1472, "-M", "do")
    check("mtu" not in output, "nobody is told", output)
    counters = party.gateway_status()["counters"]
    check(counters.get("drop_tap_mtu", 0) >= 6 and not counters.get("fragmented"),
          "it is counted", counters)
    check(ping(party.host, PLAYER, "-s", ROOM_MTU - 28)[0] == 3, "what fits is answered")


@party_test()
def test_answers_about_oversize_frames_are_rate_limited(party):
    player = joined_with_address(party)
    packet = frames.ipv4(HOST, PLAYER, 17, bytes(1400), may_fragment=False)
    frame = frames.ethernet(player.tap_mac(), party.host.mac_of("eth0"), 0x0800, packet)
    raw = party.host.packet_socket("eth0")
    for _ in range(2000):
        raw.send(frame)
    raw.close()
    settle(1)
    counters = party.gateway_status()["counters"]
    check(counters["too_big_sent"] < 600, "some are answered", counters)
    check(counters.get("drop_reply_limit", 0) > 0, "most are not, and counted", counters)
    settle(2)
    eventually(lambda: ping(party.host, PLAYER)[0] == 3, "the path is fine", 10)


@party_test()
def test_ipv6_over_the_tunnel_reaches_the_partys_router(party):
    """J-03: the room's MTU is enough for IPv6 to exist on the adapter."""
    player = joined_with_address(party)
    player.node.ip(f"addr add fd73:42::61/64 dev {player.tap}")
    reaches(player.node, HOST_V6)
    answered, output = ping(player.node, HOST_V6, "-s", 1232, "-M", "do")
    check(answered == 3, "a full 1280-byte packet is answered", output)
