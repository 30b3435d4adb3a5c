/* SPDX-License-Identifier: Apache-2.0
 * bgp_shell.h - what main.c and the shell's files of bgpd (bgp_config*.c, bgp_cli.c, bgp_show*.c) share.
 */
#ifndef BGP_SHELL_H
#define BGP_SHELL_H
#include "bgp_peer.h"
#include "cli.h"
#include "conf.h"
#include "daemon.h"

void bgp_shell_setup(struct daemon *d);       /* nodes, rows, commands; called from struct daemon's setup() */

/* bgp_config.c: the model of `router bgp` to instances and peers. Changes are gathered and applied in one pass from
 * the loop; a flush does it now (before sessions start, before a show). */
void bgp_config_add(struct daemon *d);
void bgp_config_flush(void);
const struct bgp_peer_conf *bgp_config_group(const struct bgp_inst *i, const char *name); /* a peer-group's settings */
void bgp_config_groups(const struct bgp_inst *i, void (*fn)(void *ctx, const char *name, const struct bgp_peer_conf *c), void *ctx);

/* bgp_config_peer.c: neighbour settings as table rows. */
struct bgp_peer_setting {
    const char *grammar;          /* behind "neighbor PEER " */
    const char *help;
    const char *def;              /* conf_row.def */
    int order;
    bool af;                      /* address-family node (and, hidden, router bgp for IPv4 unicast) */
    unsigned flags;
    void (*set)(struct bgp_peer_conf *c, struct bgp_peer_af_conf *a, const struct cli_args *v, bool on);
    int (*check)(struct conf_change *c, char *err, size_t errlen);
};
extern const struct bgp_peer_setting bgp_peer_settings[];
extern const unsigned bgp_peer_n_settings;
void bgp_config_peer_rows(struct conf *c, void (*apply)(const struct conf_change *ch));
const struct bgp_peer_setting *bgp_config_setting(const struct conf_row *row); /* NULL: not a neighbour row */
void bgp_peer_conf_defaults(struct bgp_peer_conf *c);
int bgp_peer_conf_impact(const struct bgp_peer_conf *a, const struct bgp_peer_conf *b); /* -1 equal, else enum conf_impact */
char *bgp_config_str(const char *s);          /* one lasting copy per distinct string; NULL gives NULL */

/* bgp_cli.c, bgp_show*.c */
void bgp_cli_add(struct daemon *d);           /* clear, debug */
void bgp_show_add(struct daemon *d);          /* summary, neighbors, nexthop, groups ... */
void bgp_show_neighbor_add(struct daemon *d); /* neighbors */
void bgp_show_route_add(struct daemon *d);    /* tables and prefixes */

/* What the words "[ip] bgp [vrf X] [ipv4|ipv6] [unicast]" of a command name. */
struct bgp_scope { struct bgp_inst *inst; bool all_insts; bool af_given, both; enum bgp_afi_safi af; };
/* false: an error is written. */
bool bgp_show_scope(struct cli_req *r, struct bgp_scope *s);
/* Neighbour named by the argument "peer"; NULL with the error written (JSON: bgpNoSuchNeighbor). */
struct bgp_peer *bgp_show_peer_arg(struct cli_req *r, const struct bgp_scope *s);
#endif
