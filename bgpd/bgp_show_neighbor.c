/* SPDX-License-Identifier: Apache-2.0
 * bgp_show_neighbor.c - `show bgp neighbors [PEER]`, in FRR's text and JSON.
 */
#include "bgp_shell.h"
#include "bgp_zebra.h"
#include <stdio.h>
#include <time.h>

static char *id_str(uint32_t id, char *buf)
{
    struct ipaddr a = ipaddr_v4(id);
    return ipaddr_str(&a, buf);
}

static uint64_t ago_ms(uint64_t us)
{
    return us ? (loop_now() - us) / 1000 : 0;
}

static char *ago_str(uint64_t us, char *buf, size_t len)
{
    if (!us)
        snprintf(buf, len, "never");
    else
        writer_uptime(ago_ms(us) / 1000, buf, len);
    return buf;
}

static void show_identity(struct writer *w, const struct bgp_peer *p)
{
    const struct bgp_peer_conf *c = &p->conf;
    uint32_t local = c->local_as ? c->local_as : p->inst->as,
             remote = c->remote_as ? c->remote_as : p->fsm.remote_as;
    char rid[IPADDR_STRLEN], lid[IPADDR_STRLEN];
    id_str(p->fsm.state == BS_ESTABLISHED ? p->fsm.remote_id : 0, rid);
    id_str(p->inst->router_id, lid);
    writer_line(w, "BGP neighbor is %s, remote AS %u, local AS %u, %s link", p->name, remote, local,
                p->ebgp ? "external" : "internal");
    if (c->description)
        writer_line(w, " Description: %s", c->description);
    if (p->open_rcvd.hostname[0])
        writer_line(w, "Hostname: %s", p->open_rcvd.hostname);
    if (p->group)
        writer_line(w, " Member of peer-group %s for session parameters", p->group);
    if (c->shutdown)
        writer_line(w, " Administratively shut down%s%s", c->shutdown_msg ? ": " : "",
                    c->shutdown_msg ? c->shutdown_msg : "");
    writer_line(w, "  BGP version 4, remote router ID %s, local router ID %s", rid, lid);
    writer_str(w, "neighborAddr", p->name);
    writer_uint(w, "remoteAs", remote);
    writer_uint(w, "localAs", local);
    writer_bool(w, p->ebgp ? "nbrExternalLink" : "nbrInternalLink", true);
    writer_str(w, "localRole", "undefined");
    writer_str(w, "remoteRole", "undefined");
    writer_str(w, "nbrDesc", c->description);
    if (p->open_rcvd.hostname[0])
        writer_str(w, "hostname", p->open_rcvd.hostname);
    if (p->open_rcvd.domainname[0])
        writer_str(w, "domainname", p->open_rcvd.domainname);
    writer_str(w, "peerGroup", p->group);
    writer_true(w, "adminShutDown", c->shutdown);
    writer_int(w, "bgpVersion", 4);
    writer_str(w, "remoteRouterId", rid);
    writer_str(w, "localRouterId", lid);
    writer_str(w, "vrf", p->inst->name);
}

static void show_state(struct writer *w, const struct bgp_peer *p, const struct bgp_counters *n)
{
    bool up = p->fsm.state == BS_ESTABLISHED;
    uint32_t hold_conf = p->conf.hold >= 0 ? (uint32_t)p->conf.hold : p->inst->hold;
    uint32_t ka_conf = p->conf.keepalive >= 0 ? (uint32_t)p->conf.keepalive : p->inst->keepalive;
    uint32_t hold = up ? p->fsm.hold : hold_conf, ka = up ? p->fsm.keepalive : ka_conf;
    char t[32], rd[32], wr[32];
    uint64_t sec = up && p->up_us ? (loop_now() - p->up_us) / 1000000 : 0;
    writer_uptime(sec, t, sizeof(t));
    if (up)
        writer_line(w, "  BGP state = Established, up for %s", t);
    else
        writer_line(w, "  BGP state = %s", bgp_peer_state_name(p));
    writer_line(w, "  Last read %s, Last write %s", ago_str(n->last_read_us, rd, sizeof(rd)),
                ago_str(n->last_write_us, wr, sizeof(wr)));
    writer_line(w, "  Hold time is %u seconds, keepalive interval is %u seconds", hold, ka);
    writer_line(w, "  Configured hold time is %u seconds, keepalive interval is %u seconds",
                hold_conf, ka_conf);
    writer_str(w, "bgpState", bgp_peer_state_name(p));
    if (up) {
        writer_uint(w, "bgpTimerUpMsec", sec * 1000);
        writer_str(w, "bgpTimerUpString", t);
        writer_uint(w, "bgpTimerUpEstablishedEpoch", p->up_wall);
    }
    writer_uint(w, "bgpTimerLastRead", ago_ms(n->last_read_us));
    writer_uint(w, "bgpTimerLastWrite", ago_ms(n->last_write_us));
    writer_uint(w, "bgpTimerConfiguredHoldTimeMsecs", hold_conf * 1000ull);
    writer_uint(w, "bgpTimerConfiguredKeepAliveIntervalMsecs", ka_conf * 1000ull);
    writer_uint(w, "bgpTimerHoldTimeMsecs", hold * 1000ull);
    writer_uint(w, "bgpTimerKeepAliveIntervalMsecs", ka * 1000ull);
}

