/* SPDX-License-Identifier: Apache-2.0
 * main.c - start-up of zebrad.
 */
#include "config.h"
#include "log.h"
#include "zebra_show.h"

static struct zebra zebra;

static void setup(struct daemon *d)
{
    zebra_init(&zebra, d, d->loop);
    zebra_shell_setup(d);
}

static int open_kernel(struct daemon *d)
{
    (void)d;
    return zebra_open(&zebra);
}

static void started(struct daemon *d)
{
    if (zebra_start(&zebra, d->run_dir) < 0)
        daemon_done(d);
}

static void stop(struct daemon *d)
{
    daemon_done(d);
}

int main(int argc, char **argv)
{
    static struct daemon d = {
        .name = "zebrad",
        .frr_name = "zebra",
        .description = "route manager: kernel routes, next hops, interfaces, static routes",
        .app = &zebra,
        .setup = setup,
        .open = open_kernel,
        .started = started,
        .stop = stop,
        .keep_caps = "cap_net_admin", /* netlink; the sysctl is written before the drop */
    };
    daemon_start(&d, argc, argv);
    int rc = daemon_run(&d);
    zebra_fini(&zebra);
    return rc;
}
