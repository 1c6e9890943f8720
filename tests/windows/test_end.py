"""The end of more than the program: its console is closed, somebody logs off, the machine
shuts down. tests/windows/end.c does what Windows does then."""

import os
import shutil

from netns import check, eventually
from test_client import BUILD, WindowsPlayer, windows_test
from test_undo import ENDING, play


class EndingPlayer(WindowsPlayer):
    def __init__(self, party):
        super().__init__(party)
        shutil.copy(os.path.join(BUILD, "tests/end.exe"), self.home)

    def end(self, how):
        return self.machine.run(*self.wine(f"{self.home}/end.exe", "lanparty-client.exe", how))


def ends(party, player, how):
    begun = play(player) and player.changes()
    goodbyes = party.relay_program.log().count("shutting down")
    said = player.end(how)
    check("returned" in said and "not" not in said, f"{how}: it is done in time", said,
          player.client.log())
    player.client.ended(20)
    ended = player.changes()[len(begun):]
    check(ended == ENDING, f"{how}: all is given back, in this order", *ended)
    check(player.is_as_it_was(), f"{how}: the system is as it was", player.play("show"))
    check(player.journal() == "", f"{how}: the journal is empty", player.journal())
    eventually(lambda: party.relay_program.log().count("shutting down") == goodbyes + 1,
               f"{how}: the relay heard goodbye", 10)


def ending_test(test):
    return windows_test(test, kind=EndingPlayer)


@ending_test
def test_a_console_that_is_closed_is_left_as_by_ctrl_c(party, player):
    party.open()
    for how in ("close", "logoff", "shutdown"):
        ends(party, player, how)


@ending_test
def test_who_logs_off_leaves_nothing_changed(party, player):
    """A program with user32.dll hears of it by a window, and not as a console does."""
    party.open()
    ends(party, player, "session")
