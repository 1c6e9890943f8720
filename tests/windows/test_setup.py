"""lanparty-setup.exe under Wine: what it installs, replaces and takes away again."""

import functools
import glob
import os
import re
import subprocess
import sys
import tempfile

from machine import BUILD, ROOT, check, eventually, machine_test

import signing

FOLDER = r"C:\Program Files\LAN Party"
UNINSTALL = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\softlan"
LINKS = r"HKLM\Software\Classes\lanparty"
SERVICE = r"HKLM\System\CurrentControlSet\Services\lanparty-client"
DRIVERS = r"HKLM\System\DriverDatabase\DeviceIds\root\tap0901"
STATE = r"C:\ProgramData\softlan"
INSTALLED = {"lanparty.exe", "lanparty-client.exe", "help.html", "LICENCES.txt", "uninstall.exe"}
SHORTCUT = r"C:\ProgramData\Microsoft\Windows\Start Menu\Programs\LAN Party.lnk"
DESKTOP = r"C:\users\Public\Desktop\LAN Party.lnk"
DONE, FAILED, OLD_WINDOWS, NEWER, RUNNING, OTHER_FILES, NO_DRIVER = 0, 2, 3, 4, 5, 6, 7

SETUP = f"{BUILD}/lanparty-setup.exe"


def make_setup(folder, *words, name="lanparty-setup.exe", **variables):
    """Another installer of the same programs; what tools/windows-setup said."""
    return subprocess.run(
        [f"{ROOT}/tools/windows-setup", "--build", BUILD, *words, f"{folder}/{name}"],
        text=True, errors="replace", capture_output=True, timeout=200,
        env=dict(os.environ, **variables))


def setup_of(folder, *words, **variables):
    done = make_setup(folder, *words, **variables)
    check(done.returncode == 0, "the installer is made", done.stdout, done.stderr)
    return f"{folder}/lanparty-setup.exe"


def install(machine, *words, setup=SETUP, code=NO_DRIVER):
    done = machine.run(setup, "/S", *words)
    check(done.returncode == code, f"the setup ends with {code}", done.returncode)


def uninstall(machine, *words, folder=FOLDER):
    """It goes on in a copy of itself, so it is over when its folder is gone."""
    machine.run(rf"{folder}\uninstall.exe", "/S", *words)
    eventually(lambda: not os.path.exists(machine.path(folder)), "its folder is gone", 60)


def service_runs(machine):
    return "RUNNING" in machine.run("sc", "query", "lanparty-client").stdout


def version_words(path):
    """The names and texts of a program's version resource."""
    with open(path, "rb") as file:
        octets = file.read()
    at = octets.find("StringFileInfo".encode("utf-16-le"))
    check(at > 0, f"{path} says what it is")
    text = octets[at:at + 2000].decode("utf-16-le", "replace")
    return dict(re.findall(r"(\w{6,})\0+([\w. :+-]+)\0", text))


# --- installing --------------------------------------------------------------------


@machine_test
def test_a_silent_setup_installs_programs_service_links_and_shortcut(machine):
    """R-011, R-012, F-4"""
    install(machine)
    check(set(os.listdir(machine.path(FOLDER))) == INSTALLED, "its files are there",
          os.listdir(machine.path(FOLDER)))
    check(os.path.exists(machine.path(SHORTCUT)), "so is its shortcut")
    check(not os.path.exists(machine.path(DESKTOP)), "the desktop's only when asked for")
    check(service_runs(machine), "the service runs")
    command = machine.registry(SERVICE)["", "ImagePath"]
    check(command == rf'"{FOLDER}\lanparty-client.exe" service run',
          "its path is quoted: C:\\Program.exe is not ours", command)
    links = machine.registry(LINKS)
    check(links["", "URL Protocol"] == "", "links are links", links)
    check(links[r"shell\open\command", "(Default)"] == rf'"{FOLDER}\lanparty.exe" "%1"',
          "and each is one word", links)
    entry = {name: text for (_, name), text in machine.registry(UNINSTALL).items()}
    check(entry["UninstallString"] == rf'"{FOLDER}\uninstall.exe"', "Apps & features knows it",
          entry)
    check(entry["Publisher"] == "softlan" and entry["DisplayIcon"].startswith('"C:') and
          int(entry["EstimatedSize"], 16) > 1000, "with publisher, icon and size", entry)


