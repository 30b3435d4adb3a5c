/* SPDX-License-Identifier: Apache-2.0
 * main.c - bgpd: options and start-up order. Nothing else.
 *
 * Listening sockets are bound before privileges go; cap_net_bind_service is kept for the source
 * ports and listeners of VRFs that appear later. Nothing here needs more: TCP MD5, TTL, DSCP and
 * binding an unbound socket to a device are free to all.
 */
#include "bgp_peer_priv.h"
#include "bgp_shell.h"
#include "bgp_zebra_priv.h"
#include "daemon.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STOP_US  (500 * 1000) /* for the last NOTIFICATIONs to reach their peers */
#define CHECK_US (10 * 1000)

static bool no_zebra;
static uint64_t stop_by;
static struct loop_timer *t_stop;

static bool parse_port(const char *arg)
{
    char *end;
    unsigned long v = strtoul(arg, &end, 10);
    if (!*arg || *end || v > 65535)
        return false;
    bgp.listen_port = (uint16_t)v;
    return true;
}

static bool parse_listen(const char *arg)
{
    if (bgp.n_listen == sizeof bgp.listen_addr / sizeof *bgp.listen_addr ||
        !ipaddr_parse(arg, &bgp.listen_addr[bgp.n_listen]))
        return false;
    bgp.n_listen++;
    return true;
}

static void bad_option(const struct daemon *d, const char *what, const char *arg)
{
    fprintf(stderr, "%s: %s: \"%s\" is not understood\n", d->progname, what, arg);
    exit(1);
}

static bool option(struct daemon *d, int opt, const char *arg)
{
    switch (opt) {
    case 'p':
        if (!parse_port(arg))
            bad_option(d, "--bgp_port", arg);
        return true;
    case 'l':
        if (!parse_listen(arg))
            bad_option(d, "--listenon", arg);
        return true;
    case 'Z':
        no_zebra = true;
        return true;
    default:
        return false;
    }
}

static void setup(struct daemon *d)
{
    unsigned threads = d->threads;
    if (!threads) {
        long n = sysconf(_SC_NPROCESSORS_ONLN);
        threads = n > 0 ? (unsigned)n : 1;
    }
    bgp.loop = d->loop;
    bgp.daemon = d;
    bgp.threads = threads;
    bgp.run_dir = d->run_dir;
    bgp_attr_init();
    bgp_io_start(d->loop, threads > 1, &bgp_peer_io_cb);
    bgp_rib_start(d->loop, threads, &bgp_peer_rib_cb, NULL);
    bgp_shell_setup(d);
}

static int open_sockets(struct daemon *d)
{
    return bgp_conn_listen_open();
}

static void started(struct daemon *d)
{
    bgp_config_flush();
    bgp_zebra_start(d, no_zebra);
    bgp_peer_start_all();
}

static void on_stop_timer(void *ctx)
{
    if (bgp_io_sessions() && loop_now() < stop_by) {
        loop_timer_arm(t_stop, CHECK_US);
        return;
    }
    daemon_done(ctx);
}

static void stop(struct daemon *d)
{
    bgp_peer_stop_all(NULL);
    stop_by = loop_now() + STOP_US;
    t_stop = loop_timer_new(d->loop, "bgp stop", on_stop_timer, d);
    on_stop_timer(d);
}

int main(int argc, char **argv)
{
    struct daemon d = {
        .name = "bgpd",
        .frr_name = "bgpd",
        .description = "BGP-4 routing daemon",
        .setup = setup,
        .open = open_sockets,
        .started = started,
        .stop = stop,
        .optstring = "p:l:Z",
        .option = option,
        .option_help =
            "  -p, --bgp_port PORT   listen on this port; 0: do not listen (default 179)\n"
            "  -l, --listenon ADDR   listen on this address only; may be repeated\n"
            "  -Z, --no_zebra        run without zebrad: all next hops count as reachable\n",
        .keep_caps = "cap_net_bind_service",
    };
    bgp.listen_port = 179;
    daemon_start(&d, argc, argv);
    int rc = daemon_run(&d);
    bgp_zebra_stop();
    bgp_io_stop();
    bgp_rib_stop();
    return rc;
}
