/* SPDX-License-Identifier: Apache-2.0
 * bgp_export.c - attributes on the way out; see bgp_export.h.
 */
#include "config.h"
#include "bgp_export.h"

static uint32_t flag(bool on, uint32_t bit)
{
    return on ? bit : 0;
}

void bgp_export_key(struct bgp_group_key *k, const struct bgp_rib_inst *i,
                    const struct bgp_rib_peer *p, enum bgp_afi_safi af)
{
    const struct bgp_rib_peer_af *a = &p->af[af];
    memset(k, 0, sizeof(*k));
    k->out = a->out;
    k->nexthop_self = a->nexthop_self;
    k->nexthop_self_ll = a->nexthop_self_ll;
    k->as = i->as;
    k->inst = p->inst;
    k->af = (uint16_t)af;
    k->flags = flag(p->ebgp && !p->confed_peer, GK_EBGP) | flag(p->confed_peer, GK_CONFED) |
               flag(p->as4, GK_AS4) | flag(p->ext_msg, GK_EXT_MSG) |
               flag(p->ext_nexthop >> af & 1, GK_EXT_NH) | flag(a->next_hop_self, GK_NHS) |
               flag(a->next_hop_self_force, GK_NHS_FORCE) |
               flag(a->next_hop_unchanged || a->rs_client, GK_NH_UNCHANGED) |
               flag(a->as_path_unchanged || a->rs_client, GK_PATH_UNCHANGED) |
               flag(a->med_unchanged || a->rs_client, GK_MED_UNCHANGED) |
               flag(a->rr_client && !p->ebgp, GK_RR_CLIENT) | flag(a->as_override, GK_AS_OVERRIDE) |
               flag(a->remove_private, GK_RM_PRIVATE) | flag(a->remove_private_all, GK_RM_ALL) |
               flag(a->remove_private_replace, GK_RM_REPLACE) |
               flag(a->send_community, GK_COMMUNITY) | flag(a->send_ext, GK_EXT) |
               flag(a->send_large, GK_LARGE) | flag(a->default_originate, GK_DEFAULT) |
               flag(a->policy_missing_out, GK_POLICY_MISSING);
    if (k->flags & (GK_EBGP | GK_CONFED))
        k->shared_subnet = a->shared_subnet;
    if (p->ebgp && p->change_local_as) {
        k->change_local_as = p->change_local_as;
        k->flags |= flag(p->replace_as, GK_REPLACE_AS);
    }
    if (a->as_override)
        k->override_as = p->remote_as;
}

bool bgp_export_allowed(const struct bgp_group_key *k, const struct bgp_rib_inst *i,
                        uint16_t src_flags, const struct bgp_attr *a)
{
    if (k->flags & GK_POLICY_MISSING)
        return false;
    if (a->flags & BAF_NO_ADVERTISE)
        return false;
    if (k->flags & GK_EBGP && a->flags & (BAF_NO_EXPORT | BAF_LOCAL_AS))
        return false;
    if (k->flags & GK_CONFED && a->flags & BAF_LOCAL_AS)
        return false;
    if (k->flags & (GK_EBGP | GK_CONFED) || !(src_flags & EXS_IBGP))
        return true;
    /* iBGP to iBGP: RFC 4456 6. */
    if (src_flags & EXS_CLIENT)
        return i->client_to_client || !(k->flags & GK_RR_CLIENT);
    return k->flags & GK_RR_CLIENT;
}

static void drop_reflection(struct bgp_attr_build *b)
{
    b->h.flags &= (uint16_t)~BAF_ORIGINATOR;
    b->h.originator_id = 0;
    b->h.cluster_len = 0;
    b->h.n_cluster = 0;
}

static bool family_fits(const struct bgp_group_key *k, const struct ipaddr *nh)
{
    if (k->af == BGP_IP6_UNI)
        return nh->family == AF_INET6;
    return nh->family == AF_INET || (nh->family == AF_INET6 && k->flags & GK_EXT_NH);
}

static bool use_self(const struct bgp_attr *a, const struct bgp_group_key *k, uint16_t src_flags)
{
    const struct ipaddr *nh = &a->nexthop;
    if (ipaddr_is_unspecified(nh) || a->flags & BAF_NH_SELF || k->flags & GK_NHS_FORCE)
        return true;
    if (k->flags & GK_NH_UNCHANGED)
        return !family_fits(k, nh);
    if (k->flags & GK_NHS && !(src_flags & EXS_IBGP && !(k->flags & GK_EBGP)))
        return true;
    if (!family_fits(k, nh))
        return true;
    if (!(k->flags & (GK_EBGP | GK_CONFED)))
        return false; /* iBGP: unchanged, RFC 4271 5.1.3 1) */
    if (k->flags & GK_CONFED && !(src_flags & EXS_LOCAL))
        return false; /* RFC 5065 5.3: may stay unchanged within the confederation */
    return !k->shared_subnet.family || !prefix_contains_addr(&k->shared_subnet, nh);
}

