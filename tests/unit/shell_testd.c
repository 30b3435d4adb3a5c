/* SPDX-License-Identifier: Apache-2.0
 * shell_testd.c - a little daemon for the tests of vtysh: shell_testd RUN_DIR NAME.
 *
 * Every one has the nodes and rows that several daemons share; "alphad" and "betad" have some of
 * their own. `show numbers` streams a million lines; `plugin` adds a command while it runs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/conf.h"
#include "lib/shell.h"

static struct daemon d;

static int numbers_more(struct cli_req *r)
{
    uint64_t at = (uint64_t)(uintptr_t)r->state, end = at + 1000,
             n = cli_arg_num(&r->args, "count", 1000000);

    for (; at < end && at < n; at++)
        writer_line(r->out, "%06llu a line of some length, as those of a routing table are",
                    (unsigned long long)at);
    r->state = (void *)(uintptr_t)at;
    return at < n ? CLI_MORE : CLI_OK;
}

static int cmd_numbers(struct cli_req *r)
{
    r->resume = numbers_more;
    return numbers_more(r);
}

static int cmd_peak(struct cli_req *r)
{
    struct rusage ru;

    getrusage(RUSAGE_SELF, &ru);
    writer_line(r->out, "%ld", ru.ru_maxrss);
    return CLI_OK;
}

static int cmd_name(struct cli_req *r)
{
    writer_line(r->out, "this is %s", d.name);
    return CLI_OK;
}

static int cmd_version(struct cli_req *r)
{
    writer_line(r->out, "FRRouting 8.4.4 (%s) on Linux.", d.name);
    return CLI_OK;
}

static int cmd_new(struct cli_req *r)
{
    writer_line(r->out, "brand new");
    return CLI_OK;
}

static const struct cli_cmd plugin_cmd = {
    "view", "show brand-new [(1-9)$digit]",
    "show|Show\nbrand-new|Something that came later\ndigit|A digit", cmd_new, CLI_F_VIEW
};

static int cmd_plugin(struct cli_req *r)
{
    char err[100];

    return cli_add(d.cli, &plugin_cmd, err, sizeof(err)) == 0 ? CLI_OK : CLI_WARNING;
}

static int cmd_fail(struct cli_req *r)
{
    writer_line(r->out, "%% It does not work");
    return CLI_CONFIG_FAILED;
}

static int cmd_die(struct cli_req *r)
{
    (void)r;
    _exit(3);
}

static const char help[] =
    "show|Show running system information\nnumbers|Many lines\ncount|How many\npeak|Peak "
    "memory\nname|Name\n"
    "plugin|Load a plugin\nfail|Fail\ndie|Die\nversion|Version\nalpha|Of alphad\nbeta|Of "
    "betad\nhostname|Host name\n"
    "route-map|Route "
    "map\npermit|Permit\ndeny|Deny\nmatch|Match\nset|Set\nmetric|Metric\ntag|Tag\nrouter|Router\n"
    "neighbor|Neighbour\nremote-as|AS "
    "number\naddress-family|Family\nipv4|IPv4\nipv6|IPv6\nunicast|Unicast\n"
    "network|Network\ninterface|Interface\nip|IP\naddress|Address\ndescription|Description\nroute|"
    "Route\nno|Negate\n"
    "forbidden|Always refused\nseq|Sequence\nwrite|Write\nfile|To the file\n";

static int cmd_write_file(struct cli_req *r)
{
    writer_line(r->out, "Configuration saved to %s.conf", d.name);
    return CLI_OK;
}

static const struct cli_cmd common_cmds[] = {
    { "view", "show numbers [(1-10000000)$count]", NULL, cmd_numbers, CLI_F_VIEW },
    { "view", "show name", NULL, cmd_name, CLI_F_VIEW },
    { "view", "show version", NULL, cmd_version, CLI_F_VIEW },
    { "view", "write file", NULL, cmd_write_file, 0 },
};
static const struct cli_cmd alpha_cmds[] = {
    { "view", "show alpha", NULL, cmd_name, CLI_F_VIEW },
    { "view", "show peak", NULL, cmd_peak, CLI_F_VIEW },
    { "view", "plugin", NULL, cmd_plugin, 0 },
};
static const struct cli_cmd beta_cmds[] = {
    { "view", "show beta", NULL, cmd_name, CLI_F_VIEW },
    { "view", "fail", NULL, cmd_fail, 0 },
    { "view", "die", NULL, cmd_die, 0 },
};

static int refuse(struct conf_change *c, char *err, size_t errlen)
{
    (void)c;
    snprintf(err, errlen, "this is never allowed");
    return -1;
}

static const struct conf_node common_nodes[] = {
    { .name = "route-map",
      .parent = "config",
      .grammar = "route-map WORD$name <permit|deny>$action (1-65535)$seq",
      .keys = "name seq",
      .prompt = "config-route-map",
      .exit_word = "exit",
      .order = 80,
      .separator = true,
      .help = "name|Name" },
};
static const struct conf_node alpha_nodes[] = {
    { .name = "interface",
      .parent = "config",
      .grammar = "interface WORD$ifname",
      .keys = "ifname",
      .prompt = "config-if",
      .exit_word = "exit",
      .order = 30,
      .separator = true,
      .help = "ifname|Name" },
};
static const struct conf_node beta_nodes[] = {
    { .name = "router bgp",
      .parent = "config",
      .grammar = "router bgp (1-4294967295)$as",
      .keys = "as",
      .prompt = "config-router",
      .exit_word = "exit",
      .order = 50,
      .separator = true,
      .help = "as|AS\nbgp|BGP" },
    { .name = "bgp ipv4",
      .parent = "router bgp",
      .grammar = "address-family ipv4 unicast",
      .prompt = "config-router-af",
      .exit_word = "exit-address-family",
      .order = 90 },
};
static const struct conf_row common_rows[] = {
    { .node = "config", .grammar = "hostname WORD$host", .order = 2, .help = "host|Name" },
    { .node = "route-map",
      .grammar = "match metric (0-4294967295)$m",
      .order = 1,
      .help = "m|Value" },
};
static const struct conf_row alpha_rows[] = {
    { .node = "interface",
      .grammar = "ip address A.B.C.D/M$addr",
      .keys = "addr",
      .flags = CONF_F_AS_WRITTEN,
      .order = 2,
      .help = "addr|Address" },
    { .node = "interface", .grammar = "description LINE...$text", .order = 1, .help = "text|Text" },
    { .node = "config",
      .grammar = "ip route A.B.C.D/M$p A.B.C.D$gw",
      .keys = "p gw",
      .order = 20,
      .help = "p|Prefix\ngw|Gateway" },
    { .node = "route-map", .grammar = "set tag (1-4294967295)$t", .order = 5, .help = "t|Tag" },
};
static const struct conf_row beta_rows[] = {
    { .node = "router bgp",
      .grammar = "neighbor A.B.C.D$peer remote-as (1-4294967295)$as",
      .keys = "peer",
      .order = 10,
      .help = "peer|Address\nas|AS" },
    { .node = "bgp ipv4",
      .grammar = "network A.B.C.D/M$p",
      .keys = "p",
      .order = 10,
      .help = "p|Prefix" },
    { .node = "router bgp", .grammar = "forbidden", .order = 90, .check = refuse },
};

#define N(a) (unsigned)(sizeof(a) / sizeof((a)[0]))

static void on_term(void *ctx, int sig)
{
    (void)sig;
    loop_stop(ctx, 0);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    d.name = d.progname = argv[2];
    d.run_dir = argv[1];
    d.loop = loop_new();
    d.cli = cli_tree_new(&d);
    cli_tree_set_loop(d.cli, d.loop);
    cli_help_add(d.cli, help);
    d.conf = conf_new(d.cli, &d);
    cli_add_all(d.cli, common_cmds, N(common_cmds));
    conf_add_nodes(d.conf, common_nodes, N(common_nodes));
    conf_add_rows(d.conf, common_rows, N(common_rows));
    if (strcmp(d.name, "alphad") == 0) {
        cli_add_all(d.cli, alpha_cmds, N(alpha_cmds));
        conf_add_nodes(d.conf, alpha_nodes, N(alpha_nodes));
        conf_add_rows(d.conf, alpha_rows, N(alpha_rows));
    } else {
        cli_add_all(d.cli, beta_cmds, N(beta_cmds));
        conf_add_nodes(d.conf, beta_nodes, N(beta_nodes));
        conf_add_rows(d.conf, beta_rows, N(beta_rows));
    }
    int rc = shell_ipc_start(&d);
    if (rc != 0) {
        fprintf(stderr, "%s: %s\n", d.name, strerror(-rc));
        return 1;
    }
    loop_signal(d.loop, SIGTERM, on_term, d.loop);
    loop_run(d.loop);
    shell_ipc_stop(&d);
    conf_free(d.conf);
    cli_tree_free(d.cli);
    loop_free(d.loop);
    return 0;
}
