internal import ObjectStorage

// The rules of a bucket's lifecycle, as the wire has them and as they are applied.

extension LifecycleRule {
  init(_ wire: WireLifecycleRule) throws {
    self.init(
      id: wire.id ?? "", isEnabled: wire.isEnabled,
      filter: Filter(
        prefix: wire.prefix ?? "", sizeGreaterThan: wire.sizeGreaterThan,
        sizeLessThan: wire.sizeLessThan),
      expiration: wire.expiration.map { expiration in
        switch expiration {
        case .after(let due): .at(LifecycleMoment(due))
        case .deleteMarkers: .expiredObjectDeleteMarker
        }
      },
      transitions: try wire.transitions.map {
        Transition(LifecycleMoment($0.due), to: try StorageClass(wire: $0.storageClass))
      },
      noncurrentExpiration: wire.noncurrentExpiration.map {
        NoncurrentExpiration(days: $0.days, newerVersions: $0.newerVersionsKept)
      },
      noncurrentTransitions: try wire.noncurrentTransitions.map {
        NoncurrentTransition(
          days: $0.days, newerVersions: $0.newerVersionsKept,
          to: try StorageClass(wire: $0.storageClass))
      },
      abortUploadsAfterDays: wire.abortUploadsAfterDays)
  }
}

extension WireLifecycleRule {
  init(_ rule: LifecycleRule) {
    self.init()
    id = rule.id
    isEnabled = rule.isEnabled
    prefix = rule.filter.prefix
    sizeGreaterThan = rule.filter.sizeGreaterThan
    sizeLessThan = rule.filter.sizeLessThan
    expiration = rule.expiration.map { expiration in
      switch expiration {
      case .at(let moment): .after(Due(moment))
      case .expiredObjectDeleteMarker: .deleteMarkers
      }
    }
    transitions = rule.transitions.map {
      Transition(due: Due($0.moment), storageClass: $0.storageClass.rawValue)
    }
    noncurrentExpiration = rule.noncurrentExpiration.map {
      NoncurrentExpiration(days: $0.days, newerVersionsKept: $0.newerVersions)
    }
    noncurrentTransitions = rule.noncurrentTransitions.map {
      NoncurrentTransition(
        days: $0.days, storageClass: $0.storageClass.rawValue, newerVersionsKept: $0.newerVersions)
    }
    abortUploadsAfterDays = rule.abortUploadsAfterDays
  }
}

extension LifecycleMoment {
  fileprivate init(_ due: WireLifecycleRule.Due) {
    switch due {
    case .days(let days): self = .days(days)
    case .date(let date): self = .date(date)
    }
  }
}

extension WireLifecycleRule.Due {
  fileprivate init(_ moment: LifecycleMoment) {
    switch moment {
    case .days(let days): self = .days(days)
    case .date(let date): self = .date(date)
    }
  }
}

extension StorageClass {
  fileprivate init(wire name: String) throws {
    guard let known = StorageClass(rawValue: name) else {
      throw S3Error(.invalidStorageClass, elements: ["StorageClassRequested": name])
    }
    self = known
  }
}
