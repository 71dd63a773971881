// Waiting for an answer that may come later, for tests that speak to the routes without a server.

import CollectorEndpoint
import Dispatch
import HTTPServer
import Synchronization

extension CollectorRoutes {
  /// The answer to a request; blocks until it is given.
  func answer(_ request: HTTPRequest) -> HTTPResponse {
    let given = Mutex<HTTPResponse?>(nil)
    let isGiven = DispatchSemaphore(value: 0)
    answer(request) { response in
      given.withLock { $0 = response }
      isGiven.signal()
    }
    isGiven.wait()
    return given.withLock { $0 } ?? HTTPResponse(status: 0)
  }
}
