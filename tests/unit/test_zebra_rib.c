/* SPDX-License-Identifier: Apache-2.0
 * test_zebra_rib.c - selection, resolution, sharing, flushing and repair, over a fake kernel.
 */
#include "zebra_fake.h"

static uint32_t set(uint32_t id, const char *g1, const char *g2, bool recursive)
{
    struct zapi_nhg g = gateways(id, g1, g2, recursive);
    uint32_t h = nhg_set(F->r, C1, id, epoch, &g);
    ck_assert_uint_ne(h, 0);
    while ((int)track_work(F->r) | (int)nhg_work(F->r))
        ; /* as the service does before it takes routes with it */
    return h;
}

static void links(void)
{
    connected("192.0.2.0/24", 1, true);
    connected("198.51.100.0/24", 2, true);
    fake_settle();
}

START_TEST(installs_and_answers)
{
    links();
    uint32_t g = set(1, "192.0.2.1", NULL, false);
    bgp("10.0.0.0/8", g, 7);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
    ck_assert_int_eq(fake_find("10.0.0.0/8")->proto, RTPROT_GW_BGP);
    ck_assert_uint_eq(F->acked[ZR_INSTALLED], 1);
    ck_assert_ptr_null(fake_find("192.0.2.0/24")); /* connected ones are the kernel's own */
    ck_assert(unbgp("10.0.0.0/8"));
    ck_assert(!unbgp("10.0.0.0/8"));
    fake_settle();
    ck_assert_uint_eq(fake_count(), 0);
    nhg_drop(F->r, g);
    fake_settle();
    ck_assert_uint_eq(fake_nh_count(), 0);
}
END_TEST

START_TEST(selects_by_distance_then_metric)
{
    links();
    uint32_t a = set(1, "192.0.2.1", NULL, false), b = set(2, "198.51.100.1", NULL, false);
    route_x(C1, "10.0.0.0/8", ZP_BGP, 20, 5, a, 1);
    route_x(C1 + 1, "10.0.0.0/8", ZP_BGP, 20, 4, b, 1);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "198.51.100.1", NULL));
    route_x(C1, "10.0.0.0/8", ZP_BGP, 19, 9, a, 2);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
    route_x(C1 + 2, "10.0.0.0/8", ZP_BGP, 200, 0, b, 1);
    fake_settle();
    ck_assert_uint_eq(F->acked[ZR_NOT_BEST], 1);
    struct prefix p;
    struct rib_table *t = T("10.0.0.0/8", &p);
    struct rib_view v[4];
    ck_assert_uint_eq(rib_views(F->r, t, ptable_find(&t->pt, p.b, p.len), v, 4), 3);
    ck_assert(v[0].selected && v[0].installed && v[0].distance == 19 && v[0].knh_id);
    ck_assert(!v[1].selected && v[1].metric == 4 && v[2].distance == 200);
    unbgp("10.0.0.0/8");
    fake_settle();
    ck_assert(over("10.0.0.0/8", "198.51.100.1", NULL));
    ck_assert_uint_eq(F->n_dels, 0); /* replaced, never absent */
}
END_TEST

START_TEST(gateway_must_be_connected_unless_recursive)
{
    links();
    uint32_t d = set(1, "203.0.113.1", NULL, false), r = set(2, "203.0.113.1", NULL, true);
    uint32_t via = set(3, "192.0.2.1", NULL, false);
    bgp("203.0.113.0/24", via, 0);
    bgp("10.0.0.0/8", d, 0);
    bgp("11.0.0.0/8", r, 0);
    fake_settle();
    ck_assert_ptr_null(fake_find("10.0.0.0/8"));
    ck_assert(over("11.0.0.0/8", "192.0.2.1", NULL));
}
END_TEST

