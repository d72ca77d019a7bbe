import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * Keys: 1 job
 * Arguments: 1 token of the attempt, 2 progress (JSON), 3 channel of changes
 * Answers: 'running' | 'canceling' | 'lost' (nothing written)
 */
export const reportProgress = defineScript(`${RECORD}
local told = redis.call('HMGET', KEYS[1], 'token', 'status', 'progress')
if told[1] ~= ARGV[1] then return 'lost' end
local phase = cjson.decode(ARGV[2]).phase
if phase and (not told[3] or cjson.decode(told[3]).phase ~= phase) then log(KEYS[1], 'info', phase, now()) end
redis.call('HSET', KEYS[1], 'progress', ARGV[2])
changed(KEYS[1], ARGV[3], ARGV[2])
return told[2]
`);
