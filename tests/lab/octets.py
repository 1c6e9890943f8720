"""Random octets through the whole path, player to LAN host and back, over TCP and UDP, IPv4
and IPv6; what arrives must be what was sent, and no kernel may have seen a wrong checksum
(it would drop the packet, and the sender's patience would hide the fault).

Both ends' sockets belong to this process, so that what was sent is known exactly.
"""

import errno
import random
import socket
import struct
import threading

from netns import Failed, check
from party import HOST, HOST_V6

PLAYER, PLAYER_V6 = "10.73.42.61", "fd73:42::61"
WIRE_MTU, IPV6_MTU = 1500, 1280
SOL_UDP, UDP_SEGMENT = 17, 103
IP_MTU_DISCOVER, IP_PMTUDISC_DONT, SO_NO_CHECK = 10, 0, 11
LARGEST = 4000          # datagram that IP has to fragment
TRAIN = 16              # datagrams in one system call, for the kernel or the adapter to cut
PATIENCE = 20.0

FEATURES = ("tx", "sg", "tso", "gso", "gro")
# A player's adapter, and the LAN with the gateway's interface.
MODES = (("on", "on"), ("off", "off"), ("on", "off"), ("off", "on"))


def is_v6(address):
    return ":" in address


def family_of(address):
    return socket.AF_INET6 if is_v6(address) else socket.AF_INET


# --- TCP --------------------------------------------------------------------------------

def write_unevenly(client, octets, dice):
    """A third in pieces of any size, each pushed; the rest as fast as it goes."""
    at = 0
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while at < len(octets) // 3:
        end = at + dice.choice((1, dice.randrange(1, 700), dice.randrange(1, 9000)))
        client.sendall(octets[at:end])
        at = end
    client.sendall(octets[at:])
    client.shutdown(socket.SHUT_WR)


def carry_tcp(sender, receiver, address, octets, dice):
    with receiver.inside():
        server = socket.create_server((address, 0), family=family_of(address))
    with sender.inside():
        client = socket.socket(family_of(address), socket.SOCK_STREAM)
    with server, client:
        server.settimeout(PATIENCE)
        client.settimeout(PATIENCE)
        client.connect(server.getsockname()[:2])
        connection, _ = server.accept()
        connection.settimeout(PATIENCE)
        writer = threading.Thread(target=write_unevenly, args=(client, octets, dice))
        writer.start()
        got = bytearray()
        with connection:
            while piece := connection.recv(1 << 18):
                got += piece
        writer.join()
    check(got == octets, f"TCP to {address}: {len(octets)} octets arrive as they were sent")


# --- UDP --------------------------------------------------------------------------------

def cut_up(octets, room, most, dice):
    """Datagrams with their number in front: trains of full ones, odd ones, and some of up to
    `most`, which IP must fragment where that is more than there is room for. A train is a
    list of equally long ones, the last perhaps shorter."""
    trains, at, number = [], 0, 0
    while at < len(octets):
        kind = dice.randrange(8)
        size = (room if kind < 4 else dice.randrange(8, room) if kind < 7 else
                dice.randrange(room, most + 1)) - 4
        count = 1 if kind == 7 else dice.randrange(1, TRAIN)
        pieces = [octets[at + i * size:at + (i + 1) * size] for i in range(count)]
        pieces = [piece for piece in pieces if piece]
        at += sum(map(len, pieces))
        trains.append([struct.pack("!I", number + i) + piece
                       for i, piece in enumerate(pieces)])
        number += len(pieces)
    return trains


def send_one(client, datagram):
    """Again where the kernel tells of an earlier one that was too long for the path: once
    for each of a train, and their answers may come one by one."""
    for _ in range(2 * TRAIN):
        try:
            return client.send(datagram)
        except OSError as told:
            check(told.errno == errno.EMSGSIZE, "a datagram can be sent", told)
    raise Failed(f"a datagram of {len(datagram)} octets is too long for the path")


def send_train(client, train):
    if len(train) > 1:
        segment = [(SOL_UDP, UDP_SEGMENT, struct.pack("H", len(train[0])))]
        try:
            client.sendmsg([b"".join(train)], segment)
            return
        except OSError:
            pass    # the path carries less than the interface, as it has learned
    for datagram in train:
        send_one(client, datagram)


class Arrivals:
    """What came out of a UDP socket, and whether it came in order."""

    def __init__(self, server, sent, unfragmented):
        self.server, self.sent, self.unfragmented = server, sent, unfragmented
        self.missing = set(range(len(sent)))
        self.last, self.again = -1, set()

    def take(self):
        """One datagram; False when there is none."""
        try:
            datagram = self.server.recv(1 << 16)
        except (BlockingIOError, TimeoutError):
            return False
        number, = struct.unpack_from("!I", datagram)
        check(number < len(self.sent) and datagram == self.sent[number],
              f"datagram {number} is as it was sent")
        # Fragments are another flow, and what is sent again comes late.
        if len(datagram) <= self.unfragmented and number not in self.again:
            check(number > self.last, f"datagram {number} comes before {self.last}")
            self.last = number
        self.missing.discard(number)
        return True


