/* Reads tests/vectors, whose README.md says what the lines of a file mean. */
#include <dirent.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "hex.h"
#include "test.h"
#include "wire/control.h"
#include "wire/datagram.h"
#include "wire/message.h"
#include "wire/stamp.h"

#define FILE_MAX 8192

typedef struct vector {
    char text[FILE_MAX]; /* its lines end in NUL */
    size_t len;
} vector;

static vector load(const char *path)
{
    vector file = {.len = 0};
    FILE *in = fopen(path, "rb");
    CHECK(in != NULL);
    if (!in)
        return file;
    file.len = fread(file.text, 1, FILE_MAX - 1, in);
    fclose(in);
    for (size_t i = 0; i < file.len; i++) {
        if (file.text[i] == '\n')
            file.text[i] = '\0';
    }
    return file;
}

static const char *next_line(const vector *file, const char *line)
{
    const char *next = line ? line + strlen(line) + 1 : file->text;
    return next < file->text + file->len ? next : NULL;
}

/* The text behind "name: ", or "" where there is no such line. */
static const char *value_of(const vector *file, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = NULL; (line = next_line(file, line));) {
        if (strncmp(line, name, len) == 0 && strncmp(line + len, ": ", 2) == 0)
            return line + len + 2;
    }
    return "";
}

static unsigned each_vector(const char *prefix, void (*check)(const vector *file))
{
    unsigned count = 0;
    const char *folder = getenv("LP_VECTORS");
    DIR *dir = opendir(folder ? folder : "tests/vectors");
    CHECK(dir != NULL);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[1024];
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder ? folder : "tests/vectors",
                 entry->d_name);
        vector file = load(path);
        lp_test_at_row(entry->d_name);
        check(&file);
        count++;
    }
    lp_test_at_row(NULL);
    if (dir)
        closedir(dir);
    return count;
}

/* --- datagrams -------------------------------------------------------------------- */

static size_t octets_of(const vector *file, uint8_t *out, size_t max)
{
    size_t len = 0;
    for (const char *line = NULL; (line = next_line(file, line));) {
        if (line[0] == '#' || strstr(line, ": "))
            continue;
        size_t more = lp_test_hex(line, out + len, max - len);
        CHECK(more != SIZE_MAX);
        len += more == SIZE_MAX ? 0 : more;
    }
    return len;
}

static lp_err expected_error(const char *expect)
{
    if (strcmp(expect, "ok") == 0)
        return LP_OK;
    if (strcmp(expect, "version") == 0)
        return LP_ERR_VERSION;
    if (strcmp(expect, "truncated") == 0)
        return LP_ERR_TRUNCATED;
    CHECK_STR(expect, "malformed");
    return LP_ERR_MALFORMED;
}

static uint32_t number_of(const vector *file, const char *name)
{
    return (uint32_t)strtoul(value_of(file, name), NULL, 10);
}

static void check_datagram(const vector *file)
{
    uint8_t octets[2048], written[2048];
    size_t len = octets_of(file, octets, sizeof octets);
    lp_datagram datagram;
    lp_err err = lp_datagram_read(lp_bytes_of(octets, len), &datagram);
    CHECK_EQ(err, expected_error(value_of(file, "expect")));
    if (err)
        return;
    CHECK_STR(value_of(file, "type"),
              datagram.type == LP_DATAGRAM_FRAME ? "frame" : "keepalive");
    CHECK_EQ(datagram.room, number_of(file, "room"));
    CHECK_EQ(datagram.source, number_of(file, "source"));
    CHECK_EQ(datagram.destination, number_of(file, "destination"));
    size_t written_len =
        lp_datagram_write(&datagram, lp_space_of(written, sizeof written));
    CHECK_BYTES(written, written_len, octets, len);
}

TEST(every_datagram_vector_is_read_and_written_back) /* P-001 to P-004 */
{
    CHECK(each_vector("datagram-", check_datagram) >= 17);
}

static void check_stamp(const vector *file)
{
    uint8_t octets[64], written[LP_STAMP_LEN];
    size_t len = octets_of(file, octets, sizeof octets);
    lp_stamp stamp;
    lp_err err = lp_stamp_read(lp_bytes_of(octets, len), &stamp);
    CHECK_EQ(err, expected_error(value_of(file, "expect")));
    if (err)
        return;
    CHECK_EQ(stamp.sent, number_of(file, "sent"));
    CHECK_EQ(stamp.transit, number_of(file, "transit"));
    CHECK_EQ(stamp.has_transit, value_of(file, "transit")[0] != 0);
    CHECK_STR(value_of(file, "wants_answers"), stamp.wants_answers ? "yes" : "no");
    lp_stamp_write(&stamp, written);
    CHECK_BYTES(written, sizeof written, octets, len);
}