@machine_test
def test_each_program_says_what_it_is(machine):
    install(machine)
    version = machine.registry(UNINSTALL)["", "DisplayVersion"]
    for path in (SETUP, *(machine.path(rf"{FOLDER}\{name}") for name in INSTALLED
                          if name.endswith(".exe"))):
        words = version_words(path)
        check(words.get("CompanyName") == "softlan" and
              words.get("ProductName") == "LAN Party" and
              words.get("ProductVersion") == version, f"{path} says what it is", words)


@machine_test
def test_a_folder_with_other_files_is_not_installed_into(machine):
    os.makedirs(machine.path(r"C:\Games"))
    with open(machine.path(r"C:\Games\version.dll"), "w") as planted:
        planted.write("somebody waits here for the service")
    install(machine, r"/D=C:\Games", code=OTHER_FILES)
    check(os.listdir(machine.path(r"C:\Games")) == ["version.dll"], "nothing was written")
    check(not machine.registry(UNINSTALL), "anywhere")
    install(machine, r"/D=C:\Games\LAN Party")
    check(service_runs(machine), "a new folder will do")


@machine_test
def test_a_windows_that_is_too_old_is_refused(machine):
    machine.run("winecfg", "-v", "win81")
    install(machine, code=OLD_WINDOWS)
    check(not os.path.exists(machine.path(FOLDER)), "nothing was written")


# --- replacing ---------------------------------------------------------------------


def with_older(test):
    """An installer of version 0.0.9 and a machine."""
    @machine_test
    @functools.wraps(test)
    def run(machine):
        with tempfile.TemporaryDirectory() as folder:
            test(machine, setup_of(folder, "--version", "0.0.9"))
    return run


def identity(machine):
    path = eventually(lambda: next((
        os.path.join(machine.path(STATE), name) for name in os.listdir(machine.path(STATE))
        if "identity" in name), None), "the service has an identity", 20)
    with open(path) as file:
        return file.read()


@with_older
def test_an_upgrade_replaces_what_runs_and_keeps_who_one_is(machine, older):
    install(machine, "/DESKTOP", setup=older)
    check(machine.registry(UNINSTALL)["", "DisplayVersion"] == "0.0.9", "the old one is there")
    machine.start(rf"{FOLDER}\lanparty.exe")
    eventually(lambda: "LAN Party" in machine.windows(), "the window is open", 30)
    before = identity(machine)
    install(machine)
    check(machine.registry(UNINSTALL)["", "DisplayVersion"] != "0.0.9", "it is the new one")
    check(service_runs(machine), "the service runs again")
    check(identity(machine) == before, "as the same player")
    check(os.path.exists(machine.path(DESKTOP)), "what was wanted then is still there")
    eventually(lambda: "LAN Party" in machine.windows(), "the window is open again", 30)
    check(machine.running("lanparty.exe") == 1, "one window")


@with_older
def test_an_older_version_replaces_a_newer_one_only_when_told(machine, older):
    install(machine)
    newer = machine.registry(UNINSTALL)["", "DisplayVersion"]
    install(machine, setup=older, code=NEWER)
    check(machine.registry(UNINSTALL)["", "DisplayVersion"] == newer, "nothing changed")
    check(service_runs(machine), "the service was not even stopped")
    install(machine, "/DOWNGRADE", setup=older)
    check(machine.registry(UNINSTALL)["", "DisplayVersion"] == "0.0.9", "now it did")


@machine_test
def test_a_setup_into_another_folder_leaves_nothing_in_the_first(machine):
    install(machine)
    before = identity(machine)
    install(machine, r"/D=C:\Party")
    check(not os.path.exists(machine.path(FOLDER)), "the first folder is gone")
    check(r"C:\Party" in machine.registry(SERVICE)["", "ImagePath"], "the service has moved")
    check(service_runs(machine) and identity(machine) == before, "as the same player")