/* What a recursive set resolves by changes: its group is rewritten, no route is. */
START_TEST(repair_rewrites_groups_only)
{
    links();
    uint32_t up = set(1, "192.0.2.1", NULL, false), up2 = set(2, "198.51.100.1", NULL, false);
    uint32_t r = set(3, "203.0.113.1", NULL, true);
    char text[32];
    bgp("203.0.113.0/24", up, 0);
    for (unsigned i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "10.0.%u.0/24", i);
        bgp(text, r, 0);
    }
    fake_settle();
    ck_assert(over("10.0.7.0/24", "192.0.2.1", NULL));
    uint32_t nhid = fake_find("10.0.7.0/24")->nhid;
    F->n_sets = F->n_dels = 0;
    bgp("203.0.113.0/24", up2, 0);
    fake_settle();
    ck_assert(over("10.0.7.0/24", "198.51.100.1", NULL));
    ck_assert_uint_eq(fake_find("10.0.7.0/24")->nhid, nhid);
    ck_assert_uint_eq(F->n_sets, 1);
    ck_assert_uint_eq(F->n_dels, 0);
    /* The client rewrites its own set: the same. */
    F->n_sets = 0;
    set(3, "192.0.2.7", "198.51.100.7", true);
    fake_settle();
    ck_assert(over("10.0.7.0/24", "192.0.2.7", "198.51.100.7"));
    ck_assert_uint_eq(F->n_sets, 0);
}
END_TEST

START_TEST(backups_stand_in)
{
    links();
    struct zapi_nhg g = gateways(1, "192.0.2.1", NULL, false),
                    b = gateways(1, "198.51.100.1", NULL, false);
    g.n_backup = 1;
    g.backup[0] = b.nh[0];
    bgp("10.0.0.0/8", nhg_set(F->r, C1, 1, epoch, &g), 0);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
    fake_link(1, false);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "198.51.100.1", NULL));
    fake_link(1, true);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
}
END_TEST

START_TEST(recursion_does_not_feed_on_itself)
{
    links();
    uint32_t a = set(1, "20.0.0.1", NULL, true), b = set(2, "10.0.0.1", NULL, true);
    uint32_t def = set(3, "192.0.2.1", NULL, false);
    bgp("10.0.0.0/8", a, 0);
    bgp("20.0.0.0/8", b, 0);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 0);
    bgp("0.0.0.0/0", def, 0);
    fake_settle();
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
    ck_assert(over("20.0.0.0/8", "192.0.2.1", NULL));
    rib_vrf_find(F->r, 0)->nht_default[AFI_IP4] = false;
    track_mark_all(F->r, 0, AFI_IP4);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 1);
    /* A route that covers its own gateway resolves by what covers both. */
    rib_vrf_find(F->r, 0)->nht_default[AFI_IP4] = true;
    track_mark_all(F->r, 0, AFI_IP4);
    bgp("20.0.0.0/24", set(4, "20.0.0.9", NULL, true), 0);
    fake_settle();
    ck_assert(over("20.0.0.0/24", "192.0.2.1", NULL));
}
END_TEST

START_TEST(tracks_next_hops)
{
    struct ipaddr a;
    ck_assert(ipaddr_parse("192.0.2.9", &a));
    struct track *tr = track_register(F->r, 0, &a, C1, false);
    fake_settle();
    ck_assert(!tr->reachable);
    links();
    ck_assert(F->last_tracked == tr && tr->reachable && tr->connected && tr->n == 1 &&
              tr->res[0].ifindex == 1);
    fake_link(1, false);
    fake_settle();
    ck_assert(!tr->reachable);
    bgp("192.0.0.0/16", set(1, "198.51.100.1", NULL, false), 0);
    fake_settle();
    ck_assert(tr->reachable && !tr->connected && tr->proto == ZP_BGP && tr->by.len == 16);
    unsigned told = F->tracked;
    bgp("10.0.0.0/8", set(1, "198.51.100.1", NULL, false), 0);
    fake_settle();
    ck_assert_uint_eq(F->tracked, told);
    track_unregister(F->r, 0, &a, C1);
    ck_assert_ptr_null(track_find(F->r, 0, &a));
}
END_TEST

