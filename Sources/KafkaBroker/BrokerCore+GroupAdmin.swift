// Groups seen from outside.

internal import EventLog
internal import KafkaProtocol

extension BrokerCore {
  func listGroups(_ request: ListGroupsRequest, _ call: Call) -> ListGroupsResponse {
    let states = Set(request.statesFilter.map { $0.lowercased() })
    return ListGroupsResponse {
      $0.groups = groups.names().compactMap { groups.group($0) }.filter {
        states.isEmpty || states.contains($0.state.rawValue.lowercased())
      }.map { group in
        ListGroupsResponse.Group {
          $0.groupID = group.id
          // Who only left offsets behind was a consumer.
          $0.protocolType = group.protocolType ?? "consumer"
          $0.groupState = group.state.rawValue
        }
      }
    }
  }

  func describeGroups(_ request: DescribeGroupsRequest, _ call: Call) -> DescribeGroupsResponse {
    DescribeGroupsResponse {
      $0.groups = request.groups.map { name in
        guard let group = groups.group(name) else {
          return DescribeGroupsResponse.Group {
            $0.groupID = name
            $0.groupState = "Dead"
          }
        }
        return DescribeGroupsResponse.Group {
          $0.groupID = name
          $0.groupState = group.state.rawValue
          $0.protocolType = group.protocolType ?? "consumer"
          let isStable = group.state == .stable
          $0.protocolData = isStable ? group.protocolName ?? "" : ""
          $0.members = group.members.map { member in
            DescribeGroupsResponse.Member {
              $0.memberID = member.id
              $0.groupInstanceID = member.instanceID
              $0.clientID = member.clientID
              $0.clientHost = member.clientHost
              guard isStable else { return }
              $0.memberMetadata =
                member.protocols.first { $0.name == group.protocolName }?.metadata ?? []
              $0.memberAssignment = member.assignment
            }
          }
        }
      }
    }
  }

  func deleteGroups(_ request: DeleteGroupsRequest, _ call: Call) -> DeleteGroupsResponse {
    DeleteGroupsResponse {
      $0.results = request.groupNames.map { name in
        DeleteGroupsResponse.Group {
          $0.groupID = name
          do {
            $0.errorCode = try groups.delete(name)
          } catch {
            $0.errorCode = Self.code(error)
          }
        }
      }
    }
  }
}
