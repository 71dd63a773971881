// The Python side of `ClientInteropTests` for confluent-kafka, whose heart is librdkafka.

enum ConfluentScript {
  /// Arguments: the broker's address, then what to do. Prints `ok`, or fails with what was found.
  static let source = """
    import os, signal, subprocess, sys, threading, time
    from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
    from confluent_kafka.admin import (AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource,
                                       NewPartitions, NewTopic, OffsetSpec)
    broker, what = sys.argv[1], sys.argv[2]
    admin = AdminClient({'bootstrap.servers': broker})

    def done(futures):
        return {key: future.result(10) for key, future in futures.items()}

    def wait(condition, seconds, say):
        end = time.time() + seconds
        while not condition():
            assert time.time() < end, say()
            time.sleep(0.05)

    def topics():
        return sorted(admin.list_topics(timeout=5).topics)

    def end(topic, partition):
        consumer = Consumer({'bootstrap.servers': broker, 'group.id': 'nobody'})
        try: return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
        finally: consumer.close()

    def produce(topic, count, partitions=3, **settings):
        producer = Producer({'bootstrap.servers': broker, 'linger.ms': 5, **settings})
        places, failures = {}, []
        def delivered(error, message):
            if error: failures.append(error)
            else: places[message.value()] = (message.partition(), message.offset())
        for i in range(count):
            value = ('%s %d ' % (settings.get('compression.type', 'default'), i)) * 4
            producer.produce(topic, key='k%d' % i, value=value, partition=i % partitions,
                             headers={'n': str(i)}, on_delivery=delivered)
            producer.poll(0)
        assert producer.flush(20) == 0 and not failures, failures[:3]
        assert len(places) == count
        return places

    def read(topic, start, count, **settings):
        consumer = Consumer({'bootstrap.servers': broker, 'group.id': 'reader', **settings})
        consumer.assign([start])
        messages = []
        while len(messages) < count:
            message = consumer.poll(10)
            assert message and not message.error(), message and message.error()
            messages.append(message)
        consumer.close()
        return messages

    def admin_calls():
        done(admin.create_topics([NewTopic('admin', 2, 1, config={'retention.ms': '3600000'})]))
        for wrong, name in [(NewTopic('admin', 2, 1), 'TOPIC_ALREADY_EXISTS'),
                            (NewTopic('a/b', 1, 1), 'TOPIC_EXCEPTION'),
                            (NewTopic('two', 1, 4), 'INVALID_REPLICATION_FACTOR'),
                            (NewTopic('odd', 1, 1, config={'x': 'y'}), 'INVALID_CONFIG')]:
            try:
                done(admin.create_topics([wrong]))
                assert False, wrong
            except Exception as error:
                assert error.args[0].name() == name, (error.args[0].name(), name)
        assert 'admin' in topics() and 'two' not in topics()
        produce('admin', 20, 2)
        done(admin.create_partitions([NewPartitions('admin', 4)]))
        assert len(admin.list_topics('admin', timeout=5).topics['admin'].partitions) == 4
        resource = ConfigResource('topic', 'admin')
        settings = done(admin.describe_configs([resource]))[resource]
        assert settings['retention.ms'].value == '3600000'
        entry = ConfigEntry('retention.bytes', '12345', incremental_operation=AlterConfigOpType.SET)
        done(admin.incremental_alter_configs(
            [ConfigResource('topic', 'admin', incremental_configs=[entry])]))
        assert done(admin.describe_configs([resource]))[resource]['retention.bytes'].value == '12345'
        assert done(admin.delete_records([TopicPartition('admin', 0, 4)])).popitem()[1].low_watermark == 4
        assert end('admin', 0) == (4, 10)
        latest = done(admin.list_offsets({TopicPartition('admin', 0): OffsetSpec.max_timestamp()}))
        assert 4 <= latest.popitem()[1].offset <= 9
        cluster = admin.describe_cluster().result(10)
        assert len(cluster.nodes) == 1 and cluster.controller.id == 1
        done(admin.delete_topics(['admin']))
        assert 'admin' not in topics()

    def codecs():
        done(admin.create_topics([NewTopic('codecs', 3, 1)]))
        before = 0
        for codec in ['none', 'gzip', 'snappy', 'lz4', 'zstd']:
            for extra in [{}, {'enable.idempotence': True}, {'acks': 1}, {'acks': 0}]:
                places = produce('codecs', 60, **{'compression.type': codec}, **extra)
                wait(lambda: end('codecs', 0)[1] == before + 20, 10, lambda: end('codecs', 0))
                messages = read('codecs', TopicPartition('codecs', 1, before), 20)
                assert [m.offset() for m in messages] == list(range(before, before + 20))
                assert all(m.value().startswith(codec.encode()) for m in messages)
                assert messages[0].headers() == [('n', b'1')]
                if extra.get('acks') != 0:
                    assert all(places[m.value()] == (1, m.offset()) for m in messages)
                before += 20

    def places():
        done(admin.create_topics([NewTopic('places', 1, 1)]))
        produce('places', 10, 1)
        time.sleep(0.01)
        middle = int(time.time() * 1000)
        time.sleep(0.01)
        produce('places', 10, 1)
        consumer = Consumer({'bootstrap.servers': broker, 'group.id': 'places',
                             'enable.auto.commit': False, 'auto.offset.reset': 'error'})
        def at(time):
            return consumer.offsets_for_times([TopicPartition('places', 0, time)], timeout=5)[0].offset
        assert (at(1), at(middle), at(middle + 3600000)) == (0, 10, -1), (at(1), at(middle))
        assert [m.offset() for m in read('places', TopicPartition('places', 0, 15), 5)] == [15, 16, 17, 18, 19]
        consumer.commit(offsets=[TopicPartition('places', 0, 7, metadata='note')], asynchronous=False)
        committed = consumer.committed([TopicPartition('places', 0)], timeout=5)[0]
        assert (committed.offset, committed.metadata) == (7, 'note')
        consumer.assign([TopicPartition('places', 0, 99)])
        message = consumer.poll(10)
        assert message and message.error(), message
        consumer.close()
        lag = end('places', 0)[1] - committed.offset
        assert lag == 13, lag

    MEMBER = '''
    import sys
    from confluent_kafka import Consumer
    consumer = Consumer({'bootstrap.servers': sys.argv[1], 'group.id': sys.argv[2],
        'session.timeout.ms': 6000, 'heartbeat.interval.ms': 300, 'auto.offset.reset': 'earliest'})
    consumer.subscribe([sys.argv[3]],
        on_assign=lambda c, ps: print('assigned', *sorted(p.partition for p in ps), flush=True))
    while True: consumer.poll(0.2)
    '''

    def killed():
        'Three members, of which one is a process that is killed.'
        done(admin.create_topics([NewTopic('team', 3, 1)]))
        seen, assigned, stop, lock = {}, {}, threading.Event(), threading.Lock()
        def member(i):
            consumer = Consumer({'bootstrap.servers': broker, 'group.id': 'team',
                                 'auto.offset.reset': 'earliest', 'session.timeout.ms': 6000,
                                 'heartbeat.interval.ms': 300, 'auto.commit.interval.ms': 200})
            consumer.subscribe(['team'],
                on_assign=lambda c, ps: assigned.__setitem__(i, [p.partition for p in ps]),
                on_revoke=lambda c, ps: assigned.__setitem__(i, []))
            while not stop.is_set():
                message = consumer.poll(0.1)
                if message and not message.error():
                    with lock: seen[(message.partition(), message.offset())] = i
            consumer.close()
        code = '\\n'.join(line[4:] if line.startswith('    ') else line for line in MEMBER.split('\\n'))
        process = subprocess.Popen([sys.executable, '-c', code, broker, 'team', 'team'],
                                   stdout=subprocess.DEVNULL)
        threads = [threading.Thread(target=member, args=(i,)) for i in range(2)]
        try:
            for thread in threads: thread.start()
            one_each = lambda: len(assigned) == 2 and all(len(p) == 1 for p in assigned.values())
            wait(one_each, 20, lambda: assigned)
            state = done(admin.describe_consumer_groups(['team']))['team']
            assert len(state.members) == 3 and state.state.name == 'STABLE', state.state
            process.send_signal(signal.SIGKILL)
            process.wait()
            produce('team', 90)
            wait(lambda: sorted(sum(assigned.values(), [])) == [0, 1, 2], 20, lambda: assigned)
            wait(lambda: len(seen) == 90, 10, lambda: len(seen))
        finally:
            process.kill()
            time.sleep(0.4)
            stop.set()
            for thread in threads: thread.join()
        offsets = done(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions('team')]))['team']
        assert sorted((p.partition, p.offset) for p in offsets.topic_partitions) == [(0, 30), (1, 30), (2, 30)]
        assert 'team' in [g.group_id for g in admin.list_consumer_groups().result(10).valid]
        done(admin.delete_consumer_groups(['team']))
        assert 'team' not in [g.group_id for g in admin.list_consumer_groups().result(10).valid]

    def static():
        'A static member leaves and comes back within its session: nobody else notices.'
        done(admin.create_topics([NewTopic('static', 2, 1)]))
        turns = []
        def member(name):
            consumer = Consumer({'bootstrap.servers': broker, 'group.id': 'static',
                                 'group.instance.id': name, 'session.timeout.ms': 8000,
                                 'heartbeat.interval.ms': 300})
            consumer.subscribe(['static'], on_assign=lambda c, ps: turns.append((name, sorted(p.partition for p in ps))))
            return consumer
        one, two = member('one'), member('two')
        def poll():
            one.poll(0.1); two.poll(0.1)
        def halved():
            poll()
            last = dict(turns)
            return len(last) == 2 and sorted(sum(last.values(), [])) == [0, 1]
        wait(halved, 20, lambda: turns)
        before = dict(turns)
        count = len([t for t in turns if t[0] == 'one'])
        two.close()
        two = member('two')
        wait(lambda: (poll(), turns[-1][0] == 'two' and len([t for t in turns if t[0] == 'two']) > 1)[1], 7, lambda: turns)
        assert dict(turns) == before, (turns, before)
        assert len([t for t in turns if t[0] == 'one']) == count, turns
        one.close(); two.close()

    def many():
        'Idempotent producers, whose broker goes down and comes back; for the test outside.'
        producer = Producer({'bootstrap.servers': broker, 'enable.idempotence': True, 'linger.ms': 2,
                             'message.timeout.ms': 60000, 'retry.backoff.ms': 50, 'compression.type': 'lz4'})
        failures = []
        for i in range(int(sys.argv[3])):
            producer.produce('many', value='%08d' % i, partition=i % 3, on_delivery=lambda e, m: e and failures.append(e))
            producer.poll(0)
            while len(producer) > 50000: producer.poll(0.05)
            if i % 500 == 0: time.sleep(0.01)
        assert producer.flush(60) == 0 and not failures, failures[:3]

    {'admin': admin_calls, 'codecs': codecs, 'places': places, 'killed': killed, 'static': static,
     'many': many}[what]()
    print('ok')
    """
}
