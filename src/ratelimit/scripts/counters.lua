-- Counters of every algorithm: the transcription of src/ratelimit/algorithms/ (R403, R407). Stands before each script that counts.
-- Numbers are doubles: whole ones below 2^53 are exact, and so is math.fmod; '%' and '/' are not where a quotient is rounded up.

local function now_us()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function text(number)
  return string.format('%.0f', number)
end

-- Buckets: {n, p, q, r, burst, tau whole, tau part}; a state is when it will be full.

local function later(rate, whole, part, k)
  local parts = part + k * rate.r
  local rest = math.fmod(parts, rate.n)
  return whole + k * rate.q + (parts - rest) / rate.n, rest
end

local function earlier(rate, whole, part, k)
  local parts = part - k * rate.r
  local rest = math.fmod(parts, rate.n)
  if rest < 0 then rest = rest + rate.n end
  return whole - k * rate.q + (parts - rest) / rate.n, rest
end

local function plus(n, a_whole, a_part, b_whole, b_part)
  local parts = a_part + b_part
  if parts < n then return a_whole + b_whole, parts end
  return a_whole + b_whole + 1, parts - n
end

local function is_after(a_whole, a_part, b_whole, b_part)
  return a_whole > b_whole or (a_whole == b_whole and a_part > b_part)
end

local function settled(rate, whole, part, now)
  if whole < now then return now, 0 end
  local worst, worst_part = plus(rate.n, now, 0, rate.tau, rate.tau_part)
  worst, worst_part = plus(rate.n, worst, worst_part, rate.tau, rate.tau_part)
  if is_after(whole, part, worst, worst_part) then return worst, worst_part end
  return whole, part
end

local function bucket_available(rate, whole, part, now)
  local stop, stop_part = plus(rate.n, now, 0, rate.tau, rate.tau_part)
  local k = math.floor((stop - whole + (stop_part - part) / rate.n) / (rate.p / rate.n))
  k = math.min(math.max(k, 0), rate.burst)
  local function passes(hits)
    local end_whole, end_part = later(rate, whole, part, hits)
    return not is_after(end_whole, end_part, stop, stop_part)
  end
  while k < rate.burst and passes(k + 1) do k = k + 1 end
  while k > 0 and not passes(k) do k = k - 1 end
  return k
end

-- One counter: loads what stands at the key, as it counts now.

local SUB_WINDOWS = 10

local function load_fixed(counter)
  local value = redis.call('GET', counter.key)
  counter.used = tonumber(value or '0')
  counter.is_new = not value
end

