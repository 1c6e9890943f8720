#!/usr/bin/env python3
"""The cable of a fake adapter (faketap.c): joins its UDP socket to a TAP device.

    cable.py TAP MAC [N]     of adapter N, the first is 0; in the namespace that Wine runs
                             in; the TAP may then be moved
"""

import fcntl
import os
import re
import select
import socket
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TUNSETIFF, SIOCSIFHWADDR = 0x400454ca, 0x8924
IFF_TAP, IFF_NO_PI, ARPHRD_ETHER = 2, 0x1000, 1


def port(name):
    with open(f"{HERE}/faketap.h") as header:
        return int(re.search(rf"{name} +(\d+)", header.read()).group(1))


def main(name, mac, number=0):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    cable = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(cable, SIOCSIFHWADDR, struct.pack(
        "16sH6s16x", name.encode(), ARPHRD_ETHER, bytes.fromhex(mac.replace(":", ""))))
    cable.bind(("127.0.0.1", port("CABLE_PORT") + 2 * int(number)))
    driver = ("127.0.0.1", port("FAKETAP_PORT") + 2 * int(number))
    print("ready", flush=True)
    while True:
        for ready in select.select([tap, cable], [], [])[0]:
            if ready == tap:
                cable.sendto(os.read(tap, 2048), driver)
            else:
                try:
                    os.write(tap, cable.recv(2048))
                except OSError:
                    pass    # the TAP is down: as on a cable that leads nowhere


if __name__ == "__main__":
    main(*sys.argv[1:])
