/* SPDX-License-Identifier: Apache-2.0
 * bgp_peer.h - instances and neighbours: configuration, session state, and what drives them. Main thread only.
 *
 * struct bgp_peer_conf is plain configuration (after peer-group inheritance); struct bgp_peer adds the session: the pure FSM of
 * bgp_fsm.h, timers, counters. bgp_peer.c feeds events to the FSM and carries out its actions through bgp_conn.c (connect, listen,
 * MD5, TTL) and bgp_io.h (the I/O actors that read, frame, parse and write).
 */
#ifndef BGP_PEER_H
#define BGP_PEER_H
#include "bgp_fsm.h"
#include "bgp_rib.h"

struct bgp_inst;
enum bgp_remote_as { BGP_AS_UNSET, BGP_AS_NUMBER, BGP_AS_INTERNAL, BGP_AS_EXTERNAL, BGP_AS_AUTO };
struct bgp_peer_af_conf {
    int8_t activate;                 /* -1: default of the instance */
    bool next_hop_self, next_hop_self_force, nh_unchanged, aspath_unchanged, med_unchanged, rr_client, rs_client, soft_reconfig, as_override;
    bool remove_private, remove_private_all, remove_private_replace, default_originate;
    uint8_t allowas_in; bool allowas_origin;
    bool no_send_community, no_send_ext, no_send_large;
    uint32_t weight, max_prefix; uint8_t max_prefix_pct; bool max_prefix_warn_only; uint16_t max_prefix_restart; /* minutes */
    char *prefix_list[2], *distribute_list[2], *filter_list[2], *route_map[2];  /* [0] in, [1] out */
    char *default_map;
};
struct bgp_peer_conf {
    enum bgp_remote_as remote_as_kind; uint32_t remote_as;
    uint32_t local_as; bool local_as_no_prepend, local_as_replace;
    char *description, *password, *update_source_if, *interface;
    struct ipaddr update_source;
    bool shutdown, passive, disable_connected_check, dont_capability, override_capability, strict_capability, solo, no_enforce_first_as, extended_nexthop;
    char *shutdown_msg;
    uint8_t ebgp_multihop;           /* 0: no */
    uint8_t ttl_security;            /* hops, 0: no */
    uint16_t port, tcp_mss;
    int32_t keepalive, hold, connect_retry; /* seconds, -1: of the instance */
    int32_t advertisement_interval;
    struct bgp_peer_af_conf af[BGP_AF_MAX];
};
struct bgp_peer {
    uint16_t index; struct bgp_inst *inst;
    char name[64];                   /* as configured: address or interface */
    struct ipaddr addr;
    char *group;                     /* peer-group or NULL */
    struct bgp_peer_conf own;        /* what is configured on the neighbour itself */
    struct bgp_peer_conf conf;       /* effective, after inheritance */
    uint64_t own_set;                /* which session-level settings are the neighbour's own (bits defined in bgp_config.c) */
    bool ebgp, dynamic;
    struct bgp_fsm fsm;              /* state, negotiated values (bgp_fsm.h) */
    struct bgp_open open_sent, open_rcvd;
    uint32_t gen;                    /* grows with every session */
    struct bgp_conn *conn[2];        /* outgoing, incoming: bgp_conn.c */
    struct ipaddr local; uint16_t local_port, remote_port;
    uint64_t up_wall, down_wall, up_us; uint32_t established, dropped;
    uint8_t last_code, last_subcode; bool last_sent; char last_reset[64]; char last_reason[160]; uint64_t last_reset_wall;
    uint32_t fsm_errors;
    bool eor_sent[BGP_AF_MAX], eor_rcvd[BGP_AF_MAX];
    struct loop_timer *t_start, *t_connect, *t_keepalive, *t_restart /* after max-prefix */, *t_stale; /* hold: one per connection, bgp_conn.h */
    /* the driver's own (bgp_peer*.c) */
    bool started;                    /* the FSM was given BE_START: it runs, or waits out its idle hold time */
    bool connect_failed;             /* a connect failed at once: BE_TCP_FAIL follows the actions at hand */
    bool pfx_full;                   /* max-prefix: waits for t_restart or a clear */
    bool key_failed; const char *key;/* the MD5 key that the listeners have */
    bool rib_up, stale;              /* the shards know of a session; they keep paths of one that is gone (RFC 4724) */
    uint8_t borr_sent;               /* families whose refresh is under way: EoRR follows (RFC 7313) */
    uint8_t eor_held;                /* families whose End-of-RIB waits for the end of our own restart */
    char wait_reason[120];           /* why it is not started; "" when it is */
    uint8_t cease[260]; uint16_t cease_len;  /* data of the next Cease (RFC 9003 text) */
    uint8_t notify[2][280]; uint16_t notify_len[2]; /* to be sent when the connection closes */
    const struct bgp_policy *policy[BGP_AF_MAX][2];
    struct bgp_peer_nh { struct ipaddr self, ll; struct prefix shared; } nh[BGP_AF_MAX]; /* what the shards were told of our addresses */
    unsigned connect_failures;
};
struct bgp_counters { uint64_t opens[2], updates[2], notifications[2], keepalives[2], refreshes[2], bytes[2]; uint64_t last_read_us, last_write_us;
                      uint64_t discarded_attrs, treat_as_withdraw, martians; };  /* [0] in, [1] out */
