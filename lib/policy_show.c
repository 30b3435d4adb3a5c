/* SPDX-License-Identifier: Apache-2.0
 * policy_show.c - `show ip prefix-list`, `show route-map` and their kin, text and JSON in FRR's
 * shapes.
 *
 * Lists can be long, so they are shown a slice of rules at a time. Between slices anything may
 * change: the position is a name and a sequence number, and names are sorted anew for each slice.
 */
#include "config.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "policy_int.h"

#define SLICE 500

static struct policy_set *shown; /* of this process */

struct show {
    enum policy_kind kind;
    bool summary, detail;
    char *only;        /* one list, or NULL */
    uint32_t only_seq; /* one rule, or 0 */
    char *name;        /* where we are: in this list, */
    uint32_t next_seq; /* at the first rule from here on */
    bool open;         /* its head is written */
    bool any;
};

static const char *family_word(enum policy_kind k)
{
    return k == POLICY_PREFIX6 || k == POLICY_ACCESS6 ? "ipv6" : "ip";
}

static const char *action(const struct policy_rule *r)
{
    return r->permit ? "permit" : "deny";
}

/* ---- prefix-lists ---- */

static void prefix_head(struct writer *w, const struct show *sh, const struct policy_named *l)
{
    unsigned ranges = 0;
    for (uint32_t i = 0; i < l->n; i++)
        ranges += l->rules[i].any || l->rules[i].ge || l->rules[i].le;
    uint32_t first = l->n ? l->rules[0].seq : 0, last = l->n ? l->rules[l->n - 1].seq : 0;

    writer_obj(w, l->name);
    writer_str(w, "addressFamily", l->kind == POLICY_PREFIX6 ? "IPv6" : "IPv4");
    writer_str(w, "description", l->description);
    if (sh->summary || sh->detail) {
        writer_line(w, "%s prefix-list %s:", family_word(l->kind), l->name);
        if (l->description)
            writer_line(w, "   Description: %s", l->description);
        writer_line(w, "   count: %u, range entries: %u, sequences: %u - %u", l->n, ranges, first,
                    last);
        writer_uint(w, "count", l->n);
        writer_uint(w, "rangeEntries", ranges);
        writer_uint(w, "sequenceStart", first);
        writer_uint(w, "sequenceEnd", last);
    } else {
        writer_line(w, "%s: %s prefix-list %s: %u entries", shown->daemon, family_word(l->kind),
                    l->name, l->n);
        if (l->description)
            writer_line(w, "   Description: %s", l->description);
    }
    if (!sh->summary)
        writer_arr(w, "entries");
}

static void prefix_rule(struct writer *w, const struct policy_rule *r, int family)
{
    char buf[PREFIX_STRLEN], ge[8] = "", le[8] = "";
    struct prefix any = { .family = (uint8_t)family };

    if (r->ge)
        snprintf(ge, sizeof(ge), " ge %u", r->ge);
    if (r->le)
        snprintf(le, sizeof(le), " le %u", r->le);
    writer_line(w, "   seq %u %s %s%s%s", r->seq, action(r),
                r->any ? "any" : prefix_str(&r->p, buf), ge, le);
    writer_obj(w, NULL);
    writer_uint(w, "sequenceNumber", r->seq);
    writer_str(w, "type", action(r));
    writer_prefix(w, "prefix", r->any ? &any : &r->p);
    if (r->ge)
        writer_uint(w, "minimumPrefixLength", r->ge);
    if (r->le || r->any)
        writer_uint(w, "maximumPrefixLength", r->any ? prefix_maxlen(family) : r->le);
    writer_end(w);
}

/* ---- access-lists ---- */

static void access_head(struct writer *w, const struct policy_named *l)
{
    writer_obj(w, l->name);
    writer_str(w, "type", "Zebra");
    writer_str(w, "addressFamily", l->kind == POLICY_ACCESS6 ? "IPv6" : "IPv4");
    writer_str(w, "remark", l->description);
    writer_line(w, "Zebra %s access list %s", l->kind == POLICY_ACCESS6 ? "IPv6" : "IP", l->name);
    writer_arr(w, "rules");
}

static void wild_text(char *buf, size_t len, uint32_t addr, uint32_t mask)
{
    char a[IPADDR_STRLEN], m[IPADDR_STRLEN];
    struct ipaddr ia = ipaddr_v4(addr), im = ipaddr_v4(mask);

    if (mask == UINT32_MAX)
        snprintf(buf, len, "any");
    else if (!mask)
        snprintf(buf, len, "host %s", ipaddr_str(&ia, a));
    else
        snprintf(buf, len, "%s %s", ipaddr_str(&ia, a), ipaddr_str(&im, m));
}

