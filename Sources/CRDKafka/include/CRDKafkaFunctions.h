// The functions of librdkafka that are used: result, name, parameters, arguments. Each line becomes
// a place in the table, a look-up by name, and a function of the same name for Swift.
#pragma once

#pragma clang assume_nonnull begin

#define TAPLINE_RDKAFKA_CORE(F)                                                                    \
  F(int, rd_kafka_version, (void), ())                                                             \
  F(const char *_Nonnull, rd_kafka_version_str, (void), ())                                        \
  F(const char *_Nonnull, rd_kafka_err2name, (int code), (code))                                   \
  F(const char *_Nonnull, rd_kafka_err2str, (int code), (code))                                    \
  F(rd_kafka_conf_t *_Nonnull, rd_kafka_conf_new, (void), ())                                      \
  F(void, rd_kafka_conf_destroy, (rd_kafka_conf_t * conf), (conf))                                 \
  F(int, rd_kafka_conf_set,                                                                        \
    (rd_kafka_conf_t * conf, const char *name, const char *value, char *problem, size_t size),     \
    (conf, name, value, problem, size))                                                            \
  F(void, rd_kafka_conf_set_opaque, (rd_kafka_conf_t * conf, void *_Nullable opaque),              \
    (conf, opaque))                                                                                \
  F(void, rd_kafka_conf_set_dr_msg_cb, (rd_kafka_conf_t * conf, tapline_delivery callback),        \
    (conf, callback))                                                                              \
  F(void, rd_kafka_conf_set_error_cb, (rd_kafka_conf_t * conf, tapline_client_error callback),     \
    (conf, callback))                                                                              \
  F(void, rd_kafka_conf_set_log_cb,                                                                \
    (rd_kafka_conf_t * conf, tapline_client_log _Nullable callback), (conf, callback))             \
  F(rd_kafka_t *_Nullable, rd_kafka_new,                                                           \
    (int type, rd_kafka_conf_t *conf, char *problem, size_t size), (type, conf, problem, size))    \
  F(void, rd_kafka_destroy_flags, (rd_kafka_t * client, int flags), (client, flags))               \
  F(int, rd_kafka_poll, (rd_kafka_t * client, int milliseconds), (client, milliseconds))           \
  F(int, rd_kafka_poll_set_consumer, (rd_kafka_t * client), (client))                              \
  F(int, rd_kafka_flush, (rd_kafka_t * client, int milliseconds), (client, milliseconds))          \
  F(int, rd_kafka_purge, (rd_kafka_t * client, int flags), (client, flags))                        \
  F(int, rd_kafka_outq_len, (rd_kafka_t * client), (client))                                       \
  F(int, rd_kafka_fatal_error, (rd_kafka_t * client, char *text, size_t size),                     \
    (client, text, size))                                                                          \
  F(char *_Nullable, rd_kafka_clusterid, (rd_kafka_t * client, int milliseconds),                  \
    (client, milliseconds))                                                                        \
  F(void, rd_kafka_mem_free, (rd_kafka_t * client, void *memory), (client, memory))                \
  F(int, rd_kafka_metadata,                                                                        \
    (rd_kafka_t * client, int all_topics, rd_kafka_topic_t *_Nullable only,                        \
     const rd_kafka_metadata_t *_Nullable *_Nonnull result, int milliseconds),                     \
    (client, all_topics, only, result, milliseconds))                                              \
  F(void, rd_kafka_metadata_destroy, (const rd_kafka_metadata_t *metadata), (metadata))            \
  F(rd_kafka_topic_t *_Nullable, rd_kafka_topic_new,                                               \
    (rd_kafka_t * client, const char *topic, void *_Nullable conf), (client, topic, conf))         \
  F(const char *_Nonnull, rd_kafka_topic_name, (const rd_kafka_topic_t *topic), (topic))            \
  F(void, rd_kafka_topic_destroy, (rd_kafka_topic_t * topic), (topic))                             \
  F(int, rd_kafka_produce,                                                                         \
    (rd_kafka_topic_t * topic, int32_t partition, int flags, void *_Nullable value,                \
     size_t value_size, const void *_Nullable key, size_t key_size, void *_Nullable opaque),       \
    (topic, partition, flags, value, value_size, key, key_size, opaque))                           \
  F(int, rd_kafka_last_error, (void), ())                                                          \
  F(int, rd_kafka_query_watermark_offsets,                                                         \
    (rd_kafka_t * client, const char *topic, int32_t partition, int64_t *low, int64_t *high,       \
     int milliseconds),                                                                            \
    (client, topic, partition, low, high, milliseconds))                                           \
  F(int, rd_kafka_offsets_for_times,                                                               \
    (rd_kafka_t * client, rd_kafka_topic_partition_list_t *times, int milliseconds),               \
    (client, times, milliseconds))

