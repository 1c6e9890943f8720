#include "runtime/join.h"

#include <assert.h>
#include <stdio.h>

#include "os/files.h"
#include "os/random.h"
#include "runtime/identity_file.h"

#define CA_FILE_MAX (256 * 1024)

static lp_err check_names(const lp_join_options *options, lp_why *why)
{
    lp_room_code ignored;
    if (!options->relay.host[0])
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "no relay is named: add --relay HOST (the host of the party knows it)");
    if (!options->room)
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "no room is named: add --room CODE (the host of the party knows it)");
    if (lp_room_code_read(options->room, ignored) != LP_OK)
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "room: \"%.64s\" is not a room code; it has 1 to %d letters, digits, "
            "- or _",
            options->room, LP_ROOM_MAX);
    return LP_OK;
}

lp_err lp_join_take_link(lp_join_options *options, lp_why *why)
{
    lp_invite *invite = &options->invite;
    lp_why inner;
    if (!options->link)
        return LP_OK;
    lp_err err = lp_invite_read(options->link, invite, &inner);
    if (err)
        return lp_explain(why, err, "link: %.400s", inner.text);
    if (!options->relay.host[0])
        options->relay = invite->relay;
    if (!options->room)
        options->room = invite->room;
    bool has_trust = options->relay_fingerprint || options->relay_ca_cert;
    if (!has_trust && invite->fingerprint[0])
        options->relay_fingerprint = invite->fingerprint;
    if (!options->server_name && invite->server_name[0])
        options->server_name = invite->server_name;
    return LP_OK;
}

static lp_err check_trust(const lp_join_options *options, lp_why *why)
{
    lp_key_hash ignored;
    if (options->relay_fingerprint && options->relay_ca_cert)
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "relay-fingerprint and relay-ca-cert exclude each other: name one");
    if (options->relay_fingerprint &&
        lp_key_hash_read(options->relay_fingerprint, &ignored) != LP_OK)
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "relay-fingerprint: \"%.100s\" is not sha256: and 64 hexadecimal "
            "digits; copy it from what the relay prints when it starts",
            options->relay_fingerprint);
    return LP_OK;
}

lp_err lp_join_check_mac(const lp_option_mac *mac, lp_why *why)
{
    if (!mac || !mac->is_set || lp_mac_is_identity(mac->mac))
        return LP_OK;
    return lp_explain(why, LP_ERR_MALFORMED,
                      "virtual-mac: a player's address is unicast and locally "
                      "administered: it begins with x2, x6, xa or xe, as in "
                      "02:00:00:00:00:01");
}

lp_err lp_join_check_options(const lp_join_options *options, const lp_option_mac *mac,
                             lp_why *why)
{
    lp_err err = check_names(options, why);
    if (!err)
        err = check_trust(options, why);
    return err ? err : lp_join_check_mac(mac, why);
}

static lp_err take_identity(lp_join *join, const char *program, lp_role role,
                            const lp_join_options *options, const lp_option_mac *mac,
                            const lp_log_sink *log, lp_why *why)
{
    bool created = false;
    bool with_mac = role == LP_ROLE_CLIENT;
    lp_err err = lp_identity_path(options->identity, program, options->use,
                                  join->identity_path, sizeof join->identity_path, why);
    if (err)
        return err;
    err = lp_identity_load(join->identity_path, with_mac, options->use, &join->identity,
                           &created, why);
    if (err)
        return err;
    join->is_new = created;
    if (created && options->use == LP_FILES_KEEP)
        lp_log(log, LP_INFO, "new identity made", F_STR("file", join->identity_path));
    if (mac && mac->is_set)
        join->identity.mac =
            mac->mac; /* for this run; the file keeps its own (W-003) */
    join->member.mac = join->identity.mac;
    return lp_credentials_of_seed(join->identity.seed, program, &join->credentials,
                                  why);
}

