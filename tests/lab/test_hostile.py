"""Peers that break the rules. Nothing crashes, memory stays bounded, others do not notice."""

import os
import random
import struct
import time

import frames
from frames import BROADCAST, FORBIDDEN, experimental
from netns import check, eventually
from party import HOST, RELAY, ROOM, party_test, ping, reaches, settle
from rawpeer import KEEPALIVE, RawPeer, datagram, framed

PLAYER = "10.73.42.61"
EVIL = "02:00:00:00:00:66"
MANY = ("--max-peers-per-ip", 4000, "--max-peers", 4000, "--max-handshakes", 4000,
        "--max-handshakes-per-ip", 4000)


def playing(party):
    player = party.players[0].connect()
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    return player


def unimpressed(party, player, what):
    """The relay still runs, has not grown without bound, and a player still plays."""
    check(party.relay_program.is_running(), f"the relay survives {what}")
    answered, output = ping(player.node, HOST, count=10, interval=0.1)
    check(answered >= 9, f"a player in the room does not notice {what}", output)


def all_counted(expected, counters):
    def look():
        missing = expected - set(counters())
        check(not missing, "still missing", missing)
        return True
    eventually(look, "each is counted by name", 5)


def attacker(party):
    """The NAT box of the first player: another machine on the internet."""
    return party.players[0].nat


# --- outside QUIC ---------------------------------------------------------------------------

@party_test()
def test_garbage_datagrams_are_dropped_and_counted(party):
    """L-027, P-004"""
    party.open()
    player = playing(party)
    before = party.relay_program.rss_kib()
    dice = random.Random(1)
    sock = attacker(party).udp_socket()
    for number in range(20000):
        octets = bytearray(dice.randbytes(dice.choice((1, 20, 64, 300, 1200, 1400))))
        if number % 2:
            octets[0] |= 0xc0           # a long header
        if number % 4 == 3 and len(octets) > 6:
            octets[1:5] = struct.pack("!I", 1)  # of version 1
        sock.sendto(octets, (RELAY, 443))
        if number % 200 == 0:
            time.sleep(0.005)
    sock.close()
    unimpressed(party, player, "20000 datagrams of garbage")
    quic = party.relay_status()["quic"]
    check(quic["garbage"] > 1000, "they are counted", quic)
    grown = party.relay_program.rss_kib() - before
    check(grown < 32 * 1024, "memory stays bounded", f"{grown} KiB more")


@party_test()
def test_half_open_handshakes_demand_retry_and_keep_nobody_out(party):
    """Address validation under load: those who never answer cost next to nothing."""
    # What was freed shall not count: the sanitizer keeps it aside to find its later use.
    party.open("--max-handshakes-per-ip", 512, "--max-peers-per-ip", 4000,
               under=("env", "ASAN_OPTIONS=quarantine_size_mb=1"))
    before = party.relay_program.rss_kib()
    rude = [RawPeer(attacker(party), "mute", f"{RELAY}:443", party.fingerprint(), 500)
            for _ in range(4)]
    eventually(lambda: party.relay_status()["quic"]["retries"] > 0, "Retry is demanded", 15)
    player = playing(party)
    unimpressed(party, player, "2000 half-open handshakes")
    quic = party.relay_status()["quic"]
    check(quic["connections"] < 1100, "half-open ones are limited", quic)
    grown = party.relay_program.rss_kib() - before
    check(grown < 64 * 1024, "memory stays bounded", f"{grown} KiB more")
    for one in rude:
        one.hang_up()
    eventually(lambda: party.relay_status()["quic"]["connections"] <= 2,
               "they are forgotten", 45, 1)


@party_test()
def test_one_address_may_not_have_every_connection(party):
    party.open("--max-peers-per-ip", 8)
    player = playing(party)
    rude = RawPeer(party.relay, "dial", f"{RELAY}:443", party.fingerprint(), 40)
    eventually(lambda: rude.count("connected") >= 8, "eight get in")
    eventually(lambda: rude.count("connected") + rude.count("ended") >= 40, "the others hear no",
               40)
    check(rude.count("connected") <= 8, "no more than eight", rude.count("connected"))
    unimpressed(party, player, "one address with 40 connections")
    check(party.relay_status()["quic"]["refused_limits"] >= 1, "it is counted")


