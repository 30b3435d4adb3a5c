/* SPDX-License-Identifier: Apache-2.0
 * fuzz_zapi.c - frames of the route service: two octets type, then the message. What is accepted
 * must survive being encoded and decoded again.
 */
#include <stdlib.h>
#include "lib/zapi_ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ipc_arena a;
    static struct zapi_msg m, again;
    const char *why = NULL;

    if (size < 2)
        return 0;
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    ipc_arena_init(&a);
    if (zapi_msg_decode(type, data + 2, size - 2, &a, &m, &why) == 0) {
        size_t n = zapi_msg_encode(&m, NULL, 0);
        uint8_t *buf = malloc(n + 1);
        if (!buf || zapi_msg_encode(&m, buf, n) != n ||
            zapi_msg_decode(type, buf, n, &a, &again, &why) != 0)
            abort();
        free(buf);
    }
    ipc_arena_fini(&a);
    return 0;
}
