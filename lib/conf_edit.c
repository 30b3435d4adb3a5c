/* SPDX-License-Identifier: Apache-2.0
 * conf_edit.c - single changes of a model: check, store, apply.
 *
 * The same code edits the running model (callbacks run) and a candidate (checks only). `no` looks
 * for the item with exactly the keys of the line; when there is none and keys were left out, it
 * takes all items that agree with everything the line does say.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf_int.h"

static bool starts_with_no(const struct cli_args *a)
{
    return a->n && a->v[0].type == CLI_A_KEYWORD && !strcmp(a->v[0].text, "no");
}

/* The line without its `no`, as a view. */
static struct cli_args positive(const struct cli_args *a)
{
    unsigned from = starts_with_no(a);
    return (struct cli_args){ .v = a->v + from, .n = a->n - from };
}

/* Does the line, behind its first words and keys, say what `def` says? */
bool crow_is_default(const struct crow *row, const char *text)
{
    const char *def = row->row->def;
    if (!def)
        return false;
    size_t n = strlen(text), d = strlen(def);
    return n >= d && !strcmp(text + n - d, def) && (n == d || text[n - d - 1] == ' ');
}

/* Destinations are stored with host bits zero, unless the row wants them as written. */
static void mask_prefixes(const struct crow *row, struct cli_args *a)
{
    if (row->row->flags & CONF_F_AS_WRITTEN)
        return;
    for (unsigned i = 0; i < a->n; i++)
        if (a->v[i].type == CLI_A_PFX4 || a->v[i].type == CLI_A_PFX6)
            prefix_str(&a->v[i].pfx, (char *)a->v[i].text); /* it has room for any prefix */
}

static int row_check(struct cmodel *m, struct conf_obj *o, const struct crow *row, enum conf_op op,
                     struct cli_args *a, struct conf_item *old, char *err, size_t errlen)
{
    struct conf_change ch = { .op = op,
                              .row = row->row,
                              .obj = o,
                              .args = a,
                              .old = old && !old->no ? conf_item_args(old) : NULL,
                              .app = m->c->app };
    err[0] = '\0';
    return row->row->check && row->row->check(&ch, err, errlen) < 0 ? CLI_CONFIG_FAILED : CLI_OK;
}

static void row_apply(struct cmodel *m, struct conf_obj *o, const struct crow *row, enum conf_op op,
                      const struct cli_args *a, const struct cli_args *old)
{
    struct conf_change ch = {
        .op = op, .row = row->row, .obj = o, .args = a, .old = old, .app = m->c->app
    };
    m->changes++;
    if (m->live && row->row->apply)
        row->row->apply(&ch);
}

/* Puts the line in the place of what has its key, and applies it. */
static void store(struct cmodel *m, struct conf_obj *o, const struct crow *row, const char *key,
                  const char *text, bool no, const struct cli_args *a)
{
    struct conf_item *old = cmodel_item_find(m, o, row, key);
    struct cli_args old_args = { 0 };
    if (old) {
        if (!old->no) {
            conf_item_args(old);
            old_args = old->args;
            old->args = (struct cli_args){ 0 };
        }
        cmodel_item_del(m, old);
    }
    cmodel_item_add(m, o, row, key, text, no);
    row_apply(m, o, row, no ? CONF_UNSET : CONF_SET, a, old_args.v ? &old_args : NULL);
    cli_args_free(&old_args);
}

int cedit_set(struct cmodel *m, struct conf_obj *o, const struct crow *row, struct cli_args *a,
              char *err, size_t errlen)
{
    bool multi = row->row->flags & CONF_F_MULTI;
    if (row->row->flags & CONF_F_IGNORED)
        return CLI_OK;
    mask_prefixes(row, a);
    char *key = cmodel_key(&row->keys, multi, a);
    int rc = row_check(m, o, row, CONF_SET, a, cmodel_item_find(m, o, row, key), err, errlen);
    mem_free(MEM(tmp), key);
    if (rc != CLI_OK)
        return rc;
    key = cmodel_key(&row->keys, multi, a); /* the check may have filled in a key */
    char *text = cli_canonical(NULL, a);
    struct conf_item *it = cmodel_item_find(m, o, row, key);
    bool dflt = !row->both && !(row->row->flags & CONF_F_ALWAYS) && crow_is_default(row, text);
    if (it && !it->no && !strcmp(it->text, text)) {
        rc = CLI_OK; /* said before */
    } else if (!dflt) {
        store(m, o, row, key, text, false, a);
    } else if (it) {
        cmodel_item_del(m, it);
        row_apply(m, o, row, CONF_SET, a, NULL);
    }
    mem_free(MEM(str), text);
    mem_free(MEM(tmp), key);
    return rc;
}

/* Do the places that `want` fills agree with `have`? */
static bool key_agrees(const char *want, const char *have)
{
    for (;;) {
        size_t w = strcspn(want, "\x1f"), h = strcspn(have, "\x1f");
        if (w && (w != h || memcmp(want, have, w)))
            return false;
        want += w;
        have += h;
        if (!*want || !*have)
            return !*want;
        want++;
        have++;
    }
}

