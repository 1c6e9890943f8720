#!/usr/bin/env python3
"""Sends octets over TCP or UDP and says what arrived: did every one, and as it was?

    transfer.py receive PORT                    prints "LENGTH SHA256" of one connection
    transfer.py send ADDRESS PORT LENGTH        prints the same of what it sent
    transfer.py receive-udp PORT LENGTH PAYLOAD the same of datagrams; what is lost, as on
    transfer.py send-udp ADDRESS PORT LENGTH PAYLOAD    any wire, is asked for again
"""

import hashlib
import random
import socket
import struct
import sys

POLL = 0xffffffff        # instead of a datagram's number: what is missing?
SOL_UDP, UDP_SEGMENT = 17, 103
BURST = 40               # datagrams in one system call, if the kernel cuts them


def say(octets):
    print(len(octets), hashlib.sha256(octets).hexdigest(), flush=True)


def receive(port):
    with socket.create_server(("0.0.0.0", port)) as server:
        print("listening", flush=True)
        connection, _ = server.accept()
    octets = bytearray()
    with connection:
        while piece := connection.recv(1 << 16):
            octets += piece
        say(octets)


def send(address, port, length):
    octets = random.Random(port).randbytes(length)
    with socket.create_connection((address, port), timeout=20) as connection:
        connection.settimeout(60)
        connection.sendall(octets)
    say(octets)


def receive_udp(port, length, payload):
    pieces = {}
    count = -(-length // (payload - 4))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        server.bind(("0.0.0.0", port))
        print("listening", flush=True)
        while True:
            datagram, sender = server.recvfrom(1 << 16)
            number, = struct.unpack_from("!I", datagram)
            if number != POLL:
                pieces.setdefault(number, datagram[4:])
                continue
            missing = [i for i in range(count) if i not in pieces][:100]
            server.sendto(struct.pack(f"!{len(missing)}I", *missing), sender)
            if not missing and len(pieces) == count:
                say(b"".join(pieces[i] for i in range(count)))
                return


def missing_at(client):
    """What the receiver has not got; None while nobody answers."""
    client.send(struct.pack("!I", POLL))
    try:
        answer = client.recv(1 << 16)
    except TimeoutError:
        return None
    return list(struct.unpack(f"!{len(answer) // 4}I", answer))


def send_burst(client, datagrams, payload):
    """The last may be shorter: one system call, a super-frame for the adapter."""
    ancillary = [(SOL_UDP, UDP_SEGMENT, struct.pack("H", payload))]
    client.sendmsg([b"".join(datagrams)], ancillary if len(datagrams) > 1 else [])


def send_udp(address, port, length, payload):
    octets = random.Random(port).randbytes(length)
    size = payload - 4
    datagrams = [struct.pack("!I", i) + octets[i * size:(i + 1) * size]
                 for i in range(-(-length // size))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((address, port))
        client.settimeout(0.5)
        for at in range(0, len(datagrams), BURST):
            send_burst(client, datagrams[at:at + BURST], payload)
            missing = missing_at(client)    # so much on the way, and no more
        while missing != []:
            for number in missing or ():
                client.send(datagrams[number])
            missing = missing_at(client)
    say(octets)


WORDS = {"receive": receive, "send": send, "receive-udp": receive_udp, "send-udp": send_udp}
WORDS[sys.argv[1]](*(int(word) if word.isdigit() else word for word in sys.argv[2:]))
