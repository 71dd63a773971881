public import EventSDK

/// The way to a server for an app: hands a request over and tells later what came of it.
///
/// `URLSessionTransport` is the one to use. Another one must call `completion` exactly once, from any
/// thread, also when it gives up.
public protocol EventTransport: Sendable {
  func send(_ request: Request, completion: @escaping @Sendable (Response) -> Void)
}