/* Does the item agree with everything that a (without its `no`) says? */
static bool item_agrees(struct conf_item *it, const struct cli_args *a, const char *key, bool multi)
{
    if (!multi && !key_agrees(key, it->key))
        return false;
    const struct cli_args *have = conf_item_args(it);
    unsigned k = 0;
    for (unsigned i = 0; i < a->n; i++, k++) {
        while (k < have->n &&
               (strcmp(have->v[k].name, a->v[i].name) || strcmp(have->v[k].text, a->v[i].text)))
            k++;
        if (k >= have->n)
            return false;
    }
    return true;
}

static bool key_has_gap(const char *key, unsigned n_keys)
{
    for (unsigned i = 0; i < n_keys; i++) {
        size_t n = strcspn(key, "\x1f");
        if (!n)
            return true;
        key += n + (key[n] != '\0');
    }
    return false;
}

/* What belongs to the thing that an owner row names: all lines of its group with its first key. */
static void remove_owned(struct cmodel *m, struct conf_obj *o, const struct crow *row,
                         const char *key)
{
    size_t n = strcspn(key, "\x1f");
    for (struct conf_obj *k = o->child; k; k = k->next)
        remove_owned(m, k, row, key);
    for (struct conf_item *it = o->item_tail, *prev; it; it = prev) {
        prev = it->prev;
        if (it->row != row && it->row->row->group && row->row->group &&
            !strcmp(it->row->row->group, row->row->group) && !strncmp(it->key, key, n) &&
            (!it->key[n] || it->key[n] == CONF_KEY_SEP))
            cedit_item_remove(m, it);
    }
}

static void remove_item(struct cmodel *m, struct conf_item *it)
{
    if (it->row->row->flags & CONF_F_OWNER)
        remove_owned(m, it->obj, it->row, it->key);
    cedit_item_remove(m, it);
}

static void unset_stored(struct cmodel *m, struct conf_obj *o, const struct crow *row,
                         const struct cli_args *a, const char *key)
{
    bool multi = row->row->flags & CONF_F_MULTI;
    struct cli_args pos = positive(a);
    struct conf_item *it = cmodel_item_find(m, o, row, key);
    if (it) {
        remove_item(m, it);
        return;
    }
    if (!multi && !key_has_gap(key, row->keys.n)) {
        if (row->row->flags & CONF_F_OWNER)
            remove_owned(m, o, row, key);
        return;
    }
    for (struct conf_item *prev = o->item_tail; (it = prev);) {
        prev = it->prev;
        if (it->row == row && item_agrees(it, &pos, key, multi))
            remove_item(m, it);
    }
}

int cedit_unset(struct cmodel *m, struct conf_obj *o, const struct crow *row, struct cli_args *a,
                char *err, size_t errlen)
{
    bool multi = row->row->flags & CONF_F_MULTI;
    int rc = CLI_OK;
    if (row->row->flags & CONF_F_IGNORED)
        return CLI_OK;
    mask_prefixes(row, a);
    char *key = cmodel_key(&row->keys, multi, a);
    struct conf_item *it = cmodel_item_find(m, o, row, key);
    if (!row->both && !row->on_by_default) {
        unset_stored(m, o, row, a, key);
    } else if (!it || !it->no) {
        rc = row_check(m, o, row, CONF_UNSET, a, it, err, errlen);
        if (rc == CLI_OK) {
            char *text = cli_canonical(NULL, a);
            store(m, o, row, key, text, true, a);
            mem_free(MEM(str), text);
        }
    }
    mem_free(MEM(tmp), key);
    return rc;
}

void cedit_item_remove(struct cmodel *m, struct conf_item *it)
{
    const struct crow *row = it->row;
    struct conf_obj *o = it->obj;
    conf_item_args(it);
    struct cli_args a = it->args, pos = positive(&a);
    it->args = (struct cli_args){ 0 };
    bool on = it->no && row->on_by_default; /* without its `no` it is on again */
    if (row->both)
        on = row->row->is_default(o, &pos);
    bool same = row->both && on == !it->no; /* it said what is so anyway */
    cmodel_item_del(m, it);
    if (!same)
        row_apply(m, o, row, on ? CONF_SET : CONF_UNSET, &pos, NULL);
    cli_args_free(&a);
}

/* ---- objects ---- */

static int node_check(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                      enum conf_op op, struct cli_args *a, char *err, size_t errlen)
{
    struct conf_change ch = { .op = op, .obj = parent, .args = a, .app = m->c->app };
    err[0] = '\0';
    return node->node->check && node->node->check(&ch, err, errlen) < 0 ? CLI_CONFIG_FAILED
                                                                        : CLI_OK;
}

static void fill(const struct cnode *node, struct cli_args *a)
{
    if (node->fill_name && !cli_has(a, node->fill_name))
        conf_args_add_word(a, node->fill_name, node->fill_text);
}

/* Does `have` say everything that `say` says? */
static bool args_cover(const struct cli_args *have, const struct cli_args *say)
{
    for (unsigned i = 0; i < say->n; i++) {
        bool found = false;
        for (unsigned k = 0; k < have->n && !found; k++)
            found = !strcmp(have->v[k].name, say->v[i].name) &&
                    !strcmp(have->v[k].text, say->v[i].text);
        if (!found)
            return false;
    }
    return true;
}

