"""The client as a service of Windows, under Wine's own service manager.

The service finds its adapter, its identity and the machine that tests/windows/iphlpapi.c
plays as any client does; what the lab tells it, it reads from the registry.
"""

import contextlib
import functools
import json
import os
import shutil
import subprocess

from netns import Failed, check, eventually
from party import HOST, RELAY, party_test, ping, reaches
from prefix import share_public
from test_client import BUILD, MAC, WindowsPlayer

NAME = "lanparty-client"
PIPE = rf"\\.\pipe\{NAME}"


class Service(WindowsPlayer):
    def __init__(self, party):
        super().__init__(party)
        self.pipe = PIPE
        shutil.copy(os.path.join(BUILD, "tests/ask.exe"), self.home)
        self.state = f"{self.prefix}/drive_c/ProgramData/softlan"
        os.makedirs(self.state, exist_ok=True)
        with open(f"{self.state}/{NAME}-identity.json", "w") as identity:
            json.dump({"mac": MAC}, identity)

    def _make_prefix(self):
        super()._make_prefix()
        share_public(self.prefix)

    def _plug_in(self):
        """Wine's service manager reads what its services get when it starts: with the first
        program, which is the adapter's."""
        for file, key, values in (
                ("user", r"Software\\Wine\\AppDefaults\\%s.exe\\DllOverrides" % NAME,
                 {library: "native" for library in self.doubles.split(",")}),
                ("system", r"System\\CurrentControlSet\\Control\\Session Manager\\Environment",
                 {"LP_CALLS": self.calls, "LP_SOURCE": self.address})):
            with open(f"{self.prefix}/{file}.reg", "a") as registry:
                registry.write(f"\n[{key}] 1\n" + "".join(
                    f'"{name}"="{value}"\n' for name, value in values.items()))
        super()._plug_in()

    def run(self, *words, timeout=120):
        done = self.machine.try_run(*self.wine(*words), timeout=timeout)
        check(done.returncode == 0, f"{' '.join(words)} succeeds", done.stdout, done.stderr)
        return done.stdout

    def command(self, *words):
        return self.run(f"{self.home}/lanparty-client.exe", *words)

    def install(self):
        said = self.command("service", "install")
        check("installed and runs" in said, "it says so", said)
        self.answers()
        return self

    def answers(self):
        return eventually(self.status, "it answers", 30)

    def say(self, octets, *hold):
        """Octets in, octets out, by a program that is not ours."""
        words = self.machine.words(*self.wine(f"{self.home}/ask.exe", PIPE, *hold))
        return subprocess.run(words, input=octets, capture_output=True, timeout=60).stdout

    def ask(self, verb, **members):
        return json.loads(self.say(json.dumps({"do": verb, **members}).encode() + b"\n"))

    def connects(self, room="PARTY"):
        answer = self.ask("connect", relay=RELAY, room=room, fingerprint=self.party.fingerprint())
        check(answer == {"ok": True}, "it begins", answer)
        return self.is_joined()

    def is_joined(self, seconds=40):
        def look():
            status = self.status()
            check(status["state"] == "joined", "it is in the room", status["state"],
                  status.get("last_error"), self.log())
            return status
        return eventually(look, "it is in the room", seconds, 0.5)

    def log(self):
        with open(f"{self.state}/service/{NAME}.log") as log:
            return log.read()

    def is_silent(self):
        with contextlib.suppress(Failed):
            self.status()
            return False
        return True


def service_test(test, kind=Service):
    @party_test(players=0)
    @functools.wraps(test)
    def run(party):
        party.players = [service := kind(party)]
        test(party.open(), service)
    return run


@service_test
def test_a_windows_service_is_installed_connects_and_is_removed(party, service):
    service.install()
    status = service.status()
    check(status["state"] == "idle" and status["waits_for_orders"], "it waits", status)
    service.connects()
    service.take_address("10.73.42.61")
    reaches(service.node, HOST)
    check(not service.is_as_it_was(), "the system is changed meanwhile", *service.changes())
    said = service.command("service", "remove")
    check("is removed" in said, "it says so", said)
    check(service.is_as_it_was(), "it was stopped first, and gave all back", *service.changes())
    check(service.is_silent(), "nobody answers any more")
    left = party.relay_program.log()
    check("shutting down" in left, "it said goodbye", left[-600:])
    check("is removed" in service.command("service", "remove"), "to remove it twice is fine")


@service_test
def test_a_windows_service_that_is_stopped_takes_its_session_up_again(party, service):
    service.install().connects()
    service.run("net", "stop", NAME)
    eventually(service.is_as_it_was, "all is given back", 10)
    check(service.is_silent(), "nobody answers")
    service.run("net", "start", NAME)
    check(service.is_joined()["room"] == "PARTY", "it is in the same room")
    check(service.ask("disconnect") == {"ok": True}, "until someone disconnects")
    eventually(lambda: service.status()["state"] == "idle", "it waits", 20)
    eventually(service.is_as_it_was, "and has given all back", 10)
    service.command("service", "install")     # over one that runs: it is replaced
    check(service.answers()["state"] == "idle", "and nothing is remembered")
    told = service.log()
    check("asked to connect" in told and "room=(room)" in told and "PARTY" not in told,
          "its log is a file, without the code", told)


@service_test
def test_a_console_client_beside_the_service_takes_turns_with_it(party, service):
    """Whose session runs has the machine; a service that waits for orders does not."""
    service.install().connects()
    service.pipe += "-2"
    refused = service.start()
    check(refused.ended(60) == 1, "beside a session it ends with 1", refused.log())
    check("disconnect in the LAN Party window" in refused.log(), "and says what to do",
          refused.log())
    check(service.ask("disconnect") == {"ok": True}, "the window disconnects")
    eventually(service.is_as_it_was, "the service gives all back", 20)
    console = service.start()
    service.joined()
    refused = service.ask("connect", relay=RELAY, room="PARTY",
                          fingerprint=party.fingerprint())
    check(refused == {"ok": True}, "the service begins to try", refused)
    service.pipe = PIPE
    told = eventually(lambda: service.status().get("last_error"), "it cannot, and says so", 20)
    check("press Ctrl-C where the other one runs" in told, "and what to do", told)
    check(console.stop() == 0, "the other one ends")
    service.is_joined()


@service_test
def test_hostile_requests_to_a_windows_service_harm_nobody(party, service):
    service.install().connects()
    service.take_address("10.73.42.61")
    reaches(service.node, HOST)
    for octets in (b"x" * 100000, b"\0" * 32000 + b"\n", bytes(range(256)) * 100 + b"\n",
                   b"{" * 32000 + b"\n", b'{"do":"connect","relay":"' + b"a" * 30000 + b'"}\n'):
        service.say(octets)
        check(service.status()["state"] == "joined", "it plays on", octets[:20])
    words = service.machine.words(*service.wine(f"{service.home}/ask.exe", PIPE, "3000"))
    silent = [subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
              for _ in range(12)]
    answered, output = ping(service.node, HOST, count=20, interval=0.2)
    check(answered == 20, "who plays notices nothing of many who are silent", output)
    eventually(service.status, "others are heard in time", 30)
    for one in silent:
        one.wait(60)
    refused = service.ask("connect", relay=RELAY, room="a b")
    check(refused["field"] == "room", "an order that is none changes nothing", refused)
    check(service.status()["state"] == "joined", "it is where it was")
