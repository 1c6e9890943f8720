"""What a person sees: lines, snapshots, status; and the small promises beside them."""

import re

import frames
from netns import check, eventually
from party import GATEWAY, HOST, RELAY, check_live, party_test, ping, program, reaches, settle

PLAYER = "10.73.42.61"
NET_ADMIN, NET_RAW = 1 << 12, 1 << 13


@party_test()
def test_a_players_status_tells_the_whole_way_to_the_party(party):
    """D-001 to D-007, D-009 to D-013, W-032"""
    player = party.open().players[0].connect("--snapshot", "1s")
    address = player.dhcp()
    def latency_known():
        return player.status()["gateway_latency_ms"]
    eventually(latency_known, "how far the LAN is", 12)     # the relay tells every 5 s
    status = player.status()
    relay, tap, counters = status["relay"], status["tap"], status["counters"]
    check(relay["reachable"] and relay["address"] == f"{RELAY}:443", "the relay answers", relay)
    check(relay["rtt_ms"] > 0, "its round trip is known", relay)
    check(relay["datagram_budget"] >= 1314, "and what a datagram may carry", relay)
    there = player.node.json("ip", "-j", "link", "show", "dev", player.tap)[0]
    check((tap["name"], tap["mac"], tap["mtu"], tap["ifindex"], tap["ip"]) ==
          (player.tap, there["address"], there["mtu"], there["ifindex"], address) and tap["up"],
          "the adapter is described as it is", tap, there)
    check(status["route_pinned"] == "no", "no route had to be pinned", status["route_pinned"])
    wrong = [row for row in status["health"] if row["code"] != "tap_default_route"]  # D-014
    check(status["gateway_present"] and not wrong, "nothing is wrong", wrong)
    for name in ("frames_rx", "frames_tx", "datagrams_rx", "datagrams_tx"):
        check(counters[name] > 0, f"{name} is counted", counters)
    said = "\n".join(status["says"])
    for line in ("Connected to relay", "Connected to LAN gateway", f"DHCP received: {address}",
                 "Broadcast traffic flowing", r"Gateway latency: \d+ ms"):
        check(re.search(f"^{line}$", said, re.MULTILINE), f"it says: {line}", said)
        player.client.says(line)


@party_test()
def test_a_snapshot_has_the_short_lines_and_the_counters(party):
    """D-002, D-005, D-006, D-016"""
    player = party.open().players[0].connect("--snapshot", "1s")
    address = player.dhcp()
    line = player.client.says(rf"^.*snapshot .*DHCP received: {address}.*$", 10).group(0)
    check("Connected to relay; Connected to LAN gateway" in line, "the short lines", line)
    for field in ("relay=yes", r"rtt=\S*[1-9]\S*", r"budget=1[34]\d\d", f"ip={address}",
                  r"route_pinned=no", r"frames_rx=[1-9]\d*", r"frames_tx=[1-9]\d*",
                  r"datagrams_rx=[1-9]\d*", r"datagrams_tx=[1-9]\d*", r"drops=\d+"):
        check(re.search(rf"\b{field}", line), f"and {field}", line)


@party_test()
def test_broadcasts_that_flow_one_way_only_are_told_apart(party):
    """D-008, D-013"""
    party.start_relay()
    party.start_gateway()
    player = party.players[0]
    player.node.sysctl("net.ipv6.conf.default.disable_ipv6=1")  # a TAP that says nothing
    player.connect()
    party.host.try_run("arping", "-c", 3, "-w", 4, "-I", "eth0", PLAYER)
    player.client.says("Broadcast traffic one-way: only from the LAN")
    check("Broadcast traffic flowing" not in player.client.log(), "not more than that")
    player.take_address(PLAYER)
    reaches(player.node, HOST)      # asks by ARP first
    player.client.says("Broadcast traffic flowing")


@party_test()
def test_counters_are_reported_to_the_relay(party):
    """C-013, G-020, W-031, L-028"""
    player = party.open().players[0].connect()
    player.dhcp()
    mac = player.tap_mac()
    for who, mine in ((mac, player.status), (None, party.gateway_status)):
        eventually(lambda: party.peer(who)["reported"].get("frames_rx", 0) > 0,
                   "the relay has them", 15)
        reported, own, live = party.peer(who)["reported"], mine()["counters"], mine()["live"]
        check(all(0 < value <= own[name] for name, value in reported.items()
                  if name not in live), "they are the program's own", reported, own)
        check(reported["rtt_us"] > 0 and reported["reads"] <= live["reads"],
              "its gauges too", reported, live)
        check_live(live)


