#!lua
-- A publisher has come: note it, and give it a hold on its session.
--
-- KEYS  1 sessions that go on, 2 sessions that have ended, 3 totals, 4 the session's row,
--       5 the decoder's sign of life, 6 the note of a deletion
-- ARGV  1 name, 2 Unix time (s), 3 model and 4 checksum of its weights ('' for none), 5 the hold that
--       the decoder has ('' for none), 6 the decoder, 7 channel of events, 8 for how long the decoder
--       lives (ms)
-- gives the hold

local row = KEYS[4]
local known = redis.call('HMGET', row, 'hold', 'started_t')
local hold = known[1]
if not hold or hold ~= ARGV[5] then
  -- By the clock, so that none is given out twice even where the last ones were lost with the
  -- server, or were of a session that was deleted since.
  local time = redis.call('TIME')
  local now_us = tonumber(time[1]) * 1e6 + tonumber(time[2])
  hold = string.format('%.0f', math.max(now_us, tonumber(hold or 0) + 1))
  redis.call('PUBLISH', ARGV[7], 'taken ' .. hold .. ' ' .. ARGV[1])
end
redis.call('HSET', row, 'hold', hold, 'decoder', ARGV[6], 'written_t', ARGV[2], 'model', ARGV[3],
           'model_sha256', ARGV[4])
if not known[2] then redis.call('HSET', row, 'started_t', ARGV[2]) end
redis.call('HDEL', row, 'ended_t', 'end_reason')
redis.call('SET', KEYS[5], '1', 'PX', ARGV[8])
redis.call('DEL', KEYS[6])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[1], redis.call('HINCRBY', KEYS[3], 'touched', 1), ARGV[1])
return hold
