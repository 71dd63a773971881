// Memory for records on their way to clients, used again: megabytes that come and go for each answer
// would cost more than reading them.

internal import NIOCore
internal import Synchronization

/// Rooms that no answer uses at the moment. Safe to share.
final class FetchRooms: Sendable {
  private let spare = Mutex<[ByteBuffer]>([])
  private let bytesMax: Int
  /// More than this are not kept: clients that fetch at the same moment are few.
  private static let keptMax = 2

  /// - Parameter bytesMax: a larger room is not kept.
  init(bytesMax: Int) {
    self.bytesMax = bytesMax
  }

  func take() -> ByteBuffer {
    spare.withLock { $0.popLast() } ?? ByteBuffer()
  }

  func giveBack(_ room: ByteBuffer) {
    guard room.capacity > 0, room.capacity <= bytesMax * 2 else { return }
    spare.withLock { spare in
      if spare.count < Self.keptMax { spare.append(room) }
    }
  }
}
