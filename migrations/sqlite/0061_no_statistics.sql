-- Statistics of a small database mislead the planner when it has grown; see `db/open.rs`.
DROP TABLE IF EXISTS sqlite_stat1;
DROP TABLE IF EXISTS sqlite_stat4;