static void access_rule(struct writer *w, const struct policy_rule *r)
{
    char buf[PREFIX_STRLEN], src[40] = "", dst[40] = "";

    writer_obj(w, NULL);
    writer_uint(w, "sequenceNumber", r->seq);
    writer_str(w, "filterType", action(r));
    if (r->wild) {
        wild_text(src, sizeof(src), r->addr, r->mask);
        if (r->wild_dst)
            wild_text(dst, sizeof(dst), r->dst, r->dst_mask);
        writer_line(w, "    seq %u %s%s %s%s%s", r->seq, action(r), r->wild_dst ? " ip" : "", src,
                    r->wild_dst ? " " : "", dst);
        writer_str(w, "source", src);
        if (r->wild_dst)
            writer_str(w, "destination", dst);
    } else {
        const char *p = r->any ? "any" : prefix_str(&r->p, buf);
        writer_line(w, "    seq %u %s %s%s", r->seq, action(r), p, r->exact ? " exact-match" : "");
        writer_str(w, "prefix", p);
        writer_bool(w, "exact-match", r->exact);
    }
    writer_end(w);
}

/* ---- AS-path and community lists ---- */

static void text_head(struct writer *w, const struct policy_named *l)
{
    static const char *const what[POLICY_KINDS] = { [POLICY_COMMUNITY] = "Community",
                                                    [POLICY_LARGE] = "Large community",
                                                    [POLICY_EXT] = "Extended community" };
    bool expanded = l->n && l->rules[0].expanded;

    if (l->kind == POLICY_AS_PATH)
        writer_line(w, "AS path access list %s", l->name);
    else
        writer_line(w, "%s%s %s list %s", isdigit((unsigned char)l->name[0]) ? "" : "Named ",
                    what[l->kind], expanded ? "expanded" : "standard", l->name);
    writer_obj(w, l->name);
    if (l->kind != POLICY_AS_PATH)
        writer_str(w, "type", expanded ? "expanded" : "standard");
    writer_arr(w, "rules");
}

static void text_rule(struct writer *w, const struct policy_rule *r)
{
    writer_line(w, "    %s %s", action(r), r->text);
    writer_obj(w, NULL);
    writer_uint(w, "sequenceNumber", r->seq);
    writer_str(w, "type", action(r));
    writer_str(w, r->expanded ? "regExp" : "value", r->text);
    writer_end(w);
}

/* ---- slices ---- */

static void head(struct writer *w, const struct show *sh, const struct policy_named *l)
{
    if (l->kind <= POLICY_PREFIX6)
        prefix_head(w, sh, l);
    else if (l->kind <= POLICY_ACCESS6)
        access_head(w, l);
    else
        text_head(w, l);
}

static void rule(struct writer *w, const struct policy_named *l, const struct policy_rule *r)
{
    if (l->kind <= POLICY_PREFIX6)
        prefix_rule(w, r, l->kind == POLICY_PREFIX6 ? AF_INET6 : AF_INET);
    else if (l->kind <= POLICY_ACCESS6)
        access_rule(w, r);
    else
        text_rule(w, r);
}

static void show_free(struct cli_req *r)
{
    struct show *sh = r->state;
    mem_free(MEM(policy), sh->only);
    mem_free(MEM(policy), sh->name);
    mem_free(MEM(policy), sh);
    r->state = NULL;
}

/* Rules of one list from sh->next_seq on, at most `room`; true when it is done. */
static bool show_rules(struct writer *w, struct show *sh, const struct policy_named *l,
                       unsigned *room)
{
    if (!sh->open) {
        head(w, sh, l);
        sh->open = true;
    }
    for (uint32_t i = 0; !sh->summary && i < l->n; i++) {
        const struct policy_rule *r = &l->rules[i];
        if (r->seq < sh->next_seq || (sh->only_seq && r->seq != sh->only_seq))
            continue;
        if (!*room)
            return false;
        --*room;
        rule(w, l, r);
        sh->next_seq = r->seq + 1;
    }
    writer_end(w);
    if (!sh->summary)
        writer_end(w);
    return true;
}

static int show_slice(struct cli_req *r)
{
    struct show *sh = r->state;
    struct writer *w = r->out;
    unsigned n, room = SLICE;
    struct policy_named **v = policy_sorted(shown, sh->kind, &n);
    int rc = CLI_OK;

    for (unsigned i = 0; i < n; i++) {
        if (sh->only && strcmp(v[i]->name, sh->only))
            continue;
        if (sh->name &&
            (sh->open ? strcmp(v[i]->name, sh->name) < 0 : strcmp(v[i]->name, sh->name) <= 0))
            continue;
        if (sh->open && strcmp(v[i]->name, sh->name)) { /* the list went away under us */
            writer_end(w);
            writer_end(w);
            sh->open = false;
        }
        if (!sh->open) {
            mem_free(MEM(policy), sh->name);
            sh->name = mem_strdup(MEM(policy), v[i]->name);
            sh->next_seq = 0;
        }
        sh->any = true;
        if (!room || !show_rules(w, sh, v[i], &room)) {
            rc = CLI_MORE;
            break;
        }
        sh->open = false;
    }
    mem_free(MEM(tmp), v);
    if (rc == CLI_MORE)
        return rc;
    if (sh->only && !sh->any && !writer_is_json(w))
        writer_line(w, "%% Can't find specified %s",
                    sh->kind <= POLICY_PREFIX6 ? "prefix-list" : "list");
    writer_end_all(w);
    return CLI_OK;
}