TEST(every_stamp_vector_is_read_and_written_back)
{
    CHECK(each_vector("stamp-", check_stamp) >= 5);
}

/* --- control messages ------------------------------------------------------------- */

static void check_written(const lp_message *message, const char *json)
{
    uint8_t space[4 + LP_MESSAGE_MAX], length[4];
    size_t len = lp_message_write(message, lp_space_of(space, sizeof space));
    CHECK(len > 4);
    lp_set_u32(length, (uint32_t)strlen(json));
    CHECK_BYTES(space, 4, length, 4);
    CHECK_BYTES(space + 4, len - 4, json, strlen(json));
}

/* The text as it comes off a stream, behind the length that the file states. */
static lp_bytes through_stream(lp_message_stream *stream, const vector *file)
{
    uint8_t octets[4 + FILE_MAX];
    const char *text = value_of(file, "json");
    size_t prefix_len = lp_test_hex(value_of(file, "length"), octets, 4);
    CHECK_EQ(prefix_len, 4);
    memcpy(octets + 4, text, strlen(text));
    lp_bytes bytes = lp_bytes_of(octets, 4 + strlen(text)), json = {0};
    CHECK_EQ(lp_message_stream_next(stream, &bytes, &json), LP_OK);
    CHECK_EQ(bytes.len, 0);
    return json;
}

static void check_message(const vector *file)
{
    lp_message_stream stream = {0};
    lp_message message;
    lp_why why;
    const char *expect = value_of(file, "expect");
    lp_bytes json = through_stream(&stream, file);
    lp_err err = lp_message_read(json, &message, &why);
    if (strcmp(expect, "malformed") == 0) {
        CHECK_EQ(err, LP_ERR_MALFORMED);
        CHECK_STR(lp_reject_code_name(lp_reject_code_of_hello(json)),
                  value_of(file, "reject"));
    } else {
        CHECK_EQ(err, LP_OK);
    }
    if (err == LP_OK && strcmp(expect, "skip") == 0)
        CHECK_EQ(message.type, LP_MESSAGE_UNKNOWN);
    else if (err == LP_OK)
        check_written(&message,
                      value_of(file, strcmp(expect, "read") == 0 ? "written" : "json"));
    lp_message_stream_fini(&stream);
}

TEST(every_message_vector_is_read_and_written_back) /* C-001 to C-019, Q-008 */
{
    CHECK(each_vector("message-", check_message) >= 50);
}

/* --- requests and links ----------------------------------------------------------- */

/* What was read, written again: as it was, or as the file says. */
static void check_again(const vector *file, const char *name, const char *written)
{
    bool is_same = strcmp(value_of(file, "expect"), "same") == 0;
    CHECK_STR(written, value_of(file, is_same ? name : "written"));
}

static void check_request(const vector *file)
{
    static lp_control request;
    lp_control_fault fault;
    uint8_t text[1024];
    const char *line = value_of(file, "request");
    lp_err err = lp_control_read(lp_bytes_of(line, strlen(line)), &request, &fault);
    CHECK_EQ(err != LP_OK, strcmp(value_of(file, "expect"), "refuse") == 0);
    CHECK_STR(fault.field ? fault.field : "", value_of(file, "field"));
    if (err)
        return;
    CHECK(lp_control_write(&request, lp_space_of(text, sizeof text)) > 0);
    check_again(file, "request", (char *)text);
}

TEST(every_request_vector_is_read_and_written_back)
{
    CHECK(each_vector("control-", check_request) >= 20);
}

static void check_link(const vector *file)
{
    char text[LP_INVITE_MAX + 1];
    lp_invite invite;
    lp_why why;
    lp_err err = lp_invite_read(value_of(file, "link"), &invite, &why);
    CHECK_EQ(err != LP_OK, strcmp(value_of(file, "expect"), "refuse") == 0);
    if (err)
        return;
    CHECK_STR(invite.relay.host, value_of(file, "host"));
    CHECK_EQ(invite.relay.port, number_of(file, "port"));
    CHECK_STR(invite.room, value_of(file, "room"));
    check_again(file, "link", lp_invite_write(&invite, text));
}

TEST(every_link_vector_is_read_and_written_back)
{
    CHECK(each_vector("link-", check_link) >= 10);
}
