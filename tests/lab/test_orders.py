"""A client that waits for orders: docs/control.md, spoken to as a window does."""

import contextlib
import json
import os
import re
import socket
import stat

from netns import Failed, check, eventually
from party import HOST, RELAY, party_test, ping, program, reaches, settle

PEM = "-----BEGIN CERTIFICATE-----\n"


class Service:
    """`lanparty-client service run` on a player's machine."""

    def __init__(self, party, player):
        self.party, self.player = party, player
        self.state = f"{party.lab.dir}/{player.name}-state"
        self.path = f"{party.lab.dir}/{player.name}.sock"
        self.session = f"{self.state}/service/session.json"
        self.runs = 0

    def start(self, *options):
        self.runs += 1
        self.program = self.player.client = self.player.node.start(
            f"{self.player.name}-{self.runs}", "env", f"STATE_DIRECTORY={self.state}",
            program("client"), "service", "run", "--tap", self.player.tap,
            "--user", "root", "--status-socket", self.path, *options)
        eventually(lambda: self.ask("status"), "it answers")
        return self

    @contextlib.contextmanager
    def line(self, seconds=10):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(seconds)
            line.connect(self.path)
            yield line

    def say(self, octets, seconds=10):
        """Octets in, octets out."""
        with self.line(seconds) as line:
            line.sendall(octets)
            return hear(line)

    def ask(self, what, **members):
        """The answer to a request, or to one that is octets already."""
        if isinstance(what, str):
            what = (what if what == "status" else json.dumps({"do": what, **members})).encode()
        try:
            return json.loads(self.say(what + b"\n"))
        except OSError as problem:
            raise Failed(f"nobody answers: {problem}") from None

    def connect(self, room="PARTY", relay=RELAY, **members):
        members.setdefault("fingerprint", self.party.fingerprint())
        return self.ask("connect", relay=relay, room=room, **members)

    def is_in(self, state, seconds=20):
        return eventually(lambda: (answer := self.ask("status"))["state"] == state and answer,
                          f"it is {state}", seconds)

    def joined(self, seconds=20):
        return eventually(lambda: (answer := self.ask("status"))["state"] == "joined" and
                          answer["gateway_present"] and answer, "it is in the room", seconds)


def hear(line):
    heard = b""
    while part := line.recv(65536):
        heard += part
    return heard


def waiting(party):
    """A party, and a service on the first player's machine."""
    party.open()
    return Service(party, party.players[0]).start()


@party_test()
def test_a_service_connects_when_asked_and_leaves_when_asked(party):
    service = waiting(party)
    player = party.players[0]
    idle = service.ask("status")
    check(idle["state"] == "idle" and idle["waits_for_orders"], "it waits", idle)
    check("room" not in idle and "tap" not in idle, "and speaks of no session", idle)
    check(service.connect() == {"ok": True}, "it begins")
    status = service.joined()
    check(status["room"] == "PARTY" and status["waits_for_orders"], "it is there", status)
    player.dhcp()
    reaches(player.node, HOST)
    check(service.ask("disconnect") == {"ok": True}, "it leaves")
    service.is_in("idle", 5)
    eventually(lambda: party.room()["clients"] == 0, "the relay heard goodbye", 3)
    links = player.node.run("ip", "link")
    check(player.tap not in links, "the adapter is gone", links)
    check(not os.path.exists(service.session), "and nothing is remembered")
    check(service.ask("disconnect") == {"ok": True}, "to leave twice is fine")
    check(service.connect()["ok"], "it can come back")
    service.joined()
    check(service.program.stop() == 0, "it ends cleanly")
    eventually(lambda: party.room()["clients"] == 0, "and said goodbye", 3)


