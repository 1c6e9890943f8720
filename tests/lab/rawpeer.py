"""Drives tests/lab/rawpeer: peers and relays that break the rules, one by one."""

import json
import re
import struct
import subprocess

from netns import check, eventually
from party import RELAY, ROOM, tool

FRAME, KEEPALIVE = 0x10, 0x12   # version 1 and the type


def framed(message):
    """A control message as it stands on the stream."""
    text = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack("!I", len(text)) + text


def datagram(room, source, frame=b"", destination=0, kind=FRAME, flags=0, length=None):
    return struct.pack("!BBHIII", kind, flags, len(frame) if length is None else length,
                       room, source, destination) + frame


class RawPeer:
    """Connections of one hostile program on `node`."""

    def __init__(self, node, *words):
        name = f"rawpeer-{node.name}-{next(node.lab.numbers)}"
        self.program = node.start(name, tool("rawpeer"), *words, stdin=subprocess.PIPE)
        self.peer_ids, self.room_id = {}, 0

    @classmethod
    def dial(cls, node, party, count=1, lane=0):
        """Connects `count` times and waits until all are."""
        peer = cls(node, "dial", f"{RELAY}:443", party.fingerprint(), count, lane)
        eventually(lambda: peer.count("connected") == count,
                   f"{count} connections are made", 60)
        return peer

    def tell(self, verb, who, octets=b"", times=1):
        line = f"{verb} {who} {octets.hex() or '-'} {times}\n"
        self.program.process.stdin.write(line.encode())
        self.program.process.stdin.flush()

    def hang_up(self):
        """Gone without a word."""
        self.program.kill()

    # --- events ----------------------------------------------------------------------

    def events(self, kind, who=0):
        return re.findall(rf"^{kind} {who} ?(.*)$", self.program.log(), re.MULTILINE)

    def count(self, kind):
        return len(re.findall(rf"^{kind} ", self.program.log(), re.MULTILINE))

    def messages(self, who=0):
        stream = bytes.fromhex("".join(self.events("stream", who)))
        found = []
        while len(stream) >= 4:
            length = struct.unpack("!I", stream[:4])[0]
            found.append(json.loads(stream[4:4 + length]))
            stream = stream[4 + length:]
        return found

    def message(self, *types, who=0, seconds=15.0):
        """The first message of one of these types."""
        return eventually(
            lambda: next((m for m in self.messages(who) if m["type"] in types), None),
            f"a message {' or '.join(types)} for connection {who}", seconds)

    def frames(self, who=0):
        """Ethernet frames that arrived."""
        return [bytes.fromhex(text)[16:] for text in self.events("datagram", who)]

    def ended(self, who=0, seconds=15.0):
        return eventually(lambda: self.events("ended", who),
                          f"connection {who} is closed", seconds)[0]

    def is_open(self, who=0):
        return not self.events("ended", who)

    # --- a member of a room, for a while --------------------------------------------------

    def hello(self, who=0, mac=None, room=ROOM, budget=1366, **more):
        hello = {"type": "hello", "version": 1, "role": "client" if mac else "gateway",
                 "room": room, "datagram_budget": budget, **more}
        if mac:
            hello["mac"] = mac
        self.tell("control", who, framed(hello))

    def join(self, mac, who=0, room=ROOM, **more):
        self.hello(who, mac, room, **more)
        answer = self.message("welcome", "reject", who=who)
        check(answer["type"] == "welcome", f"connection {who} is welcome", answer)
        self.peer_ids[who], self.room_id = answer["peer_id"], answer["room_id"]
        return self

    def send(self, frame, who=0, times=1, **more):
        self.tell("datagram", who,
                  datagram(self.room_id, self.peer_ids.get(who, 0), frame, **more), times)
