/* SPDX-License-Identifier: Apache-2.0
 * zebra.h - the daemon: who is connected with whom.
 *
 *   kernel (zebra_kernel.c) > interfaces (zebra_if.c) > connected routes \
 *                           > foreign routes, our own after a restart     > RIB (zebra_rib.h) > kernel
 *   configuration > static routes (zebra_static.c), addresses (zebra_if.c)/
 *   clients (zebra_ipc.c, zebra_client.c) > their routes and registrations/
 */
#ifndef GW_ZEBRA_H
#define GW_ZEBRA_H
#include "daemon.h"
#include "zebra_if.h"
#include "zebra_kernel.h"
#include "zebra_track.h"

struct zclients;
struct zstatics;
struct zebra {
    struct daemon *daemon;
    struct loop *loop;
    struct rib *rib;
    struct zifs *ifs;
    struct kernel *kernel; /* NULL before open, and with -n */
    struct zclients *clients;
    struct zstatics *statics;
    struct loop_timer *work_timer, *if_timer, *adopt_timer;
    bool work_soon;
    bool started;            /* the configuration is read, clients may come */
    uint32_t kernel_epoch;   /* of the foreign routes: one per resync */
    bool compat_mode_off;    /* nexthop_compat_mode=0 could be set */
};

void zebra_init(struct zebra *z, struct daemon *d, struct loop *l);
int zebra_open(struct zebra *z);      /* sockets to the kernel, and what it has: 0 or -errno */
int zebra_start(struct zebra *z, const char *run_dir); /* serves clients; the adoption ends in a minute */
void zebra_fini(struct zebra *z);     /* nothing is taken out of the kernel */

/* Protocol of ours a kernel protocol number stands for, 0 for others. */
void zebra_adopt_end(struct zebra *z);
#endif
