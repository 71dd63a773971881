// librdkafka as Swift can call it, without needing it to build or to start.
//
// The library is opened with dlopen when a profile asks for a remote Kafka. Declared here is what
// is used of its stable C interface (2.0.0 and later, the layouts are its ABI), under its own
// names: each function goes through one table that `tapline_rdkafka_open` fills once. Nothing may
// be called before that has answered TAPLINE_RDKAFKA_OPEN.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// How an attempt to open the library ended.
enum {
  TAPLINE_RDKAFKA_OPEN = 0,
  /// No such library, or one that cannot be loaded.
  TAPLINE_RDKAFKA_MISSING = 1,
  /// A function that is needed is not in it.
  TAPLINE_RDKAFKA_TOO_OLD = 2,
};

typedef struct rd_kafka_s rd_kafka_t;
typedef struct rd_kafka_conf_s rd_kafka_conf_t;
typedef struct rd_kafka_topic_s rd_kafka_topic_t;
typedef struct rd_kafka_queue_s rd_kafka_queue_t;
typedef struct rd_kafka_op_s rd_kafka_event_t;
typedef struct rd_kafka_headers_s rd_kafka_headers_t;
typedef struct rd_kafka_error_s rd_kafka_error_t;
typedef struct rd_kafka_AdminOptions_s rd_kafka_AdminOptions_t;
typedef struct rd_kafka_NewTopic_s rd_kafka_NewTopic_t;
typedef struct rd_kafka_topic_result_s rd_kafka_topic_result_t;
typedef struct rd_kafka_ConfigResource_s rd_kafka_ConfigResource_t;
typedef struct rd_kafka_ConfigEntry_s rd_kafka_ConfigEntry_t;
typedef struct rd_kafka_ConsumerGroupListing_s rd_kafka_ConsumerGroupListing_t;
typedef struct rd_kafka_ListConsumerGroupOffsets_s rd_kafka_ListConsumerGroupOffsets_t;
typedef struct rd_kafka_group_result_s rd_kafka_group_result_t;
typedef struct rd_kafka_mock_cluster_s rd_kafka_mock_cluster_t;

/// `rd_kafka_type_t`, `rd_kafka_conf_res_t`, `rd_kafka_timestamp_type_t` and flags.
enum {
  RD_KAFKA_PRODUCER = 0,
  RD_KAFKA_CONSUMER = 1,
  RD_KAFKA_CONF_OK = 0,
  RD_KAFKA_TIMESTAMP_NOT_AVAILABLE = 0,
  RD_KAFKA_TIMESTAMP_CREATE_TIME = 1,
  RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME = 2,
  RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE = 0x8,
  RD_KAFKA_PURGE_F_QUEUE = 0x1,
  RD_KAFKA_PURGE_F_INFLIGHT = 0x2,
  RD_KAFKA_MSG_F_COPY = 0x2,
  RD_KAFKA_ADMIN_OP_ANY = 0,
  RD_KAFKA_RESOURCE_TOPIC = 2,
};

/// Codes of `rd_kafka_resp_err_t` that are decided on; the broker's are 0 and above.
enum {
  RD_KAFKA_RESP_ERR_NO_ERROR = 0,
  RD_KAFKA_RESP_ERR__DESTROY = -197,
  RD_KAFKA_RESP_ERR__TRANSPORT = -195,
  RD_KAFKA_RESP_ERR__RESOLVE = -193,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT = -192,
  RD_KAFKA_RESP_ERR__PARTITION_EOF = -191,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION = -190,
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC = -188,
  RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN = -187,
  RD_KAFKA_RESP_ERR__INVALID_ARG = -186,
  RD_KAFKA_RESP_ERR__TIMED_OUT = -185,
  RD_KAFKA_RESP_ERR__QUEUE_FULL = -184,
  RD_KAFKA_RESP_ERR__SSL = -181,
  RD_KAFKA_RESP_ERR__UNKNOWN_GROUP = -179,
  RD_KAFKA_RESP_ERR__AUTHENTICATION = -169,
  RD_KAFKA_RESP_ERR__NO_OFFSET = -168,
  RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE = -166,
  RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE = -165,
  RD_KAFKA_RESP_ERR__PURGE_QUEUE = -152,
  RD_KAFKA_RESP_ERR__PURGE_INFLIGHT = -151,
  RD_KAFKA_RESP_ERR__FATAL = -150,
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET = -140,
  RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE = 1,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART = 3,
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE = 10,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS = 19,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION = 22,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID = 25,
  RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS = 27,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED = 29,
  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED = 30,
  RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED = 31,
  RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION = 35,
  RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS = 36,
};