static const char *both(bool adv, bool rcvd)
{
    return adv && rcvd ? "advertisedAndReceived" : adv ? "advertised" : rcvd ? "received" : NULL;
}

static const char *both_text(bool adv, bool rcvd)
{
    return adv && rcvd ? "advertised and received" : adv ? "advertised" : "received";
}

static void cap_line(struct writer *w, const char *text, const char *key, bool adv, bool rcvd)
{
    if (!adv && !rcvd)
        return;
    writer_line(w, "    %s: %s", text, both_text(adv, rcvd));
    writer_str(w, key, both(adv, rcvd));
}

static void show_cap_refresh(struct writer *w, const struct bgp_open *s, const struct bgp_open *r)
{
    uint32_t any = BC_REFRESH | BC_REFRESH_OLD;
    bool adv = s->caps & any, rcvd = r->caps & any;
    if (!adv && !rcvd)
        return;
    bool n = r->caps & BC_REFRESH, o = r->caps & BC_REFRESH_OLD;
    if (adv && rcvd) {
        writer_line(w, "    Route refresh: advertised and received(%s)",
                    n && o ? "old & new"
                    : o    ? "old"
                           : "new");
        writer_str(w, "routeRefresh",
                   n && o ? "advertisedAndReceivedOldNew"
                   : o    ? "advertisedAndReceivedOld"
                          : "advertisedAndReceivedNew");
    } else
        cap_line(w, "Route refresh", "routeRefresh", adv, rcvd);
}

static void show_cap_af(struct writer *w, const struct bgp_open *s, const struct bgp_open *r)
{
    writer_obj(w, "multiprotocolExtensions");
    for (int af = 0; af < BGP_AF_MAX; af++) {
        bool adv = s->caps & BC_MP && s->af & (1u << af),
             rcvd = r->caps & BC_MP && r->af & (1u << af);
        if (!adv && !rcvd)
            continue;
        writer_line(w, "    Address Family %s: %s", bgp_af_name((enum bgp_afi_safi)af),
                    both_text(adv, rcvd));
        writer_obj(w, bgp_af_json((enum bgp_afi_safi)af));
        writer_bool(w, both(adv, rcvd), true);
        writer_end(w);
    }
    writer_end(w);
}

static void show_caps(struct writer *w, const struct bgp_peer *p)
{
    const struct bgp_open *s = &p->open_sent, *r = &p->open_rcvd;
    if (p->fsm.state != BS_ESTABLISHED)
        return;
    writer_line(w, "  Neighbor capabilities:");
    writer_obj(w, "neighborCapabilities");
    cap_line(w, "4 Byte AS", "4byteAs", s->caps & BC_AS4, r->caps & BC_AS4);
    cap_line(w, "Extended Message", "extendedMessage", s->caps & BC_EXT_MSG, r->caps & BC_EXT_MSG);
    cap_line(w, "Extended nexthop", "extendedNexthop", s->caps & BC_EXT_NEXTHOP,
             r->caps & BC_EXT_NEXTHOP);
    cap_line(w, "Long-lived Graceful Restart", "longLivedGracefulRestart", s->caps & BC_LLGR,
             r->caps & BC_LLGR);
    show_cap_refresh(w, s, r);
    cap_line(w, "Enhanced Route Refresh", "enhancedRouteRefresh", s->caps & BC_ENHANCED_REFRESH,
             r->caps & BC_ENHANCED_REFRESH);
    show_cap_af(w, s, r);
    if ((s->caps | r->caps) & BC_FQDN) {
        const char *none = "n/a";
        writer_line(w,
                    "    Hostname Capability: advertised (name: %s,domain name: %s) received "
                    "(name: %s,domain name: %s)",
                    s->hostname[0] ? s->hostname : none, s->domainname[0] ? s->domainname : none,
                    r->hostname[0] ? r->hostname : none, r->domainname[0] ? r->domainname : none);
        writer_obj(w, "hostName");
        writer_str(w, "advHostName", s->hostname[0] ? s->hostname : none);
        writer_str(w, "advDomainName", s->domainname[0] ? s->domainname : none);
        writer_str(w, "rcvHostName", r->hostname[0] ? r->hostname : none);
        writer_str(w, "rcvDomainName", r->domainname[0] ? r->domainname : none);
        writer_end(w);
    }
    cap_line(w, "Graceful Restart Capability", "gracefulRestart", s->caps & BC_GR, r->caps & BC_GR);
    if (r->caps & BC_GR) {
        writer_line(w, "      Remote Restart timer is %u seconds", r->gr_time);
        writer_uint(w, "gracefulRestartRemoteTimerMsecs", r->gr_time * 1000u);
    }
    writer_end(w);
}

