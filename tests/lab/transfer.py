#!/usr/bin/env python3
"""Sends octets over TCP and says what arrived: did every one, and as it was?

    transfer.py receive PORT            prints "LENGTH SHA256" of one connection
    transfer.py send ADDRESS PORT LENGTH    prints the same of what it sent
"""

import hashlib
import random
import socket
import sys


def receive(port):
    with socket.create_server(("0.0.0.0", port)) as server:
        print("listening", flush=True)
        connection, _ = server.accept()
    digest, length = hashlib.sha256(), 0
    with connection:
        while octets := connection.recv(1 << 16):
            digest.update(octets)
            length += len(octets)
        print(length, digest.hexdigest(), flush=True)


def send(address, port, length):
    octets = random.Random(port).randbytes(length)
    with socket.create_connection((address, port), timeout=20) as connection:
        connection.settimeout(60)
        connection.sendall(octets)
    print(length, hashlib.sha256(octets).hexdigest())


if sys.argv[1] == "receive":
    receive(int(sys.argv[2]))
else:
    send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
