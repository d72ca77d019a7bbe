import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * Ends an attempt whose worker holds no lock any more, so that the record does not say "running" until another
 * worker is free. The lock is taken before an attempt starts and goes after it has ended, so none means lost.
 *
 * Keys: 1 job, 2 queued jobs, 3 running jobs of the engine class, 4 BullMQ's lock on the entry
 * Arguments: 1 error of a lost attempt, 2 most failures, 3 error of a job that failed too often (JSON),
 *   4 channel of changes
 * Answers: 'kept' | 'queued' | 'canceled' | 'failed'
 */
export const dropLost = defineScript(`${RECORD}
local job, queued, running, channel = KEYS[1], KEYS[2], KEYS[3], ARGV[4]
local told = redis.call('HMGET', job, 'status', 'token')
if not told[2] or redis.call('EXISTS', KEYS[4]) == 1 then return 'kept' end
local at = now()
endAttempt(job, 'lost', ARGV[1], at)
local failures = redis.call('HINCRBY', job, 'failures', 1)
if told[1] == 'canceling' then
  conclude(job, queued, running, channel, 'canceled', '', at)
  return 'canceled'
end
if failures >= tonumber(ARGV[2]) then
  conclude(job, queued, running, channel, 'failed', ARGV[3], at)
  return 'failed'
end
putBack(job, queued, running, channel)
return 'queued'
`);
