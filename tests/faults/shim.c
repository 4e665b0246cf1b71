/* Loaded before libc (LD_PRELOAD): counts the calls that change or open files under one folder, makes one of
 * them fail, and records them all.
 *
 * Nothing happens until shim_watch() is called. A call goes straight to the kernel, so that libc is not needed.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { OPEN = 1, WRITE, SYNC, RENAME, UNLINK, TRUNCATE, MKDIR, LOCK, NOTE, LINK };
enum fault { NO_FAULT, EIO_ONCE, ENOSPC_ONCE, EIO_ON, ENOSPC_ON, HALF, KILL_BEFORE, KILL_AFTER, SHORT, SHORT_ON };
enum { PASS, FAIL, SHORTEN, KILL, HALVE };

struct record {
    int32_t kind, fd, flags, result;
    int64_t offset, data_length;
    int32_t path_length, second_length;
};

static char folder[PATH_MAX];
static size_t folder_length; /* 0: nothing is watched */
static long calls, chosen_call;
static enum fault chosen_fault;
static int log_fd = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Watch a folder (an absolute path); call number `call`, from 1, gets the fault. `log` is a descriptor or -1. */
void shim_watch(const char *path, long call, int fault, int log) {
    snprintf(folder, sizeof folder, "%s", path);
    calls = 0;
    chosen_call = call;
    chosen_fault = fault;
    log_fd = log;
    folder_length = strlen(folder);
}

void shim_stop(void) { folder_length = 0; }

static int is_watched(const char *path) {
    return folder_length && path && strncmp(path, folder, folder_length) == 0 &&
           (path[folder_length] == '/' || path[folder_length] == 0);
}

static int path_of(int fd, char *path) {
    char link[64];
    if (!folder_length)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return is_watched(path);
}

static void kill_now(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;)
        pause();
}

static void put(const void *data, size_t length) {
    while (length) {
        ssize_t written = syscall(SYS_write, log_fd, data, length);
        if (written <= 0)
            return;
        data = (const char *)data + written;
        length -= written;
    }
}

static void record(enum kind kind, int fd, int flags, long result, const char *path, const char *second,
                   off_t offset, const void *data, size_t length) {
    if (log_fd < 0)
        return;
    struct record header = {kind, fd, flags, result, offset, length, strlen(path), strlen(second)};
    int error = errno;
    put(&header, sizeof header);
    put(path, header.path_length);
    put(second, header.second_length);
    put(data, length);
    errno = error;
}

/* A text in the record, such as an acknowledgement, between the calls. */
void shim_note(const char *text) {
    pthread_mutex_lock(&mutex);
    record(NOTE, -1, 0, 0, text, "", 0, "", 0);
    pthread_mutex_unlock(&mutex);
}

/* What happens to the next call. A full disk refuses only what needs room. */
static int next(enum kind kind, int needs_room) {
    long call = ++calls;
    if (!chosen_call || call < chosen_call)
        return PASS;
    int persistent = chosen_fault == EIO_ON || chosen_fault == ENOSPC_ON || chosen_fault == SHORT_ON;
    if (call > chosen_call && !persistent)
        return PASS;
    switch (chosen_fault) {
    case KILL_BEFORE:
        kill_now();
    case KILL_AFTER:
        return KILL;
    case HALF:
        return kind == WRITE ? HALVE : PASS;
    case SHORT_ON:
        if (call > chosen_call) {
            errno = EIO;
            return FAIL;
        }
        return kind == WRITE ? SHORTEN : PASS;
    case SHORT:
        return kind == WRITE ? SHORTEN : PASS;
    case ENOSPC_ONCE:
    case ENOSPC_ON:
        if (!needs_room)
            return PASS;
        errno = ENOSPC;
        return FAIL;
    case EIO_ONCE:
    case EIO_ON:
        errno = EIO;
        return FAIL;
    default:
        return PASS;
    }
}

