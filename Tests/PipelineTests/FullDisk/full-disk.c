// A disk that is full after so many bytes: loaded before the C library by LD_PRELOAD.
//
// FULL_DISK_ROOT   only files below this directory count
// FULL_DISK_BYTES  bytes that may still be written; then a write is cut short, and the next ones fail
//                  with ENOSPC, as do new directories and space that is asked for in advance
//
// Removed and truncated files give their bytes back, as they do on a disk: that is how a program that
// tidies up after a failure comes to write again.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long left;
static char root[PATH_MAX];
static size_t root_length;

__attribute__((constructor)) static void start(void) {
  const char *bytes = getenv("FULL_DISK_BYTES");
  const char *directory = getenv("FULL_DISK_ROOT");
  atomic_store(&left, bytes ? atol(bytes) : LONG_MAX);
  if (directory) strncpy(root, directory, sizeof root - 1);
  root_length = strlen(root);
}

static int path_counts(const char *path) {
  return root_length > 0 && strncmp(path, root, root_length) == 0
    && (path[root_length] == '/' || path[root_length] == 0);
}

static int file_counts(int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return path_counts(path);
}

// The bytes of `count` that fit; -1 with errno where none does.
static ssize_t room(int file, size_t count) {
  if (count == 0 || !file_counts(file)) return (ssize_t)count;
  long before = atomic_load(&left), taken;
  do {
    taken = before < (long)count ? before : (long)count;
    if (taken <= 0) {
      errno = ENOSPC;
      return -1;
    }
  } while (!atomic_compare_exchange_weak(&left, &before, before - taken));
  return taken;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t count) {
  ssize_t taken = room(file, count);
  return taken < 0 ? -1 : NEXT(write)(file, bytes, (size_t)taken);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  ssize_t taken = room(file, count);
  return taken < 0 ? -1 : NEXT(pwrite)(file, bytes, (size_t)taken, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  ssize_t taken = room(file, count);
  return taken < 0 ? -1 : NEXT(pwrite64)(file, bytes, (size_t)taken, offset);
}

// Whole or not at all: enough for the few callers there are.
ssize_t writev(int file, const struct iovec *parts, int count) {
  size_t total = 0;
  for (int part = 0; part < count; part += 1) total += parts[part].iov_len;
  ssize_t taken = room(file, total);
  if (taken >= 0 && (size_t)taken < total) {
    errno = ENOSPC;
    return -1;
  }
  return taken < 0 ? -1 : NEXT(writev)(file, parts, count);
}

static void give_back(off_t bytes) {
  if (bytes > 0) atomic_fetch_add(&left, (long)bytes);
}

// The bytes that go with a name: none where the file has another one.
static off_t bytes_of(const char *path) {
  struct stat status;
  if (!path_counts(path) || lstat(path, &status) != 0) return 0;
  return S_ISREG(status.st_mode) && status.st_nlink == 1 ? status.st_size : 0;
}

int unlink(const char *path) {
  off_t bytes = bytes_of(path);
  int result = NEXT(unlink)(path);
  if (result == 0) give_back(bytes);
  return result;
}

int rename(const char *from, const char *to) {
  off_t bytes = bytes_of(to);
  int result = NEXT(rename)(from, to);
  if (result == 0) give_back(bytes);
  return result;
}

int ftruncate(int file, off_t length) {
  struct stat status;
  off_t bytes = fstat(file, &status) == 0 && file_counts(file) ? status.st_size - length : 0;
  int result = NEXT(ftruncate)(file, length);
  if (result == 0) give_back(bytes);
  return result;
}

static int is_full(void) { return atomic_load(&left) <= 0; }

int mkdir(const char *path, mode_t mode) {
  struct stat status;
  if (is_full() && path_counts(path) && stat(path, &status) != 0) {
    errno = ENOSPC;
    return -1;
  }
  return NEXT(mkdir)(path, mode);
}

int fallocate(int file, int mode, off_t offset, off_t length) {
  if (is_full() && file_counts(file)) {
    errno = ENOSPC;
    return -1;
  }
  return NEXT(fallocate)(file, mode, offset, length);
}

int posix_fallocate(int file, off_t offset, off_t length) {
  if (is_full() && file_counts(file)) return ENOSPC;
  return NEXT(posix_fallocate)(file, offset, length);
}
