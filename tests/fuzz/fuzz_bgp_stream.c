/* SPDX-License-Identifier: Apache-2.0
 * fuzz_bgp_stream.c - framing: the first octet says how the rest is cut into reads. However it is cut, the same
 * messages come out, and the same error.
 */
#include <stdlib.h>
#include "bgp_stream.h"

/* A number that stands for the sequence of messages and the end. */
static uint64_t run(const uint8_t *data, size_t size, size_t step)
{
    static uint8_t buf[2 * (BGP_MAX_LEN_EXT + 1)];
    struct bgp_stream s = { .max = BGP_MAX_LEN };
    uint64_t sum = 1;
    int r = 0;
    for (size_t off = 0; off < size && r >= 0; off += step) {
        size_t add = size - off < step ? size - off : step, kept = bgp_stream_begin(&s, buf);
        memcpy(buf + kept, data + off, add);
        const uint8_t *p = buf, *end = buf + kept + add;
        struct bgp_error err = { 0 };
        uint8_t type;
        uint16_t len;
        while ((r = bgp_stream_next(&s, p, (size_t)(end - p), &type, &len, &err)) == 1) {
            sum = hash_bytes(p, len, sum);
            p += len;
        }
        if (r < 0)
            sum = hash_bytes(&err.subcode, 1, sum);
        bgp_stream_keep(&s, p, r < 0 ? 0 : (size_t)(end - p));
    }
    bgp_stream_fini(&s);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > BGP_MAX_LEN_EXT)
        return 0;
    if (run(data + 1, size - 1, size) != run(data + 1, size - 1, data[0] + 1u))
        abort();
    return 0;
}
