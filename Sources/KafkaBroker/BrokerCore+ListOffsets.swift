// Places in the log: its ends, a moment, the end of a leader's time.

internal import EventLog
internal import KafkaProtocol

extension BrokerCore {
  /// Times that stand for places.
  private enum Place {
    static let end: Int64 = -1
    static let start: Int64 = -2
    static let latest: Int64 = -3
  }

  func listOffsets(_ request: ListOffsetsRequest, _ call: Call) -> ListOffsetsResponse {
    ListOffsetsResponse {
      $0.topics = request.topics.map { topic in
        ListOffsetsResponse.Topic {
          $0.name = topic.name
          $0.partitions = topic.partitions.map {
            place(TopicPartition(topic.name, $0.partitionIndex), $0.timestamp)
          }
        }
      }
    }
  }

  private func place(
    _ partition: TopicPartition,
    _ time: Int64
  ) -> ListOffsetsResponse.PartitionData {
    ListOffsetsResponse.PartitionData {
      $0.partitionIndex = partition.partition
      do {
        switch time {
        case Place.end: $0.offset = try log.highWatermark(partition).rawValue
        case Place.start: $0.offset = try log.startOffset(partition).rawValue
        case ..<Place.latest: $0.errorCode = .unsupportedVersion
        default:
          let found =
            try time == Place.latest
            ? log.latestRecord(partition) : log.record(partition, atOrAfter: time)
          $0.offset = found?.offset.rawValue ?? -1
          $0.timestamp = found?.timestamp ?? -1
        }
        $0.leaderEpoch = try log.leaderEpoch(partition)
      } catch {
        $0.errorCode = Self.code(error)
      }
    }
  }

  func offsetForLeaderEpoch(
    _ request: OffsetForLeaderEpochRequest,
    _ call: Call
  ) -> OffsetForLeaderEpochResponse {
    OffsetForLeaderEpochResponse {
      $0.topics = request.topics.map { topic in
        OffsetForLeaderEpochResponse.Topic {
          $0.topic = topic.topic
          $0.partitions = topic.partitions.map { asked in
            OffsetForLeaderEpochResponse.PartitionData {
              $0.partition = asked.partition
              do {
                let end = try log.end(
                  ofLeaderEpoch: asked.leaderEpoch,
                  TopicPartition(topic.topic, asked.partition)
                )
                $0.leaderEpoch = end?.epoch ?? -1
                $0.endOffset = end?.offset.rawValue ?? -1
              } catch {
                $0.errorCode = Self.code(error)
              }
            }
          }
        }
      }
    }
  }
}
