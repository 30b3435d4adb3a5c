/* SPDX-License-Identifier: Apache-2.0
 * bgp_vec.h - what the codec tests share: hex vectors, exact-size copies for ASan, UPDATEs as one line of text.
 */
#ifndef BGP_VEC_H
#define BGP_VEC_H
#include <check.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "bgp_wire.h"

/* Hex digits to bytes; everything else is skipped. */
static inline size_t vec_hex(const char *s, uint8_t *out, size_t cap)
{
    size_t n = 0;
    int hi = -1;

    for (; *s; s++) {
        if (!isxdigit((unsigned char)*s))
            continue;
        int v = isdigit((unsigned char)*s) ? *s - '0' : tolower((unsigned char)*s) - 'a' + 10;
        if (hi < 0) {
            hi = v;
            continue;
        }
        ck_assert_uint_lt(n, cap);
        out[n++] = (uint8_t)(hi << 4 | v);
        hi = -1;
    }
    ck_assert_int_lt(hi, 0);
    return n;
}

/* A heap copy of exactly len bytes, so that a sanitizer sees the first byte read past it. */
static inline uint8_t *vec_exact(const uint8_t *p, size_t len)
{
    uint8_t *q = malloc(len ? len : 1);
    ck_assert_ptr_nonnull(q);
    if (len)
        memcpy(q, p, len);
    return q;
}

struct vec_text {
    char s[4096];
    size_t n;
};
static inline void __attribute__((format(printf, 2, 3))) vec_add(struct vec_text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->s + t->n, sizeof(t->s) - t->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->n += (size_t)n;
    if (t->n >= sizeof(t->s))
        t->n = sizeof(t->s) - 1;
}

static inline const char *vec_ip(const struct ipaddr *a)
{
    static _Thread_local char buf[2][IPADDR_STRLEN];
    static _Thread_local unsigned i;
    return a->family ? ipaddr_str(a, buf[++i & 1]) : "-";
}

/* An interned set as text, parts that are absent left out. */
static inline void vec_attr(struct vec_text *t, const struct bgp_attr *a)
{
    char buf[2048];

    vec_add(t, " %s [%s]", bgp_origin_name(a->origin), bgp_attr_path_str(a, buf, sizeof(buf)));
    if (a->flags & BAF_MED)
        vec_add(t, " med %u", a->med);
    if (a->flags & BAF_LOCAL_PREF)
        vec_add(t, " lp %u", a->local_pref);
    if (a->flags & BAF_ATOMIC)
        vec_add(t, " atomic");
    if (a->flags & BAF_AGGREGATOR)
        vec_add(t, " agg %u/%08x", a->aggregator_as, a->aggregator_id);
    if (a->community_len)
        vec_add(t, " comm %s", bgp_attr_community_str(a, buf, sizeof(buf)));
    if (a->flags & BAF_ORIGINATOR)
        vec_add(t, " originator %08x", a->originator_id);
    if (a->cluster_len)
        vec_add(t, " clusters");
    for (size_t i = 0; i < a->cluster_len; i += 4)
        vec_add(t, " %02x%02x%02x%02x", bgp_attr_cluster(a)[i], bgp_attr_cluster(a)[i + 1], bgp_attr_cluster(a)[i + 2],
                bgp_attr_cluster(a)[i + 3]);
    if (a->ext_len)
        vec_add(t, " ext %s", bgp_attr_ext_str(a, buf, sizeof(buf)));
    if (a->large_len)
        vec_add(t, " large %s", bgp_attr_large_str(a, buf, sizeof(buf)));
    if (a->flags & BAF_AIGP)
        vec_add(t, " aigp %llu", (unsigned long long)a->aigp);
    if (a->flags & BAF_OTC)
        vec_add(t, " otc %u", a->otc);
    if (a->unknown_len)
        vec_add(t, " unknown ");
    for (size_t i = 0; i < a->unknown_len; i++)
        vec_add(t, "%02x", bgp_attr_unknown(a)[i]);
}

/* "OK", "DISCARD 5", ... then each block: "+10.0.0.0/8 nh 192.0.2.1 IGP [65001]" or "-10.0.0.0/8". */
static inline void vec_update(struct vec_text *t, struct bgp_update *u)
{
    static const char *const names[] = { "OK", "DISCARD", "WITHDRAW", "RESET" };

    vec_add(t, "%s", names[u->outcome]);
    if (u->outcome != BGP_OK)
        vec_add(t, " %u", u->err.subcode);
    for (unsigned i = 0; i < u->n_discarded && i < sizeof(u->discarded); i++)
        vec_add(t, " d%u", u->discarded[i]);
    if (u->eor)
        vec_add(t, " eor %s", bgp_af_json(u->eor_af));
    for (unsigned i = 0; i < u->n_nlri; i++) {
        const struct bgp_nlri *n = &u->nlri[i];
        struct rb r = rb_init(n->p, n->len);
        uint8_t addr[16], len;
        char buf[PREFIX_STRLEN];
        unsigned count = 0;
        while (bgp_nlri_next(&r, addr, &len)) {
            struct prefix p = prefix_from(n->af == BGP_IP6_UNI ? AF_INET6 : AF_INET, addr, len);
            vec_add(t, " %c%s", n->withdraw ? '-' : '+', prefix_str(&p, buf));
            count++;
        }
        ck_assert(rb_ok(&r));
        ck_assert_uint_eq(count, n->count);
        if (n->withdraw)
            continue;
        ck_assert(u->has_attr);
        bgp_update_nexthop(u, i);
        const struct bgp_attr *a = bgp_attr_get(bgp_attr_intern(&u->attr));
        vec_add(t, " nh %s", vec_ip(&a->nexthop));
        if (a->nexthop_ll.family)
            vec_add(t, "+%s", vec_ip(&a->nexthop_ll));
        vec_attr(t, a);
    }
}
#endif
