/* SPDX-License-Identifier: Apache-2.0
 * bgp_update_wire.c - UPDATE: the message around the attributes, and what RFC 7606 makes of its
 * errors.
 *
 * The result points into the message: attributes are borrowed, NLRI blocks are only checked and
 * counted here (one tight loop each), readers walk them with bgp_nlri_next(). Blocks come out
 * withdrawals first, since a prefix in both counts as announced (RFC 4271 4.3).
 */
#include "bgp_update_attr.h"

static void update_reset(struct bgp_update *u)
{
    u->outcome = BGP_OK;
    memset(&u->err, 0, sizeof(u->err));
    u->has_attr = false;
    bgp_attr_build_init(&u->attr);
    memset(&u->nexthop4, 0, sizeof(u->nexthop4));
    memset(&u->mp_nexthop, 0, sizeof(u->mp_nexthop));
    memset(&u->mp_nexthop_ll, 0, sizeof(u->mp_nexthop_ll));
    u->n_nlri = 0;
    u->eor = false;
    u->eor_af = BGP_IP4_UNI;
    u->n_discarded = 0;
}

static void add_block(struct bgp_update *u, enum bgp_afi_safi af, bool withdraw, bool mp,
                      const uint8_t *p, size_t len, uint16_t count)
{
    if (!count)
        return;
    u->nlri[u->n_nlri++] = (struct bgp_nlri){
        .af = af, .withdraw = withdraw, .mp = mp, .p = p, .len = (uint16_t)len, .count = count
    };
}

/* RFC 7606 3 d */
static void check_mandatory(struct bgp_update *u, const struct bgp_attr_scan *s, bool nlri4)
{
    static const struct {
        uint8_t type;
        const char *name;
    } need[] = { { BA_ORIGIN, "ORIGIN" }, { BA_AS_PATH, "AS_PATH" }, { BA_NEXT_HOP, "NEXT_HOP" } };

    for (unsigned i = 0; i < (nlri4 ? 3 : 2); i++)
        if (!bgp_attr_scan_has(s, need[i].type))
            bgp_update_fail(u, BGP_WITHDRAW, BN_UPD_MISSING, &need[i].type, 1, "%s is missing",
                            need[i].name);
    if (nlri4 && u->nexthop4.family && ipaddr_is_martian(&u->nexthop4)) /* RFC 4271 6.3, 7606 3 e */
        bgp_update_fail(u, BGP_WITHDRAW, BN_UPD_NEXTHOP, u->nexthop4.b, 4,
                        "NEXT_HOP is not a unicast address");
}

/* RFC 4724 2 */
static void check_eor(struct bgp_update *u, const struct bgp_attr_scan *s, size_t len)
{
    if (len == 4) {
        u->eor = (s->ctx->af & 1u << BGP_IP4_UNI) != 0;
    } else if (s->unreach.p && !s->unreach.len && s->n_seen == 1 && !u->n_nlri) {
        u->eor = true;
        u->eor_af = s->unreach.af;
    }
}

void bgp_update_decode(const uint8_t *body, size_t len, const struct bgp_update_ctx *ctx,
                       struct bgp_update *ret)
{
    struct bgp_update *u = ret;
    struct bgp_attr_scan s = { .ctx = ctx, .u = u };
    struct rb r = rb_init(body, len);
    uint16_t n_wd = 0, n_nlri = 0;

    update_reset(u);
    struct rb wd = rb_sub(&r, rb_u16(&r));
    struct rb attrs = rb_sub(&r, rb_u16(&r));
    if (!rb_ok(&r)) { /* RFC 4271 6.3: lengths exceed the message */
        bgp_update_fail(u, BGP_RESET, BN_UPD_ATTRS, NULL, 0,
                        "withdrawn routes or attributes exceed the message");
        return;
    }
    size_t wd_len = rb_left(&wd), nlri_len = rb_left(&r);
    if (!bgp_nlri_check(wd.p, wd_len, 32, &n_wd)) { /* RFC 7606 3 i, 5.3 */
        bgp_update_fail(u, BGP_RESET, BN_UPD_NETWORK, NULL, 0,
                        "withdrawn routes: prefix length or size wrong");
        return;
    }
    if (!bgp_nlri_check(r.p, nlri_len, 32, &n_nlri)) {
        bgp_update_fail(u, BGP_RESET, BN_UPD_NETWORK, NULL, 0, "NLRI: prefix length or size wrong");
        return;
    }
    bgp_update_attrs(&s, attrs.p, rb_left(&attrs));
    bool reach = nlri_len || s.reach.seen;
    if (u->outcome != BGP_RESET) {
        bgp_update_attrs_finish(&s);
        if (nlri_len || s.reach.count)
            check_mandatory(u, &s, nlri_len != 0);
    }
    /* RFC 7606 5.2: attributes in error and no reachable NLRI seen: we cannot know whether it was
     * there. */
    if (u->outcome == BGP_WITHDRAW && !reach)
        u->outcome = BGP_RESET;
    if (u->outcome == BGP_RESET)
        return;

    bool withdraw = u->outcome == BGP_WITHDRAW, ip4 = ctx->af & 1u << BGP_IP4_UNI;
    if (ip4)
        add_block(u, BGP_IP4_UNI, true, false, wd.p, wd_len, n_wd);
    if (s.unreach.p)
        add_block(u, s.unreach.af, true, true, s.unreach.p, s.unreach.len, s.unreach.count);
    if (ip4)
        add_block(u, BGP_IP4_UNI, withdraw, false, r.p, nlri_len, n_nlri);
    if (s.reach.p)
        add_block(u, s.reach.af, withdraw, true, s.reach.p, s.reach.len, s.reach.count);
    u->has_attr = !withdraw && u->n_nlri && !u->nlri[u->n_nlri - 1].withdraw;
    check_eor(u, &s, len);
}

void bgp_update_nexthop(struct bgp_update *u, unsigned i)
{
    const struct bgp_nlri *n = &u->nlri[i];

    u->attr.h.nexthop = n->mp ? u->mp_nexthop : u->nexthop4;
    if (n->mp)
        u->attr.h.nexthop_ll = u->mp_nexthop_ll;
    else
        memset(&u->attr.h.nexthop_ll, 0, sizeof(u->attr.h.nexthop_ll));
}
