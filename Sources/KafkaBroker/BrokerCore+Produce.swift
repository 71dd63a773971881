// Appending: batches go to the log as they came; the answer follows when they are on the disk.

internal import EventLog
internal import KafkaProtocol
internal import NIOCore

extension BrokerCore {
  private static let firstVersion: Int16 = 3
  /// Before it a consumer could not know zstd.
  private static let firstVersionWithZstd: Int16 = 7

  func produce(
    _ request: ProduceRequest,
    _ call: Call,
    _ send: @escaping @Sendable (ProduceResponse?) -> Void
  ) {
    var response = ProduceResponse()
    for topic in request.topicData {
      response.responses.append(
        ProduceResponse.Topic {
          $0.name = topic.name
          $0.partitionResponses = topic.partitionData.map { data in
            append(data, TopicPartition(topic.name, data.index), request, call)
          }
        }
      )
    }
    // Nobody waits for an answer, but the records are to be durable all the same.
    guard request.acks != 0 else {
      commits.afterSync { _ in }
      return send(nil)
    }
    guard response.hasSuccess else { return send(response) }
    let appended = response
    commits.afterSync { error in send(error.map { appended.failed($0) } ?? appended) }
  }

  private func append(
    _ data: ProduceRequest.PartitionData,
    _ partition: TopicPartition,
    _ request: ProduceRequest,
    _ call: Call
  ) -> ProduceResponse.PartitionData {
    var result = ProduceResponse.PartitionData()
    result.index = data.index
    result.baseOffset = -1
    do {
      let records = data.records ?? []
      try check(records, partition, request, call)
      let waitsForAll = request.acks == -1
      try log.checkReplicas(partition, waitsForAll: waitsForAll)
      let produced = try log.produce(records, to: partition, appendTime: storyTime())
      if waitsForAll { log.replicate(partition) } else { replicateSoon(partition) }
      result.baseOffset = produced.baseOffset.rawValue
      result.logAppendTimeMilliseconds = produced.logAppendTime
      result.logStartOffset = produced.startOffset.rawValue
    } catch {
      result.errorCode = (error as? Refusal)?.code ?? Self.code(error)
      result.errorMessage = (error as? Refusal)?.message ?? Self.message(error)
    }
    return result
  }

  /// Followers fetch what nobody waits for a moment later.
  private func replicateSoon(_ partition: TopicPartition) {
    guard log.replicas(partition) != nil else { return }
    loop.scheduleTask(in: .milliseconds(100)) { [weak self] in
      self?.onThread { core in core.log.replicate(partition) }
    }
  }

  /// Why a batch is not even shown to the log.
  private struct Refusal: Error {
    var code: KafkaErrorCode
    var message: String
  }

  private func check(
    _ records: ArraySlice<UInt8>,
    _ partition: TopicPartition,
    _ request: ProduceRequest,
    _ call: Call
  ) throws {
    guard call.version >= Self.firstVersion else {
      throw Refusal(
        code: .unsupportedVersion,
        message: "Produce is understood from version 3 on."
      )
    }
    guard (-1...1).contains(request.acks) else {
      throw Refusal(code: .invalidRequiredAcks, message: "acks is -1, 0 or 1.")
    }
    guard request.transactionalID == nil else {
      throw Refusal(
        code: .transactionalIDAuthorizationFailed,
        message: "Transactions are not supported."
      )
    }
    // The codec stands in the lowest bits of the attributes.
    if call.version < Self.firstVersionWithZstd, records.count > 22,
      records[records.startIndex + 22] & 7 == RecordCompression.zstd.rawValue
    {
      throw Refusal(
        code: .unsupportedCompressionType,
        message: "zstd is taken from version 7 on."
      )
    }
  }

  func initProducerID(_ request: InitProducerIDRequest, _ call: Call) -> InitProducerIDResponse {
    InitProducerIDResponse {
      guard request.transactionalID == nil else {
        $0.errorCode = .transactionalIDAuthorizationFailed
        return
      }
      do {
        $0.producerID = try log.makeProducerID()
      } catch {
        $0.errorCode = Self.code(error)
        $0.producerEpoch = -1
      }
    }
  }
}

extension ProduceResponse {
  var hasSuccess: Bool {
    responses.contains { $0.partitionResponses.contains { $0.errorCode == .none } }
  }

  /// The same where the disk did not take what was appended.
  func failed(_ error: any Error) -> ProduceResponse {
    var copy = self
    for topic in copy.responses.indices {
      for index in copy.responses[topic].partitionResponses.indices
      where copy.responses[topic].partitionResponses[index].errorCode == .none {
        copy.responses[topic].partitionResponses[index].errorCode = BrokerCore.code(error)
        copy.responses[topic].partitionResponses[index].errorMessage = BrokerCore.message(error)
        copy.responses[topic].partitionResponses[index].baseOffset = -1
      }
    }
    return copy
  }
}
