/* Every way a call can fail, with the sentence a person sees. */
#pragma once

#define LP_MUST_USE __attribute__((warn_unused_result))

#define LP_ERRORS(X)                                                             \
    X(LP_OK, "success")                                                          \
    X(LP_ERR_NO_MEMORY, "out of memory")                                         \
    X(LP_ERR_TRUNCATED, "the message ends before its last field")                \
    X(LP_ERR_MALFORMED, "a field holds a value the protocol does not allow")     \
    X(LP_ERR_VERSION, "the other side speaks another protocol version")          \
    X(LP_ERR_UNKNOWN, "the name is not known here")                              \
    X(LP_ERR_TOO_BIG, "it is larger than the limit")                             \
    X(LP_ERR_FULL, "a fixed limit was reached")                                  \
    X(LP_ERR_WOULD_BLOCK, "not now; try again when it is ready")                 \
    X(LP_ERR_CLOSED, "the connection is closed")                                 \
    X(LP_ERR_TIMEOUT, "the other side did not answer in time")                   \
    X(LP_ERR_REFUSED, "the other side refused")                                  \
    X(LP_ERR_UNTRUSTED, "the certificate is not one that we were told to trust") \
    X(LP_ERR_CRYPTO, "the cryptographic library refused")                        \
    X(LP_ERR_DENIED, "permission denied")                                        \
    X(LP_ERR_NOT_FOUND, "there is no such thing")                                \
    X(LP_ERR_IN_USE, "another program is using it")                              \
    X(LP_ERR_UNSUPPORTED, "this system cannot do that")                          \
    X(LP_ERR_IO, "the operating system reported an input or output error")

typedef enum lp_err {
#define X(code, sentence) code,
    LP_ERRORS(X)
#undef X
} lp_err;

/* Never NULL, never freed. */
const char *lp_err_text(lp_err err);

/*
 * A sentence that says more than a code can: what happened, to what, what to do.
 * Functions that talk to a person's files and devices take one as their last
 * parameter and fill it exactly when they fail.
 */
#define LP_WHY_MAX 512
typedef struct lp_why {
    char text[LP_WHY_MAX];
} lp_why;

/* Writes the sentence and returns `err`, so that a failure is one line. */
lp_err lp_explain(lp_why *why, lp_err err, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 3, 4)));
