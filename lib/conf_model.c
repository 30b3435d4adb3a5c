/* SPDX-License-Identifier: Apache-2.0
 * conf_model.c - the model: objects and items, found by hash.
 *
 * Two tables per model, chained, growing by doubling: items by (object, row, key), objects by
 * (parent, node, key). An object also lists its items and its children in the order of entry. The
 * key of a line is the text of its key arguments joined by a separator, one place per key, empty
 * for one that was left out.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf_int.h"

MEM_DEFINE(conf_item, "Configuration line");
MEM_DEFINE(conf_obj, "Configuration object");

static uint32_t hash_of(const void *owner, unsigned index, const char *key)
{
    uint64_t h = (uintptr_t)owner * 0x9e3779b97f4a7c15u ^ index * 0xff51afd7ed558ccdu;
    size_t n = strlen(key);
    while (n >= 8) {
        uint64_t v;
        memcpy(&v, key, 8);
        h = (h ^ v) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
        key += 8;
        n -= 8;
    }
    uint64_t v = n;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | (uint8_t)key[i];
    h = (h ^ v) * 0x9fb21c651e98df25u;
    h ^= h >> 29;
    h *= 0xc4ceb9fe1a85ec53u;
    return (uint32_t)(h >> 32);
}

char *cmodel_key(const struct ckeys *k, bool multi, const struct cli_args *a)
{
    size_t n = 1;
    unsigned from = a->n && a->v[0].type == CLI_A_KEYWORD && !strcmp(a->v[0].text, "no");
    for (unsigned i = from; i < a->n; i++)
        n += strlen(a->v[i].text) + 1;
    char *s = mem_alloc(MEM(tmp), n + k->n), *p = s;
    for (unsigned i = 0; multi && i < a->n - from; i++) {
        if (i)
            *p++ = CONF_KEY_SEP;
        p = stpcpy(p, a->v[i + from].text);
    }
    for (unsigned i = 0; !multi && i < k->n; i++) {
        const char *t = cli_arg_text(a, k->v[i]);
        if (i)
            *p++ = CONF_KEY_SEP;
        p = stpcpy(p, t ? t : "");
    }
    *p = '\0';
    return s;
}

/* ---- items ---- */

static void items_grow(struct cmodel *m)
{
    uint32_t cap = m->cap_items ? m->cap_items * 2 : 64;
    struct conf_item **v = mem_calloc(MEM(conf_item), cap, sizeof(*v));
    for (uint32_t i = 0; i < m->cap_items; i++)
        for (struct conf_item *it = m->items[i], *next; it; it = next) {
            next = it->hnext;
            it->hnext = v[it->hash & (cap - 1)];
            v[it->hash & (cap - 1)] = it;
        }
    mem_free(MEM(conf_item), m->items);
    m->items = v;
    m->cap_items = cap;
}

struct conf_item *cmodel_item_find(const struct cmodel *m, const struct conf_obj *o,
                                   const struct crow *row, const char *key)
{
    if (!m->n_items)
        return NULL;
    uint32_t h = hash_of(o, row->index, key);
    for (struct conf_item *it = m->items[h & (m->cap_items - 1)]; it; it = it->hnext)
        if (it->hash == h && it->obj == o && it->row == row && !strcmp(it->key, key))
            return it;
    return NULL;
}

struct conf_item *cmodel_item_add(struct cmodel *m, struct conf_obj *o, const struct crow *row,
                                  const char *key, const char *text, bool no)
{
    size_t tl = strlen(text) + 1, kl = strlen(key) + 1;
    if (m->n_items >= m->cap_items)
        items_grow(m);
    struct conf_item *it = mem_alloc(MEM(conf_item), sizeof(*it) + tl + kl);
    memset(it, 0, sizeof(*it));
    memcpy(it->text, text, tl);
    it->key = memcpy(it->text + tl, key, kl);
    it->obj = o;
    it->row = row;
    it->no = no;
    it->seq = ++m->seq;
    it->hash = hash_of(o, row->index, key);
    struct conf_item **slot = &m->items[it->hash & (m->cap_items - 1)];
    it->hnext = *slot;
    *slot = it;
    m->n_items++;
    it->prev = o->item_tail;
    *(o->item_tail ? &o->item_tail->next : &o->item) = it;
    o->item_tail = it;
    return it;
}