@party_test()
def test_a_thousand_idle_connections_are_carried(party):
    """In twenty rooms of fifty; and gone without a word, they are forgotten."""
    party.open(*MANY)
    player = playing(party)
    before = party.relay_program.rss_kib()
    crowd = []
    for room in range(20):
        crowd.append(RawPeer.dial(attacker(party), party, 50))
        for who in range(50):
            crowd[-1].hello(who, f"02:00:00:00:{room + 1:02x}:{who:02x}", f"CROWD-{room}")
    def all_in():
        rooms = party.relay_status()["rooms"]
        return sum(room["clients"] for room in rooms if room["room"] != ROOM) == 1000
    eventually(all_in, "a thousand are in their rooms", 90, 1)
    unimpressed(party, player, "a thousand idle connections")
    each = (party.relay_program.rss_kib() - before) / 1000
    check(each < 400, "memory for each is bounded (sanitized; 80 KiB without)", f"{each} KiB")
    for some in crowd:
        some.hang_up()
    eventually(lambda: len(party.relay_status()["rooms"]) == 1, "they are forgotten", 60, 1)
    unimpressed(party, player, "their going")


@party_test()
def test_connections_that_never_say_hello_are_closed(party):
    """L-004: after ten seconds, whatever they began to say."""
    party.open()
    silent = RawPeer.dial(attacker(party), party, 3)
    silent.tell("control", 1, struct.pack("!I", 16000) + b'{"type": "hel')
    for who in range(3):
        check("code 4" in silent.ended(who, 20), f"connection {who} is closed for that",
              silent.events("ended", who))


# --- the control stream ------------------------------------------------------------------------

BROKEN_STREAMS = {
    "a length of two gigabytes": struct.pack("!I", 0x7fffffff) + b"{" * 1000,
    "a length one over the limit": struct.pack("!I", 16385) + b" " * 16385,
    "a length of nothing": struct.pack("!I", 0),
    "no JSON": framed(b"GET / HTTP/1.1"),
    "a thousand brackets": framed(b"[" * 1000 + b"]" * 1000),
    "eight thousand brackets": framed(b"[" * 8000 + b"]" * 8000),
    "an array": framed(b"[]"),
    "broken UTF-8": framed(b'{"type": "hello\xff"}'),
    "a hello of nothing": framed({"type": "hello"}),
    "a stats message before hello": framed({"type": "stats", "counters": {}}),
    "a room of control characters": framed({
        "type": "hello", "version": 1, "role": "client", "room": "A\nB",
        "datagram_budget": 1300, "mac": EVIL}),
    "a broadcast identity": framed({
        "type": "hello", "version": 1, "role": "client", "room": ROOM,
        "datagram_budget": 1300, "mac": "ff:ff:ff:ff:ff:ff"}),
    "a negative budget": framed({
        "type": "hello", "version": 1, "role": "client", "room": ROOM,
        "datagram_budget": -5, "mac": EVIL}),
}


@party_test()
def test_broken_control_streams_end_their_own_connection_only(party):
    """C-019, L-008"""
    party.open()
    player = playing(party)
    rude = RawPeer.dial(attacker(party), party, len(BROKEN_STREAMS))
    for who, octets in enumerate(BROKEN_STREAMS.values()):
        rude.tell("control", who, octets)
    for who, what in enumerate(BROKEN_STREAMS):
        end = rude.ended(who)
        check("code 1" in end or "code 2" in end, f"{what} is refused", end)
    unimpressed(party, player, "broken control streams")
    check(len(party.room()["peers"]) == 2, "none of them got in", party.room())


