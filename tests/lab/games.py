#!/usr/bin/env python3
"""How LAN games find each other, without the games.

    games.py host PORT[,PORT...] [--group G] [--reply-from-another-port] [--interface IF]
        answers every probe with "here", until it is ended

    games.py find ADDRESS PORT[,PORT...] [--interface IF] [--times N] [--seconds S]
        sends N probes to each port of ADDRESS (broadcast, multicast or a host) from one
        socket; prints each answer's "address port"; exit 1 if there was none
"""

import argparse
import ipaddress
import select
import socket
import struct
import sys
import time


def is_ipv6(address):
    return ":" in address


def udp(address, interface):
    version6 = is_ipv6(address)
    sock = socket.socket(socket.AF_INET6 if version6 else socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    if interface and ipaddress.ip_address(address).is_multicast:
        index = socket.if_nametoindex(interface)
        if version6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        else:
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                            struct.pack("@4s4si", bytes(4), bytes(4), index))
    return sock


def join(sock, group, interface):
    packed = ipaddress.ip_address(group).packed
    index = socket.if_nametoindex(interface)
    if is_ipv6(group):
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                        packed + struct.pack("@I", index))
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        packed + struct.pack("@4si", bytes(4), index))


def host(asked):
    anywhere = "::" if asked.group and is_ipv6(asked.group) else "0.0.0.0"
    socks = []
    for port in asked.ports:
        sock = udp(anywhere, None)
        sock.bind((anywhere, port))
        if asked.group:
            join(sock, asked.group, asked.interface)
        socks.append(sock)
    other = udp(anywhere, None)
    print("hosting", flush=True)
    while True:
        for sock in select.select(socks, [], [])[0]:
            probe, sender = sock.recvfrom(2048)
            answer = other if asked.reply_from_another_port else sock
            answer.sendto(b"here " + probe, sender)


def find(asked):
    sock = udp(asked.address, asked.interface)
    scope = (0, socket.if_nametoindex(asked.interface)) if is_ipv6(asked.address) else ()
    for number in range(asked.times):
        for port in asked.ports:
            sock.sendto(b"anyone? %d" % number, (asked.address, port, *scope))
    end, answers = time.monotonic() + asked.seconds, 0
    while select.select([sock], [], [], max(0, end - time.monotonic()))[0]:
        _, sender = sock.recvfrom(2048)
        answers += 1
        print(sender[0], sender[1], flush=True)
        if answers == asked.times * len(asked.ports):
            break
    return 0 if answers else 1


def ports(text):
    return [int(port) for port in text.split(",")]


def main():
    words = argparse.ArgumentParser()
    does = words.add_subparsers(required=True)
    hosting = does.add_parser("host")
    hosting.set_defaults(run=host)
    hosting.add_argument("ports", type=ports)
    hosting.add_argument("--group")
    hosting.add_argument("--interface", default="eth0")
    hosting.add_argument("--reply-from-another-port", action="store_true")
    finding = does.add_parser("find")
    finding.set_defaults(run=find)
    finding.add_argument("address")
    finding.add_argument("ports", type=ports)
    finding.add_argument("--interface")
    finding.add_argument("--times", type=int, default=1)
    finding.add_argument("--seconds", type=float, default=3.0)
    asked = words.parse_args()
    return asked.run(asked)


if __name__ == "__main__":
    sys.exit(main())
