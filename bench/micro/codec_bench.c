/* SPDX-License-Identifier: Apache-2.0
 * codec_bench.c - what decoding, interning and encoding an UPDATE costs, with 5 and with 300
 * prefixes.
 */
#include <stdio.h>
#include <time.h>
#include "bgp_wire.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Attributes as a full table has them: 4 ASes, MED, 6 communities, aggregator. */
static uint32_t make_attr(uint32_t i)
{
    static struct bgp_attr_build b;
    uint32_t comm[6];

    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    for (unsigned k = 0; k < 4; k++)
        bgp_attr_prepend(&b, 64000 + k * 1000 + i % 997, 1);
    for (unsigned k = 0; k < 6; k++)
        comm[k] = (64000 + k) << 16 | (i & 0xffff);
    bgp_attr_community_set(&b, comm, 6, false);
    b.h.nexthop = ipaddr_v4(0xc0000201);
    b.h.med = i;
    b.h.flags |= BAF_MED;
    return bgp_attr_intern(&b);
}

static void run(unsigned prefixes)
{
    enum { SETS = 4096 };
    static uint8_t msg[SETS][BGP_MAX_LEN];
    static size_t len[SETS];
    static struct bgp_update u;
    struct bgp_encode_ctx ec = {
        .af = BGP_IP4_UNI, .as4 = true, .send_community = true, .max_len = BGP_MAX_LEN
    };
    struct bgp_update_ctx dc = { .as4 = true, .af = 1 };
    unsigned rounds = prefixes > 100 ? 20 : 200;
    uint64_t sum = 0;
    uint32_t h[SETS];

    for (uint32_t i = 0; i < SETS; i++)
        h[i] = make_attr(i);
    double t0 = now();
    for (unsigned r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < SETS; i++) {
            struct bgp_encoder e;
            bgp_encode_begin(&e, &ec, bgp_attr_get(h[i]), msg[i], BGP_MAX_LEN);
            uint8_t addr[4] = { 10, 0, 0, 0 };
            for (unsigned k = 0; k < prefixes; k++) {
                addr[1] = (uint8_t)(k >> 8);
                addr[2] = (uint8_t)k;
                bgp_encode_nlri(&e, addr, 24);
            }
            len[i] = bgp_encode_end(&e);
        }
    }
    double t1 = now();
    for (unsigned r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < SETS; i++) {
            bgp_update_decode(msg[i] + BGP_HEADER_LEN, len[i] - BGP_HEADER_LEN, &dc, &u);
            sum += u.nlri[0].count;
        }
    }
    double t2 = now();
    for (unsigned r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < SETS; i++) {
            bgp_update_decode(msg[i] + BGP_HEADER_LEN, len[i] - BGP_HEADER_LEN, &dc, &u);
            bgp_update_nexthop(&u, 0);
            sum += bgp_attr_intern(&u.attr);
        }
    }
    double t3 = now(), n = (double)rounds * SETS;
    printf("%3u prefixes, %4zu bytes: encode %.0f ns, decode %.0f ns, decode and intern %.0f ns "
           "per UPDATE "
           "(%.1f, %.1f, %.1f per prefix) [%llu]\n",
           prefixes, len[0], (t1 - t0) / n * 1e9, (t2 - t1) / n * 1e9, (t3 - t2) / n * 1e9,
           (t1 - t0) / n / prefixes * 1e9, (t2 - t1) / n / prefixes * 1e9,
           (t3 - t2) / n / prefixes * 1e9, (unsigned long long)sum);
}

int main(void)
{
    bgp_attr_init();
    run(5);
    run(300);
    return 0;
}