@machine_test
def test_a_client_in_a_console_is_not_ended_by_force(machine):
    install(machine)
    machine.run("net", "stop", "lanparty-client")
    client = machine.start(rf"{FOLDER}\lanparty-client.exe", "service", "run")
    eventually(lambda: machine.running("lanparty-client.exe") == 1, "it runs", 20)
    install(machine, code=RUNNING)
    check(client.poll() is None, "it still does")


# --- taking away -------------------------------------------------------------------

# What Wine itself writes as time passes; and that the uninstaller's copy of itself goes when
# the machine starts again.
OF_WINE = re.compile(r"PendingFileRename.*nsu|\[Console|DriverDateData|Default_Monitor|"
                     r"SymbolicLinkValue|OEMFONT|Wine.+Fonts|^users.root.Temp|"
                     r"^users.root.AppData.Local.Temp|^windows.(temp|inf.setupapi)|"
                     r"Explorer.+(Shell Folders|MountPoints|SessionInfo)|"
                     r"Volatile Environment", re.IGNORECASE)


def differences(before, after):
    return sorted(str(thing) for old, new in zip(before, after) for thing in old ^ new
                  if not OF_WINE.search(str(thing)))


@machine_test
def test_uninstalling_restores_everything(machine):
    machine.run("explorer", "/desktop=tried,800x600", "cmd", "/c", "exit")
    before = machine.everything()
    before[0].discard("ProgramData/softlan")
    install(machine, "/DESKTOP")
    machine.start(rf"{FOLDER}\lanparty.exe")
    eventually(lambda: "LAN Party" in machine.windows(), "the window is open", 30)
    uninstall(machine, "/FORGET")
    check(machine.running("lanparty.exe") == 0, "the window is closed")
    left = differences(before, machine.everything())
    check(not left, "the machine is as it was", *left[:20])


@machine_test
def test_uninstalling_keeps_the_identity_unless_told_to_forget_it(machine):
    install(machine)
    before = identity(machine)
    eventually(lambda: os.path.isdir(machine.path(rf"{STATE}\service")),
               "the service keeps things, too", 20)
    uninstall(machine)
    check(identity(machine) == before, "the identity stays")
    check(not machine.registry(SERVICE), "the service does not")
    check("service" not in os.listdir(machine.path(STATE)),
          "nor do its logs, nor what it would connect to", os.listdir(machine.path(STATE)))
    install(machine)
    check(identity(machine) == before, "who installs again is the same player")
    uninstall(machine, "/FORGET")
    check(not os.path.exists(machine.path(STATE)), "told to forget, it does")


# --- the driver --------------------------------------------------------------------


@machine_test
def test_a_driver_that_is_there_is_found(machine):
    machine.write(r"HKLM\System\CurrentControlSet\Control\Class"
                  r"\{4D36E972-E325-11CE-BFC1-08002BE10318}\0042", "ComponentId", "REG_SZ",
                  r"root\tap0901")
    install(machine, code=DONE)


def with_driver(test):
    @machine_test
    @functools.wraps(test)
    def run(machine):
        pnputil = machine.path(r"C:\windows\system32\pnputil.exe")
        os.symlink(f"{BUILD}/tests/pnputil.exe", pnputil)
        with tempfile.TemporaryDirectory() as folder:
            package = signing.driver_package(f"{folder}/driver", f"{BUILD}/tests/pnputil.exe",
                                             signing.Signer(f"{folder}/signer"))
            test(machine, setup_of(folder, TAP_DRIVER=package))
    return run


def asked_of_pnputil(machine):
    path = machine.path(r"C:\pnputil.log")
    if not os.path.exists(path):
        return []
    with open(path) as log:
        return log.read().splitlines()


