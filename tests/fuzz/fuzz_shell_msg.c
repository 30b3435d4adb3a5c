/* SPDX-License-Identifier: Apache-2.0
 * fuzz_shell_msg.c - frames of the shell service: two octets type, then the message. What is
 * accepted must survive being encoded and decoded again.
 */
#include <stdlib.h>
#include "lib/ipc_arena.h"
#include "lib/shell_ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ipc_arena a;
    struct shell_msg m, again;
    const char *why = NULL;

    if (size < 2)
        return 0;
    ipc_arena_init(&a);
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    if (shell_msg_decode(type, data + 2, size - 2, &a, &m, &why) == 0) {
        size_t n = shell_msg_encode(&m, NULL, 0);
        uint8_t *buf = malloc(n + 1);
        if (!buf || shell_msg_encode(&m, buf, n) != n ||
            shell_msg_decode(type, buf, n, &a, &again, &why) != 0)
            abort();
        free(buf);
    }
    ipc_arena_fini(&a);
    return 0;
}
