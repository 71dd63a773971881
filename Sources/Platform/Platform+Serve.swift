package import CollectorEndpoint

extension Platform {
  /// Opens the collector's wire on loopback; port 0 takes any free one.
  package func openCollector(port: Int) throws -> CollectorEndpoint {
    try CollectorEndpoint.start(collector: collector, port: port)
  }
}
