// Opening librdkafka: every function is looked up by its name before any may be called.

#include "CRDKafka.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct tapline_rdkafka_functions tapline_rdkafka;

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static bool is_open = false;
static bool has_mock = false;

/// Looks a function up; notes the first one that is missing.
static void *find(void *library, const char *name, const char **missing) {
  void *found = dlsym(library, name);
  if (found == NULL && *missing == NULL) *missing = name;
  return found;
}

static const char *fill(void *library, struct tapline_rdkafka_functions *table, bool *mock) {
  const char *missing = NULL;
  const char *missing_mock = NULL;
#define TAPLINE_FIND(result, name, parameters, arguments)                                          \
  *(void **)&table->name = find(library, #name, &missing);
#define TAPLINE_FIND_MOCK(result, name, parameters, arguments)                                     \
  *(void **)&table->name = find(library, #name, &missing_mock);
  TAPLINE_RDKAFKA_CORE(TAPLINE_FIND)
  TAPLINE_RDKAFKA_DATA(TAPLINE_FIND)
  TAPLINE_RDKAFKA_ADMIN(TAPLINE_FIND)
  TAPLINE_RDKAFKA_MOCK(TAPLINE_FIND_MOCK)
#undef TAPLINE_FIND
#undef TAPLINE_FIND_MOCK
  *(void **)&table->rd_kafka_producev = find(library, "rd_kafka_producev", &missing);
  *mock = missing_mock == NULL;
  return missing;
}

static int open_locked(const char *path, char *problem, size_t size) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    const char *reason = dlerror();
    snprintf(problem, size, "%s", reason != NULL ? reason : path);
    return TAPLINE_RDKAFKA_MISSING;
  }
  struct tapline_rdkafka_functions table;
  memset(&table, 0, sizeof(table));
  bool mock = false;
  const char *missing = fill(library, &table, &mock);
  if (missing != NULL) {
    snprintf(problem, size, "%s", missing);
    // Whatever opened may have started threads of its own: it stays mapped, unused.
    return TAPLINE_RDKAFKA_TOO_OLD;
  }
  // The table is read without a lock, so it is never written again.
  if (!is_open) {
    tapline_rdkafka = table;
    has_mock = mock;
    is_open = true;
  }
  return TAPLINE_RDKAFKA_OPEN;
}

int tapline_rdkafka_open(const char *path, char *problem, size_t size) {
  pthread_mutex_lock(&opening);
  int outcome = open_locked(path, problem, size);
  pthread_mutex_unlock(&opening);
  return outcome;
}

bool tapline_rdkafka_has_mock(void) {
  pthread_mutex_lock(&opening);
  bool has = has_mock;
  pthread_mutex_unlock(&opening);
  return has;
}

/// Tags of `rd_kafka_producev`.
enum {
  VTYPE_END = 0,
  VTYPE_TOPIC = 1,
  VTYPE_PARTITION = 3,
  VTYPE_VALUE = 4,
  VTYPE_KEY = 5,
  VTYPE_OPAQUE = 6,
  VTYPE_MSGFLAGS = 7,
  VTYPE_TIMESTAMP = 8,
  VTYPE_HEADERS = 10,
};

int tapline_rdkafka_produce(
    rd_kafka_t *client, const char *topic, int32_t partition, const void *key, size_t key_size,
    const void *value, size_t value_size, int64_t timestamp, rd_kafka_headers_t *headers,
    void *opaque) {
  if (headers == NULL) {
    return tapline_rdkafka.rd_kafka_producev(
        client, VTYPE_TOPIC, topic, VTYPE_PARTITION, partition, VTYPE_VALUE, (void *)value,
        value_size, VTYPE_KEY, (void *)key, key_size, VTYPE_TIMESTAMP, timestamp, VTYPE_MSGFLAGS,
        (int)RD_KAFKA_MSG_F_COPY, VTYPE_OPAQUE, opaque, VTYPE_END);
  }
  return tapline_rdkafka.rd_kafka_producev(
      client, VTYPE_TOPIC, topic, VTYPE_PARTITION, partition, VTYPE_VALUE, (void *)value,
      value_size, VTYPE_KEY, (void *)key, key_size, VTYPE_TIMESTAMP, timestamp, VTYPE_MSGFLAGS,
      (int)RD_KAFKA_MSG_F_COPY, VTYPE_HEADERS, headers, VTYPE_OPAQUE, opaque, VTYPE_END);
}
