#!lua flags=allow-oom
-- A publisher has finished.
--
-- KEYS  1 sessions that go on, 2 sessions that have ended, 3 totals, 4 the session's row,
--       5 the note of its deletion
-- ARGV  1 name, 2 Unix time (s), 3 reason, 4 hold ('' for none), 5 channel of events
-- gives 'ok', 'unknown', 'deleted', 'gone' or 'replaced'

local row = redis.call('HMGET', KEYS[4], 'hold', 'started_t')
if not row[2] then
  if ARGV[4] == '' then return 'unknown' end
  return redis.call('EXISTS', KEYS[5]) == 1 and 'deleted' or 'gone'
end
if ARGV[4] ~= '' and tonumber(ARGV[4]) < tonumber(row[1] or 0) then return 'replaced' end
redis.call('HSET', KEYS[4], 'ended_t', ARGV[2], 'end_reason', ARGV[3], 'written_t', ARGV[2])
redis.call('HDEL', KEYS[4], 'decoder')
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], redis.call('HINCRBY', KEYS[3], 'touched', 1), ARGV[1])
redis.call('PUBLISH', ARGV[5], 'ended ' .. (row[1] or '0') .. ' ' .. ARGV[1])
return 'ok'