@with_driver
def test_a_driver_that_is_brought_along_comes_and_goes_with_us(machine, setup):
    install(machine, setup=setup, code=DONE)
    check(asked_of_pnputil(machine) ==
          [rf"/add-driver {FOLDER}\driver\OemVista.inf /install"],
          "Windows installs it", *asked_of_pnputil(machine))
    check(set(os.listdir(machine.path(FOLDER))) == INSTALLED, "its files are not kept twice")
    install(machine, setup=setup, code=DONE)
    check(len(asked_of_pnputil(machine)) == 1, "once is enough")
    uninstall(machine)
    check(asked_of_pnputil(machine)[1:] == ["/delete-driver oem42.inf"],
          "the uninstaller takes it away", *asked_of_pnputil(machine))


@with_driver
def test_a_driver_that_others_installed_stays(machine, setup):
    machine.write(DRIVERS, "oem7.inf", "REG_BINARY", "ff000000")
    install(machine, setup=setup, code=DONE)
    uninstall(machine)
    check(not asked_of_pnputil(machine), "it was there, and is", *asked_of_pnputil(machine))


@with_driver
def test_a_driver_that_windows_refuses_is_told_by_the_exit_code(machine, setup):
    with open(machine.path(r"C:\pnputil.rc"), "w") as code:
        code.write("5")
    install(machine, setup=setup, code=NO_DRIVER)
    check(service_runs(machine), "the rest is installed")


def test_only_a_driver_that_is_signed_and_whole_is_put_into_an_installer(_prefix):
    """F-6"""
    with tempfile.TemporaryDirectory() as folder:
        image = f"{BUILD}/tests/pnputil.exe"
        good = signing.driver_package(f"{folder}/good", image,
                                      signing.Signer(f"{folder}/signer"))

        def copy(name, *commands):
            subprocess.run(["cp", "-r", good, f"{folder}/{name}"], check=True)
            for command in commands:
                subprocess.run(command, shell=True, check=True, cwd=f"{folder}/{name}")
            return f"{folder}/{name}"

        os.makedirs(f"{folder}/empty")
        rows = (
            (good, "OemVista.inf"),
            (f"{folder}/nowhere", "no such file or folder"),
            (f"{folder}/empty", "must hold one .inf file, and holds 0"),
            (copy("changed", "echo ';' >>OemVista.inf"), "does not list it"),
            (copy("other-driver", "cp ../good/tap0901.cat tap0901.sys"), "not for 64-bit PCs"),
            (copy("older-driver", f"cp {BUILD}/tests/adapter.exe tap0901.sys"),
             "does not list it"),
            (copy("no-tap", "sed -i s/tap0901/other/ OemVista.inf"), "another"),
            (signing.driver_package(f"{folder}/stranger", image, signing.Signer(
                f"{folder}/somebody", "Somebody Else")), "signed by Somebody Else"),
            (image, "is not signed"),
            (f"{good}/OemVista.inf", "neither a folder with a driver nor an installer"),
        )
        for path, words in rows:
            done = subprocess.run([f"{ROOT}/tools/check-driver", path], text=True,
                                  capture_output=True)
            check(words in done.stdout + done.stderr and
                  (done.returncode == 0) == (path == good), f"{path}: {words}",
                  done.returncode, done.stdout, done.stderr)
        refused = make_setup(folder, TAP_DRIVER=f"{folder}/empty")
        check(refused.returncode != 0 and "must hold one .inf" in refused.stderr,
              "no installer is made with it", refused.stderr)


def test_a_signing_command_signs_programs_setup_and_uninstaller(_prefix):
    with tempfile.TemporaryDirectory() as folder:
        command = signing.Signer(f"{folder}/signer", "Party Packager").command(
            f"{folder}/sign")
        setup = setup_of(folder, SIGN=command)
        with open(f"{command}.log") as log:
            signed = log.read().splitlines()
        names = [os.path.basename(path) for path in signed]
        check(names[:2] == ["lanparty-client.exe", "lanparty.exe"] and
              names[-1] == "lanparty-setup.exe" and len(names) == 4,
              "two programs, the uninstaller, and the setup last", *signed)
        for path in (setup, *(f"{folder}/lanparty-setup-files/{name}" for name in names[:2])):
            said = subprocess.run(["osslsigncode", "verify", "-in", path], text=True,
                                  capture_output=True).stdout
            check("CN=Party Packager" in said and "MISMATCH" not in said,
                  f"{path} is signed", said)
        refused = make_setup(folder, name="unsigned.exe", SIGN="false")
        check(refused.returncode != 0 and "SIGN could not sign" in refused.stderr,
              "a signing that fails is no installer", refused.stderr)


