/* SPDX-License-Identifier: Apache-2.0
 * vtysh_mark.c - `vtysh -m`: a configuration file with the end of every block marked. Pure.
 *
 * No daemon is asked, so what opens a block is known here by the shape of FRR's files: the lines
 * below, and indentation. A block whose lines are indented ends at the first line that is not; one
 * written without indentation ends where another block or a line of the top level begins.
 */
#include <string.h>
#include "vtysh.h"

static const struct opener {
    const char *in; /* the block it stands in, by its own first words; NULL: top */
    const char *words;
    const char *exit_word;
} openers[] = {
    { NULL, "interface ", "exit" },
    { NULL, "vrf ", "exit-vrf" },
    { NULL, "router ", "exit" },
    { NULL, "route-map ", "exit" },
    { NULL, "bfd", "exit" },
    { NULL, "rpki", "exit" },
    { NULL, "line vty", "exit" },
    { NULL, "key chain ", "exit" },
    { NULL, "nexthop-group ", "exit" },
    { NULL, "pbr-map ", "exit" },
    { NULL, "l2vpn ", "exit" },
    { NULL, "mpls ldp", "exit" },
    { NULL, "segment-routing", "exit" },
    { NULL, "pseudowire ", "exit" },
    { "key chain ", "key ", "exit" },
    { "bfd", "peer ", "exit" },
    { "bfd", "profile ", "exit" },
    { "vrf ", "rpki", "exit" },
    { "router ", "address-family ", "exit-address-family" },
    { "router ", "bmp targets ", "exit" },
    { "router ", "segment-routing srv6", "exit" },
    { "router ", "vrf-policy ", "exit-vrf-policy" },
    { "router ", "vnc ", "exit-vnc" },
    { "address-family ", "vni ", "exit-vni" },
    { "interface ", "link-params", "exit-link-params" },
};
/* Lines that stand at the top only. */
static const char *const top_lines[] = {
    "frr ",
    "hostname ",
    "domainname ",
    "log ",
    "no log ",
    "service ",
    "no service ",
    "password ",
    "enable password",
    "debug ",
    "ip route ",
    "ipv6 route ",
    "ip prefix-list ",
    "ipv6 prefix-list ",
    "access-list ",
    "ipv6 access-list ",
    "bgp as-path ",
    "bgp community-list ",
    "bgp large-community-list ",
    "bgp extcommunity-list ",
    "bgp community alias ",
    "ip forwarding",
    "ipv6 forwarding",
    "no ip forwarding",
    "no ipv6 forwarding",
    "banner ",
    "username ",
    "ip router-id ",
    "router-id ",
    "zebra ",
};

struct block {
    const struct opener *o;
    int indent; /* of its first line */
    int body;   /* of its lines; -1: none yet */
};

static bool starts(const char *s, const char *words)
{
    size_t n = strlen(words);

    if (strncmp(s, words, n) != 0)
        return false;
    return words[n - 1] == ' ' || s[n] == 0 || s[n] == ' ';
}

static const struct opener *opener_of(const struct block *in, const char *s)
{
    for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        const struct opener *o = &openers[i];
        bool here = in ? o->in && strcmp(o->in, in->o->words) == 0 : !o->in;
        if (here && starts(s, o->words))
            return o;
    }
    return NULL;
}

static bool is_top(const char *s)
{
    for (size_t i = 0; i < sizeof(top_lines) / sizeof(top_lines[0]); i++)
        if (starts(s, top_lines[i]))
            return true;
    return false;
}

static bool is_exit(const char *s)
{
    return strcmp(s, "exit") == 0 || strcmp(s, "quit") == 0 || strncmp(s, "exit-", 5) == 0;
}

struct marker {
    struct block st[SHELL_MAX_PATH];
    unsigned n;
    struct buf bangs; /* "!" lines seen, printed before the next line that is not */
    FILE *out;
};

static void block_end(struct marker *m, bool explicit_line)
{
    const struct block *b = &m->st[--m->n];

    if (!explicit_line)
        fprintf(m->out, "%*s%s\n", b->indent, "", b->o->exit_word);
}

static void flush_bangs(struct marker *m)
{
    if (m->bangs.n)
        fwrite(m->bangs.s, 1, m->bangs.n, m->out);
    m->bangs.n = 0;
}

/* Does the line still stand in the innermost block? */
static bool stands_in(const struct marker *m, const char *s, int indent)
{
    const struct block *b = &m->st[m->n - 1];

    if (b->body > b->indent)
        return indent > b->indent;
    if (b->body < 0 && indent > b->indent)
        return true;
    /* Written flat. */
    if (opener_of(b, s))
        return true;
    for (unsigned i = 0; i + 1 < m->n; i++)
        if (opener_of(&m->st[i], s))
            return false;
    return !opener_of(NULL, s) && !is_top(s);
}

static void mark_line(struct marker *m, const char *line)
{
    int indent = (int)strspn(line, " \t");
    const char *s = line + indent;

    if (strcmp(s, "end") == 0)
        return;
    if (!*s || *s == '!' || *s == '#') {
        buf_puts(&m->bangs, line);
        buf_puts(&m->bangs, "\n");
        return;
    }
    if (is_exit(s)) {
        /* Blocks within the one that it closes had no exit of their own. */
        while (m->n > 1 && m->st[m->n - 1].indent > indent && m->st[m->n - 1].indent > 0)
            block_end(m, false);
        flush_bangs(m);
        if (m->n)
            block_end(m, true);
        fprintf(m->out, "%s\n", line);
        return;
    }
    while (m->n && !stands_in(m, s, indent))
        block_end(m, false);
    flush_bangs(m);
    if (m->n && m->st[m->n - 1].body < 0)
        m->st[m->n - 1].body = indent;
    fprintf(m->out, "%s\n", line);
    const struct opener *o = opener_of(m->n ? &m->st[m->n - 1] : NULL, s);
    if (o && m->n < SHELL_MAX_PATH)
        m->st[m->n++] = (struct block){ .o = o, .indent = indent, .body = -1 };
}

void mark_text(const char *text, FILE *out)
{
    struct marker m = { .out = out };
    char *copy = mem_strdup(MEM(vtysh), text), *p = copy, *line;

    while (p && (line = strsep(&p, "\n"))) {
        size_t n = strlen(line);
        while (n && (line[n - 1] == '\r' || line[n - 1] == ' ' || line[n - 1] == '\t'))
            line[--n] = 0;
        if (p || n)
            mark_line(&m, line);
    }
    while (m.n)
        block_end(&m, false);
    flush_bangs(&m);
    fprintf(out, "end\n");
    buf_free(&m.bangs);
    mem_free(MEM(vtysh), copy);
}
