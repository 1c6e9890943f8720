"""What dies comes back without help; who moves stays."""

import signal

from netns import check, eventually
from party import HOST, RELAY, party_test, ping, reaches, settle
from rawpeer import RawPeer

PLAYER = "10.73.42.61"


def playing(party, *client_options):
    """A player who reaches the host."""
    player = party.players[0].connect(*client_options)
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    return player


@party_test()
def test_a_killed_relay_comes_back_and_everyone_with_it(party):
    """Its key and its secrets survive in the state directory: pins hold, peers are told."""
    party.open()
    player = playing(party)
    fingerprint = party.fingerprint()
    party.relay_program.kill()
    settle(1)
    party.start_relay()
    check(party.fingerprint() == fingerprint, "the relay has the same key")
    reaches(player.node, HOST, seconds=40)
    check(player.joined()["gateway_present"], "the player is in the room again")


@party_test()
def test_a_killed_gateway_takes_its_place_again_at_once(party):
    """Its stale session is taken over by its identity, not refused as a second gateway."""
    party.open()
    player = playing(party)
    before = party.peer(player.tap_mac())["peer_id"]
    party.gateway_program.kill()
    party.start_gateway()
    reaches(player.node, HOST, seconds=10)
    gateways = [peer for peer in party.room()["peers"] if peer["role"] == "gateway"]
    check(len(gateways) == 1, "there is one gateway", gateways)
    check(party.peer(player.tap_mac())["peer_id"] == before, "the player stayed")


@party_test()
def test_a_killed_client_takes_its_place_again_at_once(party):
    """W-002: the same MAC from its identity file, so that DHCP gives the same address."""
    party.open()
    player = party.players[0].connect()
    address, mac = player.dhcp(), player.tap_mac()
    player.node.try_run("pkill", "-f", f"{party.lab.dir}/p1.lease")
    player.client.kill()
    player.connect()
    check(player.tap_mac() == mac, "it has the same MAC", player.tap_mac())
    check(player.dhcp() == address, "and gets the same address")
    check(ping(player.node, HOST)[0] == 3, "the host answers")
    check(party.room()["clients"] == 1, "there is one client", party.room())


@party_test()
def test_an_outage_longer_than_the_idle_timeout_heals(party):
    party.open()
    player = playing(party)
    party.relay.ip("link set dev eth0 down")
    eventually(lambda: player.status()["state"] != "joined", "the client notices", 45, 0.5)
    party.relay.ip("link set dev eth0 up", "route replace default via 198.51.100.1")
    reaches(player.node, HOST, seconds=40)


@party_test()
def test_a_relay_that_is_not_there_yet_is_waited_for(party):
    """W-035: order of start does not matter (D-018)."""
    party.start_dnsmasq()
    relay = party.start_relay()     # so that its certificate exists
    relay.stop()
    player = party.players[0]
    player.start()
    party.start_gateway(wait=False)
    settle(3)
    party.start_relay()
    party.gateway_joined(30)
    player.joined(30)
    player.take_address(PLAYER)
    reaches(player.node, HOST)


def session_of(party, player):
    """What must not change when a player moves."""
    peer = party.peer(player.tap_mac())
    quic = party.relay_status()["quic"]
    return peer["peer_id"], quic["handshakes"]


@party_test()
def test_the_players_address_changes_and_the_tunnel_goes_on(party):
    """QUIC migration: no new handshake, the same peer id, pings pass in a moment."""
    party.open()
    player = playing(party)
    before, joined = session_of(party, player), player.client.log().count("Connected to relay")
    player.node.ip(f"addr del {player.address}/24 dev eth0",
                   f"addr add {player.net}.9/24 dev eth0",
                   f"route add default via {player.net}.1 metric 100")
    reaches(player.node, HOST, seconds=5)
    settle(2)
    check(ping(player.node, HOST)[0] == 3, "and goes on passing them")
    check(session_of(party, player) == before, "it is the same session, without a handshake",
          before, session_of(party, player))
    check(player.status()["state"] == "joined", "the client never left", joined)


def pull_the_cable(player):
    player.node.ip("link set dev eth0 down")


def plug_it_in(player):
    player.node.ip("link set dev eth0 up",
                   f"route replace default via {player.net}.1 metric 100")


@party_test()
def test_a_network_that_was_gone_for_seconds_is_back_in_a_moment(party):
    """The session is alive; nothing waits for a timer that doubled meanwhile."""
    party.open()
    player = playing(party)
    def control_late():
        return party.peer(player.tap_mac())["live"]["control_late"]
    before, late = session_of(party, player), control_late()
    pull_the_cable(player)
    ping(player.node, HOST, count=30, interval=0.3, wait=1)
    plug_it_in(player)
    reaches(player.node, HOST, seconds=3)
    check(session_of(party, player) == before, "it is the same session, without a handshake",
          before, session_of(party, player))
    # How far the gateway is it tells every five seconds.
    eventually(lambda: control_late() > late, "what the relay said meanwhile came late")


@party_test()
def test_a_network_that_was_gone_for_a_minute_is_back_in_a_moment(party):
    """W-035: the session is over and waits have doubled; the next try does not wait."""
    party.open()
    player = playing(party)
    before = session_of(party, player)[0]
    pull_the_cable(player)
    eventually(lambda: player.status()["state"] != "joined", "the client notices", 45, 0.5)
    settle(20)
    plug_it_in(player)
    reaches(player.node, HOST, seconds=3)
    check(party.peer(player.tap_mac())["peer_id"] == before, "as who it was")


