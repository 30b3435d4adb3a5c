/* SPDX-License-Identifier: Apache-2.0
 * bgp_cli.c - commands that act: `clear bgp ...`.
 */
#include "bgp_policy.h"
#include "bgp_shell.h"
#include <stdio.h>
#include <stdlib.h>

static const char clear_help[] =
    "clear|Reset functions\nip|IP information\nbgp|BGP information\nview|BGP view\nvrf|BGP "
    "VRF\n$name|View/VRF name\nipv4|Address Family\n"
    "ipv6|Address Family\nunicast|Address Family modifier\n*|Clear all peers\n$peer|BGP neighbor "
    "address or peer-group\n$as|Clear peers with the AS "
    "number\nexternal|Clear all external peers\npeer-group|Clear all members of "
    "peer-group\n$group|BGP peer-group name\nsoft|Soft reconfig "
    "inbound and outbound updates\nin|Soft reconfig inbound update\nout|Soft reconfig outbound "
    "update\nprefix-filter|Push out prefix-list ORF and "
    "do inbound soft reconfig";

enum clear_what { CLEAR_HARD, CLEAR_IN = 1, CLEAR_OUT = 2 };

static void clear_peer(struct bgp_peer *p, const struct bgp_scope *s, int what)
{
    if (what == CLEAR_HARD) {
        bgp_peer_clear(p, BN_CEASE_RESET, "reset by the operator");
        return;
    }
    for (int af = 0; af < BGP_AF_MAX; af++) {
        if ((s->af_given && s->af != (enum bgp_afi_safi)af) ||
            !bgp_peer_af_active(p, (enum bgp_afi_safi)af))
            continue;
        if (what & CLEAR_IN)
            bgp_peer_refresh_in(p, (enum bgp_afi_safi)af);
        if (what & CLEAR_OUT)
            bgp_peer_refresh_out(p, (enum bgp_afi_safi)af);
    }
}

static bool selected(const struct cli_args *a, const struct bgp_peer *p)
{
    const char *peer = cli_arg_text(a, "peer"), *group = cli_arg_text(a, "group");
    struct ipaddr ip;
    if (cli_has(a, "*"))
        return true;
    if (cli_has(a, "as"))
        return p->fsm.remote_as == cli_arg_num(a, "as", 0) ||
               p->conf.remote_as == cli_arg_num(a, "as", 0);
    if (cli_has(a, "external"))
        return p->ebgp;
    if (group)
        return p->group && !strcmp(p->group, group);
    if (peer && ipaddr_parse(peer, &ip))
        return ipaddr_eq(&ip, &p->addr);
    return peer && (!strcmp(peer, p->name) || (p->group && !strcmp(p->group, peer)));
}

static int clear_bgp(struct cli_req *r)
{
    struct bgp_scope s;
    int what = CLEAR_HARD;
    unsigned n = 0;
    if (!bgp_show_scope(r, &s))
        return CLI_WARNING;
    if (cli_has(&r->args, "in") || cli_has(&r->args, "out") || cli_has(&r->args, "soft")) {
        what =
            (cli_has(&r->args, "in") ? CLEAR_IN : 0) | (cli_has(&r->args, "out") ? CLEAR_OUT : 0);
        if (!what)
            what = CLEAR_IN | CLEAR_OUT;
    }
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        struct bgp_inst *i = bgp.insts[k];
        if (!s.all_insts && i != s.inst)
            continue;
        for (unsigned j = 0; j < i->n_peers; j++)
            if (selected(&r->args, i->peers[j])) {
                clear_peer(i->peers[j], &s, what);
                n++;
            }
    }
    if (!n && !cli_has(&r->args, "*")) {
        writer_line(r->out, "%%BGP: Unknown neighbor - \"%s\"",
                    cli_has(&r->args, "peer")    ? cli_arg_text(&r->args, "peer")
                    : cli_has(&r->args, "group") ? cli_arg_text(&r->args, "group")
                                                 : "");
        return CLI_WARNING;
    }
    return CLI_OK;
}

#define CLEAR_WHO \
    "<*|A.B.C.D$peer|X:X::X:X$peer|(1-4294967295)$as|external|peer-group WORD$group|WORD$peer>"
static const struct cli_cmd cmds[] = {
    { "view",
      "clear [ip] bgp [<view|vrf> WORD$name] [<ipv4|ipv6>$afi [unicast]] " CLEAR_WHO
      " [<soft [<in|out>]|in [prefix-filter]|out>]",
      clear_help, clear_bgp, 0 },
};

void bgp_cli_add(struct daemon *d)
{
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}

void bgp_shell_setup(struct daemon *d)
{
    bgp_policy_setup(d);
    bgp_config_add(d);
    bgp_cli_add(d);
    bgp_show_add(d);
    bgp_show_route_add(d);
}
