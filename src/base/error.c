#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

const char *lp_err_text(lp_err err)
{
    switch (err) {
#define X(code, sentence) \
    case code:            \
        return sentence;
        LP_ERRORS(X)
#undef X
    }
    return "unknown error";
}

lp_err lp_explain(lp_why *why, lp_err err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(why->text, sizeof why->text, fmt, args);
    va_end(args);
    return err;
}
