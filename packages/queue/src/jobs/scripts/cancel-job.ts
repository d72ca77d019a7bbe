import { defineScript } from '../../connection/script.js';
import { RECORD } from './record.js';

/**
 * Cancels a queued job at once, asks for it where the job runs, leaves a final one alone.
 *
 * Keys: 1 job, 2 queued jobs, 3 running jobs of the engine class
 * Arguments: 1 channel of changes, 2 channel of cancellations
 * Answers: 'missing' | 'final' | 'canceled' | 'canceling'
 */
export const cancelJob = defineScript(`${RECORD}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'missing' end
if FINAL[status] then return 'final' end
if status == 'queued' then
  conclude(KEYS[1], KEYS[2], KEYS[3], ARGV[1], 'canceled', '', now())
  return 'canceled'
end
if status == 'running' then
  redis.call('HSET', KEYS[1], 'status', 'canceling')
  changed(KEYS[1], ARGV[1])
end
redis.call('PUBLISH', ARGV[2], redis.call('HGET', KEYS[1], 'id'))
return 'canceling'
`);