static bool set_nexthop(struct bgp_attr_build *b, const struct bgp_group_key *k, uint16_t src_flags)
{
    if (use_self(&b->h, k, src_flags)) {
        b->h.nexthop = k->nexthop_self;
        b->h.nexthop_ll = k->nexthop_self_ll;
    } else if (!(k->flags & GK_NH_UNCHANGED)) {
        b->h.nexthop_ll = (struct ipaddr){ 0 }; /* of another link, as far as we know */
    }
    b->h.nh = 0;
    return !ipaddr_is_unspecified(&b->h.nexthop) && family_fits(k, &b->h.nexthop);
}

bool bgp_export_has_nexthop(const struct bgp_group_key *k, uint16_t src_flags,
                            const struct bgp_attr *a)
{
    return !use_self(a, k, src_flags) ||
           (!ipaddr_is_unspecified(&k->nexthop_self) && family_fits(k, &k->nexthop_self));
}

static bool set_paths(struct bgp_attr_build *b, const struct bgp_group_key *k)
{
    uint32_t own = k->change_local_as ? k->change_local_as : k->as;
    if (k->flags & GK_RM_PRIVATE && k->flags & GK_EBGP &&
        !bgp_attr_remove_private(b, k->flags & GK_RM_ALL, k->flags & GK_RM_REPLACE, own))
        return false;
    if (k->flags & GK_AS_OVERRIDE && k->flags & GK_EBGP &&
        !bgp_attr_as_replace(b, k->override_as, own))
        return false;
    return true;
}

bool bgp_export_pre(struct bgp_attr_build *b, const struct bgp_group_key *k,
                    const struct bgp_rib_inst *i, const struct bgp_export_from *from)
{
    bool external = k->flags & GK_EBGP, internal = !(k->flags & (GK_EBGP | GK_CONFED));
    b->h.weight = 0;
    b->h.tag = 0;
    if (external) {
        b->h.flags &= (uint16_t)~BAF_LOCAL_PREF;
        b->h.local_pref = 0;
        /* MED of another AS goes no further (RFC 4271 5.1.4); our own origination's may. */
        if (!(k->flags & GK_MED_UNCHANGED) && !(from->flags & EXS_LOCAL)) {
            b->h.flags &= (uint16_t)~BAF_MED;
            b->h.med = 0;
        }
    } else if (!(b->h.flags & BAF_LOCAL_PREF)) {
        b->h.flags |= BAF_LOCAL_PREF;
        b->h.local_pref = i->default_local_pref;
    }
    if (!internal) {
        drop_reflection(b);
    } else if (from->flags & EXS_IBGP) { /* RFC 4456 8 */
        if (!(b->h.flags & BAF_ORIGINATOR)) {
            b->h.flags |= BAF_ORIGINATOR;
            b->h.originator_id = from->router_id;
        }
        uint32_t cluster = i->cluster_id ? i->cluster_id : i->router_id;
        if (!bgp_attr_cluster_prepend(b, cluster))
            return false;
    }
    return set_paths(b, k) && set_nexthop(b, k, from->flags);
}

bool bgp_export_post(struct bgp_attr_build *b, const struct bgp_group_key *k,
                     const struct bgp_rib_inst *i)
{
    b->h.weight = 0;
    b->h.tag = 0;
    b->h.nh = 0;
    if (k->flags & GK_PATH_UNCHANGED && k->flags & (GK_EBGP | GK_CONFED))
        return true;
    if (k->flags & GK_CONFED)
        return bgp_attr_prepend_confed(b, k->as);
    if (!(k->flags & GK_EBGP))
        return true;
    b->h.flags &= (uint16_t)~BAF_LOCAL_PREF;
    b->h.local_pref = 0;
    uint32_t as = k->as;
    if (i->confed_id) {
        if (!bgp_attr_strip_confed(b))
            return false;
        as = i->confed_id;
    }
    if (!k->change_local_as)
        return bgp_attr_prepend(b, as, 1);
    if (!(k->flags & GK_REPLACE_AS) && !bgp_attr_prepend(b, as, 1))
        return false;
    return bgp_attr_prepend(b, k->change_local_as, 1);
}

size_t bgp_export_flat(const struct bgp_attr_build *b, void *buf, size_t cap)
{
    const struct bgp_attr *h = &b->h;
    const struct {
        const uint8_t *p;
        uint16_t len;
    } part[] = {
        { b->aspath, h->aspath_len },   { b->community, h->community_len },
        { b->ext, h->ext_len },         { b->large, h->large_len },
        { b->cluster, h->cluster_len }, { b->unknown, h->unknown_len },
    };
    size_t len = sizeof(*h);
    uint8_t *out = buf;
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++)
        len += part[i].len;
    if (len > cap)
        return 0;
    memcpy(out, h, sizeof(*h));
    out += sizeof(*h);
    for (unsigned i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        if (part[i].len)
            memcpy(out, part[i].p, part[i].len);
        out += part[i].len;
    }
    return len;
}