@party_test()
def test_what_is_wrong_with_an_order_is_told_with_its_field(party):
    service = waiting(party)
    rows = (
        ({"room": "a b"}, "room", "a b"), ({"relay": "10.0.0.300"}, "relay", "10.0.0.300"),
        ({"fingerprint": "sha256:12"}, "fingerprint", "sha256:12"),
        ({"fingerprint": None, "ca_cert": "no PEM"}, "ca_cert", "cert"),
        ({"fingerprint": None, "ca_cert": PEM + "AAAA\n"}, "ca_cert", "cert"),
        ({"fingerprint": None, "ca_file": "/etc/shadow"}, "ca_file", "opens no files"),
        ({"server_name": "a b"}, "server_name", "a b"),
    )
    for members, field, part in rows:
        answer = service.connect(**members)
        check(answer.get("field") == field and part in answer["error"],
              f"{field} is to blame", answer)
        check(service.ask("status")["state"] == "idle", "and nothing begins")
    for what, part in ((b"dance", "status"), (b'{"do":"dance"}', "what can be asked for"),
                       (b"{}", "do"), (b"", "status")):
        check(part in service.ask(what)["error"], f"{what} is not known", service.ask(what))
    check(not os.path.exists(service.session), "nothing is remembered")


@party_test()
def test_an_order_takes_the_place_of_the_one_before(party):
    service = waiting(party)
    check(service.connect()["ok"], "it begins")
    service.joined()
    party.start(party.host, "gateway", "other", "--relay", RELAY, "--room", "OTHER",
                "--interface", "eth0").says("joined")
    for room in ("OTHER", "PARTY", "OTHER"):
        check(service.connect(room=room)["ok"], "it goes elsewhere")
    eventually(lambda: service.joined()["room"] == "OTHER", "it is in the last room asked for")
    eventually(lambda: party.room("PARTY")["clients"] == 0, "and in no other", 5)
    check(service.connect(room="a b")["field"] == "room", "an order that is none")
    check(service.ask("status")["state"] == "joined", "changes nothing")


@party_test()
def test_a_relay_that_refuses_is_told_and_the_service_lives_on(party):
    service = waiting(party)
    check(service.connect(fingerprint="sha256:" + "ab" * 32)["ok"], "the words are sound")
    status = eventually(lambda: (answer := service.ask("status")).get("last_error") and answer,
                        "it is told why there is no connection")
    check(status["state"] in ("offline", "connecting"), "it goes on trying", status)
    check(service.connect(relay="nobody.invalid")["ok"], "another one")
    eventually(lambda: "nobody.invalid" in (service.ask("status").get("last_error") or ""),
               "is told by its name")
    row = eventually(lambda: next((row for row in service.ask("status").get("health", ())
                                   if row["code"] == "relay_unreachable"), None),
                     "it is a problem after a while", 40)
    check(row["fix"] == "Try again now", "a button could help", row)
    check(service.ask("fix", code="relay_unreachable") == {"ok": True}, "and is pressed")
    check(service.connect()["ok"], "the right one")
    status = service.joined()
    check(status["last_error"] is None and "next_try_ms" not in status, "is joined", status)
    check(service.program.is_running(), "it lives on")


@party_test()
def test_an_adapter_that_is_taken_is_told_and_taken_later(party):
    service = waiting(party)
    player = party.players[0]
    player.node.ip(f"tuntap add dev {player.tap} mode tun")
    check(service.connect()["ok"], "the words are sound")
    status = eventually(lambda: (answer := service.ask("status")).get("last_error") and answer,
                        "it is told what is wrong")
    check(player.tap in status["last_error"] and status["state"] == "offline" and
          status["room"] == "PARTY" and status["next_try_ms"] > 0, "in its status", status)
    player.node.ip(f"link del dev {player.tap}")
    service.joined(60)


@party_test()
def test_who_asks_hears_of_the_system_and_of_what_a_program_can_mend(party):
    """W-021"""
    service = waiting(party)
    text = service.ask("system")["text"]
    check("lanparty-client" in text and "Addresses" in text and "IPv4 default/0 by" in text,
          "version, addresses and routes", text)
    check("no session runs" in service.ask("fix", code="no_address")["error"],
          "without a session there is nothing to mend")
    check(service.connect()["ok"], "it begins")
    service.is_in("joined")
    said = service.ask("fix", code="no_address")["error"]
    check("dhclient" in said, "on Linux a DHCP client is for a person to start", said)
    check("no_gateway" in service.ask("fix", code="no_gateway")["error"], "nor anything else")


