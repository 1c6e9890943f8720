"""The softlan protocol, version 1, on aioquic: written from docs/protocol.md alone.

Section numbers are that document's. client.py plays with this on a running relay.
"""
import asyncio, contextlib, datetime, hashlib, ipaddress, json, math, re, socket, ssl, struct, time
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

UDP_PAYLOAD = 1346              # aioquic has no path MTU discovery: section 5
BUDGET = UDP_PAYLOAD - 32
HEADER = struct.Struct(">BBHIII")


class Bad(Exception):           # str() is the reject code
    pass


# ---- section 3: messages ----------------------------------------------------------

def load(data):                 # 3.2: the JSON of one message, or Bad
    def pairs(items):
        if len(dict(items)) != len(items):
            raise ValueError("a name twice")
        return dict(items)

    def real(text):
        if not math.isfinite(float(text)):
            raise ValueError("too large")
        return float(text)

    def integer(text):
        if not -2**63 <= int(text) < 2**63:
            raise ValueError("too large")
        return int(text)

    def walk(value, depth):
        if depth > 32:
            raise ValueError("too deep")
        if isinstance(value, str) and "\0" in value:
            raise ValueError("U+0000")
        if isinstance(value, dict):
            value = list(value) + list(value.values())
        for inner in value if isinstance(value, list) else ():
            walk(inner, depth + isinstance(inner, (dict, list)))

    try:
        value = json.loads(data.decode(), object_pairs_hook=pairs, parse_float=real,
                           parse_int=integer, parse_constant=real)
        json.dumps(value, ensure_ascii=False).encode()  # no lone surrogates
        walk(value, 1)
    except (ValueError, RecursionError):
        raise Bad("malformed")
    if not isinstance(value, dict):
        raise Bad("malformed")
    return {name: v for name, v in value.items() if v is not None}


def whole(low, high):
    return lambda v: v if type(v) is int and low <= v <= high else None

def text(octets):
    return lambda v: v if isinstance(v, str) and len(v.encode()) <= octets and not re.search("[\x01-\x1f\x7f]", v) else None

def pattern(regex, case):
    return lambda v: case(v) if isinstance(v, str) and re.fullmatch(regex, v) else None

def among(*values):
    return lambda v: v if v in values else None

def sentence(v):
    return re.sub("[\x01-\x1f\x7f]", " ", v).encode()[:256].decode(errors="ignore") if isinstance(v, str) else None

def counters(v):
    return {k: n for k, n in v.items() if re.fullmatch("[a-z0-9_]{1,40}", k) and whole(0, 2**53 - 1)(n) is not None} \
        if isinstance(v, dict) else None

def boolean(v):
    return v if isinstance(v, bool) else None

def code(v):
    return (v if v in CODES else "other") if isinstance(v, str) else None

CODES = "version bad_room bad_role_or_mac malformed auth duplicate_mac second_gateway room_full relay_full budget_too_small other".split()
U32, PEER = whole(0, 2**32 - 1), whole(1, 2**32 - 2)
MAC = pattern("[0-9a-fA-F][26aeAE](:[0-9a-fA-F]{2}){5}", str.lower)
ROOM = pattern("[A-Za-z0-9_-]{1,32}", str.upper)
MODE = among("relay", "direct-p2p", "direct-failed-relay-fallback")
ROLE = among("client", "gateway")
MESSAGES = {                    # in the order of the document; a "?" field is optional
    "hello": {"version": whole(1, 2**32 - 1), "role": ROLE, "room": ROOM, "mac?": MAC, "datagram_budget": U32,
              "software?": text(64), "auth?": text(1024)},
    "welcome": {"version": U32, "mode": MODE, "peer_id": PEER, "room_id": U32, "tap_mtu": U32, "gateway_present": boolean,
                "gateway_peer_id?": PEER, "datagram_budget?": whole(1, 2**32 - 1), "software?": text(64)},
    "reject": {"code": code, "reason": sentence, "room_mtu?": U32, "peer_mtu?": U32},
    "peer_joined": {"peer_id": PEER, "role": ROLE, "mac?": MAC},
    "peer_left": {"peer_id": PEER, "reason": sentence},
    "latency": {"peer_id": PEER, "rtt_us": U32},
    "stats": {"counters": counters},
    "disconnect": {"reason": sentence},
}
BLAME = {"version": "version", "room": "bad_room", "role": "bad_role_or_mac", "mac": "bad_role_or_mac"}


def parse(data):                # a message with its known fields; None to skip; or Bad
    message = load(data)
    if not isinstance(message.get("type"), str):
        raise Bad("malformed")
    if message["type"] not in MESSAGES:
        return None
    out = {"type": message["type"]}
    hello = out["type"] == "hello"

    def blame(name):
        return Bad("malformed" if not hello else "version" if (out.get("version") or 1) > 1 else BLAME.get(name, "malformed"))
    for field, check in MESSAGES[out["type"]].items():
        name = field.rstrip("?")
        if name in message:
            out[name] = check(message[name])
            if out[name] is None:
                raise blame(name)
        elif name == field:
            raise blame(name)
    if "role" in out and ("mac" in out) != (out["role"] == "client"):
        raise blame("mac")
    if "gateway_peer_id" in out and not out["gateway_present"]:
        raise Bad("malformed")
    return out


