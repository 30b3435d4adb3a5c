/* SPDX-License-Identifier: Apache-2.0
 * zebra.c - connects kernel, interfaces, RIB and clients.
 *
 * After a start the kernel's state of our earlier life is adopted: our routes and nexthop objects
 * are entered into the shadow, nothing is deleted. A client's END removes what of its protocol is
 * still unclaimed, static routes are due two seconds after the start, and everything else a minute
 * after it (or after -K SECONDS). At the end of the daemon nothing is taken out.
 */
#include "config.h"
#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include "log.h"
#include "zebra_client.h"
#include "zebra_static.h"

MEM_DEFINE(zebra, "Zebra");
LOG_DEBUG_DEFINE(rib, "zebra rib");

#define SLICE_US        10000
#define STATIC_SWEEP_US 2000000
#define ADOPT_SECONDS   60

/* Group objects wait for the single ones that they name. */
struct waiting {
    struct waiting *next;
    struct knh_info info;
};
static struct waiting *waiting;
static struct fib_batch *unwritten; /* batches completed without a kernel */

/* ---- the RIB's outside ---- */
static void work(void *ctx)
{
    struct zebra *z = ctx;
    z->work_soon = false;
    rib_work(z->rib, SLICE_US);
    zclients_flow(z);
}

static void no_kernel_done(void *ctx)
{
    struct zebra *z = ctx;
    while (unwritten) {
        struct fib_batch *b = unwritten;
        unwritten = b->next;
        fib_complete(z->rib, b);
    }
}

static void op_submit(void *ctx, struct fib_batch *b)
{
    struct zebra *z = ctx;
    if (z->kernel) {
        kernel_submit(z->kernel, b);
        return;
    }
    for (unsigned i = 0; i < b->n; i++)
        b->op[i].err = 0;
    if (!unwritten)
        loop_later(z->loop, "no kernel", no_kernel_done, z);
    b->next = unwritten;
    unwritten = b;
}

static void op_schedule(void *ctx, uint64_t delay_us)
{
    struct zebra *z = ctx;
    if (delay_us == 0) {
        if (!z->work_soon)
            loop_later(z->loop, "rib", work, z);
        z->work_soon = true;
    } else if (!loop_timer_armed(z->work_timer) || loop_timer_left(z->work_timer) > delay_us) {
        loop_timer_arm(z->work_timer, delay_us);
    }
}

static uint64_t op_now(void *ctx)
{
    (void)ctx;
    return loop_now();
}

static bool op_link_up(void *ctx, uint32_t ifindex)
{
    struct zebra *z = ctx;
    return zif_is_up(z->ifs, ifindex);
}

static void op_ack(void *ctx, uint16_t owner, uint64_t first, uint64_t last, enum zapi_result res,
                   int err)
{
    zclients_ack(ctx, owner, first, last, res, err);
}

static void op_selected(void *ctx, struct rib_table *t, uint32_t dest, uint8_t old_proto,
                        uint32_t cls)
{
    zclients_selected(ctx, t, dest, old_proto, cls);
}

static void op_tracked(void *ctx, struct track *tr)
{
    zclients_tracked(ctx, tr);
}

static void op_event(void *ctx, const char *text)
{
    (void)ctx;
    log_warn("%s", text);
}

static const struct rib_ops rib_ops = {
    .submit = op_submit,
    .schedule = op_schedule,
    .now = op_now,
    .link_up = op_link_up,
    .ack = op_ack,
    .selected = op_selected,
    .tracked = op_tracked,
    .event = op_event,
};

/* ---- interfaces ---- */
static void if_link(void *ctx, struct zif *i, bool gone)
{
    struct zebra *z = ctx;
    if (gone ||
        !(i->flags & IFF_UP)) /* the kernel drops foreign routes of such a link without a word */
        rib_drop_link(z->rib, RIB_OWNER_KERNEL, i->ifindex);
    zclients_link(z, i, gone);
    if (gone || i->fresh)
        zebra_static_name_changed(z, i->name);
    i->fresh = false;
}

static void if_addr(void *ctx, struct zif *i, const struct zif_addr *a, bool gone)
{
    zclients_addr(ctx, i, a, gone);
}

static void if_vrf(void *ctx, uint32_t vrf_id, bool gone)
{
    struct zebra *z = ctx;
    zclients_vrf(z, vrf_id, gone);
    zebra_static_name_changed(z, rib_vrf_get(z->rib, vrf_id)->name);
}

static void if_retry(void *ctx, uint64_t delay_us)
{
    struct zebra *z = ctx;
    if (!loop_timer_armed(z->if_timer))
        loop_timer_arm(z->if_timer, delay_us);
}

