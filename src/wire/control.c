#include "wire/control.h"

#include <stdio.h>

#include "wire/json.h"

static const char *const verb_names[] = {
    [LP_CONTROL_STATUS] = "status",         [LP_CONTROL_CONNECT] = "connect",
    [LP_CONTROL_DISCONNECT] = "disconnect", [LP_CONTROL_LOG] = "log",
    [LP_CONTROL_SYSTEM] = "system",         [LP_CONTROL_FIX] = "fix",
    [LP_CONTROL_REPAIR] = "repair"};

#define VERB_COUNT (sizeof verb_names / sizeof *verb_names)
#define KNOWN      "status, connect, disconnect, log, system, fix, repair"

/* --- reading ---------------------------------------------------------------------- */

/* Sentences with nothing before them: the field is told by itself. */
static void refuse(lp_json *json, const char *field, const char *sentence)
{
    if (json->bad)
        return;
    json->bad = field;
    lp_explain(json->why, LP_ERR_MALFORMED, "%s", sentence);
}

static void take(lp_json *json, const char *field, lp_invite *party,
                 bool (*take_part)(const char *text, lp_invite *invite, lp_why *why))
{
    lp_why why;
    const char *text = lp_json_text(json, field);
    if (!json->bad && !take_part(text, party, &why))
        refuse(json, field, why.text);
}

static bool is_plain(const char *text)
{
    while ((*text >= ' ' && *text < 0x7f) || *text == '\n' || *text == '\t')
        text++;
    return *text == '\0';
}

/* PEM; its lines end as they did where it was made, which need not be as here. */
static void read_ca_cert(lp_json *json, lp_control *request)
{
    const char *text = lp_json_text(json, "ca_cert");
    char *out = request->ca_cert;
    if (strlen(text) > LP_CONTROL_CA_MAX) {
        refuse(json, "ca_cert",
               "the certificate is too long: send only what is needed");
        return;
    }
    for (; *text; text++)
        if (*text != '\r')
            *out++ = *text;
    *out = '\0';
    if (!is_plain(request->ca_cert))
        refuse(json, "ca_cert", "the certificate is not in PEM, which is plain text");
    else if (request->ca_cert[0] && request->party.fingerprint[0])
        refuse(json, "ca_cert",
               "a certificate and a fingerprint exclude each other: send one of them");
}

static void read_connect(lp_json *json, lp_control *request)
{
    take(json, "relay", &request->party, lp_invite_take_relay);
    take(json, "room", &request->party, lp_invite_take_room);
    if (lp_json_has(json, "fingerprint"))
        take(json, "fingerprint", &request->party, lp_invite_take_fingerprint);
    if (lp_json_has(json, "server_name"))
        take(json, "server_name", &request->party, lp_invite_take_server_name);
    if (lp_json_has(json, "ca_cert"))
        read_ca_cert(json, request);
    if (lp_json_has(json, "ca_file"))
        refuse(json, "ca_file",
               "a request opens no files: send the certificate itself, as ca_cert");
}

static lp_err read_members(lp_json *json, lp_control *request)
{
    size_t verb = lp_json_name(json, "do", verb_names, VERB_COUNT);
    if (!json->bad && verb == VERB_COUNT) {
        json->bad = "do";
        return lp_explain(json->why, LP_ERR_UNKNOWN,
                          "unknown request; what can be asked for: " KNOWN);
    }
    request->verb = (lp_control_verb)verb;
    if (json->bad)
        return LP_ERR_MALFORMED;
    if (request->verb == LP_CONTROL_CONNECT)
        read_connect(json, request);
    if (request->verb == LP_CONTROL_LOG && lp_json_has(json, "after"))
        request->after = lp_json_u32(json, "after", 0, UINT32_MAX);
    if (request->verb == LP_CONTROL_FIX)
        lp_json_copy_text(json, "code", request->code, sizeof request->code);
    return lp_json_result(json);
}

static lp_err read_object(lp_bytes line, lp_control *request, lp_control_fault *fault)
{
    lp_json json;
    lp_err err = lp_json_open(line, &json, &fault->why);
    if (!err) {
        err = read_members(&json, request);
        fault->field = json.bad;
    }
    lp_json_close(&json);
    return err;
}

static bool is_word(lp_bytes line, const char *word)
{
    return lp_bytes_equal(line, lp_bytes_of(word, strlen(word)));
}

lp_err lp_control_read(lp_bytes line, lp_control *out_request, lp_control_fault *fault)
{
    *fault = (lp_control_fault){.field = NULL};
    *out_request = (lp_control){.verb = LP_CONTROL_STATUS};
    if (line.len > 0 && line.at[line.len - 1] == '\r')
        line.len--;
    if (line.len > LP_CONTROL_MAX)
        return lp_explain(&fault->why, LP_ERR_TOO_BIG,
                          "the request is longer than %d octets", LP_CONTROL_MAX);
    if (is_word(line, "status"))
        return LP_OK;
    if (line.len == 0 || line.at[0] != '{')
        return lp_explain(
            &fault->why, LP_ERR_UNKNOWN,
            "unknown request; ask for: status, or write a JSON object whose "
            "\"do\" is one of: " KNOWN);
    return read_object(line, out_request, fault);
}

/* --- writing ---------------------------------------------------------------------- */

static void put_connect(lp_json_writer *json, const lp_control *request)
{
    char relay[LP_HOST_MAX + 16];
    const lp_endpoint_name *name = &request->party.relay;
    bool is_v6 = strchr(name->host, ':') != NULL;
    snprintf(relay, sizeof relay, "%s%s%s:%u", is_v6 ? "[" : "", name->host,
             is_v6 ? "]" : "", name->port);
    lp_json_put_text(json, "relay", relay);
    lp_json_put_text(json, "room", request->party.room);
    if (request->party.fingerprint[0])
        lp_json_put_text(json, "fingerprint", request->party.fingerprint);
    if (request->party.server_name[0])
        lp_json_put_text(json, "server_name", request->party.server_name);
    if (request->ca_cert[0])
        lp_json_put_lines(json, "ca_cert", request->ca_cert);
}

size_t lp_control_write(const lp_control *request, lp_space space)
{
    lp_json_writer json = {.out = {.rest = space}};
    lp_json_begin(&json, NULL);
    lp_json_put_text(&json, "do", verb_names[request->verb]);
    if (request->verb == LP_CONTROL_CONNECT)
        put_connect(&json, request);
    if (request->verb == LP_CONTROL_LOG)
        lp_json_put_number(&json, "after", request->after);
    if (request->verb == LP_CONTROL_FIX)
        lp_json_put_text(&json, "code", request->code);
    lp_json_end(&json);
    size_t len = json.out.len;
    lp_put_u8(&json.out, 0);
    return json.out.failed ? 0 : len;
}