@party_test()
def test_a_newer_peer_is_understood_as_far_as_possible(party):
    """C-016: unknown fields and unknown messages are skipped."""
    party.open()
    modern = RawPeer.dial(attacker(party), party)
    modern.join(EVIL, hat="red", nested={"a": [1, 2, {"b": None}]})
    modern.tell("control", 0, framed({"type": "hologram", "x": 1}))
    modern.tell("control", 0, framed({"type": "stats", "counters": {"frames_rx": 5}}))
    eventually(lambda: party.peer(EVIL)["reported"].get("frames_rx") == 5,
               "what follows is read", 5)
    check(modern.is_open(), "the connection stays")
    modern.hang_up()


@party_test()
def test_a_peer_that_floods_the_control_stream_is_shown_the_door_or_ignored(party):
    party.open()
    player = playing(party)
    before = party.relay_program.rss_kib()
    rude = RawPeer.dial(attacker(party), party)
    rude.join(EVIL)
    rude.tell("control", 0, framed({"type": "stats", "counters": {
        f"n{i}": i for i in range(90)}}) * 20)
    for _ in range(50):
        rude.tell("control", 0, framed({"type": "nonsense", "pad": "x" * 15000}))
    unimpressed(party, player, "a megabyte of nonsense")
    grown = party.relay_program.rss_kib() - before
    check(grown < 16 * 1024, "memory stays bounded", f"{grown} KiB more")
    rude.hang_up()


# --- datagrams and frames -------------------------------------------------------------------------

@party_test()
def test_malformed_datagrams_are_counted_and_end_in_the_door(party):
    """L-027, P-003, P-004: 32 within ten seconds."""
    party.open()
    player = playing(party)
    rude = RawPeer.dial(attacker(party), party).join(EVIL)
    me, room = rude.peer_ids[0], rude.room_id
    frame = experimental(BROADCAST, EVIL)
    wrong = [
        b"\x10", datagram(room, me, frame, kind=0x20), datagram(room, me, frame, kind=0x17),
        datagram(room, me, frame, flags=1), datagram(room, me, frame, flags=0x80),
        datagram(room, me, frame, length=5), datagram(room, me, frame, length=65535),
        datagram(room + 1, me, frame), datagram(room, me + 1, frame), datagram(room, 0, frame),
        datagram(room, me, b"\x01" * 13), datagram(room, me, b"x", kind=KEEPALIVE),
    ]
    seen = party.host.capture("eth0", f"ether src {EVIL}")
    for octets in wrong:
        rude.tell("datagram", 0, octets)
    eventually(lambda: party.peer(EVIL)["malformed"] == len(wrong), "they are counted", 5)
    check(rude.is_open(), "a few are forgiven")
    rude.tell("datagram", 0, datagram(room, me, frame, length=5), 40)
    check("code 3" in rude.ended(), "too many are not", rude.events("ended"))
    check(not seen.stop(), "none reached the LAN")
    unimpressed(party, player, "malformed datagrams")


@party_test()
def test_stamps_are_answered_and_lies_in_them_hurt_nobody(party):
    """docs/protocol.md, section 4.1: to who sends some, with a packet that leaves anyway."""
    party.open()
    player = playing(party)
    rude = RawPeer.dial(attacker(party), party, 2).join(EVIL).join(EVIL[:-1] + "7", 1)
    check(rude.message("welcome")["stamps"] is True, "the relay says that it knows stamps")
    wrong = ["14040000000700000000", "14000000000700000001", "140000000007000000",
             "1400000000070000000000"]
    for octets in wrong:
        rude.tell("datagram", 0, bytes.fromhex(octets))
    rude.tell("datagram", 0, bytes.fromhex("14020000000700000000"))
    eventually(lambda: party.peer(EVIL)["malformed"] == len(wrong), "wrong ones are counted", 5)
    rude.send(experimental(BROADCAST, EVIL), 0)
    rude.send(experimental(BROADCAST, EVIL[:-1] + "7"), 1)

    def stamps(who):
        return [text for text in rude.events("datagram", who) if text.startswith("14")]
    answer = bytes.fromhex(eventually(lambda: stamps(0), "the right one is answered", 5)[0])
    check(len(answer) == 10 and answer[1] & 1, "with its transit", answer.hex())
    dice = random.Random(1)
    for _ in range(2000):
        rude.tell("datagram", 0, struct.pack("!BBII", 0x14, 3, *(
            dice.getrandbits(32) for _ in range(2))))
        rude.send(experimental(EVIL, EVIL[:-1] + "7"), 1)
    unimpressed(party, player, "stamps full of lies")
    check(not stamps(1), "who never sent one hears of none", stamps(1)[:1])
    check(rude.is_open(), "they are no offence")