void cmodel_item_del(struct cmodel *m, struct conf_item *it)
{
    struct conf_obj *o = it->obj;
    struct conf_item **at = &m->items[it->hash & (m->cap_items - 1)];
    while (*at != it)
        at = &(*at)->hnext;
    *at = it->hnext;
    m->n_items--;
    *(it->prev ? &it->prev->next : &o->item) = it->next;
    *(it->next ? &it->next->prev : &o->item_tail) = it->prev;
    cli_args_free(&it->args);
    mem_free(MEM(conf_item), it);
}

const struct cli_args *conf_item_args(struct conf_item *it)
{
    struct cli_entry *e;
    struct cli_scratch *sc = &it->obj->m->c->tree->sc;
    if (!it->args.v && cli_graph_match(it->no ? it->row->unset : it->row->set, sc, it->text, &e,
                                       &it->args) != CLI_OK)
        it->args = (struct cli_args){ 0 };
    return &it->args;
}

/* ---- objects ---- */

static void objs_grow(struct cmodel *m)
{
    uint32_t cap = m->cap_objs ? m->cap_objs * 2 : 64;
    struct conf_obj **v = mem_calloc(MEM(conf_obj), cap, sizeof(struct conf_obj *));
    for (uint32_t i = 0; i < m->cap_objs; i++)
        for (struct conf_obj *o = m->objs[i], *next; o; o = next) {
            next = o->hnext;
            o->hnext = v[o->hash & (cap - 1)];
            v[o->hash & (cap - 1)] = o;
        }
    mem_free(MEM(conf_obj), m->objs);
    m->objs = v;
    m->cap_objs = cap;
}

struct conf_obj *cmodel_obj_find(const struct cmodel *m, const struct conf_obj *parent,
                                 const struct cnode *node, const char *key)
{
    if (!m->n_objs)
        return NULL;
    uint32_t h = hash_of(parent, node->index, key);
    for (struct conf_obj *o = m->objs[h & (m->cap_objs - 1)]; o; o = o->hnext)
        if (o->hash == h && o->parent == parent && o->node == node && !strcmp(o->key, key))
            return o;
    return NULL;
}

static struct conf_obj *obj_new(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                                const char *key, const struct cli_args *args)
{
    struct conf_obj *o = mem_calloc(MEM(conf_obj), 1, sizeof(*o));
    o->m = m;
    o->node = node;
    o->parent = parent;
    o->key = mem_strdup(MEM(conf_obj), key);
    o->text = args ? cli_canonical(NULL, args) : mem_strdup(MEM(str), "");
    if (args)
        conf_args_copy(args, &o->args);
    o->seq = ++m->seq;
    o->hash = hash_of(parent, node->index, key);
    return o;
}

struct conf_obj *cmodel_obj_add(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                                const char *key, const struct cli_args *args)
{
    if (m->n_objs >= m->cap_objs)
        objs_grow(m);
    struct conf_obj *o = obj_new(m, parent, node, key, args);
    struct conf_obj **slot = &m->objs[o->hash & (m->cap_objs - 1)];
    o->hnext = *slot;
    *slot = o;
    m->n_objs++;
    o->prev = parent->child_tail;
    *(parent->child_tail ? &parent->child_tail->next : &parent->child) = o;
    parent->child_tail = o;
    return o;
}

static void obj_free(struct conf_obj *o)
{
    cli_args_free(&o->args);
    mem_free(MEM(str), o->text);
    mem_free(MEM(conf_obj), o->key);
    mem_free(MEM(conf_obj), o);
}

