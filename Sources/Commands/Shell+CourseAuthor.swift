// `course new | play | shell | stats`: begin an exercise, try it, look into its world, and see how a
// class fares with it.

extension CourseTool {
  /// What authors do besides checking and grading.
  static let authoring: [CourseTool] = []
}
