/* SPDX-License-Identifier: Apache-2.0
 * zebra_fib.h - what the kernel is told: operations in batches, and their results.
 */
#ifndef GW_ZEBRA_FIB_H
#define GW_ZEBRA_FIB_H
#include "zebra_knh.h"

#define FIB_BATCH       512
#define FIB_BATCHES_OUT 6      /* at the writer at a time */
#define FIB_FLUSH_MIN   1000   /* deletes of one object from which a flush pays */
#define FIB_FLUSH_SHARE 100    /* ...and only if it has at least a hundredth of all routes */
#define FIB_HOLD_US     30000  /* a burst of deletes is held this long after its last arrival... */
#define FIB_HOLD_MAX_US 1000000 /* ...and at most this long, to become one flush */

enum fib_kind { FIB_ROUTE_SET, FIB_ROUTE_DEL, FIB_NH_SET, FIB_NH_DEL, FIB_ADDR_ADD, FIB_ADDR_DEL, FIB_LINK_SET };
struct fib_nh { /* of FIB_NH_SET */
    bool group, onlink;
    uint8_t family;
    uint16_t n;
    uint32_t ifindex;
    struct ipaddr gate;
    struct {
        uint32_t id;
        uint16_t weight;
    } m[];
};
struct fib_ifop { /* of FIB_ADDR_*, FIB_LINK_SET */
    uint32_t ifindex;
    bool up;
    uint8_t len;
    struct ipaddr addr, peer;
    char label[16];
};
struct fib_op {
    uint8_t kind, family, len, proto;
    uint8_t rtype;   /* RTN_UNICAST or a discarding type */
    uint16_t owner;
    uint32_t table;  /* the kernel's */
    uint32_t nhid;   /* 0: none */
    uint32_t mtu;
    uint8_t addr[16];
    uint32_t rib_table, dest, fib; /* dest: the object's handle for FIB_NH_* */
    int err;         /* the result: 0 or an errno */
    uint64_t seq;
    void *extra;     /* struct fib_nh or fib_ifop; the batch's */
};
struct fib_batch {
    struct fib_batch *next;
    unsigned n;
    struct fib_op op[FIB_BATCH];
};
void fib_fini(struct rib *r);
void fib_batch_free(struct fib_batch *b);
void fib_complete(struct rib *r, struct fib_batch *b); /* results are in; frees it */
/* The destination's wanted state may differ from what was sent. seq 0: no answer is wanted. */
void fib_dirty(struct rib *r, struct rib_table *t, uint32_t dest, uint16_t owner, uint64_t seq);
bool fib_pump(struct rib *r, uint64_t until); /* sends what it can; true when more could be sent now */
uint32_t fib_pending(const struct rib *r);    /* destinations waiting or at the writer */
uint32_t fib_wanted(struct rib *r, struct rib_table *t, uint32_t dest);
void fib_forget(struct rib *r, struct rib_table *t, uint32_t dest); /* fib becomes "nothing sent" */
void fib_touch(struct rib *r, struct rib_table *t, uint32_t dest);  /* the next fib_dirty() writes in any case */
/* Control operations keep their order among themselves and go before routes. extra is taken (malloc). */
void fib_ctl(struct rib *r, enum fib_kind kind, uint32_t knh, uint32_t kid, void *extra);
void fib_if_result_hook(void (*fn)(void *ctx, const struct fib_op *op), void *ctx);
/* A route of ours read from the kernel: at start (adopt), in a resync, or a foreign change to it. */
struct fib_seen {
    uint32_t table;
    enum afi afi;
    struct prefix p;
    uint8_t proto, rtype;
    uint32_t nhid;
};
void fib_adopt(struct rib *r, const struct fib_seen *s);
void fib_seen(struct rib *r, const struct fib_seen *s);
void fib_lost(struct rib *r, const struct fib_seen *s);
void fib_resync_begin(struct rib *r);
void fib_resync_end(struct rib *r);
/* Adopted routes of this kernel protocol that nobody claimed are deleted (0: of all). */
void fib_adopt_sweep(struct rib *r, uint8_t proto);
#endif