#define RD_KAFKA_OFFSET_INVALID -1001

typedef struct rd_kafka_message_s {
  int err;
  rd_kafka_topic_t *_Nullable rkt;
  int32_t partition;
  void *_Nullable payload;
  size_t len;
  void *_Nullable key;
  size_t key_len;
  int64_t offset;
  void *_Nullable _private;
} rd_kafka_message_t;

typedef struct rd_kafka_topic_partition_s {
  char *_Nullable topic;
  int32_t partition;
  int64_t offset;
  void *_Nullable metadata;
  size_t metadata_size;
  void *_Nullable opaque;
  int err;
  void *_Nullable _private;
} rd_kafka_topic_partition_t;

typedef struct rd_kafka_topic_partition_list_s {
  int cnt;
  int size;
  rd_kafka_topic_partition_t *_Nullable elems;
} rd_kafka_topic_partition_list_t;

typedef struct rd_kafka_metadata_broker {
  int32_t id;
  char *_Nullable host;
  int port;
} rd_kafka_metadata_broker_t;

typedef struct rd_kafka_metadata_partition {
  int32_t id;
  int err;
  int32_t leader;
  int replica_cnt;
  int32_t *_Nullable replicas;
  int isr_cnt;
  int32_t *_Nullable isrs;
} rd_kafka_metadata_partition_t;

typedef struct rd_kafka_metadata_topic {
  char *_Nullable topic;
  int partition_cnt;
  rd_kafka_metadata_partition_t *_Nullable partitions;
  int err;
} rd_kafka_metadata_topic_t;

typedef struct rd_kafka_metadata {
  int broker_cnt;
  rd_kafka_metadata_broker_t *_Nullable brokers;
  int topic_cnt;
  rd_kafka_metadata_topic_t *_Nullable topics;
  int32_t orig_broker_id;
  char *_Nullable orig_broker_name;
} rd_kafka_metadata_t;

/// Called for every message that a producer was given, once its fate is known.
typedef void (*tapline_delivery)(
    rd_kafka_t *_Nullable client, const rd_kafka_message_t *_Nullable message,
    void *_Nullable opaque);
/// Called for what goes wrong outside any request: connections, names, certificates.
typedef void (*tapline_client_error)(
    rd_kafka_t *_Nullable client, int code, const char *_Nullable reason, void *_Nullable opaque);
typedef void (*tapline_client_log)(
    const rd_kafka_t *_Nullable client, int level, const char *_Nullable facility,
    const char *_Nullable text);
typedef void (*tapline_commit_done)(
    rd_kafka_t *_Nullable client, int code, rd_kafka_topic_partition_list_t *_Nullable offsets,
    void *_Nullable opaque);

#pragma clang assume_nonnull end
#include "CRDKafkaFunctions.h"
#pragma clang assume_nonnull begin

/// Opens the library at `path` (a name is searched as the system's linker does) and remembers it
/// for the process; the first one that opens stays. Safe from any thread; blocks on the file
/// system.
///
/// `problem` receives what is wrong, or the function that is missing, in the system's words.
int tapline_rdkafka_open(const char *path, char *problem, size_t size);

/// Whether the opened library has its mock cluster, which tests use.
bool tapline_rdkafka_has_mock(void);

/// Hands one message to a producer, which copies it; the headers are the producer's where this
/// answers 0, else still the caller's. A NULL key or value is Kafka's null.
int tapline_rdkafka_produce(
    rd_kafka_t *client, const char *topic, int32_t partition, const void *_Nullable key,
    size_t key_size, const void *_Nullable value, size_t value_size, int64_t timestamp,
    rd_kafka_headers_t *_Nullable headers, void *_Nullable opaque);

#pragma clang assume_nonnull end