void bgp_peer_counters(const struct bgp_peer *p, struct bgp_counters *ret);   /* from the I/O actor, lock-free */

struct bgp_inst {
    uint16_t index; char name[16];   /* "default", VRF or view name */
    bool view; uint32_t vrf_id; uint32_t as;
    struct ipaddr router_id_conf; uint32_t router_id;  /* effective, host order; 0: not known yet, sessions wait */
    struct bgp_rib_inst rib;         /* the knobs the shards get */
    uint16_t keepalive, hold, connect_retry;
    bool default_ipv4_unicast, ebgp_requires_policy, import_check, log_changes, shutdown, enforce_first_as, default_ipv6_unicast, datacenter;
    uint32_t confed_id; uint32_t *confed_peers; unsigned n_confed;
    bool graceful_restart, gr_disable; uint16_t gr_restart_time, gr_stale_time;
    struct bgp_peer **peers; unsigned n_peers;
    uint32_t used_id, used_as, used_confed; bool used_id_conf, used_shutdown; /* what running sessions were started with (bgp_inst.c) */
};
/* All of the daemon's state hangs here. */
struct bgp { struct loop *loop; struct bgp_inst **insts; unsigned n_insts; struct bgp_peer *peer[BGP_MAX_PEERS]; uint16_t listen_port; struct ipaddr listen_addr[8]; unsigned n_listen;
             unsigned threads; const char *run_dir; struct daemon *daemon; void *zebra; struct policy_set *policy; };
extern struct bgp bgp;

struct bgp_inst *bgp_inst_new(const char *name, bool view, uint32_t as);
struct bgp_inst *bgp_inst_find(const char *name /* NULL: default */, bool view);
void bgp_inst_free(struct bgp_inst *i);
void bgp_inst_changed(struct bgp_inst *i);          /* push rib knobs; router id changes reset sessions */
struct bgp_peer *bgp_peer_new(struct bgp_inst *i, const char *name, const struct ipaddr *addr);
struct bgp_peer *bgp_peer_find(const struct bgp_inst *i, const char *name);
struct bgp_peer *bgp_peer_by_addr(const struct bgp_inst *i, const struct ipaddr *a);
void bgp_peer_free(struct bgp_peer *p);             /* Cease/Peer De-configured, then gone */
/* p->conf has been changed: impact says what has to happen to a running session (0 nothing, 1 policies/groups to the shards, 2 reset). */
void bgp_peer_changed(struct bgp_peer *p, int impact);
void bgp_peer_clear(struct bgp_peer *p, uint8_t cease_subcode, const char *text); /* hard reset */
void bgp_peer_refresh_in(struct bgp_peer *p, enum bgp_afi_safi af);   /* stored routes, or ROUTE-REFRESH when none are stored */
void bgp_peer_refresh_out(struct bgp_peer *p, enum bgp_afi_safi af);
bool bgp_peer_af_active(const struct bgp_peer *p, enum bgp_afi_safi af); /* configured */
const char *bgp_peer_state_name(const struct bgp_peer *p);            /* "Established", "Idle (Admin)", ... FRR's words */
void bgp_peer_rib_send(struct bgp_peer *p, bool up);                  /* makes a struct bgp_rib_peer from p and posts it */
/* facts from zebrad (bgp_zebra.c calls these) */
void bgp_peer_interfaces_changed(void);             /* links or addresses: connected checks, update-source, unnumbered, fast failover */
/* facts that bgp_peer.c asks bgp_zebra.c for */
bool bgp_zebra_connected(uint32_t vrf_id, const struct ipaddr *a, struct prefix *ret_subnet, uint32_t *ret_ifindex);
bool bgp_zebra_if_addr(uint32_t vrf_id, const char *ifname, int family, struct ipaddr *ret); /* for update-source IFNAME */
bool bgp_zebra_local_addrs(uint32_t ifindex, struct ipaddr *ret_v4, struct ipaddr *ret_v6, struct ipaddr *ret_ll);
uint32_t bgp_zebra_ifindex_of_addr(uint32_t vrf_id, const struct ipaddr *local);
bool bgp_zebra_router_id(uint32_t vrf_id, uint32_t *ret);
int bgp_peer_start_all(void);                       /* configuration is read: listen and start */
void bgp_peer_stop_all(const char *text);           /* SIGTERM: Cease/Administrative Shutdown everywhere */
#endif
