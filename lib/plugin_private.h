/* SPDX-License-Identifier: Apache-2.0
 * plugin_private.h - for daemon.c: the end of all plugins.
 */
#ifndef GW_PLUGIN_PRIVATE_H
#define GW_PLUGIN_PRIVATE_H
struct daemon;
void plugin_fini_all(struct daemon *d); /* newest first */
#endif