static const struct zif_ops if_ops = {
    .link = if_link, .addr = if_addr, .vrf = if_vrf, .retry = if_retry
};

static void on_if_timer(void *ctx)
{
    struct zebra *z = ctx;
    zif_retry(z->ifs);
}

static void on_if_result(void *ctx, const struct fib_op *op)
{
    struct zebra *z = ctx;
    zif_op_result(z->ifs, op);
}

/* ---- the kernel ---- */
static void k_complete(void *ctx, struct fib_batch *b)
{
    struct zebra *z = ctx;
    fib_complete(z->rib, b);
}

static void k_link(void *ctx, const struct nl_link *l, bool dump)
{
    struct zebra *z = ctx;
    (void)dump;
    zif_kernel_link(z->ifs, l);
}

static void k_addr(void *ctx, const struct nl_addr *a, bool dump)
{
    struct zebra *z = ctx;
    (void)dump;
    zif_kernel_addr(z->ifs, a);
}

static bool first_dump(const struct zebra *z)
{
    return z->kernel_epoch == 1;
}

static void nexthop_groups(struct zebra *z)
{
    while (waiting) {
        struct waiting *w = waiting;
        waiting = w->next;
        knh_adopt(z->rib, &w->info);
        mem_free(MEM(zebra), w);
    }
}

static void k_nexthop(void *ctx, const struct knh_info *i, bool gone, bool dump)
{
    struct zebra *z = ctx;
    if (!knh_id_ours(i->id) || i->protocol != RTPROT_GW_OTHER)
        return;
    if (gone) {
        knh_deleted(z->rib, i->id);
    } else if (!dump || !first_dump(z)) {
        knh_seen(z->rib, i);
    } else if (i->group) {
        struct waiting *w = mem_alloc(MEM(zebra), sizeof(*w));
        w->info = *i;
        w->next = waiting;
        waiting = w;
    } else {
        knh_adopt(z->rib, i);
    }
}

static bool route_is_ours(const struct nl_route *r)
{
    if (r->metric != RIB_METRIC ||
        (r->proto != RTPROT_GW_BGP && r->proto != RTPROT_GW_STATIC && r->proto != RTPROT_GW_OTHER))
        return false;
    return r->type == RTN_UNICAST ? knh_id_ours(r->nhid) : r->nhid == 0;
}

static void our_route(struct zebra *z, const struct nl_route *r, bool dump)
{
    struct fib_seen s = { .table = r->table,
                          .afi = afi_of(r->p.family),
                          .p = r->p,
                          .proto = r->proto,
                          .rtype = r->type,
                          .nhid = r->nhid };
    if (r->gone)
        fib_lost(z->rib, &s);
    else if (dump && first_dump(z))
        fib_adopt(z->rib, &s);
    else
        fib_seen(z->rib, &s);
}

static bool route_is_foreign(const struct nl_route *r)
{
    if (r->table == RT_TABLE_LOCAL || (r->flags & RTM_F_CLONED) || r->proto == RTPROT_KERNEL ||
        r->proto == RTPROT_REDIRECT || r->proto == RTPROT_GW_BGP || r->proto == RTPROT_GW_STATIC ||
        r->proto == RTPROT_GW_OTHER)
        return false;
    return r->type == RTN_UNICAST || r->type == RTN_BLACKHOLE || r->type == RTN_UNREACHABLE ||
           r->type == RTN_PROHIBIT;
}

/* A route of somebody else. As FRR has it, the highest octet of its metric is the distance. */
static void foreign_route(struct zebra *z, struct nl_route *r)
{
    struct rib_table *t = rib_table_by_kernel(z->rib, afi_of(r->p.family), r->table);
    if (!t)
        return;
    if (r->gone) {
        rib_route_unset(z->rib, t, r->p.b, r->p.len, RIB_OWNER_KERNEL, r->metric);
        return;
    }
    if (!r->n) /* over a foreign nexthop object, whose contents this kernel does not repeat with the
                  route */
        return;
    for (unsigned i = 0; i < r->n; i++)
        r->nh[i].vrf_id = t->vrf_id;
    struct rib_attr a = { .owner = RIB_OWNER_KERNEL,
                          .proto = ZP_KERNEL,
                          .slot = r->metric,
                          .distance = (uint8_t)(r->metric >> 24),
                          .metric = r->metric & 0xffffff,
                          .epoch = z->kernel_epoch };
    a.nhg = nhg_intern(z->rib, RIB_OWNER_KERNEL, r->nh, r->n, true);
    uint32_t cls = rib_class_get(z->rib, &a);
    nhg_unref(z->rib, a.nhg);
    rib_route_set(z->rib, t, r->p.b, r->p.len, cls, 0);
    rib_class_put(z->rib, cls);
}

