import { defineScript } from '../../connection/script.js';

/**
 * Keys: 1 heartbeats, 2 live workers of the engine class
 * Arguments: 1 worker id, 2 the worker as JSON, 3 for how long it counts as live (ms)
 */
export const heartbeat = defineScript(`
local time = redis.call('TIME')
local at = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], at + ARGV[3], ARGV[1])
return 1
`);
