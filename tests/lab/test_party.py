"""The illusion: a player far away has a port of the party's switch."""

import re
import sys

import frames
from netns import check, eventually
from party import (GATEWAY, HERE, HOST, HOST_V6, RELAY_V6, ROUTER, party_test, ping, reaches,
                   settle)

GAMES = f"{HERE}/games.py"
MULTICAST, MULTICAST_V6 = "239.73.42.1", "ff02::7373"
BURST_PORTS = ",".join(str(port) for port in range(27015, 27030))


def host_game(node, *words):
    game = node.start(f"game-{node.name}-{next(node.lab.numbers)}", sys.executable, GAMES,
                      "host", *words)
    game.says("hosting")
    return game


def find_game(node, *words):
    """Answers as (address, port)."""
    done = node.try_run(sys.executable, GAMES, "find", *words)
    return [tuple(line.split()) for line in done.stdout.splitlines()]


@party_test()
def test_a_player_gets_a_lease_and_reaches_the_host_by_name_ping_and_arp(party):
    """F-1, W-036, D-011, L-025"""
    player = party.open().players[0].connect()
    address = player.dhcp()
    check(address.startswith("10.73.42."), "the lease is of the party's subnet", address)
    check(ping(player.node, "host.party.lan")[0] == 3, "the host answers to its name")
    check(ping(player.node, ROUTER)[0] == 3, "the router answers")
    done = player.node.try_run("arping", "-c", 3, "-w", 5, "-I", player.tap, HOST)
    check("Received 0" not in done.stdout and done.returncode == 0, "the host answers to ARP",
          done.stdout)
    eventually(lambda: player.status()["tap"]["ip"].startswith(address),
               "the client's status shows the lease", 10)
    player.client.says(rf"DHCP received: {re.escape(address)}")


@party_test()
def test_the_host_reaches_the_player(party):
    """F-1"""
    player = party.open().players[0].connect()
    address = player.dhcp()
    check(ping(party.host, address)[0] == 3, "the player answers the host")


@party_test()
def test_the_switch_learns_the_player_on_the_gateways_port_without_any_traffic(party):
    """G-016, G-023"""
    player = party.open().players[0]
    player.node.sysctl("net.ipv6.conf.default.disable_ipv6=1")  # a TAP that says nothing
    player.connect()
    mac = player.tap_mac()
    eventually(lambda: party.port_of(mac) == "p-gw", "the switch knows the player", 5)
    sent = party.peer(mac)["counters"].get("datagrams_rx", 0)
    check(sent == 0, "the player itself has said nothing", sent)


@party_test()
def test_the_switch_is_reminded_of_a_silent_player_every_minute(party):
    """G-015, G-017: refreshed frames are tiny and reach only the gateway's own port."""
    player = party.open().players[0]
    player.node.sysctl("net.ipv6.conf.default.disable_ipv6=1")
    player.connect()
    mac = player.tap_mac()
    eventually(lambda: party.port_of(mac) == "p-gw", "the switch knows the player", 5)
    capture = party.host.capture("eth0", f"ether src {mac}")
    party.lan.run("bridge", "fdb", "del", mac, "dev", "p-gw", "master")
    check(party.port_of(mac) is None, "the switch has forgotten")
    eventually(lambda: party.port_of(mac) == "p-gw", "the switch is reminded", 75, 1)
    seen = capture.stop()
    check(not seen, "nobody else is bothered", *seen)


@party_test()
def test_doom_finds_a_server_on_the_lan_by_broadcast(party):
    """F-1, F-7, W-036: a real game."""
    player = party.open().players[0].connect()
    player.dhcp()
    party.host.start("doom", "/usr/games/chocolate-server", "-privateserver")
    def search():
        done = player.node.try_run("env", "HOME=/tmp", "/usr/games/chocolate-doom",
                                   "-localsearch", timeout=30)
        return HOST in done.stdout and done.stdout
    eventually(search, "chocolate-doom -localsearch finds the server", 30)