static int show_start(struct cli_req *r, enum policy_kind kind)
{
    struct show *sh = mem_calloc(MEM(policy), 1, sizeof(*sh));

    sh->kind = kind;
    sh->only = mem_strdup(MEM(policy), cli_arg_text(&r->args, "name"));
    sh->only_seq = (uint32_t)cli_arg_num(&r->args, "seqnum", 0);
    sh->summary = cli_has(&r->args, "summary");
    sh->detail = cli_has(&r->args, "detail");
    r->state = sh;
    r->cancel = show_free;
    r->resume = show_slice;
    writer_obj(r->out, NULL);
    if (kind <= POLICY_ACCESS6)
        writer_obj(r->out, shown->daemon);
    if (kind == POLICY_ACCESS4 || kind == POLICY_ACCESS6)
        writer_line(r->out, "%s:", shown->daemon);
    return show_slice(r);
}

static bool says6(const struct cli_req *r)
{
    const char *f = cli_arg_text(&r->args, "family");
    return f && !strcmp(f, "ipv6");
}

static int show_prefix_list(struct cli_req *r)
{
    return show_start(r, says6(r) ? POLICY_PREFIX6 : POLICY_PREFIX4);
}

static int show_access_list(struct cli_req *r)
{
    return show_start(r, says6(r) ? POLICY_ACCESS6 : POLICY_ACCESS4);
}

static int show_as_path(struct cli_req *r)
{
    return show_start(r, POLICY_AS_PATH);
}

static int show_community(struct cli_req *r)
{
    return show_start(r, POLICY_COMMUNITY);
}

static int show_large(struct cli_req *r)
{
    return show_start(r, POLICY_LARGE);
}

static int show_ext(struct cli_req *r)
{
    return show_start(r, POLICY_EXT);
}

/* `show ip prefix-list NAME PREFIX [longer|first-match]` */
static int show_prefix_match(struct cli_req *r)
{
    const struct cli_arg *p = cli_arg(&r->args, "prefix");
    bool longer = cli_has(&r->args, "longer"), first = cli_has(&r->args, "first-match");
    enum policy_kind kind = p->type == CLI_A_PFX6 ? POLICY_PREFIX6 : POLICY_PREFIX4;
    const struct policy_named *l = policy_find(shown, kind, cli_arg_text(&r->args, "name"));

    writer_obj(r->out, NULL);
    writer_arr(r->out, "entries");
    for (uint32_t i = 0; l && i < l->n; i++) {
        const struct policy_rule *x = &l->rules[i];
        bool in = longer ? !x->any && prefix_contains(&p->pfx, &x->p)
                         : !x->any && prefix_eq(&x->p, &p->pfx);
        if (first) {
            const uint8_t lo = x->ge ? x->ge : x->any ? 0 : x->p.len;
            const uint8_t hi = x->le             ? x->le
                               : x->any || x->ge ? prefix_maxlen(p->pfx.family)
                                                 : x->p.len;
            in =
                (x->any || prefix_contains(&x->p, &p->pfx)) && p->pfx.len >= lo && p->pfx.len <= hi;
        }
        if (!in)
            continue;
        prefix_rule(r->out, x, p->pfx.family);
        if (first)
            break;
    }
    writer_end_all(r->out);
    return CLI_OK;
}

/* ---- route-maps ---- */

static void map_clauses(struct writer *w, const struct policy_map_entry *e, bool set)
{
    writer_line(w, "  %s clauses:", set ? "Set" : "Match");
    writer_arr(w, set ? "setClauses" : "matchClauses");
    for (const struct policy_map_clause *c = e->clauses; c; c = c->next) {
        if ((c->arg->a.kind >= PS_FIRST) != set)
            continue;
        writer_line(w, "    %s", c->arg->a.text);
        writer_str(w, NULL, c->arg->a.text);
    }
    writer_end(w);
}

