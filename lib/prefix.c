/* SPDX-License-Identifier: Apache-2.0
 * prefix.c - addresses and prefixes: parsing, printing, comparing.
 *
 * Parsing is inet_pton()'s (strict: four decimal parts, no octal, no zone) and printing follows
 * RFC 5952, which glibc's inet_ntop() does for everything but the form with embedded IPv4.
 */
#include "prefix.h"
#include <arpa/inet.h>
#include <stdio.h>
#include "intern.h"

static unsigned addr_len(int family)
{
    return family == AF_INET6 ? 16 : family == AF_INET ? 4 : 0;
}

static bool parse_family(const char *s, int family, struct ipaddr *ret)
{
    struct ipaddr a = { .family = (uint8_t)family };
    if (inet_pton(family, s, a.b) != 1)
        return false;
    *ret = a;
    return true;
}

bool ipaddr_parse4(const char *s, struct ipaddr *ret)
{
    return parse_family(s, AF_INET, ret);
}

bool ipaddr_parse6(const char *s, struct ipaddr *ret)
{
    return parse_family(s, AF_INET6, ret);
}

bool ipaddr_parse(const char *s, struct ipaddr *ret)
{
    return strchr(s, ':') ? ipaddr_parse6(s, ret) : ipaddr_parse4(s, ret);
}

/* One to three decimal digits without a leading zero, at most max. */
static bool parse_len(const char *s, unsigned max, uint8_t *ret)
{
    unsigned v = 0;
    size_t n = strlen(s);
    if (n == 0 || n > 3 || (n > 1 && s[0] == '0'))
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        v = v * 10 + (unsigned)(*s - '0');
    }
    if (v > max)
        return false;
    *ret = (uint8_t)v;
    return true;
}

bool prefix_parse_as_written(const char *s, struct ipaddr *ret_addr, uint8_t *ret_len)
{
    char addr[IPADDR_STRLEN];
    const char *slash = strchr(s, '/');
    if (!slash || (size_t)(slash - s) >= sizeof(addr))
        return false;
    memcpy(addr, s, (size_t)(slash - s));
    addr[slash - s] = '\0';
    struct ipaddr a;
    uint8_t len;
    if (!ipaddr_parse(addr, &a) || !parse_len(slash + 1, prefix_maxlen(a.family), &len))
        return false;
    *ret_addr = a;
    *ret_len = len;
    return true;
}

bool prefix_parse(const char *s, struct prefix *ret)
{
    struct ipaddr a;
    uint8_t len;
    if (!prefix_parse_as_written(s, &a, &len))
        return false;
    *ret = prefix_from(a.family, a.b, len);
    return true;
}

static char *put_v4(const uint8_t *b, char *p)
{
    for (int i = 0; i < 4; i++) {
        unsigned v = b[i];
        if (i)
            *p++ = '.';
        if (v >= 100) {
            *p++ = (char)('0' + v / 100);
            v %= 100;
            *p++ = (char)('0' + v / 10);
            v %= 10;
        } else if (v >= 10) {
            *p++ = (char)('0' + v / 10);
            v %= 10;
        }
        *p++ = (char)('0' + v);
    }
    *p = '\0';
    return p;
}

/* RFC 5952: the longest run of at least two zero groups (the first of equals) becomes "::". */
static char *put_v6(const uint8_t *b, char *p)
{
    static const char hex[] = "0123456789abcdef";
    unsigned g[8];
    int best = -1, best_n = 1;
    for (int i = 0; i < 8; i++)
        g[i] = (unsigned)(b[2 * i] << 8 | b[2 * i + 1]);
    for (int i = 0; i < 8;) {
        int n = 0;
        while (i + n < 8 && g[i + n] == 0)
            n++;
        if (n > best_n) {
            best = i;
            best_n = n;
        }
        i += n ? n : 1;
    }
    /* ::ffff:0:0/96, RFC 5952 section 5: a known prefix with an embedded IPv4 address */
    if (best == 0 && best_n == 5 && g[5] == 0xffff) {
        memcpy(p, "::ffff:", 7);
        return put_v4(b + 12, p + 7);
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            *p++ = ':';
            *p++ = ':';
            i += best_n - 1;
            continue;
        }
        if (i && i != best + best_n)
            *p++ = ':';
        int shift = g[i] >= 0x1000 ? 12 : g[i] >= 0x100 ? 8 : g[i] >= 0x10 ? 4 : 0;
        for (; shift >= 0; shift -= 4)
            *p++ = hex[g[i] >> shift & 15];
    }
    *p = '\0';
    return p;
}

static char *put_addr(int family, const uint8_t *b, char *buf)
{
    if (family == AF_INET)
        return put_v4(b, buf);
    if (family == AF_INET6)
        return put_v6(b, buf);
    memcpy(buf, "unset", 6);
    return buf + 5;
}

char *ipaddr_str(const struct ipaddr *a, char *buf)
{
    put_addr(a->family, a->b, buf);
    return buf;
}

char *prefix_str(const struct prefix *p, char *buf)
{
    char *end = put_addr(p->family, p->b, buf);
    if (p->family)
        sprintf(end, "/%u", p->len);
    return buf;
}

struct ipaddr ipaddr_v4(uint32_t v)
{
    return (struct ipaddr){ .family = AF_INET,
                            .b = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                                   (uint8_t)v } };
}

