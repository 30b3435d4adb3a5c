/* SPDX-License-Identifier: Apache-2.0
 * plugin_other.c - a plugin for other daemons.
 */
#include "plugin.h"

static int init(struct daemon *d, const char *args, char *err, size_t errlen)
{
    return 0;
}

extern const struct godwit_plugin godwit_plugin;
const struct godwit_plugin godwit_plugin = {
    .abi = GODWIT_PLUGIN_ABI, .name = "other", .daemons = "zebrad bgpdx", .init = init
};
