#!lua flags=allow-oom
-- A publisher has gone, without an end.
--
-- KEYS  1 the session's row
-- ARGV  1 hold

if redis.call('HGET', KEYS[1], 'hold') == ARGV[1] then redis.call('HDEL', KEYS[1], 'decoder') end
return 'ok'