static void k_route(void *ctx, const struct nl_route *r, bool dump)
{
    struct zebra *z = ctx;
    nexthop_groups(z);
    if (route_is_ours(r)) {
        our_route(z, r, dump);
    } else if (route_is_foreign(r)) {
        struct nl_route copy = *r;
        foreign_route(z, &copy);
    }
}

static void k_resync_begin(void *ctx)
{
    struct zebra *z = ctx;
    z->kernel_epoch++;
    zif_resync_begin(z->ifs);
    if (!first_dump(z)) {
        knh_resync_begin(z->rib);
        fib_resync_begin(z->rib);
    }
}

static void k_links_done(void *ctx)
{
    struct zebra *z = ctx;
    zif_resync_end(z->ifs);
}

static void k_resync_end(void *ctx)
{
    struct zebra *z = ctx;
    nexthop_groups(z);
    if (first_dump(z)) {
        log_info("kernel: %u routes of ours adopted", z->rib->adopted);
        return;
    }
    rib_sweep(z->rib, RIB_OWNER_KERNEL, z->kernel_epoch);
    knh_resync_end(z->rib);
    fib_resync_end(z->rib);
}

static const struct kernel_ops kernel_ops = {
    .complete = k_complete,
    .link = k_link,
    .addr = k_addr,
    .route = k_route,
    .nexthop = k_nexthop,
    .resync_begin = k_resync_begin,
    .resync_links_done = k_links_done,
    .resync_end = k_resync_end,
};

/* ---- start and end ---- */
void zebra_adopt_end(struct zebra *z)
{
    if (z->rib->adopted)
        log_notice("kernel: %u adopted routes that nobody claimed are removed", z->rib->adopted);
    fib_adopt_sweep(z->rib, 0);
    knh_sweep(z->rib);
}

static void on_adopt_timer(void *ctx)
{
    struct zebra *z = ctx;
    zebra_adopt_end(z);
}

static void on_static_timer(void *ctx)
{
    struct zebra *z = ctx;
    uint64_t s = z->daemon && z->daemon->retain_seconds ? z->daemon->retain_seconds : ADOPT_SECONDS;
    fib_adopt_sweep(z->rib, RTPROT_GW_STATIC);
    loop_timer_free(z->adopt_timer);
    z->adopt_timer = loop_timer_new(z->loop, "adoption end", on_adopt_timer, z);
    loop_timer_arm(z->adopt_timer, s * 1000000);
}

void zebra_init(struct zebra *z, struct daemon *d, struct loop *l)
{
    z->daemon = d;
    z->loop = l;
    z->work_timer = loop_timer_new(l, "rib later", work, z);
    z->if_timer = loop_timer_new(l, "interface retry", on_if_timer, z);
    z->clients = zclients_new(z);
    z->rib = rib_new(&rib_ops, z);
    z->ifs = zifs_new(z->rib, &if_ops, z);
    z->statics = zstatics_new();
    fib_if_result_hook(on_if_result, z);
}

int zebra_open(struct zebra *z)
{
    int err = 0;
    if (z->daemon && z->daemon->no_kernel)
        return 0;
    err = kernel_sysctl("/proc/sys/net/ipv4/nexthop_compat_mode", "0");
    z->compat_mode_off = err == 0;
    if (err)
        log_notice("net.ipv4.nexthop_compat_mode cannot be set to 0 (%s): changes of next hops "
                   "take longer",
                   strerror(-err));
    z->kernel = kernel_open(z->loop, &kernel_ops, z, &err);
    if (!z->kernel) {
        log_err("cannot open netlink: %s", strerror(-err));
        return err;
    }
    kernel_start(z->kernel);
    return 0;
}

int zebra_start(struct zebra *z, const char *run_dir)
{
    z->started = true;
    zebra_router_id_update(z);
    z->adopt_timer = loop_timer_new(z->loop, "static adoption end", on_static_timer, z);
    loop_timer_arm(z->adopt_timer, STATIC_SWEEP_US);
    int err = zipc_start(z, run_dir);
    if (err)
        log_err("cannot serve clients in %s: %s", run_dir, strerror(-err));
    return err;
}

void zebra_fini(struct zebra *z)
{
    zipc_stop(z);
    kernel_free(z->kernel);
    loop_timer_free(z->work_timer);
    loop_timer_free(z->if_timer);
    loop_timer_free(z->adopt_timer);
    zstatics_free(z->statics);
    rib_free(z->rib);
    zifs_free(z->ifs);
    zclients_free(z->clients);
}
