-- What operators ask of one counter.
-- ARGV: 'read', 'reset', 'grant' or 'announce' (a change that another script made); the channel; the key's hash; hits; the key's description.
-- Answers: used, available, microseconds until the counter is as new.

local counters = load_counters(5)
local counter = counters[1]
if ARGV[1] == 'reset' then
  -- A fixed counter keeps its end: whoever counts on here has made sure of that already.
  if counter.kind == 'f' and not counter.is_new then
    redis.call('SET', counter.key, '0', 'KEEPTTL')
  else
    redis.call('DEL', counter.key)
  end
  redis.call('PUBLISH', ARGV[2], ARGV[3])
  -- What was taken of it in advance is void, too; who gives hits back says nothing of the kind.
  redis.call('PUBLISH', ARGV[2], 'reset ' .. ARGV[3])
  return { 0, 0, 0 }
end
if ARGV[1] == 'grant' and tonumber(ARGV[4]) > 0 then
  give(counter, tonumber(ARGV[4]), true)
  store(counter)
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
if ARGV[1] == 'announce' then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
local used = counter.used
local empty = reset_us(counter)
if counter.kind == 't' then
  local rate = counter.rate
  used = math.ceil(((counter.whole - counter.now) * rate.n + counter.part) / rate.p)
elseif counter.kind == 's' then
  empty = 0
  for field = counter.index - SUB_WINDOWS, counter.index do
    if (counter.counts[field] or 0) ~= 0 then empty = (field + SUB_WINDOWS + 1) * counter.sub - counter.now end
  end
elseif counter.kind == 'x' then
  local last = redis.call('ZRANGE', counter.key, -1, -1, 'WITHSCORES')
  if last[2] then empty = tonumber(last[2]) + counter.period - counter.now end
end
return { used, available(counter), empty }
