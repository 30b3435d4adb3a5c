/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_export.c - the outbound rules as a table: who gets a route, and what becomes of it.
 */
#include "config.h"
#include <check.h>
#include <stdio.h>
#include "bgp_export.h"

#define SELF    "192.0.2.1"
#define ON_LINK "192.0.2.77"
#define FAR     "198.51.100.9"
enum {
    E = GK_EBGP | GK_COMMUNITY,
    I = GK_COMMUNITY,
    C = GK_CONFED,
    RR = GK_RR_CLIENT | GK_COMMUNITY
};

static const struct bgp_rib_inst base = { .as = 65000,
                                          .router_id = 0x01010101,
                                          .cluster_id = 0x0c0c0c0c,
                                          .default_local_pref = 100,
                                          .client_to_client = true };
struct row {
    const char *what;
    uint32_t key;
    uint16_t from;
    uint16_t flags; /* of the attribute */
    const char *nh; /* before; NULL: ours */
    /* expected; path NULL: not sent */
    const char *path, *nh_out;
    uint16_t flags_out;
    uint16_t cluster_out;
};
#define ANY BAF_MED | BAF_LOCAL_PREF
/* clang-format off */
static const struct row rows[] = {
    { "eBGP to eBGP: our AS, our address, no MED, no LOCAL_PREF", E, 0, BAF_MED, FAR, "65000 65001", SELF, 0, 0 },
    { "third party on the shared link keeps its address", E, 0, 0, ON_LINK, "65000 65001", ON_LINK, 0, 0 },
    { "next-hop-self even then", E | GK_NHS, 0, 0, ON_LINK, "65000 65001", SELF, 0, 0 },
    { "next hop unchanged", E | GK_NH_UNCHANGED, 0, 0, FAR, "65000 65001", FAR, 0, 0 },
    { "route server: path, MED, next hop as they were", E | GK_NH_UNCHANGED | GK_PATH_UNCHANGED | GK_MED_UNCHANGED, 0, BAF_MED, FAR, "65001", FAR, BAF_MED, 0 },
    { "iBGP to eBGP: reflection attributes stay inside", E, EXS_IBGP, ANY | BAF_ORIGINATOR, FAR, "65000 65001", SELF, 0, 0 },
    { "own route to eBGP keeps its MED", E, EXS_LOCAL, BAF_MED, NULL, "65000 65001", SELF, BAF_MED, 0 },
    { "eBGP to iBGP: next hop and path kept, LOCAL_PREF added", I, 0, BAF_MED, FAR, "65001", FAR, ANY, 0 },
    { "the same with next-hop-self", I | GK_NHS, 0, 0, FAR, "65001", SELF, BAF_LOCAL_PREF, 0 },
    { "own route to iBGP", I, EXS_LOCAL, 0, NULL, "65001", SELF, BAF_LOCAL_PREF, 0 },
    { "iBGP to iBGP: not sent", I, EXS_IBGP, ANY, FAR, NULL, NULL, 0, 0 },
    { "client to non-client: reflected", I, EXS_IBGP | EXS_CLIENT, ANY, FAR, "65001", FAR, ANY | BAF_ORIGINATOR, 4 },
    { "non-client to client: reflected", RR, EXS_IBGP, ANY, FAR, "65001", FAR, ANY | BAF_ORIGINATOR, 4 },
    { "client to client: reflected", RR, EXS_IBGP | EXS_CLIENT, ANY, FAR, "65001", FAR, ANY | BAF_ORIGINATOR, 4 },
    { "reflected routes keep their next hop under next-hop-self", RR | GK_NHS, EXS_IBGP, ANY, FAR, "65001", FAR, ANY | BAF_ORIGINATOR, 4 },
    { "but not under force", RR | GK_NHS_FORCE, EXS_IBGP, ANY, FAR, "65001", SELF, ANY | BAF_ORIGINATOR, 4 },
    { "NO_EXPORT to eBGP", E, 0, BAF_NO_EXPORT, FAR, NULL, NULL, 0, 0 },
    { "NO_EXPORT to iBGP", I, 0, BAF_NO_EXPORT, FAR, "65001", FAR, BAF_NO_EXPORT | BAF_LOCAL_PREF, 0 },
    { "NO_EXPORT within the confederation", C, 0, BAF_NO_EXPORT, FAR, "(65000) 65001", FAR, BAF_NO_EXPORT | BAF_LOCAL_PREF, 0 },
    { "LOCAL_AS does not cross it", C, 0, BAF_LOCAL_AS, FAR, NULL, NULL, 0, 0 },
    { "NO_ADVERTISE to iBGP", I, 0, BAF_NO_ADVERTISE, FAR, NULL, NULL, 0, 0 },
    { "RFC 8212", E | GK_POLICY_MISSING, 0, 0, FAR, NULL, NULL, 0, 0 },
};
/* clang-format on */

static struct bgp_group_key key_of(const struct row *r)
{
    struct bgp_group_key k;
    memset(&k, 0, sizeof(k));
    k.flags = r->key;
    k.as = 65000;
    ck_assert(ipaddr_parse(SELF, &k.nexthop_self));
    if (r->key & GK_EBGP)
        ck_assert(prefix_parse("192.0.2.0/24", &k.shared_subnet));
    return k;
}

