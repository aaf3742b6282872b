#!lua
-- How far the decoder's clock is ahead of a publisher's.
--
-- KEYS  1 the session's row
-- ARGV  1 the publisher's hold, 2 offset (ms), 3 what it is off by at most (ms)

if redis.call('HGET', KEYS[1], 'hold') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'clock_offset_ms', ARGV[2], 'clock_error_ms', ARGV[3])
end
return 'ok'
