"""The programs' faces: flags, exit codes, sentences, status, files."""

import json
import os
import re
import stat

from netns import check, eventually
from party import RELAY, party_test, program, settle

PROGRAMS = ("relay", "gateway", "client")


@party_test()
def test_help_fits_a_screen_and_versions_are_told(party):
    for kind in PROGRAMS:
        done = party.host.try_run(program(kind), "--help")
        lines = done.stdout.splitlines()
        check(done.returncode == 0 and not done.stderr, f"{kind}: help is a result", done.stderr)
        check(len(lines) <= 50 and max(map(len, lines)) <= 100, f"{kind}: it fits a screen",
              len(lines), max(map(len, lines)))
        check("--config" in done.stdout and "--log-level" in done.stdout, f"{kind}: all flags")
        version = party.host.run(program(kind), "--version")
        check(re.search(r"\d+\.\d+", version), f"{kind}: a version", version)
        man = party.host.run(program(kind), "--man")
        check(man.startswith(".") and ".SH" in man, f"{kind}: a man page", man[:200])


@party_test()
def test_calling_it_wrong_exits_with_2_and_a_sentence(party):
    rows = (
        ("relay", ["--colour", "red"], "--colour"),
        ("relay", ["--listen", "nowhere"], "listen"),
        ("relay", ["--room-mtu", "lots"], "room-mtu"),
        ("relay", ["--max-clients", "0"], "max-clients"),
        ("gateway", ["--relay", "relay.example"], "room"),
        ("gateway", ["--relay", "relay.example", "--room", "a b"], "room"),
        ("client", ["--room", "PARTY"], "relay"),
        ("client", ["--relay", "x", "--room", "A", "--virtual-mac", "ff:ff:ff:ff:ff:ff"],
         "virtual-mac"),
        ("client", ["--relay", "x", "--room", "A", "--relay-fingerprint", "sha256:12"],
         "relay-fingerprint"),
        ("client", ["--relay", "10.0.0.300", "--room", "A"], "10.0.0.300"),
        ("client", ["--relay"], "--relay"),
    )
    for kind, words, part in rows:
        done = party.host.try_run(program(kind), *words, timeout=10)
        check(done.returncode == 2, f"{kind} {' '.join(words)} exits with 2", done.returncode,
              done.stderr)
        check(part in done.stderr and not done.stdout, f"its complaint names {part}",
              done.stderr)


@party_test()
def test_check_reads_the_configuration_and_starts_nothing(party):
    config = f"{party.lab.dir}/relay.conf"
    with open(config, "w") as text:
        text.write("# a relay\nlisten = 443/udp\nmax-clients = 12\nlog-level = debug\n")
    state = f"{party.lab.dir}/nothing-here"
    done = party.relay.try_run(program("relay"), "--check", "--config", config, "--state-dir",
                               state)
    check(done.returncode == 0, "a good file passes", done.stderr)
    check(not os.path.exists(state), "and nothing was made")
    with open(config, "a") as text:
        text.write("max-clients = lots\n")
    done = party.relay.try_run(program("relay"), "--check", "--config", config)
    check(done.returncode == 2, "a bad one does not", done.returncode)
    check("relay.conf:5" in done.stderr and "max-clients" in done.stderr,
          "and the complaint names file, line and key", done.stderr)


@party_test()
def test_a_configuration_file_says_what_flags_say(party):
    config = f"{party.lab.dir}/relay.conf"
    with open(config, "w") as text:
        text.write(f"listen = {RELAY}:4433\nmax-clients = 1\nroom-mtu = 1200\n")
    relay = party.relay.start("relay-by-file", program("relay"), "--config", config,
                              "--state-dir", f"{party.lab.dir}/state", "--status-socket",
                              f"{party.lab.dir}/relay.sock", "--room-mtu", 1250)
    relay.says("sha256:")
    eventually(party.relay_status, "it answers")
    fingerprint = re.search(r"sha256:[0-9a-f]{64}", relay.log()).group(0)
    one, two = (party.players[0].node, party.host)
    first = party.start(party.gw, "gateway", "gw", "--relay", f"{RELAY}:4433", "--room", "R",
                        "--relay-fingerprint", fingerprint, "--interface", "eth0")
    party.gateway_joined()
    check(party.room("R")["mtu"] == 1250, "the command line wins over the file",
          party.room("R"))
    for node, name in ((one, "c1"), (two, "c2")):
        party.start(node, "client", name, "--relay", f"{RELAY}:4433", "--room", "R",
                    "--relay-fingerprint", fingerprint)
        settle(2)
    second = party.lab.programs[-1]
    second.says("(?i)full")
    check(party.room("R")["clients"] == 1, "max-clients = 1 holds", party.room("R"))
    for ours in party.lab.programs[-2:]:
        ours.kill()
    check(first.stop() == 0 and relay.stop() == 0, "both end well")


