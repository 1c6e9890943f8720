"""The window: what it shows, what it asks for, and that it looks as it should. Pictures are
left in build-windows/screenshots/ for people to judge."""

import functools
import os
import signal
import tempfile
import time
import zipfile

from gui import Gui, Screen
from netns import check
from party import party_test
from test_client import MAC, WindowsPlayer

IDLE = {"program": "lanparty-client", "version": "0.1.0", "state": "idle",
        "waits_for_orders": True}
JOINED = dict(
    IDLE, state="joined", room="QUAKE-NIGHT",
    relay={"name": "relay.example", "port": 443, "address": "198.51.100.10:443",
           "reachable": True, "rtt_ms": 11.6, "datagram_budget": 1382},
    last_error=None, connected_ms=754000, gateway_present=True, gateway_latency_ms=23.4,
    tap={"name": "LAN Party", "mac": "02:5a:00:00:00:01", "mtu": 1280, "ip": "10.73.42.51",
         "up": True, "driver": "9.24.7"},
    peers=[{"peer_id": 1, "role": "gateway", "mac": None, "rtt_ms": 11.8},
           {"peer_id": 7, "role": "client", "mac": "02:5e:10:00:00:02", "rtt_ms": 31.2},
           {"peer_id": 9, "role": "client", "mac": "02:5e:10:00:00:03", "rtt_ms": 18.0}],
    broadcast="both", route_pinned="no", health=[],
    says=["Connected to relay", "Connected to LAN gateway", "DHCP received: 10.73.42.51",
          "Broadcast traffic flowing", "Gateway latency: 23 ms"],
    counters={"frames_rx": 18231, "frames_tx": 20412, "datagrams_rx": 20411,
              "datagrams_tx": 18230, "drop_source": 2}, live={"rtt_us": 11600})
NO_ADDRESS = {"code": "no_address", "severity": "warn", "title": "No address from the party yet",
              "detail": "", "remedy": "ask for one again, or set an address of the party's subnet",
              "fix": "Get an address"}
OVERLAP = {"code": "subnet_overlap", "severity": "warn", "detail": "Wi-Fi",
           "title": "The party uses the same subnet as a network of this machine",
           "remedy": "ask the host for an uncommon subnet such as 10.73.42.0/24"}
UNREACHABLE = {"code": "relay_unreachable", "severity": "error", "detail": "no answer",
               "title": "No connection to the relay for a while",
               "remedy": "it is tried again by itself; check the relay's name, port and "
                         "fingerprint, and that this network lets UDP through"}
OFFLINE = dict(JOINED, state="offline", last_error="no answer from the relay", next_try_ms=4000,
               peers=[], health=[UNREACHABLE])
LINK = "lanparty://relay.example:4433/QUAKE-NIGHT?fingerprint=sha256:" + "ab" * 32


def gui_test(test):
    @functools.wraps(test)
    def run(_prefix):
        with Gui() as gui:
            gui.answer("status", IDLE)
            gui.start_service()
            gui.open()
            gui.sees("Join a LAN party")
            test(gui)
    return run


def connect(gui, relay="relay.example", room="QUAKE-NIGHT"):
    gui.answer("connect", {"ok": True})
    gui.put("relay", relay)
    gui.put("room", room)
    gui.click("act")
    gui.wait(lambda: gui.requests(), "it asks for a connection")
    gui.answer("status", JOINED)
    gui.sees("You are on the party's LAN")


@gui_test
def test_the_window_connects_and_shows_the_party(gui):
    connect(gui)
    check(gui.requests() == [{"do": "connect", "relay": "relay.example:443", "room": "QUAKE-NIGHT"}],
          "what was typed is asked for", gui.requests())
    for sentence in ("Room QUAKE-NIGHT", "10.73.42.51", "Flowing both ways", "In the room (4)",
                     "23 ms", "Latency to the LAN", "Latency over the last 2 min"):
        gui.sees(sentence)
    gui.answer("disconnect", {"ok": True})
    gui.click("act")
    gui.wait(lambda: gui.requests()[-1] == {"do": "disconnect"}, "it asks for the end")
    gui.answer("status", IDLE)
    gui.sees("Join a LAN party")
    check(gui.text("relay") == "relay.example" and gui.text("room") == "QUAKE-NIGHT",
          "what was typed is still there")


@gui_test
def test_what_was_typed_is_remembered_by_the_next_window(gui):
    connect(gui)
    gui.hand.ask("end")
    gui.wait(lambda: not gui.window(), "the window is gone")
    gui.answer("status", IDLE)
    gui.open()
    gui.sees("Join a LAN party")
    gui.wait(lambda: gui.text("relay") == "relay.example" and gui.text("room") == "QUAKE-NIGHT",
             "relay and room are remembered")


