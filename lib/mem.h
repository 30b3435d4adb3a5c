/* SPDX-License-Identifier: Apache-2.0
 * mem.h - counted allocation by type, as `show memory` prints it.
 *
 * Out of memory ends the daemon with a log line: nothing above this layer checks for NULL.
 * The counters are updated with relaxed atomics, so any thread may allocate.  Nothing on a
 * route's hot path allocates; it takes from pools (pool.h), which are counted here as well.
 */
#ifndef GW_MEM_H
#define GW_MEM_H
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct mem_type {
    const char *name;         /* "BGP attribute": what `show memory` prints */
    _Atomic(uint64_t) count;  /* live objects */
    _Atomic(uint64_t) bytes;  /* live bytes, as asked for */
    struct mem_type *next;    /* list of all types, newest first */
};

/* Declares a type in a header / defines it in one .c file (registered before main(), or by dlopen()). */
#define MEM_DECLARE(id) extern struct mem_type mem_type_##id
#define MEM_DEFINE(id, text)                                                                       \
    struct mem_type mem_type_##id = { .name = (text) };                                            \
    __attribute__((constructor)) static void mem_register_##id(void)                               \
    {                                                                                              \
        mem_register(&mem_type_##id);                                                              \
    }                                                                                              \
    __attribute__((destructor)) static void mem_unregister_##id(void)                              \
    {                                                                                              \
        mem_unregister(&mem_type_##id);                                                            \
    }                                                                                              \
    struct mem_type mem_type_##id
#define MEM(id) (&mem_type_##id)

void mem_register(struct mem_type *t);
void mem_unregister(struct mem_type *t); /* a plugin's, when it is unloaded */
struct mem_type *mem_types(void);

/* Zeroed memory; never NULL. Freed with mem_free() under the same type. */
void *mem_calloc(struct mem_type *t, size_t n, size_t size);
void *mem_alloc(struct mem_type *t, size_t size); /* not zeroed */
void *mem_realloc(struct mem_type *t, void *p, size_t size);
char *mem_strdup(struct mem_type *t, const char *s);         /* NULL gives NULL */
void *mem_dup(struct mem_type *t, const void *p, size_t len);
void mem_free(struct mem_type *t, void *p);                   /* NULL is fine */
/* For memory that is not from here (mmap of a pool): only counts. */
void mem_count(struct mem_type *t, int64_t objects, int64_t bytes);

MEM_DECLARE(tmp);  /* short-lived */
MEM_DECLARE(str);  /* strings of the configuration */
#endif
