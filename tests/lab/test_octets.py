"""Super-frames cut and glued, checksums left to others: every octet arrives as it was sent.
The gigabyte over every MTU is tests/lab/gigabyte.py."""

from octets import MODES, Course
from party import party_test

EACH = 100_000          # octets of one transfer


def run_course(party, room_mtu, mtus, octets=EACH):
    course = Course(party, room_mtu)
    for mode in MODES:
        course.set_offloads(*mode)
        for mtu in mtus:
            course.set_mtu(mtu)
            course.carry(octets)
    course.finish()


@party_test()
def test_random_octets_arrive_as_they_were_sent_at_small_mtus(party):
    run_course(party, 9000, (576, 577, 700, 999, 1000, 1279))


@party_test()
def test_random_octets_arrive_as_they_were_sent_at_large_mtus(party):
    run_course(party, 9000, (1280, 1281, 1386, 1387, 1460, 1500))


@party_test()
def test_random_octets_arrive_as_they_were_sent_in_a_room_of_576(party):
    run_course(party, 576, (577, 1500))


@party_test()
def test_random_octets_arrive_as_they_were_sent_in_a_room_of_1001(party):
    run_course(party, 1001, (1001, 1500))
