/* SPDX-License-Identifier: Apache-2.0
 * policy_text.c - communities as text: RFC 1997, 8092, 4360, 5668 and IANA's well-known names, read
 * as FRR does.
 *
 * Whole strings only; *ret is untouched on failure.
 */
#include "config.h"
#include <ctype.h>
#include <strings.h>
#include "policy.h"

static const struct {
    uint32_t value;
    const char *name;
} well_known[] = {
    { 0xFFFF0000, "graceful-shutdown" },
    { 0xFFFF0001, "accept-own" },
    { 0xFFFF0002, "route-filter-translated-v4" },
    { 0xFFFF0003, "route-filter-v4" },
    { 0xFFFF0004, "route-filter-translated-v6" },
    { 0xFFFF0005, "route-filter-v6" },
    { 0xFFFF0006, "llgr-stale" },
    { 0xFFFF0007, "no-llgr" },
    { 0xFFFF0008, "accept-own-nexthop" },
    { 0xFFFF029A, "blackhole" },
    { 0xFFFFFF01, "no-export" },
    { 0xFFFFFF02, "no-advertise" },
    { 0xFFFFFF03, "local-AS" },
    { 0xFFFFFF04, "no-peer" },
    { 0, "internet" },
};
#define N_WELL_KNOWN (sizeof(well_known) / sizeof(well_known[0]))

const char *policy_community_name(uint32_t c)
{
    if (c && c < 0xFFFF0000u)
        return NULL;
    for (size_t i = 0; i < N_WELL_KNOWN; i++)
        if (well_known[i].value == c)
            return well_known[i].name;
    return NULL;
}

/* A decimal of at most max at *s, which is moved behind it. */
static bool parse_num(const char **s, uint64_t max, uint32_t *ret)
{
    uint64_t v = 0;
    const char *p = *s;

    if (!isdigit((unsigned char)*p))
        return false;
    for (; isdigit((unsigned char)*p); p++) {
        v = v * 10 + (unsigned)(*p - '0');
        if (v > max)
            return false;
    }
    *ret = (uint32_t)v;
    *s = p;
    return true;
}

static bool parse_colon(const char **s)
{
    if (**s != ':')
        return false;
    ++*s;
    return true;
}

bool policy_community_parse(const char *s, uint32_t *ret)
{
    uint32_t hi, lo;
    const char *p = s;

    for (size_t i = 0; i < N_WELL_KNOWN; i++) {
        if (strcasecmp(well_known[i].name, s) == 0) {
            *ret = well_known[i].value;
            return true;
        }
    }
    if (parse_num(&p, UINT16_MAX, &hi) && parse_colon(&p)) {
        if (!parse_num(&p, UINT16_MAX, &lo) || *p)
            return false;
        *ret = hi << 16 | lo;
        return true;
    }
    p = s;
    if (!parse_num(&p, UINT32_MAX, &lo) || *p)
        return false;
    *ret = lo;
    return true;
}

bool policy_large_parse(const char *s, uint32_t ret[3])
{
    uint32_t v[3];

    for (unsigned i = 0; i < 3; i++)
        if ((i && !parse_colon(&s)) || !parse_num(&s, UINT32_MAX, &v[i]))
            return false;
    if (*s)
        return false;
    memcpy(ret, v, sizeof(v));
    return true;
}

bool policy_ext_parse(const char *kind, const char *s, uint64_t *ret)
{
    uint64_t sub = strcasecmp(kind, "rt") == 0 ? 2 : strcasecmp(kind, "soo") == 0 ? 3 : 0;
    const char *colon = strrchr(s, ':');
    char addr[IPADDR_STRLEN];
    struct ipaddr ip;
    uint32_t as, nn;

    if (!sub || !colon || (size_t)(colon - s) >= sizeof(addr))
        return false;
    memcpy(addr, s, (size_t)(colon - s));
    addr[colon - s] = 0;
    const char *p = colon + 1;
    if (ipaddr_parse4(addr, &ip)) { /* IPv4-address-specific */
        if (!parse_num(&p, UINT16_MAX, &nn) || *p)
            return false;
        *ret = 1ull << 56 | sub << 48 | (uint64_t)ipaddr_v4_host(&ip) << 16 | nn;
        return true;
    }
    const char *q = addr;
    if (!parse_num(&q, UINT32_MAX, &as) || *q)
        return false;
    if (!parse_num(&p, as > UINT16_MAX ? UINT16_MAX : UINT32_MAX, &nn) || *p)
        return false;
    if (as > UINT16_MAX) /* 4-octet-AS-specific */
        *ret = 2ull << 56 | sub << 48 | (uint64_t)as << 16 | nn;
    else
        *ret = sub << 48 | (uint64_t)as << 32 | nn;
    return true;
}