void cmodel_obj_del(struct cmodel *m, struct conf_obj *o)
{
    for (struct cpos_link *l = m->live ? m->c->positions : NULL; l; l = l->next)
        if (l->pos->obj == o)
            l->pos->obj = o->parent;
    struct conf_obj **at = &m->objs[o->hash & (m->cap_objs - 1)];
    while (*at != o)
        at = &(*at)->hnext;
    *at = o->hnext;
    m->n_objs--;
    *(o->prev ? &o->prev->next : &o->parent->child) = o->next;
    *(o->next ? &o->next->prev : &o->parent->child_tail) = o->prev;
    obj_free(o);
}

void cmodel_init(struct cmodel *m, struct conf *c, bool live)
{
    *m = (struct cmodel){ .c = c, .live = live };
    m->root = obj_new(m, NULL, c->nodes, "", NULL);
}

static void free_below(struct cmodel *m, struct conf_obj *o)
{
    while (o->child) {
        free_below(m, o->child);
        cmodel_obj_del(m, o->child);
    }
    while (o->item)
        cmodel_item_del(m, o->item);
}

void cmodel_fini(struct cmodel *m)
{
    free_below(m, m->root);
    obj_free(m->root);
    mem_free(MEM(conf_item), m->items);
    mem_free(MEM(conf_obj), m->objs);
}

/* ---- what others see ---- */

const struct cli_arg *conf_obj_arg(const struct conf_obj *o, const char *name)
{
    for (; o; o = o->parent) {
        const struct cli_arg *a = cli_arg(&o->args, name);
        if (a)
            return a;
    }
    return NULL;
}

const char *conf_obj_node(const struct conf_obj *o)
{
    return o->node->node->name;
}

struct conf_obj *conf_obj_parent(const struct conf_obj *o)
{
    return o->parent;
}

void conf_obj_set_data(struct conf_obj *o, void *data)
{
    o->data = data;
}

void *conf_obj_data(const struct conf_obj *o)
{
    for (; o; o = o->parent) {
        if (o->data)
            return o->data;
        if (!o->m->live && o->twin && o->twin->data)
            return o->twin->data;
    }
    return NULL;
}

void conf_walk(const struct conf_obj *o,
               void (*fn)(void *ctx, const struct conf_row *row, const struct cli_args *a),
               void *ctx)
{
    for (struct conf_item *it = o->item, *next; it; it = next) {
        next = it->next;
        fn(ctx, it->row->row, conf_item_args(it));
    }
}

void conf_walk_objs(const struct conf_obj *o, const char *node,
                    void (*fn)(void *ctx, struct conf_obj *o), void *ctx)
{
    for (struct conf_obj *k = o->child, *next; k; k = next) {
        next = k->next;
        if (!node || !strcmp(node, k->node->node->name))
            fn(ctx, k);
    }
}

const struct cli_args *conf_get(const struct conf_obj *o, const struct conf_row *row,
                                const char *k1, const char *k2)
{
    char key[400];
    snprintf(key, sizeof(key), k2 ? "%s%c%s" : "%s", k1 ? k1 : "", CONF_KEY_SEP, k2);
    for (const struct crow *r = o->m->c->rows; r; r = r->next) {
        if (r->row != row || r->node != o->node)
            continue;
        struct conf_item *it = cmodel_item_find(o->m, o, r, key);
        return it ? conf_item_args(it) : NULL;
    }
    return NULL;
}

void conf_pos_attach(struct conf *c, struct conf_pos *pos)
{
    struct cpos_link *l = mem_alloc(MEM(conf_obj), sizeof(*l));
    l->pos = pos;
    l->next = c->positions;
    c->positions = l;
}

void conf_pos_detach(struct conf *c, struct conf_pos *pos)
{
    for (struct cpos_link **at = &c->positions; *at; at = &(*at)->next)
        if ((*at)->pos == pos) {
            struct cpos_link *l = *at;
            *at = l->next;
            mem_free(MEM(conf_obj), l);
            return;
        }
}

/* ---- arguments that a check rewrites ---- */