@party_test()
def test_a_killed_service_takes_its_session_up_again(party):
    service = waiting(party)
    check(service.connect()["ok"], "it begins")
    before = service.joined()
    mode = stat.S_IMODE(os.stat(service.session).st_mode)
    folder = stat.S_IMODE(os.stat(os.path.dirname(service.session)).st_mode)
    check(mode == 0o600 and folder == 0o700, "a room's code is a secret", oct(mode), oct(folder))
    service.program.kill()
    service.start()
    after = service.joined()
    check(after["room"] == "PARTY" and after["peer_id"] == before["peer_id"],
          "the same seat in the same room", after)
    check(service.program.stop() == 0, "it ends cleanly, too")
    service.start()
    service.joined()
    check(service.ask("disconnect")["ok"], "until someone disconnects")
    service.program.kill()
    service.start()
    check(service.ask("status")["state"] == "idle", "then it waits")
    service.program.stop()
    for damage in ('{"do":"connect","relay":', '{"do":"log"}', "", "\0"):
        with open(service.session, "w") as session:
            session.write(damage)
        service.start()
        check(service.ask("status")["state"] == "idle", "a damaged memory is none")
        check("not taken up again" in service.program.log(), "and that is told",
              service.program.log())
        service.program.stop()


@party_test()
def test_two_ask_at_once(party):
    service = waiting(party)
    check(service.connect()["ok"], "it begins")
    with service.line() as one, service.line() as two:
        one.sendall(b'{"do":"sta')
        two.sendall(b'{"do":"log"}\n')
        check(json.loads(hear(two))["last"] > 0, "the second is answered first")
        one.sendall(b'tus"}\n')
        check("state" in json.loads(hear(one)), "and then the first")
    service.joined()


@party_test()
def test_hostile_requests_harm_nobody(party):
    service = waiting(party)
    check(service.connect()["ok"], "it begins")
    service.joined()
    party.players[0].dhcp()
    rows = (b"x" * 100000, b'{"do":"connect","relay":"' + b"a" * 30000 + b'","room":"R"}\n',
            b"{" * 32000 + b"\n", b"\0" * 32000 + b"\n", bytes(range(256)) * 100 + b"\n",
            b'{"do":"status"}\n' * 1000, b'{"do":"connect","relay":"r.example","room":"\\u0000"}\n',
            b'{"do":"fix","code":"\xff\xfe"}\n', b"\n" * 5000, b'{"do":"log","after":1e400}\n')
    for octets in rows:
        with contextlib.suppress(OSError):
            service.say(octets)
        check(service.program.is_running(), "it lives", octets[:40])
    with contextlib.ExitStack() as open_lines:
        for _ in range(12):     # more than are heard at once; they say nothing, and slowly
            line = open_lines.enter_context(service.line())
            line.sendall(b'{"do":')
        answered, output = ping(party.players[0].node, HOST, count=20, interval=0.1)
        check(answered == 20, "who plays notices nothing", output)
        eventually(lambda: service.ask("status"), "others are heard in time", 30)
    check(service.ask("status")["state"] == "joined", "the session stands")


@party_test()
def test_the_log_is_given_away_without_room_codes(party):
    """D-017"""
    service = waiting(party)
    for code in ("SECRET-1", "PARTY"):
        check(service.connect(room=code)["ok"], "it begins")
        service.is_in("joined")
    settle(1.5)     # a snapshot's time, and the manager's line
    first = service.ask("log", after=0)
    text = "\n".join(line["text"] for line in first["lines"])
    check("joined" in text and "room=(room)" in text, "the story is told", text)
    check("SECRET-1" not in text and not re.search(r"\bPARTY\b", text), "without codes", text)
    check([line["n"] for line in first["lines"]] == list(range(1, first["last"] + 1)),
          "numbered", first["last"])
    service.ask("disconnect")
    service.is_in("idle")
    news = service.ask("log", after=first["last"])
    check(news["lines"] and news["lines"][0]["n"] == first["last"] + 1, "news only", news)
    check(service.ask("log", after=news["last"])["lines"] == [], "and then nothing")
    check("SECRET-1" in service.program.log(), "who runs it sees all", service.program.log())


