// What newcomers type out of habit: commands of shells, languages and other tools. Each gets an
// answer that says what it is and the one thing to try here.

internal import Diagnostics

/// A habit from elsewhere.
enum ForeignCommand: String, Sendable {
  case shell, list, show, language, database, network, install, spark, sudo, code

  private static let words: [String: ForeignCommand] = {
    let groups: [(ForeignCommand, [String])] = [
      (.shell, ["cd", "pwd", "mkdir", "rm", "mv", "cp", "touch", "chmod", "export", "echo", "env",
        "which", "ps", "top", "kill", "bash", "zsh", "sh", "git", "make", "vi", "vim", "nano",
        "emacs", "code", "tmux", "history", "alias", "man", "whoami", "date"]),
      (.list, ["ls", "ll", "dir", "find", "tree", "du", "df"]),
      (.show, ["cat", "less", "more", "tail", "grep", "head", "jq", "wc", "zcat"]),
      (.language, ["python", "python3", "node", "swift", "ruby", "java", "kotlin", "go", "ipython",
        "print", "import", "let", "var", "val", "func", "def"]),
      (.database, ["psql", "mysql", "sqlite3", "duckdb", "presto", "beeline", "hive", "redis-cli",
        "bq", "athena"]),
      (.network, ["curl", "wget", "http", "httpie", "ping", "ssh", "nc", "telnet"]),
      (.install, ["brew", "apt", "apt-get", "pip", "pip3", "npm", "yarn", "gem", "docker",
        "docker-compose", "kubectl", "helm", "install"]),
      (.spark, ["spark-submit", "spark-shell", "spark-sql", "pyspark", "spark", "hdfs", "hadoop",
        "flink"]),
      (.sudo, ["sudo", "su", "doas"]),
    ]
    var words: [String: ForeignCommand] = [:]
    for (kind, names) in groups { for name in names { words[name] = kind } }
    return words
  }()

  /// The habit behind a line that is no command of ours; nil where none is recognised.
  init?(line: String, first: String) {
    let word = first.lowercased()
    if word.hasPrefix("analytics.") || word.hasPrefix("firebaseanalytics") {
      self = .code
    } else if let known = ForeignCommand.words[word] {
      self = known
    } else if word.hasPrefix("./") || word.hasPrefix("/") || word.hasPrefix("~/") {
      self = .shell
    } else {
      return nil
    }
  }
}