START_TEST(own_address_is_no_gateway)
{
    struct prefix p;
    struct zapi_nexthop nh = { .kind = ZN_IFINDEX, .ifindex = 1 };
    links();
    struct rib_table *t = T("192.0.2.254/32", &p);
    struct rib_attr a = { .owner = RIB_OWNER_CONNECT, .proto = ZP_LOCAL, .slot = 1u << 31 };
    a.nhg = nhg_intern(F->r, RIB_OWNER_CONNECT, &nh, 1, false);
    uint32_t cls = rib_class_get(F->r, &a);
    nhg_unref(F->r, a.nhg);
    rib_route_set(F->r, t, p.b, p.len, cls, 0);
    rib_class_put(F->r, cls);
    bgp("10.0.0.0/8", set(1, "192.0.2.254", NULL, true), 0);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 0);
}
END_TEST

START_TEST(import_checks)
{
    struct prefix p;
    ck_assert(prefix_parse("192.0.2.0/24", &p));
    struct rib_import *i = rib_import_add(F->r, 0, &p, C1);
    ck_assert(!i->present);
    links();
    ck_assert(i->present);
    connected("192.0.2.0/24", 1, false);
    bgp("192.0.2.0/24", set(1, "198.51.100.1", NULL, false), 0);
    fake_settle();
    ck_assert(!i->present);
    rib_import_drop_owner(F->r, C1);
}
END_TEST

static void many(uint32_t g, unsigned n, bool add)
{
    char text[32];
    for (unsigned i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "10.%u.%u.0/24", i >> 8, i & 255);
        if (add)
            bgp(text, g, i + 1);
        else
            unbgp(text);
    }
}

START_TEST(mass_withdrawal_is_one_flush)
{
    links();
    uint32_t g = set(1, "192.0.2.1", NULL, false), other = set(2, "198.51.100.1", NULL, false);
    many(g, 3000, true);
    bgp("11.0.0.0/8", other, 0);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 3001);
    ck_assert_uint_eq(F->acked[ZR_INSTALLED], 3000);
    many(g, 3000, false);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 1);
    ck_assert_uint_eq(F->n_dels, 0);
    ck_assert_uint_eq(F->r->cnt.flushes, 1);
    ck_assert_uint_eq(F->r->cnt.flushed, 3000);
    ck_assert_uint_eq(rib_table_get(F->r, 0, AFI_IP4, 0)->n_fib, 1);
    ck_assert_uint_eq(rib_table_get(F->r, 0, AFI_IP4, 0)->pt.count, 3);
    /* The set is used again: it gets a new object. */
    bgp("10.9.9.0/24", g, 0);
    fake_settle();
    ck_assert(over("10.9.9.0/24", "192.0.2.1", NULL));
}
END_TEST

/* A set deleted under its routes: they leave the kernel first, the withdrawals come later, or new routes. */
START_TEST(set_given_up_empties_the_kernel)
{
    links();
    uint32_t g = set(1, "192.0.2.1", NULL, false), other = set(2, "198.51.100.1", NULL, false);
    many(g, 3000, true);
    bgp("11.0.0.0/8", other, 0);
    fake_settle();
    nhg_give_up(F->r, g);
    fake_run(1000);
    ck_assert_uint_eq(fake_count(), 1);
    ck_assert_uint_eq(F->r->cnt.flushes, 1);
    ck_assert_uint_eq(F->n_dels, 0);
    rib_scan(F->r); /* nothing of it may come back */
    fake_settle();
    ck_assert_uint_eq(fake_count(), 1);
    bgp("10.0.5.0/24", other, 9); /* one is set anew, the others are withdrawn */
    for (unsigned i = 0; i < 3000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "10.%u.%u.0/24", i / 256, i % 256);
        if (i != 5)
            unbgp(text);
    }
    fake_settle();
    ck_assert_uint_eq(fake_count(), 2);
    ck_assert(over("10.0.5.0/24", "198.51.100.1", NULL));
    ck_assert_uint_eq(rib_table_get(F->r, 0, AFI_IP4, 0)->n_fib, 2);
    ck_assert_uint_eq(rib_table_get(F->r, 0, AFI_IP4, 0)->pt.count, 4);
    ck_assert_uint_eq(F->n_dels, 0);
}
END_TEST

