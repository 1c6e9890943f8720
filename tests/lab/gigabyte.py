#!/usr/bin/env python3
"""A gigabyte of random octets, compared at the end: over TCP and UDP, IPv4 and IPv6, both
ways between a player and a host of the LAN, at every MTU from 576 to 1500, with the
kernels' offloads on and off at either end; then in rooms of many sizes.

    gigabyte.py [--build DIR] [--megabytes 1024] [--from 576] [--to 1500] [--step 1]

As root; `make gigabyte` and `./dev gigabyte` build first.

Some minutes. Ends with exit code 0 only if every octet arrived as it was sent.
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
ROOM_MTUS = (576, 577, 704, 999, 1000, 1134, 1279, 1280, 1281, 1385)
# Each MTU has two ways there and back by TCP and UDP; those with IPv6 twice as many.
LEAST_WAYS, WAYS_WITH_V6 = 4, 8


def transfers_of(mtus):
    from octets import IPV6_MTU, MODES
    with_v6 = sum(mtu >= IPV6_MTU for mtu in mtus)
    return len(MODES) * (LEAST_WAYS * (len(mtus) - with_v6) + WAYS_WITH_V6 * with_v6)


def run_course(prefix, room_mtu, mtus, each, found):
    from octets import MODES, Course
    from party import Party
    party = Party(prefix)
    try:
        course = Course(party, room_mtu, seed=room_mtu)
        for players, lans in MODES:
            course.set_offloads(players, lans)
            for mtu in mtus:
                course.set_mtu(mtu)
                course.carry(each)
            print(f"room of {course.room_mtu}, MTUs {mtus[0]} to {mtus[-1]}, offloads: player "
                  f"{players}, LAN {lans}: {course.octets / 1e6:.0f} MB so far", flush=True)
        course.finish()
        party.end()
        for problem in party.lab.problems():
            raise SystemExit(problem)
        found["octets"] += course.octets
        found["transfers"] += course.transfers
    finally:
        party.lab.close(keep_logs_in=os.path.join(os.environ["LAB_BUILD"], "lab-logs/gigabyte"))


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    words.add_argument("--build", default=os.path.join(HERE, "../../build-release"))
    words.add_argument("--megabytes", type=int, default=1024)
    words.add_argument("--from", dest="first", type=int, default=576, metavar="MTU")
    words.add_argument("--to", dest="last", type=int, default=1500, metavar="MTU")
    words.add_argument("--step", type=int, default=1, help="from one MTU to the next")
    words.add_argument("--no-rooms", dest="rooms", action="store_false",
                       help="without the rooms of many sizes")
    asked = words.parse_args()
    os.environ["LAB_BUILD"] = os.path.abspath(asked.build)
    from netns import Failed
    from octets import WIRE_MTU

    mtus = range(asked.first, asked.last + 1, asked.step)
    room_mtus = ROOM_MTUS if asked.rooms else ()
    total = transfers_of(mtus) + sum(transfers_of((room_mtu,)) for room_mtu in room_mtus)
    each = asked.megabytes * 1_000_000 // total + 1
    found = {"octets": 0, "transfers": 0}
    started = time.monotonic()
    try:
        run_course(f"sl{os.getpid()}a", 9000, mtus, each, found)
        for number, room_mtu in enumerate(room_mtus):
            run_course(f"sl{os.getpid()}{chr(98 + number)}", room_mtu, (WIRE_MTU,), each, found)
    except Failed as failure:
        print(f"FAILED: {failure}")
        return 1
    print(f"{found['octets'] / 1e6:.0f} MB in {found['transfers']} transfers of {each} octets, "
          f"{len(mtus)} MTUs, {len(room_mtus) + 1} rooms, in {time.monotonic() - started:.0f} s: "
          "every octet as it was sent, no wrong checksum")
    return 0


if __name__ == "__main__":
    sys.exit(main())
