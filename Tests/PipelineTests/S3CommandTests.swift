// The lake as a bucket of a whole world: who may see it, what is counted, and what story time does.

import Commands
import Foundation
import TestSupport
import Testing

@Suite struct S3CommandTests {
  private func object(_ world: TestWorld, _ line: String) throws -> [String: Any] {
    let text = world.run(line, json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(object?["data"] as? [String: Any], "\(text)")
  }

  private func requests(_ world: TestWorld) throws -> [String: Int] {
    let text = world.run("s3 requests", json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let rows = try #require(object?["data"] as? [[String: Any]])
    var counts: [String: Int] = [:]
    for row in rows {
      let bucket = try #require(row["bucket"] as? String)
      let operation = try #require(row["operation"] as? String)
      counts["\(bucket) \(operation)"] = row["requests"] as? Int
    }
    return counts
  }

  @Test func `a home has one key, in three spellings, and another home another one`() throws {
    let (world, other) = (try TestWorld(), try TestWorld())
    let credentials = try object(world, "s3 credentials")
    let id = try #require(credentials["access_key_id"] as? String)
    let secret = try #require(credentials["secret_access_key"] as? String)
    #expect(id.count == 20 && secret.count == 40)
    let shell = world.run("s3 credentials").text
    #expect(shell.contains("export AWS_ACCESS_KEY_ID=\(id)\nexport AWS_SECRET_ACCESS_KEY=\(secret)\n"))
    #expect(world.run("s3 credentials --format aws").text.contains("[tapline]\naws_access_key_id = \(id)"))
    #expect(world.run("s3 credentials --format json").text.contains("\"AccessKeyId\": \"\(id)\""))
    let refused = world.run("s3 credentials --format xml")
    #expect(refused.status != .success && refused.text.contains("shell, aws, json"))
    // The template's secret is copied with the home, so a home of its own is needed for another.
    try FileManager.default.removeItem(atPath: other.path + "/secret")
    #expect(try object(other, "s3 credentials")["access_key_id"] as? String != id)
  }

  @Test func `what the pipeline asks of its buckets is counted as S3 charges it`() throws {
    let world = try TestWorld()
    let before = try requests(world)
    world.run("clock +1h")
    let after = try requests(world)
    let objects = try world.count("SELECT count(*) FROM system.lake.objects")
    #expect(objects > 0)
    #expect(after["lake PutObject", default: 0] > before["lake PutObject", default: 0])
    let listed = try requests(world)["lake ListObjectsV2", default: 0]
    world.run("s3 ls raw/events/")
    #expect(try requests(world)["lake ListObjectsV2", default: 0] > listed)
  }

  @Test(.enabled(if: InteropPython.has(module: "boto3"), "no Python with boto3"))
  func `boto3 sees the world's lake, makes a bucket, and its rules go by story time`() throws {
    let world = try TestWorld()
    let credentials = try object(world, "s3 credentials")
    let ports = try object(world, "serve --port 0")
    let port = try #require(ports["s3"] as? Int)
    defer { world.run("serve stop") }
    func boto(_ program: String) throws -> String {
      try InteropPython.run(
        """
        import boto3
        s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:\(port)", region_name="\(credentials["region"] ?? "")",
                          aws_access_key_id="\(credentials["access_key_id"] ?? "")", aws_secret_access_key="\(credentials["secret_access_key"] ?? "")")

        """ + program)
    }
    let seen = try boto(
      """
      print([b["Name"] for b in s3.list_buckets()["Buckets"]])
      keys = [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket="lake") for o in p["Contents"]]
      print(len(keys), all(k.startswith(("raw/", "processed/", "aggregated/", "archive/")) for k in keys))
      s3.create_bucket(Bucket="drop-zone", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
      s3.put_bucket_versioning(Bucket="drop-zone", VersioningConfiguration={"Status": "Enabled"})
      # S3 leaves objects below 128 KiB where they are.
      for k in ["tmp/a", "keep/b", "keep/small"]:
          s3.put_object(Bucket="drop-zone", Key=k, Body=b"1" * (5 if k == "keep/small" else 200_000), Metadata={"k": "v"})
      print(s3.head_object(Bucket="drop-zone", Key="keep/b")["LastModified"].isoformat()[:13])
      s3.put_bucket_lifecycle_configuration(Bucket="drop-zone", LifecycleConfiguration={"Rules": [
          {"ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}},
          {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "keep/"}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]})
      """)
    let objects = try world.count("SELECT count(*) FROM system.lake.objects")
    #expect(seen == "['lake', 'warehouse']\n\(objects) True\n2024-01-16T00")
    world.run("fork before")
    world.run("clock +2d")
    let look = """
      print([o["Key"] for o in s3.list_objects_v2(Bucket="drop-zone").get("Contents", [])],
            [m["Key"] for m in s3.list_object_versions(Bucket="drop-zone").get("DeleteMarkers", [])],
            [s3.head_object(Bucket="drop-zone", Key=k).get("StorageClass") for k in ("keep/b", "keep/small")], s3.head_object(Bucket="drop-zone", Key="keep/b")["Metadata"])
      """
    #expect(try boto(look) == "['keep/b', 'keep/small'] ['tmp/a'] [None, None] {'k': 'v'}")
    world.run("clock +30d")
    #expect(try boto(look) == "['keep/b', 'keep/small'] ['tmp/a'] ['GLACIER', None] {'k': 'v'}")
  }

  @Test(.enabled(if: InteropPython.has(module: "boto3"), "no Python with boto3"))
  func `a fork keeps the buckets with all that they know, and a rewind brings it back`() throws {
    let world = try TestWorld()
    let credentials = try object(world, "s3 credentials")
    func boto(_ program: String) throws -> String {
      let port = try #require(try object(world, "serve --port 0")["s3"] as? Int)
      defer { world.run("serve stop") }
      return try InteropPython.run(
        """
        import boto3
        s3 = boto3.client("s3", endpoint_url="http://127.0.0.1:\(port)", region_name="ap-northeast-2",
                          aws_access_key_id="\(credentials["access_key_id"] ?? "")", aws_secret_access_key="\(credentials["secret_access_key"] ?? "")")

        """ + program)
    }
    _ = try boto(
      """
      s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
      for body in [b"1", b"22"]: s3.put_object(Bucket="lake", Key="mine/k", Body=body, Metadata={"n": str(len(body))})
      """)
    #expect(world.run("fork before").status == .success)
    _ = try boto(
      """
      s3.put_object(Bucket="lake", Key="mine/k", Body=b"333")
      for v in s3.list_object_versions(Bucket="lake", Prefix="mine/")["Versions"][1:]:
          s3.delete_object(Bucket="lake", Key="mine/k", VersionId=v["VersionId"])
      s3.create_bucket(Bucket="later", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
      """)
    #expect(world.run("rewind before --yes").status == .success)
    let back = try boto(
      """
      versions = s3.list_object_versions(Bucket="lake", Prefix="mine/")["Versions"]
      print([v["Size"] for v in versions], s3.head_object(Bucket="lake", Key="mine/k")["Metadata"],
            s3.get_object(Bucket="lake", Key="mine/k", VersionId=versions[1]["VersionId"])["Body"].read(),
            [b["Name"] for b in s3.list_buckets()["Buckets"]])
      """)
    #expect(back == "[2, 1] {'n': '2'} b'1' ['lake', 'warehouse']")
  }
}
