// The Python side of `ClientInteropTests` for kafka-python: another code base than librdkafka, with
// newer versions of the requests, and the stricter reader of answers.

enum KafkaPythonScript {
  /// Arguments: the broker's address, then what to do. Prints `ok`, or fails with what was found.
  static let source = """
    import sys, threading, time
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
    from kafka.admin import NewTopic
    broker, what = sys.argv[1], sys.argv[2]
    admin = KafkaAdminClient(bootstrap_servers=broker)

    def wait(condition, seconds, say):
        end = time.time() + seconds
        while not condition():
            assert time.time() < end, say()
            time.sleep(0.05)

    def produce(topic, count, partitions=3, **settings):
        producer = KafkaProducer(bootstrap_servers=broker, linger_ms=5, **settings)
        futures = [producer.send(topic, key=b'k%d' % i, value=(b'%d ' % i) * 9, partition=i % partitions,
                                 headers=[('n', b'%d' % i)]) for i in range(count)]
        producer.flush(20)
        places = [future.get(10) for future in futures]
        producer.close()
        return places

    def codecs():
        admin.create_topics([NewTopic('py-codecs', 3, 1)])
        before = 0
        partition = TopicPartition('py-codecs', 1)
        for codec in [None, 'gzip', 'snappy', 'lz4', 'zstd']:
            for extra in [{}, {'enable_idempotence': False, 'acks': 1}]:
                places = produce('py-codecs', 60, compression_type=codec, **extra)
                assert [p.offset for p in places if p.partition == 1] == list(range(before, before + 20))
                consumer = KafkaConsumer(bootstrap_servers=broker, check_crcs=True)
                consumer.assign([partition])
                consumer.seek(partition, before + 5)
                records = []
                while len(records) < 15:
                    found = consumer.poll(timeout_ms=5000)
                    assert found, len(records)
                    records += found[partition]
                assert [r.offset for r in records] == list(range(before + 5, before + 20))
                assert records[0].headers == [('n', b'16')]
                consumer.close()
                before += 20

    def places():
        admin.create_topics([NewTopic('py-places', 1, 1)])
        produce('py-places', 10, 1)
        time.sleep(0.01)
        middle = int(time.time() * 1000)
        time.sleep(0.01)
        produce('py-places', 10, 1)
        partition = TopicPartition('py-places', 0)
        consumer = KafkaConsumer(bootstrap_servers=broker, group_id='py-places', enable_auto_commit=False)
        consumer.assign([partition])
        assert consumer.beginning_offsets([partition]) == {partition: 0}
        assert consumer.end_offsets([partition]) == {partition: 20}
        assert consumer.offsets_for_times({partition: middle})[partition].offset == 10
        assert consumer.offsets_for_times({partition: middle + 3600000})[partition] is None
        consumer.commit({partition: OffsetAndMetadata(7, 'note', -1)})
        assert consumer.committed(partition, metadata=True).metadata == 'note'
        assert consumer.end_offsets([partition])[partition] - consumer.committed(partition) == 13
        consumer.close()

    def team():
        admin.create_topics([NewTopic('py-team', 3, 1)])
        produce('py-team', 90)
        assigned, seen, stops = {}, set(), [threading.Event() for _ in range(3)]
        def member(i):
            consumer = KafkaConsumer('py-team', bootstrap_servers=broker, group_id='py-team',
                                     auto_offset_reset='earliest', session_timeout_ms=6000,
                                     heartbeat_interval_ms=300, auto_commit_interval_ms=200)
            while not stops[i].is_set():
                for partition, records in consumer.poll(timeout_ms=100).items():
                    seen.update((partition.partition, r.offset) for r in records)
                assigned[i] = [p.partition for p in consumer.assignment()]
            consumer.close()
            assigned[i] = []
        threads = [threading.Thread(target=member, args=(i,)) for i in range(3)]
        for thread in threads: thread.start()
        wait(lambda: sorted(map(len, assigned.values())) == [1, 1, 1] and len(seen) == 90, 30,
             lambda: (assigned, len(seen)))
        stops[0].set()
        threads[0].join()
        wait(lambda: sorted(sum(assigned.values(), [])) == [0, 1, 2], 20, lambda: assigned)
        groups = admin.describe_groups(['py-team'])
        assert 'Stable' in str(groups), groups
        for stop in stops: stop.set()
        for thread in threads: thread.join()
        assert 'py-team' in str(admin.list_groups())
        offsets = admin.list_group_offsets('py-team')
        assert str(offsets).count('30') >= 3, offsets
        admin.delete_groups(['py-team'])
        assert 'py-team' not in str(admin.list_groups())
        admin.delete_topics(['py-team'])
        assert 'py-team' not in admin.list_topics(), admin.list_topics()

    {'codecs': codecs, 'places': places, 'team': team}[what]()
    print('ok')
    """
}
