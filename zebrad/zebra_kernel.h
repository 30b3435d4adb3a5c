/* SPDX-License-Identifier: Apache-2.0
 * zebra_kernel.h - sockets to the kernel: the writer's thread, the monitor, dumps.
 */
#ifndef GW_ZEBRA_KERNEL_H
#define GW_ZEBRA_KERNEL_H
#include "loop.h"
#include "zebra_netlink.h"

struct kernel;
struct kernel_ops {
    void (*complete)(void *ctx, struct fib_batch *b);
    /* Changes as they happen, and what dumps say. `dump`: part of a resync. */
    void (*link)(void *ctx, const struct nl_link *l, bool dump);
    void (*addr)(void *ctx, const struct nl_addr *a, bool dump);
    void (*route)(void *ctx, const struct nl_route *r, bool dump);
    void (*nexthop)(void *ctx, const struct knh_info *i, bool gone, bool dump);
    /* A resync begins (everything is dumped: links, addresses, nexthops, routes) / its phase ends / it ends. */
    void (*resync_begin)(void *ctx);
    void (*resync_links_done)(void *ctx);
    void (*resync_end)(void *ctx);
};
/* Opens everything (needs CAP_NET_ADMIN). NULL and *ret_err = -errno on failure. */
struct kernel *kernel_open(struct loop *l, const struct kernel_ops *ops, void *ctx, int *ret_err);
void kernel_start(struct kernel *k);        /* first full dump, in one go; then the monitor is watched */
void kernel_submit(struct kernel *k, struct fib_batch *b);
void kernel_resync(struct kernel *k);       /* asks for a full dump, in slices on the loop */
void kernel_free(struct kernel *k);
struct kernel_counters {
    uint64_t messages, bad, overruns, resyncs, batches, send_errors;
};
struct kernel_counters kernel_counters(const struct kernel *k);
/* A number in /proc/sys of this namespace; 0 or -errno. */
int kernel_sysctl(const char *path, const char *value);
#endif
