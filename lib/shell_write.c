/* SPDX-License-Identifier: Apache-2.0
 * shell_write.c - show running-config and startup-config, write, copy.
 *
 * A daemon writes its own file and no other: when it was started from the file that all daemons
 * share, that one is vtysh's to write, and the daemon's own is DAEMON.conf beside it. The new text
 * goes to a file in the same directory, is synced, and takes the old one's place by rename.
 */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli.h"
#include "conf.h"
#include "mem.h"
#include "shell_private.h"

static struct daemon *self;

void shell_config_text(struct daemon *d, bool secrets, void (*line)(void *ctx, const char *text),
                       void *ctx)
{
    line(ctx, "frr version " SHELL_FRR_VERSION);
    if (!d->datacenter) /* else the row prints it */
        line(ctx, "frr defaults traditional");
    conf_print(d->conf, secrets, line, ctx);
}

static void out_line(void *ctx, const char *text)
{
    writer_line(ctx, "%s", text);
}

static int show_running(struct cli_req *r)
{
    if (!cli_has(&r->args, "no-header")) {
        writer_line(r->out, "Building configuration...");
        writer_line(r->out, "%s", "");
        writer_line(r->out, "Current configuration:");
        writer_line(r->out, "!");
    }
    shell_config_text(self, true, out_line, r->out);
    writer_line(r->out, "end");
    return CLI_OK;
}

/* As FRR's daemons answer its shell: which adds header and end itself. */
static int write_terminal(struct cli_req *r)
{
    shell_config_text(self, true, out_line, r->out);
    return CLI_OK;
}

static void own_file(char *path, size_t len)
{
    const char *file = self->config_file, *base = strrchr(file, '/');
    int dir = base ? (int)(base - file) + 1 : 0;
    base = file + dir;
    if (strcmp(base, "frr.conf") && strcmp(base, "godwit.conf"))
        snprintf(path, len, "%s", file);
    else
        snprintf(path, len, "%.*s%s.conf", dir, file, self->progname);
}

static void file_line(void *ctx, const char *text)
{
    FILE *f = ctx;
    fputs(text, f);
    fputc('\n', f);
}

/* Makes a temporary file beside path, with the permissions of the file that it will replace. */
static FILE *temp_open(const char *path, char *temp, size_t len)
{
    struct stat st;
    if ((size_t)snprintf(temp, len, "%s.XXXXXX", path) >= len) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return NULL;
    bool had = stat(path, &st) == 0;
    if (had && fchown(fd, st.st_uid, st.st_gid) < 0)
        st.st_mode &= 0700; /* not to be read by a group that is not the old one */
    if (fchmod(fd, had ? st.st_mode & 07777 : 0640) < 0) {
        close(fd);
        unlink(temp);
        return NULL;
    }
    return fdopen(fd, "w");
}

static int sync_dir(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static int write_file(const char *path)
{
    char temp[PATH_MAX];
    FILE *f = temp_open(path, temp, sizeof(temp));
    if (!f)
        return -errno;
    fprintf(f, "!\n! Configuration saved by %s\n!\n", self->name);
    shell_config_text(self, true, file_line, f);
    bool bad = fflush(f) != 0 || ferror(f) || fsync(fileno(f)) < 0;
    int e = errno;
    if (fclose(f) != 0 && !bad) {
        bad = true;
        e = errno;
    }
    if (!bad && rename(temp, path) == 0)
        return sync_dir(path);
    e = bad ? e : errno;
    unlink(temp);
    return e ? -e : -EIO;
}

static int write_memory(struct cli_req *r)
{
    char path[PATH_MAX];
    own_file(path, sizeof(path));
    int rc = write_file(path);
    if (rc < 0) {
        writer_error(r->out, "Can't write configuration file %s: %s", path, strerror(-rc));
        return CLI_WARNING;
    }
    writer_line(r->out, "Configuration saved to %s", path);
    return CLI_OK;
}

static int show_startup(struct cli_req *r)
{
    char text[4096];
    FILE *f = fopen(self->config_file, "re");
    if (!f) {
        writer_error(r->out, "Can't open configuration file [%s]: %s", self->config_file,
                     strerror(errno));
        return CLI_WARNING;
    }
    size_t n;
    while ((n = fread(text, 1, sizeof(text), f)) > 0)
        writer_text(r->out, "%.*s", (int)n, text);
    fclose(f);
    return CLI_OK;
}

static const char help[] = "running-config|Current operating configuration\nno-header|Skip "
                           "\"Building configuration...\" header\n"
                           "startup-config|Contents of startup configuration\nwrite|Write running "
                           "configuration to memory, network, or terminal\n"
                           "memory|Write configuration to the file\nfile|Write configuration to "
                           "the file\nintegrated|Write to the integrated file\n"
                           "terminal|Write to terminal\ncopy|Copy from one file to another\n";

static const struct cli_cmd cmds[] = {
    { "view", "show running-config [no-header]", help, show_running, 0 },
    { "view", "show startup-config", help, show_startup, 0 },
    { "view", "write terminal [no-header]", help, write_terminal, 0 },
    { "view", "write [<memory|file|integrated>]", help, write_memory, 0 },
    { "view", "copy running-config startup-config", help, write_memory, 0 },
};

void shell_write_add(struct daemon *d)
{
    self = d;
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}