@party_test()
def test_unsuitable_interfaces_get_their_own_sentences(party):
    """G-004 to G-006"""
    gw = party.gw
    party.start_relay()
    gw.ip("link add down0 type veth peer name down1", "link set dev down0 up",
          "link add port0 type veth peer name port1", "link add bridge0 type bridge",
          "link set dev port0 up", "link set dev port1 up", "link set dev port0 master bridge0",
          "link set dev bridge0 up")
    sentences = {}
    for interface in ("missing0", "lo", "down0", "port0", "far-too-long-a-name-for-linux"):
        done = gw.try_run(program("gateway"), "--relay", RELAY, "--room", "R", "--interface",
                          interface, "--relay-ca-cert", f"{party.lab.dir}/relay.der",
                          "--identity", f"{party.lab.dir}/g.json", timeout=15)
        check(done.returncode in (1, 2), f"{interface} is refused", done.returncode, done.stderr)
        check(interface in done.stderr, "by its name", done.stderr)
        sentences[interface] = done.stderr.replace(interface, "X")
    check(len(set(sentences.values())) == len(sentences), "each for a reason of its own",
          *sentences.values())
    check(not party.relay_status()["rooms"], "before a word to the relay (G-002)")


@party_test()
def test_status_is_told_to_people_and_to_programs(party):
    party.open()
    player = party.players[0].connect()
    player.dhcp()
    for node, kind, name, parts in (
            (party.relay, "relay", "relay", ("PARTY", player.tap_mac())),
            (party.gw, "gateway", "gw", ("PARTY", "eth0")),
            (player.node, "client", "p1", ("PARTY", player.tap))):
        socket = f"{party.lab.dir}/{name}.sock"
        text = node.run(program(kind), "--status", "--status-socket", socket)
        for part in parts:
            check(part in text, f"{kind}'s status names {part}", text)
        json.loads(node.run(program(kind), "--status", "--json", "--status-socket", socket))
    done = party.host.try_run(program("relay"), "--status", "--status-socket", "/nowhere/x")
    check(done.returncode == 1 and "/nowhere/x" in done.stderr, "nobody there: exit 1",
          done.returncode, done.stderr)


@party_test()
def test_identity_files_are_private_and_never_silently_replaced(party):
    """W-002"""
    party.open()
    player = party.players[0].connect()
    player.client.stop()
    path = f"{party.lab.dir}/p1.json"
    mode = stat.S_IMODE(os.stat(path).st_mode)
    check(mode == 0o600, "only its owner may read it", oct(mode))
    with open(path, "w") as identity:
        identity.write('{"damaged": ')
    player.start()
    check(player.client.ended() == 1, "a damaged one is an error")
    check(path in player.client.log(), "which names the file", player.client.log())
    with open(path) as identity:
        check(identity.read() == '{"damaged": ', "and leaves it alone")


@party_test()
def test_a_certificate_of_ones_own_is_used_and_reloaded(party):
    """L-003: --cert and --key; a new pair is taken up without a restart."""
    where = party.lab.dir
    def new_pair(name):
        party.relay.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                        f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout",
                        f"{where}/key.pem", "-out", f"{where}/cert.pem")
        os.chmod(f"{where}/key.pem", 0o644)
    new_pair("relay.one")
    party.start_dnsmasq()
    relay = party.start_relay("--cert", f"{where}/cert.pem", "--key", f"{where}/key.pem")
    trust = ("--relay-ca-cert", f"{where}/cert.pem", "--server-name", "relay.one")
    party.start_gateway(*trust)
    player = party.players[0].connect(*trust)
    player.client.stop()
    player.start("--relay-ca-cert", f"{where}/cert.pem", "--server-name", "relay.two")
    player.client.says("relay.two")
    check(party.room()["clients"] == 0, "another name is not trusted")
    player.client.kill()
    new_pair("relay.two")
    relay.process.send_signal(1)
    player.connect("--relay-ca-cert", f"{where}/cert.pem", "--server-name", "relay.two")
    check(party.gateway_status()["state"] == "joined", "those who are there stay")


@party_test()
def test_logs_are_json_when_asked_and_frames_are_logged_only_then(party):
    """L-031, G-019, W-027"""
    party.start_dnsmasq()
    party.start_relay("--log-format", "json")
    party.start_gateway("--log-format", "json", "--log-frames", "all")
    player = party.players[0].connect("--log-format", "json", "--log-frames", "all")
    player.dhcp()
    for one in (party.relay_program, party.gateway_program, player.client):
        lines = [line for line in one.log().splitlines() if line.startswith("{")]
        check(lines, f"{one.name} logs JSON", one.log()[:500])
        for line in lines:
            json.loads(line)
    mac = player.tap_mac()
    check(mac in player.client.log() and mac in party.gateway_program.log(), "frames are logged")
    check("ethertype" not in party.relay_program.log(), "but where it was not asked for")
