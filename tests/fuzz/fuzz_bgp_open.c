/* SPDX-License-Identifier: Apache-2.0
 * fuzz_bgp_open.c - OPEN decoding; what is accepted is encoded again and must then say the same.
 */
#include <stdlib.h>
#include "bgp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bgp_open o, back;
    static uint8_t msg[BGP_MAX_LEN];
    struct bgp_error err;

    if (bgp_open_decode(data, size, &o, &err) < 0) {
        if (!memchr(err.text, 0, sizeof(err.text)) || err.data_len > sizeof(err.data))
            abort();
        return 0;
    }
    if (o.caps & BC_MP && !o.af) /* only families that we do not have: they cannot be said again */
        return 0;
    size_t n = bgp_open_encode(&o, false, msg, sizeof(msg));
    if (!n || bgp_open_decode(msg + BGP_HEADER_LEN, n - BGP_HEADER_LEN, &back, &err) < 0)
        abort();
    if (back.as != o.as || back.hold_time != o.hold_time || back.router_id != o.router_id ||
        back.caps != o.caps || back.af != o.af || back.gr_af != o.gr_af ||
        back.ext_nexthop != o.ext_nexthop ||
        memcmp(back.addpath, o.addpath, sizeof(o.addpath)) != 0 ||
        strcmp(back.hostname, o.hostname) != 0)
        abort();
    return 0;
}
