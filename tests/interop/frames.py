"""Ethernet frames of sections 6.1 and 6.2 of docs/protocol.md, and who must get them."""
import struct

EVERYONE = b"\xff" * 6
STATION = bytes.fromhex("001b21010203")     # on the gateway's LAN
MAC1, MAC2, MAC3 = ("02:5e:10:00:00:0%d" % n for n in (1, 2, 3))
PLAYER1, PLAYER2 = (bytes.fromhex(m.replace(":", "")) for m in (MAC1, MAC2))


def eth(to, source, ethertype, payload=b"x" * 46):
    return to + source + struct.pack(">H", ethertype) + payload

def ip4(protocol, payload, total=None):
    return struct.pack(">BBHIBBH", 0x45, 0, total or 20 + len(payload), 1 << 16, 64, protocol, 0) + b"\x0a\0\0\2\x0a\0\0\1" + payload

def ip6(following, payload):
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 255) + b"\xfe\x80" + bytes(13) + b"\2\xff\2" + bytes(13) + b"\1" + payload

def udp(source, to):
    return struct.pack(">HHHH", source, to, 28, 0) + bytes(20)

def icmp6(kind):
    return bytes([kind]) + bytes(23)

def llc(payload):
    return struct.pack(">H", len(payload)) + payload


def ip_udp(source, to, total=None):
    return ip4(17, udp(source, to), total)

def nd(kind):                   # ICMPv6 of that type to all nodes
    return ip6(58, icmp6(kind))

PLAIN = ip_udp(7777, 7777)
NODES = b"\x33\x33\0\0\0\1"
UNKNOWN = STATION[:5] + b"\x99"
SNAP = b"\xaa\xaa\3\0\0"
FRAMES = (                      # what, from, to (a and b are players, g is the gateway), frame
    ("broadcast", "a", "bg", eth(EVERYONE, PLAYER1, 0x806)),
    ("broadcast", "g", "ab", eth(EVERYONE, STATION, 0x806)),
    ("unicast", "a", "b", eth(PLAYER2, PLAYER1, 0x800, PLAIN)),
    ("to the LAN", "a", "g", eth(STATION, PLAYER1, 0x800, PLAIN)),
    ("from the LAN", "g", "a", eth(PLAYER1, STATION, 0x800, PLAIN)),
    ("unknown", "a", "g", eth(UNKNOWN, PLAYER1, 0x806)),
    ("unknown", "g", "", eth(UNKNOWN, STATION, 0x806)),
    ("to itself", "a", "", eth(PLAYER1, PLAYER1, 0x806)),
    ("another's source", "a", "", eth(STATION, PLAYER2, 0x806)),
    ("multicast source", "a", "", eth(PLAYER2, b"\x03" + PLAYER1[1:], 0x806)),
    ("zero source", "a", "", eth(PLAYER2, bytes(6), 0x806)),
    ("a client's source", "g", "", eth(PLAYER2, PLAYER1, 0x806)),
    ("14 octets", "a", "b", eth(PLAYER2, PLAYER1, 0x1234, b"")),
    ("13 octets", "a", "", eth(PLAYER2, PLAYER1, 0x1234, b"")[:13]),
    ("full", "a", "b", eth(PLAYER2, PLAYER1, 0x1234, bytes(1280))),
    ("over the MTU", "a", "", eth(PLAYER2, PLAYER1, 0x1234, bytes(1281))),
    ("over the MTU", "g", "", eth(PLAYER1, STATION, 0x1234, bytes(1281))),
    ("DHCP server", "a", "", eth(EVERYONE, PLAYER1, 0x800, ip_udp(67, 68))),
    ("DHCP server", "g", "ab", eth(EVERYONE, STATION, 0x800, ip_udp(67, 68))),
    ("DHCP request", "a", "bg", eth(EVERYONE, PLAYER1, 0x800, ip_udp(68, 67))),
    ("DHCP server behind SNAP", "a", "", EVERYONE + PLAYER1 + llc(SNAP + b"\0\x08\0" + ip_udp(67, 68))),
    ("DHCPv6 server", "a", "", eth(NODES, PLAYER1, 0x86dd, ip6(17, udp(547, 546)))),
    ("DHCPv6 request", "a", "bg", eth(NODES, PLAYER1, 0x86dd, ip6(17, udp(546, 547)))),
    ("RA", "a", "", eth(NODES, PLAYER1, 0x86dd, nd(134))),
    ("RA", "g", "ab", eth(NODES, STATION, 0x86dd, nd(134))),
    ("RA behind options", "a", "", eth(NODES, PLAYER1, 0x86dd, ip6(0, b"\x3a\0\5\2\0\0\1\0" + icmp6(134)))),
    ("redirect", "a", "", eth(NODES, PLAYER1, 0x86dd, nd(137))),
    ("router solicitation", "a", "bg", eth(NODES, PLAYER1, 0x86dd, nd(133))),
    ("neighbour solicitation", "a", "bg", eth(NODES, PLAYER1, 0x86dd, nd(135))),
    ("IPv6 fragment", "a", "", eth(NODES, PLAYER1, 0x86dd, ip6(44, b"\x11\0\0\1\0\0\0\1" + bytes(16)))),
    ("VLAN", "a", "", eth(PLAYER2, PLAYER1, 0x8100, b"\0\1\x08\0" + PLAIN)),
    ("VLAN", "g", "a", eth(PLAYER1, STATION, 0x8100, b"\0\1\x08\0" + PLAIN)),
    ("EAPOL", "g", "", eth(PLAYER1, STATION, 0x888e)),
    ("EAPOL behind a tag", "g", "", eth(PLAYER1, STATION, 0x8100, b"\0\1\x88\x8e" + bytes(46))),
    ("LLDP", "g", "", eth(PLAYER1, STATION, 0x88cc)),
    ("LACP", "g", "", eth(PLAYER1, STATION, 0x8809)),
    ("PAUSE", "a", "", eth(PLAYER2, PLAYER1, 0x8808)),
    ("link-local", "a", "", eth(b"\x01\x80\xc2\0\0\x0f", PLAYER1, 0x800, PLAIN)),
    ("Cisco's group", "g", "", eth(b"\x01\0\x0c\xcc\xcc\xcc", STATION, 0x800, PLAIN)),
    ("BPDU", "g", "", b"\x01\x80\xc2\0\0\0" + STATION + llc(b"\x42\x42\3" + bytes(35))),
    ("BPDU", "a", "", PLAYER2 + PLAYER1 + llc(b"\x42\x42\3" + bytes(35))),
    ("PVST+", "g", "", PLAYER1 + STATION + llc(SNAP + b"\x0c\x01\x0b" + bytes(38))),
    ("CDP", "a", "", PLAYER2 + PLAYER1 + llc(SNAP + b"\x0c\x20\0" + bytes(38))),
    ("IPX", "a", "bg", EVERYONE + PLAYER1 + llc(b"\xff\xff" + bytes(44))),
    ("IP too long for its frame", "a", "", eth(PLAYER2, PLAYER1, 0x800, ip_udp(1, 2, 500))),
    ("IP, padded", "a", "b", eth(PLAYER2, PLAYER1, 0x800, PLAIN + bytes(9))),
    ("802.3 too long for its frame", "a", "", eth(EVERYONE, PLAYER1, 500)),
    ("neither type nor length", "a", "", eth(EVERYONE, PLAYER1, 0x5ff)),
)