uint32_t ipaddr_v4_host(const struct ipaddr *a)
{
    if (a->family != AF_INET)
        return 0;
    return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
}

struct ipaddr ipaddr_from(int family, const void *bytes)
{
    struct ipaddr a = { .family = (uint8_t)family };
    memcpy(a.b, bytes, addr_len(family));
    return a;
}

/* IPv4 before IPv6 before nothing else: AF_INET is smaller than AF_INET6. */
int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    return memcmp(a->b, b->b, sizeof(a->b));
}

bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b)
{
    return a->family == b->family && memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static bool all_zero(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (b[i])
            return false;
    return true;
}

bool ipaddr_is_unspecified(const struct ipaddr *a)
{
    return all_zero(a->b, addr_len(a->family));
}

bool ipaddr_is_linklocal(const struct ipaddr *a)
{
    if (a->family == AF_INET)
        return a->b[0] == 169 && a->b[1] == 254;
    return a->family == AF_INET6 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool ipaddr_is_loopback(const struct ipaddr *a)
{
    if (a->family == AF_INET)
        return a->b[0] == 127;
    return a->family == AF_INET6 && all_zero(a->b, 15) && a->b[15] == 1;
}

bool ipaddr_is_multicast(const struct ipaddr *a)
{
    if (a->family == AF_INET)
        return (a->b[0] & 0xf0) == 0xe0;
    return a->family == AF_INET6 && a->b[0] == 0xff;
}

bool ipaddr_is_martian(const struct ipaddr *a)
{
    if (a->family == AF_INET)
        return a->b[0] == 0 || a->b[0] == 127 || a->b[0] >= 224;
    if (a->family == AF_INET6)
        return a->b[0] == 0xff || (all_zero(a->b, 15) && a->b[15] <= 1);
    return true;
}

const char *prefix_martian(const struct prefix *p)
{
    if (p->family == AF_INET) {
        if (p->b[0] == 0 && p->len >= 8)
            return "0.0.0.0/8 means this network";
        if (p->b[0] == 127 && p->len >= 8)
            return "127.0.0.0/8 is loopback";
        if ((p->b[0] & 0xf0) == 0xe0 && p->len >= 3)
            return "224.0.0.0/4 is multicast";
        if (p->b[0] >= 240 && p->len >= 3)
            return "240.0.0.0/4 is reserved";
        return NULL;
    }
    if (p->family != AF_INET6)
        return "no address family";
    if (p->len == 128 && all_zero(p->b, 15) && p->b[15] == 1)
        return "::1 is loopback";
    if (p->len == 128 && all_zero(p->b, 16))
        return ":: is the unspecified address";
    if (p->b[0] == 0xff && p->len >= 8)
        return "ff00::/8 is multicast";
    return NULL;
}

void prefix_mask(struct prefix *p)
{
    unsigned max = prefix_maxlen(p->family);
    if (p->len > max)
        p->len = (uint8_t)max;
    unsigned full = p->len / 8;
    if (p->len % 8) {
        p->b[full] &= (uint8_t)(0xff00 >> (p->len % 8));
        full++;
    }
    memset(p->b + full, 0, sizeof(p->b) - full);
}

struct prefix prefix_from(int family, const void *bytes, uint8_t len)
{
    struct prefix p = { .family = (uint8_t)family, .len = len };
    unsigned max = prefix_maxlen(family);
    memcpy(p.b, bytes, prefix_bytes((uint8_t)(len > max ? max : len)));
    prefix_mask(&p);
    return p;
}

struct prefix prefix_host(const struct ipaddr *a)
{
    struct prefix p = { .family = a->family, .len = prefix_maxlen(a->family) };
    memcpy(p.b, a->b, sizeof(p.b));
    return p;
}

int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    int c = memcmp(a->b, b->b, sizeof(a->b));
    return c ? c : (int)a->len - (int)b->len;
}

bool prefix_eq(const struct prefix *a, const struct prefix *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned len)
{
    unsigned full = len / 8, rest = len % 8;
    if (memcmp(a, b, full) != 0)
        return false;
    return !rest || ((a[full] ^ b[full]) & (0xff00 >> rest) & 0xff) == 0;
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
    return outer->family == inner->family && outer->len <= inner->len &&
           bits_equal(outer->b, inner->b, outer->len);
}

bool prefix_contains_addr(const struct prefix *p, const struct ipaddr *a)
{
    return p->family == a->family && bits_equal(p->b, a->b, p->len);
}

uint64_t prefix_hash(const struct prefix *p)
{
    return hash_bytes(p, sizeof(*p), 0);
}

bool prefix_mask_to_len(const struct ipaddr *netmask, uint8_t *ret_len)
{
    uint8_t len = 0;
    unsigned n = addr_len(netmask->family);
    while (len < 8 * n && netmask->b[len / 8] & (0x80 >> (len % 8)))
        len++;
    struct ipaddr want = { .family = netmask->family };
    for (unsigned i = 0; i < len; i++)
        want.b[i / 8] |= (uint8_t)(0x80 >> (i % 8));
    if (n == 0 || !ipaddr_eq(&want, netmask))
        return false;
    *ret_len = len;
    return true;
}
