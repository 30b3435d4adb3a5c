/* SPDX-License-Identifier: Apache-2.0
 * vtysh_merge.c - the configurations of several daemons as one.
 *
 * The text is read by its shape: a line and the lines indented below it are a block; "exit..." on
 * the block's own level closes it. Blocks with the same first line become one, a line that two
 * daemons print is kept once. At the top the order is FRR's, by the line's first words; within a
 * block lines stay as the daemons print them.
 */
#include <stdlib.h>
#include <string.h>
#include "vtysh.h"

struct item {
    char *line;       /* without indentation */
    char *exit_word;  /* blocks */
    bool bang_before; /* "!" stood before it */
    unsigned rank, seq, indent;
    struct item **kids;
    unsigned n_kids, cap_kids;
    unsigned *index; /* kids by line: number + 1 in open addressing, oldest first; from INDEX_FROM
                        kids on */
    unsigned index_cap;
};
struct merged {
    struct item root;
    unsigned seq;
};

/* Where a line stands in a file; the first that matches counts. */
static const char *const order[] = {
    "frr version",
    "frr defaults",
    "hostname",
    "domainname",
    "banner",
    "password",
    "enable password",
    "log ",
    "no log ",
    "service ",
    "no service ",
    "debug ",
    "no ip forwarding",
    "no ipv6 forwarding",
    "ip forwarding",
    "ipv6 forwarding",
    "no ",
    "router-id",
    "ip router-id",
    "ipv6 router-id",
    "zebra ",
    "ip nht",
    "ipv6 nht",
    "ip protocol",
    "ipv6 protocol",
    "ip table",
    "key chain",
    "ip route",
    "ipv6 route",
    "vrf ",
    "nexthop-group",
    "interface ",
    "pool ",
    "router ",
    NULL /* everything else */,
    "access-list",
    "ipv6 access-list",
    "ip prefix-list",
    "ipv6 prefix-list",
    "bgp as-path",
    "bgp community-list",
    "bgp large-community-list",
    "bgp extcommunity-list",
    "bgp community alias",
    "route-map",
    "rpki",
    "bfd",
    "line vty",
    "end",
};

static unsigned rank_of(const char *line)
{
    unsigned other = 0;

    for (unsigned i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if (!order[i])
            other = i;
        else if (strncmp(line, order[i], strlen(order[i])) == 0)
            return i;
    }
    return other;
}

struct merged *merge_new(void)
{
    return mem_calloc(MEM(vtysh), 1, sizeof(struct merged));
}

static void item_fini(struct item *it)
{
    for (unsigned i = 0; i < it->n_kids; i++) {
        item_fini(it->kids[i]);
        mem_free(MEM(vtysh), it->kids[i]);
    }
    mem_free(MEM(vtysh), it->kids);
    mem_free(MEM(vtysh), it->index);
    mem_free(MEM(vtysh), it->line);
    mem_free(MEM(vtysh), it->exit_word);
}

void merge_free(struct merged *m)
{
    if (!m)
        return;
    item_fini(&m->root);
    mem_free(MEM(vtysh), m);
}

#define INDEX_FROM 32

