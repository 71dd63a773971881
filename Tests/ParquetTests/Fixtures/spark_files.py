import sys, datetime, decimal
from pyspark.sql import SparkSession, types as T
s=SparkSession.builder.master('local[1]').config('spark.ui.enabled','false').config('spark.sql.session.timeZone','UTC').getOrCreate()
s.sparkContext.setLogLevel('ERROR')
D=decimal.Decimal
rows=[]
for i in range(200):
    n=lambda v,k: None if i%k==0 else v
    rows.append((i, n(i%2==0,7), n(i%100-50,5), n(i*100-9000,6), n(i*1000003-10**8,8), n(i*10**15-10**17,9), n(i/3.0,10), n(i/7.0,11),
      n(D(i*137-9000).scaleb(-2),5), n(D(i*10**14-10**16).scaleb(-4),6), n(D(i*10**30-10**32).scaleb(-6),7),
      n(['KR','US','독일','a country with a long name'][i%4],9), n('name %d'%(i*7919),4), n(bytes([i%256]*(i%20)),3),
      n(datetime.date(2024,1,16)+datetime.timedelta(days=i*37-4000),8), n(datetime.datetime(2024,1,16,0,10,tzinfo=datetime.timezone.utc)+datetime.timedelta(microseconds=i*10**12+i-10**14),7),
      n(datetime.datetime(1969,12,31,23,59,59,999999)+datetime.timedelta(microseconds=i*333333-10**7),6),
      n([None if (i+j)%4==0 else j*i for j in range(i%5)],6), n([[str(j)]*(j%3) if j%4 else None for j in range(i%4)],8),
      n({('k%d'%j): (None if j%3==2 else i*j) for j in range(i%4)},5), n((n(i,3), n('s%d'%i,4), n([i,None],9)),7),
      n([(j, None if j==1 else 'e%d'%j) for j in range(i%3)],11)))
sch=T.StructType([T.StructField(*a) for a in [
 ('id',T.LongType(),False),('flag',T.BooleanType()),('i8',T.ByteType()),('i16',T.ShortType()),('i32',T.IntegerType()),('i64',T.LongType()),('f32',T.FloatType()),('f64',T.DoubleType()),
 ('dec9',T.DecimalType(9,2)),('dec18',T.DecimalType(18,4)),('dec38',T.DecimalType(38,6)),('country',T.StringType()),('name',T.StringType()),('blob',T.BinaryType()),
 ('day',T.DateType()),('instant',T.TimestampType()),('wall',T.TimestampNTZType()),
 ('list',T.ArrayType(T.LongType())),('lists',T.ArrayType(T.ArrayType(T.StringType()))),('map',T.MapType(T.StringType(),T.LongType())),
 ('struct',T.StructType([T.StructField('n',T.LongType()),T.StructField('t',T.StringType()),T.StructField('l',T.ArrayType(T.LongType()))])),
 ('structs',T.ArrayType(T.StructType([T.StructField('a',T.IntegerType()),T.StructField('b',T.StringType())])))]])
df=s.createDataFrame(rows,sch).coalesce(1)
out=sys.argv[1]
w=lambda name,codec='snappy',legacy='false',ts='INT96',v2=None: (s.conf.set('spark.sql.parquet.writeLegacyFormat',legacy), s.conf.set('spark.sql.parquet.outputTimestampType',ts),
  (df.write.mode('overwrite').option('compression',codec).option('parquet.writer.version',v2 or 'PARQUET_1_0').option('parquet.page.size','2000').option('parquet.enable.dictionary','true').parquet(f'{out}/{name}')))
w('default'); w('legacy',legacy='true'); w('v2-zstd',codec='zstd',ts='TIMESTAMP_MICROS',v2='PARQUET_2_0'); w('gzip','gzip'); w('lz4raw','lz4_raw')
w('lz4','lz4')
