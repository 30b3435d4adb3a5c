/* SPDX-License-Identifier: Apache-2.0
 * zebra_import.c - import checks: does exactly this prefix exist, by any protocol but BGP?
 */
#include "config.h"
#include "zebra_rib.h"

MEM_DEFINE(rib_import_list, "Import check owners");

struct prefix rib_import_prefix(const struct rib_import *i)
{
    return prefix_from(afi_family(i->afi), i->key, i->key[i->afi == AFI_IP4 ? 4 : 16]);
}

/* Sets present and metric from the table; true when they changed. */
static bool import_eval(struct rib *r, struct rib_vrf *v, struct rib_import *i)
{
    struct rib_table *t = v->main[i->afi];
    struct prefix p = rib_import_prefix(i);
    uint32_t h = ptable_find(&t->pt, p.b, p.len);
    bool present = false;
    uint32_t metric = 0;
    struct rib_view view[16];
    unsigned n = h ? rib_views(r, t, h, view, 16) : 0;
    for (unsigned k = 0; k < n && !present; k++) {
        if (view[k].proto == ZP_BGP || !rib_class_usable(r, rib_class(r, view[k].cls)))
            continue;
        present = true;
        metric = view[k].metric;
    }
    bool changed = present != i->present || metric != i->metric;
    i->present = present;
    i->metric = metric;
    return changed;
}

static struct rib_import *import_find(struct rib *r, struct rib_vrf *v, const struct prefix *p)
{
    uint32_t h = ptable_find(&v->imports[afi_of(p->family)], p->b, p->len);
    return h ? pool_get(&r->imports, h) : NULL;
}

struct rib_import *rib_import_add(struct rib *r, uint32_t vrf_id, const struct prefix *p,
                                  uint16_t owner)
{
    struct rib_vrf *v = rib_vrf_get(r, vrf_id);
    struct rib_import *i = import_find(r, v, p);
    if (!i) {
        uint32_t h = pool_alloc(&r->imports);
        i = pool_get(&r->imports, h);
        i->afi = afi_of(p->family);
        i->vrf_id = vrf_id;
        size_t alen = i->afi == AFI_IP4 ? 4 : 16;
        memcpy(i->key, p->b, alen);
        i->key[alen] = p->len;
        ptable_insert(&v->imports[i->afi], h);
        import_eval(r, v, i);
    }
    for (unsigned k = 0; k < i->n; k++)
        if (i->owners[k] == owner)
            return i;
    i->owners = mem_realloc(MEM(rib_import_list), i->owners, (i->n + 1u) * sizeof(*i->owners));
    i->owners[i->n++] = owner;
    return i;
}

static void import_remove(struct rib *r, struct rib_import *i, uint16_t owner)
{
    for (unsigned k = 0; k < i->n; k++)
        if (i->owners[k] == owner)
            i->owners[k--] = i->owners[--i->n];
    if (i->n)
        return;
    struct rib_vrf *v = rib_vrf_get(r, i->vrf_id);
    struct prefix p = rib_import_prefix(i);
    mem_free(MEM(rib_import_list), i->owners);
    i->owners = NULL;
    pool_free(&r->imports, ptable_remove(&v->imports[i->afi], p.b, p.len));
}

void rib_import_del(struct rib *r, uint32_t vrf_id, const struct prefix *p, uint16_t owner)
{
    struct rib_vrf *v = rib_vrf_find(r, vrf_id);
    struct rib_import *i = v ? import_find(r, v, p) : NULL;
    if (i)
        import_remove(r, i, owner);
}

void rib_import_drop_owner(struct rib *r, uint16_t owner)
{
    for (uint32_t h = 1; h < pool_end(&r->imports); h++) {
        struct rib_import *i = pool_get(&r->imports, h);
        if (i->n)
            import_remove(r, i, owner);
    }
}

void rib_imports_of(struct rib *r, uint16_t owner, void (*fn)(void *ctx, struct rib_import *i),
                    void *ctx)
{
    for (uint32_t h = 1; h < pool_end(&r->imports); h++) {
        struct rib_import *i = pool_get(&r->imports, h);
        for (unsigned k = 0; k < i->n; k++)
            if (i->owners[k] == owner)
                fn(ctx, i);
    }
}

bool rib_import_check(struct rib *r, struct rib_table *t, uint32_t dest, struct rib_import **ret)
{
    struct rib_vrf *v = rib_vrf_find(r, t->vrf_id);
    if (!v || v->main[t->afi] != t || !v->imports[t->afi].count)
        return false;
    struct prefix p = rib_dest_prefix(t, dest);
    struct rib_import *i = import_find(r, v, &p);
    if (!i || !import_eval(r, v, i))
        return false;
    *ret = i;
    return true;
}