static void gr_af(struct writer *w, const struct bgp_peer *p, int af)
{
    bool f = p->open_rcvd.gr_forwarding & (1u << af);
    writer_line(w, "    %s:", bgp_af_name((enum bgp_afi_safi)af));
    writer_line(w, "      F bit: %s", f ? "True" : "False");
    writer_line(w, "      End-of-RIB sent: %s", p->eor_sent[af] ? "Yes" : "No");
    writer_line(w, "      End-of-RIB received: %s", p->eor_rcvd[af] ? "Yes" : "No");
    writer_line(w, "      Timers:\n        Configured Stale Path Time(sec): %u",
                p->inst->gr_stale_time);
    writer_obj(w, bgp_af_json((enum bgp_afi_safi)af));
    writer_bool(w, "fBit", f);
    writer_obj(w, "endOfRibStatus");
    writer_bool(w, "endOfRibSend", p->eor_sent[af]);
    writer_bool(w, "endOfRibSentAfterUpdate", p->eor_sent[af]);
    writer_bool(w, "endOfRibRecv", p->eor_rcvd[af]);
    writer_end(w);
    writer_obj(w, "timers");
    writer_uint(w, "stalePathTimer", p->inst->gr_stale_time);
    writer_end(w);
    writer_end(w);
}

static void gr_body(struct writer *w, const struct bgp_peer *p)
{
    bool up = p->fsm.state == BS_ESTABLISHED, rgr = up && p->open_rcvd.caps & BC_GR;
    const char *local = p->inst->gr_disable         ? "Disable*"
                        : p->inst->graceful_restart ? "Restart*"
                                                    : "Helper*";
    const char *remote = !up                  ? "NotApplicable"
                         : !rgr               ? "Disable"
                         : p->open_rcvd.gr_af ? "Restart"
                                              : "Helper";
    writer_line(w, "    Local GR Mode: %s", local);
    writer_line(w, "    Remote GR Mode: %s", remote);
    writer_line(w, "    R bit: %s", rgr && p->open_rcvd.gr_restarting ? "True" : "False");
    writer_line(w, "    N bit: %s", rgr && p->open_rcvd.gr_notification ? "True" : "False");
    writer_line(
        w,
        "    Timers:\n      Configured Restart Time(sec): %u\n      Received Restart Time(sec): %u",
        p->inst->gr_restart_time, rgr ? p->open_rcvd.gr_time : 0u);
    writer_str(w, "localGrMode", local);
    writer_str(w, "remoteGrMode", remote);
    writer_bool(w, "rBit", rgr && p->open_rcvd.gr_restarting);
    writer_bool(w, "nBit", rgr && p->open_rcvd.gr_notification);
    writer_obj(w, "timers");
    writer_uint(w, "configuredRestartTimer", p->inst->gr_restart_time);
    writer_uint(w, "receivedRestartTimer", rgr ? p->open_rcvd.gr_time : 0);
    writer_end(w);
    for (int af = 0; af < BGP_AF_MAX && up; af++)
        if (p->fsm.af & (1u << af))
            gr_af(w, p, af);
}