static unsigned slot_of(const struct item *parent, const char *line)
{
    uint32_t h = 2166136261u;

    for (const char *p = line; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return (h ^ h >> 15) & (parent->index_cap - 1);
}

static void index_add(struct item *parent, unsigned kid)
{
    unsigned i = slot_of(parent, parent->kids[kid]->line);

    while (parent->index[i])
        i = (i + 1) & (parent->index_cap - 1);
    parent->index[i] = kid + 1;
}

static void index_grow(struct item *parent)
{
    if (parent->n_kids < INDEX_FROM || parent->n_kids * 2 < parent->index_cap) {
        if (parent->index)
            index_add(parent, parent->n_kids - 1);
        return;
    }
    mem_free(MEM(vtysh), parent->index);
    parent->index_cap = parent->index_cap ? parent->index_cap * 2 : 4 * INDEX_FROM;
    parent->index = mem_calloc(MEM(vtysh), parent->index_cap, sizeof(*parent->index));
    for (unsigned i = 0; i < parent->n_kids; i++)
        index_add(parent, i);
}

/* The first of the first `known` kids with this line, or NULL. */
static struct item *item_find(const struct item *parent, const char *line, unsigned known)
{
    if (!parent->index) {
        for (unsigned i = 0; i < known; i++)
            if (strcmp(parent->kids[i]->line, line) == 0)
                return parent->kids[i];
        return NULL;
    }
    for (unsigned i = slot_of(parent, line); parent->index[i];
         i = (i + 1) & (parent->index_cap - 1)) {
        unsigned kid = parent->index[i] - 1;
        if (strcmp(parent->kids[kid]->line, line) == 0)
            return kid < known ? parent->kids[kid] : NULL;
    }
    return NULL;
}

/* `known` kids are from daemons before this one; only with them a line is a repetition. */
static struct item *item_get(struct merged *m, struct item *parent, const char *line,
                             unsigned known)
{
    struct item *old = item_find(parent, line, known);

    if (old)
        return old;
    if (parent->n_kids == parent->cap_kids) {
        parent->cap_kids = parent->cap_kids ? parent->cap_kids * 2 : 8;
        parent->kids =
            mem_realloc(MEM(vtysh), parent->kids, parent->cap_kids * sizeof(struct item *));
    }
    struct item *it = mem_calloc(MEM(vtysh), 1, sizeof(*it));
    it->line = mem_strdup(MEM(vtysh), line);
    it->rank = rank_of(line);
    it->seq = m->seq++;
    parent->kids[parent->n_kids++] = it;
    index_grow(parent);
    return it;
}

struct level {
    struct item *item;
    unsigned known, indent;
};

static bool is_exit(const char *s)
{
    return strcmp(s, "exit") == 0 || strncmp(s, "exit-", 5) == 0;
}

void merge_add(struct merged *m, const char *text)
{
    struct level st[SHELL_MAX_PATH] = { { &m->root, m->root.n_kids, 0 } };
    unsigned depth = 0;
    struct item *last = NULL;
    bool bang = false;
    char *copy = mem_strdup(MEM(vtysh), text), *p = copy, *line;

    while (p && (line = strsep(&p, "\n"))) {
        unsigned indent = (unsigned)strspn(line, " ");
        char *s = line + indent;
        if (!*s || strcmp(s, "end") == 0)
            continue;
        if (*s == '!' || *s == '#') {
            bang = true;
            continue;
        }
        /* Deeper: below the last line. Not as deep: back to the level of that indentation. */
        if (last && indent > st[depth].indent && depth + 1 < SHELL_MAX_PATH) {
            depth++;
            st[depth] = (struct level){ last, last->n_kids, indent };
        }
        while (depth && indent < st[depth].indent)
            last = st[depth--].item;
        if (is_exit(s) && last) {
            if (!last->exit_word)
                last->exit_word = mem_strdup(MEM(vtysh), s);
            bang = false;
            continue;
        }
        last = item_get(m, st[depth].item, s, st[depth].known);
        last->bang_before |= bang && depth;
        bang = false;
    }
    mem_free(MEM(vtysh), copy);
}

bool merge_has(const struct merged *m, const char *first_words)
{
    for (unsigned i = 0; i < m->root.n_kids; i++)
        if (strncmp(m->root.kids[i]->line, first_words, strlen(first_words)) == 0)
            return true;
    return false;
}

static int by_rank(const void *a, const void *b)
{
    const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

struct printer {
    void (*out)(void *ctx, const char *data, size_t len);
    void *ctx;
};

static void print_line(const struct printer *p, unsigned depth, const char *s)
{
    static const char spaces[] = "                ";

    p->out(p->ctx, spaces, depth < sizeof(spaces) ? depth : sizeof(spaces) - 1);
    p->out(p->ctx, s, strlen(s));
    p->out(p->ctx, "\n", 1);
}

static void print_item(const struct printer *p, const struct item *it, unsigned depth)
{
    if (it->bang_before)
        print_line(p, depth, "!");
    print_line(p, depth, it->line);
    for (unsigned i = 0; i < it->n_kids; i++)
        print_item(p, it->kids[i], depth + 1);
    if (it->exit_word)
        print_line(p, depth, it->exit_word);
}

void merge_print(const struct merged *m, void (*out)(void *ctx, const char *data, size_t len),
                 void *ctx)
{
    const struct printer p = { out, ctx };
    unsigned n = m->root.n_kids;
    struct item **v = mem_dup(MEM(vtysh), m->root.kids, n * sizeof(*v) + (n == 0));
    const struct item *prev = NULL;

    if (n)
        qsort(v, n, sizeof(struct item *), by_rank);
    for (unsigned i = 0; i < n; i++) {
        /* The first kinds are one paragraph, as FRR prints them. */
        bool head = prev && prev->rank < 11 && v[i]->rank < 11;
        if (prev && !head && (prev->exit_word || v[i]->exit_word || prev->rank != v[i]->rank))
            print_line(&p, 0, "!");
        print_item(&p, v[i], 0);
        prev = v[i];
    }
    if (prev)
        print_line(&p, 0, "!");
    mem_free(MEM(vtysh), v);
}
