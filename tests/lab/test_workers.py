"""A relay with several workers: rooms have their places, and so do those who come late."""

import frames
from frames import BROADCAST
from netns import check, eventually
from party import HOST, ROOM, party_test, ping, reaches, settle
from rawpeer import RawPeer

# Of two workers: this room's lane is 2, PARTY's is 5 (tests/unit/test_lane.c).
OTHER_ROOM = "EVEN"
PLAYER, STRANGER = "10.73.42.61", "02:00:00:00:00:77"
WRONG_LANE = 0
NO_BPF = ("setpriv", "--bounding-set=-bpf,-sys_admin")


def worker(party, number):
    return party.relay_status()["workers"][number]


def astray(party):
    return party.relay_status()["quic"]["astray"]


def playing(party):
    player = party.players[0].connect()
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    return player


def stranger(party):
    """A program that knows nothing of lanes, in the party's room."""
    return RawPeer.dial(party.players[1].node, party, lane=WRONG_LANE).join(STRANGER)


def exchanges(party, peer, times=20):
    """Frames go from the stranger to the wire, and from the host to the stranger."""
    before = party.peer(STRANGER)["counters"].get("datagrams_rx", 0)
    peer.send(frames.experimental(BROADCAST, STRANGER, b"hello"), times=times)
    eventually(lambda: party.peer(STRANGER)["counters"].get("datagrams_rx", 0) >=
               before + times, "the stranger's frames arrive", 10)
    heard = len(peer.frames())
    ping(party.host, "10.73.42.99", count=2)      # ARP: a broadcast
    eventually(lambda: len(peer.frames()) > heard, "the stranger hears the LAN", 10)


@party_test(players=2)
def test_rooms_have_workers_and_no_packet_crosses(party):
    party.open("--workers", 2)
    player = playing(party)
    party.players[1].start(room=OTHER_ROOM)
    eventually(lambda: party.room(OTHER_ROOM), "the other room opens")
    answered, output = ping(player.node, HOST, count=200, interval=0.01, timeout=60)
    check(answered >= 195, "frames go through", output)
    check(worker(party, 0)["rooms"] == 1 and worker(party, 1)["rooms"] == 1,
          "each worker has its room", party.relay_status()["workers"])
    check(worker(party, 1)["connections"] == 2, "gateway and player are on one worker",
          party.relay_status()["workers"])
    check(party.peer(player.tap_mac())["peer_id"] >> 24 == 1, "whose number their ids have")
    check(astray(party) == 0, "no packet came to the wrong worker", party.relay_status())
    check(party.relay_status()["quic"]["moved_in"] == 0, "nobody was handed over")


@party_test(players=2)
def test_a_stranger_at_the_wrong_worker_is_handed_over(party):
    party.open("--workers", 2)
    player = playing(party)
    peer = stranger(party)
    check(worker(party, 1)["moved_in"] == 1, "it was handed over",
          party.relay_status()["workers"])
    check(worker(party, 0)["connections"] == 0, "nothing of it is left where it came")
    settle(1)
    before = astray(party)
    exchanges(party, peer)
    reaches(player.node, HOST)
    check(astray(party) == before, "its packets come to its worker now",
          before, astray(party))


@party_test(players=2)
def test_without_the_right_to_steer_exceptions_its_packets_are_passed_on(party):
    party.open("--workers", 2, under=NO_BPF)
    player = playing(party)
    check(astray(party) == 0, "members with a hint need no exception", astray(party))
    peer = stranger(party)
    exchanges(party, peer)
    reaches(player.node, HOST)
    check(astray(party) > 20, "the stranger's packets take a detour", astray(party))
    peer.hang_up()
    eventually(lambda: len(party.room()["peers"]) == 2, "it is forgotten", 40, 1)
    exchanges(party, stranger(party))


@party_test(players=2)
def test_a_nat_that_forgets_does_not_lose_the_way(party):
    party.open("--workers", 2)
    player, peer = playing(party), stranger(party)
    settle(1)
    before, stray = party.peer(STRANGER)["address"], astray(party)
    for one in party.players:
        one.translate("meta l4proto udp masquerade to :50000-50100")
        one.forget_translations()
    reaches(player.node, HOST, seconds=15)
    exchanges(party, peer)
    moved = party.peer(STRANGER)["address"]
    check(moved != before and ":50" in moved, "the relay sees the new port", before, moved)
    check(astray(party) == stray, "and no packet went to another worker", stray,
          astray(party))


@party_test(players=2)
def test_a_player_who_moves_is_found_by_its_worker(party):
    """RFC 9000 section 9: with another connection id, from another address."""
    party.open("--workers", 2)
    player = playing(party)
    player.node.ip(f"addr del {player.address}/24 dev eth0",
                   f"addr add {player.net}.9/24 dev eth0",
                   f"route add default via {player.net}.1 metric 100")
    reaches(player.node, HOST, seconds=15)
    check(party.relay_status()["quic"]["handshakes"] == 2, "nobody joined anew",
          party.relay_status()["quic"])
    check(astray(party) == 0, "no packet went to another worker", astray(party))


@party_test(players=2)
def test_a_killed_relay_comes_back_with_more_workers(party):
    """Ids of the past run are answered by the worker whose lane it is now: at once."""
    party.open("--workers", 2)
    player = playing(party)
    party.relay_program.kill()
    settle(1)
    party.start_relay("--workers", 3)
    reaches(player.node, HOST, seconds=20)
    check(len(party.relay_status()["workers"]) == 3, "three workers",
          party.relay_status()["workers"])
    exchanges(party, stranger(party))


@party_test()
def test_a_relay_with_workers_says_goodbye_in_every_room(party):
    party.open("--workers", 2)
    player = playing(party)
    code = party.relay_program.stop()
    check(code == 0, "it exits with 0", code)
    party.start_relay("--workers", 2)
    reaches(player.node, HOST, seconds=10)
    check(party.room(ROOM)["clients"] == 1, "the player is back", party.room())