# ---- section 4: datagrams ---------------------------------------------------------

def datagram(room, source, frame, destination=0, first=0x10, flags=0, length=None):
    return HEADER.pack(first, flags, len(frame) if length is None else length, room, source, destination) + frame


def open_datagram(data):        # (type, room, source, destination, payload), or Bad
    if len(data) < 16:
        raise Bad("truncated")
    first, flags, length, room, source, destination = HEADER.unpack(data[:16])
    if first >> 4 != 1:
        raise Bad("version")
    kind = first & 15
    if kind not in (0, 2) or flags or length != len(data) - 16 or kind == 2 and length:
        raise Bad("malformed")
    return kind, room, source, destination, data[16:]


# ---- section 2: the connection ----------------------------------------------------

def fingerprint(certificate):
    return "sha256:" + hashlib.sha256(certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


class Identity:
    def __init__(self, key=None):
        self.key = key or ed25519.Ed25519PrivateKey.generate()
        name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")]), datetime.datetime(2020, 1, 1)
        self.certificate = x509.CertificateBuilder(name, name, self.key.public_key(), 1, now, now.replace(2049)).sign(
            self.key, None if isinstance(self.key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


class Peer(QuicConnectionProtocol):
    def __init__(self, quic, expected):
        super().__init__(quic)
        self.budget = BUDGET
        self.expected, self.buffer, self.messages, self.frames = expected, b"", [], []
        self.end = self.welcome = None      # end: (application?, code, reason)
        self.up, self.sent, self.news = False, time.monotonic(), asyncio.Event()

    def quic_event_received(self, event):
        if isinstance(event, events.HandshakeCompleted):
            self.up = fingerprint(self._quic.tls._peer_certificate) == self.expected
            if not self.up:                 # bad_certificate, before anything is sent
                self._quic.close(0x100 + 42, 6, "not the relay I was told of")
        elif isinstance(event, events.StreamDataReceived):
            self.buffer += event.data
            try:
                self.read()
            except Bad as error:
                self.close(2, str(error))
        elif isinstance(event, events.DatagramFrameReceived) and self.welcome:
            with contextlib.suppress(Bad):
                kind, room, *rest = open_datagram(event.data)
                if kind == 0 and room == self.welcome["room_id"]:
                    self.frames.append(rest)
        elif isinstance(event, events.ConnectionTerminated):
            self.end = (event.frame_type is None, event.error_code, event.reason_phrase)
        self.news.set()

    def read(self):
        while len(self.buffer) >= 4:
            length = struct.unpack(">I", self.buffer[:4])[0]
            if not 1 <= length <= 16384:
                raise Bad("length")
            if len(self.buffer) < 4 + length:
                return
            message, self.buffer = parse(self.buffer[4:4 + length]), self.buffer[4 + length:]
            if message is None:
                continue
            self.messages.append(message)
            if message["type"] == "welcome":
                if (message["version"], message["mode"]) != (1, "relay") or not message["room_id"] \
                        or not 576 <= message["tap_mtu"] <= self.budget - 34:
                    raise Bad("welcome")    # 3.3: must be refused
                self.welcome = message

    def raw(self, data):
        self.sent = time.monotonic()
        self._quic.send_stream_data(0, data)
        self.transmit()

    def say(self, message):
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.raw(struct.pack(">I", len(data)) + data)

    def send(self, frame, **odd):
        own = {"room": self.welcome["room_id"], "source": self.welcome["peer_id"]}
        self.send_raw(datagram(frame=frame, **dict(own, **odd)))

    def send_raw(self, data):
        self.sent = time.monotonic()
        self._quic.send_datagram_frame(data)
        self.transmit()

    async def keep_alive(self):
        while not self.end:
            await asyncio.sleep(1)
            if time.monotonic() - self.sent >= 5:
                self.sent = time.monotonic()
                await self.ping()

    async def until(self, condition, seconds=3):
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.news.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.news.wait(), deadline - time.monotonic())
        return condition()

    async def heard(self, kind, seconds=3):  # the next message of that type, with those before it forgotten
        await self.until(lambda: self.end or any(m["type"] == kind for m in self.messages), seconds)
        while self.messages:
            message = self.messages.pop(0)
            if message["type"] == kind:
                return message
        return {}

    async def ended(self, seconds=3):
        return await self.until(lambda: self.end, seconds)


async def connect(relay, expected, identity, alpn="lanparty/1"):
    host, port = relay.rsplit(":", 1)
    family, _, _, _, address = (await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM))[0]
    config = QuicConfiguration(alpn_protocols=[alpn], idle_timeout=30.0, max_datagram_frame_size=65535, max_datagram_size=UDP_PAYLOAD,
                               verify_mode=ssl.CERT_NONE)     # we verify by fingerprint
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host.strip("[]"))
        host = None                         # no SNI for addresses
    config.server_name = host
    if identity:
        config.certificate, config.private_key = identity.certificate, identity.key
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, 10, 2)   # IP_MTU_DISCOVER, IP_PMTUDISC_DO: DF
    sock.bind(("", 0))
    _, peer = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Peer(QuicConnection(configuration=config), expected), sock=sock)
    peer.connect(address)
    await peer.until(lambda: peer.up or peer.end, 10)
    return peer