static void show_gr(struct writer *w, const struct bgp_peer *p)
{
    writer_line(w, "  Graceful restart information:");
    writer_obj(w, "gracefulRestartInfo");
    writer_obj(w, "endOfRibSend");
    for (int af = 0; af < BGP_AF_MAX; af++)
        if (p->eor_sent[af]) {
            writer_line(w, "    End-of-RIB send: %s", bgp_af_name((enum bgp_afi_safi)af));
            writer_bool(w, bgp_af_json((enum bgp_afi_safi)af), true);
        }
    writer_end(w);
    writer_obj(w, "endOfRibRecv");
    for (int af = 0; af < BGP_AF_MAX; af++)
        if (p->eor_rcvd[af]) {
            writer_line(w, "    End-of-RIB received: %s", bgp_af_name((enum bgp_afi_safi)af));
            writer_bool(w, bgp_af_json((enum bgp_afi_safi)af), true);
        }
    writer_end(w);
    gr_body(w, p);
    writer_end(w);
}

static void stat_line(struct writer *w, const char *text, const char *key, const uint64_t n[2])
{
    char k[48];
    writer_line(w, "    %-14s %10llu %10llu", text, (unsigned long long)n[1],
                (unsigned long long)n[0]);
    snprintf(k, sizeof(k), "%sSent", key);
    writer_uint(w, k, n[1]);
    snprintf(k, sizeof(k), "%sRecv", key);
    writer_uint(w, k, n[0]);
}

static void show_stats(struct writer *w, const struct bgp_peer *p, const struct bgp_counters *n)
{
    uint64_t total[2], none[2] = { 0, 0 };
    unsigned outq = bgp_io_backlog(p->index) ? 1 : 0;
    for (int d = 0; d < 2; d++)
        total[d] =
            n->opens[d] + n->updates[d] + n->notifications[d] + n->keepalives[d] + n->refreshes[d];
    writer_line(w, "  Message statistics:");
    writer_line(w, "    Inq depth is 0");
    writer_line(w, "    Outq depth is %u", outq);
    writer_line(w, "                         Sent       Rcvd");
    writer_obj(w, "messageStats");
    writer_uint(w, "depthInq", 0);
    writer_uint(w, "depthOutq", outq);
    stat_line(w, "Opens:", "opens", n->opens);
    stat_line(w, "Notifications:", "notifications", n->notifications);
    stat_line(w, "Updates:", "updates", n->updates);
    stat_line(w, "Keepalives:", "keepalives", n->keepalives);
    stat_line(w, "Route Refresh:", "routeRefresh", n->refreshes);
    stat_line(w, "Capability:", "capability", none);
    stat_line(w, "Total:", "total", total);
    writer_end(w);
    writer_line(w, "  Minimum time between advertisement runs is %d seconds",
                p->conf.advertisement_interval < 0 ? 0 : p->conf.advertisement_interval);
    writer_int(w, "minBtwnAdvertisementRunsTimerMsecs",
               (p->conf.advertisement_interval < 0 ? 0 : p->conf.advertisement_interval) * 1000);
}

static void show_prefix_stats(struct writer *w, const struct bgp_peer *p,
                              const struct bgp_counters *n)
{
    struct bgp_rib_counts sum = { 0 };
    for (int af = 0; af < BGP_AF_MAX; af++) {
        struct bgp_rib_counts c;
        bgp_rib_peer_counts(p->index, (enum bgp_afi_safi)af, &c);
        sum.filtered += c.filtered;
        sum.loop_as += c.loop_as;
        sum.loop_originator += c.loop_originator;
        sum.loop_cluster += c.loop_cluster;
        sum.bad_nexthop += c.bad_nexthop;
        sum.martian += c.martian;
        sum.policy_missing += c.policy_missing;
    }
    writer_line(w, "  Prefix statistics:");
    writer_line(w, "    Inbound filtered: %u", sum.filtered);
    writer_line(w, "    AS-PATH loop: %llu", (unsigned long long)sum.loop_as);
    writer_line(w, "    Originator loop: %llu", (unsigned long long)sum.loop_originator);
    writer_line(w, "    Cluster loop: %llu", (unsigned long long)sum.loop_cluster);
    writer_line(w, "    Invalid next-hop: %llu", (unsigned long long)sum.bad_nexthop);
    writer_line(w, "    Martian prefix: %llu", (unsigned long long)sum.martian);
    writer_line(w, "    No policy (RFC 8212): %llu", (unsigned long long)sum.policy_missing);
    writer_line(w, "    Treated as withdraw (RFC 7606): %llu",
                (unsigned long long)n->treat_as_withdraw);
    writer_line(w, "    Attributes discarded: %llu", (unsigned long long)n->discarded_attrs);
    writer_obj(w, "prefixStats");
    writer_uint(w, "inboundFiltered", sum.filtered);
    writer_uint(w, "aspathLoop", sum.loop_as);
    writer_uint(w, "originatorLoop", sum.loop_originator);
    writer_uint(w, "clusterLoop", sum.loop_cluster);
    writer_uint(w, "invalidNextHop", sum.bad_nexthop);
    writer_uint(w, "martian", sum.martian);
    writer_uint(w, "policyMissing", sum.policy_missing);
    writer_uint(w, "withdrawn", n->treat_as_withdraw);
    writer_uint(w, "treatAsWithdraw", n->treat_as_withdraw);
    writer_uint(w, "attributesDiscarded", n->discarded_attrs);
    writer_end(w);
}

