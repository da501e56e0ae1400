-- SPDX-License-Identifier: BSD-2-Clause
-- What only SQLite spells this way: the log refuses to be changed.
CREATE TRIGGER decision_log_update BEFORE UPDATE ON decision_log
BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END;
CREATE TRIGGER decision_log_delete BEFORE DELETE ON decision_log
BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END;
