/* SPDX-License-Identifier: Apache-2.0
 * plugin.h - the contract of a plugin: a shared object that exports one `godwit_plugin` descriptor.
 *
 * Loaded with -M NAME[:ARGUMENTS] (from the plugin folder, or a path with a slash) or the exec command
 * `plugin load NAME` at run time. A plugin may add commands, configuration rows, and hooks; it is
 * refused when its ABI number or daemon does not fit, with the reason, and then nothing of it remains.
 */
#ifndef GW_PLUGIN_H
#define GW_PLUGIN_H
#include "cli.h"
#include "conf.h"
#include "loop.h"

#define GODWIT_PLUGIN_ABI 1
struct daemon;
struct godwit_plugin {
    uint32_t abi;              /* GODWIT_PLUGIN_ABI */
    const char *name, *version, *description;
    const char *daemons;       /* "bgpd zebrad" or "*" */
    /* 0, or -1 and a message; may call cli_add(), conf_add_row(), loop_*(). args: after the colon, or NULL. */
    int (*init)(struct daemon *d, const char *args, char *err, size_t errlen);
    void (*fini)(struct daemon *d);
};
int plugin_load(struct daemon *d, const char *spec, char *err, size_t errlen);
void plugin_list(void (*row)(void *ctx, const struct godwit_plugin *p), void *ctx);
#endif
