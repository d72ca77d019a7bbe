import { defineScript } from '../../connection/script.js';

/**
 * Lets the Idempotency-Keys of a removed data set go once each has its least age.
 *
 * Keys: 1 idempotency keys of the data set
 * Arguments: 1 least age (ms)
 * Answers: how many there were
 */
export const expireKeys = defineScript(`
local keys = redis.call('SMEMBERS', KEYS[1])
local time = redis.call('TIME')
for _, key in ipairs(keys) do
  local madeAt = redis.call('HGET', key, 'madeAt')
  if madeAt then redis.call('PEXPIREAT', key, math.max(madeAt + ARGV[1], time[1] * 1000 + 1000)) end
end
redis.call('DEL', KEYS[1])
return #keys
`);
