internal import EventModel
internal import HTTPServer
internal import ObjectStorage
internal import Platform
internal import S3Endpoint
internal import Terminal

// What S3's clients need to know, and what they have asked for.
extension Shell {
  /// Opens the buckets to S3's clients.
  func openS3(port: Int) throws -> S3Endpoint {
    do {
      return try platform().openS3(port: port, credentials: home.s3Credentials())
    } catch HTTPServerError.portInUse(let port) {
      throw CommandError(
        .s3PortInUse, ["port": String(port), "other": String(port == 65_535 ? 0 : port + 1)])
    }
  }

  /// `s3 credentials [--format shell|aws|json]`: this home's key for S3's clients.
  ///
  /// As lines of a shell it is nothing but those lines, so that `eval` can take it.
  func s3Credentials(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("format")
    guard arguments.positions.isEmpty else {
      throw CommandError(
        .missingArgument, ["command": "s3 credentials", "usage": text("help.s3.usage")])
    }
    let credentials = try home.s3Credentials()
    let data = JSONValue.record([
      "access_key_id": .string(credentials.accessKeyID),
      "secret_access_key": .string(credentials.secretAccessKey),
      "region": .string(credentials.region),
    ])
    let lines: [String]
    switch arguments.options["format"] ?? "shell" {
    case "shell":
      lines = [
        "export AWS_ACCESS_KEY_ID=\(credentials.accessKeyID)",
        "export AWS_SECRET_ACCESS_KEY=\(credentials.secretAccessKey)",
        "export AWS_DEFAULT_REGION=\(credentials.region)",
      ]
    case "aws":
      lines = [
        "[tapline]", "aws_access_key_id = \(credentials.accessKeyID)",
        "aws_secret_access_key = \(credentials.secretAccessKey)",
        "region = \(credentials.region)",
      ]
    case "json":
      // The form of a credential_process of the AWS tools.
      lines = [
        "{\"Version\": 1, \"AccessKeyId\": \"\(credentials.accessKeyID)\", "
          + "\"SecretAccessKey\": \"\(credentials.secretAccessKey)\"}"
      ]
    case let format:
      throw CommandError(
        .badChoice, ["option": "--format", "value": format, "known": "shell, aws, json"])
    }
    return Reply([.verbatim(lines.joined(separator: "\n"))], data: data)
  }

  /// `s3 requests`: what was asked of the buckets since the program has run, by operation.
  func s3Requests() throws -> Reply {
    let platform = try platform()
    var rows: [(String, BucketOperation, Int)] = []
    for entry in try platform.buckets.list() {
      let counted = try platform.buckets.bucket(entry.name).ledger.snapshot()
      for (operation, count) in counted.requests.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        rows.append((entry.name, operation, count))
      }
    }
    let table = TableView(
      columns: [
        TableColumn("BUCKET"), TableColumn("OPERATION"), TableColumn("TIER"), .number("REQUESTS"),
      ],
      rows: rows.map { bucket, operation, count in
        [
          bucket, operation.rawValue, text("s3.tier." + operation.tier.rawValue),
          NumberText.grouped(count),
        ]
      })
    return Reply(
      rows.isEmpty ? [.text(text("s3.noRequests"))] : [fitted(table)],
      data: .array(
        rows.map { bucket, operation, count in
          .record([
            "bucket": .string(bucket), "operation": .string(operation.rawValue),
            "tier": .string(operation.tier.rawValue), "requests": .count(count),
          ])
        }))
  }
}