START_TEST(partial_withdrawal_is_scattered)
{
    links();
    uint32_t g = set(1, "192.0.2.1", NULL, false);
    many(g, 3000, true);
    fake_settle();
    many(g, 2000, false);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 1000);
    ck_assert_uint_eq(F->n_dels, 2000);
    ck_assert_uint_eq(F->r->cnt.flushes, 0);
    ck_assert_uint_lt(F->n_ascending, 1300);
    ck_assert_uint_gt(F->n_ascending, 700);
}
END_TEST

START_TEST(withdrawn_and_back_is_not_lost)
{
    links();
    uint32_t g = set(1, "192.0.2.1", NULL, false);
    many(g, 3000, true);
    fake_settle();
    many(g, 3000, false);
    bgp("10.0.5.0/24", g, 9);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 1);
    ck_assert(over("10.0.5.0/24", "192.0.2.1", NULL));
    many(g, 3000, false); /* while a flush is under way, all come back */
    many(g, 3000, true);
    fake_run(1);
    many(g, 3000, false);
    fake_run(40000);
    many(g, 3000, true);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 3000);
}
END_TEST

START_TEST(latest_wins)
{
    links();
    uint32_t a = set(1, "192.0.2.1", NULL, false), b = set(2, "198.51.100.1", NULL, false);
    fake_settle();
    bgp("10.0.0.0/8", a, 1);
    bgp("10.0.0.0/8", b, 2);
    bgp("10.0.0.0/8", a, 3);
    fake_settle();
    ck_assert_uint_eq(F->n_sets, 1);
    ck_assert_uint_eq(F->acked[ZR_SUPERSEDED], 2);
    ck_assert_uint_eq(F->acked[ZR_INSTALLED], 1);
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
}
END_TEST

START_TEST(refusal_lands_on_its_route)
{
    links();
    uint32_t a = set(1, "192.0.2.1", NULL, false);
    F->refuse_next = ENOSPC;
    bgp("10.0.0.0/8", a, 1);
    bgp("11.0.0.0/8", a, 2);
    fake_run(1000);
    ck_assert_uint_eq(F->acked[ZR_FAILED], 1);
    ck_assert_uint_eq(F->acked[ZR_INSTALLED], 1);
    ck_assert_uint_eq(F->events, 1);
    struct prefix p;
    struct rib_table *t = T("10.0.0.0/8", &p);
    struct rib_view v;
    rib_views(F->r, t, ptable_find(&t->pt, p.b, p.len), &v, 1);
    ck_assert(v.failed && v.err == ENOSPC && !v.installed);
    ck_assert_uint_eq(F->r->cnt.failed, 1);
    fake_settle(); /* tried again */
    ck_assert(over("10.0.0.0/8", "192.0.2.1", NULL));
    ck_assert_uint_eq(F->r->cnt.failed, 0);
    F->refuse_next = ENOSPC;
    bgp("12.0.0.0/8", a, 3);
    fake_run(1000);
    unbgp("12.0.0.0/8");
    fake_settle();
    ck_assert_uint_eq(F->r->cnt.failed, 0);
    ck_assert_ptr_null(fake_find("12.0.0.0/8"));
}
END_TEST

START_TEST(client_restart_writes_nothing)
{
    links();
    uint32_t a = set(1, "192.0.2.1", NULL, false), b = set(2, "198.51.100.1", NULL, false);
    bgp("10.0.0.0/8", a, 1);
    bgp("11.0.0.0/8", b, 2);
    bgp("12.0.0.0/8", b, 3);
    fake_settle();
    F->n_sets = F->n_nh_sets = 0;
    epoch = 2;
    a = set(7, "192.0.2.1", NULL, false); /* other numbers, same contents */
    b = set(1, "198.51.100.1", NULL, false);
    bgp("10.0.0.0/8", a, 1);
    bgp("11.0.0.0/8", b, 2);
    fake_settle();
    ck_assert_uint_eq(F->n_sets + F->n_nh_sets + F->n_dels, 0);
    rib_sweep(F->r, C1, 2);
    nhg_drop_owner(F->r, C1, 2);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 2);
    ck_assert_uint_eq(F->n_sets + F->n_nh_sets, 0);
    epoch = 1;
}
END_TEST