@gui_test
def test_a_wrong_room_is_told_at_its_field(gui):
    gui.put("relay", "relay.example")
    gui.put("room", "QUAKE NIGHT")
    gui.click("act")
    gui.wait(lambda: "is not a room code" in gui.text("room_fault"), "the sentence is seen")
    check(gui.focus() == "room" and not gui.requests(), "and nothing is asked for")
    gui.answer("connect", {"error": "the service knows better", "field": "relay"})
    gui.put("room", "QUAKE-NIGHT")
    gui.click("act")
    gui.wait(lambda: gui.text("relay_fault") == "the service knows better",
             "what the service says is seen, too")
    check(gui.focus() == "relay", "where it is to be mended")


@gui_test
def test_a_refusal_and_a_failure_are_sentences(gui):
    gui.answer("status", dict(IDLE, state="refused", last_error="the room is full (64 players)"))
    gui.sees("The relay did not let you in")
    gui.sees("The room is full (64 players).")
    gui.answer("connect", {"error": "the adapter's driver is missing: run the installer again"})
    gui.put("relay", "relay.example")
    gui.put("room", "QUAKE-NIGHT")
    gui.click("act")
    gui.sees("That did not work")
    gui.sees("The adapter's driver is missing: run the installer again.")


@gui_test
def test_a_lost_connection_and_its_return_are_shown(gui):
    connect(gui)
    gui.answer("status", OFFLINE)
    gui.sees("No connection")
    gui.sees("Trying again in 4 s.")
    gui.sees("No connection to the relay for a while")
    gui.answer("status", JOINED)
    gui.sees("You are on the party's LAN")
    check(not gui.has("No connection to the relay"), "and the trouble is gone")


@gui_test
def test_a_loss_is_told_while_the_window_is_closed(gui):
    connect(gui)
    gui.hand.ask("close")
    gui.wait(lambda: gui.hand.ask("shown") == ["no"], "closing leaves it beside the clock")
    gui.wait(lambda: gui.hand.ask("balloon") == ["yes"], "and says so, once")
    gui.wait(lambda: gui.hand.ask("balloon") == ["no"], "until it was read")
    gui.answer("status", OFFLINE)
    gui.wait(lambda: gui.hand.ask("balloon") == ["yes"], "a loss is told")
    gui.screen_picture("notification")
    gui.open(hand=False)
    gui.wait(lambda: gui.hand.ask("shown") == ["yes"], "a second start shows the window again")
    gui.sees("No connection")


@gui_test
def test_a_health_row_has_a_button_that_does_it(gui):
    gui.answer("status", dict(JOINED, health=[NO_ADDRESS, OVERLAP]))
    gui.sees("No address from the party yet")
    check(gui.text("card_fix") == "Get an address", "the button says what it does")
    check(gui.text("card_fix", 1) == "", "no button where none helps")
    gui.answer("fix", {"error": "Windows did not renew: the adapter is unplugged"})
    gui.click("card_fix")
    gui.wait(lambda: gui.requests() == [{"do": "fix", "code": "no_address"}], "it is asked for")
    gui.sees("Windows did not renew: the adapter is unplugged.")


@gui_test
def test_exported_logs_are_one_zip_without_the_rooms_code(gui):
    log = [{"n": n, "text": f"line {n} room=QUAKE-NIGHT quake-night"} for n in range(1, 200)]
    gui.answer("log", {"lines": log, "last": 199})
    gui.answer("system", {"text": "adapters:\n  LAN Party\nroutes:\n  0.0.0.0/0\n"})
    connect(gui)
    gui.click("export")
    gui.type("Export logs", "Z:" + gui.folder.replace("/", "\\") + "\\logs")
    gui.sees("The logs are saved")
    with zipfile.ZipFile(f"{gui.folder}/logs.zip") as archive:
        check(archive.testzip() is None, "the archive is whole")
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    check(set(files) == {"status.json", "diagnostics.txt", "log.txt", "system.txt",
                         "versions.txt"}, "everything is in it", *files)
    for name, text in files.items():
        check("quake" not in text.lower(), f"no secret is in {name}", text[:400])
    check("line 199 room=" in files["log.txt"] and "0.0.0.0/0" in files["system.txt"] and
          "MAC address: 02:5a:00:00:00:01" in files["diagnostics.txt"] and
          "window: " in files["versions.txt"], "and what helps is", *files.values())


