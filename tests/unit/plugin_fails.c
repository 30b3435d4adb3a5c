/* SPDX-License-Identifier: Apache-2.0
 * plugin_fails.c - a plugin whose start fails.
 */
#include <stdio.h>
#include "plugin.h"

static int init(struct daemon *d, const char *args, char *err, size_t errlen)
{
    snprintf(err, errlen, "no %s today", args ? args : "luck");
    return -1;
}

extern const struct godwit_plugin godwit_plugin;
const struct godwit_plugin godwit_plugin = {
    .abi = GODWIT_PLUGIN_ABI, .name = "fails", .daemons = "bgpd", .init = init
};