# --- links, and what people see ----------------------------------------------------


@machine_test
def test_a_link_starts_the_window_or_reaches_the_one_that_is_there(machine):
    install(machine)
    links = [machine.start("start", "/wait", f"lanparty://relay{i}.example/PARTY{i}")
             for i in (1, 2)]       # a double click
    eventually(lambda: "LAN Party" in machine.windows(), "a window is open", 60)
    hand = machine.hand()
    eventually(lambda: sum(link.poll() is not None for link in links) == 1,
               "one of the two has found the other", 60)
    whose = hand.ask("process")
    machine.start("start", "lanparty://relay3.example/PARTY3")
    eventually(lambda: hand.text("relay") == "relay3.example" and
               hand.text("room") == "PARTY3", "a later link is in its form", 60)
    eventually(lambda: machine.running("lanparty.exe") == 1, "it is one program", 60)
    check(hand.ask("process") == whose and machine.windows().count("LAN Party") == 1,
          "with one window, the same as before", *machine.windows())


def go_through_pages(machine, looks):
    """To the last one before anything is installed; leaves a picture of each in
    build-windows/screenshots."""
    machine.start(SETUP)
    eventually(lambda: "LAN Party Setup" in machine.windows(), "the setup is there", 60)
    for page in ("welcome", "licence", "components", "folder", "driver"):
        machine.picture(f"setup-{page}-{looks}", "LAN Party Setup")
        if page != "driver":
            machine.key("alt+n")


def pages_look_right(machine, percent):
    """And a player who thinks better of it on the last page has changed nothing."""
    machine.scale(percent)
    go_through_pages(machine, percent)
    machine.key("Escape")
    eventually(lambda: machine.windows().count("LAN Party Setup") == 2, "it asks again", 60)
    machine.picture(f"setup-cancel-{percent}", "LAN Party Setup")
    machine.key("alt+y")
    eventually(lambda: not machine.running("lanparty-setup.exe"), "the setup has ended", 60)
    check(not os.path.exists(machine.path(FOLDER)) and not machine.registry(UNINSTALL) and
          not machine.registry(LINKS) and not machine.registry(SERVICE), "nothing is left of it")
    left = glob.glob(f"{machine.drive}/users/*/**/Temp/ns*", recursive=True)
    check(not left, "not even where it unpacked itself", *left)


@machine_test
def test_the_pages_at_150_percent_and_a_change_of_mind(machine):
    pages_look_right(machine, 150)


@machine_test
def test_the_pages_at_200_percent_and_a_change_of_mind(machine):
    pages_look_right(machine, 200)


@machine_test
def test_a_player_clicks_through_the_pages(machine):
    """R-012"""
    go_through_pages(machine, 100)
    machine.key("alt+i")
    eventually(lambda: os.path.exists(machine.path(SHORTCUT)) and service_runs(machine),
               "it is installed", 60)
    machine.picture("setup-finish-100", "LAN Party Setup")
    machine.key("alt+f")
    eventually(lambda: "LAN Party" in machine.windows() and
               "LAN Party Setup" not in machine.windows(),
               "the setup is over, and has started the window", 30)
    machine.start(rf"{FOLDER}\uninstall.exe")
    eventually(lambda: "LAN Party Uninstall" in machine.windows(), "the uninstaller asks", 60)
    machine.picture("setup-uninstall-100", "LAN Party Uninstall")


if __name__ == "__main__":
    sys.exit("tests/run-all --kind windows setup runs these")