void cedit_obj_update(struct cmodel *m, struct conf_obj *o, const struct cli_args *a)
{
    cli_args_free(&o->args);
    mem_free(MEM(str), o->text);
    conf_args_copy(a, &o->args);
    o->text = cli_canonical(NULL, a);
    m->changes++;
    if (m->live && o->node->node->update)
        o->node->node->update(o, m->c->app);
}

struct conf_obj *cedit_obj_create(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                                  const char *key, const struct cli_args *a)
{
    struct conf_obj *o = cmodel_obj_add(m, parent, node, key, a);
    m->changes++;
    if (m->live && node->node->create)
        node->node->create(o, m->c->app);
    return o;
}

void cedit_item_put(struct cmodel *m, struct conf_item *from)
{
    store(m, from->obj->twin, from->row, from->key, from->text, from->no, conf_item_args(from));
}

int cedit_enter(struct cmodel *m, struct conf_obj *parent, struct cnode *node, struct cli_args *a,
                struct conf_obj **ret, char *err, size_t errlen)
{
    fill(node, a);
    int rc = node_check(m, parent, node, CONF_SET, a, err, errlen);
    if (rc != CLI_OK)
        return rc;
    char *key = cmodel_key(&node->keys, false, a);
    struct conf_obj *o = cmodel_obj_find(m, parent, node, key);
    if (!o) {
        o = cedit_obj_create(m, parent, node, key, a);
        if (!m->live && parent->twin) {
            o->twin = cmodel_obj_find(&m->c->run, parent->twin, node, key);
            /* a short line ("router bgp") means what runs */
            if (o->twin && args_cover(&o->twin->args, a))
                cedit_obj_update(m, o, &o->twin->args);
        }
    } else if (!args_cover(&o->args, a)) {
        cedit_obj_update(m, o, a);
    }
    mem_free(MEM(tmp), key);
    *ret = o;
    return CLI_OK;
}

int cedit_obj_check_remove(struct cmodel *m, struct conf_obj *o, char *err, size_t errlen)
{
    for (struct conf_obj *k = o->child; k; k = k->next) {
        int rc = cedit_obj_check_remove(m, k, err, errlen);
        if (rc != CLI_OK)
            return rc;
    }
    return node_check(m, o->parent, o->node, CONF_UNSET, &o->args, err, errlen);
}

void cedit_obj_remove(struct cmodel *m, struct conf_obj *o)
{
    /* an address family in which nothing is said goes unnoticed */
    bool counts = !o->node->node->separator_before || conf_obj_prints(o);
    while (o->child_tail)
        cedit_obj_remove(m, o->child_tail);
    while (o->item_tail) {
        struct conf_item *it = o->item_tail;
        if (it->no)
            cmodel_item_del(m, it); /* what was off anyway goes with its object */
        else
            cedit_item_remove(m, it);
    }
    m->changes += counts;
    if (m->live && o->node->node->destroy)
        o->node->node->destroy(o, m->c->app);
    cmodel_obj_del(m, o);
}

/* The objects that a `no` line means: exactly its key, else all that agree with what it says. */
static unsigned find_leaving(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                             const char *key, struct conf_obj **v, unsigned max)
{
    struct conf_obj *o = cmodel_obj_find(m, parent, node, key);
    unsigned n = 0;
    if (o) {
        v[0] = o;
        return 1;
    }
    for (o = key_has_gap(key, node->keys.n) ? parent->child_tail : NULL; o; o = o->prev)
        if (o->node == node && key_agrees(key, o->key)) {
            if (n < max)
                v[n] = o;
            n++;
        }
    return n;
}

int cedit_leave(struct cmodel *m, struct conf_obj *parent, struct cnode *node, struct cli_args *a,
                char *err, size_t errlen)
{
    unsigned max = m->n_objs + 1;
    struct conf_obj **v = mem_alloc(MEM(tmp), max * sizeof(struct conf_obj *));
    fill(node, a);
    char *key = cmodel_key(&node->keys, false, a);
    unsigned n = find_leaving(m, parent, node, key, v, max);
    int rc = CLI_OK;
    err[0] = '\0';
    if (!n) {
        struct cli_args pos = positive(a);
        char *text = cli_canonical(NULL, &pos);
        snprintf(err, errlen, "There is no %s", text);
        mem_free(MEM(str), text);
        rc = CLI_WARNING;
    } else if (n > 1 && !key[strspn(key, "\x1f")]) {
        snprintf(err, errlen, "Please specify which %s", node->node->name);
        rc = CLI_CONFIG_FAILED;
    }
    for (unsigned i = 0; i < n && rc == CLI_OK; i++)
        rc = cedit_obj_check_remove(m, v[i], err, errlen);
    for (unsigned i = 0; i < n && rc == CLI_OK; i++)
        cedit_obj_remove(m, v[i]);
    mem_free(MEM(tmp), key);
    mem_free(MEM(tmp), v);
    return rc;
}
