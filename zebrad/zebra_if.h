/* SPDX-License-Identifier: Apache-2.0
 * zebra_if.h - interfaces: what the kernel has, and what the configuration wants of them.
 */
#ifndef GW_ZEBRA_IF_H
#define GW_ZEBRA_IF_H
#include "zebra_netlink.h"

struct zif_addr {
    struct zif_addr *next;
    struct ipaddr addr, peer; /* peer.family 0: none */
    uint8_t len;
    uint32_t flags;           /* IFA_F_* */
    char label[16];
    bool ours;                /* we added it, in this life or an earlier one */
    bool seen;                /* in the running resync */
};
/* Address from the configuration. */
struct zif_want {
    struct zif_want *next;
    struct ipaddr addr, peer;
    uint8_t len;
    char label[16];
    uint64_t asked_at;        /* when it was last asked for; 0 never */
    int err;                  /* what the kernel answered, an errno */
};
struct zif {
    struct zif *next;         /* by name */
    struct zif *hnext;        /* by index */
    uint32_t ifindex;         /* 0: configured, but not there */
    char name[16], kind[16];
    char alias[64];
    uint32_t flags, mtu, type, master, link, txqlen, vrf_id, vrf_table;
    uint8_t mac[8], mac_len, operstate;
    bool up;                  /* usable: administratively and operationally */
    bool seen;
    bool fresh;               /* it has just appeared */
    struct zif_addr *addrs;
    uint32_t ups, downs;
    uint64_t last_up, last_down; /* wall clock, 0 never */
    /* wanted */
    bool configured;
    int want_admin;           /* -1 no opinion, 0 down, 1 up */
    char *description;
    struct zif_want *want;
};

struct zif_ops {
    void (*link)(void *ctx, struct zif *i, bool gone);
    void (*addr)(void *ctx, struct zif *i, const struct zif_addr *a, bool gone);
    void (*vrf)(void *ctx, uint32_t vrf_id, bool gone);
    void (*retry)(void *ctx, uint64_t delay_us); /* zif_retry() is wanted then */
};
struct zifs;
struct zifs *zifs_new(struct rib *r, const struct zif_ops *ops, void *ctx);
void zifs_free(struct zifs *z);
struct zif *zif_find(struct zifs *z, uint32_t ifindex);
struct zif *zif_by_name(struct zifs *z, const char *name);
struct zif *zif_first(struct zifs *z); /* then ->next; ordered by name */
bool zif_is_up(struct zifs *z, uint32_t ifindex);

/* From the kernel. */
void zif_kernel_link(struct zifs *z, const struct nl_link *l);
void zif_kernel_addr(struct zifs *z, const struct nl_addr *a);
void zif_resync_begin(struct zifs *z);
void zif_resync_end(struct zifs *z);
void zif_op_result(struct zifs *z, const struct fib_op *op);

/* From the configuration; the interface need not exist. */
struct zif *zif_configure(struct zifs *z, const char *name); /* `interface NAME` was entered */
void zif_unconfigure(struct zifs *z, const char *name);
void zif_want_address(struct zifs *z, const char *name, const struct ipaddr *addr, uint8_t len,
                      const struct ipaddr *peer, const char *label);
void zif_unwant_address(struct zifs *z, const char *name, const struct ipaddr *addr, uint8_t len);
void zif_want_admin(struct zifs *z, const char *name, int admin); /* -1: no opinion any more */
void zif_set_description(struct zifs *z, const char *name, const char *text);
void zif_retry(struct zifs *z);
#endif
