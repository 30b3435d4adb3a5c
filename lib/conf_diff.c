/* SPDX-License-Identifier: Apache-2.0
 * conf_diff.c - replacing the whole configuration: candidate, difference, application.
 *
 * The text is read into a candidate model with all checks but no callbacks. What the running model
 * has and the candidate has not goes first, the latest and deepest first; what is new or different
 * is then set in the order of the text. What is equal is not touched. If anything was reported, or
 * a removal is refused, nothing is applied.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf_int.h"

struct todo {
    struct conf_obj *obj;   /* an object as a whole, or */
    struct conf_item *item; /* a line */
    uint32_t seq;
};
struct todos {
    struct todo *v;
    size_t n, cap;
};

static void todo_add(struct todos *t, struct conf_obj *o, struct conf_item *it)
{
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->v = mem_realloc(MEM(tmp), t->v, t->cap * sizeof(*t->v));
    }
    t->v[t->n++] = (struct todo){ .obj = o, .item = it, .seq = o ? o->seq : it->seq };
}

static int by_seq(const void *a, const void *b)
{
    uint32_t x = ((const struct todo *)a)->seq, y = ((const struct todo *)b)->seq;
    return x < y ? -1 : x > y;
}

static void twins(struct cmodel *cand, struct conf_obj *run, struct conf_obj *o)
{
    run->twin = o;
    o->twin = run;
    for (struct conf_obj *k = run->child; k; k = k->next) {
        struct conf_obj *other = cmodel_obj_find(cand, o, k->node, k->key);
        k->twin = NULL;
        if (other)
            twins(cand, k, other);
    }
}

static void gone(struct cmodel *cand, struct conf_obj *run, struct todos *t)
{
    for (struct conf_item *it = run->item; it; it = it->next)
        if (!cmodel_item_find(cand, run->twin, it->row, it->key))
            todo_add(t, NULL, it);
    for (struct conf_obj *k = run->child; k; k = k->next)
        if (k->twin)
            gone(cand, k, t);
        else if (k->item || k->child || !k->node->node->separator_before)
            todo_add(t, k,
                     NULL); /* an empty address family is not in the text, and means nothing */
}

static struct conf_item *counterpart(struct cmodel *run, const struct conf_item *it)
{
    return it->obj->twin ? cmodel_item_find(run, it->obj->twin, it->row, it->key) : NULL;
}

static void fresh(struct cmodel *run, struct conf_obj *o, struct todos *t)
{
    if (o->parent && (!o->twin || strcmp(o->text, o->twin->text)))
        todo_add(t, o, NULL);
    for (struct conf_item *it = o->item; it; it = it->next) {
        const struct conf_item *have = counterpart(run, it);
        if (!have || have->no != it->no || strcmp(have->text, it->text))
            todo_add(t, NULL, it);
    }
    for (struct conf_obj *k = o->child; k; k = k->next)
        fresh(run, k, t);
}

static void apply_gone(struct cmodel *run, struct todos *t)
{
    if (t->n)
        qsort(t->v, t->n, sizeof(*t->v), by_seq);
    for (size_t i = t->n; i-- > 0;)
        if (t->v[i].obj)
            cedit_obj_remove(run, t->v[i].obj);
        else
            cedit_item_remove(run, t->v[i].item);
}

static void apply_fresh(struct cmodel *run, struct todos *t)
{
    if (t->n)
        qsort(t->v, t->n, sizeof(*t->v), by_seq);
    for (size_t i = 0; i < t->n; i++) {
        struct conf_obj *o = t->v[i].obj;
        if (!o) {
            cedit_item_put(run, t->v[i].item);
        } else if (o->twin) {
            cedit_obj_update(run, o->twin, &o->args);
        } else {
            o->twin = cedit_obj_create(run, o->parent->twin, o->node, o->key, &o->args);
            o->twin->twin = o;
        }
    }
}

unsigned conf_replace(struct conf *c, const char *text, bool dry_run,
                      void (*report)(void *ctx, unsigned lineno, int rc, const char *msg,
                                     const char *line),
                      void *ctx, unsigned *changes)
{
    struct cmodel cand;
    struct todos out = { 0 }, in = { 0 };
    char err[512];
    unsigned before = c->run.changes;
    cmodel_init(&cand, c, false);
    cand.root->twin = c->run.root;
    unsigned bad = conf_load_in(&cand, text, report, ctx);
    twins(&cand, c->run.root, cand.root);
    gone(&cand, c->run.root, &out);
    for (size_t i = 0; i < out.n && !bad; i++)
        if (out.v[i].obj) {
            int rc = cedit_obj_check_remove(&c->run, out.v[i].obj, err, sizeof(err));
            if (rc != CLI_OK) {
                bad++;
                if (report)
                    report(ctx, 0, rc, err, out.v[i].obj->text);
            }
        }
    if (!bad && !dry_run) {
        apply_gone(&c->run, &out);
        fresh(&c->run, cand.root, &in);
        apply_fresh(&c->run, &in);
    }
    if (changes)
        *changes = c->run.changes - before;
    mem_free(MEM(tmp), out.v);
    mem_free(MEM(tmp), in.v);
    cmodel_fini(&cand);
    return bad;
}
