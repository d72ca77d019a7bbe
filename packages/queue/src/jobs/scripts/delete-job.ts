import { defineScript } from '../../connection/script.js';
import { RECORD } from './record.js';

/**
 * Forgets a final job. Its Idempotency-Key stays until it is a day old, so that a late repetition is not taken
 * for a new request.
 *
 * Keys: 1 job, 2 jobs of the owner, 3 idempotency (only where the record names one)
 * Arguments: 1 id, 2 least age of an idempotency key (ms), 3 channel of changes
 * Answers: 'missing' | 'not-final' | 'deleted'
 */
export const deleteJob = defineScript(`${RECORD}
local told = redis.call('HMGET', KEYS[1], 'status', 'createdAt', 'revision', 'owner')
if not told[1] then return 'missing' end
if not FINAL[told[1]] then return 'not-final' end
if KEYS[3] then redis.call('PEXPIREAT', KEYS[3], math.max(told[2] + ARGV[2], now() + 1)) end
for _, key in ipairs(redis.call('HMGET', KEYS[1], 'events', 'logs')) do
  if key then redis.call('DEL', key) end
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('PUBLISH', ARGV[3], ARGV[1] .. ' ' .. (told[3] + 1) .. ' deleted ' .. told[4])
return 'deleted'
`);
