from pyspark.sql import SparkSession
s=SparkSession.builder.master('local[1]').config('spark.ui.enabled','false').getOrCreate()
s.sparkContext.setLogLevel('ERROR')
j=s._jvm
T=j.org.apache.parquet.schema.MessageTypeParser.parseMessageType("""message m {
 required int32 id;
 repeated int32 numbers;
 repeated group points { required int32 x; optional binary name (UTF8); }
 optional group ints (LIST) { repeated int32 element; }
 optional group pairs (LIST) { repeated group element { required int32 a; optional int32 b; } }
 optional group tuples (LIST) { repeated group tuples_tuple { required int32 a; } }
 optional group arrays (LIST) { repeated group array { optional int32 a; } }
 optional group lists (LIST) { repeated group list { repeated int32 inner; } }
 optional group words (MAP_KEY_VALUE) { repeated group map { required binary key (UTF8); optional int32 value; } }
 required group deep { optional group inner { optional group leaf { optional int32 n; required int32 m; } } }
}""")
Path=j.org.apache.hadoop.fs.Path
import os, sys
p=sys.argv[1] + '/parquet-mr-shapes.parquet'
if os.path.exists(p): os.remove(p)
b=j.org.apache.parquet.hadoop.example.ExampleParquetWriter.builder(Path(p)).withType(T).withPageSize(200).withDictionaryEncoding(True)
w=b.build()
F=j.org.apache.parquet.example.data.simple.SimpleGroupFactory(T)
for i in range(60):
    g=F.newGroup(); g.append('id',i)
    for k in range(i%4): g.append('numbers',i*10+k)
    for k in range(i%3):
        q=g.addGroup('points'); q.append('x',i+k)
        if (i+k)%2: q.append('name','p%d'%(i*k))
    if i%5:
        q=g.addGroup('ints')
        for k in range(i%3): q.append('element',i-k)
    if i%4:
        q=g.addGroup('pairs')
        for k in range(i%3):
            e=q.addGroup('element'); e.append('a',k)
            if k%2==0: e.append('b',i)
    if i%3:
        q=g.addGroup('tuples')
        for k in range(i%4): q.addGroup('tuples_tuple').append('a',i*k)
    if i%6:
        q=g.addGroup('arrays')
        for k in range(i%4):
            e=q.addGroup('array')
            if k!=1: e.append('a',i+k)
    if i%7:
        q=g.addGroup('lists')
        for k in range(i%3):
            e=q.addGroup('list')
            for n in range(k+i%2): e.append('inner',n)
    if i%2:
        q=g.addGroup('words')
        for k in range(i%4):
            e=q.addGroup('map'); e.append('key','k%d'%k)
            if k!=2: e.append('value',i)
    d=g.addGroup('deep')
    if i%4:
        n=d.addGroup('inner')
        if i%4>1:
            l=n.addGroup('leaf'); l.append('m',i)
            if i%4==3: l.append('n',-i)
    w.write(g)
w.close()
