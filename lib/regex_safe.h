/* SPDX-License-Identifier: Apache-2.0
 * regex_safe.h - regular expressions that somebody typed.
 *
 * glibc's regcomp() unrolls repetitions: "a++++++++" or "((((a+)+)+)+)+" double its memory with each
 * repetition, and a{1,30000} takes as many copies. A daemon must not die of an expression, so those are refused.
 */
#ifndef GW_REGEX_SAFE_H
#define GW_REGEX_SAFE_H
#include <regex.h>
/* As regcomp() with POSIX extended syntax; REG_BADRPT for what would grow out of bounds, REG_ESPACE when longer than 1024. */
int regex_safe_compile(regex_t *re, const char *pattern, int flags);
#endif
