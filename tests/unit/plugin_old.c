/* SPDX-License-Identifier: Apache-2.0
 * plugin_old.c - a plugin of another ABI. Its constructors must leave nothing when it is refused.
 */
#include "log.h"
#include "mem.h"
#include "plugin.h"

MEM_DEFINE(plugin_old, "Plugin of another ABI");
LOG_DEBUG_DEFINE(plugin_old, "plugin of another ABI");

static int init(struct daemon *d, const char *args, char *err, size_t errlen)
{
    return 0;
}

extern const struct godwit_plugin godwit_plugin;
const struct godwit_plugin godwit_plugin = {
    .abi = GODWIT_PLUGIN_ABI + 1, .name = "old", .daemons = "*", .init = init
};
