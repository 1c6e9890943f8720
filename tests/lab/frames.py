"""Ethernet frames made by hand: what games send, and what attackers do."""

import ipaddress
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
ALL_ROUTERS = "33:33:00:00:00:02"
ALL_NODES = "33:33:00:00:00:01"


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(destination, source, kind, payload):
    frame = mac(destination) + mac(source) + struct.pack("!H", kind) + payload
    return frame.ljust(60, b"\0")


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(source, destination, protocol, payload, ttl=64, may_fragment=True):
    def header(check):
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1,
                           0 if may_fragment else 0x4000, ttl, protocol,
                           check, ipaddress.ip_address(source).packed,
                           ipaddress.ip_address(destination).packed)
    return header(checksum(header(0))) + payload


def udp4(source, destination, source_port, port, payload):
    def datagram(check):
        return struct.pack("!HHHH", source_port, port, 8 + len(payload), check) + payload
    pseudo = (ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed +
              struct.pack("!BBH", 0, 17, 8 + len(payload)))
    whole = datagram(checksum(pseudo + datagram(0)))
    return ipv4(source, destination, 17, whole)


def ipv6(source, destination, next_header, payload, hops=255):
    return (struct.pack("!IHBB", 6 << 28, len(payload), next_header, hops) +
            ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed +
            payload)


def icmp6(source, destination, body):
    pseudo = (ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed +
              struct.pack("!II", len(body), 58))
    return body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]


def arp_request(source_mac, source, target):
    return ethernet(BROADCAST, source_mac, 0x0806, struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac(source_mac),
        ipaddress.ip_address(source).packed, bytes(6), ipaddress.ip_address(target).packed))


# --- what no player may send -------------------------------------------------------------

def dhcp_offer(source_mac, server="10.73.42.66"):
    bootp = (struct.pack("!BBBBIHH", 2, 1, 6, 0, 0x1234, 0, 0x8000) + bytes(4) +
             ipaddress.ip_address("10.73.42.77").packed + bytes(8) + bytes(16) + bytes(192) +
             b"\x63\x82\x53\x63" + b"\x35\x01\x02\xff")
    return ethernet(BROADCAST, source_mac, 0x0800,
                    udp4(server, "255.255.255.255", 67, 68, bootp))


def dhcp6_advertise(source_mac):
    datagram = struct.pack("!HHHH", 547, 546, 12, 0) + b"\x02abc"
    return ethernet(ALL_NODES, source_mac, 0x86dd,
                    ipv6("fe80::66", "ff02::1", 17, datagram))


def router_advertisement(source_mac, hidden_behind_options=False):
    body = icmp6("fe80::66", "ff02::1", struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0))
    packet = ipv6("fe80::66", "ff02::1", 58, body)
    if hidden_behind_options:
        packet = ipv6("fe80::66", "ff02::1", 60, struct.pack("!BB6x", 58, 0) + body)
    return ethernet(ALL_NODES, source_mac, 0x86dd, packet)


def redirect(source_mac):
    body = icmp6("fe80::66", "ff02::1", struct.pack("!BBHI", 137, 0, 0, 0) + bytes(32))
    return ethernet(ALL_NODES, source_mac, 0x86dd, ipv6("fe80::66", "ff02::1", 58, body))


def ipv6_fragment(source_mac):
    return ethernet(ALL_NODES, source_mac, 0x86dd, ipv6(
        "fe80::66", "ff02::1", 44, struct.pack("!BBHI", 58, 0, 1, 7) + bytes(64)))


def bpdu(source_mac):
    return (mac("01:80:c2:00:00:00") + mac(source_mac) + struct.pack("!H", 38) +
            b"\x42\x42\x03" + bytes(35)).ljust(60, b"\0")


def pvst(source_mac):
    return (mac("01:00:0c:cc:cc:cd") + mac(source_mac) + struct.pack("!H", 50) +
            b"\xaa\xaa\x03\x00\x00\x0c\x01\x0b" + bytes(42)).ljust(64, b"\0")


def cdp(source_mac):
    return (mac("01:00:0c:cc:cc:cc") + mac(source_mac) + struct.pack("!H", 50) +
            b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + bytes(42)).ljust(64, b"\0")


def lldp(source_mac):
    return ethernet("01:80:c2:00:00:0e", source_mac, 0x88cc, bytes(46))


def lacp(source_mac):
    return ethernet("01:80:c2:00:00:02", source_mac, 0x8809, bytes(46))


def eapol(source_mac):
    return ethernet("01:80:c2:00:00:03", source_mac, 0x888e, bytes(46))


def tagged(source_mac):
    return ethernet(BROADCAST, source_mac, 0x8100, struct.pack("!HH", 7, 0x88b5) + bytes(42))


def experimental(destination, source_mac, text=b"", kind=0x88b6):
    """A harmless frame that nobody answers, to be found again by its EtherType."""
    return ethernet(destination, source_mac, kind, text)


# What the relay, the gateway and the client must filter: counter name, frame maker.
FORBIDDEN = {
    "dhcp_server": dhcp_offer,
    "dhcpv6_server": dhcp6_advertise,
    "ipv6_ra": router_advertisement,
    "ipv6_redirect": redirect,
    "ipv6_fragment": ipv6_fragment,
    "bpdu": bpdu,
    "cisco_control": cdp,
    "lldp": lldp,
    "slow_protocols": lacp,
    "eapol": eapol,
    "vlan": tagged,
}