@party_test()
def test_what_players_may_not_send_reaches_nobody(party):
    """L-017, L-022 to L-024, F-3: by the name of each filter, and no frame on the LAN."""
    party.open()
    player = playing(party)
    rude = RawPeer.dial(attacker(party), party).join(EVIL)
    on_lan = party.host.capture("eth0", f"ether src {EVIL} or ether src 02:00:00:00:00:67")
    on_tap = player.node.capture(player.tap, f"ether src {EVIL} or ether src 02:00:00:00:00:67")
    expected = {f"drop_{name}" for name in FORBIDDEN}
    for make in FORBIDDEN.values():
        rude.send(make(EVIL))
    rude.send(frames.router_advertisement(EVIL, hidden_behind_options=True))
    rude.send(experimental(BROADCAST, "02:00:00:00:00:67"))     # not its announced address
    rude.send(experimental(BROADCAST, "ff:ff:ff:ff:ff:ff"))
    rude.send(experimental(BROADCAST, "00:00:00:00:00:00"))
    expected |= {"drop_unauthorized_source", "drop_invalid_source"}
    def counted():
        return party.peer(EVIL)["counters"]
    all_counted(expected, counted)
    check(party.peer(EVIL)["counters"]["drop_ipv6_ra"] == 2, "extension headers hide nothing")
    seen = on_lan.stop() + on_tap.stop()
    check(not seen, "nobody sees any of it", *seen)
    capture = party.host.capture("eth0", f"ether src {EVIL}")
    rude.send(experimental(BROADCAST, EVIL))
    eventually(capture.lines, "while an honest frame of its passes", 5)
    rude.hang_up()


@party_test()
def test_the_client_itself_sends_no_forbidden_frames(party):
    """W-024: from the player's own machine, through its TAP."""
    party.open()
    player = playing(party)
    mac = player.tap_mac()
    capture = party.host.capture("eth0", f"ether src {mac}")
    raw = player.node.packet_socket(player.tap)
    for make in FORBIDDEN.values():
        raw.send(make(mac))
    raw.send(experimental(BROADCAST, EVIL))
    expected = {f"drop_{name}" for name in FORBIDDEN} | {"drop_unauthorized_source"}
    all_counted(expected, lambda: player.status()["counters"])
    arrived = party.peer(mac)["counters"]
    check(not expected & set(arrived), "the relay has not even seen them", arrived)
    raw.send(experimental(BROADCAST, mac))
    eventually(lambda: any("0x88b6" in line for line in capture.lines()),
               "an honest frame passes", 5)
    forbidden = [line for line in capture.stop() if "0x88b6" not in line and "ARP" not in line]
    check(not [line for line in forbidden if "bootp" in line or "802.1" in line], "and no other",
          *forbidden)
    raw.close()


@party_test()
def test_a_player_may_not_speak_for_a_lan_host(party):
    """L-017: ARP for the router's address from a player's own MAC is the LAN's business,
    but with the router's MAC it never leaves the relay."""
    party.open()
    player = playing(party)
    router = party.router.mac_of("eth0")
    rude = RawPeer.dial(attacker(party), party).join(EVIL)
    rude.send(frames.arp_request(router, "10.73.42.1", HOST))
    eventually(lambda: party.peer(EVIL)["counters"].get("drop_unauthorized_source"),
               "it is filtered", 5)
    check(party.port_of(router) == "p-router", "the switch is not fooled", party.port_of(router))
    unimpressed(party, player, "a spoofed MAC")
    rude.hang_up()


