/* SPDX-License-Identifier: Apache-2.0
 * fuzz_conf.c - configuration files: the input, at a NUL cut in two, is loaded and then replaced. What is
 * printed must load without complaint, print the same again, and replacing by it must change nothing.
 */
#include "../unit/demo_schema.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(void *ctx, const char *line)
{
    char **t = ctx;
    size_t n = *t ? strlen(*t) : 0, l = strlen(line);
    *t = realloc(*t, n + l + 2);
    memcpy(*t + n, line, l);
    strcpy(*t + n + l, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct demo d, e;
    char *text = calloc(1, size + 2), *first = NULL, *again = NULL;
    unsigned changes = 0;
    memcpy(text, data, size);
    if (!d.tree) { /* the schema stays from input to input, the configuration does not */
        demo_init(&d);
        demo_init(&e);
    }
    conf_load(d.conf, text, NULL, NULL);
    conf_replace(d.conf, text + strlen(text) + 1, false, NULL, NULL, NULL);
    conf_print(d.conf, true, add, &first);
    if (first && conf_load(e.conf, first, NULL, NULL))
        abort();
    conf_print(e.conf, true, add, &again);
    if (strcmp(first ? first : "", again ? again : ""))
        abort();
    if (conf_replace(d.conf, first ? first : "", false, NULL, NULL, &changes) || changes)
        abort();
    conf_replace(d.conf, "", false, NULL, NULL, NULL);
    conf_replace(e.conf, "", false, NULL, NULL, NULL);
    d.n = e.n = 0;
    free(text);
    free(first);
    free(again);
    return 0;
}