START_TEST(table)
{
    const struct row *r = &rows[_i];
    static struct bgp_attr_build b;
    struct bgp_group_key k = key_of(r);
    struct bgp_export_from from = { .flags = r->from, .router_id = 0x09090909 };
    char text[128];
    bgp_attr_build_init(&b);
    bgp_attr_prepend(&b, 65001, 1);
    uint32_t comm[4];
    unsigned n = 0;
    if (r->flags & BAF_NO_EXPORT)
        comm[n++] = BGP_COMM_NO_EXPORT;
    if (r->flags & BAF_NO_ADVERTISE)
        comm[n++] = BGP_COMM_NO_ADVERTISE;
    if (r->flags & BAF_LOCAL_AS)
        comm[n++] = BGP_COMM_LOCAL_AS;
    bgp_attr_community_set(&b, comm, n, false);
    b.h.flags |= r->flags;
    if (r->nh)
        ck_assert(ipaddr_parse(r->nh, &b.h.nexthop));
    const struct bgp_attr *a = bgp_attr_get(bgp_attr_intern(&b));
    bool sent = bgp_export_allowed(&k, &base, r->from, a);
    ck_assert_msg(sent == !!r->path, "%s", r->what);
    if (!sent)
        return;
    bgp_attr_build_from(&b, a);
    ck_assert_msg(bgp_export_has_nexthop(&k, r->from, a), "%s", r->what);
    ck_assert_msg(bgp_export_pre(&b, &k, &base, &from), "%s", r->what);
    ck_assert_msg(bgp_export_post(&b, &k, &base), "%s", r->what);
    static uint64_t flat[1024];
    ck_assert(bgp_export_flat(&b, flat, sizeof(flat)));
    const struct bgp_attr *o = (const struct bgp_attr *)flat;
    ck_assert_msg(!strcmp(bgp_attr_path_str(o, text, sizeof(text)), r->path), "%s: path %s",
                  r->what, text);
    ck_assert_msg(!strcmp(ipaddr_str(&o->nexthop, text), r->nh_out), "%s: next hop %s", r->what,
                  text);
    ck_assert_msg(o->flags == r->flags_out, "%s: flags %x", r->what, o->flags);
    ck_assert_msg(o->cluster_len == r->cluster_out, "%s: cluster list %u", r->what, o->cluster_len);
    if (r->cluster_out)
        ck_assert_uint_eq(o->originator_id, from.router_id);
}
END_TEST

START_TEST(no_next_hop_of_the_family)
{
    struct bgp_group_key k = key_of(&rows[0]);
    static struct bgp_attr_build b;
    struct bgp_export_from from = { 0 };
    bgp_attr_build_init(&b);
    ck_assert(ipaddr_parse("2001:db8::1", &b.h.nexthop));
    k.af = BGP_IP6_UNI; /* over an IPv4 session, without an IPv6 address of ours */
    ck_assert(!bgp_export_has_nexthop(&k, 0, &b.h));
    ck_assert(!bgp_export_pre(&b, &k, &base, &from));
    ck_assert(ipaddr_parse("2001:db8::2", &k.nexthop_self));
    ck_assert(bgp_export_pre(&b, &k, &base, &from));
    ck_assert(ipaddr_eq(&b.h.nexthop, &k.nexthop_self));
    /* RFC 8950: IPv4 routes with an IPv6 next hop only where it was negotiated. */
    k.af = BGP_IP4_UNI;
    ck_assert(!bgp_export_has_nexthop(&k, 0, &b.h));
    k.flags |= GK_EXT_NH;
    ck_assert(bgp_export_has_nexthop(&k, 0, &b.h));
}
END_TEST

START_TEST(local_as)
{
    struct bgp_group_key k = key_of(&rows[0]);
    static struct bgp_attr_build b;
    char text[64];
    static uint64_t flat[1024];
    static const struct {
        uint32_t flags;
        const char *path;
    } want[] = { { 0, "64999 65000 65001" }, { GK_REPLACE_AS, "64999 65001" } };
    k.change_local_as = 64999;
    for (unsigned i = 0; i < 2; i++) {
        k.flags = GK_EBGP | want[i].flags;
        bgp_attr_build_init(&b);
        bgp_attr_prepend(&b, 65001, 1);
        ck_assert(bgp_export_post(&b, &k, &base));
        ck_assert(bgp_export_flat(&b, flat, sizeof(flat)));
        bgp_attr_path_str((struct bgp_attr *)flat, text, sizeof(text));
        ck_assert_str_eq(text, want[i].path);
    }
    struct bgp_rib_inst c = base; /* out of a confederation: its number alone is seen */
    c.confed_id = 100;
    k.change_local_as = 0;
    k.flags = GK_EBGP;
    bgp_attr_build_init(&b);
    bgp_attr_prepend(&b, 65001, 1);
    bgp_attr_prepend_confed(&b, 65010);
    ck_assert(bgp_export_post(&b, &k, &c) && bgp_export_flat(&b, flat, sizeof(flat)));
    ck_assert_str_eq(bgp_attr_path_str((struct bgp_attr *)flat, text, sizeof(text)), "100 65001");
}
END_TEST

int main(void)
{
    bgp_attr_init();
    Suite *s = suite_create("bgp_export");
    TCase *t = tcase_create("export");
    tcase_add_loop_test(t, table, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(t, no_next_hop_of_the_family);
    tcase_add_test(t, local_as);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
