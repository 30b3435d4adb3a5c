/* SPDX-License-Identifier: Apache-2.0
 * fuzz_bgp_update.c - UPDATE decoding. Byte 0 is what was negotiated, the rest the body. What is
 * accepted is printed, interned and encoded again, and must then be accepted without any complaint.
 */
#include <stdlib.h>
#include "bgp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_block(struct bgp_update *u, unsigned i, const struct bgp_update_ctx *ctx)
{
    static struct bgp_update again;
    static uint8_t msg[BGP_MAX_LEN_EXT];
    static char text[256];
    const struct bgp_nlri *n = &u->nlri[i];
    struct rb r = rb_init(n->p, n->len);
    struct bgp_update_ctx back = *ctx;
    uint8_t addr[16], len;

    bgp_update_nexthop(u, i);
    const struct bgp_attr *a = n->withdraw ? NULL : bgp_attr_get(bgp_attr_intern(&u->attr));
    struct bgp_encode_ctx c = { .af = n->af,
                                .as4 = ctx->as4,
                                .ibgp = ctx->ibgp || ctx->confed_peer,
                                .send_community = true,
                                .send_ext = true,
                                .send_large = true,
                                .max_len = BGP_MAX_LEN_EXT,
                                .mp_ip4 = n->mp && n->af == BGP_IP4_UNI };
    struct bgp_encoder e;
    bool ok = a ? bgp_encode_begin(&e, &c, a, msg, sizeof(msg))
                : bgp_encode_begin_withdraw(&e, &c, msg, sizeof(msg));
    while (ok && bgp_nlri_next(&r, addr, &len))
        ok = bgp_encode_nlri(&e, addr, len);
    size_t m = bgp_encode_end(&e);
    if (a)
        (void)bgp_attr_path_str(a, text, 64), (void)bgp_attr_community_str(a, text, sizeof(text)),
            (void)bgp_attr_ext_str(a, text, sizeof(text)), (void)bgp_attr_large_str(a, text, 3);
    if (!ok || r.err || !m)
        return;
    back.af = 3;
    bgp_update_decode(msg + BGP_HEADER_LEN, m - BGP_HEADER_LEN, &back, &again);
    if (again.outcome != BGP_OK || again.n_nlri != 1 || again.nlri[0].count != n->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bgp_update u;
    static unsigned runs;

    bgp_attr_init();
    if (!size || size > BGP_MAX_LEN_EXT)
        return 0;
    struct bgp_update_ctx c = { .as4 = data[0] & 1,
                                .ibgp = data[0] & 2,
                                .confed_peer = data[0] & 4,
                                .af = data[0] >> 3 & 3,
                                .ext_nexthop = data[0] & 32,
                                .peer_as = 65001,
                                .enforce_first_as = data[0] & 64,
                                .ext_msg = true };
    c.ext_nexthop = c.ext_nexthop ? 1u << BGP_IP4_UNI : 0;
    if (c.ibgp)
        c.confed_peer = false;
    bgp_update_decode(data + 1, size - 1, &c, &u);
    for (unsigned i = 0; i < u.n_nlri; i++)
        check_block(&u, i, &c);
    if (++runs % 1024 == 0)
        intern_sweep(bgp_attr_table(), intern_epoch_next(bgp_attr_table()), NULL, NULL);
    return 0;
}
