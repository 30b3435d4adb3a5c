/* SPDX-License-Identifier: Apache-2.0
 * shell_private.h - what the shell_*.c files share.
 */
#ifndef GW_SHELL_PRIVATE_H
#define GW_SHELL_PRIVATE_H
#include "shell.h"

/* The FRR release whose tools, files and exporters we answer to. */
#define SHELL_FRR_VERSION "8.4.4"

void shell_show_add(struct daemon *d);  /* shell_show.c */
void shell_write_add(struct daemon *d); /* shell_write.c */
/* The configuration as a file: frr version, frr defaults, the rows. Without "end". */
void shell_config_text(struct daemon *d, bool secrets, void (*line)(void *ctx, const char *text),
                       void *ctx);
/* shell_ipc.c: tells open shells that there are other commands now. */
void shell_ipc_announce(struct daemon *d);
#endif