@party_test()
def test_json_logs_are_given_away_without_room_codes_too(party):
    """D-017"""
    party.open()
    service = Service(party, party.players[0]).start("--log-format", "json")
    check(service.connect()["ok"], "it begins")
    service.joined()
    lines = [json.loads(line["text"]) for line in service.ask("log")["lines"]]
    check(any(line.get("room") == "(room)" for line in lines), "hidden", lines)
    check("PARTY" not in json.dumps(lines), "everywhere", lines)


@party_test()
def test_a_client_of_one_room_takes_no_orders(party):
    party.open()
    player = party.players[0].connect()
    service = Service(party, player)
    for verb in ("connect", "disconnect"):
        answer = service.ask(verb, relay=RELAY, room="OTHER")
        check("takes no orders" in answer["error"], f"{verb} is refused", answer)
    check("disconnect first" in service.ask("repair")["error"], "nothing to repair meanwhile")
    check(service.ask("log")["lines"], "its log may be read")
    check(player.status()["state"] == "joined" and
          not player.status().get("waits_for_orders"), "it plays on")
    for kind, name in (("relay", "relay"), ("gateway", "gw")):
        service.path = f"{party.lab.dir}/{name}.sock"
        check("error" in service.ask("connect", relay=RELAY, room="OTHER"), f"so does the {kind}")


@party_test()
def test_a_link_says_all_that_connects(party):
    party.open()
    link = party.relay_program.says(r"lanparty://\S+").group(0)
    check(link.startswith("lanparty://ADDRESS-OF-THIS-SERVER/PARTY?fingerprint=sha256:"),
          "the relay prints it", link)
    link = link.replace("ADDRESS-OF-THIS-SERVER", RELAY)
    player = party.players[0]
    node, where = player.node, f"{party.lab.dir}/p1"
    for words in ([link], ["--link", link], [link, "--room", "OTHER"]):
        client = player.client = node.start(
            "by-link", program("client"), *words, "--identity", f"{where}.json",
            "--status-socket", f"{where}.sock", "--tap", player.tap)
        room = words[-1] if len(words) == 3 else "PARTY"
        status = player.joined(gateway=room == "PARTY")
        check(status["room"] == room, "an option beside it wins", status)
        check(client.stop() == 0, "it ends")
    done = node.try_run(program("client"), "lanparty://relay.example/a%20b")
    check(done.returncode == 2 and "a b" in done.stderr, "a bad link is told", done.stderr)
    done = node.try_run(program("client"), "service", "run", link)
    check(done.returncode == 2 and "waits to be told" in done.stderr, "and one too many",
          done.stderr)
    done = party.gw.try_run(program("gateway"), link, "--check", "--identity", f"{where}-gw.json",
                            "--interface", "eth0")
    check(done.returncode == 0 and "PARTY" in done.stdout, "the gateway reads it as well",
          done.stderr)


@party_test()
def test_repair_gives_back_what_a_killed_run_left(party):
    player = party.players[0]
    node, run = player.node, (program("client"), "repair", "--status-socket",
                              f"{party.lab.dir}/p1.sock")
    node.ip(f"route add {RELAY} via {player.net}.1 dev eth0 proto 76")
    done = node.try_run(*run)
    check(done.returncode == 0 and "1 change" in done.stdout, "it is given back", done.stdout,
          done.stderr)
    check("proto 76" not in node.run("ip", "route"), "it is gone")
    check("nothing to repair" in node.run(*run), "once")
    party.open()
    player.connect()
    done = node.try_run(*run)
    check(done.returncode == 1 and "disconnect first" in done.stderr,
          "not while a session runs", done.stdout, done.stderr)
    player.client.stop()
    service = Service(party, player).start()
    node.ip(f"route add {RELAY} via {player.net}.1 dev eth0 proto 76")
    check(service.ask("repair") == {"ok": True, "restored": 1}, "a service does it, too")