@party_test()
def test_games_find_each_other_by_broadcast_and_multicast_both_ways(party):
    """W-036, L-014, D-008"""
    player = party.open().players[0].connect()
    player.dhcp()
    for server, at, finder, finds in ((party.host, "eth0", player.node, player.tap),
                                      (player.node, player.tap, party.host, "eth0")):
        game = host_game(server, "27015")
        for address in ("255.255.255.255", "10.73.42.255"):
            found = find_game(finder, address, "27015")
            check(found, f"{finder.name} finds {server.name}'s game by {address}")
        game.kill()
        for group in (MULTICAST, MULTICAST_V6):
            game = host_game(server, "27015", "--group", group, "--interface", at)
            found = find_game(finder, group, "27015", "--interface", finds)
            check(found, f"{finder.name} finds {server.name}'s game by {group}")
            game.kill()
    eventually(lambda: re.search("[Bb]roadcast traffic flowing", player.client.log()),
               "the client says that broadcasts flow", 10)


@party_test()
def test_a_game_may_answer_from_another_port(party):
    player = party.open().players[0].connect()
    player.dhcp()
    host_game(party.host, "27015", "--reply-from-another-port")
    found = find_game(player.node, "255.255.255.255", "27015")
    check(found and found[0][0] == HOST and found[0][1] != "27015", "the answer arrives", found)


@party_test()
def test_bursts_of_32_probes_on_15_ports_pass(party):
    """L-026, L-038: games probe every port they might be on, at once."""
    player = party.open().players[0].connect()
    player.dhcp()
    host_game(party.host, BURST_PORTS)
    reaches(player.node, HOST)  # a host that must ask by ARP first drops answers itself
    for address in ("255.255.255.255", "10.73.42.255"):
        found = find_game(player.node, address, BURST_PORTS, "--times", 32)
        check(len(found) == 32 * 15, f"every probe to {address} is answered", len(found))
        settle(2)


@party_test(players=2)
def test_two_players_in_one_room_reach_each_other(party):
    """F-2, L-013: and what they say to each other stays off the LAN."""
    party.open()
    one, two = (player.connect() for player in party.players)
    one.take_address("10.73.42.61")
    two.take_address("10.73.42.62")
    reaches(one.node, "10.73.42.62")
    capture = party.host.capture("eth0", "icmp")
    for node, address in ((one.node, "10.73.42.62"), (two.node, "10.73.42.61")):
        answered, output = ping(node, address, count=5)
        check(answered == 5, f"{address} answers", output)
    seen = capture.stop()
    check(not seen, "the LAN host sees none of it", *seen)
    check(ping(two.node, HOST)[0] == 3, "the second player reaches the host")


@party_test(players=2)
def test_two_rooms_never_see_each_others_frames(party):
    """L-005, L-014"""
    party.open()
    one, two = party.players
    one.connect()
    two.start(room="OTHER")
    two.joined(gateway=False)
    on_tap = two.node.capture(two.tap, f"not ether src {two.tap_mac()}")
    on_lan = party.host.capture("eth0", f"ether src {two.tap_mac()}")
    one.take_address("10.73.42.61")
    two.take_address("10.73.42.62")
    for node, address in ((one.node, "10.73.42.62"), (two.node, "10.73.42.61"),
                          (party.host, "10.73.42.62"), (two.node, HOST)):
        check(ping(node, address, count=2)[0] == 0, f"{address} is out of reach")
    find_game(party.host, "10.73.42.255", BURST_PORTS, "--seconds", 1)
    seen = on_tap.stop() + on_lan.stop()
    check(not seen, "no frame crosses", *seen)
    check(ping(one.node, HOST)[0] == 3, "while the first room works")


@party_test()
def test_a_player_gets_an_ipv6_address_from_the_partys_router(party):
    """L-023: router advertisements of the LAN pass, players' do not."""
    player = party.open().players[0].connect()
    def address():
        found = player.node.json("ip", "-j", "-6", "addr", "show", "dev", player.tap,
                                 "scope", "global")
        return [a["local"] for one in found for a in one.get("addr_info", []) if "local" in a]
    eventually(address, "an address of fd73:42::/64", 20)
    check(address()[0].startswith("fd73:42:"), "it is of the party's prefix", address())
    reaches(player.node, HOST_V6)


