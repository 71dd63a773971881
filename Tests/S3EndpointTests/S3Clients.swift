// A running S3 endpoint over a scratch directory, and Python programs that are its clients.

import Foundation
import ObjectStorage
import S3Endpoint
import TestSupport

/// The endpoint, its buckets and the preludes of the clients' programs.
final class S3Clients {
  static let credentials = S3Credentials(
    accessKeyID: "TAPLINEEXAMPLEKEY001", secretAccessKey: "secret+of/the=tests",
    region: "us-east-1")

  let scratch: ScratchDirectory
  let buckets: BucketSet
  let endpoint: S3Endpoint

  /// One bucket, `lake`, whose objects are the files below `<scratch>/lake`.
  init(storyTime: Int64? = nil) throws {
    scratch = try ScratchDirectory("s3")
    var now: (@Sendable () -> Int64)?
    if let storyTime { now = { storyTime } }
    let lake = try LocalObjectStore(root: scratch.path + "/lake", now: now)
    buckets = try BucketSet(
      side: scratch.path + "/s3",
      given: [.init(name: "lake", store: lake, createdMilliseconds: 1_705_363_800_000)], now: now)
    endpoint = try S3Endpoint.start(buckets: buckets, credentials: Self.credentials, port: 0)
  }

  deinit { endpoint.stop() }

  var url: String { "http://127.0.0.1:\(endpoint.port)" }

  /// Runs a program with boto3's client in `s3`, and answers what it prints.
  func boto(_ program: String) throws -> String { try InteropPython.run(boto + program) }

  /// Runs a program that does without boto3; `endpoint`, `key` and `secret` are there.
  func python(_ program: String) throws -> String { try InteropPython.run(values + program) }

  private var values: String {
    """
    import os, sys, json, hashlib, base64, urllib.request, urllib.error
    endpoint, key, secret = "\(url)", "\(Self.credentials.accessKeyID)", "\(Self.credentials.secretAccessKey)"
    scratch = "\(scratch.path)"
    os.environ.update(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret, AWS_DEFAULT_REGION="us-east-1",
                      AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/nonexistent", HOME=scratch)

    """
  }

  private var boto: String {
    values + """
      import boto3, botocore
      from botocore.config import Config
      from botocore.exceptions import ClientError
      def client(**more):
          settings = dict(endpoint_url=endpoint, config=Config(retries=dict(max_attempts=1)))
          settings.update(more)
          return boto3.client("s3", **settings)
      s3 = client()
      def refused(call, *args, **kwargs):
          try:
              call(*args, **kwargs)
          except ClientError as error:
              return f"{error.response['ResponseMetadata']['HTTPStatusCode']} {error.response['Error']['Code']}"
          return "accepted"

      """
  }
}
