/* SPDX-License-Identifier: Apache-2.0
 * privs.c - from root to what the daemon needs.
 *
 * Order: keep capabilities over the change of uid, set groups, uid, then exactly the wanted
 * capabilities as permitted and effective, and no_new_privs. Capabilities are per thread, so this
 * is done before the daemon starts threads.
 */
#include "config.h"
#include "privs.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(char *err, size_t errlen, int e, const char *what, const char *arg)
{
    snprintf(err, errlen, "%s%s%s: %s", what, arg ? " " : "", arg ? arg : "", strerror(e));
    return -e;
}

/* user and group to numbers; (uid_t)-1 and (gid_t)-1: stay. */
static int resolve(const char *user, const char *group, uid_t *uid, gid_t *gid)
{
    *uid = (uid_t)-1;
    *gid = (gid_t)-1;
    if (user) {
        struct passwd *pw = getpwnam(user);
        if (!pw)
            return -ENOENT;
        *uid = pw->pw_uid;
        *gid = pw->pw_gid;
    }
    if (group) {
        struct group *gr = getgrnam(group);
        if (!gr)
            return -ENOENT;
        *gid = gr->gr_gid;
    }
    return 0;
}

/* "cap_a,cap_b" or "cap_a,cap_b+ep", and what root needs besides to reach files that are not its.
 */
static cap_t wanted_caps(const char *keep, bool stays_root)
{
    char text[512];
    size_t n = keep ? strcspn(keep, "+= ") : 0;
    const char *root = stays_root ? "cap_dac_override,cap_fowner,cap_chown,cap_kill" : "";
    int len = snprintf(text, sizeof(text), "%.*s%s%s", (int)n, n ? keep : "", n && *root ? "," : "",
                       root);
    if (len < 0 || (size_t)len + 4 > sizeof(text))
        return NULL;
    if (len)
        strcat(text, "=ep");
    return cap_from_text(text);
}

int privs_drop(const char *user, const char *group, const char *keep_caps, char *err, size_t errlen)
{
    uid_t uid;
    gid_t gid;
    if (geteuid() != 0)
        return 0;
    if (resolve(user, group, &uid, &gid) < 0)
        return refuse(err, errlen, ENOENT, "user or group unknown:", user ? user : group);
    bool stays_root = uid == (uid_t)-1 || uid == 0;
    cap_t caps = wanted_caps(keep_caps, stays_root);
    if (!caps)
        return refuse(err, errlen, EINVAL, "capabilities", keep_caps);

    int rc = 0;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        rc = refuse(err, errlen, errno, "keeping capabilities", NULL);
    else if (gid != (gid_t)-1 && (user ? initgroups(user, gid) : setgroups(1, &gid)) < 0)
        rc = refuse(err, errlen, errno, "groups of", user ? user : group);
    else if (gid != (gid_t)-1 && setresgid(gid, gid, gid) < 0)
        rc = refuse(err, errlen, errno, "changing to group", group ? group : user);
    else if (!stays_root && setresuid(uid, uid, uid) < 0)
        rc = refuse(err, errlen, errno, "changing to user", user);
    else if (cap_set_proc(caps) < 0)
        rc = refuse(err, errlen, errno, "setting capabilities", keep_caps);
    else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        rc = refuse(err, errlen, errno, "no_new_privs", NULL);
    cap_free(caps);
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return rc;
}

int privs_make_dir(const char *dir, const char *user, const char *group)
{
    struct stat st;
    uid_t uid;
    gid_t gid;
    if (stat(dir, &st) == 0)
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        return -errno;
    if (geteuid() != 0)
        return 0;
    if (resolve(user, group, &uid, &gid) < 0)
        return -ENOENT;
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) && chown(dir, uid, gid) < 0)
        return -errno;
    return 0;
}
