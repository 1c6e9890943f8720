/* Whatever a service says, the window has something to show, within its room. */
#include <assert.h>
#include <stdlib.h>

#include "gui/diagnose.h"
#include "gui/reply.h"
#include "gui/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const lp_view *view)
{
    assert(view->headline[0] && view->sentence[0] && view->tip[0]);
    assert(view->card_count <= LP_VIEW_CARDS_MAX &&
           view->peer_count <= LP_VIEW_PEERS_MAX);
    for (size_t i = 0; i < view->card_count; i++)
        assert(view->card[i].title[0]);
    for (size_t i = 0; i < view->peer_count; i++)
        assert(view->peer[i].name[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static lp_state state;
    static lp_view view;
    static lp_diagnosis diagnosis;
    static char text[LP_DIAGNOSIS_TEXT_MAX];
    lp_why why;
    lp_reply reply;
    lp_bytes said = lp_bytes_of(data, size);
    lp_diagnose(said, &diagnosis);
    assert(diagnosis.count > 0 && diagnosis.count <= LP_DIAGNOSIS_MAX);
    lp_diagnosis_text(&diagnosis, text);
    lp_reply_read(said, &reply);
    assert(reply.ok == !reply.error[0]);
    free(lp_reply_log(said));
    free(lp_reply_text(said));
    if (lp_state_read(said, &state, &why) != LP_OK)
        return 0;
    for (int link = 0; link < 2; link++) {
        const lp_view_own own = {"silent", link ? "trouble" : "", link};
        lp_view_write(LP_PRESENCE_ANSWERS, &state, &own, &view);
        look(&view);
    }
    return 0;
}
