#include "os/windows/journal.h"

#include "folder.h"
#include "os/files.h"

/* The two that the journal gives back with: how often, and whether they can. */
static bool can_give_back;
static size_t given_back;
static char order[LP_UNDO_MAX + 1];

bool lp_journal_undo_interface(const lp_undo *entry)
{
    if (can_give_back)
        order[given_back++] = 'i';
    return can_give_back;
}

bool lp_journal_undo_route(const lp_undo *entry)
{
    if (can_give_back)
        order[given_back++] = 'r';
    return can_give_back;
}

bool lp_journal_undo_mac(const lp_undo *entry)
{
    if (can_give_back)
        order[given_back++] = 'm';
    return can_give_back;
}

bool lp_journal_undo_device(const lp_undo *entry)
{
    if (can_give_back)
        order[given_back++] = 'd';
    return can_give_back;
}

bool lp_journal_undo_profile(const lp_undo *entry)
{
    if (can_give_back)
        order[given_back++] = 'p';
    return can_give_back;
}

static lp_why why;
static size_t left;

static void begin(void)
{
    new_folder();
    SetEnvironmentVariableA("ProgramData", folder);
    SetEnvironmentVariableA("LOCALAPPDATA", folder);
    can_give_back = true;
    given_back = 0;
    memset(order, 0, sizeof order);
}

static lp_undo interface_of(uint64_t luid)
{
    return (lp_undo){.kind = LP_UNDO_INTERFACE,
                     .luid = luid,
                     .ip_version = 4,
                     .mtu = 1500,
                     .metric = 25,
                     .automatic_metric = true};
}

static lp_undo route_of(const char *destination, const char *gateway)
{
    lp_undo entry = {.kind = LP_UNDO_ROUTE, .luid = 7};
    CHECK_EQ(lp_addr_read_ip(destination, 0, &entry.destination), LP_OK);
    if (gateway)
        CHECK_EQ(lp_addr_read_ip(gateway, 0, &entry.gateway), LP_OK);
    return entry;
}

TEST(what_a_killed_run_noted_is_given_back_last_first)
{
    lp_undo iface = interface_of(0x35000007000000);
    lp_undo route = route_of("192.0.2.1", "10.0.0.1");
    begin();
    CHECK_EQ(lp_journal_note(&iface, &why), LP_OK);
    CHECK_EQ(lp_journal_note(&route, &why), LP_OK);
    CHECK_EQ(lp_journal_undo_all(&left), 2);
    CHECK_STR(order, "ri");
    CHECK_EQ(lp_journal_undo_all(&left), 0);
}

TEST(what_was_given_back_is_struck)
{
    lp_undo iface = interface_of(1), route = route_of("2001:db8::1", NULL);
    begin();
    CHECK_EQ(lp_journal_note(&iface, &why), LP_OK);
    CHECK_EQ(lp_journal_note(&iface, &why), LP_OK); /* stands there once */
    CHECK_EQ(lp_journal_note(&route, &why), LP_OK);
    lp_journal_strike(&iface);
    lp_journal_strike(&iface);
    CHECK_EQ(lp_journal_undo_all(&left), 1);
    CHECK_STR(order, "r");
}

TEST(what_cannot_be_given_back_stays)
{
    lp_undo iface = interface_of(1);
    begin();
    CHECK_EQ(lp_journal_note(&iface, &why), LP_OK);
    can_give_back = false;
    CHECK_EQ(lp_journal_undo_all(&left), 0);
    CHECK_EQ(left, 1);
    can_give_back = true;
    CHECK_EQ(lp_journal_undo_all(&left), 1);
}

TEST(a_journal_has_a_limit)
{
    begin();
    for (uint64_t luid = 1; luid <= LP_UNDO_MAX; luid++) {
        lp_undo iface = interface_of(luid);
        CHECK_EQ(lp_journal_note(&iface, &why), LP_OK);
    }
    lp_undo one_more = interface_of(1000);
    CHECK_EQ(lp_journal_note(&one_more, &why), LP_ERR_FULL);
    CHECK_EQ(lp_journal_undo_all(&left), LP_UNDO_MAX);
}

TEST(lines_that_make_no_sense_are_passed_over)
{
    static const char text[] = "interface zz\nroute 7 nowhere -\nroute\n\n"
                               "route 7 192.0.2.1 -\ninterface 1 4 1500";
    begin();
    CreateDirectoryA(in_folder("softlan"), NULL);
    CHECK_EQ(lp_file_write(in_folder("softlan\\undo.journal"),
                           lp_bytes_of(text, sizeof text - 1), 0600, false, &why),
             LP_OK);
    CHECK_EQ(lp_journal_undo_all(&left), 1);
    CHECK_STR(order, "r");
}

static bool is_claimed(void)
{
    HANDLE file = CreateFileA(in_folder("softlan\\undo.lock"), GENERIC_WRITE, 0, NULL,
                              OPEN_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    bool claimed = file == INVALID_HANDLE_VALUE;
    if (!claimed)
        CloseHandle(file);
    return claimed;
}

TEST(a_claim_is_kept_until_it_is_released_as_often)
{
    begin();
    CHECK_EQ(lp_journal_claim(&why), LP_OK);
    CHECK_EQ(lp_journal_claim(&why), LP_OK);
    lp_journal_release();
    CHECK(is_claimed());
    lp_journal_release();
    CHECK(!is_claimed());
    CHECK_EQ(lp_journal_claim(&why), LP_OK);
    CHECK(is_claimed());
    lp_journal_release();
}

TEST(what_another_program_claimed_is_refused_with_what_to_do)
{
    begin();
    CreateDirectoryA(in_folder("softlan"), NULL);
    HANDLE other = CreateFileA(in_folder("softlan\\undo.lock"), GENERIC_WRITE, 0, NULL,
                               OPEN_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
    CHECK(other != INVALID_HANDLE_VALUE);
    CHECK_EQ(lp_journal_claim(&why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "another lanparty-client is at a party on this machine");
    CHECK_HAS(why.text, "disconnect in the LAN Party window");
    CloseHandle(other);
    CHECK_EQ(lp_journal_claim(&why), LP_OK);
    lp_journal_release();
}
