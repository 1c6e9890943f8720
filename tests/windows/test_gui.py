"""The window: what it shows, what it asks for, and that it looks as it should. Pictures are
left in build-windows/screenshots/ for people to judge."""

import functools
import os
import shutil
import signal
import tempfile
import time
import zipfile

from gui import Gui, Screen
from netns import check
from party import party_test
from prefix import make_prefix
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
              "fix": "Ask for an address again"}
OVERLAP = {"code": "subnet_overlap", "severity": "warn", "detail": "Wi-Fi",
           "title": "The party uses the same subnet as a network of this machine",
           "remedy": "ask the host for an uncommon subnet such as 10.73.42.0/24"}
PUBLIC = {"code": "public_network", "severity": "warn", "detail": "LAN Party",
          "title": "The firewall takes the party for a public network",
          "remedy": "set the adapter's network to Private in Windows' settings, Network and "
                    "internet; else games may not be let in"}
ELSEWHERE = {"code": "broadcast_elsewhere", "severity": "warn", "detail": "Ethernet",
             "title": "Games look for servers by another adapter",
             "remedy": "raise that adapter's metric: in its IPv4 properties, Advanced, take the "
                       "tick from Automatic metric and write 500"}
ONE_WAY = {"code": "broadcast_one_way", "severity": "warn", "detail": "12 sent",
           "title": "Broadcasts go out, none come back",
           "remedy": "is the gateway plugged into the party's switch?"}
COMMON = {"code": "common_subnet", "severity": "warn", "detail": "192.168.1.0/24",
          "title": "The party's subnet is a common one",
          "remedy": "192.168.0.0/24, 192.168.1.0/24 and 192.168.178.0/24 are in many homes: "
                    "10.73.42.0/24 avoids trouble"}
UNREACHABLE = {"code": "relay_unreachable", "fix": "Try again now", "severity": "error", "detail": "no answer",
               "title": "No connection to the relay for a while",
               "remedy": "it is tried again by itself; check the relay's name, port and "
                         "fingerprint, and that this network lets UDP through"}
EVERYTHING = [NO_ADDRESS, OVERLAP, PUBLIC, ELSEWHERE, ONE_WAY, COMMON]
NO_DRIVER = dict(IDLE, state="offline", room="QUAKE-NIGHT", relay={"name": "relay.example"},
                 next_try_ms=8000, last_error="the TAP driver is missing: install OpenVPN's "
                 "tap-windows6, from build.openvpn.net/downloads/releases, then try again")
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
    gui.wait(lambda: gui.focus() == "act", "the keys stay where they were")
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
    check(gui.text("card_fix") == "Ask for an address again", "the button says what it does")
    check(gui.text("card_fix", 1) == "", "no button where none helps")
    gui.answer("fix", {"error": "Windows did not renew: the adapter is unplugged"})
    gui.click("card_fix")
    gui.wait(lambda: gui.requests() == [{"do": "fix", "code": "no_address"}], "it is asked for")
    gui.sees("Windows did not renew: the adapter is unplugged.")


# --- more than fits --------------------------------------------------------------------


def too_much(gui):
    """The smallest window, and more warnings than it has room for."""
    connect(gui)
    gui.shrink()
    gui.answer("status", dict(JOINED, health=EVERYTHING))
    gui.sees(EVERYTHING[-1]["title"])
    check(gui.is_seen("card_title") and not gui.is_seen("card_title", len(EVERYTHING) - 1),
          "the first is there, the last is not", gui.texts())


def goes_through(gui, step):
    """Which warnings were seen, whole, on the way from the top to the list at the end."""
    found = set()

    def at_the_end():
        found.update(i for i in range(len(EVERYTHING)) if all(
            gui.is_seen(part, i) for part in ("card_title", "card_text", "card_fix")
            if gui.text(part, i)))
        if gui.is_seen("peers"):
            return True
        step()
        return False

    gui.wait(at_the_end, "the end of the page is reached", 200)
    check(found == set(range(len(EVERYTHING))), "every warning was seen whole", found)


