/* SPDX-License-Identifier: Apache-2.0
 * demo_schema.h - a small router's schema, for the tests of the command and configuration engine.
 */
#ifndef GW_DEMO_SCHEMA_H
#define GW_DEMO_SCHEMA_H
#include "conf.h"

struct demo {
    struct cli_tree *tree;
    struct conf *conf;
    char log[65536]; /* what was applied: "+line", "-line", "{node", "}node", one a line */
    size_t n;
    bool quiet;
};
void demo_init(struct demo *d);
void demo_fini(struct demo *d);
#endif