@gui_test
def test_a_link_goes_to_the_running_window_and_connects_to_nothing(gui):
    other = gui.open(LINK, hand=False)
    gui.wait(lambda: gui.text("relay") == "relay.example:4433", "the link is in the form")
    check(gui.text("room") == "QUAKE-NIGHT" and "abab" in gui.text("fingerprint"),
          "all of it", gui.texts())
    check(other.wait(30) == 0, "the second start has ended")
    gui.sees("Nothing is connected yet.")
    check(not gui.requests(), "nothing was asked for")
    gui.answer("connect", {"ok": True})
    gui.click("act")
    gui.wait(lambda: gui.requests(), "only a click asks")
    check(gui.requests()[0]["relay"] == "relay.example:4433" and
          gui.requests()[0]["fingerprint"] == "sha256:" + "ab" * 32, "for the link's party")


@gui_test
def test_a_link_while_connected_asks_first(gui):
    connect(gui)
    gui.open("lanparty://other.example/DOOM", hand=False)
    gui.sees("This leaves room QUAKE-NIGHT.")
    check(len(gui.requests()) == 1, "nothing was left yet")
    gui.click("turn")
    gui.sees("You are on the party's LAN")


@gui_test
def test_a_link_that_is_none_is_told(gui):
    gui.open("lanparty://relay.example/a%20b", hand=False)
    gui.sees("The link cannot be used")
    check(gui.text("relay") == "", "and fills nothing")


@gui_test
def test_a_pasted_link_is_understood_in_either_field(gui):
    for field in ("room", "relay"):
        gui.put("relay", "")
        gui.put("room", "")
        gui.paste(field, LINK)
        gui.wait(lambda: gui.text("relay") == "relay.example:4433" and
                 gui.text("room") == "QUAKE-NIGHT", f"a link in {field} fills both")


@gui_test
def test_diagnostics_are_copied(gui):
    connect(gui)
    gui.click("turn")
    gui.sees("For whoever helps you")
    gui.click("copy")
    gui.sees("Copied")
    text = "\n".join(gui.hand.ask("clipboard"))
    for line in ("Relay reachable: yes", "QUIC datagram budget: 1382 octets",
                 "MAC address: 02:5a:00:00:00:01", "MTU: 1280 octets", "Address: 10.73.42.51",
                 "Route to the relay pinned: no", "Frames from the adapter: 18231",
                 "Frames dropped: 2", "Round trip: 11.6 ms", "Gateway present: yes",
                 "Broadcast flow: both", "Gateway latency: 23 ms"):
        check(line in text, f"the diagnostics say: {line}", text)
    gui.key("ctrl+a", "ctrl+c")
    gui.wait(lambda: "Relay reachable: yes" in "\n".join(gui.hand.ask("clipboard")), "by key, too")


@gui_test
def test_everything_can_be_done_by_keyboard(gui):
    def goes(key, field):
        gui.key(key)
        gui.wait(lambda: gui.focus() == field, f"{key} goes to {field}", 20)

    gui.wait(lambda: gui.focus() == "relay", "typing goes to the relay", 20)
    for field in ("room", "fingerprint", "act", "turn", "export", "relay"):
        goes("Tab", field)
    for key, field in (("alt+f", "fingerprint"), ("alt+o", "room"), ("alt+r", "relay")):
        goes(key, field)
    gui.put("relay", "relay.example")
    gui.put("room", "QUAKE-NIGHT")
    gui.answer("connect", {"ok": True})
    gui.key("Return")
    gui.wait(lambda: gui.requests(), "Enter in a field connects")
    gui.answer("status", JOINED)
    gui.sees("You are on the party's LAN")
    gui.key("Return")
    gui.key("alt+d")
    gui.sees("For whoever helps you")
    gui.key("Escape")
    gui.wait(lambda: not gui.has("For whoever helps you"), "Escape leads back")
    check(len(gui.requests()) == 1, "a stray Enter does not disconnect", gui.requests())


def test_a_service_that_is_missing_is_told_with_a_button(_prefix):
    with Gui() as gui:
        gui.open()
        gui.sees("The LAN Party service is not set up")
        check(gui.text("act") == "&Set up the service", "the button says what it does")
        gui.answer("status", IDLE)
        gui.start_service()
        gui.sees("Join a LAN party")


# --- a real party ---------------------------------------------------------------------


def start_service(player):
    service = player.machine.start(
        "service", *player.ours("service", "run", "--identity", f"{player.home}/identity.json",
                                "--virtual-mac", MAC, "--status-socket", player.pipe))
    return service


def type_in(gui, party, room="PARTY", fingerprint=None):
    gui.put("relay", "198.51.100.10")
    gui.put("room", room)
    gui.put("fingerprint", fingerprint or party.fingerprint())
    gui.click("act")


