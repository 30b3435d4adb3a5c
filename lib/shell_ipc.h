/* SPDX-License-Identifier: Apache-2.0
 * shell_ipc.h - messages of the shell service (proto/shell.proto) as domain structs; for shell_ipc*.c and vtysh.
 */
#ifndef GW_SHELL_IPC_H
#define GW_SHELL_IPC_H
#include "ipc.h"

#define SHELL_VERSION     1
#define SHELL_MIN_VERSION 1
#define SHELL_WINDOW      (256 * 1024) /* output that may be unacknowledged */
#define SHELL_CHUNK       (32 * 1024)
#define SHELL_MAX_PATH    16

enum shell_type {
    ST_HELLO = 1, ST_GRAMMAR_GET, ST_GRAMMAR, ST_RUN, ST_OUTPUT, ST_OUTPUT_ACK, ST_DONE, ST_CANCEL, ST_RUNNING_CONFIG,
    ST_CONFIG_TEXT, ST_CONFIG_LOAD, ST_CONFIG_PREPARE, ST_CONFIG_COMMIT, ST_CONFIG_ABORT, ST_CONFIG_REPORT,
};
struct shell_msg {
    enum shell_type type;
    uint32_t id;
    uint32_t rc;
    uint32_t generation;
    uint32_t number;             /* OUTPUT_ACK: bytes; CONFIG_REPORT: line number; DONE: changes */
    uint32_t reports;
    bool secrets;
    const uint8_t *data;         /* OUTPUT, GRAMMAR, CONFIG_TEXT */
    size_t len;
    const char *line;            /* RUN, CONFIG_REPORT */
    const char *message;         /* CONFIG_REPORT; HELLO: software */
    const char *name;            /* HELLO */
    uint32_t version;            /* HELLO */
    const char *path[SHELL_MAX_PATH];
    unsigned n_path;
};
struct ipc_arena;
/* 0; -ENOMSG for an unknown type; -EBADMSG and *ret_why. Text lies in the arena. */
int shell_msg_decode(uint16_t type, const uint8_t *p, size_t len, struct ipc_arena *a, struct shell_msg *ret,
                     const char **ret_why);
size_t shell_msg_encode(const struct shell_msg *m, uint8_t *buf, size_t cap); /* size; written when it fits */
bool shell_msg_send(struct ipc_link *l, const struct shell_msg *m);
#endif
