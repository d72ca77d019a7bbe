import { defineScript } from '../../connection/script.js';

/**
 * Keeps new jobs off a data set that is about to be removed, unless jobs that are not final need it.
 *
 * Keys: 1 jobs of the data set that are not final, 2 mark of removal
 * Arguments: 1 digest of the data set, 2 how long the mark stays (ms)
 * Answers: how many jobs need it; with 0 the mark is set
 */
export const withholdDataset = defineScript(`
local needed = redis.call('SCARD', KEYS[1])
if needed == 0 then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
return needed
`);