@party_test(players=0)
def test_the_window_takes_a_player_to_a_real_party_and_back(party):
    folder = tempfile.mkdtemp(prefix="lanparty-screen-")
    screen = Screen(folder)
    os.environ["DISPLAY"] = screen.display      # of all that Wine starts: there is one desktop
    try:
        player = WindowsPlayer(party)
        party.open()
        service = start_service(player)
        with Gui(screen=screen, prefix=player.prefix, pipe=player.pipe) as gui:
            gui.open()
            gui.sees("Join a LAN party")
            type_in(gui, party, fingerprint="sha256:" + "ab" * 32)
            gui.sees("expected sha256:abab")        # shortened: it would not fit
            gui.picture("real-wrong-key")
            gui.click("act")
            gui.sees("Join a LAN party")
            type_in(gui, party)
            gui.sees("In the room (2)")
            gui.wait(lambda: gui.text("fact_value") == "In the room", "the gateway is seen")
            player.dhcp()
            time.sleep(3)
            gui.picture("real-session")
            party.relay_program.stop(signal.SIGKILL)
            gui.sees("No connection")
            gui.picture("real-offline")
            party.start_relay()
            gui.sees("In the room (2)")
            gui.click("act")
            gui.sees("Join a LAN party")
            gui.nothing_is_clipped()
        check(service.stop(signal.SIGINT) == 0, "the service ends when asked")
    finally:
        screen.close()


# --- looks ----------------------------------------------------------------------------


def picture_every_page(gui, looks):
    """Each page once, at the first size and the smallest, with the fullest texts."""
    gui.open()
    gui.sees("not set up")
    gui.picture(f"service-{looks}")
    gui.answer("status", IDLE)
    gui.start_service()
    gui.sees("Join a LAN party")
    gui.put("relay", "relay.example")
    gui.put("room", "QUAKE NIGHT")
    gui.picture(f"form-{looks}")
    gui.click("act")
    gui.sees("is not a room code")
    gui.picture(f"fault-{looks}")
    connect(gui)
    for i in range(20):
        gui.answer("status", dict(JOINED, gateway_latency_ms=23 + i * 7 % 11,
                                  connected_ms=754000 + 1000 * i))
        time.sleep(1)
    gui.picture(f"session-{looks}")
    gui.answer("status", dict(JOINED, health=[NO_ADDRESS, OVERLAP], tap={"name": "LAN Party"}))
    gui.sees("Almost there")
    gui.picture(f"warnings-{looks}")
    gui.answer("status", OFFLINE)
    gui.sees("No connection")
    gui.picture(f"offline-{looks}")
    gui.answer("status", dict(JOINED, gateway_present=False, peers=[], health=[]))
    gui.sees("Waiting for the host")
    gui.answer("status", JOINED)
    gui.click("turn")
    gui.sees("For whoever helps you")
    time.sleep(1.5)
    gui.picture(f"diagnostics-{looks}")
    gui.click("turn")
    gui.open("lanparty://other.example/DOOM", hand=False)
    gui.sees("This leaves room")
    gui.picture(f"link-{looks}")
    gui.click("turn")
    gui.answer("status", IDLE)      # else the loss is told, above the picture
    gui.sees("Join a LAN party")
    gui.answer("status", dict(IDLE, state="refused", last_error="the room is full"))
    gui.sees("did not let you in")
    gui.picture(f"refused-{looks}")


def picture_small(gui, looks):
    gui.hand.ask("size 1 1")        # it goes no smaller than it may
    gui.sees("did not let you in")
    gui.picture(f"small-form-{looks}")
    gui.answer("status", dict(JOINED, health=[NO_ADDRESS, OVERLAP]))
    gui.sees("No address from the party yet")
    gui.picture(f"small-session-{looks}")


def looks_right(dpi, dark):
    looks = f"{dpi * 100 // 96}{'-dark' if dark else ''}"
    with Gui(dpi=dpi, dark=dark) as gui:
        picture_every_page(gui, looks)
        picture_small(gui, looks)
        gui.nothing_is_clipped()


def test_no_text_is_clipped_at_100_percent(_prefix):
    looks_right(96, False)


def test_no_text_is_clipped_at_150_percent(_prefix):
    looks_right(144, False)


def test_no_text_is_clipped_at_200_percent(_prefix):
    looks_right(192, False)


def test_the_dark_window_looks_right(_prefix):
    looks_right(96, True)


def test_the_dark_window_looks_right_at_200_percent(_prefix):
    looks_right(192, True)
