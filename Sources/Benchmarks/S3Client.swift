// The clients of `s3`, one process a transfer: the program that drives public clients, and our own store.
//
//     Benchmarks s3-client get|put ENDPOINT KEY BYTES
//
// curl has no hand in signing: it gets an address that boto3 has signed.

import EngineBenchmarks
import Foundation
import ObjectStorage

enum S3Client {
  static let argument = "s3-client"

  /// Our own store: an object in parts, fetched by ranges, as the lake does it elsewhere.
  static func run(_ arguments: [String]) -> Never {
    ContestProcess.answer {
      guard arguments.count == 4, let bytes = Int(arguments[3]), bytes > 0 else {
        throw BenchmarkFailure("\(argument) get|put ENDPOINT KEY BYTES")
      }
      let store = try RemoteObjectStore(
        RemoteStoreConfiguration(
          endpoint: arguments[1], bucket: S3Benchmark.bucket, credentials: S3Benchmark.credentials))
      let key = arguments[2]
      let part = [UInt8](repeating: 0x5A, count: S3Benchmark.partBytes)
      return try Timing.once {
        if arguments[0] == "get" { return [["\(try get(key, from: store))"]] }
        let writer = try store.makeWriter()
        for _ in 0..<bytes / part.count { try part.withUnsafeBytes { try writer.write($0) } }
        _ = try store.publish([StagedObject(key: key, writer: writer)], ifAbsent: false)
        return [["\(bytes)"]]
      }
    }
  }

  private static func get(_ key: String, from store: RemoteObjectStore) throws -> Int {
    let reader = try store.open(key)
    var count = 0
    while count < reader.byteCount {
      let end = min(reader.byteCount, count + S3Benchmark.partBytes)
      count += try reader.read(count..<end).count
    }
    return count
  }

  /// Reads a `S3Benchmark.Request` and answers with what the work came to.
  static let program = ContestProcess.pythonPrelude + """
    import subprocess
    endpoint, key, secret, region = request["endpoint"], request["key"], request["secret"], request["region"]
    bucket, name, path, size = request["bucket"], request["object"], request["file"], request["bytes"]
    part = 64 << 20
    os.environ.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION=region,
                      AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull)

    def boto():
        import boto3
        from botocore.config import Config
        return boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))

    def arrow():
        import pyarrow.fs
        return pyarrow.fs.S3FileSystem(access_key=key, secret_key=secret, region=region, scheme="http",
                                       endpoint_override=endpoint.split("//")[1])

    def signed(s3, call, **more):
        return s3.generate_presigned_url(call, Params=dict(Bucket=bucket, Key=name, **more), ExpiresIn=3600)

    def curl(*arguments):
        done = subprocess.run(["curl", "-sS", "-f", *arguments], capture_output=True, text=True)
        if done.returncode:
            sys.exit("curl ended with status %d: %s" % (done.returncode, done.stderr[-500:]))
        return done.stdout

    def get_curl():
        url = signed(boto(), "get_object")
        began = time.perf_counter()
        got = int(curl("-o", os.devnull, "-w", "%{size_download}", url))
        return got, began

    def get_arrow():
        from concurrent.futures import ThreadPoolExecutor
        fs = arrow()
        began = time.perf_counter()
        with fs.open_input_file(f"{bucket}/{name}") as f, ThreadPoolExecutor(4) as pool:
            total = f.size()
            got = sum(pool.map(lambda at: len(f.read_at(min(part, total - at), at)), range(0, total, part)))
        return got, began

    def put_curl():
        url = signed(boto(), "put_object")
        began = time.perf_counter()
        curl("-T", path, "-o", os.devnull, url)
        return size, began

    def put_parts_curl():
        s3 = boto()
        began = time.perf_counter()
        upload = s3.create_multipart_upload(Bucket=bucket, Key=name)["UploadId"]
        words, count = [], size // part
        for number in range(1, count + 1):
            words += ["-T", path, "-o", os.devnull, signed(s3, "upload_part", UploadId=upload, PartNumber=number)]
        curl("-Z", "--parallel-max", "4", *words)
        parts = s3.list_parts(Bucket=bucket, Key=name, UploadId=upload)["Parts"]
        s3.complete_multipart_upload(Bucket=bucket, Key=name, UploadId=upload, MultipartUpload={
            "Parts": [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in parts]})
        return sum(p["Size"] for p in parts), began

    def put_arrow():
        fs = arrow()
        piece = memoryview(open(path, "rb").read(part))
        began = time.perf_counter()
        with fs.open_output_stream(f"{bucket}/{name}", buffer_size=0) as f:
            for _ in range(size // part):
                f.write(piece)
        return size, began

    def list_arrow():
        import pyarrow.fs
        fs = arrow()
        began = time.perf_counter()
        return sum(i.is_file for i in fs.get_file_info(pyarrow.fs.FileSelector(f"{bucket}/{name}", recursive=True))), began

    def list_boto():
        s3 = boto()
        began = time.perf_counter()
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=name + "/")
        return sum(len(page.get("Contents", [])) for page in pages), began

    def walk():
        began = time.perf_counter()
        count, waiting = 0, [path]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        entry.stat(follow_symlinks=False)
                        count += 1
        return count, began

    def disk_read():
        began = time.perf_counter()
        got, buffer = 0, bytearray(1 << 20)
        with open(path, "rb", buffering=0) as f:
            while n := f.readinto(buffer):
                got += n
        return got, began

    def disk_write():
        piece = os.urandom(1 << 20)
        began = time.perf_counter()
        with open(path, "wb", buffering=0) as f:
            for _ in range(size >> 20):
                f.write(piece)
            os.fsync(f.fileno())
        return size, began

    amount, began = globals()[request["work"]]()
    answer([[amount]], time.perf_counter() - began)
    """
}
