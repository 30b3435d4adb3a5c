/* SPDX-License-Identifier: Apache-2.0
 * staticd_main.c - FRR's staticd and mgmtd, as far as other programs expect them to run.
 *
 * zebrad does static routes and reads staticd.conf itself. What starts, asks and stops FRR's
 * daemons finds here a process with pid file, shell socket, log and the commands that every daemon
 * has; lines of the configuration that it does not know are zebrad's.
 */
#include <string.h>
#include "daemon.h"

int main(int argc, char **argv)
{
    static struct daemon d = {
        .name = "staticd",
        .frr_name = "staticd",
        .description = "Stands in for FRR's staticd and mgmtd: zebrad does their work.",
        .foreign_config = true,
    };
    const char *base = argc > 0 ? strrchr(argv[0], '/') : NULL;
    if (argc > 0 && strcmp(base ? base + 1 : argv[0], "mgmtd") == 0)
        d.name = d.frr_name = "mgmtd";
    daemon_start(&d, argc, argv);
    return daemon_run(&d);
}
