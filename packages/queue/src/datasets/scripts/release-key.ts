import { defineScript } from '../../connection/script.js';

/**
 * Gives an Idempotency-Key free again: its request made nothing.
 *
 * Keys: 1 idempotency
 * Arguments: 1 token of the request
 * Answers: 'released' | 'lost'
 */
export const releaseKey = defineScript(`
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 'lost' end
redis.call('DEL', KEYS[1])
return 'released'
`);
