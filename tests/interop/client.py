#!/usr/bin/env python3
"""Plays gateway and players on a running relay and checks what docs/protocol.md promises.

Written from docs/protocol.md alone, without a look at src/, on aioquic 1.2 (README.md
says where to get it):

    client.py HOST:PORT sha256:FINGERPRINT [--slow] [--vectors DIRECTORY]

Prints what failed and "N passed, N failed". --slow adds the time-outs (40 seconds).
"""
import argparse, asyncio, glob, json, os, secrets, struct, sys
from cryptography.hazmat.primitives.asymmetric import ec
from frames import EVERYONE, FRAMES, MAC1, MAC2, MAC3, PLAYER1, PLAYER2, STATION, eth
from softlan import BUDGET, Bad, Identity, connect, datagram, open_datagram, parse

passed = failed = 0


def check(what, condition, seen=""):
    global passed, failed
    passed, failed = passed + bool(condition), failed + (not condition)
    if not condition:
        print("FAILED:", what, seen, flush=True)


# ---- the scenario -----------------------------------------------------------------

class Scenario:
    def __init__(self, relay, fingerprint):
        self.relay, self.fingerprint, self.tag = relay, fingerprint, secrets.token_hex(6)

    def connect(self, identity, **options):
        return connect(self.relay, self.fingerprint, identity, **options)

    def hello(self, place, mac=MAC1, **odd):
        message = {"type": "hello", "version": 1, "role": "client" if mac else "gateway", "room": "%s-%s" % (place, self.tag),
                   "mac": mac, "datagram_budget": BUDGET, "software": "interop"}
        message.update(odd)
        return message

    async def ask(self, identity, message):     # the peer, and the relay's first answer
        peer = await self.connect(identity)
        peer.say(message)
        await peer.until(lambda: peer.messages or peer.end)
        return peer, (peer.messages or [{"type": None}])[0]

    async def join(self, identity, *place, **odd):
        peer, answer = await self.ask(identity, self.hello(*place, **odd))
        assert answer["type"] == "welcome", answer
        return peer

    async def refused(self, what, message, code, **numbers):
        peer, answer = await self.ask(Identity(), message)
        await peer.ended()
        check(what, answer.get("code") == code and (peer.end or ())[:2] == (True, 1), (answer, peer.end))
        check(what + ", numbers", all(answer.get(name) == n for name, n in numbers.items()), answer)
        peer.close()

    async def breaks(self, what, code, *messages, raw=None):
        peer = await self.join(Identity(), "breaks")
        for message in messages:
            peer.say(message)
        if raw is not None:
            peer.raw(raw)
        await peer.ended(1)
        said = any(m["type"] == "disconnect" for m in peer.messages)
        check(what, (peer.end or (True, None))[:2] == (True, code) and (said or code in (None, 0)), (peer.end, peer.messages))
        peer.close()
        await asyncio.sleep(0.05)

    async def handshake(self):
        peer = await self.connect(None)
        check("no certificate: certificate_required", (await peer.ended() or ())[:2] == (False, 0x100 + 116), peer.end)
        peer = await self.connect(Identity(), alpn="h3")
        check("another ALPN: no_application_protocol", (await peer.ended() or ())[:2] == (False, 0x100 + 120), peer.end)
        peer = await connect(self.relay, "sha256:" + "0" * 64, Identity())
        check("a relay with another key is refused", not peer.up and peer.end, peer.end)

    async def first_messages(self):
        h = self.hello
        await self.refused("version 0", h("first", version=0), "version")
        await self.refused("version missing", h("first", version=None), "version")
        await self.refused("newer, unreadable", h("first", version=9, room="?"), "version")
        await self.refused("bad room", h("first", room="LAN PARTY"), "bad_room")
        await self.refused("long room", h("first", room="R" * 33), "bad_room")
        await self.refused("no MAC", h("first", mac=None, role="client"), "bad_role_or_mac")
        await self.refused("multicast MAC", h("first", mac="03:00:00:00:00:01"), "bad_role_or_mac")
        await self.refused("vendor's MAC", h("first", mac="00:1b:21:00:00:01"), "bad_role_or_mac")
        await self.refused("gateway with MAC", h("first", role="gateway"), "bad_role_or_mac")
        await self.refused("role", h("first", role="router"), "bad_role_or_mac")
        await self.refused("budget a real", h("first", datagram_budget=1314.0), "malformed")
        await self.refused("long software", h("first", software="s" * 65), "malformed")
        await self.refused("not JSON", b"hello", "malformed")
        await self.refused("a name twice", json.dumps(h("first")).encode()[:-1] + b',"x":1,"x":2}', "malformed")
        await self.refused("33 levels", json.dumps(h("first", x=0)).encode()[:-2] + b"[" * 32 + b"]" * 32 + b"}", "malformed")
        await self.refused("stats first", {"type": "stats", "counters": {}}, "malformed")
        await self.refused("budget 609", h("first", datagram_budget=609), "budget_too_small", room_mtu=576, peer_mtu=575)
        deep = json.dumps(h("first", x=0)).encode()[:-2] + b"[" * 31 + b"]" * 31 + b"}"
        for what, message in (("newer", h("first", version=2)), ("unknown fields", h("first", future={"a": [1, 2.5, None]})),
                              ("32 levels", deep), ("budget 610", h("first", datagram_budget=610)), ("16384 octets", h("first"))):
            data = message if isinstance(message, bytes) else json.dumps(message).encode()
            peer, answer = await self.ask(Identity(), data.ljust(16384) if what == "16384 octets" else data)
            check("welcome: " + what, answer["type"] == "welcome" and answer["version"] == 1, answer)
            check("MTU: " + what, answer.get("tap_mtu") == (576 if what == "budget 610" else 1280), answer)
            peer.close()
            await asyncio.sleep(0.05)

    async def later_messages(self):
        await self.breaks("unknown type is skipped, stats taken", None, {"type": "horoscope"},
                          {"type": "stats", "counters": {"frames_rx": 1, "Odd-One": -1.5}})
        await self.breaks("a second hello", 2, self.hello("breaks"))
        await self.breaks("a relay's message", 2, {"type": "peer_left", "peer_id": 1, "reason": ""})
        await self.breaks("not JSON", 2, b"hm")
        await self.breaks("length 0", 2, raw=bytes(4))
        await self.breaks("length 16385", 2, raw=struct.pack(">I", 16385))
        await self.breaks("disconnect without reason", 2, {"type": "disconnect"})
        await self.breaks("stats without counters", 2, {"type": "stats"})
        await self.breaks("100 messages", 2, *[{"type": "stats", "counters": {}}] * 100)
        await self.breaks("disconnect is answered with close 0", 0, {"type": "disconnect", "reason": "goodbye"})

    async def places(self):
        one, two, lan = Identity(), Identity(ec.generate_private_key(ec.SECP256R1())), Identity()
        a = await self.join(one, "places")
        check("no gateway yet", a.welcome["gateway_present"] is False and "gateway_peer_id" not in a.welcome, a.welcome)
        g = await self.join(lan, "places", None)
        check("the gateway is present to itself", g.welcome.get("gateway_peer_id") == g.welcome["peer_id"], g.welcome)
        heard = await a.heard("peer_joined")
        check("a hears of the gateway", (heard.get("peer_id"), heard.get("role")) == (g.welcome["peer_id"], "gateway"), heard)
        b = await self.join(two, "places", MAC2, room="PLACES-" + self.tag.upper())
        check("room codes in either case", b.welcome["room_id"] == a.welcome["room_id"], b.welcome)
        others = {(await b.heard("peer_joined")).get("peer_id") for _ in range(2)}
        check("b hears of both", others == {a.welcome["peer_id"], g.welcome["peer_id"]}, others)
        heard = await a.heard("peer_joined")
        check("a hears of b", (heard.get("peer_id"), heard.get("mac")) == (b.welcome["peer_id"], MAC2), heard)
        await self.refused("duplicate MAC", self.hello("places", MAC1.upper()), "duplicate_mac")
        await self.refused("second gateway", self.hello("places", None), "second_gateway")
        await self.refused("small path", self.hello("places", MAC3, datagram_budget=1168), "budget_too_small", room_mtu=1280, peer_mtu=1134)
        check("latency", (await a.heard("latency", 6)).get("peer_id") == g.welcome["peer_id"])
        again = await self.join(one, "places")
        check("takeover: same peer id", again.welcome["peer_id"] == a.welcome["peer_id"], again.welcome)
        check("takeover: the old one is told", (await a.ended() or ())[:2] == (True, 5) and (await a.heard("disconnect")), a.end)
        check("takeover: others hear it", await b.heard("peer_left") == {"type": "peer_left", "peer_id": a.welcome["peer_id"], "reason": "replaced"})
        check("takeover: and the join", (await b.heard("peer_joined")).get("mac") == MAC1)
        again.say({"type": "disconnect", "reason": "two\nlines " + "\u00e4" * 200})
        reason = (await b.heard("peer_left")).get("reason", "")
        check("reasons are cleaned and cut", reason == "two lines " + "\u00e4" * 123, reason)
        g.close(0, "unplugged")
        check("the gateway leaves", (await b.heard("peer_left")).get("peer_id") == g.welcome["peer_id"])
        b.close()

    async def frames(self):
        peers = {"a": await self.join(Identity(), "frames"), "b": await self.join(Identity(), "frames", MAC2),
                 "g": await self.join(Identity(), "frames", None)}
        await asyncio.sleep(0.2)
        own = {"a": PLAYER1, "b": PLAYER2, "g": STATION}
        serial = iter(range(1 << 16))

        async def arrives(what, sender, to, frame, **odd):
            last = eth(EVERYONE, own[sender], 0x1234, struct.pack(">I", next(serial)) + bytes(42))
            for peer in peers.values():
                peer.frames.clear()
            peers[sender].send(frame, **odd)
            peers[sender].send(last)                    # ordered on loopback: what is behind it is lost
            for name in set(peers) - set(sender):
                await peers[name].until(lambda: any(f[2] == last for f in peers[name].frames))
            got = {n: [f for f in p.frames if f[2] == frame] for n, p in peers.items()}
            seen = "".join(n for n in sorted(got) if got[n])
            right = all(f[0][:2] == [peers[sender].welcome["peer_id"], odd.get("destination", 0)] for f in got.values() if f)
            check("%s: %s -> %s" % (what, sender, to or "nobody"), seen == to and right, seen)

        for what, sender, to, frame in FRAMES:
            await arrives(what, sender, to, frame)
        peer_b = peers["b"].welcome["peer_id"]
        for what, to, odd in (
                ("destination b", "b", {"destination": peer_b}), ("destination everyone", "bg", {"destination": 0xffffffff}),
                ("destination nobody's", "", {"destination": 77777777}), ("version 2", "", {"first": 0x20}),
                ("type control", "", {"first": 0x11}), ("type voice", "", {"first": 0x13}), ("type 4", "", {"first": 0x14}),
                ("keepalive with payload", "", {"first": 0x12}), ("flag", "", {"flags": 1}), ("length", "", {"length": 59}),
                ("another room", "", {"room": 1 << 31}), ("another's peer id", "", {"source": peer_b})):
            await arrives(what, "a", to, eth(EVERYONE, PLAYER1, 0x806), **odd)
        await arrives("named, but elsewhere", "a", "", eth(STATION, PLAYER1, 0x806), destination=peer_b)
        for _ in range(40):
            peers["b"].send_raw(b"short")
        check("32 malformed datagrams: close 3", (await peers["b"].ended() or ())[:2] == (True, 3) and await peers["b"].heard("disconnect"), peers["b"].end)
        small = await self.join(Identity(), "small", datagram_budget=700)
        check("MTU 666 from a budget of 700", small.welcome["tap_mtu"] == 666 and small.welcome.get("datagram_budget", 700) == 700, small.welcome)
        for peer in (peers["a"], peers["g"], small):
            peer.close()

    async def slow(self):
        silent, quiet, live = await self.connect(Identity()), await self.join(Identity(), "quiet"), await self.join(Identity(), "live")
        quiet.datagram_received = lambda data, address: None    # gone without a word
        pings = asyncio.ensure_future(live.keep_alive())
        check("no hello: close 4", (await silent.ended(13) or ())[:2] == (True, 4), silent.end)
        other = await self.join(Identity(), "quiet", MAC2)
        check("the lost are missed", (await other.heard("peer_left", 36)).get("peer_id") == quiet.welcome["peer_id"])
        check("PING keeps a session", not live.end and not pings.done(), live.end)
        other.close(), live.close(), pings.cancel()