START_TEST(own_restart_adopts)
{
    links();
    uint32_t a = set(1, "192.0.2.1", "198.51.100.1", false),
             b = set(2, "198.51.100.1", NULL, false);
    bgp("10.0.0.0/8", a, 1);
    bgp("11.0.0.0/8", b, 2);
    bgp("12.0.0.0/8", b, 3);
    fake_settle();
    fake_restart();
    fake_adopt();
    ck_assert_uint_eq(F->r->adopted, 3);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 3);
    links();
    a = set(1, "192.0.2.1", "198.51.100.1", false);
    b = set(2, "198.51.100.1", NULL, false);
    bgp("10.0.0.0/8", a, 1);
    bgp("11.0.0.0/8", b, 2);
    fake_settle();
    ck_assert_uint_eq(F->n_sets + F->n_nh_sets + F->n_dels + F->n_nh_dels, 0);
    ck_assert_uint_eq(F->acked[ZR_INSTALLED], 2);
    fib_adopt_sweep(F->r, RTPROT_GW_BGP);
    knh_sweep(F->r);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 2);
    ck_assert_uint_eq(F->n_sets + F->n_nh_sets, 0);
    ck_assert_uint_eq(F->r->adopted, 0);
}
END_TEST

START_TEST(unclaimed_objects_go)
{
    links();
    bgp("10.0.0.0/8", set(1, "192.0.2.1", "198.51.100.1", false), 1);
    fake_settle();
    fake_restart();
    fake_adopt();
    fib_adopt_sweep(F->r, 0);
    knh_sweep(F->r);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 0);
    ck_assert_uint_eq(fake_nh_count(), 0);
}
END_TEST

START_TEST(link_flap_restores)
{
    links();
    many(set(1, "192.0.2.1", NULL, false), 100, true);
    bgp("11.0.0.0/8", set(2, "192.0.2.1", "198.51.100.1", false), 0);
    fake_settle();
    fake_link(1, false);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 1);
    ck_assert(over("11.0.0.0/8", "198.51.100.1", NULL));
    fake_link(1, true);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 101);
    ck_assert(over("11.0.0.0/8", "192.0.2.1", "198.51.100.1"));
    fake_link(1, false); /* down and up before anything was done about it */
    fake_link(1, true);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 101);
    ck_assert_uint_eq(F->r->cnt.failed, 0);
}
END_TEST

START_TEST(object_deleted_behind_our_back)
{
    links();
    many(set(1, "192.0.2.1", NULL, false), 100, true);
    fake_settle();
    uint32_t id = fake_find("10.0.5.0/24")->nhid;
    fake_nh_delete(fake_nh(id));
    ck_assert_uint_eq(fake_count(), 0);
    knh_deleted(F->r, id);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 100);
    struct fib_seen s = { .table = 254,
                          .afi = AFI_IP4,
                          .proto = RTPROT_GW_BGP,
                          .rtype = RTN_UNICAST,
                          .nhid = fake_find("10.0.5.0/24")->nhid };
    prefix_parse("10.0.5.0/24", &s.p);
    fake_find("10.0.5.0/24")->used = false;
    fib_lost(F->r, &s);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 100);
}
END_TEST

START_TEST(resync_repairs)
{
    links();
    many(set(1, "192.0.2.1", NULL, false), 10, true);
    fake_settle();
    fake_find("10.0.5.0/24")->used = false;
    fib_resync_begin(F->r);
    for (unsigned i = 0; i < FAKE_ROUTES; i++) {
        const struct fake_route *k = &F->rt[i];
        struct fib_seen s = { .table = k->table,
                              .afi = afi_of(k->family),
                              .proto = k->proto,
                              .rtype = k->rtype,
                              .nhid = k->nhid,
                              .p = prefix_from(k->family, k->addr, k->len) };
        if (k->used)
            fib_seen(F->r, &s);
    }
    fib_resync_end(F->r);
    fake_settle();
    ck_assert_uint_eq(fake_count(), 10);
    ck_assert_uint_eq(F->r->cnt.repairs, 1);
}
END_TEST

