/*
 * Glues consecutive segments of one TCP flow, and datagrams of one UDP flow, to a
 * super-frame, so that one system call and one walk through the kernel's stack carry
 * many: what GRO does in a card's driver. The kernel, or a card, cuts it again where
 * someone wants segments (core/offload.h): who receives a datagram sees just that one.
 *
 * Only what can be cut back to the same octets is glued: in order, checksums right, same
 * headers but for length, sequence, checksum, and IPv4's identification counting up;
 * payloads of one length, the last may be shorter; TCP's PSH and FIN on the last only; no
 * UDP without a checksum. All else passes as it is. Frames of one flow keep their order;
 * another flow's may overtake what waits for its successor.
 *
 * Nothing waits longer than the caller says: flush when a batch has been read.
 *
 * Pure: no clock; no allocation after lp_glue_new.
 */
#pragma once

#include "base/offload.h"
#include "base/span.h"

#define LP_GLUE_MAX_FLOWS    8 /* at once; one more, and the oldest goes */
#define LP_GLUE_MAX_SEGMENTS 64

typedef struct lp_glue lp_glue;

/* Some 580 KiB, used as flows need it. NULL when memory runs out. */
lp_glue *lp_glue_new(void);
void lp_glue_free(lp_glue *glue); /* NULL is fine */

/* From now on everything passes as it is: for adapters that take whole frames only. */
void lp_glue_leave_all(lp_glue *glue);
/* From now on UDP passes as it is: for kernels that cannot cut it (before Linux 6.2). */
void lp_glue_leave_udp(lp_glue *glue);

/* Takes a whole frame; copied if it has to wait. Then call lp_glue_next until it says
 * no: the frame is borrowed until then. */
void lp_glue_put(lp_glue *glue, lp_bytes frame);

/* No more for now: everything that waits is due. Then lp_glue_next, as above. */
void lp_glue_flush(lp_glue *glue);

/* The next frame to write, and what is left to the card. Valid until the next put. */
bool lp_glue_next(lp_glue *glue, lp_bytes *out_frame, lp_offload *out_offload);
