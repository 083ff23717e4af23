-- R405: tells that a worker lives, and answers how many do, which of them it is, by name, and 1 where it was not known before.
-- ARGV: the worker's name, milliseconds that it is thought to live, milliseconds to keep the key.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - tonumber(ARGV[2])))
local is_new = redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local names = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(names)
for rank, name in ipairs(names) do
  if name == ARGV[1] then return { #names, rank - 1, is_new } end
end
return { #names, 0, is_new }
