/* SPDX-License-Identifier: Apache-2.0
 * hello.c - the example plugin: one command, one setting.
 *
 *     bgpd -M hello             or at run time, in the shell:  plugin load hello
 *     hello message Good morning
 *     show hello [json]
 *
 * An argument (-M hello:TEXT) is the message until one is configured. It builds against the
 * installed headers: cc -shared -fPIC -I/usr/include/godwit hello.c -o hello.so
 */
#include "daemon.h"
#include "mem.h"
#include "plugin.h"

MEM_DEFINE(hello, "Plugin hello");

static const char default_message[] = "Hello, world";
static char *configured, *from_args;

static const char *message(void)
{
    return configured ? configured : from_args ? from_args : default_message;
}

static int show_hello(struct cli_req *r)
{
    writer_line(r->out, "%s", message());
    writer_obj(r->out, NULL);
    writer_str(r->out, "message", message());
    writer_bool(r->out, "configured", configured != NULL);
    writer_end(r->out);
    return CLI_OK;
}

static const struct cli_cmd commands[] = {
    { .node = "view",
      .grammar = "show hello [json]",
      .help = "hello|What the example plugin has to say\n",
      .fn = show_hello,
      .flags = CLI_F_VIEW },
};

static void apply_message(const struct conf_change *c)
{
    mem_free(MEM(hello), configured);
    configured =
        c->op == CONF_SET ? mem_strdup(MEM(hello), cli_arg_text(c->args, "message_text")) : NULL;
}

static const struct conf_row rows[] = {
    { .node = "config",
      .grammar = "hello message LINE...$message_text",
      .help = "hello|The example plugin\nmessage|What it says\n$message_text|Text\n",
      .order = 900,
      .apply = apply_message },
};

static int init(struct daemon *d, const char *args, char *err, size_t errlen)
{
    if (conf_add_row(d->conf, &rows[0], err, errlen) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (cli_add(d->cli, &commands[i], err, errlen) < 0)
            return -1;
    from_args = mem_strdup(MEM(hello), args);
    return 0;
}

static void fini(struct daemon *d)
{
    (void)d;
    mem_free(MEM(hello), configured);
    mem_free(MEM(hello), from_args);
    configured = from_args = NULL;
}

extern const struct godwit_plugin godwit_plugin;
const struct godwit_plugin godwit_plugin = {
    .abi = GODWIT_PLUGIN_ABI,
    .name = "hello",
    .version = "1.0",
    .description = "an example: one command and one setting",
    .daemons = "*",
    .init = init,
    .fini = fini,
};
