/* SPDX-License-Identifier: Apache-2.0
 * replay.c - main() of a fuzz target outside libFuzzer: feeds it every file of its corpus.
 *
 * usage: fuzz_NAME [CORPUS-DIRECTORY|FILE]...
 * Without an argument: $srcdir/tests/fuzz/corpus/NAME, where automake's test driver says what
 * $srcdir is. Files in sub-directories are not read. Each input is copied into a block of its exact
 * size, so that a sanitizer sees the first byte read past it. Always feeds the empty input, too.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned fed;

static int feed_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    uint8_t *buf = NULL;
    size_t len = 0, got;
    uint8_t chunk[4096];
    while ((got = fread(chunk, 1, sizeof(chunk), f)) > 0) {
        uint8_t *more = realloc(buf, len + got);
        if (!more)
            abort();
        buf = more;
        memcpy(buf + len, chunk, got);
        len += got;
    }
    fclose(f);
    LLVMFuzzerTestOneInput(buf ? buf : (const uint8_t *)"", len);
    free(buf);
    fed++;
    return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int feed(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -1;
    }
    if (!S_ISDIR(st.st_mode))
        return feed_file(path);
    struct dirent **names;
    int n = scandir(path, &names, NULL, by_name), rc = 0;
    for (int i = 0; i < n; i++) {
        char file[PATH_MAX];
        if (names[i]->d_name[0] != '.' &&
            snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) < (int)sizeof(file) &&
            stat(file, &st) == 0 && S_ISREG(st.st_mode) && feed_file(file) < 0)
            rc = -1;
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return n < 0 ? -1 : rc;
}

/* tests/fuzz/fuzz_update, or libtool's .libs/lt-fuzz_update > update */
static const char *target_name(const char *argv0)
{
    const char *name = strrchr(argv0, '/');
    name = name ? name + 1 : argv0;
    if (strncmp(name, "lt-", 3) == 0)
        name += 3;
    return strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
}

int main(int argc, char **argv)
{
    int rc = 0;
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        if (feed(argv[i]) < 0)
            rc = 1;
    if (argc == 1) {
        const char *srcdir = getenv("srcdir");
        char dir[PATH_MAX];
        snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
                 target_name(argv[0]));
        if (feed(dir) < 0)
            rc = 1;
    }
    printf("%u inputs replayed\n", fed);
    return rc || !fed;
}