@gui_test
def test_every_warning_is_reached_by_key(gui):
    too_much(gui)
    gui.picture("many-top-100")
    goes_through(gui, lambda: gui.key("Next"))
    gui.picture("many-end-100")
    gui.key("Prior", "Prior", "Prior", "Prior", "Prior")
    gui.wait(lambda: gui.is_seen("headline"), "and back")
    buttons = [i for i in range(len(EVERYTHING)) if gui.text("card_fix", i)]
    check(len(buttons) >= 3, "some have buttons", buttons)
    for i in buttons:
        gui.wait(lambda: gui.focus() == ("card_fix" if i == 0 else str(
            gui.hand.ids["card_fix"] + i)) or gui.key("Tab"), f"Tab goes to button {i}")
        gui.wait(lambda: gui.is_seen("card_fix", i), f"button {i} is seen then")


@gui_test
def test_every_warning_is_reached_by_wheel(gui):
    too_much(gui)
    goes_through(gui, lambda: gui.mouse("click", "--repeat", "2", "5"))
    gui.mouse("click", "--repeat", "40", "4")
    gui.wait(lambda: gui.is_seen("headline"), "and back")


@gui_test
def test_every_warning_is_reached_by_scroll_bar(gui):
    too_much(gui)
    left, top, width, height = gui.place("page_bar")
    goes_through(gui, lambda: gui.mouse("mousemove", "--window", gui.window(),
                                        str(left + width // 2), str(top + height - 3),
                                        "click", "1"))
    check(gui.place("page_bar") == (left, top, width, height), "the bar itself stays")
    gui.mouse("mousemove", "--window", gui.window(), str(left + width // 2),
              str(top + height - 12), "mousedown", "1", "mousemove", "--window", gui.window(),
              str(left + width // 2), str(top), "mouseup", "1")
    gui.wait(lambda: gui.is_seen("headline"), "its thumb can be dragged")


@gui_test
def test_a_page_that_fits_does_not_scroll(gui):
    connect(gui)
    before = gui.place("headline")
    check(gui.place("page_bar") is None, "there is no bar")
    gui.key("Next")
    gui.mouse("click", "5")
    gui.picture("session-fits")
    check(gui.place("headline") == before, "nothing moved")


# --- what is done elsewhere ------------------------------------------------------------


def test_help_and_settings_are_opened_by_windows(_prefix):
    with Gui() as gui:
        gui.install()
        gui.answer("status", IDLE)
        gui.start_service()
        gui.open()
        gui.sees("Join a LAN party")
        gui.key("F1")
        page = r"C:\LAN Party\help.html"
        gui.wait(lambda: gui.told("opener") == [page], "F1 opens the help")
        gui.click("help")
        gui.wait(lambda: gui.told("opener") == [page, page], "so does its button")
        gui.answer("status", dict(JOINED, health=[PUBLIC]))
        gui.sees("The firewall takes the party for a public network")
        gui.click("card_fix")
        gui.wait(lambda: gui.told("opener")[2:] == ["ms-settings:network"],
                 "a warning's button shows the settings that it is about")


def test_a_help_that_is_missing_is_told(_prefix):
    with Gui() as gui:
        gui.install()
        os.remove(f"{gui.prefix}/drive_c/LAN Party/help.html")
        gui.answer("status", IDLE)
        gui.start_service()
        gui.open()
        gui.sees("Join a LAN party")
        gui.key("F1")
        gui.sees("The help is not beside this program.")


@gui_test
def test_the_service_repairs_and_says_how_much(gui):
    gui.click("turn")
    gui.sees("For whoever helps you")
    gui.answer("repair", {"ok": True, "restored": 2})
    gui.click("repair")
    gui.sees("2 changes taken back")
    check(gui.requests() == [{"do": "repair"}], "it was asked", gui.requests())
    gui.answer("repair", {"ok": True, "restored": 0})
    gui.click("repair")
    gui.sees("There was nothing to repair")
    gui.answer("repair", {"error": "a session runs, and what it changed is needed: disconnect "
                                   "first"})
    gui.click("repair")
    gui.sees("That did not work")
    gui.sees("A session runs, and what it changed is needed: disconnect first.")


def test_without_a_service_the_client_repairs(_prefix):
    with Gui() as gui:
        gui.install()
        gui.wine("sc", "create", "lanparty-client", "binPath=", r"C:\windows\notepad.exe",
                 "start=", "demand")
        gui.open()
        gui.sees("The LAN Party service is not running")
        gui.sees("Is the network not as it was?")
        gui.picture("stopped-100")
        gui.click("card_fix")
        gui.wait(lambda: gui.told("lanparty-client") == ["repair"],
                 "the client beside the window is started")
        gui.sees("The network is repaired")


@gui_test
def test_a_missing_driver_is_told_with_where_it_is(gui):
    gui.answer("status", NO_DRIVER)
    gui.sees("The network adapter needs a driver")
    check(gui.text("card_fix") == "Get the driver", "with a button", gui.texts())
    gui.sees("build.openvpn.net/downloads/releases")
    gui.shrink()
    gui.picture("no-driver-smallest")
    gui.nothing_is_clipped()


# --- files, links ----------------------------------------------------------------------


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
    check(other.wait(60) == 0, "the second start has ended")
    check(gui.windows() == 1, "there is one window", gui.windows())
    gui.sees("Nothing is connected yet.")
    check(not gui.requests(), "nothing was asked for")
    gui.answer("connect", {"ok": True})
    gui.click("act")
    gui.wait(lambda: gui.requests(), "only a click asks")
    check(gui.requests()[0]["relay"] == "relay.example:4433" and
          gui.requests()[0]["fingerprint"] == "sha256:" + "ab" * 32, "for the link's party")


@gui_test
def test_a_link_that_is_clicked_again_and_again_stays_one_window(gui):
    whose = gui.hand.ask("process")
    for i in range(3):
        other = gui.open(f"lanparty://relay{i}.example/ROOM{i}", hand=False)
        gui.wait(lambda: gui.text("relay") == f"relay{i}.example" and
                 gui.text("room") == f"ROOM{i}", f"link {i} is in the form")
        check(other.wait(60) == 0, "its own program has ended")
    check(gui.hand.ask("process") == whose and gui.windows() == 1,
          "in the same window as before", gui.windows())


def test_links_that_are_clicked_at_once_make_one_window(_prefix):
    with Gui() as gui:
        gui.answer("status", IDLE)
        gui.start_service()
        several = [gui.open(f"lanparty://relay{i}.example/ROOM{i}", hand=False)
                   for i in range(3)]
        gui.open_hand()
        gui.sees("Nothing is connected yet.")
        gui.wait(lambda: sum(one.poll() is not None for one in several) == 2,
                 "all but one have ended")
        check(sorted(one.returncode for one in several if one.returncode is not None) == [0, 0],
              "content")
        check(gui.windows() == 1, "there is one window", gui.windows())
        check(gui.text("relay")[:5] + gui.text("room")[:4] == "relayROOM",
              "with one of the links", gui.texts())


@gui_test
def test_a_link_while_connected_asks_first(gui):
    connect(gui)
    gui.open("lanparty://other.example/DOOM", hand=False)
    gui.sees("This leaves room QUAKE-NIGHT.")
    check(gui.windows() == 1, "there is one window", gui.windows())
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
                 "Route to the relay pinned: no", "QUIC datagrams: yes", "Adapter found: yes",
                 "Frames from the adapter: 18231",
                 "Frames dropped: 2", "Round trip: 11.6 ms", "Gateway present: yes",
                 "Broadcast flow: both ways", "Gateway latency: 23 ms"):
        check(line in text, f"the diagnostics say: {line}", text)
    gui.key("ctrl+a", "ctrl+c")
    gui.wait(lambda: "Relay reachable: yes" in "\n".join(gui.hand.ask("clipboard")), "by key, too")


@gui_test
def test_everything_can_be_done_by_keyboard(gui):
    def goes(key, field):
        gui.key(key)
        gui.wait(lambda: gui.focus() == field, f"{key} goes to {field}", 20)

    gui.wait(lambda: gui.focus() == "relay", "typing goes to the relay", 20)
    for field in ("room", "fingerprint", "act", "turn", "export", "help", "relay"):
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
    for field in ("turn", "export", "help", "copy", "repair", "details"):
        goes("Tab", field)
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


class SeenPlayer(WindowsPlayer):
    """With a screen, for somebody looks."""

    def _make_prefix(self):
        make_prefix(self.prefix)


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
        player = SeenPlayer(party)
        party.open()
        service = start_service(player)
        with Gui(screen=screen, prefix=player.prefix, pipe=player.pipe) as gui:
            gui.open()
            gui.sees("Join a LAN party")
            type_in(gui, party, fingerprint="sha256:" + "ab" * 32)
            gui.sees("expected sha256:abab")        # shortened: it would not fit
            gui.picture("real-wrong-key", is_live=True)
            gui.click("act")
            gui.sees("Join a LAN party")
            type_in(gui, party)
            gui.sees("In the room (2)")
            gui.wait(lambda: gui.text("fact_value") == "In the room", "the gateway is seen")
            player.dhcp()
            time.sleep(3)
            gui.picture("real-session", is_live=True)
            party.relay_program.stop(signal.SIGKILL)
            gui.sees("No connection")
            gui.picture("real-offline", is_live=True)
            party.start_relay()
            gui.sees("In the room (2)")
            gui.click("act")
            gui.sees("Join a LAN party")
            gui.nothing_is_clipped()
        check(service.stop(signal.SIGINT) == 0, "the service ends when asked")
    finally:
        screen.close()
        shutil.rmtree(folder)


# --- looks ----------------------------------------------------------------------------


def picture_every_page(gui, looks):
    """Each page once, at the first size, with the fullest texts."""
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
    gui.answer("status", NO_DRIVER)
    gui.sees("needs a driver")
    gui.picture(f"no-driver-{looks}")
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
    """The same where there is little room: it goes no smaller than it may."""
    gui.answer("status", dict(IDLE, state="refused", last_error="the room is full"))
    gui.start_service()
    gui.open()
    gui.sees("did not let you in")
    gui.shrink()
    gui.picture(f"small-form-{looks}")
    gui.answer("status", dict(JOINED, health=[NO_ADDRESS, OVERLAP]))
    gui.sees("No address from the party yet")
    gui.picture(f"small-session-{looks}")
    gui.answer("status", dict(JOINED, health=EVERYTHING))
    gui.sees(EVERYTHING[-1]["title"])
    gui.picture(f"small-many-{looks}")
    goes_through(gui, lambda: gui.key("Next"))
    gui.picture(f"small-end-{looks}")
    gui.click("turn")
    gui.sees("For whoever helps you")
    gui.picture(f"small-diagnostics-{looks}")


def looks_right(picture, dpi, dark=False):
    with Gui(dpi=dpi, dark=dark) as gui:
        picture(gui, f"{dpi * 100 // 96}{'-dark' if dark else ''}")
        gui.nothing_is_clipped()


def test_no_text_is_clipped_at_100_percent(_prefix):
    looks_right(picture_every_page, 96)


def test_no_text_is_clipped_at_150_percent(_prefix):
    looks_right(picture_every_page, 144)


def test_no_text_is_clipped_at_200_percent(_prefix):
    looks_right(picture_every_page, 192)


def test_the_dark_window_looks_right(_prefix):
    looks_right(picture_every_page, 96, dark=True)


def test_the_dark_window_looks_right_at_200_percent(_prefix):
    looks_right(picture_every_page, 192, dark=True)


def test_the_smallest_window_looks_right(_prefix):
    looks_right(picture_small, 96)


def test_the_smallest_window_looks_right_at_150_percent(_prefix):
    looks_right(picture_small, 144)


def test_the_smallest_dark_window_looks_right_at_200_percent(_prefix):
    looks_right(picture_small, 192, dark=True)