@party_test()
def test_frames_are_counted_and_peers_seen(party):
    """L-028, L-029: what the relay's operator sees of each peer."""
    player = party.open().players[0].connect()
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    peer = party.peer(player.tap_mac())
    check(peer["last_seen_ms"] < 2000, "it was seen a moment ago", peer)
    before = peer["counters"]["datagrams_rx"]
    check(ping(player.node, HOST, count=5)[0] == 5, "five pings")
    after = party.peer(player.tap_mac())["counters"]["datagrams_rx"]
    check(after >= before + 5, "are counted", before, after)


@party_test()
def test_the_adapter_is_up_only_after_the_welcome(party):
    """W-012, N-003, P-017, W-037: name, connection, welcome, MTU, adapter; in this order."""
    player = party.players[0]
    player.node.sysctl("net.ipv6.conf.default.disable_ipv6=1")
    player.start("--relay-fingerprint", "sha256:" + "ab" * 32, relay="nobody.invalid")
    player.client.says("(?i)not connected to the relay.*nobody.invalid")
    link = player.node.json("ip", "-j", "link", "show", "dev", player.tap)[0]
    check("LOWER_UP" not in link["flags"], "without a relay it is like a cable unplugged", link)
    player.client.stop()

    party.start_dnsmasq()
    party.start_relay("--room-mtu", 1200)
    party.start_gateway()
    player.connect()
    log = player.client.log()
    joined, up = re.search(r"\bjoined room=PARTY .*mtu=1200", log), re.search(
        r"adapter is up adapter=(\S+) ifindex=(\d+) mac=(\S+) mtu=(\d+)", log)
    check(joined and up and joined.start() < up.start(), "first the welcome", log)
    link = player.node.json("ip", "-j", "link", "show", "dev", player.tap)[0]
    check(up.groups() == (player.tap, str(link["ifindex"]), link["address"], "1200") and
          link["mtu"] == 1200 and "LOWER_UP" in link["flags"],
          "then the adapter, as it was told", up.groups(), link)


@party_test()
def test_a_pinned_route_is_told(party):
    """D-004, D-015, W-038: when the party's subnet holds the relay's address."""
    inside = "10.73.42.200"
    party.relay.ip(f"addr add {inside}/32 dev eth0")
    party.inet.ip(f"route add {inside}/32 via {RELAY}")
    party.open()
    player = party.players[0].connect(relay=inside)
    check(player.status()["route_pinned"] == "no", "before the party's subnet is there")
    player.dhcp()
    player.client.says("pinned a host route")
    check(player.status()["route_pinned"] == "pinned", "and then", player.status()["route_pinned"])


@party_test()
def test_a_route_to_the_relay_that_exists_is_used_and_left_alone(party):
    """W-038: nothing is pinned, nothing is removed."""
    inside = "10.73.42.200"
    party.relay.ip(f"addr add {inside}/32 dev eth0")
    party.inet.ip(f"route add {inside}/32 via {RELAY}")
    party.open()
    player = party.players[0]
    player.node.ip(f"route add {inside}/32 via {player.net}.1 dev eth0")
    player.connect(relay=inside)
    player.dhcp()
    settle(2)       # routes are looked at every second
    check(player.status()["route_pinned"] == "no", "no route had to be pinned")
    check(ping(player.node, HOST)[0] == 3, "the tunnel works")
    player.client.stop()
    check(inside in player.node.run("ip", "route"), "the route is still there")


@party_test()
def test_a_party_on_a_common_subnet_is_warned_about(party):
    """W-033"""
    party.start_relay()
    party.start_gateway()
    player = party.players[0].connect()
    for address, is_common in (("192.168.178.61", True), ("192.168.179.61", False)):
        player.node.ip(f"addr flush dev {player.tap}", f"addr add {address}/24 dev {player.tap}")
        eventually(lambda: ("common_subnet" in [row["code"] for row in player.status()["health"]])
                   is is_common and player.status()["tap"]["ip"] == address,
                   f"{address}: common is {is_common}", 5)


@party_test()
def test_what_is_filtered_although_it_may_be_meant_well_is_told(party):
    """J-05: tagged frames of the LAN, large IPv6 datagrams of a player."""
    player = party.open().players[0].connect()
    player.node.ip(f"addr add fd73:42::61/64 dev {player.tap}")
    reaches(player.node, "fd73:42::10")
    answered, _ = ping(player.node, "fd73:42::10", "-s", 3000)
    check(answered == 0, "fragments of IPv6 do not pass")
    counters = player.status()["counters"]
    check(counters.get("drop_ipv6_fragment", 0) >= 3, "its status says so", counters)
    raw = party.host.packet_socket("eth0")
    raw.send(frames.tagged(party.host.mac_of("eth0")))
    raw.close()
    def told():
        return [row for row in party.gateway_status()["health"] if row["code"] == "tagged_frames"]
    row = eventually(told, "the gateway says that its port is tagged", 5)[0]
    check("untagged" in row["remedy"], "and what to do", row)