static void af_policy(struct writer *w, const struct bgp_peer *p, const struct bgp_peer_af_conf *c)
{
    static const char *const in_out[2] = { "incoming", "outgoing" };
    static const char *const rm_key[2] = { "routeMapForIncomingAdvertisements",
                                           "routeMapForOutgoingAdvertisements" };
    static const char *const pl_key[2] = { "incomingUpdatePrefixFilterList",
                                           "outgoingUpdatePrefixFilterList" };
    static const char *const fl_key[2] = { "incomingUpdateAsPathFilterList",
                                           "outgoingUpdateAsPathFilterList" };
    static const char *const req_key[2] = { "inboundEbgpRequiresPolicy",
                                            "outboundEbgpRequiresPolicy" };
    static const char *const req_text[2] = { "Inbound updates discarded due to missing policy",
                                             "Outbound updates discarded due to missing policy" };
    for (int d = 0; d < 2; d++) {
        bool any =
            c->route_map[d] || c->prefix_list[d] || c->filter_list[d] || c->distribute_list[d];
        if (any) {
            writer_line(w, "  %s path policy configured", d ? "Outbound" : "Inbound");
            writer_bool(w, d ? "outboundPathPolicyConfig" : "inboundPathPolicyConfig", true);
        }
        if (c->prefix_list[d])
            writer_line(w, "  %s update prefix filter list is *%s", d ? "Outgoing" : "Incoming",
                        c->prefix_list[d]);
        if (c->filter_list[d])
            writer_line(w, "  %s update AS path filter list is *%s", d ? "Outgoing" : "Incoming",
                        c->filter_list[d]);
        if (c->route_map[d])
            writer_line(w, "  Route map for %s advertisements is *%s", in_out[d], c->route_map[d]);
        writer_str(w, pl_key[d], c->prefix_list[d]);
        writer_str(w, fl_key[d], c->filter_list[d]);
        writer_str(w, rm_key[d], c->route_map[d]);
        if (p->ebgp && p->inst->ebgp_requires_policy && !any) {
            writer_line(w, "  %s", req_text[d]);
            writer_str(w, req_key[d], req_text[d]);
        }
    }
}

