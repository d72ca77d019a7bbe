import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * Ends a job that waited past its expiry, or whose time since its first start is over although no worker said so.
 *
 * Keys: 1 job, 2 queued jobs, 3 running jobs of the engine class
 * Arguments: 1 grace for a running job's worker to say it itself (ms), 2 error of a job past its time (JSON),
 *   3 channel of changes
 * Answers: 'gone' | 'kept' | 'expired' | 'timed_out' | 'final'
 */
export const endOverdue = defineScript(`${RECORD}
local job, queued, running = KEYS[1], KEYS[2], KEYS[3]
local told = redis.call('HMGET', job, 'status', 'startedAt', 'timeoutMs', 'expiresAt', 'token')
local status, startedAt, timeoutMs, expiresAt, token = told[1], told[2], tonumber(told[3]), told[4], told[5]
if not status then return 'gone' end
if FINAL[status] then return 'final' end
local at = now()
if not startedAt then
  if not expiresAt or tonumber(expiresAt) > at then return 'kept' end
  conclude(job, queued, running, ARGV[3], 'expired', '', at)
  return 'expired'
end
local grace = token and tonumber(ARGV[1]) or 0
if startedAt + timeoutMs + grace > at then return 'kept' end
if token then endAttempt(job, 'timed_out', ARGV[2], at) end
conclude(job, queued, running, ARGV[3], 'timed_out', ARGV[2], at)
return 'timed_out'
`);