/* Run an expression that makes the call, under the lock, with its fault and its record. */
#define CALL(kind, needs_room, fd, flags, path, second, offset, data, length, expression)                       \
    do {                                                                                                         \
        pthread_mutex_lock(&mutex);                                                                              \
        int what = next(kind, needs_room);                                                                       \
        long result = -1;                                                                                        \
        if (what != FAIL) {                                                                                      \
            result = (expression);                                                                               \
            if (what >= KILL)                                                                                    \
                kill_now();                                                                                      \
            record(kind, (kind) == OPEN ? (int)result : (fd), flags, result, path, second, offset, data,         \
                   (kind) == WRITE && result > 0 ? (size_t)result : 0);                                          \
        }                                                                                                        \
        int error = errno;                                                                                       \
        pthread_mutex_unlock(&mutex);                                                                            \
        errno = error;                                                                                           \
        (void)(length);                                                                                          \
        return result;                                                                                           \
    } while (0)

static int open_at(int at, const char *path, int flags, mode_t mode) {
    if (at != AT_FDCWD || !is_watched(path))
        return syscall(SYS_openat, at, path, flags, mode);
    CALL(OPEN, flags & O_CREAT, -1, flags, path, "", 0, "", 0, syscall(SYS_openat, at, path, flags, mode));
}

#define MODE                                                                                                     \
    mode_t mode = 0;                                                                                             \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                                       \
        va_list rest;                                                                                            \
        va_start(rest, flags);                                                                                   \
        mode = va_arg(rest, mode_t);                                                                             \
        va_end(rest);                                                                                            \
    }

int open(const char *path, int flags, ...) { MODE return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return open_at(at, path, flags | O_LARGEFILE, mode); }
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static size_t part(int what, size_t length) { return what == HALVE || what == SHORTEN ? (length + 1) / 2 : length; }

ssize_t write(int fd, const void *data, size_t length) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return syscall(SYS_write, fd, data, length);
    int flags = syscall(SYS_fcntl, fd, F_GETFL);
    off_t offset = syscall(SYS_lseek, fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    CALL(WRITE, 1, fd, 0, path, "", offset, data, length, syscall(SYS_write, fd, data, part(what, length)));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return syscall(SYS_pwrite64, fd, data, length, offset);
    CALL(WRITE, 1, fd, 0, path, "", offset, data, length,
         syscall(SYS_pwrite64, fd, data, part(what, length), offset));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

/* One piece at a time, as a short write may do. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    return count > 0 ? write(fd, pieces[0].iov_base, pieces[0].iov_len) : 0;
}
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
    return count > 0 ? pwrite64(fd, pieces[0].iov_base, pieces[0].iov_len, offset) : 0;
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
    return pwritev64(fd, pieces, count, offset);
}

static int sync_of(int number, int fd) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return syscall(number, fd);
    CALL(SYNC, 1, fd, 0, path, "", 0, "", 0, syscall(number, fd));
}
int fsync(int fd) { return sync_of(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_of(SYS_fdatasync, fd); }

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    if (!is_watched(from) && !is_watched(to))
        return syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    CALL(RENAME, 1, -1, 0, from, to, 0, "", 0, syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}
int renameat(int from_at, const char *from, int to_at, const char *to) {
    return renameat2(from_at, from, to_at, to, 0);
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    if (!is_watched(from) && !is_watched(to))
        return syscall(SYS_linkat, from_at, from, to_at, to, flags);
    CALL(LINK, 1, -1, 0, from, to, 0, "", 0, syscall(SYS_linkat, from_at, from, to_at, to, flags));
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char *path, int flags) {
    if (!is_watched(path))
        return syscall(SYS_unlinkat, at, path, flags);
    CALL(UNLINK, 0, -1, flags, path, "", 0, "", 0, syscall(SYS_unlinkat, at, path, flags));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) {
    int result = unlink(path);
    return result == -1 && errno == EISDIR ? rmdir(path) : result;
}

int ftruncate64(int fd, off64_t size) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return syscall(SYS_ftruncate, fd, size);
    CALL(TRUNCATE, 0, fd, 0, path, "", size, "", 0, syscall(SYS_ftruncate, fd, size));
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int mkdirat(int at, const char *path, mode_t mode) {
    if (!is_watched(path))
        return syscall(SYS_mkdirat, at, path, mode);
    CALL(MKDIR, 1, -1, 0, path, "", 0, "", 0, syscall(SYS_mkdirat, at, path, mode));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int flock(int fd, int operation) {
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return syscall(SYS_flock, fd, operation);
    CALL(LOCK, 0, fd, operation, path, "", 0, "", 0, syscall(SYS_flock, fd, operation));
}