START_TEST(discarding_routes_and_families)
{
    links();
    connected("2001:db8:1::/64", 1, true);
    struct zapi_nexthop nh = { .kind = ZN_REJECT };
    uint32_t rej = nhg_intern(F->r, C1, &nh, 1, false);
    bgp("10.0.0.0/8", rej, 0);
    bgp("2001:db8:a::/48", rej, 0);
    bgp("2001:db8:b::/48", set(1, "2001:db8:1::1", NULL, false), 0);
    bgp("2001:db8:c::/48", set(2, "192.0.2.1", NULL, false), 5);
    bgp("11.0.0.0/8", set(3, "2001:db8:1::2", NULL, false), 0);
    fake_settle();
    ck_assert_int_eq(fake_find("10.0.0.0/8")->rtype, RTN_UNREACHABLE);
    ck_assert_int_eq(fake_find("2001:db8:a::/48")->rtype, RTN_UNREACHABLE);
    ck_assert(over("2001:db8:b::/48", "2001:db8:1::1", NULL));
    ck_assert(over("11.0.0.0/8", "2001:db8:1::2", NULL)); /* RFC 5549 */
    ck_assert_ptr_null(fake_find("2001:db8:c::/48"));
    ck_assert_uint_eq(F->acked[ZR_FAILED], 1);
    nhg_unref(F->r, rej);
}
END_TEST

START_TEST(bad_sets_are_refused)
{
    struct zapi_nhg g = gateways(1, "192.0.2.1", NULL, false);
    struct zapi_nhg none = { .id = 1 };
    ck_assert_uint_eq(nhg_set(F->r, C1, 1, 1, &none), 0);
    g.nh[0].kind = 77;
    ck_assert_uint_eq(nhg_set(F->r, C1, 1, 1, &g), 0);
    g = gateways(1, "fe80::1", NULL, false);
    ck_assert_uint_eq(nhg_set(F->r, C1, 1, 1, &g), 0); /* link-local without a link */
    g.n = 200;
    ck_assert_uint_eq(nhg_set(F->r, C1, 1, 1, &g), 0);
}
END_TEST

/* ---- a thousand random steps, then the kernel must show what the RIB says ---- */
static uint32_t rnd_state;
static uint32_t rnd(uint32_t n)
{
    rnd_state = rnd_state * 1664525u + 1013904223u;
    return (rnd_state >> 8) % n;
}

static const char *const gws[] = { "192.0.2.1",   "192.0.2.2", "198.51.100.1",
                                   "203.0.113.1", "10.3.0.1",  "10.4.0.1" };

static void random_step(void)
{
    char text[32];
    unsigned owner = C1 + rnd(2);
    snprintf(text, sizeof(text), "10.%u.0.0/%u", rnd(8), 14 + rnd(3));
    struct prefix p;
    struct rib_table *t = T(text, &p);
    struct zapi_nhg g;
    switch (rnd(12)) {
    case 0: /* a set gets another content */
        g = gateways(1 + rnd(6), gws[rnd(6)], rnd(2) ? gws[rnd(6)] : NULL, rnd(2));
        nhg_set(F->r, (uint16_t)owner, g.id, 1, &g);
        break;
    case 1:
        connected(rnd(2) ? "192.0.2.0/24" : "203.0.113.0/24", 1 + rnd(3), rnd(3) != 0);
        break;
    case 2:
        fake_link(1 + rnd(3), rnd(3) != 0);
        break;
    case 3: /* somebody deletes an object of ours */
        for (unsigned i = rnd(FAKE_NH / 64), n = 0; n < FAKE_NH; n++, i = (i + 1) % FAKE_NH) {
            if (!F->nh[i].used)
                continue;
            uint32_t id = F->nh[i].id;
            fake_nh_delete(&F->nh[i]);
            knh_deleted(F->r, id);
            break;
        }
        break;
    case 4:
    case 5:
    case 6:
        rib_route_unset(F->r, t, p.b, p.len, (uint16_t)owner, 0);
        break;
    case 7:
        F->refuse_next = ENOBUFS;
        break;
    default: {
        uint32_t h = nhg_find(F->r, (uint16_t)owner, 1 + rnd(6), 1);
        if (h)
            route_x((uint16_t)owner, text, ZP_BGP, (uint8_t)(20 + rnd(3)), 0, h,
                    rnd(2) ? 1 + rnd(1000) : 0);
        break;
    }
    }
    if (rnd(4) == 0)
        fake_run(rnd(50000));
}

