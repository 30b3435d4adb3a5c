/* SPDX-License-Identifier: Apache-2.0
 * fuzz_netlink.c - rtnetlink messages: whatever comes, what reaches the sink is within its bounds.
 */
#include <stdlib.h>
#include <string.h>
#include "zebra_netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void on_link(void *ctx, const struct nl_link *l)
{
    (void)ctx;
    need(l->ifindex && memchr(l->name, 0, sizeof(l->name)) &&
         memchr(l->alias, 0, sizeof(l->alias)) && l->mac_len <= sizeof(l->mac));
}

static void on_addr(void *ctx, const struct nl_addr *a)
{
    (void)ctx;
    need(a->len <= prefix_maxlen(a->addr.family) && memchr(a->label, 0, sizeof(a->label)));
}

static void on_route(void *ctx, const struct nl_route *r)
{
    struct prefix p = r->p;
    (void)ctx;
    prefix_mask(&p);
    need(r->n <= ZAPI_MAX_NEXTHOPS && prefix_eq(&p, &r->p));
}

static void on_nexthop(void *ctx, const struct knh_info *i, bool gone)
{
    (void)ctx;
    (void)gone;
    need(i->n <= ZAPI_MAX_NEXTHOPS && (i->group || !i->n));
}

static void on_error(void *ctx, uint32_t seq, int err)
{
    (void)ctx;
    (void)seq;
    (void)err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct nl_sink sink = {
        .link = on_link, .addr = on_addr, .route = on_route, .nexthop = on_nexthop
    };
    void *copy = malloc(size ? size : 1); /* aligned as a socket's buffer is */
    if (size)
        memcpy(copy, data, size);
    nl_decode(copy, size, &sink, NULL);
    nl_errors(copy, size, on_error, NULL);
    free(copy);
    return 0;
}
