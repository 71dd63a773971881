// Members of consumer groups: every request goes to the coordinator, which may answer much later.

internal import EventLog
internal import KafkaProtocol

extension BrokerCore {
  func findCoordinator(_ request: FindCoordinatorRequest, _ call: Call) -> FindCoordinatorResponse {
    FindCoordinatorResponse {
      guard request.keyType == 0 else {
        $0.errorCode = .invalidRequest
        $0.errorMessage = "Transactions are not supported."
        $0.nodeID = -1
        $0.port = -1
        return
      }
      $0.nodeID = Self.nodeID
      $0.host = Self.host
      $0.port = port
    }
  }

  func joinGroup(
    _ request: JoinGroupRequest,
    _ call: Call,
    _ send: @escaping @Sendable (JoinGroupResponse?) -> Void
  ) {
    var suffix = SystemRandomNumberGenerator()
    let unique =
      String(suffix.next() as UInt64, radix: 16) + String(suffix.next() as UInt64, radix: 16)
    let client = ConsumerGroup.Client(
      id: call.clientID,
      host: "/" + call.host,
      newMemberID: (request.groupInstanceID ?? call.clientID) + "-" + unique,
      mustKnowItsID: call.version >= 4
    )
    groups.join(request, client, now: now) { send($0) }
    setGroupAlarm()
  }

  func syncGroup(
    _ request: SyncGroupRequest,
    _ call: Call,
    _ send: @escaping @Sendable (SyncGroupResponse?) -> Void
  ) {
    groups.sync(request, now: now) { send($0) }
    setGroupAlarm()
  }

  func heartbeat(_ request: HeartbeatRequest, _ call: Call) -> HeartbeatResponse {
    HeartbeatResponse { $0.errorCode = groups.heartbeat(request, now: now) }
  }

  func leaveGroup(_ request: LeaveGroupRequest, _ call: Call) -> LeaveGroupResponse {
    defer { setGroupAlarm() }
    return LeaveGroupResponse {
      guard call.version >= 3 else {
        $0.errorCode = groups.leave(
          request.groupID,
          request.memberID,
          instanceID: nil,
          now: now
        )
        return
      }
      $0.members = request.members.map { member in
        LeaveGroupResponse.Member {
          $0.memberID = member.memberID
          $0.groupInstanceID = member.groupInstanceID
          $0.errorCode = groups.leave(
            request.groupID,
            member.memberID,
            instanceID: member.groupInstanceID,
            now: now
          )
        }
      }
    }
  }

  // MARK: Offsets

  func offsetCommit(_ request: OffsetCommitRequest, _ call: Call) -> OffsetCommitResponse {
    var codes: [TopicPartition: KafkaErrorCode] = [:]
    var offsets: [TopicPartition: CommittedOffset] = [:]
    for topic in request.topics {
      for asked in topic.partitions {
        let partition = TopicPartition(topic.name, asked.partitionIndex)
        let metadata = asked.committedMetadata ?? ""
        if (try? log.endOffset(partition)) == nil {
          codes[partition] = .unknownTopicOrPartition
        } else if metadata.utf8.count > configuration.offsetMetadataBytesMax {
          codes[partition] = .offsetMetadataTooLarge
        } else {
          offsets[partition] = CommittedOffset(
            offset: asked.committedOffset,
            leaderEpoch: asked.committedLeaderEpoch,
            metadata: metadata,
            commitTime: storyTime()
          )
        }
      }
    }
    var error = KafkaErrorCode.none
    do {
      error = try groups.commit(request, offsets, now: now)
    } catch let failure {
      error = Self.code(failure)
    }
    return OffsetCommitResponse {
      $0.topics = request.topics.map { topic in
        OffsetCommitResponse.Topic {
          $0.name = topic.name
          $0.partitions = topic.partitions.map { asked in
            OffsetCommitResponse.PartitionData {
              $0.partitionIndex = asked.partitionIndex
              $0.errorCode =
                codes[TopicPartition(topic.name, asked.partitionIndex)] ?? error
            }
          }
        }
      }
    }
  }

  func offsetFetch(_ request: OffsetFetchRequest, _ call: Call) -> OffsetFetchResponse {
    let committed = groups.committed(request.groupID)
    let asked =
      request.topics.map { $0.map { ($0.name, $0.partitionIndexes) } }
      ?? Dictionary(grouping: committed.keys) { $0.topic }
      .map { ($0.key, $0.value.map(\.partition).sorted()) }.sorted { $0.0 < $1.0 }
    return OffsetFetchResponse {
      $0.topics = asked.map { name, indexes in
        OffsetFetchResponse.Topic {
          $0.name = name
          $0.partitions = indexes.map { index in
            OffsetFetchResponse.PartitionData {
              $0.partitionIndex = index
              let known = committed[TopicPartition(name, index)]
              $0.committedOffset = known?.offset ?? -1
              $0.committedLeaderEpoch = known?.leaderEpoch ?? -1
              $0.metadata = known?.metadata ?? ""
            }
          }
        }
      }
    }
  }

  func offsetDelete(_ request: OffsetDeleteRequest, _ call: Call) -> OffsetDeleteResponse {
    guard let group = groups.group(request.groupID) else {
      return OffsetDeleteResponse { $0.errorCode = .groupIDNotFound }
    }
    var free: [TopicPartition] = []
    var response = OffsetDeleteResponse()
    for topic in request.topics {
      let isRead = group.isSubscribed(to: topic.name)
      let partitions = topic.partitions.map { TopicPartition(topic.name, $0.partitionIndex) }
      if !isRead { free += partitions }
      response.topics.append(
        OffsetDeleteResponse.Topic {
          $0.name = topic.name
          $0.partitions = partitions.map { partition in
            OffsetDeleteResponse.PartitionData {
              $0.partitionIndex = partition.partition
              $0.errorCode = isRead ? .groupSubscribedToTopic : .none
            }
          }
        }
      )
    }
    do {
      try groups.forget(request.groupID, free)
    } catch {
      response.errorCode = Self.code(error)
    }
    return response
  }
}
