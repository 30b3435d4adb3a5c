/* SPDX-License-Identifier: Apache-2.0
 * bgp_inst.c - BGP instances: the default one, VRFs and views. Main thread.
 *
 * An instance holds configuration (filled in by bgp_config.c) and its neighbours.
 * bgp_inst_changed() works out what follows from a change: the shards get the knobs; a changed
 * router id, AS, confederation or shutdown resets the sessions, each with FRR's word for the
 * reason. Sessions wait while there is no router id, configured or from zebrad.
 */
#include "bgp_peer_priv.h"
#include "bgp_zebra_priv.h"
#include "daemon.h"
#include <stdio.h>

MEM_DEFINE(bgp_inst, "BGP instance");
struct bgp bgp;
#define MAX_INSTS 1024

struct bgp_inst *bgp_inst_find(const char *name, bool view)
{
    for (unsigned i = 0; i < bgp.n_insts; i++)
        if (!strcmp(bgp.insts[i]->name, name ? name : "default") && bgp.insts[i]->view == view)
            return bgp.insts[i];
    return NULL;
}

static bool index_taken(uint16_t index)
{
    for (unsigned i = 0; i < bgp.n_insts; i++)
        if (bgp.insts[i]->index == index)
            return true;
    return false;
}

static void push(struct bgp_inst *i)
{
    i->rib.inst = i->index;
    i->rib.vrf_id = i->vrf_id;
    i->rib.as = i->as;
    i->rib.router_id = i->router_id;
    i->rib.confed_id = i->confed_id;
    i->rib.install = !i->view && !(bgp.daemon && bgp.daemon->no_kernel);
    struct bgp_rib_inst knobs = i->rib;
    if (!knobs.cluster_id)
        knobs.cluster_id = i->router_id;
    bgp_rib_inst_set(&knobs);
}

struct bgp_inst *bgp_inst_new(const char *name, bool view, uint32_t as)
{
    uint16_t index = 0;
    bool dflt = !name || !strcmp(name, "default");
    if (bgp.n_insts >= MAX_INSTS)
        return NULL;
    if (!dflt || view) /* 0 is the default VRF's */
        for (index = 1; index_taken(index);)
            index++;
    struct bgp_inst *i = mem_calloc(MEM(bgp_inst), 1, sizeof *i);
    snprintf(i->name, sizeof i->name, "%s", dflt ? "default" : name);
    i->index = index;
    i->view = view;
    i->as = as;
    i->keepalive = 60;
    i->hold = 180;
    i->connect_retry = 30;
    i->rib.default_local_pref = 100;
    i->gr_restart_time = 120;
    i->gr_stale_time = 360;
    bgp.insts = mem_realloc(MEM(bgp_inst), bgp.insts, (bgp.n_insts + 1) * sizeof *bgp.insts);
    bgp.insts[bgp.n_insts++] = i;
    if (!dflt && !view)
        i->vrf_id = bgp_zebra_vrf_id(i->name);
    push(i); /* the shards must know it before its first local path */
    return i;
}

void bgp_inst_free(struct bgp_inst *i)
{
    if (!i)
        return;
    while (i->n_peers)
        bgp_peer_free(i->peers[i->n_peers - 1]);
    bgp_zebra_local_inst_gone(i);
    bgp_rib_inst_del(i->index);
    for (unsigned n = 0; n < bgp.n_insts; n++)
        if (bgp.insts[n] == i) {
            bgp.insts[n] = bgp.insts[--bgp.n_insts];
            break;
        }
    mem_free(MEM(bgp_inst), i->peers);
    mem_free(MEM(bgp_inst), i);
}

/* An automatic id stays while sessions run: they need not end because an address came or went. */
static uint32_t router_id_of(const struct bgp_inst *i)
{
    uint32_t id = 0;
    if (i->router_id_conf.family == AF_INET)
        return ipaddr_v4_host(&i->router_id_conf);
    for (unsigned n = 0; n < i->n_peers && i->router_id && !i->used_id_conf; n++)
        if (i->peers[n]->fsm.state >= BS_OPENSENT)
            return i->router_id;
    return bgp_zebra_router_id(i->vrf_id, &id) ? id : i->router_id;
}

static void reset_all(struct bgp_inst *i, uint8_t cease, const char *why)
{
    for (unsigned n = 0; n < i->n_peers; n++)
        bgp_peer_halt(i->peers[n], cease, NULL, why);
}

void bgp_inst_changed(struct bgp_inst *i)
{
    i->router_id = router_id_of(i);
    push(i);
    if (i->used_as && i->as != i->used_as)
        reset_all(i, BN_CEASE_CONFIG, "Local AS change");
    else if (i->used_id && i->router_id != i->used_id)
        reset_all(i, BN_CEASE_CONFIG, "Router ID changed");
    else if (i->used_as && i->confed_id != i->used_confed)
        reset_all(i, BN_CEASE_CONFIG, "Confederation identifier changed");
    else if (i->shutdown && !i->used_shutdown)
        reset_all(i, BN_CEASE_SHUTDOWN, "Admin. shutdown");
    i->used_as = i->as;
    i->used_id = i->router_id;
    i->used_id_conf = i->router_id_conf.family == AF_INET;
    i->used_confed = i->confed_id;
    i->used_shutdown = i->shutdown;
    for (unsigned n = 0; n < i->n_peers; n++)
        bgp_peer_kick(i->peers[n]);
}
