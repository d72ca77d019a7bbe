export { type AppDependencies, buildApp } from './app.js';
export { type ApiService, openService } from './service.js';