@party_test()
def test_a_player_who_slept_comes_back_as_who_it_was(party):
    """Longer than the relay waits for anybody: the clock has jumped, nobody says why."""
    party.open()
    player = playing(party)
    before = session_of(party, player)[0]
    player.client.process.send_signal(signal.SIGSTOP)
    eventually(lambda: party.room()["clients"] == 0, "the relay gives the player up", 45, 0.5)
    player.client.process.send_signal(signal.SIGCONT)
    player.client.says("this machine slept", 5)
    reaches(player.node, HOST, seconds=3)
    check(party.peer(player.tap_mac())["peer_id"] == before, "as who it was")


@party_test()
def test_the_player_moves_to_another_network(party):
    """From Ethernet to, say, a phone: another interface, another address, another NAT."""
    party.open()
    player = playing(party)
    lab = party.lab
    lab.wire(player.node, "phone0", party.inet, "to-phone")
    party.inet.ip("addr add 192.0.2.129/30 dev to-phone")
    player.node.ip("addr add 192.0.2.130/30 dev phone0",
                   "route add default via 192.0.2.129 metric 50")
    before = session_of(party, player)
    player.node.ip("link set dev eth0 down")
    reaches(player.node, HOST, seconds=10)
    check(session_of(party, player) == before, "it is the same session, without a handshake")
    address = party.peer(player.tap_mac())["address"]
    check("192.0.2.130" in address, "the relay sees the new address", address)


@party_test()
def test_a_nat_that_forgets_is_survived(party):
    """NAT rebinding: another port, without either side being told."""
    party.open()
    player = playing(party)
    before = session_of(party, player)
    address = party.peer(player.tap_mac())["address"]
    player.translate("meta l4proto udp masquerade to :50000-50100")
    player.forget_translations()
    reaches(player.node, HOST, seconds=15)
    check(session_of(party, player) == before, "it is the same session, without a handshake",
          before, session_of(party, player))
    moved = party.peer(player.tap_mac())["address"]
    check(moved != address and ":50" in moved, "the relay sees the new port", address, moved)


@party_test()
def test_a_silent_player_behind_a_forgetful_nat_stays_reachable(party):
    """Keep-alives find the new mapping before anyone misses it."""
    party.open()
    player = playing(party)
    player.translate("meta l4proto udp masquerade to :50000-50100")
    player.forget_translations()
    reaches(party.host, PLAYER, seconds=20)


@party_test()
def test_others_hear_who_left_and_why(party):
    """C-012, C-014, G-021, W-030: at once, in words."""
    party.open()
    player = playing(party)
    other = RawPeer.dial(party.players[0].nat, party).join("02:00:00:00:00:99")
    player_id = party.peer(player.tap_mac())["peer_id"]
    gateway_id = party.peer()["peer_id"]
    check(player.client.stop(signal.SIGINT) == 0, "the client ends with 0 on SIGINT")
    check(party.gateway_program.stop(signal.SIGTERM) == 0, "the gateway ends with 0")
    def heard():
        left = {m["peer_id"]: m["reason"] for m in other.messages() if m["type"] == "peer_left"}
        return {player_id, gateway_id} <= set(left) and left
    left = eventually(heard, "both departures are told", 3)
    check(all(left.values()), "with a reason each", left)
    relay = party.relay_program
    check(relay.stop(signal.SIGINT) == 0, "the relay ends with 0 on SIGINT")
    check("disconnect" in str(other.messages()[-1]["type"]), "and says goodbye",
          other.messages()[-1])
    other.hang_up()


@party_test()
def test_the_relay_says_goodbye_and_players_return_at_once(party):
    """A restart for an upgrade is a hiccup, not a timeout."""
    party.open()
    player = playing(party)
    party.relay_program.stop()
    party.start_relay()
    reaches(player.node, HOST, seconds=12)


@party_test()
def test_a_carrier_that_comes_and_goes_at_the_gateway_is_survived(party):
    party.open()
    player = playing(party)
    party.lan.ip("link set dev p-gw down")
    settle(2)
    party.lan.ip("link set dev p-gw up")
    party.gw.ip("route replace default via 10.73.42.1")
    reaches(player.node, HOST, seconds=30)


@party_test()
def test_the_relays_name_is_looked_up_anew_for_every_try(party):
    """N-003, N-001: the relay moves to another address; its name follows."""
    names = f"{party.lab.dir}/hosts"
    def named(address):
        with open(names, "w") as hosts:
            hosts.write(f"{address} relay.example\n")
    named(RELAY)
    resolver = party.inet.start(
        "resolver", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=",
        "--user=root", "--log-facility=-", "--no-resolv", "--no-hosts", f"--addn-hosts={names}",
        "--bind-interfaces", "--except-interface=lo", "--local-ttl=1")
    resolver.says("started")
    player = party.players[0]
    with open(player.node.resolv, "w") as resolv:
        resolv.write("nameserver 203.0.113.1\n")
    party.open()
    player.connect(relay="relay.example")
    player.take_address(PLAYER)
    reaches(player.node, HOST)
    party.relay_program.stop()
    named("198.51.100.11")
    resolver.process.send_signal(signal.SIGHUP)
    party.relay.ip(f"addr del {RELAY}/24 dev eth0", "addr add 198.51.100.11/24 dev eth0",
                   "route replace default via 198.51.100.1")
    party.start_relay()
    player.joined(30, gateway=False)
    check("198.51.100.11" in player.status()["relay"]["address"], "it found the new address",
          player.status()["relay"])