void conf_args_copy(const struct cli_args *a, struct cli_args *ret)
{
    size_t room = 0;
    for (unsigned i = 0; i < a->n; i++)
        if (a->v[i].type != CLI_A_KEYWORD)
            room += strlen(a->v[i].text) + 1;
    ret->v = mem_alloc(MEM(cli_args), a->n * sizeof(*ret->v) + room);
    ret->n = a->n;
    char *p = (char *)(ret->v + a->n);
    for (unsigned i = 0; i < a->n; i++) {
        ret->v[i] = a->v[i];
        if (a->v[i].type == CLI_A_KEYWORD)
            continue; /* its text belongs to the grammar */
        ret->v[i].text = p;
        p = stpcpy(p, a->v[i].text) + 1;
    }
}

/* Room for n more arguments at place `at`, zeroed; texts of the old ones move along. */
static struct cli_arg *args_insert(struct cli_args *a, unsigned at, unsigned n, size_t text)
{
    struct cli_args old = *a, tmp;
    conf_args_copy(&old, &tmp);
    size_t room = 0;
    for (unsigned i = 0; i < tmp.n; i++)
        if (tmp.v[i].type != CLI_A_KEYWORD)
            room += strlen(tmp.v[i].text) + 1;
    struct cli_arg *v = mem_alloc(MEM(cli_args), (old.n + n) * sizeof(*v) + room + text);
    char *p = (char *)(v + old.n + n);
    for (unsigned i = 0; i < old.n; i++) {
        struct cli_arg *d = &v[i < at ? i : i + n];
        *d = tmp.v[i];
        if (d->type == CLI_A_KEYWORD)
            continue;
        d->text = p;
        p = stpcpy(p, tmp.v[i].text) + 1;
    }
    memset(v + at, 0, n * sizeof(*v));
    v[at].text = p; /* where the caller's own text may go */
    a->v = v;
    a->n = old.n + n;
    cli_args_free(&tmp);
    cli_args_free(&old);
    return &v[at];
}

void conf_args_add_num(struct conf_change *c, const char *after, const char *keyword,
                       const char *name, uint64_t v)
{
    struct cli_args *a = (struct cli_args *)c->args; /* ours: const only towards apply() */
    unsigned at = 0;
    while (at < a->n && strcmp(a->v[at].name, after))
        at++;
    at = at < a->n ? at + 1 : a->n;
    char num[24];
    int n = snprintf(num, sizeof(num), "%llu", (unsigned long long)v);
    struct cli_arg *x = args_insert(a, at, keyword ? 2 : 1, (size_t)n + 1);
    char *text = memcpy((char *)x->text, num, (size_t)n + 1);
    if (keyword)
        *x++ = (struct cli_arg){ .name = keyword, .type = CLI_A_KEYWORD, .text = keyword };
    *x = (struct cli_arg){ .name = name, .type = CLI_A_NUM, .text = text, .num = v };
}

void conf_args_add_word(struct cli_args *a, const char *name, const char *word)
{
    struct cli_arg *x = args_insert(a, a->n, 1, 0);
    *x = (struct cli_arg){ .name = name, .type = CLI_A_KEYWORD, .text = word };
}

void conf_args_set_prefix(struct conf_change *c, const char *addr, const char *mask,
                          const char *name, const struct prefix *pfx)
{
    struct cli_args *a = (struct cli_args *)c->args; /* as above */
    char text[PREFIX_STRLEN];
    unsigned at = 0, keep = 0;
    prefix_str(pfx, text);
    while (at < a->n && strcmp(a->v[at].name, addr))
        at++;
    struct cli_arg *x = args_insert(a, at, 1, strlen(text) + 1);
    strcpy((char *)x->text, text);
    x->name = name;
    x->type = pfx->family == AF_INET6 ? CLI_A_PFX6 : CLI_A_PFX4;
    x->ip = ipaddr_from(pfx->family, pfx->b);
    x->pfx = *pfx;
    x->plen = pfx->len;
    for (unsigned i = 0; i < a->n; i++)
        if (strcmp(a->v[i].name, addr) && strcmp(a->v[i].name, mask))
            a->v[keep++] = a->v[i];
    a->n = keep;
}
