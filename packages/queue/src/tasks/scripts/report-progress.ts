import { defineScript } from '../../connection/script.js';
import { RECORD } from '../../jobs/scripts/record.js';

/**
 * Keys: 1 job
 * Arguments: 1 token of the attempt, 2 progress (JSON), 3 channel of changes
 * Answers: 'running' | 'canceling' | 'lost' (nothing written)
 */
export const reportProgress = defineScript(`${RECORD}
local told = redis.call('HMGET', KEYS[1], 'token', 'status')
if told[1] ~= ARGV[1] then return 'lost' end
redis.call('HSET', KEYS[1], 'progress', ARGV[2])
changed(KEYS[1], ARGV[3])
return told[2]
`);
