/* SPDX-License-Identifier: Apache-2.0
 * daemon_private.h - what daemon.c, daemon_options.c and daemon_config.c share.
 */
#ifndef GW_DAEMON_PRIVATE_H
#define GW_DAEMON_PRIVATE_H
#include "daemon.h"

#define DAEMON_LIST_MAX 16
struct daemon_options {
    bool daemonize, dry_run, skip_user, grammar;
    const char *config_arg;  /* -f */
    const char *log[DAEMON_LIST_MAX];
    unsigned n_log;
    const char *plugin[DAEMON_LIST_MAX];
    unsigned n_plugin;
};
/* Fills d's paths and flags and *o. Ends the process on -h, -v and on a bad option. */
void daemon_options_parse(struct daemon *d, struct daemon_options *o, int argc, char **argv);

/* The texts of the configuration files, read while privileged, applied afterwards. */
struct daemon_config;
/* must_exist: a missing config_arg ends the process. */
struct daemon_config *daemon_config_read(struct daemon *d, const char *config_arg, bool must_exist);
/* Bad lines are reported to the log, and to stderr as long as that is open. Returns how many.
 * dry_run: nothing is applied. */
unsigned daemon_config_apply(struct daemon *d, struct daemon_config *c, bool dry_run);
void daemon_config_free(struct daemon_config *c);

/* daemon_grammar.c */
void daemon_grammar_print(struct daemon *d); /* to stdout, for the installation */
/* A line that no installed daemon knows; the lines up to `last` are its block. */
typedef void daemon_unknown_fn(void *ctx, unsigned lineno, unsigned last, int rc, const char *line);
/* False: d is not installed, nothing can be said. */
bool daemon_grammar_check(struct daemon *d, const char *dir, const char *text, daemon_unknown_fn *unknown, void *ctx);
#endif