#define TAPLINE_RDKAFKA_DATA(F)                                                                    \
  F(rd_kafka_topic_partition_list_t *_Nonnull, rd_kafka_topic_partition_list_new, (int size), (size)) \
  F(void, rd_kafka_topic_partition_list_destroy, (rd_kafka_topic_partition_list_t * list), (list)) \
  F(rd_kafka_topic_partition_t *_Nonnull, rd_kafka_topic_partition_list_add,                       \
    (rd_kafka_topic_partition_list_t * list, const char *topic, int32_t partition),                \
    (list, topic, partition))                                                                      \
  F(rd_kafka_headers_t *_Nonnull, rd_kafka_headers_new, (size_t count), (count))                   \
  F(void, rd_kafka_headers_destroy, (rd_kafka_headers_t * headers), (headers))                     \
  F(int, rd_kafka_header_add,                                                                      \
    (rd_kafka_headers_t * headers, const char *name, ptrdiff_t name_size,                          \
     const void *_Nullable value, ptrdiff_t value_size),                                           \
    (headers, name, name_size, value, value_size))                                                 \
  F(int, rd_kafka_header_get_all,                                                                  \
    (const rd_kafka_headers_t *headers, size_t index, const char *_Nullable *_Nonnull name,        \
     const void *_Nullable *_Nonnull value, size_t *size),                                         \
    (headers, index, name, value, size))                                                           \
  F(int, rd_kafka_assign,                                                                          \
    (rd_kafka_t * client, const rd_kafka_topic_partition_list_t *_Nullable partitions),            \
    (client, partitions))                                                                          \
  F(ptrdiff_t, rd_kafka_consume_batch_queue,                                                       \
    (rd_kafka_queue_t * queue, int milliseconds, rd_kafka_message_t *_Nullable *_Nonnull messages, \
     size_t count),                                                                                \
    (queue, milliseconds, messages, count))                                                        \
  F(void, rd_kafka_message_destroy, (rd_kafka_message_t * message), (message))                     \
  F(int64_t, rd_kafka_message_timestamp, (const rd_kafka_message_t *message, int *type),           \
    (message, type))                                                                               \
  F(int, rd_kafka_message_headers,                                                                 \
    (const rd_kafka_message_t *message, rd_kafka_headers_t *_Nullable *_Nonnull headers),          \
    (message, headers))                                                                            \
  F(rd_kafka_queue_t *_Nonnull, rd_kafka_queue_new, (rd_kafka_t * client), (client))               \
  F(rd_kafka_queue_t *_Nullable, rd_kafka_queue_get_consumer, (rd_kafka_t * client), (client))     \
  F(void, rd_kafka_queue_destroy, (rd_kafka_queue_t * queue), (queue))                             \
  F(rd_kafka_event_t *_Nullable, rd_kafka_queue_poll, (rd_kafka_queue_t * queue, int milliseconds), \
    (queue, milliseconds))                                                                         \
  F(int, rd_kafka_event_error, (rd_kafka_event_t * event), (event))                                \
  F(const char *_Nullable, rd_kafka_event_error_string, (rd_kafka_event_t * event), (event))       \
  F(rd_kafka_topic_partition_list_t *_Nullable, rd_kafka_event_topic_partition_list,               \
    (rd_kafka_event_t * event), (event))                                                           \
  F(void, rd_kafka_event_destroy, (rd_kafka_event_t * event), (event))                             \
  F(int, rd_kafka_committed,                                                                       \
    (rd_kafka_t * client, rd_kafka_topic_partition_list_t *partitions, int milliseconds),          \
    (client, partitions, milliseconds))                                                            \
  F(int, rd_kafka_commit_queue,                                                                    \
    (rd_kafka_t * client, const rd_kafka_topic_partition_list_t *offsets,                          \
     rd_kafka_queue_t *queue, tapline_commit_done _Nullable callback, void *_Nullable opaque),     \
    (client, offsets, queue, callback, opaque))

