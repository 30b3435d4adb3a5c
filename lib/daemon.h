/* SPDX-License-Identifier: Apache-2.0
 * daemon.h - what every daemon does the same way: options, start-up order, background, files, end.
 *
 * main() fills a struct daemon, calls daemon_start(), and then daemon_run(). FRR's options are all
 * accepted (research: FRR's names), those without meaning say so in -h. When the program was started
 * through libexec/frr-compat (or its file name is zebra/staticd/mgmtd), FRR's default places are used:
 * configuration /etc/frr/DAEMON.conf or frr.conf, pid /var/run/frr/DAEMON.pid, shell /var/run/frr/DAEMON.vty.
 * With -d the parent returns 0 only when configuration is read, the shell sockets listen and the
 * pid file is written. The working directory is never changed.
 */
#ifndef GW_DAEMON_H
#define GW_DAEMON_H
#include <stdbool.h>
#include <stdint.h>
#include "loop.h"

struct cli_tree;
struct conf;
struct daemon {
    const char *name;          /* "zebrad": sockets, logs, units */
    const char *frr_name;      /* "zebra": with FRR's places, and what `show running-config`, show logging etc. call it there */
    const char *description;
    void *app;                 /* handlers' context */
    /* Called by daemon_start() in this order, all on the main thread: */
    void (*setup)(struct daemon *d);        /* after options: make state; add nodes, rows, commands */
    int (*open)(struct daemon *d);          /* privileged opens (raw sockets, netlink), before privileges go: starts no
                                               thread, which would lose its capabilities. 0 or -errno: fatal */
    void (*started)(struct daemon *d);      /* configuration is read, shells listen: start talking to others */
    void (*stop)(struct daemon *d);         /* SIGTERM: orderly end, then daemon_done() */
    /* extra options: getopt_long string and handler returning false for "not mine" */
    const char *optstring;
    bool (*option)(struct daemon *d, int opt, const char *arg);
    const char *option_help;
    void (*defaults_changed)(struct daemon *d); /* `frr defaults`: d->datacenter has changed */
    bool foreign_config;       /* lines that it does not know are no errors even in DAEMON.conf */
    const char *keep_caps;     /* capabilities to keep, cap_from_text() form: "cap_net_admin,cap_net_raw+ep" */

    /* filled in: */
    bool datacenter;           /* `frr defaults datacenter` */
    bool frr_compat;
    const char *progname;      /* frr_name under compat, else name */
    const char *config_file, *pid_file, *run_dir /* nng sockets */, *vty_dir, *pathspace, *zebra_path, *user, *group;
    const char *log_level;
    bool foreground, terminal, no_kernel;
    unsigned threads;          /* --threads; 0: as many as there are CPUs */
    unsigned retain_seconds;   /* -K */
    struct loop *loop;
    struct cli_tree *cli;
    struct conf *conf;
    uint64_t start_us, start_wall;
};
/* Parses, sets up, reads configuration, opens shells. Ends the process on -h, -v, -C and on errors. */
void daemon_start(struct daemon *d, int argc, char **argv);
int daemon_run(struct daemon *d);   /* the loop; returns the exit status */
void daemon_done(struct daemon *d); /* ends daemon_run() */
#endif
