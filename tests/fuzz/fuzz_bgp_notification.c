/* SPDX-License-Identifier: Apache-2.0
 * fuzz_bgp_notification.c - the header of any message, then NOTIFICATION and ROUTE-REFRESH bodies.
 */
#include <stdlib.h>
#include "bgp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bgp_notification n;
    struct bgp_error err;
    enum bgp_afi_safi af;
    uint8_t type, subtype;
    uint16_t len;

    if (bgp_header_decode(data, size, BGP_MAX_LEN_EXT, &type, &len, &err) == 1 &&
        len < BGP_HEADER_LEN)
        abort();
    if (bgp_notification_decode(data, size, &n, &err) == 0) {
        if (!bgp_notify_str(n.code, n.subcode) || !memchr(n.text, 0, sizeof(n.text)) ||
            n.data + n.data_len > data + size)
            abort();
    }
    if (bgp_refresh_decode(data, size, &af, &subtype, &err) == 0 &&
        (af >= BGP_AF_MAX || subtype > BGP_RR_EORR))
        abort();
    return 0;
}
