package import Diagnostics
internal import World

extension Platform {
  /// Takes in what `sdk.yaml` says now, for the learner's phone and for everybody's.
  ///
  /// A file that is wrong changes nothing: the rules that held go on.
  ///
  /// - Returns: what is wrong with the file; nil where it holds.
  @discardableResult
  package func followSDK() throws -> PlatformError? {
    if try sdk.take(try pipeline.sdkText(), from: now) {
      try phone.follow(sdk.current)
      try crowd.follow(sdk.rules)
    }
    return sdk.problem
  }

  /// What a start says of a settings file that does not hold.
  static func recovery(of problem: PlatformError) -> Recovery {
    Recovery(
      code: "sdk.settings", fields: ["problem": problem.message], message: problem.message)
  }
}