@party_test(players=2)
def test_a_broadcast_flood_is_limited_and_other_rooms_do_not_notice(party):
    """L-026, L-038"""
    party.open()
    player = playing(party)
    rude = RawPeer.dial(attacker(party), party).join(EVIL)
    other = RawPeer.dial(party.players[1].nat, party, 2)
    other.join("02:00:00:00:00:01", 0, "ELSEWHERE").join("02:00:00:00:00:02", 1, "ELSEWHERE")
    capture = party.host.capture("eth0", f"ether src {EVIL}")
    started = time.monotonic()
    rude.send(experimental(BROADCAST, EVIL, os.urandom(100)), times=20000)
    for number in range(20):
        other.send(experimental("02:00:00:00:00:02", "02:00:00:00:00:01", bytes([number])))
        time.sleep(0.1)
    eventually(lambda: party.peer(EVIL)["counters"].get("drop_broadcast_rate", 0) > 1000,
               "most of the flood is dropped", 30)
    unimpressed(party, player, "a flood of broadcasts")
    elapsed = time.monotonic() - started
    arrived = len(capture.stop())
    check(0 < arrived < 1024 + 256 * (elapsed + 2), "the LAN sees a burst and a trickle",
          f"{arrived} in {elapsed:.1f} s")
    check(len(other.frames(1)) == 20, "the other room misses nothing", len(other.frames(1)))
    rude.hang_up()
    other.hang_up()


@party_test()
def test_a_flood_to_unknown_stations_is_limited(party):
    """L-015, L-026"""
    party.open()
    player = playing(party)
    rude = RawPeer.dial(attacker(party), party).join(EVIL)
    capture = party.host.capture("eth0", f"ether src {EVIL}")
    rude.send(experimental("02:99:00:00:00:01", EVIL), times=5000)
    eventually(lambda: party.peer(EVIL)["counters"].get("drop_unknown_unicast_rate", 0) > 500,
               "most of it is dropped", 20)
    check(len(capture.stop()) < 2000, "the LAN sees a burst and a trickle")
    unimpressed(party, player, "a flood to nobody")
    rude.hang_up()


@party_test()
def test_the_lans_own_noise_for_strangers_stays_on_the_lan(party):
    """L-016: unknown unicast from the gateway is never flooded to players."""
    party.open()
    player = playing(party)
    capture = player.node.capture(player.tap, "ether dst 02:99:00:00:00:01")
    raw = party.host.packet_socket("eth0")
    for _ in range(100):
        raw.send(experimental("02:99:00:00:00:01", party.host.mac_of("eth0")))
    raw.close()
    check(not capture.stop(), "the player hears none of it")


@party_test()
def test_the_lans_control_frames_reach_no_player(party):
    """L-022: both ways; and a loop's frames with a player's own address are counted."""
    party.open()
    player = playing(party)
    source = party.host.mac_of("eth0")
    capture = player.node.capture(player.tap, f"ether src {source}")
    party.lan.run("bash", "-c",
                  "echo 0xffff > /sys/class/net/br0/bridge/group_fwd_mask || true")
    raw = party.host.packet_socket("eth0")
    for make in (frames.bpdu, frames.pvst, frames.lldp, frames.lacp, frames.eapol,
                 frames.tagged):
        raw.send(make(source))
    raw.send(experimental(BROADCAST, source))
    raw.close()
    eventually(lambda: any("0x88b6" in line for line in capture.lines()),
               "an honest broadcast passes", 5)
    usual = ("0x88b6", "ARP", "ICMP6")  # the host's own stack speaks too
    strange = [line for line in capture.stop() if not any(kind in line for kind in usual)]
    check(not strange, "and nothing else", *strange)


# --- a hostile relay --------------------------------------------------------------------------------

