// The Python side of `ClientInteropTests` for aiokafka: a third code base, all on one event loop.

enum AIOKafkaScript {
  /// Argument: the broker's address. Prints `ok`, or fails with what was found.
  static let source = #"""
    import asyncio, sys, time
    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient, NewTopic
    broker = sys.argv[1]

    async def main():
        admin = AIOKafkaAdminClient(bootstrap_servers=broker)
        await admin.start()
        await admin.create_topics([NewTopic('aio', 3, 1)])
        assert 'aio' in await admin.list_topics()
        place = TopicPartition('aio', 1)
        before = 0
        for codec in [None, 'gzip', 'snappy', 'lz4', 'zstd']:
            for extra in [{'enable_idempotence': True}, {'acks': 1}]:
                producer = AIOKafkaProducer(bootstrap_servers=broker, compression_type=codec, **extra)
                await producer.start()
                sent = [await producer.send('aio', key=b'k%d' % i, value=(b'%d ' % i) * 9, partition=i % 3,
                                            headers=[('n', b'%d' % i)]) for i in range(30)]
                found = [await f for f in sent]
                await producer.stop()
                assert [f.offset for f in found if f.partition == 1] == list(range(before, before + 10))
                before += 10
        consumer = AIOKafkaConsumer(bootstrap_servers=broker, check_crcs=True)
        await consumer.start()
        consumer.assign([place])
        consumer.seek(place, 15)
        records = []
        while len(records) < 85:
            records += sum((await consumer.getmany(timeout_ms=5000)).values(), [])
        assert [r.offset for r in records] == list(range(15, 100)), records
        assert list(records[0].headers) == [('n', b'16')] and records[0].value == b'16 ' * 9, records[0]
        assert (await consumer.beginning_offsets([place]))[place] == 0
        assert (await consumer.end_offsets([place]))[place] == 100
        when = records[40].timestamp
        assert (await consumer.offsets_for_times({place: when}))[place].offset <= records[40].offset
        await consumer.stop()

        def member():
            return AIOKafkaConsumer('aio', bootstrap_servers=broker, group_id='aio', auto_offset_reset='earliest',
                                    session_timeout_ms=6000, heartbeat_interval_ms=300, enable_auto_commit=False)
        async def gather(members, seen, done):
            end = time.time() + 20
            while not done():
                assert time.time() < end, (len(seen), [m.assignment() for m in members])
                for m in members:
                    for p, rs in (await m.getmany(timeout_ms=50)).items():
                        seen.update((p.partition, r.offset) for r in rs)
        members, seen = [member(), member(), member()], set()
        for m in members: await m.start()
        await gather(members, seen, lambda: len(seen) == 300 and all(len(m.assignment()) == 1 for m in members))
        for m in members: await m.commit()
        await members.pop().stop()
        await gather(members, seen, lambda: sum(len(m.assignment()) for m in members) == 3)
        for p in range(3):
            assert await members[0].committed(TopicPartition('aio', p)) == 100
        for m in members: await m.stop()
        groups = await admin.list_consumer_groups()
        assert any(g[0] == 'aio' for g in groups), groups
        await admin.delete_topics(['aio'])
        await admin.close()
        print('ok')

    asyncio.run(main())
    """#
}