static lp_err make_tls(lp_join *join, const lp_trust *trust, const char *ca_path,
                       lp_why *why)
{
    lp_why inner;
    if (ca_path && trust->ca_cert.len == 0)
        return lp_explain(why, LP_ERR_MALFORMED, "relay-ca-cert: %s is empty", ca_path);
    lp_err err = lp_tls_client_new(join->credentials, trust, &join->tls, &inner);
    if (err && ca_path)
        lp_explain(why, err, "relay-ca-cert: %.160s: %.300s", ca_path, inner.text);
    else if (err)
        *why = inner;
    return err;
}

static lp_err take_trust(lp_join *join, const lp_join_options *options, lp_why *why)
{
    lp_file_content ca = {0};
    lp_key_hash fingerprint;
    lp_trust trust = {.server_name = options->server_name};
    if (!trust.server_name) {
        trust.server_name = options->relay.host;
        trust.name_is_guess = true;
    }
    lp_err err = LP_OK;
    if (options->relay_fingerprint) {
        err = lp_key_hash_read(options->relay_fingerprint, &fingerprint);
        assert(!err);
        trust.fingerprint = &fingerprint;
    } else if (options->relay_ca_cert) {
        err = lp_file_read(options->relay_ca_cert, CA_FILE_MAX, &ca, why);
        if (err)
            return err;
        trust.ca_cert = lp_bytes_of(ca.at, ca.len);
    } else if (options->ca_cert) {
        trust.ca_cert = lp_bytes_of(options->ca_cert, strlen(options->ca_cert));
    } else {
        trust.system_roots = true;
    }
    err = make_tls(join, &trust, options->relay_ca_cert, why);
    lp_file_content_fini(&ca);
    return err;
}

lp_err lp_join_identify(lp_join *join, const char *program, lp_role role,
                        const lp_join_options *options, const lp_option_mac *mac,
                        const lp_log_sink *log, lp_why *why)
{
    *join = (lp_join){.member = {.role = role, .random = lp_os_random()}};
    snprintf(join->member.software, sizeof join->member.software, "%s " LP_VERSION,
             program);
    lp_err err = take_identity(join, program, role, options, mac, log, why);
    if (err)
        lp_join_fini(join);
    return err;
}

lp_err lp_join_aim(lp_join *join, const lp_join_options *options, lp_why *why)
{
    lp_join_rest(join); /* of where we went before */
    lp_err err = lp_room_code_read(options->room, join->member.room);
    assert(!err);
    err = take_trust(join, options, why);
    if (!err)
        err = lp_net_open(&join->net, why);
    if (err)
        lp_join_rest(join);
    return err;
}

void lp_join_rest(lp_join *join)
{
    lp_net_close(join->net);
    lp_tls_free(join->tls);
    join->net = NULL;
    join->tls = NULL;
}

lp_err lp_join_check_ca(const lp_join_options *options, lp_why *why)
{
    lp_tls *tls;
    if (!options->ca_cert)
        return LP_OK;
    lp_trust trust = {.server_name = options->relay.host,
                      .ca_cert =
                          lp_bytes_of(options->ca_cert, strlen(options->ca_cert))};
    lp_err err = lp_tls_client_new(NULL, &trust, &tls, why);
    if (!err)
        lp_tls_free(tls);
    return err;
}

lp_err lp_join_init(lp_join *join, const char *program, lp_role role,
                    const lp_join_options *options, const lp_option_mac *mac,
                    const lp_log_sink *log, lp_why *why)
{
    lp_err err = lp_join_identify(join, program, role, options, mac, log, why);
    if (!err)
        err = lp_join_aim(join, options, why);
    if (err)
        lp_join_fini(join);
    return err;
}

void lp_join_fini(lp_join *join)
{
    lp_join_rest(join);
    lp_credentials_free(join->credentials);
    lp_identity_wipe(&join->identity);
    *join = (lp_join){0};
}
