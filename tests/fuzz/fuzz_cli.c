/* SPDX-License-Identifier: Apache-2.0
 * fuzz_cli.c - lines from a shell: each line of the input is matched, asked help for, completed and
 * run in a session; then it is taken as a command's grammar and as an exported line.
 */
#include "../unit/demo_schema.h"
#include "mem.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void row(void *ctx, const char *word, const char *help) {}
static void word(void *ctx, const char *w) {}
static void sink(void *ctx, const char *text, size_t len) {}
static void done(void *ctx, int rc) {}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct demo d;
    char *text = strndup((const char *)data, size), *p = text, *line, err[80];
    if (!d.tree) /* the schema stays from input to input, the configuration does not */
        demo_init(&d);
    struct cli_tree *other = cli_tree_new(NULL);
    struct cli_session *s = cli_session_new(d.tree, d.conf);
    while ((line = strsep(&p, "\n"))) {
        struct cli_cmd cmd = { "view", line, line, NULL, 0 };
        cli_help(d.tree, cli_session_node(s), line, row, NULL);
        cli_complete(d.tree, cli_session_node(s), line, word, NULL);
        if (!strstr(line, "count")) /* counting down from a billion is no fault */
            cli_session_run(s, line, sink, done, NULL);
        cli_import(other, "fuzz", line);
        if (cli_add(other, &cmd, err, sizeof(err)) == 0)
            cli_help(other, "view", line, row, NULL);
    }
    cli_session_free(s);
    cli_tree_free(other);
    conf_replace(d.conf, "", false, NULL, NULL, NULL);
    d.n = 0;
    free(text);
    return 0;
}
