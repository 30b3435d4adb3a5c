/* SPDX-License-Identifier: Apache-2.0
 * fuzz_bgp_capabilities.c - the capabilities of an OPEN: the input is the value of one parameter,
 * in the long form.
 */
#include "bgp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t head[] = { 4, 0xfd, 0xe9, 0, 180, 192, 0, 2, 1, 255, 255 };
    static uint8_t body[BGP_MAX_LEN];
    static struct bgp_open o;
    struct bgp_error err;
    struct wb w = wb_init(body, sizeof(body));

    wb_bytes(&w, head, sizeof(head));
    wb_u16(&w, size + 3);
    wb_u8(&w, 2);
    wb_u16(&w, size);
    wb_bytes(&w, data, size);
    if (wb_ok(&w))
        bgp_open_decode(body, wb_len(&w), &o, &err);
    return 0;
}
