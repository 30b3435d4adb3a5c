/* SPDX-License-Identifier: Apache-2.0
 * plugin.c - loading plugins.
 *
 * A plugin that is refused before its init() ran is unmapped again. One whose init() failed is
 * unmapped only if the command tree is what it was before: commands cannot be taken back, so init()
 * must do first what can fail.
 */
#include "config.h"
#include "plugin.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "daemon.h"
#include "mem.h"
#include "plugin_private.h"

MEM_DEFINE(plugin, "Plugin");

struct loaded {
    struct loaded *next;
    const struct godwit_plugin *p;
    char *args; /* init() may keep a pointer to them */
};

static struct loaded *loaded;

/* True when word is in the space-separated list, or the list is "*". */
static bool listed(const char *list, const char *word)
{
    if (strcmp(list, "*") == 0)
        return true;
    size_t n = strlen(word);
    for (const char *s = list; *s;) {
        s += strspn(s, " ");
        size_t len = strcspn(s, " ");
        if (len == n && strncmp(s, word, n) == 0)
            return true;
        s += len;
    }
    return false;
}

static int check_plugin(const struct daemon *d, const struct godwit_plugin *p, const char *name,
                        char *err, size_t errlen)
{
    if (!p) {
        snprintf(err, errlen, "%s is no Godwit plugin (it has no symbol godwit_plugin)", name);
        return -1;
    }
    if (p->abi != GODWIT_PLUGIN_ABI) {
        snprintf(err, errlen, "plugin %s is built for ABI %u, this daemon has %u", name, p->abi,
                 GODWIT_PLUGIN_ABI);
        return -1;
    }
    if (!p->name || !p->init || !p->daemons) {
        snprintf(err, errlen, "plugin %s has an incomplete descriptor", name);
        return -1;
    }
    if (!listed(p->daemons, d->name)) {
        snprintf(err, errlen, "plugin %s is for %s, not for %s", p->name, p->daemons, d->name);
        return -1;
    }
    for (const struct loaded *l = loaded; l; l = l->next)
        if (strcmp(l->p->name, p->name) == 0) {
            snprintf(err, errlen, "plugin %s is already loaded", p->name);
            return -1;
        }
    return 0;
}

int plugin_load(struct daemon *d, const char *spec, char *err, size_t errlen)
{
    char path[PATH_MAX];
    size_t n = strcspn(spec, ":");
    const char *args = spec[n] ? spec + n + 1 : NULL;
    int len;
    if (memchr(spec, '/', n))
        len = snprintf(path, sizeof(path), "%.*s", (int)n, spec);
    else
        len = snprintf(path, sizeof(path), "%s/%.*s.so", GW_PLUGINDIR, (int)n, spec);
    if (n == 0 || len < 0 || (size_t)len >= sizeof(path)) {
        snprintf(err, errlen, "bad plugin name: %s", spec);
        return -1;
    }
    dlerror();
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) {
        const char *why = dlerror();
        snprintf(err, errlen, "plugin %.*s: %s", (int)n, spec, why ? why : "cannot be loaded");
        return -1;
    }
    const struct godwit_plugin *p = dlsym(so, "godwit_plugin");
    if (check_plugin(d, p, path, err, errlen) < 0) {
        dlclose(so);
        return -1;
    }
    char *kept = mem_strdup(MEM(plugin), args);
    uint32_t before = cli_generation(d->cli);
    err[0] = '\0';
    if (p->init(d, kept, err, errlen) < 0) {
        if (!err[0])
            snprintf(err, errlen, "plugin %s refused to start", p->name);
        if (cli_generation(d->cli) == before) {
            mem_free(MEM(plugin), kept);
            dlclose(so);
        }
        return -1;
    }
    struct loaded *l = mem_calloc(MEM(plugin), 1, sizeof(*l));
    l->p = p;
    l->args = kept;
    l->next = loaded;
    loaded = l;
    return 0;
}

static void list_in_order(const struct loaded *l, void (*row)(void *, const struct godwit_plugin *),
                          void *ctx)
{
    if (!l)
        return;
    list_in_order(l->next, row, ctx);
    row(ctx, l->p);
}

void plugin_list(void (*row)(void *ctx, const struct godwit_plugin *p), void *ctx)
{
    list_in_order(loaded, row, ctx);
}

void plugin_fini_all(struct daemon *d)
{
    while (loaded) {
        struct loaded *l = loaded;
        loaded = l->next;
        if (l->p->fini)
            l->p->fini(d);
        /* Not unmapped: its commands are still in the tree. */
        mem_free(MEM(plugin), l->args);
        mem_free(MEM(plugin), l);
    }
}
