/* SPDX-License-Identifier: Apache-2.0
 * regex_safe.c - see regex_safe.h. Every expression is given a bound on the size to which
 * repetitions unroll it.
 */
#include "regex_safe.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LENGTH 1024
#define MAX_DEPTH  64
#define MAX_COST   20000 /* copies of single atoms */

/* The factor of a repetition at *p, which is moved behind it; 1 when there is none. */
static unsigned long repetition(const char **p)
{
    if (**p == '*' || **p == '+' || **p == '?') {
        ++*p;
        return 2;
    }
    if (**p != '{' || !isdigit((unsigned char)(*p)[1]))
        return 1;
    char *end;
    unsigned long lo = strtoul(*p + 1, &end, 10), hi = lo;
    if (*end == ',')
        hi = isdigit((unsigned char)end[1]) ? strtoul(end + 1, &end, 10) : (end++, lo + 1);
    *p = *end == '}' ? end + 1 : end;
    return (hi > lo ? hi : lo) + 1;
}

static const char *skip_bracket(const char *p) /* behind the '[' */
{
    if (*p == '^')
        p++;
    if (*p == ']')
        p++;
    while (*p && *p != ']') {
        if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '=')) {
            const char close[] = { p[1], ']', 0 }, *q = strstr(p + 2, close);
            p = q ? q + 1 : p;
        }
        p++;
    }
    return *p ? p + 1 : p;
}

static bool bounded(const char *p)
{
    unsigned long cost[MAX_DEPTH] = { 0 }, atom = 0;
    unsigned depth = 0;
    while (*p) {
        atom = 1;
        if (*p == '(') {
            if (++depth == MAX_DEPTH)
                return false;
            cost[depth] = 1;
            p++;
            continue;
        }
        if (*p == ')' && depth) {
            atom = cost[depth--];
            p++;
        } else if (*p == '[') {
            p = skip_bracket(p + 1);
        } else if (*p == '\\' && p[1]) {
            p += 2;
        } else {
            p++;
        }
        for (unsigned long f; (f = repetition(&p)) > 1;)
            if (f > MAX_COST || (atom *= f) > MAX_COST)
                return false;
        if ((cost[depth] += atom) > MAX_COST)
            return false;
    }
    return true;
}

int regex_safe_compile(regex_t *re, const char *pattern, int flags)
{
    if (strlen(pattern) > MAX_LENGTH)
        return REG_ESPACE;
    if (!bounded(pattern))
        return REG_BADRPT;
    return regcomp(re, pattern, flags | REG_EXTENDED);
}