@party_test()
def test_the_gateway_picks_its_only_wired_interface_by_itself(party):
    """G-001 and the issue: it says which."""
    party.start_relay()
    party.gateway_program = party.start(party.gw, "gateway", "gw", "--relay", "198.51.100.10",
                                        "--room", "PARTY")
    status = party.gateway_joined()
    check(status["lan"]["interface"] == "eth0", "it took eth0", status["lan"])
    check("eth0" in party.gateway_program.log(), "it says so")
    party.gateway_program.stop()
    party.gw.ip("link add spare0 type veth peer name spare1", "link set dev spare0 up",
                "link set dev spare1 up")
    confused = party.start(party.gw, "gateway", "gw", "--relay", "198.51.100.10", "--room",
                           "PARTY")
    check(confused.ended() == 1, "with several it does not guess")
    check("--interface" in confused.log() and "spare0" in confused.log(),
          "it lists them and says what to do", confused.log())


@party_test()
def test_a_client_that_comes_first_says_that_the_gateway_is_missing(party):
    """D-018, W-032, C-005"""
    party.start_dnsmasq()
    party.start_relay()
    player = party.players[0]
    player.start()
    status = player.joined(gateway=False)
    check(not status["gateway_present"], "no gateway yet", status)
    eventually(lambda: "no_gateway" in str(player.status()["health"]),
               "its status says that the gateway is missing", 10)
    party.start_gateway()
    player.joined()
    player.dhcp()
    player.client.says("Connected to LAN gateway")


@party_test()
def test_the_tunnel_runs_over_ipv6(party):
    """N-001"""
    party.open()
    player = party.players[0].connect(relay=f"[{RELAY_V6}]:443")
    player.dhcp()
    check(ping(player.node, HOST)[0] == 3, "the host answers")
    address = party.peer(player.tap_mac())["address"]
    check(address.startswith("[2001:db8:"), "the relay sees an IPv6 address", address)


@party_test()
def test_the_relays_key_is_all_a_player_needs_to_trust(party):
    """C-018: by fingerprint; a wrong one says what was expected and what came."""
    party.open()
    player = party.players[0]
    player.connect("--relay-fingerprint", party.fingerprint())
    player.client.stop()
    wrong = "sha256:" + "ab" * 32
    player.start("--relay-fingerprint", wrong)
    def both_named():
        log = player.client.log()
        return wrong in log and party.fingerprint() in log
    eventually(both_named, "both fingerprints are in the complaint", 15)
    settle(1)
    check(not party.room()["clients"], "and it does not join")
    player.client.kill()


@party_test(players=2)
def test_two_players_with_one_address_cannot_both_join(party):
    """L-007, C-008"""
    party.open()
    one, two = party.players
    one.connect("--virtual-mac", "02:00:00:00:00:77")
    two.start("--virtual-mac", "02:00:00:00:00:77")
    two.client.says("the same MAC address")
    check(party.peer("02:00:00:00:00:77")["address"].startswith(one.wan),
          "the first one stays", party.room())
    one.take_address("10.73.42.61")
    reaches(one.node, HOST)
    two.client.kill()


@party_test()
def test_a_room_has_one_gateway(party):
    """L-006, C-008"""
    party.open()
    second = party.start(party.host, "gateway", "second", "--relay", "198.51.100.10",
                         "--room", "PARTY", "--interface", "eth0")
    second.says("(?i)gateway already|already has a gateway|second.gateway")
    peers = [peer for peer in party.room()["peers"] if peer["role"] == "gateway"]
    check(len(peers) == 1 and peers[0]["address"].startswith("192.0.2.2"),
          "the first one stays", peers)
    second.kill()


