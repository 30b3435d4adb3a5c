/* SPDX-License-Identifier: Apache-2.0
 * conf_print.c - the model as text, in FRR's shape.
 *
 * Everything in an object (lines and child blocks) gets a sort key and one qsort puts it in order:
 * the place of the row or node, then for rows with a group its first key before the row's own
 * place, then the keys. Keys are compared as what they are: numbers, then words, then addresses.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf_int.h"

struct entry {
    const struct conf_item *item;
    const struct conf_obj *obj;
    int place, order;
    unsigned index;
    char *key;         /* encoded so that memcmp() orders it */
    size_t first, len; /* of the first key alone; of all */
};
struct block {
    struct entry *v;
    size_t n, cap;
};
struct out {
    const struct conf *c;
    bool secrets;
    void (*line)(void *ctx, const char *text);
    void *ctx;
    char *buf;
    size_t cap;
    bool bang; /* the last line was "!" */
};

static size_t encode(const char *s, size_t n, char *p)
{
    struct prefix pfx;
    struct ipaddr ip;
    char word[PREFIX_STRLEN];
    if (!n) {
        *p = 0;
        return 1;
    }
    if (n < 20 && strspn(s, "0123456789") >= n) {
        uint64_t v = strtoull(s, NULL, 10);
        *p = 1;
        for (int i = 0; i < 8; i++)
            p[1 + i] = (char)(v >> (56 - 8 * i));
        return 9;
    }
    if (n < sizeof(word) && (memchr(s, '.', n) || memchr(s, ':', n))) {
        memcpy(word, s, n);
        word[n] = '\0';
        uint8_t len = 0;
        bool ok = ipaddr_parse(word, &ip);
        if (!ok && prefix_parse_as_written(word, &ip, &len))
            ok = prefix_parse(word, &pfx);
        if (ok) {
            *p = 3;
            p[1] = ip.family == AF_INET6;
            memcpy(p + 2, ip.b, 16);
            p[18] = (char)len;
            return 19;
        }
    }
    *p = 2;
    memcpy(p + 1, s, n);
    p[n + 1] = '\0';
    return n + 2;
}

static void encode_key(struct entry *e, const char *key)
{
    size_t places = 1;
    for (const char *p = key; *p; p++)
        places += *p == CONF_KEY_SEP;
    e->key = mem_alloc(MEM(tmp), strlen(key) + places * 20 + 2);
    for (;;) {
        size_t n = strcspn(key, "\x1f");
        e->len += encode(key, n, e->key + e->len);
        if (!e->first)
            e->first = e->len;
        key += n;
        if (!*key)
            return;
        key++;
    }
}

/* Objects whose keys are keywords stand in the order in which their node's grammar lists them. */
static void encode_obj(struct entry *e, const struct conf_obj *o)
{
    const struct cnode *n = o->node;
    char key[512];
    size_t at = 0;
    for (unsigned i = 0; i < n->keys.n; i++) {
        const struct cli_arg *a = cli_arg(&o->args, n->keys.v[i]);
        const char *p = a && a->type == CLI_A_KEYWORD ? strstr(n->node->grammar, a->text) : NULL;
        int w = p ? snprintf(key + at, sizeof(key) - at, "%s%zu", i ? "\x1f" : "",
                             (size_t)(p - n->node->grammar))
                  : snprintf(key + at, sizeof(key) - at, "%s%s", i ? "\x1f" : "", a ? a->text : "");
        at += w > 0 ? (size_t)w : 0;
        if (at >= sizeof(key))
            at = sizeof(key) - 1;
    }
    key[at] = '\0';
    encode_key(e, key);
}

static int key_cmp(const char *a, size_t an, const char *b, size_t bn)
{
    int c = memcmp(a, b, an < bn ? an : bn);
    return c ? c : an < bn ? -1 : an > bn;
}

static const char *entry_group(const struct entry *e)
{
    return e->item ? e->item->row->row->group : NULL;
}

static int entry_cmp(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    const char *ga = entry_group(a), *gb = entry_group(b);
    bool grouped = ga && gb && !strcmp(ga, gb);
    if (!grouped && ga && gb)
        return strcmp(ga, gb);
    if (grouped) {
        int c = key_cmp(a->key, a->first, b->key, b->first);
        if (c)
            return c;
    }
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    if (a->index != b->index)
        return a->index < b->index ? -1 : 1;
    return key_cmp(a->key, a->len, b->key, b->len);
}

static bool hidden(const struct conf_item *it)
{
    const struct crow *r = it->row;
    if (r->both) {
        struct conf_item *w = (struct conf_item *)it;
        struct cli_args a = *conf_item_args(w);
        if (it->no && a.n) {
            a.v++;
            a.n--;
        }
        return r->row->is_default(it->obj, &a) == !it->no;
    }
    return !it->no && !(r->row->flags & CONF_F_ALWAYS) && crow_is_default(r, it->text);
}

/* A group stands where its first row would stand. */
static int group_place(const struct conf *c, const struct conf_row *row)
{
    int place = row->order;
    for (const struct crow *r = c->rows; r; r = r->next)
        if (r->row->group && !strcmp(r->row->group, row->group) && r->row->order < place &&
            !strcmp(r->row->node, row->node))
            place = r->row->order;
    return place;
}