static void check_dest(struct rib_table *t, uint32_t h, unsigned *n)
{
    struct prefix p = rib_dest_prefix(t, h);
    char text[PREFIX_STRLEN];
    uint32_t cls = rib_selected(F->r, t, h);
    const struct fake_route *r = fake_route(254, p.family, p.b, p.len);
    prefix_str(&p, text);
    if (!cls || rib_class(F->r, cls)->owner < RIB_OWNER_CLIENT) {
        ck_assert_msg(!r, "%s is in the kernel", text);
        return;
    }
    (*n)++;
    ck_assert_msg(r != NULL, "%s is not in the kernel", text);
    const struct nhg *g = nhg_get(F->r, rib_class(F->r, cls)->nhg);
    const struct fake_nh *k = fake_nh(r->nhid);
    ck_assert_msg(k && k->n == g->n_res, "%s has another number of next hops", text);
    for (unsigned i = 0; i < k->n; i++) {
        const struct fake_nh *m = fake_nh(k->m[i]);
        unsigned hit = 0;
        for (unsigned j = 0; m && j < g->n_res; j++)
            hit += ipaddr_eq(&g->res[j].gate, &m->gate) && g->res[j].ifindex == m->ifindex;
        ck_assert_msg(hit == 1, "%s has another next hop", text);
    }
}

START_TEST(random_steps_converge)
{
    rnd_state = (uint32_t)_i * 7919 + 1;
    links();
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 60; i++)
            random_step();
        F->refuse_next = 0;
        fake_run(200 * 1000000ull);
        struct rib_table *t = rib_table_get(F->r, 0, AFI_IP4, 0);
        struct ptable_cursor c;
        uint32_t out[64], n;
        unsigned installed = 0;
        ptable_cursor_init(&c);
        while ((n = ptable_next(&t->pt, &c, out, 64)) != 0)
            for (uint32_t i = 0; i < n; i++)
                check_dest(t, out[i], &installed);
        ck_assert_uint_eq(fake_count(), installed);
        ck_assert_uint_eq(t->n_fib, installed);
        ck_assert_uint_eq(F->r->cnt.failed, 0);
        ck_assert_uint_eq(F->r->up_n, 0);
        ck_assert_uint_eq(F->r->batches_out, 0);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("zebra_rib");
    TCase *tc = tcase_create("core");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, fake_setup, fake_teardown);
    tcase_add_test(tc, installs_and_answers);
    tcase_add_test(tc, selects_by_distance_then_metric);
    tcase_add_test(tc, gateway_must_be_connected_unless_recursive);
    tcase_add_test(tc, repair_rewrites_groups_only);
    tcase_add_test(tc, backups_stand_in);
    tcase_add_test(tc, recursion_does_not_feed_on_itself);
    tcase_add_test(tc, tracks_next_hops);
    tcase_add_test(tc, own_address_is_no_gateway);
    tcase_add_test(tc, import_checks);
    tcase_add_test(tc, mass_withdrawal_is_one_flush);
    tcase_add_test(tc, set_given_up_empties_the_kernel);
    tcase_add_test(tc, partial_withdrawal_is_scattered);
    tcase_add_test(tc, withdrawn_and_back_is_not_lost);
    tcase_add_test(tc, latest_wins);
    tcase_add_test(tc, refusal_lands_on_its_route);
    tcase_add_test(tc, client_restart_writes_nothing);
    tcase_add_test(tc, own_restart_adopts);
    tcase_add_test(tc, unclaimed_objects_go);
    tcase_add_test(tc, link_flap_restores);
    tcase_add_test(tc, object_deleted_behind_our_back);
    tcase_add_test(tc, resync_repairs);
    tcase_add_test(tc, discarding_routes_and_families);
    tcase_add_test(tc, bad_sets_are_refused);
    tcase_add_loop_test(tc, random_steps_converge, 0, 25);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
