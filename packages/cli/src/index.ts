export { runProcess } from './process.js';
