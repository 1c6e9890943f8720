/* What a function prints, as a text. */
#pragma once

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct capture {
    FILE *stream;
    int original; /* where the stream leads otherwise */
    FILE *kept;
} capture;

static inline capture begin_capture(FILE *stream)
{
    capture begun = {.stream = stream, .kept = tmpfile()};
    fflush(stream);
    begun.original = dup(fileno(stream));
    if (!begun.kept || dup2(fileno(begun.kept), fileno(stream)) < 0)
        abort();
    return begun;
}

/* Valid until the next one; cut to what `text` holds. */
static inline const char *end_capture(capture *begun)
{
    static char text[32768];
    fflush(begun->stream);
    dup2(begun->original, fileno(begun->stream));
    close(begun->original);
    rewind(begun->kept);
    text[fread(text, 1, sizeof text - 1, begun->kept)] = '\0';
    fclose(begun->kept);
    return text;
}
