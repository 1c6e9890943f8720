/* What an undo journal is understood to say, written and read again, is the same; and no
 * line of it is longer than a line may be. */
#include "os/undo.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static lp_undo_list list, again;
    static char text[LP_UNDO_TEXT_MAX];
    lp_undo_read(lp_bytes_of(data, size), &list);
    assert(list.count <= LP_UNDO_MAX);
    size_t len = lp_undo_write(&list, text);
    assert(len < sizeof text && (list.count == 0 || text[len - 1] == '\n'));
    lp_undo_read(lp_bytes_of(text, len), &again);
    assert(again.count == list.count);
    for (size_t i = 0; i < list.count; i++)
        assert(lp_undo_same(&list.entry[i], &again.entry[i]));
    return 0;
}
