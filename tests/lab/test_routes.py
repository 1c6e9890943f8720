"""The TAP never takes the player's internet away, nor the tunnel's own way."""

from netns import check, eventually
from party import HOST, RELAY, party_test, ping, reaches, settle


def default_interfaces(node):
    return [route["dev"] for route in node.json("ip", "-j", "route", "show", "default")]


@party_test()
def test_a_default_route_from_the_partys_dhcp_is_taken_off_the_tap(party):
    """W-019, W-034, D-014: with a warning. The party's router offers one to everybody."""
    player = party.open().players[0].connect()
    player.dhcp()
    eventually(lambda: default_interfaces(player.node) == ["eth0"],
               "the default route is the player's own again", 5)
    player.client.says("(?i)TAP received default route")
    route = player.node.run("ip", "route", "get", RELAY)
    check("dev eth0" in route, "the relay is reached by the player's own way", route)
    check(ping(player.node, HOST)[0] == 3, "while the party is reached through the TAP")


@party_test()
def test_a_party_subnet_that_holds_the_relays_address_does_not_cut_the_tunnel(party):
    """W-014 to W-016: what the TAP's subnet covers is still reached outside the tunnel."""
    inside = "10.73.42.200"
    party.relay.ip(f"addr add {inside}/32 dev eth0")
    party.inet.ip(f"route add {inside}/32 via {RELAY}")
    party.open()
    player = party.players[0].connect(relay=inside)
    player.dhcp()
    eventually(lambda: "dev eth0" in player.node.run("ip", "route", "get", inside),
               "the relay is reached outside the tunnel", 3)
    settle(7)
    check(ping(player.node, HOST, count=5)[0] == 5, "the host answers, and goes on answering")
    check(player.status()["state"] == "joined", "the client is in the room")
    player.client.stop()
    check(inside not in player.node.run("ip", "route"), "no route is left behind")


@party_test()
def test_a_killed_clients_route_is_gone_after_the_next_run(party):
    """What kill -9 leaves behind is found by its mark and removed."""
    inside = "10.73.42.200"
    party.relay.ip(f"addr add {inside}/32 dev eth0")
    party.inet.ip(f"route add {inside}/32 via {RELAY}")
    party.open()
    player = party.players[0].connect(relay=inside)
    player.dhcp()
    player.client.kill()
    player.connect(relay=inside)
    player.client.stop()
    check(inside not in player.node.run("ip", "route"), "no route is left behind")


@party_test()
def test_a_party_in_the_players_own_home_subnet_is_warned_about(party):
    """W-033"""
    player = party.open().players[0]
    player.connect()
    player.node.ip("addr add 10.73.42.200/24 dev eth0")
    player.take_address("10.73.42.61")
    player.client.says("(?i)same subnet", 20)
    health = eventually(lambda: [row for row in player.status()["health"]
                                 if row["code"] == "subnet_overlap"], "status says so", 10)
    check(health[0]["remedy"], "and what to do", health)
    player.node.ip("addr del 10.73.42.200/24 dev eth0")


@party_test()
def test_broadcasts_to_everyone_go_into_the_party_without_a_word_to_the_game(party):
    """W-036: a game that sends to 255.255.255.255 cannot choose its adapter."""
    player = party.open().players[0].connect()
    player.dhcp()
    route = player.node.run("ip", "route", "get", "255.255.255.255")
    check(f"dev {player.tap}" in route, "they leave by the TAP", route)
    player.client.stop()
    left = player.node.run("ip", "route", "get", "255.255.255.255")
    check("dev eth0" in left, "and by the player's own adapter when the party is over", left)
    reaches(player.node, RELAY)