#define TAPLINE_RDKAFKA_ADMIN(F)                                                                   \
  F(rd_kafka_AdminOptions_t *_Nullable, rd_kafka_AdminOptions_new,                                 \
    (rd_kafka_t * client, int operation), (client, operation))                                     \
  F(void, rd_kafka_AdminOptions_destroy, (rd_kafka_AdminOptions_t * options), (options))           \
  F(int, rd_kafka_AdminOptions_set_request_timeout,                                                \
    (rd_kafka_AdminOptions_t * options, int milliseconds, char *problem, size_t size),             \
    (options, milliseconds, problem, size))                                                        \
  F(rd_kafka_NewTopic_t *_Nullable, rd_kafka_NewTopic_new,                                         \
    (const char *topic, int partitions, int replicas, char *problem, size_t size),                 \
    (topic, partitions, replicas, problem, size))                                                  \
  F(int, rd_kafka_NewTopic_set_config,                                                             \
    (rd_kafka_NewTopic_t * topic, const char *name, const char *value), (topic, name, value))      \
  F(void, rd_kafka_NewTopic_destroy, (rd_kafka_NewTopic_t * topic), (topic))                       \
  F(void, rd_kafka_CreateTopics,                                                                   \
    (rd_kafka_t * client, rd_kafka_NewTopic_t *_Nonnull *_Nonnull topics, size_t count,            \
     const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue),                             \
    (client, topics, count, options, queue))                                                       \
  F(const rd_kafka_topic_result_t *_Nonnull *_Nullable, rd_kafka_CreateTopics_result_topics,       \
    (const rd_kafka_event_t *result, size_t *count), (result, count))                              \
  F(int, rd_kafka_topic_result_error, (const rd_kafka_topic_result_t *result), (result))           \
  F(const char *_Nullable, rd_kafka_topic_result_error_string,                                     \
    (const rd_kafka_topic_result_t *result), (result))                                             \
  F(rd_kafka_ConfigResource_t *_Nullable, rd_kafka_ConfigResource_new,                             \
    (int type, const char *name), (type, name))                                                    \
  F(void, rd_kafka_ConfigResource_destroy, (rd_kafka_ConfigResource_t * resource), (resource))     \
  F(void, rd_kafka_DescribeConfigs,                                                                \
    (rd_kafka_t * client, rd_kafka_ConfigResource_t *_Nonnull *_Nonnull resources, size_t count,   \
     const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue),                             \
    (client, resources, count, options, queue))                                                    \
  F(const rd_kafka_ConfigResource_t *_Nonnull *_Nullable,                                          \
    rd_kafka_DescribeConfigs_result_resources, (const rd_kafka_event_t *result, size_t *count),    \
    (result, count))                                                                               \
  F(int, rd_kafka_ConfigResource_error, (const rd_kafka_ConfigResource_t *resource), (resource))   \
  F(const rd_kafka_ConfigEntry_t *_Nonnull *_Nullable, rd_kafka_ConfigResource_configs,            \
    (const rd_kafka_ConfigResource_t *resource, size_t *count), (resource, count))                 \
  F(const char *_Nonnull, rd_kafka_ConfigEntry_name, (const rd_kafka_ConfigEntry_t *entry), (entry)) \
  F(const char *_Nullable, rd_kafka_ConfigEntry_value, (const rd_kafka_ConfigEntry_t *entry),      \
    (entry))                                                                                       \
  F(int, rd_kafka_ConfigEntry_is_default, (const rd_kafka_ConfigEntry_t *entry), (entry))          \
  F(void, rd_kafka_ListConsumerGroups,                                                             \
    (rd_kafka_t * client, const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue),        \
    (client, options, queue))                                                                      \
  F(const rd_kafka_ConsumerGroupListing_t *_Nonnull *_Nullable,                                    \
    rd_kafka_ListConsumerGroups_result_valid, (const rd_kafka_event_t *result, size_t *count),     \
    (result, count))                                                                               \
  F(const rd_kafka_error_t *_Nonnull *_Nullable, rd_kafka_ListConsumerGroups_result_errors,        \
    (const rd_kafka_event_t *result, size_t *count), (result, count))                              \
  F(const char *_Nonnull, rd_kafka_ConsumerGroupListing_group_id,                                  \
    (const rd_kafka_ConsumerGroupListing_t *group), (group))                                       \
  F(int, rd_kafka_ConsumerGroupListing_state, (const rd_kafka_ConsumerGroupListing_t *group),      \
    (group))                                                                                       \
  F(const char *_Nonnull, rd_kafka_consumer_group_state_name, (int state), (state))                \
  F(int, rd_kafka_error_code, (const rd_kafka_error_t *error), (error))                            \
  F(const char *_Nonnull, rd_kafka_error_string, (const rd_kafka_error_t *error), (error))         \
  F(rd_kafka_ListConsumerGroupOffsets_t *_Nullable, rd_kafka_ListConsumerGroupOffsets_new,         \
    (const char *group, const rd_kafka_topic_partition_list_t *_Nullable partitions),              \
    (group, partitions))                                                                           \
  F(void, rd_kafka_ListConsumerGroupOffsets_destroy,                                               \
    (rd_kafka_ListConsumerGroupOffsets_t * request), (request))                                    \
  F(void, rd_kafka_ListConsumerGroupOffsets,                                                       \
    (rd_kafka_t * client, rd_kafka_ListConsumerGroupOffsets_t *_Nonnull *_Nonnull requests,        \
     size_t count, const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue),               \
    (client, requests, count, options, queue))                                                     \
  F(const rd_kafka_group_result_t *_Nonnull *_Nullable,                                            \
    rd_kafka_ListConsumerGroupOffsets_result_groups,                                               \
    (const rd_kafka_event_t *result, size_t *count), (result, count))                              \
  F(const rd_kafka_error_t *_Nullable, rd_kafka_group_result_error,                                \
    (const rd_kafka_group_result_t *result), (result))                                             \
  F(const rd_kafka_topic_partition_list_t *_Nullable, rd_kafka_group_result_partitions,            \
    (const rd_kafka_group_result_t *result), (result))

