/* SPDX-License-Identifier: Apache-2.0
 * shell.h - a daemon's side of its shells: vtysh over IPC (shell_ipc.c) and FRR's .vty sockets (shell_vty.c).
 *
 * Both run lines through a cli_session (cli.h), one at a time per connection, with flow control, so that a
 * show of a million routes costs the daemon one slice of memory.
 */
#ifndef GW_SHELL_H
#define GW_SHELL_H
#include "daemon.h"
/* vtysh's service "DAEMON.shell": grammar export with its generation, run line, whole-configuration check/replace, running-config. */
int shell_ipc_start(struct daemon *d);   /* 0 or -errno */
void shell_ipc_stop(struct daemon *d);
/* UNIX stream socket <vty_dir>/<progname>.vty: request bytes up to NUL; reply text, then 00 00 00 RC. */
int shell_vty_start(struct daemon *d);
void shell_vty_stop(struct daemon *d);
/* Commands and rows that every daemon has: hostname, log ..., service ..., password, line vty, debug ..., show version|logging|memory|
 * event cpu|running-config|debugging|plugins, write ..., clear log cmdline-targets, terminal ..., plugin load, send log ... (shell_common.c). */
void shell_common_add(struct daemon *d);
const char *shell_hostname(void);              /* `hostname` of the configuration, else the system's */
void shell_log_command(const char *line);      /* `log commands`: for whoever takes lines from a shell */
#endif
