import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { VERSION } from '@levy/contracts';
import type { FastifyInstance } from 'fastify';

const DESCRIPTION = `Lévy measures how concentrated a data set is, and so how robust any classifier on it can be.
Submit a job, poll it until it is final, read its estimate. Every error is a problem document (RFC 9457).`;

/** Describes every route that is added after it: /openapi.json and its viewer, /docs. */
export async function describeApi(app: FastifyInstance, options: { readonly keys: boolean }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Lévy',
        description: DESCRIPTION,
        version: VERSION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'jobs', description: 'One measurement each' },
        { name: 'datasets', description: 'What can be measured' },
        { name: 'cluster', description: 'Workers and what waits for them' },
        { name: 'service', description: 'Health, metrics and problem pages; no key needed' },
      ],
      security: [{}, { key: [] }],
      components: {
        securitySchemes: {
          key: {
            type: 'http',
            scheme: 'bearer',
            description: 'levy_<id>_<secret>; needed where the service was given keys',
          },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { persistAuthorization: options.keys, tryItOutEnabled: true },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
