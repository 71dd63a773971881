// Cuts a connection's bytes into requests: a size of four bytes, then so many.

internal import NIOCore

/// One request as it came, and the memory that it was granted.
struct Frame: Sendable {
  var bytes: [UInt8]
  var lease: MemoryLease
}

/// Ends the connection at anything that cannot be a request's size, such as another protocol.
final class FrameDecoder: ByteToMessageDecoder {
  typealias InboundOut = Frame

  /// The bytes of no request, and why the connection ends.
  enum Fault: Error { case size(Int), noMemory(Int) }

  /// Bytes of the shortest header.
  private static let sizeMin = 8

  private let core: BrokerCore
  private var lease: MemoryLease?
  /// When bytes last came.
  private(set) var lastBytes = NIODeadline.now()
  /// True between the first byte of a request and its last.
  private(set) var isPartial = false

  init(core: BrokerCore) {
    self.core = core
  }

  func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
    lastBytes = .now()
    isPartial = buffer.readableBytes > 0
    guard let size = buffer.getInteger(at: buffer.readerIndex, as: Int32.self).map({ Int($0) })
    else { return .needMoreData }
    guard size >= Self.sizeMin, size <= core.configuration.requestBytesMax else {
      throw Fault.size(size)
    }
    if lease == nil {
      guard let granted = core.budget.lend(size) else { throw Fault.noMemory(size) }
      lease = granted
    }
    guard buffer.readableBytes >= 4 + size, let granted = lease else { return .needMoreData }
    buffer.moveReaderIndex(forwardBy: 4)
    guard let bytes = buffer.readBytes(length: size) else { return .needMoreData }
    lease = nil
    isPartial = buffer.readableBytes > 0
    context.fireChannelRead(wrapInboundOut(Frame(bytes: bytes, lease: granted)))
    return .continue
  }

  func decodeLast(
    context: ChannelHandlerContext,
    buffer: inout ByteBuffer,
    seenEOF: Bool
  ) throws -> DecodingState {
    guard buffer.readableBytes > 0 else { return .needMoreData }
    return try decode(context: context, buffer: &buffer)
  }
}
