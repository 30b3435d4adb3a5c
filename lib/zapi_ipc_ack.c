/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc_ack.c - see zapi_ipc_ack.h.
 */
#include "zapi_ipc_ack.h"
#include "mem.h"

#define ACKS_TOLD 0xff
#define N_PAGES   (ZAPI_ACK_RING / ZAPI_ACK_PAGE)
MEM_DEFINE(zapi_acks, "Route service acknowledgements");

static uint8_t *cell(struct zapi_acks *a, uint64_t seq)
{
    return &a->result[seq & (ZAPI_ACK_RING - 1)];
}

static uint16_t *page_of(struct zapi_acks *a, uint64_t seq)
{
    return &a->page_done[seq / ZAPI_ACK_PAGE % N_PAGES];
}

void zapi_acks_init(struct zapi_acks *a, uint64_t first_seq)
{
    a->result = mem_calloc(MEM(zapi_acks), ZAPI_ACK_RING, 1);
    a->page_done = mem_calloc(MEM(zapi_acks), N_PAGES, sizeof(*a->page_done));
    a->low = first_seq - first_seq % ZAPI_ACK_PAGE;
    a->next = first_seq;
    a->waiting = 0;
    for (uint64_t s = a->low; s < first_seq; s++) { /* numbers before the first do not exist */
        *cell(a, s) = ACKS_TOLD;
        ++*page_of(a, s);
    }
}

void zapi_acks_fini(struct zapi_acks *a)
{
    mem_free(MEM(zapi_acks), a->result);
    mem_free(MEM(zapi_acks), a->page_done);
    *a = (struct zapi_acks){ 0 };
}

bool zapi_acks_issue(struct zapi_acks *a, uint64_t next)
{
    if (next < a->next || next - a->low > ZAPI_ACK_RING)
        return false;
    a->next = next;
    return true;
}

/* Sends what is settled and not told in [from, to), as ranges of one result. */
static void tell(struct zapi_acks *a, uint64_t from, uint64_t to, zapi_ack_emit *emit, void *ctx)
{
    struct zapi_ack r = { 0 };
    bool open = false;
    for (uint64_t s = from; s < to; s++) {
        uint8_t *c = cell(a, s), v = *c;
        bool wanted = v && v != ACKS_TOLD;
        if (open && (!wanted || (enum zapi_result)(v - 1) != r.result)) {
            emit(ctx, &r);
            open = false;
        }
        if (!wanted)
            continue;
        *c = ACKS_TOLD;
        a->waiting--;
        if (!open)
            r = (struct zapi_ack){ .first_seq = s, .result = (enum zapi_result)(v - 1) };
        r.last_seq = s;
        open = true;
    }
    if (open)
        emit(ctx, &r);
}

/* Whole told pages leave the ring. */
static void advance(struct zapi_acks *a)
{
    while (a->low + ZAPI_ACK_PAGE <= a->next && *page_of(a, a->low) == ZAPI_ACK_PAGE) {
        for (uint64_t s = a->low; s < a->low + ZAPI_ACK_PAGE; s++)
            if (*cell(a, s) != ACKS_TOLD)
                return;
        memset(cell(a, a->low), 0, ZAPI_ACK_PAGE);
        *page_of(a, a->low) = 0;
        a->low += ZAPI_ACK_PAGE;
    }
}

void zapi_acks_add(struct zapi_acks *a, const struct zapi_ack *r, zapi_ack_emit *emit, void *ctx)
{
    bool now = r->result == ZR_FAILED;
    for (uint64_t s = r->first_seq; s <= r->last_seq; s++) {
        if (s < a->low || s >= a->next || *cell(a, s))
            continue; /* settled before */
        *cell(a, s) = now ? ACKS_TOLD : (uint8_t)(r->result + 1);
        a->waiting += !now;
        if (++*page_of(a, s) == ZAPI_ACK_PAGE) {
            uint64_t page = s - s % ZAPI_ACK_PAGE;
            tell(a, page, page + ZAPI_ACK_PAGE, emit, ctx);
        }
    }
    if (now)
        emit(ctx, r);
    advance(a);
}

void zapi_acks_flush(struct zapi_acks *a, zapi_ack_emit *emit, void *ctx)
{
    if (a->waiting)
        tell(a, a->low, a->next, emit, ctx);
    advance(a);
}
