-- A progress file as the first version of the program made it, with one row per table.
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
  exercise TEXT NOT NULL CHECK (exercise <> ''),
  version INTEGER NOT NULL,
  answer TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict <> ''),
  feedback TEXT,
  story_time INTEGER,
  wall_time INTEGER NOT NULL CHECK (wall_time > 0));
CREATE INDEX attempts_exercise ON attempts (exercise);
CREATE TABLE passes (
  exercise TEXT NOT NULL CHECK (exercise <> ''),
  version INTEGER NOT NULL CHECK (version > 0),
  story_time INTEGER,
  wall_time INTEGER NOT NULL CHECK (wall_time > 0),
  PRIMARY KEY (exercise, version));
CREATE TABLE hints (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
  exercise TEXT NOT NULL CHECK (exercise <> ''),
  version INTEGER NOT NULL,
  hint TEXT NOT NULL,
  story_time INTEGER,
  wall_time INTEGER NOT NULL CHECK (wall_time > 0));
CREATE TABLE predictions (
  id INTEGER PRIMARY KEY,
  uid TEXT NOT NULL UNIQUE CHECK (length(uid) = 36),
  step TEXT NOT NULL CHECK (step <> ''),
  choice TEXT NOT NULL,
  story_time INTEGER,
  wall_time INTEGER NOT NULL CHECK (wall_time > 0));
CREATE TABLE position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  lesson TEXT NOT NULL CHECK (lesson <> ''),
  section TEXT NOT NULL CHECK (section <> ''),
  step_index INTEGER NOT NULL,
  exercise TEXT,
  wall_time INTEGER NOT NULL CHECK (wall_time > 0));
CREATE TABLE settings (
  key TEXT PRIMARY KEY CHECK (key <> ''),
  value TEXT NOT NULL);

CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES ('1-first');
INSERT INTO attempts VALUES (1, '00000000-0000-0000-0000-000000000001', '00-1', 1, '2:8871', 'passed', NULL, 7, 7);
INSERT INTO passes VALUES ('00-1', 1, 7, 7);
INSERT INTO hints VALUES (1, '00000000-0000-0000-0000-000000000002', '00-1', 1, '1', 7, 7);
INSERT INTO predictions VALUES (1, '00000000-0000-0000-0000-000000000003', '0.1#4', '1', 7, 7);
INSERT INTO position VALUES (1, '00', '0.1', 4, '00-1', 7);
INSERT INTO settings VALUES ('role', 'mobile');