def open_udp(sender, receiver, address, dice):
    with receiver.inside():
        server = socket.socket(family_of(address), socket.SOCK_DGRAM)
    with sender.inside():
        client = socket.socket(family_of(address), socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    server.bind((address, 0))
    server.settimeout(0.05)
    client.connect(server.getsockname()[:2])
    if not is_v6(address) and dice.randrange(2):
        client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    if not is_v6(address) and dice.randrange(4) == 0:
        client.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # RFC 768: zero, there is none
    return server, client


def carry_udp(sender, receiver, address, octets, mtus, dice, may_fragment):
    """`mtus`: of the sender's interface, and of the whole way."""
    room, unfragmented = (mtu - (48 if is_v6(address) else 28) for mtu in mtus)
    trains = cut_up(octets, room, LARGEST if may_fragment else room, dice)
    server, client = open_udp(sender, receiver, address, dice)
    with server, client:
        sent = [datagram for train in trains for datagram in train]
        arrivals = Arrivals(server, sent, unfragmented)
        first = 0
        for train in trains:
            send_train(client, train)
            behind = range(first, first + len(train))   # so much on the way, and no more
            while not arrivals.missing.isdisjoint(behind) and arrivals.take():
                pass
            first += len(train)
            arrivals.again = arrivals.missing & set(range(first))
        for _ in range(200):
            arrivals.again = set(arrivals.missing)
            for number in sorted(arrivals.missing)[:TRAIN]:
                send_one(client, arrivals.sent[number])
            while arrivals.missing and arrivals.take():
                pass
            if not arrivals.missing:
                return
    raise Failed(f"UDP to {address}: {len(arrivals.missing)} datagrams never arrive")


# --- the party --------------------------------------------------------------------------

def wrong_checksums(node):
    """{name: count} of what this machine's kernel did not believe."""
    rows = [line.split() for line in node.run("cat", "/proc/net/snmp").splitlines()]
    found = {f"{names[0]}{name}": int(value) for names, values in zip(rows[::2], rows[1::2])
             for name, value in zip(names[1:], values[1:])}
    found.update((name, int(value)) for name, value in
                 (line.split() for line in node.run("cat", "/proc/net/snmp6").splitlines()))
    return {name: count for name, count in found.items()
            if count and ("InCsumErrors" in name or "InHdrErrors" in name)}


class Course:
    """A party whose MTUs and offloads change while octets go to and fro."""

    def __init__(self, party, room_mtu, seed=1):
        self.party, self.player = party, party.players[0]
        self.dice = random.Random(seed)
        self.octets, self.transfers = 0, 0
        party.start_relay("--room-mtu", room_mtu)
        party.start_gateway()
        self.player.connect()
        self.room_mtu = self.player.tap_mtu()
        self.set_mtu(WIRE_MTU)

    def set_mtu(self, mtu):
        """Of the LAN host, and of the player as far as the room allows. Below 1280 the kernel
        takes IPv6 away, addresses and all."""
        self.mtu = mtu
        for node, interface, most, v4, v6 in (
                (self.party.host, "eth0", WIRE_MTU, HOST, HOST_V6),
                (self.player.node, self.player.tap, self.room_mtu, PLAYER, PLAYER_V6)):
            lines = [f"link set dev {interface} mtu {min(mtu, most)}",
                     f"addr replace {v4}/24 dev {interface}"]
            if min(mtu, most) >= IPV6_MTU:
                lines.append(f"addr replace {v6}/64 dev {interface} nodad")
            node.ip(*lines)
        self.has_v6 = min(mtu, self.room_mtu) >= IPV6_MTU

    def set_offloads(self, players, lans):
        party = self.party
        for node, interface, state in (
                (self.player.node, self.player.tap, players), (party.host, "eth0", lans),
                (party.lan, "p-host", lans), (party.gw, "eth0", lans),
                (party.lan, "p-gw", lans)):
            party.lab.offloads(node, interface, state)

    def carry(self, octets):
        """So many, each way, by TCP and by UDP, over each version of IP."""
        player, host = self.player.node, self.party.host
        ways = [(player, host, HOST), (host, player, PLAYER)]
        if self.has_v6:
            ways += [(player, host, HOST_V6), (host, player, PLAYER_V6)]
        for sender, receiver, address in ways:
            way = min(self.mtu, self.room_mtu)
            mtus = (self.mtu if sender is host else way), way
            carry_tcp(sender, receiver, address, self.dice.randbytes(octets), self.dice)
            # A player's IPv6 fragments are filtered (docs/protocol.md, ipv6_fragment).
            carry_udp(sender, receiver, address, self.dice.randbytes(octets), mtus, self.dice,
                      may_fragment=sender is host or not is_v6(address))
            self.octets += 2 * octets
            self.transfers += 2

    def finish(self):
        """No kernel and no program of ours found fault with a packet, and super-frames there
        were."""
        for node in (self.player.node, self.party.host):
            found = wrong_checksums(node)
            check(not found, f"{node.name} has seen no wrong checksum", found)
        for who, status in (("player", self.player.status()),
                            ("gateway", self.party.gateway_status())):
            counters = status["counters"]
            bad = {name: counters[name] for name in counters
                   if name in ("drop_malformed", "drop_unrepairable")}
            check(not bad, f"the {who} could use every frame", bad)
            check(counters.get("segmented") and counters.get("glued"),
                  f"the {who} has cut and glued super-frames", counters)