local function load_sliding(counter)
  local fields = redis.call('HGETALL', counter.key)
  local now = math.floor(counter.now / counter.sub)
  local index = now
  counter.counts = {}
  counter.gone = {}
  for at = 1, #fields, 2 do
    local field, count = tonumber(fields[at]), tonumber(fields[at + 1])
    counter.counts[field] = count
    if count ~= 0 and field > index then index = field end
  end
  if index - now > SUB_WINDOWS then
    -- The clock went back by more than a window: the newest hits were just now, or they would count until it is there again.
    local moved = {}
    for field, count in pairs(counter.counts) do
      if count ~= 0 then moved[field - (index - now)] = count end
      counter.gone[#counter.gone + 1] = text(field)
    end
    counter.counts = moved
    counter.is_changed = true
    index = now
  end
  counter.index = index
  counter.used = 0
  for field, count in pairs(counter.counts) do
    if field < index - SUB_WINDOWS then
      counter.gone[#counter.gone + 1] = text(field)
      counter.counts[field] = nil
    else
      counter.used = counter.used + count
    end
  end
end

local function load_log(counter)
  local newest = redis.call('ZRANGE', counter.key, -1, -1, 'WITHSCORES')
  if newest[2] and tonumber(newest[2]) > counter.now + counter.period then
    -- The clock went back by more than a window: the newest hit was just now.
    local hits = redis.call('ZRANGE', counter.key, 0, -1, 'WITHSCORES')
    redis.call('DEL', counter.key)
    local last, same = nil, 0
    for at = 2, #hits, 2 do
      local moved = text(tonumber(hits[at]) - (tonumber(newest[2]) - counter.now))
      same = moved == last and same + 1 or 1
      last = moved
      redis.call('ZADD', counter.key, moved, string.format('%s:%04d', moved, same))
    end
    -- Also where nothing is taken and nothing stored: no key is without an end.
    redis.call('PEXPIRE', counter.key, text(math.ceil(counter.period / 1000) + 1))
    counter.is_changed = true
  end
  redis.call('ZREMRANGEBYSCORE', counter.key, '-inf', text(counter.now - counter.period))
  counter.used = redis.call('ZCARD', counter.key)
end

local function load_bucket(counter)
  local value = redis.call('GET', counter.key)
  local whole, part = 0, 0
  if value then
    local colon = string.find(value, ':', 1, true)
    whole, part = tonumber(string.sub(value, 1, colon - 1)), tonumber(string.sub(value, colon + 1))
  end
  counter.whole, counter.part = settled(counter.rate, whole, part, counter.now)
  -- The clock went back: what is cut must be kept, or it would be cut again and again and never end.
  counter.is_changed = counter.whole < whole
end

local loaders = { f = load_fixed, s = load_sliding, x = load_log, t = load_bucket }

local function available(counter)
  if counter.kind == 't' then return bucket_available(counter.rate, counter.whole, counter.part, counter.now) end
  return counter.limit - counter.used
end

-- Taking changes what was loaded; store() writes it once, at the end. `is_owed`: the hits may not fit.

local function take(counter, hits, is_owed)
  if hits == 0 then return end
  counter.is_changed = true
  if counter.kind == 'f' then
    counter.used = counter.used + hits
    counter.added = (counter.added or 0) + hits
  elseif counter.kind == 's' then
    counter.counts[counter.index] = (counter.counts[counter.index] or 0) + hits
    counter.used = counter.used + hits
  elseif counter.kind == 'x' then
    if is_owed then hits = math.min(hits, math.max(0, counter.limit - counter.used)) end
    local newest = redis.call('ZRANGE', counter.key, -1, -1, 'WITHSCORES')
    local at = text(math.max(counter.now, tonumber(newest[2] or '0')))
    local same = redis.call('ZCOUNT', counter.key, at, at)
    for hit = 1, hits do
      redis.call('ZADD', counter.key, at, string.format('%s:%04d', at, same + hit))
    end
    counter.used = counter.used + hits
  elseif is_owed then
    local rate = counter.rate
    local first = math.min(hits, rate.burst)
    counter.whole, counter.part = later(rate, counter.whole, counter.part, first)
    counter.whole, counter.part = settled(rate, counter.whole, counter.part, counter.now)
    if hits > first then
      counter.whole, counter.part = later(rate, counter.whole, counter.part, math.min(hits - first, rate.burst))
      counter.whole, counter.part = settled(rate, counter.whole, counter.part, counter.now)
    end
  else
    counter.whole, counter.part = later(counter.rate, counter.whole, counter.part, hits)
  end
end

local function give(counter, hits, is_grant)
  counter.is_changed = true
  if counter.kind == 'f' then
    local after = counter.used - hits
    if not is_grant then after = math.min(counter.used, math.max(0, after)) end
    counter.added = (counter.added or 0) + after - counter.used
    counter.used = after
  elseif counter.kind == 's' then
    if is_grant then
      counter.counts[counter.index] = (counter.counts[counter.index] or 0) - hits
      counter.used = counter.used - hits
      return
    end
    for field = counter.index, counter.index - SUB_WINDOWS, -1 do
      local count = counter.counts[field] or 0
      local given = math.max(0, math.min(count, hits))
      if given > 0 then counter.counts[field] = count - given end
      counter.used = counter.used - given
      hits = hits - given
    end
  elseif counter.kind == 'x' then
    local given = math.min(hits, counter.used)
    if given > 0 then redis.call('ZREMRANGEBYRANK', counter.key, -given, -1) end
    counter.used = counter.used - given
  else
    local rate = counter.rate
    local given = math.min(hits, 2 * rate.burst)
    local half = math.min(given, rate.burst)
    counter.whole, counter.part = earlier(rate, counter.whole, counter.part, half)
    counter.whole, counter.part = earlier(rate, counter.whole, counter.part, given - half)
  end
end

local function store(counter)
  if counter.kind == 'f' then
    if (counter.added or 0) == 0 then return end
    redis.call('INCRBY', counter.key, text(counter.added))
    if counter.is_new then redis.call('PEXPIRE', counter.key, text(counter.ttl)) end
  elseif counter.kind == 's' then
    if #counter.gone > 0 then redis.call('HDEL', counter.key, unpack(counter.gone)) end
    if not counter.is_changed then return end
    for field, count in pairs(counter.counts) do
      redis.call('HSET', counter.key, text(field), text(count))
    end
    redis.call('PEXPIRE', counter.key, text(math.ceil(counter.period * 1.1 / 1000) + 1))
  elseif counter.kind == 'x' then
    if counter.is_changed then redis.call('PEXPIRE', counter.key, text(math.ceil(counter.period / 1000) + 1)) end
  elseif counter.is_changed then
    if counter.whole < counter.now or (counter.whole == counter.now and counter.part == 0) then
      redis.call('DEL', counter.key)
    else
      local ttl = math.ceil((counter.whole - counter.now + 1) / 1000) + 1
      redis.call('SET', counter.key, text(counter.whole) .. ':' .. text(counter.part), 'PX', text(ttl))
    end
  end
end

-- Microseconds until so many hits pass; -1 where they never can.
local function retry_us(counter, hits)
  if counter.kind == 't' then
    if hits > counter.rate.burst then return -1 end
    local whole, part = later(counter.rate, counter.whole, counter.part, hits)
    local wait = whole - counter.rate.tau - counter.now
    if part > counter.rate.tau_part then wait = wait + 1 end
    return math.max(0, wait)
  end
  local over = counter.used + hits - counter.limit
  if over <= 0 then return 0 end
  if counter.kind == 'f' then return hits > counter.limit and -1 or 0 end
  if counter.kind == 's' then
    for field = counter.index - SUB_WINDOWS, counter.index do
      over = over - (counter.counts[field] or 0)
      if over <= 0 then return (field + SUB_WINDOWS + 1) * counter.sub - counter.now end
    end
    return -1
  end
  if hits > counter.limit then return -1 end
  local last = redis.call('ZRANGE', counter.key, over - 1, over - 1, 'WITHSCORES')
  return last[2] and tonumber(last[2]) + counter.period - counter.now or -1
end

-- Microseconds until the bucket is full or the next hits are forgotten. The client knows when a fixed window ends.
local function reset_us(counter)
  if counter.kind == 't' then
    return math.max(0, counter.whole - counter.now + (counter.part > 0 and 1 or 0))
  elseif counter.kind == 's' then
    for field = counter.index - SUB_WINDOWS, counter.index do
      if (counter.counts[field] or 0) ~= 0 then return (field + SUB_WINDOWS + 1) * counter.sub - counter.now end
    end
  elseif counter.kind == 'x' then
    local first = redis.call('ZRANGE', counter.key, 0, 0, 'WITHSCORES')
    if first[2] then return tonumber(first[2]) + counter.period - counter.now end
  end
  return 0
end

-- Reads the description of each key from ARGV, beginning at `at`; gives the counters, loaded, and where the arguments go on.
local function load_counters(at)
  local now = now_us()
  local counters = {}
  for number = 1, #KEYS do
    local function argument(offset) return tonumber(ARGV[at + offset]) end
    local counter = { key = KEYS[number], kind = ARGV[at], now = now, limit = argument(1) }
    if counter.kind == 'f' then
      counter.ttl = argument(2)
      at = at + 3
    elseif counter.kind == 't' then
      counter.rate = {
        n = argument(1), p = argument(2), q = argument(3), r = argument(4),
        burst = argument(5), tau = argument(6), tau_part = argument(7),
      }
      at = at + 8
    else
      counter.period = argument(2)
      counter.sub = counter.period / SUB_WINDOWS
      at = at + 3
    end
    loaders[counter.kind](counter)
    counters[number] = counter
  end
  return counters, at
end