@party_test()
def test_a_deleted_adapter_ends_the_client_with_a_sentence(party):
    """W-026"""
    player = party.open().players[0].connect()
    player.node.ip(f"link del dev {player.tap}")
    check(player.client.ended() == 1, "it has failed")
    check("did something remove or disable it" in player.client.log(), "and says at what",
          player.client.log()[-300:])


@party_test()
def test_a_gateway_that_leaves_is_named_and_missed(party):
    """W-028, W-029, D-007, D-010"""
    player = party.open().players[0].connect()
    gateway_id = party.peer()["peer_id"]
    party.gateway_program.stop()
    player.client.says(rf"peer left peer={gateway_id} role=gateway reason=")
    player.client.says("No LAN gateway in the room yet")
    check(player.status()["gateway_present"] is False, "status knows, too")
    party.start_gateway()
    player.joined()
    log = player.client.log()
    check(log.rfind("Connected to LAN gateway") > log.rfind("No LAN gateway"),
          "and hears when there is one again", log[-600:])


@party_test()
def test_a_joining_player_is_shown_to_the_switch_at_once(party):
    """G-016: and the log says why."""
    party.start_relay()
    party.start_gateway("--log-level", "debug")
    player = party.players[0].connect()
    mac = player.tap_mac()
    party.gateway_program.says(rf"CAM refresh peer=\d+ mac={mac} reason=peer_joined")


@party_test()
def test_both_spellings_of_an_option_are_one(party):
    """J-01, G-001, R-013"""
    party.start_relay()
    for spelling in ("--interface", "--iface"):
        done = party.gw.try_run(
            program("gateway"), "--check", "--relay", RELAY, "--room", "ABCD", spelling, "eth0",
            "--identity", f"{party.lab.dir}/g.json", "--relay-fingerprint", party.fingerprint())
        check(done.returncode == 0 and "interface  eth0" in done.stdout, f"{spelling} is known",
              done.stdout, done.stderr)


@party_test()
def test_programs_keep_no_privilege_that_they_do_not_need(party):
    """G-022: all three were started by root."""
    player = party.open().players[0].connect()
    for one, needs in ((party.relay_program, 0), (party.gateway_program, NET_ADMIN | NET_RAW),
                       (player.client, NET_ADMIN)):
        with open(f"/proc/{one.pid}/status") as status:
            text = status.read()
        held = {name: int(value, 16) for name, value in re.findall(r"^Cap(\w+):\s+(\w+)", text,
                                                                   re.MULTILINE)}
        check(held["Eff"] == held["Prm"] == needs and not held["Inh"] and not held["Amb"],
              f"{one.name} keeps what it needs", held)
        check(set(re.search(r"^Uid:\s+(.*)$", text, re.MULTILINE).group(1).split()) != {"0"},
              f"{one.name} is not root", text)
        check("NoNewPrivs:\t1" in text, f"{one.name} cannot become root again", text)


@party_test()
def test_a_relay_listens_where_it_is_told(party):
    """L-001, N-004: by address and port, or by port alone."""
    for number, (words, listens) in enumerate((
            ((), "[::]:443"), (("--listen", "4433/udp"), "[::]:4433"),
            (("--listen", f"{RELAY}:4434"), f"{RELAY}:4434"))):
        socket_path = f"{party.lab.dir}/relay{number}.sock"
        relay = party.relay.start(f"relay{number}", program("relay"), *words, "--state-dir",
                                  f"{party.lab.dir}/state{number}", "--status-socket", socket_path)
        relay.says(rf"relay is up listen={re.escape(listens)} ")
        relay.says(r"lanparty-gateway --relay \S+ --relay-fingerprint sha256:\w{64} --room")
        check(relay.stop() == 0, "and ends well")


@party_test()
def test_a_relays_own_certificate_has_one_name_whatever_its_address(party):
    """L-002, L-039, C-018"""
    party.open()
    player = party.players[0]
    trust = ("--relay-ca-cert", f"{party.lab.dir}/relay.der", "--server-name")
    player.start(*trust, "relay.example")
    player.client.says("lanparty-relay.local")
    check(not party.room()["clients"], "another name is refused", party.room())
    player.client.stop()
    player.connect(*trust, "lanparty-relay.local", relay=RELAY)


@party_test()
def test_what_the_gateways_host_says_to_the_lan_stays_there(party):
    """G-012, J-06: only what it says to players is captured for them."""
    player = party.open().players[0].connect()
    player.take_address(PLAYER)
    reaches(player.node, GATEWAY)
    capture = player.node.capture(player.tap, f"icmp and src {GATEWAY} and dst {HOST}")
    check(ping(party.gw, HOST, count=5)[0] == 5, "the gateway's host reaches the LAN")
    seen = capture.stop()
    check(not seen, "the player hears none of it", *seen)