def vectors(directory):
    for path in sorted(glob.glob(os.path.join(directory, "*-*.*"))):
        lines = [line.rstrip("\n") for line in open(path, encoding="utf-8", newline="\n") if not line.startswith("#")]
        want = dict(line.split(": ", 1) for line in lines if ": " in line)
        try:
            if path.endswith(".hex"):
                data = bytes.fromhex("".join(line for line in lines if ": " not in line))
                kind, *rest, payload = open_datagram(data)
                ok = want["expect"] == "ok" and {0: "frame", 2: "keepalive"}[kind] == want["type"] and \
                    rest == [int(want[n]) for n in ("room", "source", "destination")] and datagram(rest[0], rest[1], payload, rest[2], 16 + kind) == data
            else:
                data = want["json"].encode()
                message = parse(data)
                written = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
                ok = written == {"same": want["json"], "read": want.get("written"), "skip": "null"}.get(want["expect"]) and len(data) == int(want["length"], 16)
        except Bad as error:
            message = str(error)
            ok = str(error) == want.get("reject", want["expect"])
        check("vector " + os.path.basename(path), ok, message if path.endswith(".msg") else "")


async def main():
    options = argparse.ArgumentParser()
    here = os.path.dirname(os.path.abspath(__file__))
    options.add_argument("relay")
    options.add_argument("fingerprint")
    options.add_argument("--slow", action="store_true")
    options.add_argument("--vectors", default=os.path.join(here, "../vectors"))
    given = options.parse_args()
    vectors(given.vectors)
    scenario = Scenario(given.relay, given.fingerprint)
    parts = [scenario.handshake, scenario.first_messages, scenario.later_messages, scenario.places, scenario.frames]
    for part in parts + [scenario.slow] * given.slow:
        try:
            await asyncio.wait_for(part(), 90)
        except (AssertionError, asyncio.TimeoutError) as error:
            check(part.__name__, False, repr(error))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0

if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