static void show_af(struct writer *w, const struct bgp_peer *p, enum bgp_afi_safi af)
{
    const struct bgp_peer_af_conf *c = &p->conf.af[af];
    struct bgp_rib_counts n;
    uint32_t group = bgp_rib_peer_group(p->index, af);
    bgp_rib_peer_counts(p->index, af, &n);
    writer_text(w, "\n For address family: %s\n", bgp_af_name(af));
    writer_obj(w, bgp_af_json(af));
    if (p->group)
        writer_line(w, "  %s peer-group member", p->group);
    writer_str(w, "peerGroupMember", p->group);
    if (group)
        writer_line(w, "  Update group %u, subgroup %u\n  Packet Queue length 0", group, group);
    else
        writer_line(w, "  Not part of any update group");
    if (group) {
        writer_uint(w, "updateGroupId", group);
        writer_uint(w, "subGroupId", group);
        writer_uint(w, "packetQueueLength", bgp_io_backlog(p->index) ? 1 : 0);
    }
    if (c->rr_client)
        writer_line(w, "  Route-Reflector Client");
    writer_true(w, "routeReflectorClient", c->rr_client);
    if (c->rs_client)
        writer_line(w, "  Route-Server Client");
    writer_true(w, "routeServerClient", c->rs_client);
    if (c->soft_reconfig)
        writer_line(w, "  Inbound soft reconfiguration allowed");
    writer_true(w, "inboundSoftConfigPermit", c->soft_reconfig);
    if (c->next_hop_self)
        writer_line(w, "  NEXT_HOP is always this router");
    writer_true(w, "routerAlwaysNextHop", c->next_hop_self);
    if (!c->no_send_community || !c->no_send_ext || !c->no_send_large) {
        bool all = !c->no_send_community && !c->no_send_ext;
        writer_line(w, "  Community attribute sent to this neighbor(%s)",
                    all && !c->no_send_large ? "all"
                    : all                    ? "both"
                    : c->no_send_ext         ? "standard"
                                             : "extended");
        writer_str(w, "commAttriSentToNbr",
                   all              ? "extendedAndStandard"
                   : c->no_send_ext ? "standard"
                                    : "extended");
    }
    af_policy(w, p, c);
    writer_line(w, "  %u accepted prefixes", n.accepted);
    writer_uint(w, "acceptedPrefixCounter", n.accepted);
    writer_uint(w, "sentPrefixCounter", n.sent);
    if (c->max_prefix) {
        writer_line(w, "  Maximum prefixes allowed %u%s", c->max_prefix,
                    c->max_prefix_warn_only ? " (warning-only)" : "");
        writer_line(w, "  Threshold for warning message %u%%", c->max_prefix_pct);
        writer_uint(w, "prefixAllowedMax", c->max_prefix);
        writer_true(w, "prefixAllowedMaxWarning", c->max_prefix_warn_only);
        writer_uint(w, "prefixAllowedWarningThresh", c->max_prefix_pct);
    }
    if (c->allowas_in)
        writer_uint(w, "allowAsInCount", c->allowas_in);
    writer_end(w);
}

static void show_resets(struct writer *w, const struct bgp_peer *p)
{
    char t[32];
    writer_text(w, "\n  Connections established %u; dropped %u\n", p->established, p->dropped);
    writer_uint(w, "connectionsEstablished", p->established);
    writer_uint(w, "connectionsDropped", p->dropped);
    if (!p->last_reset_wall) {
        writer_line(w, "  Last reset never");
        writer_str(w, "lastReset", "never");
        return;
    }
    uint64_t s = loop_wall() - p->last_reset_wall;
    writer_uptime(s, t, sizeof(t));
    writer_line(w, "  Last reset %s,  %s", t, p->last_reset);
    writer_uint(w, "lastResetTimerMsecs", s * 1000);
    writer_str(w, "lastResetDueTo", p->last_reset);
    if (p->last_code) {
        const char *what = bgp_notify_str(p->last_code, p->last_subcode);
        writer_line(w, "    Notification %s (%s)", p->last_sent ? "sent" : "received", what);
        writer_str(w, "lastNotificationReason", what);
        writer_fmt(w, "lastErrorCodeSubcode", "%02X%02X", p->last_code, p->last_subcode);
    }
    if (p->last_reason[0]) {
        writer_line(w, "    Reason: %s", p->last_reason);
        writer_str(w, "lastResetReason", p->last_reason);
    }
}