class HostileRelay:
    """Welcomes whoever comes, then says what it likes."""

    def __init__(self, party):
        self.party = party
        self.quic = RawPeer(party.relay, "listen", f"{RELAY}:443")
        found = self.quic.program.says(r"fingerprint (sha256:[0-9a-f]{64})")
        self.fingerprint = found.group(1)

    def welcome(self, peer_id):
        self.quic.message("hello")
        self.tell({"type": "welcome", "version": 1, "mode": "relay", "peer_id": peer_id,
                   "room_id": 7, "tap_mtu": 1200, "gateway_present": False})

    def tell(self, message):
        self.quic.tell("control", 0, framed(message))

    def send(self, frame, source):
        self.quic.tell("datagram", 0, datagram(7, source, frame))


@party_test()
def test_the_gateway_has_the_last_word_before_the_wire(party):
    """G-013, G-014: a relay that filters nothing gets nothing forbidden onto the LAN."""
    relay = HostileRelay(party)
    party.start_gateway("--relay-fingerprint", relay.fingerprint, wait=False)
    relay.welcome(1)
    relay.tell({"type": "peer_joined", "peer_id": 2, "role": "client", "mac": EVIL})
    eventually(lambda: party.port_of(EVIL) == "p-gw", "the gateway presents the player", 5)
    capture = party.host.capture(
        "eth0", f"ether src {EVIL} or ether src 02:00:00:00:00:67 or ether src "
                "02:00:00:00:00:68")
    for make in FORBIDDEN.values():
        relay.send(make(EVIL), 2)
    relay.send(experimental(BROADCAST, "02:00:00:00:00:67"), 2)   # forged
    relay.send(experimental(BROADCAST, "02:00:00:00:00:68"), 9)   # from nobody
    relay.send(experimental(BROADCAST, EVIL) + bytes(1300), 2)    # over the room's MTU
    for octets in (b"\x10", os.urandom(40), datagram(8, 2, b"x" * 60)):
        relay.quic.tell("datagram", 0, octets)
    expected = {f"drop_{name}" for name in FORBIDDEN} | {"drop_unauthorized_source"}
    all_counted(expected, lambda: party.gateway_status()["counters"])
    seen = capture.stop()
    check(not seen, "the LAN sees none of it", *seen)
    capture = party.host.capture("eth0", f"ether src {EVIL}")
    relay.send(experimental(BROADCAST, EVIL), 2)
    eventually(capture.lines, "while an honest frame passes", 5)
    relay.quic.hang_up()


@party_test()
def test_a_player_is_safe_from_a_hostile_relay(party):
    """W-025: control frames, misdirected unicast, nonsense."""
    relay = HostileRelay(party)
    player = party.players[0]
    player.start("--relay-fingerprint", relay.fingerprint)
    relay.welcome(1)
    eventually(lambda: player.status()["state"] == "joined", "the client joins", 10)
    capture = player.node.capture(player.tap, f"ether src {EVIL}")
    for make in (frames.bpdu, frames.lldp, frames.lacp, frames.eapol, frames.pvst):
        relay.send(make(EVIL), 2)
    relay.send(experimental("02:99:00:00:00:01", EVIL), 2)
    relay.send(experimental(BROADCAST, EVIL) + bytes(1300), 2)
    for octets in (b"\x10", os.urandom(40), datagram(8, 2, b"x" * 60)):
        relay.quic.tell("datagram", 0, octets)
    relay.send(experimental(BROADCAST, EVIL, b"honest"), 2)
    eventually(capture.lines, "an honest frame passes", 5)
    check(len(capture.stop()) == 1, "and no other", *capture.lines())
    for message in ({"type": "peer_left", "peer_id": 77, "reason": "\x1b[31mred"},
                    {"type": "welcome"}, {"type": "hologram"}):
        relay.tell(message)
    settle(1)
    check(player.client.is_running(), "the client survives nonsense")
    relay.tell({"type": "peer_joined", "peer_id": 0})
    relay.quic.tell("control", 0, b"\x7f\xff\xff\xff")
    settle(1)
    check(player.client.is_running(), "and a broken stream")
    check("\x1b" not in player.client.log(), "no escape codes reach a terminal")
    player.client.kill()
    relay.quic.hang_up()