static void map_entry(struct writer *w, const struct policy_map_entry *e)
{
    char what[32];

    uint64_t invoked = policy_hits_sum(e->hits);
    writer_line(w, " %s, sequence %u Invoked %llu", e->permit ? "permit" : "deny", e->seq,
                (unsigned long long)invoked);
    if (e->description)
        writer_line(w, "  Description:\n    %s", e->description);
    writer_obj(w, NULL);
    writer_uint(w, "sequenceNumber", e->seq);
    writer_str(w, "type", e->permit ? "permit" : "deny");
    writer_uint(w, "invoked", invoked);
    writer_str(w, "description", e->description);
    map_clauses(w, e, false);
    map_clauses(w, e, true);
    writer_line(w, "  Call clause:");
    if (e->call)
        writer_line(w, "    Call %s", e->call);
    writer_str(w, "callClause", e->call);
    writer_line(w, "  Action:");
    if (e->on_match == 2)
        snprintf(what, sizeof(what), "Goto %u", e->go_to);
    else
        snprintf(what, sizeof(what), "%s",
                 e->on_match ? "Continue to next entry" : "Exit routemap");
    writer_line(w, "    %s", what);
    writer_str(w, "action", what);
    writer_end(w);
}

static int show_route_map(struct cli_req *r)
{
    const char *only = cli_arg_text(&r->args, "name");
    struct writer *w = r->out;
    bool any = false;
    unsigned n;
    struct policy_named **v = policy_sorted(shown, POLICY_ROUTE_MAP, &n);

    writer_line(w, "%s:", shown->daemon);
    writer_obj(w, NULL);
    writer_obj(w, shown->daemon);
    for (unsigned i = 0; i < n; i++) {
        const struct policy_named *l = v[i];
        if (only && strcmp(only, l->name))
            continue;
        any = true;
        uint64_t invoked = policy_hits_sum(l->hits);
        writer_line(w, "route-map: %s Invoked: %llu", l->name, (unsigned long long)invoked);
        writer_obj(w, l->name);
        writer_uint(w, "invoked", invoked);
        writer_arr(w, "rules");
        for (uint32_t k = 0; k < l->n_entries; k++)
            map_entry(w, l->entries[k]);
        writer_end(w);
        writer_end(w);
    }
    mem_free(MEM(tmp), v);
    if (only && !any && !writer_is_json(w))
        writer_line(w, "%%route-map %s not found", only);
    writer_end_all(w);
    return CLI_OK;
}

static const char help[] =
    "show|Show running system information\nip|IP information\nipv6|IPv6 "
    "information\nprefix-list|Build a prefix list\n"
    "access-list|List IP access lists\nroute-map|Route-map information\nseq|Sequence number of an "
    "entry\n"
    "summary|Summary of prefix lists\ndetail|Detail of prefix lists\nlonger|Lookup longer prefix\n"
    "first-match|First matched prefix\nbgp|BGP information\nas-path-access-list|List AS path "
    "access lists\n"
    "community-list|List community-lists\nlarge-community-list|List large community-lists\n"
    "extcommunity-list|List extended community-lists\njson|JavaScript Object Notation\n"
    "$name|Name of the list\n$seqnum|Sequence number\n$prefix|Prefix\n$family|Address family\n";

static const struct cli_cmd cmds[] = {
    { "view", "show <ip|ipv6>$family prefix-list [WORD$name [seq (1-4294967295)$seqnum]] [json]",
      help, show_prefix_list, CLI_F_VIEW },
    { "view", "show <ip|ipv6>$family prefix-list <summary|detail> [WORD$name] [json]", help,
      show_prefix_list, CLI_F_VIEW },
    { "view", "show ip prefix-list WORD$name A.B.C.D/M$prefix [longer|first-match] [json]", help,
      show_prefix_match, CLI_F_VIEW },
    { "view", "show ipv6 prefix-list WORD$name X:X::X:X/M$prefix [longer|first-match] [json]", help,
      show_prefix_match, CLI_F_VIEW },
    { "view", "show <ip|ipv6>$family access-list [WORD$name] [json]", help, show_access_list,
      CLI_F_VIEW },
    { "view", "show route-map [WORD$name] [json]", help, show_route_map, CLI_F_VIEW },
};
static const struct cli_cmd bgp_cmds[] = {
    { "view", "show bgp as-path-access-list [WORD$name] [json]", help, show_as_path, CLI_F_VIEW },
    { "view", "show bgp community-list [WORD$name] [detail] [json]", help, show_community,
      CLI_F_VIEW },
    { "view", "show bgp large-community-list [WORD$name] [detail] [json]", help, show_large,
      CLI_F_VIEW },
    { "view", "show bgp extcommunity-list [WORD$name] [detail] [json]", help, show_ext,
      CLI_F_VIEW },
};

void policy_show_add(struct cli_tree *t, struct policy_set *s)
{
    shown = s;
    cli_add_all(t, cmds, sizeof(cmds) / sizeof(cmds[0]));
    if (s->bgp)
        cli_add_all(t, bgp_cmds, sizeof(bgp_cmds) / sizeof(bgp_cmds[0]));
}