/// The mock cluster: brokers of the library's own in this process, for tests. May be absent.
#define TAPLINE_RDKAFKA_MOCK(F)                                                                    \
  F(rd_kafka_mock_cluster_t *_Nullable, rd_kafka_mock_cluster_new,                                 \
    (rd_kafka_t * client, int brokers), (client, brokers))                                         \
  F(void, rd_kafka_mock_cluster_destroy, (rd_kafka_mock_cluster_t * cluster), (cluster))           \
  F(const char *_Nonnull, rd_kafka_mock_cluster_bootstraps, (const rd_kafka_mock_cluster_t *cluster), \
    (cluster))                                                                                     \
  F(int, rd_kafka_mock_topic_create,                                                               \
    (rd_kafka_mock_cluster_t * cluster, const char *topic, int partitions, int replicas),          \
    (cluster, topic, partitions, replicas))                                                        \
  F(int, rd_kafka_mock_partition_set_leader,                                                       \
    (rd_kafka_mock_cluster_t * cluster, const char *topic, int32_t partition, int32_t broker),     \
    (cluster, topic, partition, broker))                                                           \
  F(int, rd_kafka_mock_broker_set_down, (rd_kafka_mock_cluster_t * cluster, int32_t broker),       \
    (cluster, broker))                                                                             \
  F(int, rd_kafka_mock_broker_set_up, (rd_kafka_mock_cluster_t * cluster, int32_t broker),         \
    (cluster, broker))                                                                             \
  F(int, rd_kafka_mock_broker_set_rtt,                                                             \
    (rd_kafka_mock_cluster_t * cluster, int32_t broker, int milliseconds),                         \
    (cluster, broker, milliseconds))                                                               \
  F(void, rd_kafka_mock_push_request_errors_array,                                                 \
    (rd_kafka_mock_cluster_t * cluster, int16_t api, size_t count, const int *codes),              \
    (cluster, api, count, codes))

struct tapline_rdkafka_functions {
#define TAPLINE_FIELD(result, name, parameters, arguments) result(*_Null_unspecified name) parameters;
  TAPLINE_RDKAFKA_CORE(TAPLINE_FIELD)
  TAPLINE_RDKAFKA_DATA(TAPLINE_FIELD)
  TAPLINE_RDKAFKA_ADMIN(TAPLINE_FIELD)
  TAPLINE_RDKAFKA_MOCK(TAPLINE_FIELD)
#undef TAPLINE_FIELD
  /// Declared apart: it takes what tags its arguments.
  int (*_Null_unspecified rd_kafka_producev)(rd_kafka_t *client, ...);
};

/// Written once, before `tapline_rdkafka_open` first answers that the library is open.
extern struct tapline_rdkafka_functions tapline_rdkafka;

#define TAPLINE_CALL(result, name, parameters, arguments)                                          \
  static inline result name parameters { return tapline_rdkafka.name arguments; }
TAPLINE_RDKAFKA_CORE(TAPLINE_CALL)
TAPLINE_RDKAFKA_DATA(TAPLINE_CALL)
TAPLINE_RDKAFKA_ADMIN(TAPLINE_CALL)
TAPLINE_RDKAFKA_MOCK(TAPLINE_CALL)
#undef TAPLINE_CALL

#pragma clang assume_nonnull end