static struct entry *block_add(struct block *b)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->v = mem_realloc(MEM(tmp), b->v, b->cap * sizeof(*b->v));
    }
    b->v[b->n] = (struct entry){ 0 };
    return &b->v[b->n++];
}

static struct block collect(const struct conf *c, const struct conf_obj *o)
{
    struct block b = { 0 };
    const struct crow *last = NULL;
    int place = 0;
    for (const struct conf_item *it = o->item; it; it = it->next) {
        if (hidden(it))
            continue;
        const struct conf_row *row = it->row->row;
        struct entry *e = block_add(&b);
        e->item = it;
        if (it->row != last)
            place = row->group ? group_place(c, row) : row->order;
        last = it->row;
        e->place = place;
        e->order = row->order;
        e->index = it->row->index;
        encode_key(e, it->key);
    }
    for (const struct conf_obj *k = o->child; k; k = k->next) {
        struct entry *e = block_add(&b);
        e->obj = k;
        e->place = e->order = k->node->node->order;
        e->index = UINT32_MAX - k->node->index;
        encode_obj(e, k);
    }
    if (b.n)
        qsort(b.v, b.n, sizeof(*b.v), entry_cmp);
    return b;
}

static void emit(struct out *o, unsigned depth, const char *text)
{
    size_t n = strlen(text);
    bool bang = !strcmp(text, "!");
    if (bang && o->bang)
        return; /* one is enough */
    o->bang = bang;
    if (n + depth + 1 > o->cap) {
        o->cap = (n + depth + 1) * 2;
        o->buf = mem_realloc(MEM(tmp), o->buf, o->cap);
    }
    memset(o->buf, ' ', depth);
    memcpy(o->buf + depth, text, n + 1);
    o->line(o->ctx, o->buf);
}

static void emit_item(struct out *o, unsigned depth, const struct conf_item *it)
{
    const struct crow *r = it->row;
    if (!(r->row->flags & CONF_F_SECRET) || o->secrets) {
        emit(o, depth, it->text);
        return;
    }
    struct cli_args copy;
    conf_args_copy(conf_item_args((struct conf_item *)it), &copy);
    for (unsigned i = 0; i < copy.n; i++)
        if ((copy.v[i].type == CLI_A_WORD || copy.v[i].type == CLI_A_LINE) &&
            !conf_is_key(&r->keys, &copy.v[i]))
            copy.v[i].text = "<redacted>";
    char *text = cli_canonical(NULL, &copy);
    emit(o, depth, text);
    mem_free(MEM(str), text);
    cli_args_free(&copy);
}

static bool print_block(struct out *o, unsigned depth, const struct conf_obj *obj);

static void print_child(struct out *o, unsigned depth, const struct conf_obj *k)
{
    const struct conf_node *n = k->node->node;
    if (n->separator_before && !conf_obj_prints(k))
        return;
    if (n->separator_before)
        emit(o, depth, "!");
    emit(o, depth, k->text);
    print_block(o, depth + 1, k);
    emit(o, depth, n->exit_word ? n->exit_word : "exit");
    if (n->separator)
        emit(o, depth, "!");
}

/* At the top, "!" stands between lines of different groups, and before blocks. */
static bool breaks(const struct entry *a, const struct entry *b)
{
    if (a->obj)
        return !a->obj->node->node->separator && !b->obj;
    if (b->obj)
        return !b->obj->node->node->separator_before;
    const char *ga = entry_group(a), *gb = entry_group(b);
    return ga != gb && (!ga || !gb || strcmp(ga, gb));
}

static bool print_block(struct out *o, unsigned depth, const struct conf_obj *obj)
{
    struct block b = collect(o->c, obj);
    for (size_t i = 0; i < b.n; i++) {
        if (!depth && i && breaks(&b.v[i - 1], &b.v[i]))
            emit(o, 0, "!");
        if (b.v[i].item)
            emit_item(o, depth, b.v[i].item);
        else
            print_child(o, depth, b.v[i].obj);
    }
    bool open = b.n && (b.v[b.n - 1].item || !b.v[b.n - 1].obj->node->node->separator);
    for (size_t i = 0; i < b.n; i++)
        mem_free(MEM(tmp), b.v[i].key);
    mem_free(MEM(tmp), b.v);
    return open;
}

bool conf_obj_prints(const struct conf_obj *o)
{
    for (const struct conf_item *it = o->item; it; it = it->next)
        if (!hidden(it))
            return true;
    for (const struct conf_obj *k = o->child; k; k = k->next)
        if (!k->node->node->separator_before || conf_obj_prints(k))
            return true;
    return false;
}

void conf_print(const struct conf *c, bool secrets, void (*line)(void *ctx, const char *text),
                void *ctx)
{
    struct out o = { .c = c, .secrets = secrets, .line = line, .ctx = ctx };
    if (print_block(&o, 0, c->run.root))
        emit(&o, 0, "!");
    mem_free(MEM(tmp), o.buf);
}