static void show_transport(struct writer *w, const struct bgp_peer *p)
{
    bool up = p->fsm.state == BS_ESTABLISHED;
    char l[IPADDR_STRLEN];
    struct prefix subnet;
    uint32_t ifindex;
    bool shared = bgp_zebra_connected(p->inst->vrf_id, &p->addr, &subnet, &ifindex);
    uint32_t retry =
        p->conf.connect_retry >= 0 ? (uint32_t)p->conf.connect_retry : p->inst->connect_retry;
    if (p->ebgp) {
        unsigned hops = p->conf.ebgp_multihop  ? p->conf.ebgp_multihop
                        : p->conf.ttl_security ? p->conf.ttl_security
                                               : 1;
        writer_line(w, "  External BGP neighbor may be up to %u hops away.", hops);
        writer_uint(w, "externalBgpNbrMaxHopsAway", hops);
    } else if (p->conf.ttl_security) {
        writer_line(w, "  Internal BGP neighbor may be up to %u hops away.", p->conf.ttl_security);
        writer_uint(w, "internalBgpNbrMaxHopsAway", p->conf.ttl_security);
    }
    if (up) {
        ipaddr_str(&p->local, l);
        writer_line(w, "Local host: %s, Local port: %u", l, p->local_port);
        writer_line(w, "Foreign host: %s, Foreign port: %u", p->name, p->remote_port);
        writer_line(w, "Nexthop: %s", l);
        writer_line(w, "BGP connection: %s", shared ? "shared network" : "non shared network");
        writer_str(w, "hostLocal", l);
        writer_uint(w, "portLocal", p->local_port);
        writer_str(w, "hostForeign", p->name);
        writer_uint(w, "portForeign", p->remote_port);
        writer_str(w, "nexthop", l);
        writer_str(w, "bgpConnection", shared ? "sharedNetwork" : "nonSharedNetwork");
    } else if (p->t_connect && loop_timer_armed(p->t_connect)) {
        writer_line(w, "Next connect timer due in %llu seconds",
                    (unsigned long long)(loop_timer_left(p->t_connect) / 1000000));
        writer_uint(w, "nextConnectTimerDueInMsecs", loop_timer_left(p->t_connect) / 1000);
    }
    writer_line(w, "BGP Connect Retry Timer in Seconds: %u", retry);
    writer_uint(w, "connectRetryTimer", retry);
    if (p->conf.password) {
        writer_line(w, "Peer Authentication Enabled");
        writer_int(w, "authenticationEnabled", 1);
    }
    writer_line(w, "Read thread: %s  Write thread: %s", up ? "on" : "off", up ? "on" : "off");
    writer_str(w, "readThread", up ? "on" : "off");
    writer_str(w, "writeThread", up ? "on" : "off");
    writer_text(w, "\n");
}

static void neighbor_full(struct writer *w, const struct bgp_peer *p)
{
    struct bgp_counters n;
    bgp_peer_counters(p, &n);
    writer_obj(w, p->name);
    show_identity(w, p);
    show_state(w, p, &n);
    show_caps(w, p);
    show_gr(w, p);
    show_stats(w, p, &n);
    show_prefix_stats(w, p, &n);
    writer_obj(w, "addressFamilyInfo");
    for (int af = 0; af < BGP_AF_MAX; af++)
        if (bgp_peer_af_active(p, (enum bgp_afi_safi)af))
            show_af(w, p, (enum bgp_afi_safi)af);
    writer_end(w);
    show_resets(w, p);
    show_transport(w, p);
    writer_end(w);
}

static void neighbor_gr(struct writer *w, const struct bgp_peer *p)
{
    writer_line(w, "BGP neighbor is %s, remote AS %u, local AS %u, %s link", p->name,
                p->fsm.remote_as, p->inst->as, p->ebgp ? "external" : "internal");
    writer_line(w, "  BGP state = %s", bgp_peer_state_name(p));
    writer_obj(w, p->name);
    writer_str(w, "neighborAddr", p->name);
    gr_body(w, p);
    writer_end(w);
}

static int show_neighbors(struct cli_req *r)
{
    struct bgp_scope s;
    struct bgp_peer *one = NULL;
    bool gr = cli_has(&r->args, "graceful-restart");
    if (!bgp_show_scope(r, &s))
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    if (cli_has(&r->args, "peer") && !(one = bgp_show_peer_arg(r, &s)))
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    writer_obj(r->out, NULL);
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        struct bgp_inst *i = bgp.insts[k];
        if (!s.all_insts && i != s.inst)
            continue;
        if (s.all_insts) {
            writer_obj(r->out, i->name);
            writer_uint(r->out, "vrfId", i->vrf_id);
            writer_str(r->out, "vrfName", i->name);
        }
        for (unsigned j = 0; j < i->n_peers; j++)
            if (!one || i->peers[j] == one)
                (gr ? neighbor_gr : neighbor_full)(r->out, i->peers[j]);
        if (s.all_insts)
            writer_end(r->out);
    }
    writer_end_all(r->out);
    return CLI_OK;
}

#define SCOPE "show [ip] bgp [<view|vrf> WORD$name] [<ipv4|ipv6>$afi [unicast]] "
static const struct cli_cmd cmds[] = {
    { "view", SCOPE "neighbors [<A.B.C.D|X:X::X:X|WORD>$peer] [graceful-restart] [json]",
      "neighbors|Detailed information on TCP and BGP neighbor "
      "connections\ngraceful-restart|Graceful restart information\n$peer|Neighbor to display "
      "information about",
      show_neighbors, CLI_F_VIEW },
};

void bgp_show_neighbor_add(struct daemon *d)
{
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}
