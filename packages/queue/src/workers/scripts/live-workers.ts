import { defineScript } from '../../connection/script.js';

/**
 * The workers of an engine class whose heartbeat is fresh; the dead are forgotten.
 *
 * Keys: 1 heartbeats, 2 live workers of the engine class
 * Answers: {worker as JSON, …}
 */
export const liveWorkers = defineScript(`
local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
local dead = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', at)
for _, id in ipairs(dead) do
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
local live = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local told = redis.call('HGET', KEYS[1], id)
  if told then table.insert(live, told) end
end
return live
`);