@party_test()
def test_the_gateways_own_host_and_a_player_reach_each_other(party):
    """J-06: without a bridge, pings and TCP both ways, checksums as the wire needs them."""
    player = party.open().players[0].connect()
    address = player.dhcp()
    for node, target in ((player.node, GATEWAY), (party.gw, address)):
        answered, output = ping(node, target, count=5)
        check(answered == 5, f"{node.name} reaches {target}", output)
    for receiver, at, sender in ((party.gw, GATEWAY, player.node),
                                 (player.node, address, party.gw)):
        transfer(receiver, at, sender, 300_000)


def transfer(receiver, address, sender, length, payload=None):
    """Over TCP; over UDP, where datagrams shall carry `payload` octets."""
    script = f"{HERE}/transfer.py"
    port = 20000 + next(receiver.lab.numbers)
    how, sizes = ("-udp", (length, payload)) if payload else ("", (length,))
    listener = receiver.start(f"receive-{receiver.name}-{port}", sys.executable, script,
                              f"receive{how}", port, *(sizes if payload else ()))
    listener.says("listening")
    sent = sender.run(sys.executable, script, f"send{how}", address, port, *sizes).strip()
    listener.says(r"^\d+ [0-9a-f]+$", 60)
    check(sent in listener.log(), f"{length} octets arrive at {receiver.name} as they were "
          f"sent by {sender.name}", sent, listener.log())
    listener.ended()


@party_test()
def test_the_gateway_leaves_nothing_behind(party):
    """J-06, G-008: whether it ends or is killed, its host is as it was before."""
    party.gw.sysctl("net.ipv6.conf.eth0.accept_ra=0")
    party.start_dnsmasq()
    party.start_relay()
    before = footprint(party.gw)
    for end in (lambda gateway: gateway.stop(), lambda gateway: gateway.kill()):
        gateway = party.start_gateway()
        player = party.players[0].connect()
        player.take_address("10.73.42.61")
        reaches(player.node, GATEWAY)
        reaches(party.gw, "10.73.42.61")
        end(gateway)
        player.client.stop()
        party.gw.run("ip", "neigh", "flush", "all")
        check(footprint(party.gw) == before, "the gateway's host is as it was", before,
              footprint(party.gw))


def footprint(node):
    """Links with their programs and promiscuity, queues, addresses, routes."""
    seen = "".join(node.run(*words.split()) for words in (
        "ip -d link", "tc qdisc", "tc filter show dev eth0", "ip addr", "ip route show table all",
        "ip -6 route show table all", "ip rule"))
    return re.sub(r"expires \d+sec|valid_lft \w+|preferred_lft \w+", "", seen)


@party_test()
def test_the_players_host_is_as_it_was_when_the_client_has_ended(party):
    """W-023, W-030: by signal, by kill."""
    party.open()
    player = party.players[0]
    before = footprint(player.node)
    for end in (lambda client: client.stop(), lambda client: client.kill()):
        player.connect()
        player.dhcp()
        player.node.try_run("pkill", "-f", f"{party.lab.dir}/p1.lease")
        end(player.client)
        eventually(lambda: player.tap not in player.node.run("ip", "link"), "the TAP is gone", 5)
        check(footprint(player.node) == before, "the player's host is as it was", before,
              footprint(player.node))


@party_test()
def test_busy_neighbours_do_not_reach_user_space(party):
    """G-012: what the LAN's machines say to each other is none of the gateway's business."""
    player = party.open().players[0].connect()
    player.take_address("10.73.42.61")
    reaches(player.node, HOST)
    settle(1)
    before = party.gateway_status()["counters"].get("frames_rx", 0)
    # Unicast that the switch cannot place is flooded to every port, the gateway's too.
    stray = frames.experimental("02:99:00:00:00:01", party.host.mac_of("eth0"))
    raw = party.host.packet_socket("eth0")
    for _ in range(2000):
        raw.send(stray)
    raw.close()
    settle(1)
    after = party.gateway_status()["counters"].get("frames_rx", 0)
    check(after - before < 200, "the kernel's filter stops them", before, after)
